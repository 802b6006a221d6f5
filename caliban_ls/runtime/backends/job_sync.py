"""What services say of jobs, written into the history; the only way in which it learns of jobs that run elsewhere.

A final state stands, whatever is said later. Of a job that its service no longer knows, the last state that was
seen stays. Knows no service.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import RemoteJob
from caliban_ls.runtime.google.timestamps import moment
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A job in the cloud whose end isn't known.

    Attributes:
        job_id: ours.
        index: its 1-based place.
        name: its service's name for it, None while none is known.
        label: its value of the label `labels.JOB`.
        state: what is written down.
        doubted: when it was sent, while nobody knows whether it arrived.
    """

    job_id: str
    index: int
    name: str | None
    label: str
    state: JobState
    doubted: datetime | None


@dataclass(frozen=True, slots=True)
class MatchedJobs:
    """What a list of a service's jobs says of those of a launch.

    Attributes:
        found: by our job id; the one that the history names, if it is among several.
        others: further jobs of the service with the label of one of ours, by our job id: made by a request that
            nobody answered for longer than could be waited for.
    """

    found: Mapping[str, RemoteJob]
    others: Mapping[str, tuple[RemoteJob, ...]]


def open_jobs(history: History, group: str, only: str | None = None) -> list[OpenJob]:
    """Return the jobs of a launch whose end isn't known, by their place; with `only`, the one that has this id."""
    rows = history.rows(
        "SELECT job_id, number, name, state, doubted, json_extract(request, ?) AS label FROM jobs"
        " WHERE group_name = ? AND ? IN (job_id, '') AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')"
        " ORDER BY number",
        f"$.labels.{labels.JOB}",
        group,
        only or "",
    )
    return [
        OpenJob(
            job_id=row["job_id"],
            index=row["number"],
            name=row["name"],
            label=row["label"] or "",
            state=JobState(row["state"]),
            doubted=row["doubted"] and datetime.fromisoformat(row["doubted"]),
        )
        for row in rows
    ]


def match_jobs(jobs: Iterable[OpenJob], listed: Iterable[RemoteJob]) -> MatchedJobs:
    """Tell which jobs of a list are which of ours, by the label that no two of ours share."""
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
    """Write down what a service says of jobs, by our job ids.

    One that was stopped while nobody knew whether it arrived keeps CANCELLING, so that it is stopped there too.
    """
    rows = []
    for job_id, made in seen.items():
        started, ended = moment(made.started), moment(made.ended)
        # Services have told of ends before beginnings; such times are shown, and count for nothing.
        ran = (ended - started).total_seconds() if started and ended and ended >= started else None
        rows.append(
            {
                "job_id": job_id,
                "state": made.state.value,
                "name": made.name,
                "started": started and started.isoformat(),
                "ended": (ended and ended.isoformat()) or (now.isoformat() if made.state.finished else None),
                "seconds": ran,
                "error": made.error,
                "now": now.isoformat(),
            }
        )
    with history.transaction() as connection:
        connection.executemany(
            "UPDATE jobs SET state = CASE WHEN :state = 'UNKNOWN' OR (state = 'CANCELLING' AND name IS NULL AND"
            " :state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) THEN state ELSE :state END,"
            " name = COALESCE(name, :name), started = COALESCE(:started, started), ended = :ended,"
            " seconds = :seconds, error = :error, seen = :now, gone = NULL, doubted = NULL"
            " WHERE job_id = :job_id AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
            rows,
        )


def write_gone(history: History, job_ids: Iterable[str], now: datetime) -> None:
    """Write down that a service knows jobs no longer. The last state that was seen stays."""
    with history.transaction() as connection:
        connection.executemany(
            "UPDATE jobs SET gone = COALESCE(gone, ?) WHERE job_id = ?"
            " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
            [(now.isoformat(), job_id) for job_id in job_ids],
        )


def write_stopping(history: History, job_ids: Iterable[str]) -> None:
    """Write down that services were asked to end jobs."""
    with history.transaction() as connection:
        connection.executemany(
            "UPDATE jobs SET state = 'CANCELLING' WHERE job_id = ?"
            " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
            [(job_id,) for job_id in job_ids],
        )
