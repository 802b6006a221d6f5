"""Keep the output of jobs in the state folder: one file for each job, with both streams as they came.

Knows no engine and no history. Output is kept byte by byte, in files that only the user can read.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

FOLDER = "logs"


def log_file(state: Path, group: str, index: int) -> Path:
    """Return the path of a job's output.

    Args:
        state: the state folder.
        group: the name of its launch.
        index: its 1-based place.
    """
    return state / FOLDER / group / f"{index}.log"


class JobLogs:
    """Writes the output of a launch as it comes. For one thread at a time."""

    def __init__(self, state: Path, group: str, *, warn: Callable[[str], None]) -> None:
        self._state = state
        self._group = group
        self._warn = warn
        self._files: dict[int, BinaryIO] = {}
        self._failed = False

    def write(self, index: int, chunk: bytes) -> None:
        """Add output of a job. If that fails, warn once; the job goes on."""
        if self._failed:
            return
        try:
            if index not in self._files:
                self._files[index] = self._open(index)
            self._files[index].write(chunk)
        except OSError as error:
            self._failed = True
            self._warn(
                f"The output of jobs can't be kept in {self._state / FOLDER}: {error.strerror or error};"
                " the jobs go on"
            )

    def finish(self, index: int) -> None:
        """Close the log of a job that has ended; a job without output has an empty log."""
        self.write(index, b"")
        file = self._files.pop(index, None)
        if file is not None:
            file.close()

    def _open(self, index: int) -> BinaryIO:
        path = log_file(self._state, self._group, index)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "wb", buffering=0)
