"""Edits keep the rest of a file as its author wrote it."""

from __future__ import annotations

import pytest

from caliban_ls import jsondoc
from caliban_ls.findings import apply_edits
from caliban_ls.jsonedit import remove_member, set_member


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{}", '{"k": 1}'),
        ("{ }", '{"k": 1}'),
        ("{ // nothing yet\n}", '{"k": 1 // nothing yet\n}'),
        ('{"a": 2}', '{"a": 2, "k": 1}'),
        ('{"a": 2,}', '{"a": 2, "k": 1,}'),
        ('{\n  "a": 2\n}', '{\n  "a": 2,\n  "k": 1\n}'),
        ('{\n\t"a": 2, // two\n}', '{\n\t"a": 2,\n\t"k": 1, // two\n}'),
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
