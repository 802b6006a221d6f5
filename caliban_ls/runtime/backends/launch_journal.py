"""The journal of a launch in the cloud: jobs to send, jobs that were sent, and jobs in doubt.

All jobs are recorded before the first request, and each answer when it comes, so that another process can go on where
one was killed. The journal is part of the history's file. Arguments that look like credentials are beside it, in a file
that only the user can read, until they are sent.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from caliban_ls.core.errors import CalibanError, MissingError, UsageError
from caliban_ls.runtime.backends.backend import Body, RemoteJob
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.history.records import Group
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState
from caliban_ls.runtime.local import owner

FOLDER = "unsent"

_OPEN = "('PLANNED', 'SUBMITTING', 'UNKNOWN')"
"""States of jobs that are to be sent, or may have been."""


class NameTaken(CalibanError):
    """Another launch has this name."""


class DoneAgain(UsageError):
    """A job was submitted again already, and that one is still going."""

    code = "done-again"


class InUse(CalibanError):
    """Another process is sending the jobs of a launch."""

    code = "in-use"
    exit_code = 3
    hint = "Wait for it, or stop it; `caliban status` shows how far it is."


@dataclass(frozen=True, slots=True)
class Unsent:
    """A job that is to be sent, or may have been.

    Attributes:
        job_id: the history's.
        index: its 1-based place.
        body: the request, with its credentials.
        doubted: when it was sent, if no answer came; None if it wasn't sent.
    """

    job_id: str
    index: int
    body: Body
    doubted: datetime | None


class Journal:
    """Records the sending of launches in the history. Safe to use from several threads."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._folder = history.path.parent / FOLDER
        # A power cut mustn't take back what was written before a request.
        history.make_durable()

    def begin(
        self,
        group: Group,
        jobs: Iterable[tuple[JobSpec, Body]],
        origins: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Record a whole launch in one transaction, before anything is sent.

        Args:
            group: the launch, whose name must be free.
            jobs: with the requests that create them; taken one at a time.
            origins: for jobs that are submitted again, the ids of the first ones, by place.

        Raises:
            NameTaken: there is a launch of this name.
            DoneAgain: one of the jobs was submitted again already, and that one is still going.
        """
        held: dict[int, list[str]] = {}
        created = group.created.isoformat()
        backend = backend_of(group.backend)

        def rows() -> Iterator[tuple[object, ...]]:
            for job, body in jobs:
                shown = list(masked_args(job.args))
                if shown != list(job.args):
                    held[job.index] = list(job.args)
                yield (
                    job.job_id,
                    group.name,
                    job.index,
                    json.dumps(shown),
                    json.dumps(masked_parameters(job.parameters), default=str),
                    JobState.PLANNED.value,
                    created,
                    json.dumps(backend.changed(body, args=shown)),
                    origins.get(job.index),
                )

        with self._forgetting(group.name), self._history.transaction() as connection:
            if origins:
                _refuse_to_do_twice(connection, origins)
            try:
                connection.execute(
                    "INSERT INTO groups (name, title, backend, folder, image, owner, created, project, region, details)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        group.name,
                        group.title,
                        group.backend,
                        str(group.folder),
                        group.image,
                        group.owner,
                        created,
                        group.project,
                        group.region,
                        json.dumps(dict(group.details)),
                    ),
                )
            except sqlite3.IntegrityError as error:
                raise NameTaken(f"There is a launch {group.name} already") from error
            connection.executemany(
                "INSERT INTO jobs (job_id, group_name, number, args, parameters, state, created, request, origin)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rows(),
            )
            # Within the transaction: no job may be recorded without its arguments.
            if held:
                self._hold(group.name, held)

    def take(self, group: str) -> None:
        """Reserve a launch for this process.

        Raises:
            InUse: another process has it.
        """
        with self._history.transaction() as connection:
            self.refuse_if_taken(group)
            connection.execute("UPDATE groups SET owner = ? WHERE name = ?", (owner.this_owner(), group))

    def refuse_if_taken(self, group: str) -> None:
        """Check that no other process has reserved a launch.

        Raises:
            InUse: another process has it.
        """
        for row in self._history.rows("SELECT owner FROM groups WHERE name = ?", group):
            if row["owner"] not in (None, owner.this_owner()) and not owner.is_dead(row["owner"]):
                raise InUse(f"Another caliban is sending the jobs of {group}")

    def leave(self, group: str) -> None:
        """Release a launch for other processes. If nothing is left to send, delete its held arguments."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE groups SET owner = NULL WHERE name = ? AND owner = ?", (group, owner.this_owner())
            )
        self.forget(group)

    def forget(self, group: str) -> None:
        """Delete the held arguments of a launch, unless some of its jobs are still to be sent."""
        query = f"SELECT 1 FROM jobs WHERE group_name = ? AND state IN {_OPEN} LIMIT 1"  # noqa: S608  # a constant
        if not self._history.rows(query, group):
            self._file(group).unlink(missing_ok=True)

    def take_out(self, job_ids: Iterable[str], now: datetime) -> set[str]:
        """Keep jobs from being sent, because the user stops them; return the ids of those in doubt.

        A job that was never sent becomes CANCELLED. One that may be on its way becomes CANCELLING, and is stopped as
        soon as the service is found to have it. Jobs that the service has stay as they are.
        """
        chosen = json.dumps(list(job_ids))
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'CANCELLED', ended = ?, error = 'It was stopped before it was sent'"
                " WHERE state = 'PLANNED' AND job_id IN (SELECT value FROM json_each(?))",
                (now.isoformat(), chosen),
            )
            connection.execute(
                "UPDATE jobs SET state = 'CANCELLING' WHERE name IS NULL AND state IN ('SUBMITTING', 'UNKNOWN')"
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
        """Return the ids of the jobs that are to be sent or may have been, by their place."""
        query = f"SELECT job_id FROM jobs WHERE group_name = ? AND state IN {_OPEN} ORDER BY number"  # noqa: S608  # a constant
        return [row["job_id"] for row in self._history.rows(query, group)]

    def doubtful(self, group: str) -> list[str]:
        """Return the ids of the jobs in doubt, by their place."""
        query = (
            "SELECT job_id FROM jobs WHERE group_name = ? AND name IS NULL"
            " AND state IN ('SUBMITTING', 'UNKNOWN') ORDER BY number"
        )
        return [row["job_id"] for row in self._history.rows(query, group)]

    def bodies(self, group: str) -> dict[str, Body]:
        """Return the requests of a launch by job id, credentials masked."""
        rows = self._history.rows("SELECT job_id, request FROM jobs WHERE group_name = ?", group)
        return {row["job_id"]: json.loads(row["request"]) for row in rows if row["request"]}

    def job(self, job_id: str) -> Unsent | None:
        """Return a job that is to be sent; None if it no longer is.

        Raises:
            MissingError: the file with its held arguments is gone.
        """
        query = f"SELECT * FROM jobs WHERE job_id = ? AND state IN {_OPEN}"  # noqa: S608  # a constant
        found = self._history.rows(query, job_id)
        if not found:
            return None
        (row,) = found
        body = json.loads(row["request"])
        args = json.loads(row["args"])
        group = self._history.group(row["group_name"]) if "***" in " ".join(args) else None
        if group is not None:
            body = backend_of(group.backend).changed(body, args=self._held(group.name, row["number"], args))
        doubted = row["doubted"] and datetime.fromisoformat(row["doubted"])
        if doubted is None and row["state"] != JobState.PLANNED.value:
            doubted = datetime.fromisoformat(row["started"] or row["created"])
        return Unsent(job_id, row["number"], body, doubted)

    def sending(self, job_id: str, now: datetime) -> bool:
        """Record that a job is about to be sent; return False if it must not be, because the user stopped it."""
        with self._history.transaction() as connection:
            cursor = connection.execute(
                f"UPDATE jobs SET state = 'SUBMITTING', doubted = ?, error = NULL WHERE job_id = ? AND state IN {_OPEN}",  # noqa: S608  # a constant
                (now.isoformat(), job_id),
            )
            return cursor.rowcount > 0

    def sent(self, job_id: str, made: RemoteJob) -> bool:
        """Record that the service has a job; return whether the user stopped it while it was on its way."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN state ELSE ? END, name = ?,"
                " doubted = NULL, error = ? WHERE job_id = ?",
                (made.state.value, made.name, made.error, job_id),
            )
            found = connection.execute("SELECT state FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
            return found is not None and found["state"] == JobState.CANCELLING.value

    def not_sent(self, job_id: str, error: str | None = None) -> None:
        """Record that the service doesn't have a job though it was sent. It is to be sent again, unless it was stopped."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN 'CANCELLED' ELSE 'PLANNED' END,"
                " doubted = NULL, error = ? WHERE job_id = ? AND name IS NULL AND state IN"
                " ('SUBMITTING', 'UNKNOWN', 'CANCELLING')",
                (error, job_id),
            )

    def refused(self, job_id: str, error: str, now: datetime) -> None:
        """Record that the service refused a job for good.

        If the service has taken no job of the launch so far, it would refuse the others too: they aren't sent.
        """
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN 'CANCELLED' ELSE 'FAILED' END,"
                " ended = ?, doubted = NULL, error = ? WHERE job_id = ? AND name IS NULL"
                " AND state IN ('SUBMITTING', 'UNKNOWN', 'CANCELLING')",
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
        """Record that the service may or may not have a job."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'UNKNOWN', error = ? WHERE job_id = ? AND state IN ('SUBMITTING', 'UNKNOWN')",
                (error, job_id),
            )

    @contextmanager
    def _forgetting(self, group: str) -> Iterator[None]:
        """Delete the held arguments of a launch that couldn't be recorded."""
        try:
            yield
        except NameTaken:
            raise  # The file belongs to the launch that has the name.
        except BaseException:
            with suppress(OSError):
                self._file(group).unlink(missing_ok=True)
            raise

    def _hold(self, group: str, args: Mapping[int, list[str]]) -> None:
        path = self._file(group)
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(args, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise MissingError(
                f"Arguments can't be kept in {path.parent}: {error.strerror or error}",
                hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
            ) from error

    def _held(self, group: str, index: int, shown: list[str]) -> list[str]:
        with suppress(OSError, ValueError):
            read: dict[str, Any] = json.loads(self._file(group).read_text(encoding="utf-8"))
            args = read.get(str(index), shown)
            return [str(arg) for arg in args]
        raise MissingError(
            f"The arguments of {group}/{index} that looked like credentials are no longer there",
            hint="Submit the sweep anew.",
        )

    def _file(self, group: str) -> Path:
        return self._folder / f"{group}.json"


def _refuse_to_do_twice(connection: sqlite3.Connection, origins: Mapping[int, str]) -> None:
    """Raise `DoneAgain` if jobs were submitted again already; within the transaction, so that only one process can."""
    found = connection.execute(
        "SELECT job_id, state, origin FROM jobs WHERE origin IN (SELECT value FROM json_each(?))"
        " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED') LIMIT 1",
        (json.dumps(list(origins.values())),),
    ).fetchone()
    if found is not None:
        raise DoneAgain(
            f"{found['origin']} is being done again already, as {found['job_id']}, which is {found['state']}",
            hint="Nothing was sent. `caliban status --refresh` tells how that one goes.",
        )
