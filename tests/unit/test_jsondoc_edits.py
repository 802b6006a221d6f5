"""A document that is edited equals a fresh parse of its text, whatever the edits."""

from __future__ import annotations

import gc
import json
import random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliban_ls.jsondoc import JsonDocument, Node, lookup, parse, walk
from caliban_ls.jsondoc.tree import Member

SNIPPETS = (
    *(
        '{"a": 1}',
        "[1, 2]",
        '"x"',
        '"k": 2',
        "1",
        "-0.5e3",
        "true",
        "null",
        '{"a": [1, {"b": [2]}], "c": "d"}',
    ),
    *(
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        '"',
        "'",
        "\\",
        "=",
        " ",
        "\n",
        "\r\n",
        "\t",
        ", ",
        ": ",
        ",\n",
        "}]",
        "]}",
    ),
    *(
        "// c\n",
        "/*c*/",
        "# c\n",
        "/*",
        "*/",
        "/",
        "#",
        "//",
        "x",
        "x y",
        "True",
        "NaN",
        "01",
        "5.",
        "1e",
        "'q'",
    ),
    *(
        '"a": ',
        '"a": "b',
        '"\\q"',
        '"\\ud800"',
        "\ud800",
        "\ufeff",
        "\u00a0",
        "😀",
        "“t”",
        "},\n {",
        "], [",
        ",,",
    ),
)


def dump(document: JsonDocument) -> Any:
    """Everything that a reader can see, with absolute positions found from the root downwards."""
    lines: list[Any] = []
    waiting: list[tuple[Any, int]] = [(document.root, 0)]
    while waiting:
        node, base = waiting.pop()
        if node is None or isinstance(node, str):
            lines.append(node)
            continue
        start = base + node.offset
        end = start + node.length
        value = repr(node.value)
        lines.append(
            (node.kind, value, start, end, node.closed, node.damaged, len(node.items), len(node.members))
        )
        waiting.extend((item, start) for item in reversed(node.items))
        for member in reversed(node.members):
            waiting.extend(((member.value, start), (member.key, start)))
    return document.text, lines, document.findings, document.comments


def check(document: JsonDocument) -> None:
    assert dump(document) == dump(parse(document.text))
    for node in list(walk(document.root))[:50] if document.root is not None else []:
        assert all(item.parent is node for item in node.items)
        assert all(
            part.parent is node for member in node.members for part in (member.key, member.value) if part
        )


pieces = st.lists(st.sampled_from(SNIPPETS), max_size=40).map("".join)
rows = st.recursive(
    st.sampled_from(["1", "0.5", '"adam"', '"a\\nb"', "true", "null", "/*c*/ 2", "3 // c\n"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(st.sampled_from("abcd"), inner), max_size=5).map(
            lambda members: "{" + ",\n ".join(f'"{key}": {value}' for key, value in members) + "}"
        ),
    ),
    max_leaves=40,
)
edits = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from([0, 0, 0, 1, 1, 2, 3, 8, 30]), st.sampled_from(["", "", *SNIPPETS])
    ),
    min_size=1,
    max_size=25,
)


@given(text=st.one_of(rows, rows, pieces), changes=edits)
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edited_document_equals_fresh_parse(text: str, changes: list[tuple[float, int, str]]) -> None:
    document = parse(text)
    for place, length, new_text in changes:
        start = round(place * len(document.text))
        document.edit(start, start + length, new_text)
        check(document)
