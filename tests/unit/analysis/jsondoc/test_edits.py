"""Edits keep the rest of a file as its author wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.findings import apply_edits
from caliban_ls.analysis.jsondoc.edits import (
    difference,
    remove_items,
    remove_member,
    remove_members,
    set_member,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", '{"k": 1}'),
        ("{ }", '{"k": 1}'),
        ("{ // nothing yet\n}", '{"k": 1 // nothing yet\n}'),
        ('{"a": 2}', '{"a": 2, "k": 1}'),
        ('{"a": 2,}', '{"a": 2, "k": 1,}'),
        ('{\n  "a": 2\n}', '{\n  "a": 2,\n  "k": 1\n}'),
        ('{\n\t"a": 2, // two\n}', '{\n\t"a": 2, // two\n\t"k": 1,\n}'),
        ('{\n\t"a": 2 # two\r\n}', '{\n\t"a": 2, # two\n\t"k": 1\r\n}'),
        ('{\n\t"a": 2 /* two */\n}', '{\n\t"a": 2, /* two */\n\t"k": 1\n}'),
        ('{\n\t"a": 2 /* two\n*/}', '{\n\t"a": 2,\n\t"k": 1 /* two\n*/}'),
        ('{"a": 2 // two\n}', '{"a": 2, "k": 1 // two\n}'),
        ('{"k": [2, 3], "a": 4}', '{"k": 1, "a": 4}'),
    ],
)
def test_set_member(text: str, expected: str) -> None:
    document = jsondoc.parse(text)
    assert document.root is not None
    edited = apply_edits(text, set_member(document, document.root, "k", "1"))
    assert edited == expected
    root = jsondoc.parse(edited).root
    assert root is not None
    member = root.member("k")
    assert member is not None
    assert member.value is not None
    assert member.value.value == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"k": 1}', "{}"),
        ('{"k": 1,}', "{}"),
        ('{"k": 1, "a": 2}', '{"a": 2}'),
        ('{"a": 2, "k": 1}', '{"a": 2}'),
        ('{"a": 2, "k": 1,}', '{"a": 2,}'),
        ('{\n  "a": 2,\n  "k": 1,\n  "b": 3\n}', '{\n  "a": 2,\n  "b": 3\n}'),
    ],
)
def test_remove_member(text: str, expected: str) -> None:
    document = jsondoc.parse(text)
    assert document.root is not None
    member = document.root.member("k")
    assert member is not None
    assert apply_edits(text, remove_member(document, document.root, member)) == expected


@pytest.mark.parametrize(
    ("text", "unwanted", "expected"),
    [
        ("[1, 2, 3]", {0}, "[2, 3]"),
        ("[1, 2, 3]", {1}, "[1, 3]"),
        ("[1, 2, 3]", {2}, "[1, 2]"),
        ("[1, 2, 3, 4]", {1, 2}, "[1, 4]"),
        ("[1, 2, 3, 4]", {0, 2}, "[2, 4]"),
        ("[1, 2, 3, 4]", {1, 3}, "[1, 3]"),
        ("[1, 2, 3, 4]", {2, 3}, "[1, 2]"),
        ("[1, 2]", {0, 1}, "[]"),
        ("[1, 2,]", {0, 1}, "[]"),
        ("[\n  1, // one\n  2,\n  3\n]", {1}, "[\n  1, // one\n  3\n]"),
    ],
)
def test_remove_items(text: str, unwanted: set[int], expected: str) -> None:
    document = jsondoc.parse(text)
    assert document.root is not None
    items = [item for place, item in enumerate(document.root.items) if place in unwanted]
    assert apply_edits(text, remove_items(document, document.root, items)) == expected


def test_remove_several_members() -> None:
    text = '{"a": 1, "b": 2, "c": 3, "d": 4}'
    document = jsondoc.parse(text)
    root = document.root
    assert root is not None
    unwanted = [member for member in root.members if member.key.value in "acd"]
    assert apply_edits(text, remove_members(document, root, unwanted)) == '{"b": 2}'


@given(st.text("ab\n", max_size=12), st.text("ab\n", max_size=12))
def test_the_difference_of_two_texts_is_one_edit_and_no_larger_than_it_must_be(old: str, new: str) -> None:
    edits = difference(old, new)
    assert apply_edits(old, edits) == new
    assert len(edits) == (old != new)
    for edit in edits:
        removed = old[edit.span.start : edit.span.end]
        assert removed[:1] != edit.new_text[:1] or "" in (removed, edit.new_text)
        assert removed[-1:] != edit.new_text[-1:] or "" in (removed, edit.new_text)
