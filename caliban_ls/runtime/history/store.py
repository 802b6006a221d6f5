"""The history of jobs on this machine: a SQLite file in the state folder, shared by many processes.

Owns the schema, its migrations, the names of launches and what must not be written down. Knows no engine
and no face. A job's row is the truth about it once the job has left the engine or the cloud.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.engine import JobSpec, JobState
from caliban_ls.runtime.history.masking import masked_args, masked_parameters

FILE_NAME = "history.sqlite3"

_NEW_GROUP = (
    "INSERT INTO groups (name, title, backend, folder, image, owner, created, details)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
)

_IN_STATES = "state IN (SELECT value FROM json_each(?))"

_HAS_TEXT = (
    "(instr(lower(job_id), ?)"
    # Arguments are looked through as they are typed: words with spaces between them.
    """ OR instr(lower(replace(args, '", "', ' ')), ?) OR instr(lower(COALESCE(error, '')), ?)"""
    # The name of a launch is part of its jobs' ids; its title may have other characters.
    " OR group_name IN (SELECT name FROM groups WHERE instr(lower(title), ?)))"
)

_JOB_COLUMNS = (
    "job_id, group_name, number, args, parameters, state, name, created, started, ended, seconds, exit_code,"
    " metrics, error, doubted, seen, gone, origin"
)  # all but the request, which is long

BUSY_SECONDS = 10
"""How long a write waits for those of other processes."""

_LEAST_SECONDS = 0.5

_MIGRATIONS = (
    (
        """
        CREATE TABLE groups (
            name TEXT PRIMARY KEY,  -- NAME_TIMESTAMP
            title TEXT NOT NULL,  -- the NAME as it was given
            backend TEXT NOT NULL,
            folder TEXT NOT NULL,
            image TEXT,
            owner TEXT,  -- the process that runs it, NULL when it needs none
            created TEXT NOT NULL  -- ISO 8601, UTC, like all times
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE jobs (
            job_id TEXT PRIMARY KEY,
            group_name TEXT NOT NULL REFERENCES groups (name) ON DELETE CASCADE,
            number INTEGER NOT NULL,  -- 1-based place in the sweep
            args TEXT NOT NULL,  -- JSON, like parameters and metrics
            parameters TEXT NOT NULL,
            state TEXT NOT NULL,
            name TEXT,  -- what the backend calls it
            created TEXT NOT NULL,
            started TEXT,
            ended TEXT,
            seconds REAL,
            exit_code INTEGER,
            metrics TEXT NOT NULL DEFAULT '{}',
            error TEXT,
            UNIQUE (group_name, number)
        ) WITHOUT ROWID
        """,
    ),
    (
        "ALTER TABLE groups ADD COLUMN project TEXT",  # Google's, NULL for local launches
        "ALTER TABLE groups ADD COLUMN region TEXT",
        "ALTER TABLE groups ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",  # JSON; see `Group.details`
        "ALTER TABLE jobs ADD COLUMN request TEXT",  # JSON, what the service is sent; credentials masked
        "ALTER TABLE jobs ADD COLUMN doubted TEXT",  # when a request went without an answer
        "CREATE INDEX jobs_by_name ON jobs (name) WHERE name IS NOT NULL",
        "CREATE INDEX jobs_by_state ON jobs (group_name, state)",
    ),
    (
        "ALTER TABLE jobs ADD COLUMN seen TEXT",  # when its service last told of it
        "ALTER TABLE jobs ADD COLUMN gone TEXT",  # when its service was found to know it no longer
        "ALTER TABLE jobs ADD COLUMN origin TEXT",  # the job that it does again, by its id
        "CREATE INDEX jobs_by_origin ON jobs (origin) WHERE origin IS NOT NULL",
    ),
)
"""Each entry brings the file from the version of its place to the next; entries are never changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One launch of a sweep or of a single job.

    Attributes:
        name: unique: `NAME_TIMESTAMP`; job ids begin with it.
        title: the NAME that the user gave.
        backend: `local`, `vertex` or `ai-platform`.
        folder: the project.
        image: what the jobs run in.
        owner: see `runtime.owner`; None for jobs that need no living process.
        created: UTC.
        project: Google's, None for local launches.
        region: where cloud jobs run.
        details: what else was known: hardware, price, commit, who.
    """

    name: str
    title: str
    backend: str
    folder: Path
    image: str | None
    owner: str | None
    created: datetime
    project: str | None = None
    region: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What is written down about a job. Times are UTC; values that look like credentials are masked.

    Attributes:
        doubted: when it was sent, while nobody knows whether it arrived.
        seen: when its service last told of it.
        gone: when its service was found to know it no longer; its state is the last that was seen.
        origin: the id of the job that it does again.
    """

    job_id: str
    group: str
    index: int
    args: tuple[str, ...]
    parameters: Mapping[str, object]
    state: JobState
    name: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    seconds: float | None
    exit_code: int | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    doubted: datetime | None = None
    seen: datetime | None = None
    gone: datetime | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which jobs are wanted of all.

    Attributes:
        states: those in one of these; empty for all.
        text: those whose id, arguments, error or launch have it, in either case of ASCII letters; empty for all.
    """

    states: Collection[JobState] = ()
    text: str = ""

    @property
    def condition(self) -> str:
        """What a query asks of a job."""
        asked = [_IN_STATES] * bool(self.states) + [_HAS_TEXT] * bool(self.text)
        return " AND ".join(asked) or "TRUE"

    @property
    def values(self) -> tuple[str, ...]:
        """What stands for the condition's question marks."""
        states = (json.dumps([state.value for state in self.states]),) if self.states else ()
        text = self.text.encode("utf-8", "replace").lower().decode()  # as SQLite's lower() does: ASCII alone
        return (*states, *((text, json.dumps(text)[1:-1], text, text) if text else ()))


ALL = Wanted()


def _those(backend: str | None, wanted: Wanted) -> tuple[str, tuple[str, ...]]:
    """Return what a query asks of launches, and what stands for its question marks."""
    of_backend = "? IN (backend, '')"
    if wanted == ALL:
        return of_backend, (backend or "",)
    with_jobs = f"EXISTS (SELECT 1 FROM jobs WHERE group_name = groups.name AND {wanted.condition})"  # noqa: S608  # constants
    return f"{of_backend} AND {with_jobs}", (backend or "", *wanted.values)


def launch_name(title: str, moment: datetime) -> str:
    """Return `NAME_TIMESTAMP` in letters that containers and both Google services take.

    Args:
        title: any text; other characters than ASCII letters and digits become underscores.
        moment: when it was launched; its microseconds tell launches of one second apart.
    """
    name = re.sub("[^A-Za-z0-9]+", "_", title).strip("_")[:60] or "job"
    if not name[0].isalpha():
        name = f"job_{name}"
    return f"{name}_{moment:%Y%m%d_%H%M%S_%f}"


def job_id_of(group: str, index: int) -> str:
    """Return a job's id from the name of its launch and its 1-based place."""
    return f"{group}_{index}"


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
    ) -> Group:
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
        return Group(
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

    def groups(self, *, limit: int = -1, backend: str | None = None, wanted: Wanted = ALL) -> list[Group]:
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

    def count_groups(self, *, backend: str | None = None, wanted: Wanted = ALL) -> int:
        """Return how many launches `groups` would return without a limit."""
        those, values = _those(backend, wanted)
        (row,) = self.rows(f"SELECT COUNT(*) AS groups FROM groups WHERE {those}", *values)  # noqa: S608  # constants
        return int(row["groups"])

    def group(self, reference: str) -> Group | None:
        """Return a launch by its name, or the newest of a title."""
        found = self._groups(
            "SELECT * FROM groups WHERE ? IN (name, title) ORDER BY created DESC LIMIT 1", reference
        )
        return found[0] if found else None

    def newest_of(self, folder: Path, title: str | None) -> Group | None:
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

    def unfinished_groups(self, backend: str) -> list[Group]:
        """Return the launches of a backend that have jobs without a final state."""
        return self._groups(
            "SELECT * FROM groups WHERE backend = ? AND EXISTS (SELECT 1 FROM jobs WHERE group_name = groups.name"
            " AND state NOT IN ('SUCCEEDED', 'FAILED', 'CANCELLED')) ORDER BY created DESC",
            backend,
        )

    def jobs(self, group: str) -> list[JobRecord]:
        """Return the jobs of a launch by their place."""
        return [_job_record(row) for row in self.job_rows(group)]

    def job_rows(
        self,
        group: str,
        *,
        wanted: Wanted = ALL,
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

    def _groups(self, query: str, *values: object) -> list[Group]:
        """Return the launches of a query."""
        with self._explained():
            return [_group(row) for row in self._connection.execute(query, values)]

    def _jobs(self, query: str, *values: object) -> list[JobRecord]:
        """Return the jobs of a query."""
        with self._explained():
            return [_job_record(row) for row in self._connection.execute(query, values)]

    def _open(self) -> None:
        """Open the file and bring it to this program's version."""
        with self._explained():
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._inode = _inode(self.path)
            self._connection.row_factory = sqlite3.Row
            version = self._version()
            if version > len(_MIGRATIONS):
                raise MissingError(
                    f"The history {self.path} was written by a newer caliban",
                    hint="Update caliban-ls, or set CALIBAN_HOME to another folder.",
                )
            if version < len(_MIGRATIONS):
                self._migrate()
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.execute("PRAGMA synchronous = NORMAL")  # enough with a write-ahead log

    def _migrate(self) -> None:
        """Make every change that the file hasn't seen; many processes may try at once."""
        # Readers then don't wait for writers. Where it can't be had (some network drives), locks do as well.
        with suppress(sqlite3.OperationalError):
            self._connection.execute("PRAGMA journal_mode = WAL")
        with self.transaction() as connection:
            for version, statements in enumerate(_MIGRATIONS[self._version() :], self._version() + 1):
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


def utc_now() -> datetime:
    """Return the time that the history writes down."""
    return datetime.now(timezone.utc)


def _inode(path: Path) -> int | None:
    """Return what tells a file from a later one of the same name."""
    with suppress(FileNotFoundError):
        return path.stat().st_ino
    return None


def _group(row: sqlite3.Row) -> Group:
    """Return a row as a launch."""
    return Group(
        name=row["name"],
        title=row["title"],
        backend=row["backend"],
        folder=Path(row["folder"]),
        image=row["image"],
        owner=row["owner"],
        created=datetime.fromisoformat(row["created"]),
        project=row["project"],
        region=row["region"],
        details=json.loads(row["details"]),
    )


def _job_record(row: sqlite3.Row) -> JobRecord:
    """Return a row as a record."""

    def moment(column: str) -> datetime | None:
        return None if row[column] is None else datetime.fromisoformat(row[column])

    return JobRecord(
        job_id=row["job_id"],
        group=row["group_name"],
        index=row["number"],
        args=tuple(json.loads(row["args"])),
        parameters=json.loads(row["parameters"]),
        state=JobState(row["state"]),
        name=row["name"],
        created=datetime.fromisoformat(row["created"]),
        started=moment("started"),
        ended=moment("ended"),
        seconds=row["seconds"],
        exit_code=row["exit_code"],
        metrics={} if row["metrics"] == "{}" else json.loads(row["metrics"]),
        error=row["error"],
        doubted=moment("doubted"),
        seen=moment("seen"),
        gone=moment("gone"),
        origin=row["origin"],
    )
