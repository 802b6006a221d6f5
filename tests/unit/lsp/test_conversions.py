"""Positions in all three encodings, and URIs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from support.invalid_sweeps import BROKEN
from support.marked_text import unmark

from caliban_ls.analysis.findings import Edit, Finding, Severity
from caliban_ls.analysis.jsondoc import parse
from caliban_ls.core.text import LineIndex, Span
from caliban_ls.lsp import conversions, responses
from caliban_ls.validation import validate

ENCODINGS = ("utf-8", "utf-16", "utf-32")
TEXTS = st.text(st.sampled_from('ab"é€😀\u0301\f\u2028\x85\r\n\ud83d\ude00'), max_size=30)


def check(marked: str, line: int, *columns: int) -> None:
    """The ⟦⟧ mark must stand on the line, at these columns in UTF-8, UTF-16 and UTF-32."""
    text, (span,) = unmark(marked)
    index = LineIndex(text)
    for encoding, column in zip(ENCODINGS, columns, strict=True):
        position = lsp.Position(line, column)
        assert conversions.to_position(index, span.start, encoding) == position
        assert conversions.to_offset(index, position, encoding) == span.start


def test_ascii() -> None:
    check('{"lr": ⟦⟧1}', 0, 7, 7, 7)


def test_two_byte_characters_and_combining_marks() -> None:
    check("é⟦⟧", 0, 2, 1, 1)
    check("e\u0301⟦⟧x", 0, 3, 2, 2)


def test_emoji_count_for_two_in_utf_16() -> None:
    check("a\n😀😀⟦⟧b", 1, 8, 4, 2)


def test_only_three_line_ends_are_line_ends() -> None:
    check("a\r\nb\rc\n⟦⟧d", 3, 0, 0, 0)
    check("a\f\v\x1c\x85\u2028\u2029⟦⟧b", 0, 12, 7, 7)


def test_a_lone_surrogate_is_a_character_like_another() -> None:
    check("\ud800⟦⟧x", 0, 3, 1, 1)


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize(
    ("line", "column", "expected"),
    [(0, 99, 1), (1, 99, 5), (9, 0, 5), (2**31 - 1, 2**31 - 1, 5), (0, 2, 1)],
    ids=["past the line", "past the last line", "past the text", "far past it", "inside a line end"],
)
def test_what_points_nowhere_is_held_inside_the_text(
    encoding: str, line: int, column: int, expected: int
) -> None:
    assert conversions.to_offset(LineIndex("a\r\nbc"), lsp.Position(line, column), encoding) == expected


@pytest.mark.parametrize(("encoding", "column"), [("utf-16", 2), ("utf-8", 2), ("utf-8", 4)])
def test_inside_a_character_is_its_start(encoding: str, column: int) -> None:
    assert conversions.to_offset(LineIndex("a😀b"), lsp.Position(0, column), encoding) == 1


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=TEXTS)
def test_every_offset_survives_the_round_trip(encoding: str, text: str) -> None:
    index = LineIndex(text)
    for offset in range(len(text) + 1):
        inside_line_end = text[offset - 1 : offset + 1] == "\r\n"
        position = conversions.to_position(index, offset, encoding)
        assert conversions.to_offset(index, position, encoding) == offset - inside_line_end


def test_a_range_that_is_given_backwards_is_turned_round() -> None:
    given_range = lsp.Range(lsp.Position(1, 1), lsp.Position(0, 1))
    assert conversions.to_span(LineIndex("ab\ncd"), given_range, "utf-16") == Span(1, 4)


def test_a_finding_becomes_a_diagnostic() -> None:
    text, (span,) = unmark('{\n  "😀": ⟦[]⟧\n}')
    finding = Finding(span, "CAL201", "a list needs a value", Severity.WARNING)
    assert conversions.to_diagnostic(LineIndex(text), finding, "utf-16") == lsp.Diagnostic(
        range=lsp.Range(lsp.Position(1, 8), lsp.Position(1, 10)),
        message="a list needs a value",
        severity=lsp.DiagnosticSeverity.Warning,
        code="CAL201",
        source="caliban",
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_diagnostics_that_are_spelled_say_what_those_of_the_protocol_say(encoding: str) -> None:
    converter = get_converter()
    for marked, _ in BROKEN.values():
        text = '// "\U0001f600\u0301" \u2028\f\r\n[' + unmark(marked)[0] + ', {"é😀": null, "é😀": 1}]'
        lines = LineIndex(text)
        found = validate(parse(text), "experiment")
        assert found
        expected = [converter.unstructure(conversions.to_diagnostic(lines, one, encoding)) for one in found]
        report = responses.diagnostic_report(lines, found, encoding, None, lambda: "1")
        assert [json.loads(one) for one in report.items] == expected


def test_a_report_with_the_same_items_is_the_same_report() -> None:
    text = '{"a": []}'
    ids = iter("123")

    def report(text: str, known: responses.DiagnosticReport | None) -> responses.DiagnosticReport:
        found = validate(parse(text), "experiment")
        return responses.diagnostic_report(LineIndex(text), found, "utf-16", known, lambda: next(ids))

    first = report(text, None)
    assert report(text + "\n", first) is first
    assert report('{"b": []}\n{}', first).result_id == "2"


def test_edits_keep_their_order() -> None:
    edits = (Edit(Span(2, 2), "b"), Edit(Span(0, 1), ""))
    made = conversions.to_text_edits(LineIndex("a\nc"), edits, "utf-16")
    assert [(edit.range.start.line, edit.range.end.character, edit.new_text) for edit in made] == [
        (1, 0, "b"),
        (0, 1, ""),
    ]


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///a/b.json", "/a/b.json"),
        ("file:///a%20b%3Bc%23d%3Fe/%C3%A9.json", "/a b;c#d?e/é.json"),
        ("file:///a;b.json", "/a;b.json"),
        ("file://localhost/a.json", "/a.json"),
        ("FILE:///a.json", "/a.json"),
        ("file://server/share/a.json", None),
        ("untitled:Untitled-1", None),
        ("vscode-remote://ssh/a.json", None),
        ("/a.json", None),
        ("file:///a%00b", None),
        ("", None),
    ],
)
def test_paths_of_uris(uri: str, path: str | None) -> None:
    assert conversions.to_path(uri) == path


@pytest.mark.parametrize("name", ["plain.json", "a b;c#d?e%41.json", "é😀.json"])
def test_a_path_survives_the_round_trip(name: str, tmp_path: Path) -> None:
    path = str(tmp_path / name)
    assert conversions.to_path(conversions.to_uri(path)) == path


@given(TEXTS, st.lists(st.integers(0, 30), max_size=8), st.sampled_from(ENCODINGS))
def test_a_ruler_measures_as_a_single_look_does(text: str, offsets: list[int], encoding: str) -> None:
    index = LineIndex(text)
    ruler = conversions.PositionEncoder(index, encoding)
    for offset in [*sorted(offsets), *offsets]:
        held = min(offset, len(text))
        assert ruler.position(held) == conversions.to_position(index, held, encoding)
