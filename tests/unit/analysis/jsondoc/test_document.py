"""What the parser makes of texts, right and wrong. The spot that a finding blames stands ⟦marked⟧."""

from __future__ import annotations

import gc
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.marked_text import unmark

from caliban_ls.analysis.findings import Severity, apply_edits
from caliban_ls.analysis.jsondoc import Kind, inner_span, lookup, parse, path_at, quote, to_python, walk
from caliban_ls.analysis.jsondoc.document import MAX_SHOWN
from caliban_ls.analysis.jsondoc.tree import Member
from caliban_ls.core.text import Span

MISTAKES = [
    # Documents
    ("⟦⟧", "CAL101"),
    ("\ufeff// nothing yet\n⟦⟧", "CAL101"),
    ('{"a": 1}\n⟦{⟧"a": 2}\n{"a": 3}', "CAL102"),
    ("[1] ⟦,⟧ [2]", "CAL102"),
    ("1 ⟦2⟧ 3", "CAL102"),
    # Brackets
    ("⟦[⟧1, 2", "CAL103"),
    ("⟦[⟧", "CAL103"),
    ('{"a": 1, "b": ⟦[⟧1, 2', "CAL103"),
    ('{"a": ⟦[⟧1, 2}', "CAL103"),
    ('{"a": ⟦[⟧1, }', "CAL103"),
    ('[{"a": ⟦[⟧1, 2}, {"b": 1}]', "CAL103"),
    ('{"a": ⟦[⟧1, 2, "b": 3, "c": 4}', "CAL103"),
    ('{"a": ⟦[⟧1, 2 "b": 3}', "CAL103"),
    ('[{"a": 1}, ⟦{⟧ {"b": 2}, {"b": 3}]', "CAL103"),
    ('[⟦{⟧"a": 1, {"b": 2}, {"b": 3}]', "CAL103"),
    ('[⟦{⟧"a": 1 {"b": 2}]', "CAL103"),
    ('[⟦{⟧"a": 1, {"b": 2}}]', "CAL103"),
    ('{"a": {"b": [⟦[⟧[1, 2]}}', "CAL103"),
    ('{"a": 1}⟦}⟧', "CAL104"),
    ("⟦]]⟧", "CAL104"),
    ("⟦}⟧ [1]", "CAL104"),
    ('{"a": 1⟦]⟧, "b": 2}', "CAL104"),
    ('{"a": [1, ⟦},⟧ 2]}', "CAL104"),
    ('[{"a": [⟦}⟧1]}, 2]', "CAL104"),
    ("[1, ⟦]⟧ {}, 2]", "CAL104"),
    ("[1, 2⟦}⟧", "CAL105"),
    ("[[1, 2⟦}⟧, 3]", "CAL105"),
    ('{"a": [1, 2⟦}⟧, "b": 3}', "CAL105"),
    ('{"a": [1, 2⟦}⟧}', "CAL105"),
    ('⟦[⟧"a": 1, "b": 2]', "CAL105"),
    # Commas and colons
    ("[1, ⟦2⟧ 3]", "CAL106"),
    ('["a⟦"⟧ "b"]', "CAL106"),
    ('[{"a": 1⟦}⟧ // here\n {"b": 2}]', "CAL106"),
    ('{"a": ⟦1⟧ "b": 2}', "CAL106"),
    ('{"a": [1⟦]⟧ "b": 2}', "CAL106"),
    ("[⟦,⟧ 1]", "CAL107"),
    ("[⟦,⟧]", "CAL107"),
    ("[1,⟦,⟧ 2]", "CAL107"),
    ("[1, ⟦, ,⟧ 2]", "CAL107"),
    ("[1,⟦,⟧]", "CAL107"),
    ("[1, /* two */ ⟦,⟧ 3]", "CAL107"),
    ('{⟦,⟧ "a": 1}', "CAL107"),
    ("⟦,⟧ [1]", "CAL107"),
    ("[1⟦,⟧]", "CAL108"),
    ('{"a": 1⟦,⟧ // last\n}', "CAL108"),
    ('[{"a": []⟦,⟧ /*,*/ }]', "CAL108"),
    ('{⟦"a"⟧ 1}', "CAL109"),
    ('{⟦"a"⟧ [1]}', "CAL109"),
    ('{"a" ⟦=⟧ 1}', "CAL110"),
    ('{"a" ⟦=>⟧ 1}', "CAL110"),
    # Keys and values
    ("{⟦:⟧ 1}", "CAL111"),
    ('{"a": 1, ⟦{⟧"b": 2}}', "CAL111"),
    ('{⟦{⟧"b": 2}}', "CAL111"),
    ('{⟦"a"⟧}', "CAL112"),
    ('{⟦"a"⟧, "b": 1}', "CAL112"),
    ('{⟦"a"⟧:}', "CAL112"),
    ('{⟦"a"⟧: , "b": 1}', "CAL112"),
    ('{⟦"a"⟧:\n "b": 1}', "CAL112"),
    ('{⟦"a"⟧ "b": 1}', "CAL112"),
    ("{⟦a⟧: 1}", "CAL113"),
    ("{⟦learning rate⟧: 1}", "CAL113"),
    ("{⟦1⟧: 1}", "CAL113"),
    ("{⟦true⟧: 1}", "CAL113"),
    ('{"a": 1, ⟦"a"⟧: 2}', "CAL114"),
    ('{"a": 1, ⟦"\\u0061"⟧: 2}', "CAL114"),
    ('{"a": ⟦hello world⟧, "b": 1}', "CAL115"),
    ("⟦adam⟧", "CAL115"),
    ("[⟦undefined⟧, 1]", "CAL115"),
    ("[⟦-⟧]", "CAL115"),
    # Strings
    ("[⟦'a'⟧]", "CAL116"),
    ("[⟦'say \"hi\"'⟧]", "CAL116"),
    ("[⟦'it\\'s'⟧]", "CAL116"),
    ("[⟦“a”⟧, 1]", "CAL116"),
    ("{⟦\u2018a\u2019⟧: 1}", "CAL116"),
    ('["a", ⟦"b⟧]', "CAL117"),
    ('{"a": ⟦"foo⟧,\n "b": 1}', "CAL117"),
    ('{"a": ⟦"foo⟧, "b": 1}', "CAL117"),
    ('{⟦"lr⟧: 0.1, "b": 2}', "CAL117"),
    ('{⟦"lr⟧: 0.1}', "CAL117"),
    ('{⟦"lr⟧}', "CAL117"),
    ('{⟦lr"⟧: 0.1}', "CAL117"),
    ('[⟦adam"⟧, 1]', "CAL117"),
    ('[⟦"C:\\"⟧]', "CAL117"),
    ('["⟦\\d⟧"]', "CAL118"),
    ('["⟦\\d⟧ata\\q"]', "CAL118"),
    ('["⟦\\x⟧41"]', "CAL118"),
    ('["⟦\\u⟧12"]', "CAL118"),
    ('["it⟦\\\'⟧s"]', "CAL118"),
    ('["⟦\\ud800⟧"]', "CAL118"),
    ('["⟦\\udc00⟧\\ud800"]', "CAL118"),
    ('["⟦\ud800⟧"]', "CAL118"),
    ('["a⟦\t⟧b\t"]', "CAL119"),
    ('["a⟦\n⟧b", 1]', "CAL119"),
    ('["a⟦\x00⟧b"]', "CAL119"),
    # Words and numbers
    ("[⟦True⟧]", "CAL120"),
    ("[⟦FALSE⟧]", "CAL120"),
    ("[⟦None⟧]", "CAL120"),
    ("[⟦NaN⟧]", "CAL121"),
    ("[⟦-Infinity⟧]", "CAL121"),
    ("[⟦+inf⟧]", "CAL121"),
    ("[⟦1e999⟧]", "CAL122"),
    ("[⟦-1e999⟧]", "CAL122"),
    (f"[⟦{'9' * 5000}⟧]", "CAL122"),
    *(
        (f"[⟦{number}⟧]", "CAL123")
        for number in ("5.", ".5", "-.5", "01", "-007", "+1", "0x10", "1_000", "5.e3")
    ),
    *((f"[⟦{number}⟧]", "CAL123") for number in ("1e", "1.2.3", "0x", "10k")),
    # Anything else
    ('{"a": 1 ⟦:⟧ 2}', "CAL124"),
    ('{"a":⟦:⟧ 1}', "CAL124"),
    ('{"a" :⟦=⟧ 1}', "CAL124"),
    ('[1, "a" ⟦:⟧ 2, 3]', "CAL124"),
    ('{"a": 1,⟦\u00a0⟧"b": 2}', "CAL124"),
    ('{"a": 1 ⟦foo bar⟧, "b": 2}', "CAL124"),
    ("{⟦foo⟧}", "CAL124"),
    ('{"a": 1 ⟦[⟧2], "b": 2}', "CAL124"),
    ("[⟦=⟧ 1, 2]", "CAL124"),
    ("[⟦'⟧]", "CAL124"),
    ("[1] ⟦/*⟧ never", "CAL125"),
]


def check(marked: str, code: str | None = None) -> None:
    """The one finding must have this code and stand on the marked spot; its fixes must leave none."""
    text, spans = unmark(marked)
    found = parse(text).findings
    assert [(item.code, item.span) for item in found] == [(code, span) for span in spans]
    for fix in (fix for item in found for fix in item.fixes):
        assert parse(apply_edits(text, fix.edits)).findings == [], fix.title


@pytest.mark.parametrize(("marked", "code"), MISTAKES)
def test_one_mistake_gives_one_finding_on_its_spot(marked: str, code: str) -> None:
    check(marked, code)


# Two mistakes that stand close together are two findings.
@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("{a = 1}", ["CAL113", "CAL110"]),
        ("{'a': True, b: .5,}", ["CAL116", "CAL120", "CAL113", "CAL123", "CAL108"]),
        ('{"a": [1,,2], "b": [3 4]}', ["CAL107", "CAL106"]),
        ('{"a" = "C:\\d"', ["CAL103", "CAL110", "CAL118"]),
        ('["\\q\t"]', ["CAL118", "CAL119"]),
    ],
)
def test_two_mistakes_give_two_findings(text: str, codes: list[str]) -> None:
    assert [found.code for found in parse(text).findings] == codes


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{a: 1, 2: 'b', \"c\" = True}", {"a": 1, "2": "b", "c": True}),
        ("[.5, 5., 01, +1, 0x10, 1_000, -.5e3]", [0.5, 5.0, 1, 1, 16, 1000, -500.0]),
        ("[None, TRUE, NaN, oops, 1e999]", [None, True, None, None, None]),
        ('["a", "b", ', ["a", "b"]),
        ('{"a": [1, 2, "b": 3}', {"a": [1, 2], "b": 3}),
        ('["a": 1, "b": 2]', {"a": 1, "b": 2}),
        ('{"lr: 0.1, "b": 2}', {"lr": 0.1, "b": 2}),
        ('["C:\\data", "\\ud800!"]', ["C:\\data", "\ufffd!"]),
        ('{"a": , "b"}', {"a": None, "b": None}),
    ],
)
def test_what_was_meant_is_understood(text: str, value: Any) -> None:
    root = parse(text).root
    assert root is not None
    assert to_python(root) == value


def test_brokenness_is_told_apart() -> None:
    text = '[{"a": NaN}, {"b": }, {"c": 1 ? 2}, [1 2], [1,,2], {"d": 1]'
    root = parse(text).root
    assert root is not None
    invalid, valueless, damaged, whole, doubtful, unclosed = root.items
    assert invalid.members[0].value is not None
    assert invalid.members[0].value.kind is Kind.INVALID
    assert valueless.members[0].value is None
    assert [node.damaged for node in root.items] == [False, False, True, False, True, True]
    assert [node.closed for node in root.items] == [True, True, True, True, True, False]
    assert (damaged.kind, whole.kind, doubtful.kind, unclosed.kind) == (
        *(Kind.OBJECT, Kind.ARRAY, Kind.ARRAY, Kind.OBJECT),
    )


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=5)
    ),
)


@given(value=values, is_ascii=st.booleans(), indent=st.sampled_from([None, 0, 2, "\t"]))
@settings(max_examples=150, deadline=None)
def test_valid_json_means_what_it_means_to_json(value: Any, is_ascii: bool, indent: int | str | None) -> None:  # noqa: FBT001 - named by hypothesis
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    document = parse(text)
    assert document.findings == []
    assert document.root is not None
    assert repr(to_python(document.root)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1",
            "-0",
            "1e5",
            "1E-2",
            '"x"',
            "null",
            " [ ] ",
            "{}",
            '{"a": 1, "a": [2], "b": 3}',
            "[-0.0, 1e-400]",
        ),
        *('"\\ud83d\\ude00\\u00e9\\/\\n"', "123456789012345678901234567890", '{"": {"": [[]]}}', "\r\n[\r1]"),
    ],
)
def test_spellings_mean_what_they_mean_to_json(text: str) -> None:
    root = parse(text).root
    assert root is not None
    assert repr(to_python(root)) == repr(json.loads(text))


@pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning")
def test_comments_and_trailing_commas_mean_what_they_mean_to_the_reference() -> None:
    import commentjson  # type: ignore[import-untyped] # what the reference program reads its configs with

    text = """# a sweep
    {
      "lr": [1e-4, 0.01],  // the rate
      "note": "no # comment // here",
      "sizes": [[1, 2], [3, 4],],  # compound
    }
    """
    document = parse(text)
    assert document.root is not None
    assert to_python(document.root) == commentjson.loads(text)
    assert [text[span.start : span.end] for span in document.comments] == [
        *("# a sweep", "// the rate", "# compound"),
    ]
    assert [found.severity for found in document.findings] == [Severity.HINT, Severity.HINT]


def test_comments_are_found_by_offset() -> None:
    text, (first, second) = unmark('⟦/* a */⟧ {"b": "//"} ⟦// c⟧')
    document = parse(text)
    assert document.comments == [first, second]
    assert document.comment_at(0) == first
    assert document.comment_at(first.end) is None
    assert document.comment_at(text.index("//")) is None
    assert document.comment_at(len(text) - 1) == second


@pytest.mark.parametrize(
    ("marked", "start", "end"),
    [
        ('["[lr,⟦epochs⟧]"]', 4, 10),
        ('["\\u0061\\n⟦b⟧c"]', 2, 3),
        ('["\\ud83d\\ude00⟦\\u00e9⟧x"]', 1, 2),
        ('["😀⟦é⟧x"]', 1, 2),
        ('["⟦\\q⟧x"]', 0, 2),
        ("['it\\'⟦s⟧']", 3, 4),
        ('["ab⟦⟧"]', 2, 2),
        ('["a⟦b⟧, 1]', 1, 2),
    ],
)
def test_a_part_of_a_string_is_found_in_its_spelling(marked: str, start: int, end: int) -> None:
    text, (span,) = unmark(marked)
    document = parse(text)
    assert document.root is not None
    assert inner_span(document, document.root.items[0], start, end) == span


def test_a_part_of_a_bare_key_is_found() -> None:
    document = parse("{learning: 1}")
    assert document.root is not None
    assert inner_span(document, document.root.members[0].key, 5, 8) == Span(6, 9)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("", [{"a/b": {"m~n": 1}, "": [True, None]}, 2]),
        ("/1", 2),
        ("/0/a~1b/m~0n", 1),
        ("/0//0", True),
        *((missing, ...) for missing in ("/2", "/-1", "/01", "/+1", "/x", "0", "/1/0", "/0//0/y", "/²")),
    ],
)
def test_pointers_name_values(pointer: str, value: Any) -> None:
    node = lookup(parse('[{"a/b": {"m~n": 1}, "": [true, null]}, 2]').root, pointer)
    assert (... if node is None else to_python(node)) == value


@pytest.mark.parametrize(
    ("marked", "path"),
    [
        ('[{"a": [1, ⟦⟧2]}]', "array object member array number"),
        ('[{"a": [1⟦⟧, 2]}]', "array object member array number"),
        ('[{"a": [1,⟦⟧ 2]}]', "array object member array"),
        ('[{"⟦⟧a": 1}]', "array object member string"),
        ('[{"a":⟦⟧ 1}]', "array object member"),
        ('[{"a": 1⟦⟧ }]', "array object member number"),
        ('[{"a": 1 ⟦⟧}]', "array object"),
        ("⟦⟧ [1]", ""),
        ("[1]⟦⟧", "array"),
        ("[⟦⟧", "array"),
        ('{"a": {"b": ⟦⟧', "object member object"),
    ],
)
def test_what_stands_at_an_offset(marked: str, path: str) -> None:
    text, (spot,) = unmark(marked)
    found = path_at(parse(text).root, spot.start)
    assert " ".join("member" if isinstance(part, Member) else part.kind.value for part in found) == path


def test_members_are_found_by_key_and_the_last_duplicate_counts() -> None:
    root = parse('{"a": 1, "b": 2, "a": 3}').root
    assert root is not None
    found = root.member("a")
    assert found is not None
    assert found.value is not None
    assert (found.value.value, found.span) == (3, Span(17, 23))
    assert root.member("c") is None


def test_depth_is_no_problem() -> None:
    depth = 100_000
    document = parse("[" * depth + "]" * depth)
    assert document.root is not None
    assert document.findings == []
    assert sum(1 for _ in walk(document.root)) == depth
    assert len(path_at(document.root, depth)) == depth
    value = to_python(document.root)
    document.edit(depth, depth, '{"a": 1}')
    assert document.findings == []
    assert lookup(document.root, "/0" * (depth - 1) + "/0/a") is not None
    while value:
        value = value[0]
    assert [found.code for found in parse('[{"a":' * depth).findings] == ["CAL103"]
    assert len(parse("[" * 5_000 + "}" * 5_000).findings) <= MAX_SHOWN


def test_one_stray_bracket_in_a_long_list_stays_one_mistake() -> None:
    text = "[" + ",\n".join('{"a": [1]}' for _ in range(10_000)) + "]"
    middle = text.index("{", len(text) // 2)
    for bracket in ("]", "}", "[", "{"):
        assert len(parse(text[:middle] + bracket + text[middle:]).findings) == 1
        assert len(parse(text[: middle + 7] + bracket + text[middle + 7 :]).findings) <= 2


def test_rubbish_gives_a_bounded_number_of_findings() -> None:
    assert len(parse("[" + "a; b ? c = d, " * 5_000).findings) == MAX_SHOWN
    assert len(parse("import os\n" * 5_000).findings) == 1
    assert len(parse("\x00\x01" * 5_000).findings) == 1


def test_findings_are_text_that_can_be_sent() -> None:
    for marked, _ in MISTAKES:
        for found in parse(unmark(marked)[0]).findings:
            found.message.encode()
            assert not found.message.endswith(".")


def test_the_collector_is_left_as_it_was() -> None:
    parse("[1]")
    assert gc.isenabled()
    gc.disable()
    try:
        parse("[1]")
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_quoted_scalars_parse_to_themselves() -> None:
    for value in ('a"b\\\n\té😀', 0.1, 10**20, True, None):
        root = parse(quote(value)).root
        assert root is not None
        assert root.value == value
