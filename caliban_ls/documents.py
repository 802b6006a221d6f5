"""Open documents: the text as its editor has it, its lines and its parsed JSON, kept up edit by edit.

Stands in for the document class of pygls, which splits lines where LSP doesn't and rebuilds the whole text
at each keystroke. Judges nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from urllib.parse import unquote, urlsplit

from lsprotocol import types as lsp

from caliban_ls import convert, jsondoc
from caliban_ls.text import END_OF_LINE, Span


class Document:
    """One text that an editor has open.

    Attributes:
        uri: its name, as the client spells it.
        path: the local path, or the URI's last part when it has none (`Untitled-1`).
        local: whether `path` is a local path.
        version: the client's number for the text, None when it gave none.
        revision: our own, which no two texts of a document share.
        text: the text.
    """

    def __init__(self, uri: str, text: str, version: int | None = None, *, encoding: str = "utf-16") -> None:
        path = convert.to_path(uri)
        self.uri = uri
        self.path = unquote(urlsplit(uri).path).rpartition("/")[2] if path is None else path
        self.local = path is not None
        self.version = version
        self.revision = 0
        self.text = text
        self._encoding = encoding
        self._starts = _line_starts(text)

    @cached_property
    def json(self) -> jsondoc.JsonDocument:
        """The parsed text: parsed at its first use, then kept up with every edit."""
        return jsondoc.parse(self.text)

    def apply_change(self, change: lsp.TextDocumentContentChangeEvent) -> None:
        """Make the change that a client reports; one without a range brings the whole text."""
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            span = convert.to_span(self, change.range, self._encoding)
            self.splice(span.start, span.end, change.text)
        else:
            self.splice(0, len(self.text), change.text)

    def splice(self, start: int, end: int, new_text: str) -> None:
        """Replace the code points from `start` to `end`."""
        self.revision += 1
        parsed = self.__dict__.get("json")
        if parsed is None:
            self.text = self.text[:start] + new_text + self.text[end:]
        elif start == 0 and end == len(self.text):
            self.text = new_text
            del self.json
        else:
            parsed.edit(start, end, new_text)
            self.text = parsed.text
        self._move_line_starts(start, end, len(new_text) - (end - start))

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

    def _move_line_starts(self, start: int, end: int, grown: int) -> None:
        """Bring the line starts up to date after an edit, looking again only at what it can have changed.

        A line end of two characters may be torn or joined at either end of the edit, so the characters next
        to it count as edited, too.
        """
        first = max(1, bisect_left(self._starts, start))
        rest = bisect_right(self._starts, end + 1)
        last = end + grown + 1
        ends = [found.end() for found in END_OF_LINE.finditer(self.text, max(0, start - 1), last + 1)]
        moved = [stop + grown for stop in self._starts[rest:]] if grown else self._starts[rest:]
        self._starts[first:] = [stop for stop in ends if stop <= last] + moved


def _line_starts(text: str) -> list[int]:
    return [0, *(match.end() for match in END_OF_LINE.finditer(text))]
