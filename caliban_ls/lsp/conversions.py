"""Convert between this package and the protocol: offsets and positions, findings and diagnostics, edits, URIs.

The only module that knows how many units of a client's encoding a character takes. No position makes it raise: one
outside the text is moved to the nearest place inside.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import unquote, urlsplit

from lsprotocol import types as lsp

from caliban_ls.analysis.findings import Edit, Finding, Fix, Severity
from caliban_ls.core.text import LineIndex, Span

SOURCE: Final = "caliban"

SEVERITIES: Final = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.INFORMATION: lsp.DiagnosticSeverity.Information,
    Severity.HINT: lsp.DiagnosticSeverity.Hint,
}


class Lines(Protocol):
    """A text and the places of its lines in code points: a `text.LineIndex` or an open document."""

    @property
    def text(self) -> str:
        """The whole text."""
        ...

    def line_col(self, offset: int) -> tuple[int, int]:
        """Return the zero-based line and column of an offset."""
        ...

    def line_span(self, number: int) -> Span:
        """Return the span of a line without its line end."""
        ...


def to_position(lines: Lines, offset: int, encoding: str) -> lsp.Position:
    """Return the position of an offset, in units of the client's encoding."""
    offset = max(0, min(offset, len(lines.text)))
    line, column = lines.line_col(offset)
    if lines.text.isascii():  # Python knows without looking.
        return lsp.Position(line, column)
    return lsp.Position(line, _UNITS[encoding](lines.text[offset - column : offset]))


def to_range(lines: Lines, span: Span, encoding: str) -> lsp.Range:
    """Return a span as the client counts it."""
    return lsp.Range(to_position(lines, span.start, encoding), to_position(lines, span.end, encoding))


class PositionEncoder:
    """Converts many spans of one text. In the order of the text each character is measured once."""

    def __init__(self, lines: Lines, encoding: str) -> None:
        self._lines = lines
        self._encoding = encoding
        self._at = (0, 0, 0, 0)  # a line, where it starts, an offset in it, and the units between the two

    def range(self, span: Span) -> lsp.Range:
        """Return a span as the client counts it."""
        return lsp.Range(self.position(span.start), self.position(span.end))

    def position(self, offset: int) -> lsp.Position:
        """Return the position of an offset."""
        return lsp.Position(*self.place(offset))

    def place(self, offset: int) -> tuple[int, int]:
        """Return the position of an offset as two numbers: the line, and the client's units in it."""
        line, column = self._lines.line_col(offset)
        text = self._lines.text
        if text.isascii():
            return line, column
        start = offset - column
        last_line, last_start, last, units = self._at
        if (last_line, last_start) != (line, start) or last > offset:
            last, units = start, 0
        units += _UNITS[self._encoding](text[last:offset])
        self._at = (line, start, offset, units)
        return line, units


def to_offset(lines: Lines, position: lsp.Position, encoding: str) -> int:
    """Return the offset of a position.

    A position behind the end of its line is that end, one behind the last line the end of the text, and one inside a
    character the start of that character.
    """
    line = lines.line_span(max(0, position.line))
    units = max(0, position.character)
    # No character counts for less than one unit, so the offset can't be further on than this.
    start, end = line.start, min(line.end, line.start + units)
    segment = lines.text[start:end]
    if segment.isascii() or encoding == "utf-32":
        return end
    measure = _UNITS[encoding]
    low, high = 0, len(segment)
    while low < high:
        middle = (low + high + 1) // 2
        size = measure(segment[low:middle])
        if size <= units:
            low, units = middle, units - size
        else:
            high = middle - 1
    return start + low


def to_span(lines: Lines, given: lsp.Range, encoding: str) -> Span:
    """Return a range in code points; a reversed range is put in order."""
    ends = sorted((to_offset(lines, given.start, encoding), to_offset(lines, given.end, encoding)))
    return Span(*ends)


def to_diagnostic(lines: Lines, finding: Finding, encoding: str) -> lsp.Diagnostic:
    """Return a finding as editors show it."""
    return lsp.Diagnostic(
        range=to_range(lines, finding.span, encoding),
        message=finding.message,
        severity=SEVERITIES[finding.severity],
        code=finding.code,
        source=SOURCE,
    )


def to_text_edits(lines: Lines, edits: Sequence[Edit], encoding: str) -> list[lsp.TextEdit]:
    """Return edits as a client applies them: all at once, each to the original text."""
    return [lsp.TextEdit(to_range(lines, edit.span, encoding), edit.new_text) for edit in edits]


def to_workspace_edit(path: Path, text: str | None, edits: Sequence[Edit], encoding: str) -> dict[str, Any]:
    """Return a change to a file as JSON; it creates a missing file."""
    uri = to_uri(str(path))
    changes: list[dict[str, Any]] = []
    if text is None and edits:
        changes.append({"kind": "create", "uri": uri, "options": {"ignoreIfExists": True}})
    lines = LineIndex(text or "")
    if edits:
        made = [
            {"range": _as_json(to_range(lines, edit.span, encoding)), "newText": edit.new_text}
            for edit in edits
        ]
        changes.append({"textDocument": {"uri": uri, "version": None}, "edits": made})
    return {"documentChanges": changes}


def _as_json(given: lsp.Range) -> dict[str, Any]:
    return {
        name: {"line": end.line, "character": end.character}
        for name, end in (("start", given.start), ("end", given.end))
    }


def to_code_action(
    fix: Fix, edit: lsp.WorkspaceEdit, diagnostic: lsp.Diagnostic, *, preferred: bool
) -> lsp.CodeAction:
    """Return a fix as a light bulb offers it."""
    return lsp.CodeAction(
        title=fix.title,
        kind=lsp.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        is_preferred=preferred or None,
        edit=edit,
    )


def to_path(uri: str) -> str | None:
    """Return the local path of a URI, None if it has none.

    Percent-encoded `;`, `?` and `#` belong to file names; RFC 8089 allows the host `localhost`.
    """
    parts = urlsplit(uri)
    if parts.scheme.lower() != "file" or parts.netloc.lower() not in ("", "localhost"):
        return None
    path = unquote(parts.path, errors="surrogateescape")
    if "\0" in path or not path.startswith("/"):
        return None
    if os.name == "nt" and path[2:3] == ":":
        path = path[1:]
    return str(Path(path))


def to_uri(path: str) -> str:
    """Return the URI of an absolute local path."""
    return Path(path).as_uri()


def _utf_8_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _utf_16_units(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


_UNITS: Mapping[str, Callable[[str], int]] = {"utf-8": _utf_8_units, "utf-16": _utf_16_units, "utf-32": len}
