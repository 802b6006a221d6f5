"""What services say of jobs, written into the history; the only way in which it learns of jobs that run elsewhere.

A final state stands, whatever is said later. Of a job that its service no longer knows, the last state that was
seen stays. Knows no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.base import Made
from caliban_ls.runtime.google.timestamps import moment
from caliban_ls.runtime.history.cloud_jobs import JobUpdate, OpenJob
from caliban_ls.runtime.history.store import History


@dataclass(frozen=True, slots=True)
class Seen:
    """What a list of a service's jobs says of those of a launch.

    Attributes:
        found: by our job id; the one that the history names, if it is among several.
        others: further jobs of the service with the label of one of ours, by our job id: made by a request that
            nobody answered for longer than could be waited for.
    """

    found: Mapping[str, Made]
    others: Mapping[str, tuple[Made, ...]]


def open_jobs(history: History, group: str, only: str | None = None) -> list[OpenJob]:
    """Return the jobs of a launch whose end isn't known, by their place; with `only`, the one that has this id."""
    return history.cloud_jobs.unfinished(group, labels.JOB, only)


def recognised(jobs: Iterable[OpenJob], listed: Iterable[Made]) -> Seen:
    """Tell which jobs of a list are which of ours, by the label that no two of ours share."""
    by_label: dict[str, list[Made]] = {}
    for made in listed:
        by_label.setdefault(made.labels.get(labels.JOB, ""), []).append(made)
    found, others = {}, {}
    for job in jobs:
        candidates = by_label.get(job.label, []) if job.label else []
        if not candidates:
            continue
        chosen = next((made for made in candidates if made.name == job.name), candidates[0])
        found[job.job_id] = chosen
        if len(candidates) > 1:
            others[job.job_id] = tuple(made for made in candidates if made is not chosen)
    return Seen(found, others)


def write(history: History, seen: Mapping[str, Made], now: datetime) -> None:
    """Write down what a service says of jobs, by our job ids."""
    history.cloud_jobs.update([_update(job_id, made, now) for job_id, made in seen.items()], now)


def _update(job_id: str, made: Made, now: datetime) -> JobUpdate:
    started, ended = moment(made.started), moment(made.ended)
    # Services have reported ends before beginnings; such times are shown, and count for nothing.
    ran = (ended - started).total_seconds() if started and ended and ended >= started else None
    if ended is None and made.state.finished:
        ended = now
    return JobUpdate(
        job_id=job_id,
        state=made.state,
        name=made.name,
        started=started.isoformat() if started else None,
        ended=ended.isoformat() if ended else None,
        seconds=ran,
        error=made.error,
    )
