"""The history of jobs on this machine: a SQLite file in the state folder, shared by many processes.

Owns the schema, its migrations, the names of launches and what must not be written down. Knows no engine
and no face. A job's row is the truth about it once the job has left the engine or the cloud.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from pathlib import Path

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.history.records import (
    ALL,
    JobFilter,
    JobGroup,
    JobRecord,
    group_of,
    job_of,
    launch_name,
)
from caliban_ls.runtime.history.schema import FILE_NAME, MIGRATIONS
from caliban_ls.runtime.jobs import JobSpec, JobState

_NEW_GROUP = (
    "INSERT INTO groups (name, title, backend, folder, image, owner, created, details)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

_JOB_COLUMNS = (
    "job_id, group_name, number, args, parameters, state, name, created, started, ended, seconds, exit_code,"
    " metrics, error, doubted, seen, gone, origin"
)  # all but the request, which is long

BUSY_SECONDS = 10
"""How long a write waits for those of other processes."""

_LEAST_SECONDS = 0.5


def _those(backend: str | None, wanted: JobFilter) -> tuple[str, tuple[str, ...]]:
    """Return what a query asks of launches, and what stands for its question marks."""
    of_backend = "? IN (backend, '')"
    if wanted == ALL:
        return of_backend, (backend or "",)
    with_jobs = f"EXISTS (SELECT 1 FROM jobs WHERE group_name = groups.name AND {wanted.condition})"  # noqa: S608  # constants
    return f"{of_backend} AND {with_jobs}", (backend or "", *wanted.values)


class History:
    """The open file. Safe to use from several threads; every method is one transaction.

    Every method raises `MissingError` when the file can't be used: locked for too long, read-only, on a
    full disk or damaged.
    """

    def __init__(self, folder: Path, *, warn: Callable[[str], None], clock: Callable[[], datetime]) -> None:
        self.path = folder / FILE_NAME
        self._clock = clock
        self._lock = threading.RLock()
        with self._explained():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._open()
        except _Damaged as error:
            warn(str(error))

    def make_durable(self) -> None:
        """From here on, what was written survives a power cut too; each write then waits for the disk."""
        with self._explained():
            self._connection.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def add_group(
        self,
        *,
        title: str,
        backend: str,
        folder: Path,
        image: str | None,
        owner: str | None,
        details: Mapping[str, object] | None = None,
    ) -> JobGroup:
        """Write down a launch, and so reserve its name among all processes."""
        written = json.dumps(dict(details or {}))
        created = self._clock()
        with self.transaction() as connection:
            while True:
                name = launch_name(title, created)
                values = (name, title, backend, str(folder), image, owner, created.isoformat(), written)
                with suppress(sqlite3.IntegrityError):  # Another launch of this very microsecond.
                    connection.execute(_NEW_GROUP, values)
                    break
                created += timedelta(microseconds=1)
        return JobGroup(
            name=name,
            title=title,
            backend=backend,
            folder=folder,
            image=image,
            owner=owner,
            created=created,
            details=dict(details or {}),
        )

    def describe(self, group: str, details: Mapping[str, object]) -> None:
        """Write down what else is known of a launch."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE groups SET details = ? WHERE name = ?", (json.dumps(dict(details)), group)
            )

    def add_jobs(self, group: str, jobs: Iterable[JobSpec]) -> None:
        """Write down the jobs of a launch as QUEUED; an iterator is read as it is written."""
        created = self._clock().isoformat()
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
        with self.transaction() as connection:
            connection.executemany(
                "INSERT INTO jobs (job_id, group_name, number, args, parameters, state, created)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )

    def start_job(self, job_id: str, *, name: str | None = None) -> bool:
        """Write down that a job runs, and what its backend calls it, unless it was stopped; return whether it runs."""
        with self.transaction() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET state = ?, name = ?, started = ? WHERE job_id = ?"
                " AND state NOT IN ('CANCELLING', 'SUCCEEDED', 'FAILED', 'CANCELLED')",
                (JobState.RUNNING.value, name, self._clock().isoformat(), job_id),
            )
            return cursor.rowcount > 0

    def cancel_job(self, job_id: str) -> None:
        """Write down that a job is being stopped: if it fails from here on, that is what was asked."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = 'CANCELLING' WHERE job_id = ?"
                " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
                (job_id,),
            )

    def finish_job(
        self,
        job_id: str,
        state: JobState,
        *,
        exit_code: int | None = None,
        seconds: float | None = None,
        metrics: Mapping[str, float] | None = None,
        error: str | None = None,
    ) -> None:
        """Write down how a job ended. What was written first stands; a job stopped on purpose didn't fail."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE jobs SET state = CASE WHEN state = 'CANCELLING' AND :state = 'FAILED'"
                " THEN 'CANCELLED' ELSE :state END,"
                " ended = :ended, exit_code = :exit_code, seconds = :seconds, metrics = :metrics, error = :error"
                " WHERE job_id = :job_id AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')",
                {
                    "job_id": job_id,
                    "state": state.value,
                    "ended": self._clock().isoformat(),
                    "exit_code": exit_code,
                    "seconds": seconds,
                    "metrics": json.dumps(dict(metrics or {})),
                    "error": error,
                },
            )

    def abandon(self, group: str, *, error: str, alive: Iterable[str] = ()) -> int:
        """Write CANCELLED to the unfinished jobs of a launch, those `alive` (ids) excepted; return how many."""
        with self.transaction() as connection:
            cursor = connection.execute(
                "UPDATE jobs SET state = 'CANCELLED', ended = ?, error = ? WHERE group_name = ?"
                " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')"
                " AND job_id NOT IN (SELECT value FROM json_each(?))",
                (self._clock().isoformat(), error, group, json.dumps(list(alive))),
            )
            return cursor.rowcount

    def groups(
        self, *, limit: int = -1, backend: str | None = None, wanted: JobFilter = ALL
    ) -> list[JobGroup]:
        """Return launches, the newest first.

        Args:
            limit: at most so many, from the newest on.
            backend: of this one only.
            wanted: with such jobs only.
        """
        those, values = _those(backend, wanted)
        return self._groups(
            f"SELECT * FROM groups WHERE {those} ORDER BY created DESC, name DESC LIMIT ?",  # noqa: S608  # constants
            *values,
            limit,
        )

    def count_groups(self, *, backend: str | None = None, wanted: JobFilter = ALL) -> int:
        """Return how many launches `groups` would return without a limit."""
        those, values = _those(backend, wanted)
        (row,) = self.rows(f"SELECT COUNT(*) AS groups FROM groups WHERE {those}", *values)  # noqa: S608  # constants
        return int(row["groups"])

    def group(self, reference: str) -> JobGroup | None:
        """Return a launch by its name, or the newest of a title."""
        found = self._groups(
            "SELECT * FROM groups WHERE ? IN (name, title) ORDER BY created DESC LIMIT 1", reference
        )
        return found[0] if found else None

    def newest_of(self, folder: Path, title: str | None) -> JobGroup | None:
        """Return the newest launch of a project, or the newest of these that has a title."""
        found = self._groups(
            "SELECT * FROM groups WHERE folder = ? AND (? IS NULL OR ? IN (title, name)) ORDER BY created DESC LIMIT 1",
            str(folder),
            title,
            title,
        )
        return found[0] if found else None

    def state_of(self, job_id: str) -> JobState | None:
        """Return what is written down of a job's state, None when the job isn't known."""
        found = self._jobs("SELECT * FROM jobs WHERE job_id = ?", job_id)
        return found[0].state if found else None

    def unfinished_groups(self, backend: str) -> list[JobGroup]:
        """Return the launches of a backend that have jobs without a final state."""
        return self._groups(
            "SELECT * FROM groups WHERE backend = ? AND EXISTS (SELECT 1 FROM jobs WHERE group_name = groups.name"
            " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) ORDER BY created DESC",
            backend,
        )

    def jobs(self, group: str) -> list[JobRecord]:
        """Return the jobs of a launch by their place."""
        return [job_of(row) for row in self.job_rows(group)]

    def job_rows(
        self,
        group: str,
        *,
        wanted: JobFilter = ALL,
        only: str | None = None,
        ends: int | None = None,
        after: int = 0,
        limit: int = -1,
    ) -> list[sqlite3.Row]:
        """Return the jobs of a launch by their place, as they are written: for those who show thousands of them.

        Args:
            group: its name.
            wanted: these only.
            only: the job of this id only.
            ends: so many from each end only; None for all.
            after: behind this place only.
            limit: at most so many from the first on.
        """
        chosen = (
            f"SELECT {_JOB_COLUMNS} FROM jobs WHERE group_name = ? AND number > ? AND ? IN (job_id, '')"  # noqa: S608  # constants
            f" AND {wanted.condition}"
        )
        values = (group, after, only or "", *wanted.values)
        if ends is None:
            return self.rows(f"{chosen} ORDER BY number LIMIT ?", *values, limit)
        first = self.rows(f"{chosen} ORDER BY number LIMIT ?", *values, ends)
        last = self.rows(f"{chosen} ORDER BY number DESC LIMIT ?", *values, ends)
        return [*first, *(row for row in reversed(last) if not first or row["number"] > first[-1]["number"])]

    def job(self, reference: str) -> JobRecord | None:
        """Return a job by its id, by what its backend calls it, or by `GROUP/INDEX`."""
        group, _, index = reference.rpartition("/")
        by_place = self.group(group) if index.isdecimal() else None
        found = self._jobs(
            "SELECT * FROM jobs WHERE job_id = ? OR name = ? OR (group_name = ? AND number = ?) LIMIT 1",
            reference,
            reference,
            by_place.name if by_place else None,
            int(index) if by_place else None,
        )
        return found[0] if found else None

    def _groups(self, query: str, *values: object) -> list[JobGroup]:
        """Return the launches of a query."""
        with self._explained():
            return [group_of(row) for row in self._connection.execute(query, values)]

    def _jobs(self, query: str, *values: object) -> list[JobRecord]:
        """Return the jobs of a query."""
        with self._explained():
            return [job_of(row) for row in self._connection.execute(query, values)]

    def _open(self) -> None:
        """Open the file and bring it to this program's version."""
        with self._explained():
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._inode = _inode(self.path)
            self._connection.row_factory = sqlite3.Row
            version = self._version()
            if version > len(MIGRATIONS):
                raise MissingError(
                    f"The history {self.path} was written by a newer caliban",
                    hint="Update caliban-ls, or set CALIBAN_HOME to another folder.",
                )
            if version < len(MIGRATIONS):
                self._migrate()
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # enough with a write-ahead log

    def _migrate(self) -> None:
        """Make every change that the file hasn't seen; many processes may try at once."""
        # Readers then don't wait for writers. Where it can't be had (some network drives), locks do as well.
        with suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA journal_mode = WAL")
        with self.transaction() as connection:
            for version, statements in enumerate(MIGRATIONS[self._version() :], self._version() + 1):
                for statement in statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {version}")

    def _version(self) -> int:
        """Return the version of the file's schema, 0 for a new file."""
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make the body one transaction that holds the file's lock from its start."""
        begun = time.monotonic()
        with self._lock, self._explained():
            # Time in the queue of this process counts: otherwise each of its threads would wait for another process in
            # turn, and all of them together for minutes.
            patience = max(_LEAST_SECONDS, BUSY_SECONDS - (time.monotonic() - begun))
            self._connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn SQLite's errors into ours, and set a damaged file aside."""
        try:
            with self._lock:
                yield
        except sqlite3.OperationalError as error:
            raise self._unusable(error) from error
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.IntegrityError | sqlite3.ProgrammingError):
                raise
            raise self._set_aside(error) from error
        except OSError as error:
            raise self._unusable(error) from error

    def _unusable(self, error: Exception) -> MissingError:
        """Return what a failed access means for a person."""
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return MissingError(
            f"The history {self.path} can't be used: {reason}",
            hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
        )

    def _set_aside(self, error: Exception) -> MissingError:
        """Rename the damaged file, so that nothing is ever written over it, and begin a new one."""
        self._connection.close()
        aside = self.path.with_name(f"{FILE_NAME}.damaged-{self._clock():%Y%m%d-%H%M%S}-{os.getpid()}")
        try:
            if _inode(self.path) == self._inode:  # Otherwise another process was quicker.
                for suffix in ("-wal", "-shm", ""):
                    with suppress(FileNotFoundError):
                        Path(f"{self.path}{suffix}").replace(f"{aside}{suffix}")
        except OSError as refused:
            return self._unusable(refused)
        self._open()
        return _Damaged(
            f"The history was damaged ({error}) and is kept as {aside}; a new one begins",
            hint="Run the command again.",
        )


class _Damaged(MissingError):
    """The file was no database; a new one stands in its place."""


def _inode(path: Path) -> int | None:
    """Return what tells a file from a later one of the same name."""
    with suppress(FileNotFoundError):
        return path.stat().st_ino
    return None
