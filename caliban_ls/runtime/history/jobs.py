"""The table of jobs, whichever backend runs them: add, start, stop, finish and find them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from caliban_ls.runtime.history.database import Database
from caliban_ls.runtime.history.job_filter import ALL, JobFilter
from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.history.records import JobRecord, JobRow
from caliban_ls.runtime.history.schema import UNFINISHED
from caliban_ls.runtime.jobs import JobSpec, JobState

_COLUMNS = ", ".join(JobRow._fields)


class Jobs:
    """The jobs of a history. A final state stands: nothing changes it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, group: str, jobs: Iterable[JobSpec]) -> None:
        """Add the jobs of a launch as QUEUED; an iterator is read as it is written."""
        created = self._database.clock().isoformat()
        rows = (
            (
                job.job_id,
                group,
                job.index,
                json.dumps(masked_args(job.args)),
                json.dumps(masked_parameters(job.parameters), default=str),
                JobState.QUEUED.value,
                created,
            )
            for job in jobs
        )
        with self._database.transaction() as connection:
            connection.executemany(
                "INSERT INTO jobs (job_id, group_name, number, args, parameters, state, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def start(self, job_id: str, *, name: str | None = None) -> bool:
        """Set a job RUNNING, under its backend's name, unless it was stopped; return whether it runs."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET state = ?, name = ?, started = ? WHERE job_id = ?"
                f" AND {UNFINISHED} AND state != 'CANCELLING'",
                (JobState.RUNNING.value, name, self._database.clock().isoformat(), job_id),
            )
            return cursor.rowcount > 0

    def cancel(self, job_id: str) -> None:
        """Set a job CANCELLING, because the user stops it: if it fails now, it counts as cancelled."""
        with self._database.transaction() as connection:
            connection.execute(
                f"UPDATE jobs SET state = 'CANCELLING' WHERE job_id = ? AND {UNFINISHED}", (job_id,)
            )

    def finish(
        self,
        job_id: str,
        state: JobState,
        *,
        exit_code: int | None = None,
        seconds: float | None = None,
        metrics: Mapping[str, float] | None = None,
        error: str | None = None,
    ) -> None:
        """Write how a job ended. The first final state stands; a CANCELLING job that failed is CANCELLED."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' AND :state = 'FAILED'"
                " THEN 'CANCELLED' ELSE :state END,"
                " ended = :ended, exit_code = :exit_code, seconds = :seconds, metrics = :metrics, error = :error"
                f" WHERE job_id = :job_id AND {UNFINISHED}",
                {
                    "job_id": job_id,
                    "state": state.value,
                    "ended": self._database.clock().isoformat(),
                    "exit_code": exit_code,
                    "seconds": seconds,
                    "metrics": json.dumps(dict(metrics or {})),
                    "error": error,
                },
            )

    def abandon(self, group: str, *, error: str, alive: Iterable[str] = ()) -> int:
        """Close the unfinished jobs of a launch whose process has died, but for those `alive` (ids); return how many.

        A job that ran is UNKNOWN from now on, since it may have finished; one that never started, or was being
        stopped, is CANCELLED.
        """
        with self._database.transaction() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET state = CASE state WHEN 'RUNNING' THEN 'UNKNOWN' ELSE 'CANCELLED' END,"
                f" ended = ?, error = ? WHERE group_name = ? AND {UNFINISHED} AND state != 'UNKNOWN'"
                " AND job_id NOT IN (SELECT value FROM json_each(?))",
                (self._database.clock().isoformat(), error, group, json.dumps(list(alive))),
            )
            return cursor.rowcount

    def state_of(self, job_id: str) -> JobState | None:
        """Return a job's state, None when the history doesn't have the job."""
        found = self._database.rows("SELECT state FROM jobs WHERE job_id = ?", job_id)
        return JobState(found[0]["state"]) if found else None

    def of(self, group: str) -> list[JobRecord]:
        """Return the jobs of a launch by their place."""
        return [_record(row) for row in self.rows(group)]

    def rows(
        self,
        group: str,
        *,
        wanted: JobFilter = ALL,
        only: str | None = None,
        ends: int | None = None,
        after: int = 0,
        limit: int = -1,
    ) -> list[JobRow]:
        """Return the jobs of a launch by their place, without parsing their times and JSON.

        Args:
            group: its name.
            wanted: these only.
            only: the job of this id only.
            ends: so many from each end only; None for all.
            after: behind this place only.
            limit: at most so many from the first on; negative for all.
        """
        query = (
            f"SELECT {_COLUMNS} FROM jobs WHERE group_name = ? AND number > ? AND ? IN (job_id, '')"
            f" AND {wanted.condition}"
        )
        values = (group, after, only or "", *wanted.values)
        if ends is None:
            return self._rows(f"{query} ORDER BY number LIMIT ?", *values, limit)
        first = self._rows(f"{query} ORDER BY number LIMIT ?", *values, ends)
        last = self._rows(f"{query} ORDER BY number DESC LIMIT ?", *values, ends)
        return [*first, *(row for row in reversed(last) if not first or row.number > first[-1].number)]

    def find(self, reference: str) -> JobRecord | None:
        """Return a job by its id, by its backend's name for it, or by `GROUP/INDEX`."""
        group, _, index = reference.rpartition("/")
        number = int(index) if index.isdecimal() and len(index) < 10 else None  # noqa: PLR2004  # fits SQLite's integers
        found = self._rows(
            f"SELECT {_COLUMNS} FROM jobs WHERE job_id = ? OR name = ? OR (number = ? AND group_name ="
            " (SELECT name FROM groups WHERE ? IN (name, title) ORDER BY created DESC LIMIT 1)) LIMIT 1",
            reference,
            reference,
            number,
            group,
        )
        return _record(found[0]) if found else None

    def count_unfinished(self, group: str) -> int:
        """Return how many jobs of a launch have no final state."""
        (row,) = self._database.rows(
            f"SELECT COUNT(*) AS jobs FROM jobs WHERE group_name = ? AND {UNFINISHED}", group
        )
        return int(row["jobs"])

    def newest_repeats(self, origins: Collection[str]) -> dict[str, tuple[str, JobState]]:
        """Return the id and state of the newest job that does each of some jobs (ids) again, if any does."""
        rows = self._database.rows(
            "SELECT origin, job_id, state FROM jobs WHERE origin IN (SELECT value FROM json_each(?))"
            " ORDER BY created, job_id",
            json.dumps(list(origins)),
        )
        return {row["origin"]: (row["job_id"], JobState(row["state"])) for row in rows}

    def _rows(self, query: str, *values: object) -> list[JobRow]:
        return list(map(JobRow._make, self._database.rows(query, *values)))


def _record(row: JobRow) -> JobRecord:
    return JobRecord(
        job_id=row.job_id,
        group=row.group_name,
        index=row.number,
        args=tuple(json.loads(row.args)),
        parameters=json.loads(row.parameters),
        state=JobState(row.state),
        name=row.name,
        created=datetime.fromisoformat(row.created),
        started=_moment(row.started),
        ended=_moment(row.ended),
        seconds=row.seconds,
        exit_code=row.exit_code,
        metrics={} if row.metrics == "{}" else json.loads(row.metrics),
        error=row.error,
        doubted=_moment(row.doubted),
        seen=_moment(row.seen),
        gone=_moment(row.gone),
        origin=row.origin,
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
