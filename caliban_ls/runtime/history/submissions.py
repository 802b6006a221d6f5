"""The sending of cloud jobs, as the history has it: planned, under way, sent, refused, or in doubt.

Every step is written before the request, or as soon as its answer comes. Knows no service.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from caliban_ls.core.errors import CalibanError, UsageError
from caliban_ls.runtime.history import groups
from caliban_ls.runtime.history.database import Database
from caliban_ls.runtime.history.masking import masked_parameters
from caliban_ls.runtime.history.records import JobGroup
from caliban_ls.runtime.history.schema import UNFINISHED, UNSENT
from caliban_ls.runtime.jobs import JobState

_ARRIVED_UNKNOWN = "name IS NULL AND state IN ('SUBMITTING', 'UNKNOWN')"

_ON_ITS_WAY = "name IS NULL AND state IN ('SUBMITTING', 'UNKNOWN', 'CANCELLING')"


class NameTaken(CalibanError):
    """Another launch has this very name."""


class DoneAgain(UsageError):
    """A job that is to be done again is being done again already."""

    code = "done-again"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """A job of a launch that is about to be sent; credentials among its arguments are masked.

    Attributes:
        job_id: ours.
        index: its 1-based place.
        args: of the program.
        parameters: of the sweep; masked as they are written.
        request: JSON that makes the job.
        origin: the id of the job that it does again.
    """

    job_id: str
    index: int
    args: tuple[str, ...]
    parameters: Mapping[str, object]
    request: Mapping[str, Any]
    origin: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsentJob:
    """A job that no service is known to have; credentials are masked.

    Attributes:
        group: the name of its launch.
        index: its 1-based place.
        args: of the program.
        request: JSON that makes it.
        doubted: when it was sent, if it was and no answer came; None if it wasn't.
    """

    group: str
    index: int
    args: tuple[str, ...]
    request: dict[str, Any]
    doubted: datetime | None


class Submissions:
    """What a history knows of sending. Safe to use from several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, group: JobGroup, jobs: Iterable[PlannedJob], origins: Collection[str]) -> None:
        """Add a launch and its jobs in one transaction.

        Args:
            group: its name is to be free.
            jobs: read as they are written.
            origins: ids of the jobs that these do again.

        Raises:
            NameTaken: there is a launch of this name.
            DoneAgain: one of the origins is being done again already.
        """
        created = group.created.isoformat()
        with self._database.transaction() as connection:
            if origins:
                _refuse_second_repeat(connection, origins)
            try:
                groups.insert(connection, group)
            except sqlite3.IntegrityError as error:
                raise NameTaken(f"There is a launch {group.name} already") from error
            connection.executemany(
                "INSERT INTO jobs (job_id, group_name, number, args, parameters, state, created, request, origin)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    (
                        job.job_id,
                        group.name,
                        job.index,
                        json.dumps(job.args),
                        json.dumps(masked_parameters(job.parameters), default=str),
                        JobState.PLANNED.value,
                        created,
                        json.dumps(job.request),
                        job.origin,
                    )
                    for job in jobs
                ),
            )

    def owner_of(self, group: str) -> str | None:
        """Return the process that works on a launch, as the history has it."""
        found = self._database.rows("SELECT owner FROM groups WHERE name = ?", group)
        return found[0]["owner"] if found else None

    def set_owner(self, group: str, owner: str, check: Callable[[str], None]) -> None:
        """Give a launch to a process.

        Args:
            group: the name of the launch.
            owner: the process.
            check: is called with the name of the launch while no other process can change it; raises to prevent it.
        """
        with self._database.transaction() as connection:
            check(group)
            connection.execute("UPDATE groups SET owner = ? WHERE name = ?", (owner, group))

    def release(self, group: str, owner: str) -> None:
        """Take a launch from a process, if that is the one that has it."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE groups SET owner = NULL WHERE name = ? AND owner = ?", (group, owner))

    def take_out(self, job_ids: Iterable[str], now: datetime) -> set[str]:
        """Keep jobs from being sent, because their user stops them; return those that are in doubt.

        A job that was never sent becomes CANCELLED. One that may be on its way becomes CANCELLING: it is stopped at
        its service once that is found to have it. Jobs that a service is known to have stay as they are.
        """
        chosen = json.dumps(list(job_ids))
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'CANCELLED', ended = ?, error = 'It was stopped before it was sent'"
                " WHERE state = 'PLANNED' AND job_id IN (SELECT value FROM json_each(?))",
                (now.isoformat(), chosen),
            )
            connection.execute(
                f"UPDATE jobs SET state = 'CANCELLING' WHERE {_ARRIVED_UNKNOWN}"
                " AND job_id IN (SELECT value FROM json_each(?))",
                (chosen,),
            )
            doubtful = connection.execute(
                "SELECT job_id FROM jobs WHERE name IS NULL AND state = 'CANCELLING'"
                " AND job_id IN (SELECT value FROM json_each(?))",
                (chosen,),
            )
            return {row["job_id"] for row in doubtful}

    def unsent(self, group: str) -> list[str]:
        """Return the ids of the jobs that no service is known to have, by their place."""
        query = f"SELECT job_id FROM jobs WHERE group_name = ? AND {UNSENT} ORDER BY number"
        return [row["job_id"] for row in self._database.rows(query, group)]

    def doubtful(self, group: str) -> list[str]:
        """Return the ids of the jobs that a service may or may not have, by their place."""
        query = f"SELECT job_id FROM jobs WHERE group_name = ? AND {_ARRIVED_UNKNOWN} ORDER BY number"
        return [row["job_id"] for row in self._database.rows(query, group)]

    def bodies(self, group: str) -> dict[str, dict[str, Any]]:
        """Return the requests of a launch by their job's id, credentials masked."""
        rows = self._database.rows("SELECT job_id, request FROM jobs WHERE group_name = ?", group)
        return {row["job_id"]: json.loads(row["request"]) for row in rows if row["request"]}

    def find_unsent(self, job_id: str) -> UnsentJob | None:
        """Return a job that is to be sent; None when it isn't any more."""
        found = self._database.rows(f"SELECT * FROM jobs WHERE job_id = ? AND {UNSENT}", job_id)
        if not found:
            return None
        (row,) = found
        doubted = row["doubted"]
        if doubted is None and row["state"] != JobState.PLANNED.value:
            doubted = row["started"] or row["created"]
        return UnsentJob(
            group=row["group_name"],
            index=row["number"],
            args=tuple(json.loads(row["args"])),
            request=json.loads(row["request"]),
            doubted=None if doubted is None else datetime.fromisoformat(doubted),
        )

    def sending(self, job_id: str, now: datetime) -> bool:
        """Write that a job is about to be sent; return whether it may be, which it may not once it is stopped."""
        with self._database.transaction() as connection:
            cursor = connection.execute(
                f"UPDATE jobs SET state = 'SUBMITTING', doubted = ?, error = NULL WHERE job_id = ? AND {UNSENT}",
                (now.isoformat(), job_id),
            )
            return cursor.rowcount > 0

    def accepted(self, job_id: str, *, name: str, state: JobState, error: str | None) -> bool:
        """Write that a service has a job; return whether its user stopped it while it was on its way."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN state ELSE ? END, name = ?,"
                " doubted = NULL, error = ? WHERE job_id = ?",
                (state.value, name, error, job_id),
            )
            found = connection.execute("SELECT state FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
            return found is not None and found["state"] == JobState.CANCELLING.value

    def not_sent(self, job_id: str, error: str | None = None) -> None:
        """Write that no service has a job, though it was sent; it may be sent again unless it was stopped."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN 'CANCELLED' ELSE 'PLANNED' END,"
                f" doubted = NULL, error = ? WHERE job_id = ? AND {_ON_ITS_WAY}",
                (error, job_id),
            )

    def refused(self, job_id: str, error: str, now: datetime) -> None:
        """Write that a service will never take a job as it is.

        If the service has taken none of the launch, the other jobs would fare no better: they aren't sent either.
        """
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN 'CANCELLED' ELSE 'FAILED' END,"
                f" ended = ?, doubted = NULL, error = ? WHERE job_id = ? AND {_ON_ITS_WAY}",
                (now.isoformat(), error, job_id),
            )
            connection.execute(
                "UPDATE jobs SET state = 'CANCELLED', ended = ?, error = 'It was never sent: Google refused ' || ?"
                " WHERE state = 'PLANNED' AND group_name = (SELECT group_name FROM jobs WHERE job_id = ?)"
                " AND NOT EXISTS (SELECT 1 FROM jobs AS others WHERE others.group_name = jobs.group_name"
                " AND (others.name IS NOT NULL OR others.state IN ('SUBMITTING', 'UNKNOWN', 'CANCELLING')))",
                (now.isoformat(), job_id, job_id),
            )

    def in_doubt(self, job_id: str, error: str) -> None:
        """Write that it isn't known whether a service has a job."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'UNKNOWN', error = ? WHERE job_id = ? AND state IN ('SUBMITTING', 'UNKNOWN')",
                (error, job_id),
            )


def _refuse_second_repeat(connection: sqlite3.Connection, origins: Collection[str]) -> None:
    """Look, under the lock of a transaction, whether jobs are being done again already."""
    found = connection.execute(
        "SELECT job_id, state, origin FROM jobs WHERE origin IN (SELECT value FROM json_each(?))"
        f" AND {UNFINISHED} LIMIT 1",
        (json.dumps(list(origins)),),
    ).fetchone()
    if found is not None:
        raise DoneAgain(
            f"{found['origin']} is being done again already, as {found['job_id']}, which is {found['state']}",
            hint="Nothing was sent. `caliban status --refresh` shows how that one goes.",
        )
