"""The jobs that a cloud service runs: which of them haven't ended, and what their service reports.

Knows no service. A final state stands: later reports change nothing. A job that its service no longer knows keeps
the last state that was seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from caliban_ls.runtime.history.database import Database
from caliban_ls.runtime.history.schema import UNFINISHED
from caliban_ls.runtime.jobs import JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenJob:
    """A job in the cloud whose end isn't known.

    Attributes:
        job_id: ours.
        index: its 1-based place.
        name: its service's name for it, None while none is known.
        label: its value of the label that no two jobs share.
        state: as the history has it.
        doubted: when it was sent, while it isn't known whether it arrived.
    """

    job_id: str
    index: int
    name: str | None
    label: str
    state: JobState
    doubted: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobUpdate:
    """A service's report of one job. Times are ISO 8601, UTC; None where the service doesn't say.

    Attributes:
        job_id: ours.
        name: the service's name for it.
        seconds: that it ran.
        error: why it failed.
    """

    job_id: str
    state: JobState
    name: str
    started: str | None
    ended: str | None
    seconds: float | None
    error: str | None


class CloudJobs:
    """The cloud jobs of a history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def unfinished(self, group: str, label: str, only: str | None = None) -> list[OpenJob]:
        """Return the jobs of a launch whose end isn't known, by their place.

        Args:
            group: the name of the launch.
            label: the key of the label that no two jobs share.
            only: the job of this id only.
        """
        rows = self._database.rows(
            "SELECT job_id, number, name, state, doubted, json_extract(request, ?) AS label FROM jobs"
            f" WHERE group_name = ? AND ? IN (job_id, '') AND {UNFINISHED} ORDER BY number",
            f"$.labels.{label}",
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

    def update(self, updates: Iterable[JobUpdate], now: datetime) -> None:
        """Write what a service reports of jobs.

        A job that was stopped before it was known to have arrived stays CANCELLING, so that it is stopped there too.
        """
        with self._database.transaction() as connection:
            connection.executemany(
                "UPDATE jobs SET state = CASE WHEN :state = 'UNKNOWN' OR (state = 'CANCELLING' AND name IS NULL"
                " AND NOT :final) THEN state ELSE :state END,"
                " name = COALESCE(name, :name), started = COALESCE(:started, started), ended = :ended,"
                " seconds = :seconds, error = :error, seen = :now, gone = NULL, doubted = NULL"
                f" WHERE job_id = :job_id AND {UNFINISHED}",
                [
                    {
                        **asdict(update),
                        "state": update.state.value,
                        "final": update.state.finished,
                        "now": now.isoformat(),
                    }
                    for update in updates
                ],
            )

    def mark_gone(self, job_ids: Iterable[str], now: datetime) -> None:
        """Write that a service doesn't know jobs any more. The last state that was seen stays."""
        with self._database.transaction() as connection:
            connection.executemany(
                f"UPDATE jobs SET gone = COALESCE(gone, ?) WHERE job_id = ? AND {UNFINISHED}",
                [(now.isoformat(), job_id) for job_id in job_ids],
            )

    def mark_stopping(self, job_ids: Iterable[str]) -> None:
        """Write that services were asked to end jobs."""
        with self._database.transaction() as connection:
            connection.executemany(
                f"UPDATE jobs SET state = 'CANCELLING' WHERE job_id = ? AND {UNFINISHED}",
                [(job_id,) for job_id in job_ids],
            )
