"""The journal of a launch in the cloud: what is to be sent, what was sent, and what nobody knows of.

Everything is written down before the first request, and every answer when it comes, so that another process can
go on where one was killed. Lies in the history's file; arguments that look like credentials lie beside it, in a
file of their own that only the user can read, until they are sent.
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
from caliban_ls.runtime.backends.base import Body, Made, with_args
from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.history.records import JobGroup
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState
from caliban_ls.runtime.local import owner

FOLDER = "unsent"

_OPEN = "('PLANNED', 'SUBMITTING', 'UNKNOWN')"
"""States of jobs that no service is known to have."""


class NameTaken(CalibanError):
    """Another launch has this very name."""


class DoneAgain(UsageError):
    """A job that is to be done again is being done again by somebody else."""

    code = "done-again"


class InUse(CalibanError):
    """Another process is at work on a launch."""

    code = "in-use"
    exit_code = 3
    hint = "Wait for it, or stop it; `caliban status` shows how far it is."


@dataclass(frozen=True, slots=True)
class Unsent:
    """A job that no service is known to have.

    Attributes:
        job_id: ours.
        index: its 1-based place.
        body: the request, whole.
        doubted: when it was sent, if it was and nobody answered; None if it wasn't.
    """

    job_id: str
    index: int
    body: Body
    doubted: datetime | None


class Journal:
    """The launches of the history, as a sender sees them. Safe to use from several threads."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._folder = history.path.parent / FOLDER
        # A power cut mustn't take back what was written before a request.
        history.make_durable()

    def begin(
        self,
        group: JobGroup,
        jobs: Iterable[tuple[JobSpec, Body]],
        origins: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Write down a whole launch in one transaction, before anything is sent.

        Args:
            group: its name is to be free.
            jobs: with the requests that make them; read as they are written.
            origins: the ids of jobs that these do again, by the places of these.

        Raises:
            NameTaken: there is a launch of this name.
            DoneAgain: somebody else is doing one of the jobs again already.
        """
        held: dict[int, list[str]] = {}
        created = group.created.isoformat()

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
                    json.dumps(with_args(body, shown)),
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
            # Inside of the transaction: without its arguments no job may be written down.
            if held:
                self._hold(group.name, held)

    def take(self, group: str) -> None:
        """Make this process the one that works on a launch.

        Raises:
            InUse: another one does.
        """
        with self._history.transaction() as connection:
            self.refuse_if_taken(group)
            connection.execute("UPDATE groups SET owner = ? WHERE name = ?", (owner.this_owner(), group))

    def refuse_if_taken(self, group: str) -> None:
        """Return if no other process works on a launch.

        Raises:
            InUse: another one does.
        """
        for row in self._history.rows("SELECT owner FROM groups WHERE name = ?", group):
            if row["owner"] not in (None, owner.this_owner()) and not owner.is_dead(row["owner"]):
                raise InUse(f"Another caliban is sending the jobs of {group}")

    def leave(self, group: str) -> None:
        """Let others work on a launch; once everything is sent, forget the arguments that were held."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE groups SET owner = NULL WHERE name = ? AND owner = ?", (group, owner.this_owner())
            )
        self.forget(group)

    def forget(self, group: str) -> None:
        """Forget the arguments that were held for a launch, once none of its jobs is to be sent any more."""
        query = f"SELECT 1 FROM jobs WHERE group_name = ? AND state IN {_OPEN} LIMIT 1"  # noqa: S608  # a constant
        if not self._history.rows(query, group):
            self._file(group).unlink(missing_ok=True)

    def take_out(self, job_ids: Iterable[str], now: datetime) -> set[str]:
        """Keep jobs from being sent, because their user stops them; return those that are in doubt.

        What was never sent is CANCELLED. What may be on its way is CANCELLING: whoever learns that a service has it
        is to stop it there. Jobs that a service is known to have are left as they are.
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
        """Return the ids of the jobs that no service is known to have, by their place."""
        query = f"SELECT job_id FROM jobs WHERE group_name = ? AND state IN {_OPEN} ORDER BY number"  # noqa: S608  # a constant
        return [row["job_id"] for row in self._history.rows(query, group)]

    def doubtful(self, group: str) -> list[str]:
        """Return the ids of the jobs that a service may or may not have, by their place."""
        query = (
            "SELECT job_id FROM jobs WHERE group_name = ? AND name IS NULL"
            " AND state IN ('SUBMITTING', 'UNKNOWN') ORDER BY number"
        )
        return [row["job_id"] for row in self._history.rows(query, group)]

    def bodies(self, group: str) -> dict[str, Body]:
        """Return the requests of a launch by their job's id, credentials masked."""
        rows = self._history.rows("SELECT job_id, request FROM jobs WHERE group_name = ?", group)
        return {row["job_id"]: json.loads(row["request"]) for row in rows if row["request"]}

    def job(self, job_id: str) -> Unsent | None:
        """Return a job that is to be sent; None when it isn't any more.

        Raises:
            MissingError: its arguments were held in a file that is gone.
        """
        query = f"SELECT * FROM jobs WHERE job_id = ? AND state IN {_OPEN}"  # noqa: S608  # a constant
        found = self._history.rows(query, job_id)
        if not found:
            return None
        (row,) = found
        body = json.loads(row["request"])
        args = json.loads(row["args"])
        if "***" in " ".join(args):
            body = with_args(body, self._held(row["group_name"], row["number"], args))
        doubted = row["doubted"] and datetime.fromisoformat(row["doubted"])
        if doubted is None and row["state"] != JobState.PLANNED.value:
            doubted = datetime.fromisoformat(row["started"] or row["created"])
        return Unsent(job_id, row["number"], body, doubted)

    def sending(self, job_id: str, now: datetime) -> bool:
        """Write down that a job is about to be sent; return whether it may be, which it may not once it is stopped."""
        with self._history.transaction() as connection:
            cursor = connection.execute(
                f"UPDATE jobs SET state = 'SUBMITTING', doubted = ?, error = NULL WHERE job_id = ? AND state IN {_OPEN}",  # noqa: S608  # a constant
                (now.isoformat(), job_id),
            )
            return cursor.rowcount > 0

    def sent(self, job_id: str, made: Made) -> bool:
        """Write down that a service has a job; return whether its user stopped it while it was on its way."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN state ELSE ? END, name = ?,"
                " doubted = NULL, error = ? WHERE job_id = ?",
                (made.state.value, made.name, made.error, job_id),
            )
            found = connection.execute("SELECT state FROM jobs WHERE job_id = ?", (job_id,)).fetchone()
            return found is not None and found["state"] == JobState.CANCELLING.value

    def not_sent(self, job_id: str, error: str | None = None) -> None:
        """Write down that no service has a job, though it was sent; it may be sent again unless it was stopped."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' THEN 'CANCELLED' ELSE 'PLANNED' END,"
                " doubted = NULL, error = ? WHERE job_id = ? AND name IS NULL AND state IN"
                " ('SUBMITTING', 'UNKNOWN', 'CANCELLING')",
                (error, job_id),
            )

    def refused(self, job_id: str, error: str, now: datetime) -> None:
        """Write down that a service will never take a job as it is.

        If the service has taken none of the launch, the others are no better: they aren't to be sent either.
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
        """Write down that nobody knows whether a service has a job."""
        with self._history.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'UNKNOWN', error = ? WHERE job_id = ? AND state IN ('SUBMITTING', 'UNKNOWN')",
                (error, job_id),
            )

    @contextmanager
    def _forgetting(self, group: str) -> Iterator[None]:
        """Remove arguments that were held for a launch which then couldn't be written down."""
        try:
            yield
        except NameTaken:
            raise  # They are another's.
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
    """Look, under the lock of a transaction, whether jobs are being done again already."""
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
