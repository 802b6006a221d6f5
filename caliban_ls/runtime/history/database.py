"""The SQLite file: open it, migrate it, make transactions, and explain its errors.

Knows the version of the schema, and neither groups nor jobs.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.history.schema import FILE_NAME, MIGRATIONS

BUSY_SECONDS = 10
"""How long a write waits for those of other processes."""

_LEAST_SECONDS = 0.5


class Database:
    """The open file. Safe to use from several threads.

    Every method raises `MissingError` when the file can't be used: locked for too long, read-only, on a
    full disk or damaged.
    """

    def __init__(self, folder: Path, *, warn: Callable[[str], None], clock: Callable[[], datetime]) -> None:
        self.path = folder / FILE_NAME
        self.clock = clock
        self._lock = threading.RLock()
        with self._explained():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            self._open()
        except _Damaged as error:
            warn(str(error))

    def make_durable(self) -> None:
        """Make all later writes survive a power cut; each then waits for the disk."""
        with self._explained():
            self._connection.execute("PRAGMA synchronous = FULL")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._explained():
            return self._connection.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Make the body one transaction that holds the file's lock from its start."""
        begun = time.monotonic()
        with self._lock, self._explained():
            # Waiting for this process's own threads counts too: otherwise each thread would wait the whole time for
            # another process, one after the other, and all of them together for minutes.
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
        # With a write-ahead log readers don't wait for writers. Some network drives can't have one; locks do there.
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
        """Return a failed access as an error for people."""
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return MissingError(
            f"The history {self.path} can't be used: {reason}",
            hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
        )

    def _set_aside(self, error: Exception) -> MissingError:
        """Rename the damaged file, so that it is never overwritten, and begin a new one."""
        self._connection.close()
        aside = self.path.with_name(f"{FILE_NAME}.damaged-{self.clock():%Y%m%d-%H%M%S}-{os.getpid()}")
        try:
            if _inode(self.path) == self._inode:  # Otherwise another process has renamed it already.
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
    """The file was no database; a new one has replaced it."""


def _inode(path: Path) -> int | None:
    """Return the number that tells a file from a later one of the same name."""
    with suppress(FileNotFoundError):
        return path.stat().st_ino
    return None
