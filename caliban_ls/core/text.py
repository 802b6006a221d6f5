"""Text positions: spans of code points, and lines as the Language Server Protocol counts them.

Knows no file format and no protocol: UTF-8 and UTF-16 columns belong to `convert`.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

END_OF_LINE = re.compile(r"\r\n|\n|\r")
"""The three line ends of LSP. `str.splitlines` knows eight more, which would shift every later line."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A half-open range `[start, end)` of code-point offsets into one document."""

    start: int
    end: int

    def shifted(self, by: int) -> Span:
        """Return the same span, moved by a number of code points."""
        return Span(self.start + by, self.end + by)


class LineIndex:
    """Maps offsets (code points) to zero-based `(line, column)` and back."""

    def __init__(self, text: str) -> None:
        self.text = text
        if "\r" in text:
            self._starts = [0, *(match.end() for match in END_OF_LINE.finditer(text))]
        else:
            # Nearly every text, and several times as fast.
            self._starts = [0, *accumulate(len(line) + 1 for line in text.split("\n"))]
            self._starts.pop()

    def __len__(self) -> int:
        return len(self._starts)

    def line_col(self, offset: int) -> tuple[int, int]:
        """Return the zero-based line and code-point column of an offset."""
        line = bisect_right(self._starts, offset) - 1
        return line, offset - self._starts[line]

    def line_span(self, number: int) -> Span:
        """Return where a line stands, its line end left out; past the last line, the end of the text."""
        if number >= len(self._starts):
            return Span(len(self.text), len(self.text))
        start = self._starts[number]
        end = self._starts[number + 1] if number + 1 < len(self._starts) else len(self.text)
        while end > start and self.text[end - 1] in "\r\n":
            end -= 1
        return Span(start, end)

    def line(self, number: int) -> str:
        """Return the text of a line without its line end."""
        span = self.line_span(number)
        return self.text[span.start : span.end]

    def offset(self, line: int, column: int) -> int:
        """Return the offset of a code-point column, held inside its line."""
        span = self.line_span(line)
        return min(span.start + column, span.end)

    def edit(self, text: str, start: int, end: int) -> None:
        """Take the text as it is after an edit, looking only at what the edit can have changed.

        Args:
            text: the whole new text.
            start: where the edit began.
            end: where it ended, in the old text.
        """
        grown = len(text) - len(self.text)
        self.text = text
        # A line end of two characters may be torn or joined at either end of the edit, so that the
        # characters next to it count as edited, too.
        first = max(1, bisect_left(self._starts, start))
        rest = bisect_right(self._starts, end + 1)
        last = end + grown + 1
        ends = [found.end() for found in END_OF_LINE.finditer(text, max(0, start - 1), last + 1)]
        moved = [stop + grown for stop in self._starts[rest:]] if grown else self._starts[rest:]
        self._starts[first:] = [stop for stop in ends if stop <= last] + moved


def shortened(text: str, length: int) -> str:
    """Return a text on one line, cut where it gets long."""
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def spoken_number(number: int) -> str:
    """Return a whole number for people: exact as long as anybody reads it, then the power of ten that it is over.

    A few thousand lists of two make a number of jobs that Python refuses to write out.
    """
    if number < _READABLE:
        return f"{number:,}"
    return f"over 10^{int((number.bit_length() - 1) * math.log10(2))}"


def spoken_amount(amount: float) -> str:
    """Return an amount of money for people, as `spoken_number` does; it may be infinite."""
    if amount < _READABLE:
        return f"{amount:,.2f}"
    return f"over 10^{int(math.log10(min(amount, _LARGEST)))}"


_READABLE = 10**15

_LARGEST = 1e308  # no float goes much further
