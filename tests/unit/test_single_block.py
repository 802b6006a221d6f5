"""Edits in one block of many keys: only what they touch is read again, and every answer is that of a fresh reading."""

from __future__ import annotations

import random
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliban_ls.analysis.checks import flags, limits
from caliban_ls.analysis.config import project
from caliban_ls.analysis.config.settings import Settings
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.experiment import block as block_checks
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.jsondoc import JsonDocument, Node, parse, to_python
from caliban_ls.analysis.script import read_script
from caliban_ls.core.text import Span
from caliban_ls.ide.code_lenses import lenses
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.ide.inlay_hints import hints
from caliban_ls.lsp import responses
from caliban_ls.lsp.documents import Document
from caliban_ls.validation import has_errors, validate

PROGRAM = """
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--k1", type=int)
parser.add_argument("--k2", type=int, choices=[1, 2])
parser.add_argument("--k3", action="store_true")
parser.add_argument("--needed", required=True)
parser.parse_args()
"""
SCRIPT = read_script("t.py", {"t.py": PROGRAM}.get)
ESTIMATE = CostEstimate(project.read(parse("{}")), Settings())
VALUES = (
    *("1", "0.5", '"adam"', "true", "false", "null", "[]", "{}", "[1, 2, 3]", "[1, 1]", '["a,b", "c"]'),
    *(
        "[[1, 2], [3, 4]]",
        "[[1], [2, 3]]",
        "[null]",
        '["\\u0000"]',
        "[1, 2 // c\n]",
        "[1e999]",
        "word",
        '{"a": 1}',
    ),
)
KEYS = ("--k4", "k5 x", "[k6,k7]", "[k8, k9]", "[k1,z]", "k1", "k2", "", "[k3", "k,k", "[k1,k1]")
TYPED = (
    *(
        "",
        "",
        "",
        "0",
        '"',
        ",",
        ":",
        "[",
        "]",
        "{",
        "}",
        " ",
        "\n",
        "k",
        "-",
        "// c\n",
        "/*",
        "null",
        "word",
        "=",
    ),
    *('"k1": ', '"k9": 1, ', ', "k2": [1, 2]', '"k3": [', "], ", "[[1, 2]]", '"a b": 1,', "},\n{", '"'),
)


def block(members: list[tuple[str, str]], around: str, end: str = "") -> str:
    inside = ",\n  ".join(f'"{key}": {value}' for key, value in members)
    return around.replace("…", f"{{\n  {inside}{end}\n}}")


single_blocks = st.builds(
    block,
    st.lists(
        st.tuples(
            st.one_of(st.integers(0, 400).map("k{}".format), st.sampled_from(KEYS)), st.sampled_from(VALUES)
        ),
        min_size=30,
        max_size=90,
    ),
    st.sampled_from(["…", "[…]\n", '[{"k1": 1}, …, {"k1": [1, 2]}]', "// caliban: experiment\n…"]),
    st.sampled_from(["", ",", ", // end"]),
)
changes = st.lists(
    st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 0, 1, 1, 2, 5, 40]), st.sampled_from(TYPED)),
    min_size=1,
    max_size=10,
)


def answers(document: Document) -> Any:
    """Return all that is made from a document."""
    found = {
        script: validate(document.json, "experiment", estimate=ESTIMATE, script=SCRIPT if script else None)
        for script in (False, True)
    }
    page = DocumentContext(document.json, "experiment", ESTIMATE, wrong=has_errors(found[False]))
    read = sweeps.read(document.json)
    middle, end = len(document.text) // 2, len(document.text)
    return {
        "findings": found,
        "diagnostics": responses.diagnostic_report(document, found[True], "utf-16", None, str).items,
        "count": read.count,
        "blocks": [(one.pointer, one.count, one.node.span) for one in read.blocks],
        "values": None if document.json.root is None else to_python(document.json.root),
        "hints": hints(page, Span(0, end)),
        "hints in view": hints(page, Span(middle - 40, middle + 40)),
        "lenses": [(lens.span, lens.title, lens.arguments) for lens in lenses(page)],
    }


@given(text=single_blocks, edits=changes)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_edited_block_is_answered_as_a_fresh_one(text: str, edits: list[tuple[float, int, str]]) -> None:
    document = Document("file:///p/experiment.json", text)
    for place, length, typed in [(0.0, 0, ""), *edits]:
        start = round(place * len(document.text))
        document.splice(start, start + length, typed)
        assert answers(document) == answers(Document(document.uri, document.text))


@pytest.mark.parametrize("keys", [400, 4000])
def test_a_large_block_is_answered_as_a_fresh_one(keys: int) -> None:
    dice = random.Random(keys)
    members = [
        (f"k{number}", f"[{', '.join(f'0.{number * 20 + one:05}' for one in range(20))}]")
        for number in range(keys)
    ]
    document = Document("file:///p/experiment.json", block(members, "…"))
    answers(document)
    for _ in range(3):
        start = dice.randrange(len(document.text))
        typed = dice.choice([one for one in TYPED if one])
        document.splice(start, start, typed)
        assert answers(document) == answers(Document(document.uri, document.text))
        document.splice(start, start + len(typed), "")
    assert answers(document) == answers(Document(document.uri, document.text))


MEMBERS = [(f"k{number}", "[1, 2, 3]") for number in range(50)]
TEXT = block(MEMBERS, "…")
TWENTIETH = TEXT.index('"k20"')


@pytest.mark.parametrize(
    ("place", "length", "typed", "touched"),
    [
        (TWENTIETH + 8, 1, "17", [20]),  # in a list
        (TWENTIETH + 3, 0, "x", [20]),  # in a key
        (TWENTIETH, 1, "", [20]),  # a quote lost
        (TWENTIETH + 5, 1, "", [20]),  # a colon lost
        (TWENTIETH - 1, 0, "\n", []),  # between two
        (TWENTIETH, 0, "// mine\n", []),  # a comment between two
        (TWENTIETH, 0, '"new": 1, ', []),  # one more
        (TWENTIETH, 18, "", [20]),  # one fewer
        (TWENTIETH - 4, 1, "", [19]),  # a comma lost
    ],
)
@pytest.mark.parametrize("text", [TEXT, TEXT.removesuffix("\n}") + ",\n}\n"], ids=["plain", "trailing comma"])
def test_an_edit_leaves_other_members_alone(
    text: str, place: int, length: int, typed: str, touched: list[int]
) -> None:
    document = parse(text)
    before = list(members_of(document))
    document.edit(place, place + length, typed)
    kept = {id(member) for member in members_of(document)}
    near = {index + side for index in touched or [20] for side in (-1, 0, 1)}
    assert {index for index, member in enumerate(before) if id(member) not in kept} <= near


def members_of(document: JsonDocument) -> Any:
    root = document.root
    assert isinstance(root, Node)
    return root.members


def test_the_script_is_one_that_blocks_are_checked_against() -> None:
    found = validate(parse('{"k1": "x", "k9": 1}'), "experiment", script=SCRIPT)
    assert {"CAL501", "CAL502", "CAL504"} == {one.code for one in found}


def test_only_the_edited_member_is_checked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    document = parse(TEXT)
    validate(document, "experiment", script=SCRIPT)
    called: list[str] = []

    def counted(module: ModuleType, name: str) -> None:
        original = getattr(module, name)

        def call(*arguments: Any) -> Any:
            called.append(name)
            return original(*arguments)

        monkeypatch.setattr(module, name, call)

    counted(block_checks, "_check")
    counted(limits, "_repeats_of")
    counted(flags, "_checked_parts")
    document.edit(TWENTIETH + 8, TWENTIETH + 9, "17")
    validate(document, "experiment", script=SCRIPT)
    assert sorted(called) == ["_check", "_checked_parts", "_repeats_of"]
