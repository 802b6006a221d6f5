"""A document that is edited equals a fresh parse of its text, whatever the edits."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliban_ls.analysis.experiment import sweep as experiment_sweep
from caliban_ls.analysis.jsondoc import JsonDocument, SideTable, parse, to_python, tokens, walk
from caliban_ls.lsp import conversions
from caliban_ls.lsp.documents import Document
from caliban_ls.validation import validate

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
    """The document must equal a fresh parse of its text, and its parts must know their parents."""
    assert dump(document) == dump(parse(document.text))
    for node in walk(document.root) if document.root is not None else ():
        parts = [
            *node.items,
            *(part for member in node.members for part in (member.key, member.value) if part),
        ]
        assert all(part.parent is node for part in parts)


def sweep(document: JsonDocument) -> Any:
    """Return what a document stands for: its count, its blocks, and every value in it."""
    read = experiment_sweep.read(document)
    blocks = [(block.pointer, block.count, block.node.span) for block in read.blocks]
    return read.count, blocks, None if document.root is None else to_python(document.root)


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
sweeps = st.lists(
    st.lists(
        st.tuples(
            st.sampled_from(["a", "b", "-c", "a b", "[a,b]", "[c]"]),
            st.sampled_from(
                [
                    "1",
                    "[1, 2.5, true]",
                    '["x", "y"]',
                    "[]",
                    "null",
                    "[null]",
                    "[[1, 2], [3, 4]]",
                    "[[1], [2]]",
                    "[1e999]",
                    '["a,b", 1]',
                    '["\\u0000"]',
                    "[1, 2, 3]",
                    "[1, 2 // c\n]",
                    '{"a": 1}',
                ]
            ),
        ),
        max_size=4,
    ).map(lambda members: "{" + ", ".join(f'"{key}": {value}' for key, value in members) + "}"),
    min_size=1,
    max_size=6,
).map(lambda blocks: "[" + ",\n".join(blocks) + "]")
edits = st.lists(
    st.tuples(
        st.floats(0, 1), st.sampled_from([0, 0, 0, 1, 1, 2, 3, 8, 30]), st.sampled_from(["", "", *SNIPPETS])
    ),
    min_size=1,
    max_size=25,
)


@given(text=st.one_of(rows, rows, pieces), changes=edits)
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_edited_document_equals_fresh_parse(text: str, changes: list[tuple[float, int, str]]) -> None:
    document = parse(text)
    for place, length, new_text in changes:
        start = round(place * len(document.text))
        document.edit(start, start + length, new_text)
        check(document)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
@given(text=st.one_of(sweeps, rows, pieces), changes=edits)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_edited_document_is_checked_as_a_fresh_one(
    encoding: str, text: str, changes: list[tuple[float, int, str]]
) -> None:
    def answers(document: Document) -> Any:
        found = validate(document.json, "experiment")
        return (
            found,
            [conversions.to_diagnostic(document, one, encoding) for one in found],
            sweep(document.json),
        )

    document = Document("file:///p/experiment.json", text, encoding=encoding)
    for place, length, new_text in [(0.0, 0, ""), *changes]:
        start = round(place * len(document.text))
        document.splice(start, start + length, new_text)
        assert answers(document) == answers(Document(document.uri, document.text, encoding=encoding))
    # Blocks that were checked by their spelling are read only now.
    check(document.json)


@pytest.mark.parametrize(
    ("text", "start", "end", "new_text"),
    [
        # What follows a value decides what stands in it.
        ('{""\\q"}"\\u,', 7, 7, "null"),
        ("[0.5}", 5, 5, '"'),
        ("[{}, {} }, 1]", 9, 10, ""),
        ('[[{"a": ]], {}, 2]', 11, 11, "[1, 2]"),
        ("['a], [1 ]", 9, 9, "'"),
        ('[["a\n], "b", [3]]', 10, 11, ""),
        ('[["a\n], "b", 3]', 7, 9, '",'),
        # What stood in front of a value decides what it means.
        ('[/*d": /*c*/ 2,\n "g": {"a": 1}, 3]', 4, 5, "/*c*/"),
        ("[null,\n1,\n[] [1], 2]", 6, 9, ","),
        ('[1, "a": 2]', 1, 3, ""),
        # Findings that stand in front of an edit, reported behind it.
        ('{"a": [1], "a": [2]}', 17, 18, "33"),
        ('["k": [1, 2]]', 7, 8, "111"),
        ("[[1] [2]]", 2, 3, "1, 1"),
        ("[[1, 2] 3]", 5, 6, "22"),
    ],
)
def test_an_edit_changes_what_it_should(text: str, start: int, end: int, new_text: str) -> None:
    document = parse(text)
    document.edit(start, end, new_text)
    check(document)


@pytest.mark.parametrize("quotes", ["\u201c\u201d", "\u2018\u2019", "''", '""'])
@pytest.mark.parametrize("before", ["{", "[1, {", '[{"a": 1}, {"b": ', '{"a": 1, '])
def test_a_quote_may_be_closed_behind_what_seemed_to_be_over(before: str, quotes: str) -> None:
    document = parse(f"{before}{quotes[0]}t}}")
    document.edit(len(document.text), len(document.text), f"]{quotes[1]}, 2")
    check(document)


def test_an_edit_far_behind_may_close_a_string() -> None:
    document = parse('[["ab"],\n "x", 1,\n 2]')
    document.edit(5, 6, "")
    check(document)
    document.edit(10, 12, ",")
    check(document)


@given(text=st.one_of(sweeps, rows, pieces))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_fast_path_gives_the_same_as_recovery(text: str) -> None:
    document = parse(text)
    judged = (validate(document, "experiment"), sweep(document))
    expected = dump(document)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("MEMBER", "VALUE", "CLOSING"):
            patch.setattr(tokens, name, re.compile("(?!)"))
        read = parse(text)
        assert (validate(read, "experiment"), sweep(read)) == judged
        assert dump(read) == expected


HEAD = "// caliban: experiment\n[\n"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("[1]", 1),
        ('[ 1 ,"a" , true,\n-2.5e-3 ]', 4),
        ("[" + "1," * 255 + "1]", 256),
        ("[]", 0),
        ("[1,]", 0),
        ("[null]", 0),
        ('["a,b"]', 0),
        ('["\\n"]', 0),
        ("[1e100]", 0),
        ("[1234567890123456]", 0),
        ("[1 // one\n]", 0),
        ("[[1]]", 0),
        ("[1 2]", 0),
    ],
)
def test_plain_lists_are_counted_by_their_spelling(text: str, size: int) -> None:
    document = parse(f'{{"a": {text}}}')
    assert document.root is not None
    value = document.root.members[0].value
    assert value is not None
    assert value.plain == size
    assert value.size == len(value.items)
    check(document)
    start = value.offset + 1
    document.edit(start, start, " null, ")
    check(document)
    value = document.root.members[0].value
    assert value is not None
    assert value.plain == 0


ROW = '{"lr": [0.1, 0.2], "note": "row"}'
ROWS = HEAD + ",\n".join([ROW] * 40) + "\n]\n"
TWENTIETH = len(HEAD) + 20 * (len(ROW) + 2)


@pytest.mark.parametrize(
    ("place", "length", "new_text", "touched"),
    [
        (TWENTIETH + 9, 2, "9.", [20]),  # in a number
        (TWENTIETH + 29, 0, " more", [20]),  # in a string
        (TWENTIETH + 2, 0, "b", [20]),  # in a key
        (TWENTIETH + 1, 0, "// mine\n", [20]),  # a comment in a row
        (TWENTIETH, 0, "// ours\n", []),  # a comment between rows
        (TWENTIETH, 0, f"{ROW},\n", []),  # one more row
        (TWENTIETH, 0, "[]", []),  # the same, its comma still missing
        (TWENTIETH, 0, "{", []),  # the same, barely begun
        (TWENTIETH, len(ROW) + 2, "", [20]),  # one row fewer
        (TWENTIETH + 7, 1, "", [20]),  # an opening bracket lost
        (TWENTIETH + 16, 1, "", [20]),  # a closing bracket lost
        (TWENTIETH + 26, 1, "", [20]),  # an opening quote lost
        (TWENTIETH + 30, 1, "", [20]),  # a closing quote lost
        (TWENTIETH - 2, 1, "", []),  # a comma between rows lost
        (2, 0, " ", range(0)),  # in the comment above it all
        (len(ROWS) - 1, 0, "// end", []),  # behind it all
    ],
)
def test_an_edit_leaves_other_rows_alone(place: int, length: int, new_text: str, touched: Any) -> None:
    document = parse(ROWS)
    assert document.root is not None
    before = list(document.root.items)
    seen = SideTable[bool]()
    for node in [document.root, *before]:
        seen.put(node, True)
    document.edit(place, place + length, new_text)
    check(document)
    kept = {id(node) for node in document.root.items if seen.get(node)}
    neighbours = {index + side for index in touched or [20] for side in (-1, 0, 1)}
    assert {index for index, node in enumerate(before) if id(node) not in kept} <= neighbours
    assert not kept & {id(before[index]) for index in touched}


def test_an_edit_forgets_what_was_remembered_about_what_holds_it() -> None:
    document = parse('[{"a": [[1, 2], [3]]}, [4]]')
    assert document.root is not None
    row, last = document.root.items
    seen = SideTable[bool]()
    for node in walk(document.root):
        seen.put(node, True)
    document.edit(10, 11, "22")
    assert seen.get(document.root) is None
    assert seen.get(last)
    assert document.root.items[1] is last
    assert seen.get(row) is None or document.root.items[0] is not row


def test_edits_outside_the_text_happen_at_its_ends() -> None:
    document = parse("[1]")
    document.edit(-5, 0, " ")
    document.edit(90, 99, " // end")
    document.edit(3, 1, "2, ")
    assert document.text == " [12, ] // end"
    check(document)


def test_a_text_typed_and_deleted_letter_by_letter() -> None:
    text = '// sweep\n[{"a": [1, "x\\n"], "b": {}}, # c\n /* d */ -1.5e3, true,]'
    document = parse("")
    for index, letter in enumerate(text):
        document.edit(index, index, letter)
        check(document)
    for index in reversed(range(len(text))):
        document.edit(index, index + 1, "")
        check(document)
    assert document.root is None


def test_rubbish_can_be_edited() -> None:
    document = parse("[" + "; ! ? " * 2_000 + "]\n" + ", ]" * 3)
    document.edit(1, 1, "1, ")
    check(document)
    document = parse("[" + "a b ! :, " * 2_000 + "]")
    document.edit(1, 1, "1, ")
    check(document)
