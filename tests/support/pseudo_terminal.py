"""A person at a terminal: a real program on a pty of its own, with keys, a window and an ear."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

PATIENCE = 60  # seconds, after which it won't come any more

_LAUNCHER = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
uid = int(sys.argv.pop(1))
os.setresgid(uid, 0, 0)
os.setresuid(uid, 0, 0)
from caliban_ls.cli import main
raise SystemExit(main(sys.argv[1:]))
"""
"""Belongs to another user, with the rights of this one: where the tests lie, nobody else may look."""


class PseudoTerminal:
    """A program at a terminal, ours unless another is named. Leaving the block closes the window."""

    def __init__(
        self,
        *argv: str,
        folder: Path,
        environment: Mapping[str, str],
        uid: int = 0,
        size: tuple[int, int] = (24, 80),
        program: Sequence[str] | None = None,
    ) -> None:
        self.keys, theirs = pty.openpty()
        self.resize(*size)
        self.process = subprocess.Popen(
            [*(program or (sys.executable, "-c", _LAUNCHER, str(uid))), *argv],
            cwd=folder,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        os.close(theirs)
        self.seen = ""

    def __enter__(self) -> PseudoTerminal:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        self.process.wait(PATIENCE)

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self.keys, text.encode())

    def resize(self, rows: int, columns: int) -> None:
        """Give the window another size."""
        fcntl.ioctl(self.keys, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait_for(self, text: str) -> str:
        """Read until a text comes, and return all since the last one."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} never came; what came is {self.seen!r}"
            if select.select([self.keys], [], [], 0.2)[0]:
                try:
                    self.seen += os.read(self.keys, 65536).decode(errors="replace")
                except OSError as error:  # Linux's way of saying that the other side is closed
                    raise AssertionError(f"{text!r} never came; what came is {self.seen!r}") from error
        before, _, self.seen = self.seen.partition(text)
        return before

    def exit_code(self) -> int:
        """Return the exit code, reading what still comes so that nothing stands still."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "it never ended"
            if select.select([self.keys], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.keys, 65536).decode(errors="replace")
                except OSError:
                    break
        return self.process.wait(PATIENCE)

    def close(self) -> None:
        """Close the window, as a click on its cross does."""
        if self.keys >= 0:
            os.close(self.keys)
            self.keys = -1
