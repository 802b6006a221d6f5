"""From a flag to its definition, its uses and another name: what is meant stands ⟦marked⟧."""

from __future__ import annotations

import ast
from dataclasses import replace

import pytest
from support.document_contexts import SCRIPT, SOURCE, context_of, flag
from support.marked_text import unmark

from caliban_ls.analysis.findings import apply_edits
from caliban_ls.analysis.script import Script
from caliban_ls.core.errors import UsageError
from caliban_ls.ide.navigation import (
    FlagReference,
    check_name,
    definitions,
    edits_of_definition,
    edits_of_references,
    flags_in,
    reference_at,
    references,
)


@pytest.mark.parametrize(
    ("marked", "name"),
    [
        ('{"⟦lr⟧": 1}', "lr"),
        ('{"[lr, ⟦epochs⟧]": [[1, 2]]}', "epochs"),
        ('{"⟦a\\u0062c⟧": 1}', "abc"),
        ('{"é😀": 1, "⟦lr⟧": 2}', "lr"),
    ],
)
def test_a_key_names_its_flags(marked: str, name: str) -> None:
    text, (span,) = unmark(marked)
    for offset in range(span.start, span.end + 1):
        assert reference_at(context_of(text), offset) == FlagReference(name, span)


@pytest.mark.parametrize("marked", ['{"lr": ⟦⟧1}', '⟦⟧{"lr": 1}', '{"a b⟦⟧": 1}', '{"[a⟦⟧": 1}'])
def test_elsewhere_there_is_no_flag(marked: str) -> None:
    text, (cursor,) = unmark(marked)
    assert reference_at(context_of(text), cursor.start) is None


def test_a_key_leads_to_its_definition() -> None:
    found = definitions(context_of('{"learn": 1}'), 4)  # an abbreviation
    assert found is not None
    assert found[1] == (flag("learning-rate"),)
    assert definitions(context_of('{"lr": 1}', script=None), 3) is None


def test_uses_are_found_under_every_name_that_the_script_gives() -> None:
    text, spans = unmark(
        '[{"⟦lr⟧": 1, "x": 2}, {"[a,⟦learning-rate⟧]": [[1, 2]]}, {"⟦lear⟧": 3}, {"lrs": 4}]'
    )
    context = context_of(text)
    assert [one.span for one in references(context, SCRIPT, "lr")] == spans
    assert [one.span for one in references(context, None, "lr")] == spans[:1]


def test_a_place_in_the_script_leads_to_its_flag() -> None:
    for known in SCRIPT.flags[1:]:  # the first is argparse's own --help
        assert flags_in(SCRIPT, "train.py", known.name_spans[0].start) == (known,)
        assert flags_in(SCRIPT, "train.py", known.span.start) == (known,)
    assert flags_in(SCRIPT, "train.py", 0) == ()
    assert flags_in(SCRIPT, "other.py", flag("epochs").span.start) == ()


@pytest.mark.parametrize(
    ("marked", "result"),
    [
        ('{"⟦lr⟧": 1}', '{"step": 1}'),
        ('{"[a, ⟦lr⟧]": [[1, 2]]}', '{"[a, step]": [[1, 2]]}'),
        ('[{"lr": 1}, {"learn": 2, "lrs": 3}]', '[{"step": 1}, {"learn": 2, "lrs": 3}]'),
    ],
)
def test_renaming_in_an_experiment(marked: str, result: str) -> None:
    text, _ = unmark(marked)
    assert apply_edits(text, tuple(edits_of_references(context_of(text), "lr", "step"))) == result


def test_a_name_that_a_block_has_is_refused() -> None:
    with pytest.raises(UsageError, match="Block 2"):
        edits_of_references(context_of('[{"lr": 1}, {"lr": 1, "step": 2}]'), "lr", "step")
    assert edits_of_references(context_of('{"step": 2}'), "lr", "step") == []


@pytest.mark.parametrize("name", ["", " ", "a b", "a,b", "[a]", 'a"b', "--", "a\nb"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(UsageError):
        check_name(name)
    assert check_name("--step-size ") == "step-size"


def renamed(old: str, new: str, script: Script = SCRIPT) -> str:
    return apply_edits(SOURCE, tuple(edits_of_definition(script, old, new, SOURCE, "train.py")))


def test_renaming_in_a_script_keeps_the_name_that_its_code_uses() -> None:
    text = renamed("lr", "step")
    ast.parse(text)
    assert '"--step", "--learning-rate", dest="lr", type=float' in text
    # Another spelling than the first is no name that the code knows.
    assert '"--lr", "--rate", type=float' in renamed("learning-rate", "rate")
    assert '"--opt-name", dest="opt", choices' in renamed("opt", "opt-name")


def test_a_script_is_left_alone_where_its_code_would_have_to_change_too() -> None:
    assert renamed("lr", "step", replace(SCRIPT, certain=False)) == SOURCE
    assert renamed("lr", "step", replace(SCRIPT, library="absl")) == SOURCE
    assert renamed("nothing", "step") == SOURCE
    shared = replace(SCRIPT, flags=(replace(flag("learning-rate"), name_spans=()),))
    assert renamed("lr", "step", shared) == SOURCE


def test_a_name_that_the_script_has_is_refused() -> None:
    with pytest.raises(UsageError, match="--epochs already"):
        renamed("lr", "epochs")
