"""Open documents: after any edits the text and its lines are those of a fresh document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from caliban_ls.analysis import jsondoc
from caliban_ls.core.text import LineIndex, Span
from caliban_ls.lsp.documents import Document

PIECES = st.text(st.sampled_from('\r\n\r\nab{}[]":,1é😀\f\u2028\x85'), max_size=12)
EDITS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), PIECES), max_size=8)
ANYWHERE = st.builds(lsp.Position, st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1))
NEARBY = st.builds(lsp.Position, st.integers(0, 5), st.integers(0, 9))


def document(text: str, encoding: str = "utf-16") -> Document:
    return Document("file:///p/experiment.json", text, 1, encoding=encoding)


def check(edited: Document) -> None:
    """The document must be as if it had been opened with its text."""
    fresh, index = document(edited.text), LineIndex(edited.text)
    assert edited._starts == fresh._starts == index._starts
    for number in range(len(edited._starts) + 2):
        assert edited.line_span(number) == index.line_span(number)
    for offset in range(len(edited.text) + 1):
        assert edited.line_col(offset) == index.line_col(offset)
    assert edited.json.text == edited.text


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> lsp.TextDocumentContentChangePartial:
    return lsp.TextDocumentContentChangePartial(lsp.Range(lsp.Position(*start), lsp.Position(*end)), text)


@given(text=PIECES, edits=EDITS)
def test_edits_keep_lines_as_of_a_fresh_document(text: str, edits: list[tuple[int, int, str]]) -> None:
    edited = document(text)
    assert edited.json.text == text
    for first, second, piece in edits:
        start, end = sorted((min(first, len(edited.text)), min(second, len(edited.text))))
        expected = edited.text[:start] + piece + edited.text[end:]
        edited.splice(start, end, piece)
        assert edited.text == expected
        check(edited)


@given(
    text=PIECES,
    first=ANYWHERE | NEARBY,
    second=ANYWHERE | NEARBY,
    piece=PIECES,
    encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]),
)
def test_no_range_is_too_strange(
    text: str, first: lsp.Position, second: lsp.Position, piece: str, encoding: str
) -> None:
    edited = document(text, encoding)
    edited.apply_change(lsp.TextDocumentContentChangePartial(lsp.Range(first, second), piece))
    check(edited)


@pytest.mark.parametrize(
    ("before", "edit", "after"),
    [
        ("ab", change((0, 1), (0, 1), "X"), "aXb"),
        ("a😀b", change((0, 3), (0, 4), ""), "a😀"),
        ("a\fb\u2028c\nd", change((1, 0), (1, 1), "e"), "a\fb\u2028c\ne"),
        ("a\r\nb", change((0, 1), (1, 0), ""), "ab"),
        ("a", change((5, 0), (9, 9), "b"), "ab"),
        ("abc", change((0, 2), (0, 1), "X"), "aXc"),
        ("old", lsp.TextDocumentContentChangeWholeDocument("new\n"), "new\n"),
    ],
)
def test_changes_as_clients_report_them(
    before: str, edit: lsp.TextDocumentContentChangeEvent, after: str
) -> None:
    edited = document(before)
    edited.apply_change(edit)
    assert edited.text == after
    check(edited)


def test_a_carriage_return_and_a_line_feed_that_meet_are_one_line_end() -> None:
    edited = document("a\rb\nc")
    edited.splice(2, 3, "")
    assert edited.line_span(1) == Span(3, 4)
    edited.splice(2, 2, "b")
    assert edited.line_span(1) == Span(2, 3)


def test_every_change_is_a_revision_of_its_own() -> None:
    edited = document("a")
    for revision in range(1, 4):
        edited.splice(0, 1, "a")
        assert edited.revision == revision


def test_the_json_is_edited_not_parsed_again() -> None:
    edited = document('{"lr": 1}')
    parsed = edited.json
    edited.splice(7, 8, "2")
    assert edited.json is parsed
    root = edited.json.root
    assert root is not None
    assert jsondoc.to_python(root) == {"lr": 2}


@pytest.mark.parametrize(
    ("uri", "path", "local"),
    [
        ("file:///p/a%20b.json", "/p/a b.json", True),
        ("untitled:Untitled-1", "Untitled-1", False),
        ("vscode-remote://ssh/p/experiment.json", "experiment.json", False),
        ("weird", "weird", False),
    ],
)
def test_paths(uri: str, path: str, local: bool) -> None:  # noqa: FBT001 - a parameter of a table
    opened = Document(uri, "")
    assert (opened.path, opened.local) == (path, local)
