"""The last line that a job printed, which mostly says why it failed.

Reads output as it comes, in any pieces, and keeps the beginning of one line of each stream at most.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from caliban_ls.core.text import shortened
from caliban_ls.runtime.history.masking import MASK, masked_args
from caliban_ls.runtime.jobs import Stream

_KEPT = 4096  # bytes of a line

_SHOWN = 200  # characters of it

_LINE_END = re.compile(rb"[\r\n]+")  # what draws over its own line ends it, too

_TERMINAL = re.compile(r"\x1b(?:\[[0-9;:?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])")
"""Sequences that colour, move and name."""


class LastWords:
    """Fed with the chunks of a job's output, knows its last line: of stderr, or else of stdout."""

    def __init__(self) -> None:
        self._lines: dict[Stream, _Line] = {"stderr": _Line(), "stdout": _Line()}

    def feed(self, stream: Stream, chunk: bytes) -> None:
        """Take the next piece of output, which may split lines and characters."""
        self._lines[stream].feed(chunk)

    def said(self, args: Iterable[str]) -> str:
        """Return the last line, short and without what steers a terminal; empty when there is none.

        Args:
            args: of the job; values of them that look like credentials are masked.
        """
        for line in self._lines.values():
            text = _TERMINAL.sub("", line.last().decode(errors="replace"))
            for secret in _secrets(args):
                text = text.replace(secret, MASK)
            text = shortened(text, _SHOWN)
            if text and not text.startswith("{"):  # metrics say nothing of a failure
                return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)
        return ""


class _Line:
    """The last line of a stream that has something on it."""

    def __init__(self) -> None:
        self._whole = b""
        self._begun = b""

    def feed(self, chunk: bytes) -> None:
        *lines, rest = _LINE_END.split(chunk)
        if not lines:
            self._begun = (self._begun + rest)[:_KEPT]
            return
        lines[0] = self._begun + lines[0]
        self._whole = next((line[:_KEPT] for line in reversed(lines) if line.strip()), self._whole)
        self._begun = rest[:_KEPT]

    def last(self) -> bytes:
        return self._begun if self._begun.strip() else self._whole


def _secrets(args: Iterable[str]) -> list[str]:
    """Return the values that are masked in arguments, the longest first."""
    given = tuple(args)
    found = set()
    for arg, shown in zip(given, masked_args(given), strict=True):
        if arg != shown:
            found.add(arg if shown == MASK else arg.partition("=")[2])
    return sorted(filter(None, found), key=len, reverse=True)
