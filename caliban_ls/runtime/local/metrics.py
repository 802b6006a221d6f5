"""The metrics of a job: the last line of its stdout that is a JSON object of numbers.

Reads output as it comes, in any pieces, and keeps one line at most.
"""

from __future__ import annotations

import json
import math
import re

LONGEST_LINE = 64 * 1024
"""Bytes. A longer line is no metrics; a bound keeps a job without line ends from filling the memory."""

_CANDIDATE = re.compile(rb"^[ \t]*\{.*\}[ \t\r]*$", re.MULTILINE)


class MetricsReader:
    """Fed with the chunks of a job's stdout, knows the metrics at any time."""

    def __init__(self) -> None:
        self._metrics: dict[str, float] = {}
        self._unfinished = b""
        self._too_long = False

    def feed(self, chunk: bytes) -> None:
        """Take the next piece of output, which may split lines and characters."""
        lines, end, rest = chunk.rpartition(b"\n")
        if end:
            first, _, others = lines.partition(b"\n")
            self._take(b"" if self._too_long else self._unfinished + first)
            self._take(others)
            self._unfinished, self._too_long = b"", False
        if not self._too_long:
            self._unfinished += rest
            self._too_long = len(self._unfinished) > LONGEST_LINE
        if self._too_long:
            self._unfinished = b""

    def metrics(self) -> dict[str, float]:
        """Return the metrics so far, empty without any; a last line needs no line end."""
        return _metrics_of(self._unfinished) or self._metrics

    def _take(self, lines: bytes) -> None:
        """Keep the last metrics among whole lines."""
        for candidate in reversed(_CANDIDATE.findall(lines)):
            if metrics := _metrics_of(candidate):
                self._metrics = metrics
                return


def _metrics_of(line: bytes) -> dict[str, float] | None:
    """Return the finite numbers of a line, None unless it is a JSON object of numbers, one of them finite.

    NaN and the infinities, which a training that diverged prints, are left out; the other numbers count.
    """
    if len(line) > LONGEST_LINE or not _CANDIDATE.fullmatch(line):
        return None
    try:
        value = json.loads(line)
        if not all(map(_is_number, value.values())):
            return None
        return {name: number for name, number in value.items() if math.isfinite(number)} or None
    except (ValueError, OverflowError, RecursionError):
        return None


def _is_number(value: object) -> bool:
    """Return whether a value is a number, which truth values aren't."""
    return isinstance(value, int | float) and not isinstance(value, bool)
