"""Write the cloud service's job states to the history. Nothing else updates cloud jobs there.

A final state never changes again. A job that its service no longer knows keeps its last state. Knows no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import RemoteJob
from caliban_ls.runtime.google.timestamps import moment
from caliban_ls.runtime.history.cloud_jobs import JobUpdate, OpenJob
from caliban_ls.runtime.history.store import History


@dataclass(frozen=True, slots=True)
class MatchedJobs:
    """Jobs of a service's list, matched with those of a launch.

    Attributes:
        found: by job id; of several with the same label, the one whose name the history has.
        others: the other jobs with the same label, by job id: created by a request that got no answer in time.
    """

    found: Mapping[str, RemoteJob]
    others: Mapping[str, tuple[RemoteJob, ...]]


def open_jobs(history: History, group: str, only: str | None = None) -> list[OpenJob]:
    """Return the jobs of a launch without a final state, by their place; with `only`, the job of this id."""
    return history.cloud_jobs.unfinished(group, labels.JOB, only)


def match_jobs(jobs: Iterable[OpenJob], listed: Iterable[RemoteJob]) -> MatchedJobs:
    """Match the jobs of a list with those of a launch, by the label that no two jobs share."""
    by_label: dict[str, list[RemoteJob]] = {}
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
    return MatchedJobs(found, others)


def write(history: History, seen: Mapping[str, RemoteJob], now: datetime) -> None:
    """Write a service's states of jobs to the history, by job id."""
    history.cloud_jobs.update([_update(job_id, made, now) for job_id, made in seen.items()], now)


def _update(job_id: str, made: RemoteJob, now: datetime) -> JobUpdate:
    started, ended = moment(made.started), moment(made.ended)
    # Services have reported ends before beginnings; the history shows such times, but no duration.
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
