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
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A job in the cloud without a final state.

    Attributes:
        job_id: the history's.
        index: its 1-based place.
        name: its service's name for it, None until it is known.
        label: its value of the label `labels.JOB`.
        state: the history's.
        doubted: when it was sent, while the service may or may not have it.
    """

    job_id: str
    index: int
    name: str | None
    label: str
    state: JobState
    doubted: datetime | None


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
    """Write a service's states of jobs to the history, by job id.

    A job that was stopped while it was in doubt keeps CANCELLING, so that it is stopped at the service too.
    """
    rows = []
    for job_id, made in seen.items():
        started, ended = moment(made.started), moment(made.ended)
        # Services have reported ends before beginnings; the history shows such times, but no duration.
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
    """Mark jobs as unknown to their service. They keep their last state."""
    with history.transaction() as connection:
        connection.executemany(
            "UPDATE jobs SET gone = COALESCE(gone, ?) WHERE job_id = ?"
            " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
            [(now.isoformat(), job_id) for job_id in job_ids],
        )


def write_stopping(history: History, job_ids: Iterable[str]) -> None:
    """Mark jobs as being stopped."""
    with history.transaction() as connection:
        connection.executemany(
            "UPDATE jobs SET state = 'CANCELLING' WHERE job_id = ?"
            " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
            [(job_id,) for job_id in job_ids],
        )
