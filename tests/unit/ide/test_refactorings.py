"""Refactorings and all repairs at once: what is selected stands ⟦marked⟧."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.experiment import sweep
from caliban_ls.analysis.findings import Severity, apply_edits
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import Span
from caliban_ls.ide.fix_all import fix_all
from caliban_ls.ide.refactorings import Refactoring, refactorings
from caliban_ls.validation import validate


def offered(marked: str) -> tuple[str, list[Refactoring]]:
    text, (span,) = unmark(marked)
    return text, list(refactorings(context_of(text), span))


def check(marked: str, title: str, result: str) -> None:
    """Choosing what is called so must give this text."""
    text, found = offered(marked)
    (chosen,) = [one for one in found if one.title == title]
    assert apply_edits(text, chosen.edits) == result


@pytest.mark.parametrize(
    ("marked", "title", "result"),
    [
        ('{"lr": ⟦⟧0.10}', "Turn the value into a list", '{"lr": [0.10]}'),
        ('{"lr": [⟦⟧"a"]}', "Turn the list into its value", '{"lr": "a"}'),
        ('{"lr": [1, 2⟦⟧, 1, 2, 3]}', "Remove repeated values", '{"lr": [1, 2, 3]}'),
        ('{"lr": [⟦⟧1, 1]}', "Remove repeated values", '{"lr": [1]}'),
        ('{"lr": [⟦⟧3, 1e-1, 2.0]}', "Sort the values", '{"lr": [1e-1, 2.0, 3]}'),
        ('{"lr": [⟦⟧"b", // last\n "a"]}', "Sort the values", '{"lr": ["a", // last\n "b"]}'),
        (
            '{"a": [1, 2]⟦⟧, "b": ["x", "y"]}',
            "Tie a and b together: 2 jobs instead of 4",
            '{"[a,b]": [[1, "x"], [2, "y"]]}',
        ),
        (
            '{"a": [1, 2], "c": 3, "b": ["x", ⟦⟧"y"]}',
            "Tie a and b together: 2 jobs instead of 4",
            '{"[a,b]": [[1, "x"], [2, "y"]], "c": 3}',
        ),
        (
            '{⟦"a": [1, 2],\n "b": [3, 4],\n "c": [5, 6]⟧,\n "d": 7}',
            "Tie a and b and c together: 2 jobs instead of 8",
            '{"[a,b,c]": [[1, 3, 5], [2, 4, 6]],\n "d": 7}',
        ),
        (
            '{\n  "[a, b]": [[1, "x"], [2⟦⟧, "y"]]\n}',
            "Untie [a, b]: 4 jobs instead of 2",
            '{\n  "a": [1, 2],\n  "b": ["x", "y"]\n}',
        ),
        (
            '{"[a,b]": [[1, "x"], [1⟦⟧, "y"], [2, "x"]]}',
            "Untie [a,b]: 4 jobs instead of 3",
            '{"a": [1, 2], "b": ["x", "y"]}',
        ),
        ('{"[a,b]"⟦⟧: [[1, 2]], "c": 3}', "Untie [a,b]: 1 job instead of 1", '{"a": [1], "b": [2], "c": 3}'),
        (
            '{"lr": [1e-4, 1e-1⟦⟧]}',
            "Spread over 5 logarithmic steps",
            '{"lr": [1e-4, 0.000562341, 0.00316228, 0.0177828, 1e-1]}',
        ),
        ('{"lr": [0.0, 1.0⟦⟧]}', "Spread over 5 linear steps", '{"lr": [0.0, 0.25, 0.5, 0.75, 1.0]}'),
        ('{"n": [1, 10⟦⟧]}', "Spread over 10 linear steps", '{"n": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]}'),
        (
            '{"lr": [1e-4, 1e-1⟦⟧, 4]}',
            "Spread 1e-4 to 1e-1 over 4 logarithmic steps",
            '{"lr": [1e-4, 0.001, 0.01, 1e-1]}',
        ),
        ('{"n": [0⟦⟧, 30, 4]}', "Spread 0 to 30 over 4 linear steps", '{"n": [0, 10, 20, 30]}'),
        ('{"n": [16⟦⟧, 256]}', "Spread over 5 logarithmic steps", '{"n": [16, 32, 64, 128, 256]}'),
        (
            '{"n": [1.0⟦⟧, 0.1]}',
            "Spread over 5 logarithmic steps",
            '{"n": [1.0, 0.562341, 0.316228, 0.177828, 0.1]}',
        ),
    ],
)
def test_what_a_choice_does(marked: str, title: str, result: str) -> None:
    check(marked, title, result)


@pytest.mark.parametrize(
    ("marked", "absent"),
    [
        ('{"a": [1, 2⟦⟧], "b": [1, 2, 3]}', "Tie"),
        ('{"a": [[1], [2⟦⟧]], "b": [1, 2]}', "Tie"),
        ('{"a": [1, 2⟦⟧, 3]}', "Sort"),
        ('{"a": ["x", 2⟦⟧]}', "Sort"),
        ('{"a": [1, 2⟦⟧, 3]}', "Remove"),
        ('{"a": [1, 2⟦⟧, 3]}', "Spread"),
        ('{"a": [0.1, 0.2⟦⟧, 2]}', "Spread"),
        ('{"a": [0.1, 0.2⟦⟧, 4.0]}', "Spread"),
        ('{"a": [0.1, 0.2⟦⟧, 4, 5]}', "Spread"),
        ('{"a": [1, 2⟦⟧]}', "Spread over 5 logarithmic"),
        ('{"a": [1, 3⟦⟧]}', "Spread over 10"),
        ('{"a": [0, 100⟦⟧]}', "Spread over 5 logarithmic"),
        ('{"a": [⟦⟧[1, 2]]}', "Turn the list"),
        ('{"a": [1, null⟦⟧]}', ""),
        ('{"a": [1, 2⟦⟧]', ""),
        ('⟦⟧[{"a": [1, 2]}]', ""),
        ('{"[a,b]": [1, 2⟦⟧]}', "Untie"),
    ],
)
def test_what_makes_no_sense_is_not_offered(marked: str, absent: str) -> None:
    assert not [one.title for one in offered(marked)[1] if one.title.startswith(absent)]


@pytest.mark.parametrize(
    ("marked", "block", "title"),
    [
        ('{"a": [1, ⟦⟧2], "b": [3, 4, 5]}', "", "a=2, b=3"),
        ('{"a": [1, 2], "b": [3, ⟦⟧4, 5]}', "", "a=1, b=4"),
        ('[{"x": [0, 9]}, {"[a,b]": [[1, 2], ⟦⟧[3, 4]], "c": [5, 6]}]', "/1", "a=3, b=4, c=5"),
    ],
)
def test_one_combination_can_be_run(marked: str, block: str, title: str) -> None:
    text, found = offered(marked)
    (one,) = [one for one in found if one.command is not None]
    assert one.title == f"Run just this combination: {title}"
    assert one.command == "run"
    assert one.arguments is not None
    assert one.arguments["block"] == block
    (part,) = [part for part in context_of(text).sweep.blocks if part.pointer == block]
    alone = sweep.Experiment((part,), part.count, ())
    meant = sweep.combination(alone, one.arguments["index"])
    assert ", ".join(f"{flag}={value}" for flag, value in meant.items()) == title


VALUES = st.one_of(
    st.integers(-5, 5), st.floats(-1e6, 1e6), st.text(st.sampled_from('a"\\é😀,]'), max_size=3), st.booleans()
)
BLOCKS = st.dictionaries(st.sampled_from("abcd"), st.one_of(VALUES, st.lists(VALUES, min_size=1, max_size=4)))


@given(BLOCKS, st.integers(0, 80), st.integers(0, 80))
def test_every_change_of_a_valid_sweep_gives_a_valid_one(
    block: dict[str, object], start: int, end: int
) -> None:
    text = json.dumps(block, ensure_ascii=False)
    context = context_of(text)
    before = context.sweep.count
    for one in refactorings(context, Span(min(start, end), max(start, end))):
        changed = jsondoc.parse(apply_edits(text, one.edits))
        assert changed.findings == []
        after = sweep.read(changed)
        assert after.count is not None, one.title
        if one.title.startswith(("Sort", "Turn")):
            assert after.count == before


@pytest.mark.parametrize(
    ("text", "result", "kind"),
    [
        ('{"lr": [1, 2,], "x": sgd,}', '{"lr": [1, 2], "x": "sgd"}', "experiment"),
        ("{'a': 1, 'b': True}", '{"a": 1, "b": true}', "experiment"),
        ('{"--a": 1, "--b": 2,}', '{"a": 1, "b": 2}', "experiment"),
        ('{"a": [1, 1]}', '{"a": [1, 1]}', "experiment"),
        ('{"cloud": {"gpu_spec": "T4"},}', '{"cloud": {"gpu_spec": "T4"}}', "project"),
    ],
)
def test_all_certain_repairs_and_no_others_at_once(text: str, result: str, kind: DocumentKind) -> None:
    assert apply_edits(text, fix_all(context_of(text, kind))) == result


def test_repairs_touch_nothing_between_them() -> None:
    edits = fix_all(context_of('[{"--lr": 1}, {"seed": [1, 2, 3]}, {"--lr": 2}]'))
    assert [edit.new_text for edit in edits] == ['"lr"', '"lr"']


def test_a_repaired_text_stays_as_it_is() -> None:
    assert fix_all(context_of('{"a": 1}')) == ()


@given(st.text(st.sampled_from("{}[]\",:'a1 \n/*#-"), max_size=30))
def test_all_repairs_leave_nothing_certain(text: str) -> None:
    repaired = apply_edits(text, fix_all(context_of(text)))
    before = [one for one in validate(jsondoc.parse(text), "experiment") if one.severity is Severity.ERROR]
    after = [one for one in validate(jsondoc.parse(repaired), "experiment") if one.severity is Severity.ERROR]
    assert fix_all(context_of(repaired)) == ()
    assert len(after) <= len(before) or not before
