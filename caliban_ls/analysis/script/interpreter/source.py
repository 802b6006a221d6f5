"""Parse a file of a script, and find the spans of its nodes."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from typing import Any, Final

from caliban_ls.core.text import END_OF_LINE, Span

MOST_CHARACTERS: Final = 300_000


@dataclass(eq=False, slots=True)
class Source:
    """One parsed file."""

    path: str
    text: str
    tree: ast.Module
    starts: list[int]
    lines: list[str]


def parse(path: str, text: str) -> Source | None:
    """Parse a file; None when it isn't Python or is longer than `MOST_CHARACTERS`."""
    if len(text) > MOST_CHARACTERS:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    starts = [0, *(match.end() for match in END_OF_LINE.finditer(text))]
    lines = [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]
    return Source(path, text, tree, starts, lines)


def span_of(source: Source, node: Any) -> Span:  # noqa: ANN401 - any node with a place
    """Return the span of a node, in code points."""
    return Span(
        _offset(source, node.lineno, node.col_offset), _offset(source, node.end_lineno, node.end_col_offset)
    )


def literal_span(source: Source, node: ast.expr) -> Span | None:
    """Return the span of a string literal without its quotes; None unless it is one plain literal."""
    if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
        return None
    span = span_of(source, node)
    match = re.fullmatch(r"[uUrR]?('''|\"\"\"|'|\")(.*)\1", source.text[span.start : span.end], re.DOTALL)
    if match is None or match[2] != node.value:
        return None
    return Span(span.start + match.start(2), span.start + match.end(2))


def name_span(source: Source, node: Any) -> Span:  # noqa: ANN401 - a parameter, or a field's target
    """Return the span of a parameter's or a field's name."""
    start = _offset(source, node.lineno, node.col_offset)
    return Span(start, start + len(node.arg if isinstance(node, ast.arg) else node.id))


def _offset(source: Source, line: int, column: int) -> int:
    text = source.lines[line - 1]
    # Columns count UTF-8 bytes.
    if not text.isascii():
        column = len(text.encode("utf-8", "surrogatepass")[:column].decode("utf-8", "ignore"))
    return source.starts[line - 1] + column
