"""Blocks that are taken whole: whoever looks at them, or judges them by their spelling, sees what a closer look sees."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from support.invalid_sweeps import BROKEN
from support.marked_text import unmark

from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.config.settings import Settings, UserLimits
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.jsondoc import JsonDocument, Node, parse, to_python, tokens, walk
from caliban_ls.analysis.script import Script, read_script
from caliban_ls.validation import validate

TRAINER = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", "--learning-rate", type=float)
parser.add_argument("--epochs", type=int, required=True)
parser.add_argument("--optimizer", choices=["adam", "sgd"])
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--amp", action=argparse.BooleanOptionalAction)
group = parser.add_mutually_exclusive_group()
group.add_argument("--half")
group.add_argument("--double")
parser.add_argument("--note", nargs="?")
parser.parse_args()
"""
ABSL = """\
from absl import app, flags
flags.DEFINE_bool("verbose", False, "")
flags.DEFINE_integer("epochs", 1, "")
flags.DEFINE_string("note", None, "", required=True)
app.run(print)
"""
DYNAMIC = TRAINER.replace("parser.parse_args()", "parser.parse_known_args()")
RELAXED = TRAINER.replace(", required=True", "")
GROUPED = RELAXED.replace("exclusive_group()", "exclusive_group(required=True)")
SCRIPTS = [read_script("t.py", {"t.py": text}.get) for text in (TRAINER, ABSL, DYNAMIC, RELAXED, GROUPED)]

KEYS = (
    *(
        "epochs",
        "lr",
        "half",
        "double",
        "[half,double]",
        "[epochs,half]",
        "learning-rate",
        "optimizer",
        "verbose",
    ),
    *("amp", "note", "no-amp", "epoch", "lr=1", "-lr", "undefok", "[lr,epochs]", "[verbose,note]", "[lr,lr]"),
    *("[note]", "[ lr , half ]", "a b", ""),
)
# Values that make a difference to some keys.
FITTING = {
    "epochs": ["1", "false", "[1, false]", "2.5", "[2, 3]"],
    "half": ['"x"', "false", "[false]", "[1, false]"],
    "double": ['"x"', "false", "[false]", "[2, false]"],
    "[half,double]": ["[[false, 1], [2, false]]", "[[1, 2]]", "[false, 1]", "[[1, false]]"],
    "[epochs,half]": ["[[1, 2]]", "[[false, 2]]", "[[1, false]]", "[[2, 1], [3, 1]]"],
}

VALUES = (
    *("1", "2.5", "-3", "1e2", "1e-9", '"adam"', '"sgd"', '"x"', '"a,b"', '"]"', '"}, {"', '"-1"', '"--x"'),
    *(
        "true",
        "false",
        "null",
        '"\\n"',
        "1e999",
        "{}",
        "[]",
        "[1, 2]",
        "[0.5, 0.25]",
        "[1, 1]",
        '["adam", "sgd"]',
    ),
    *(
        "[true, false]",
        "[false]",
        "[1, true]",
        '["a,b", "c"]',
        '["]", "["]',
        "[[1, 2], [3, 4]]",
        "[[1, 2], [1, 2]]",
    ),
    *(
        "[[0.5, 1]]",
        "[[1, 2], 3]",
        '[["]", 1], ["[", 2]]',
        "[[true, false]]",
        "[[true, 1], [false, 2]]",
        "[[1]]",
    ),
    *(
        "[[]]",
        "[[[1]]]",
        "[ 1 ,\n 2 ]",
        "[1 2]",
        '"\U0001f600"',
        "[1.0, 1]",
        "12345678901234567890",
        '"\\u00e9"',
    ),
)


@contextmanager
def one_by_one() -> Iterator[None]:
    """Take no block whole."""
    with mock.patch.object(tokens, "PLAIN_OBJECT", re.compile(r"(?!)")):
        yield


def seen(document: JsonDocument) -> list[Any]:
    """Return all that a reader can see of the nodes."""

    def of(node: Node) -> tuple[Any, ...]:
        members = [
            (member.key.value, member.key.span, member.key.kind, member.key.parent is node)
            for member in node.members
        ]
        parents = all(item.parent is node for item in node.items) and all(
            member.value is None or member.value.parent is node for member in node.members
        )
        return (
            node.kind,
            repr(node.value),
            node.span,
            node.closed,
            node.damaged,
            node.fresh,
            members,
            parents,
        )

    return [] if document.root is None else [of(node) for node in walk(document.root)]


def some_text(dice: random.Random) -> str:
    """Return a sweep, most of it in order."""
    keys = KEYS[: dice.choice([9, 9, 15, len(KEYS)])]
    values = VALUES[: dice.choice([6, 6, len(VALUES)])]
    alike = dice.choices(keys, k=dice.randint(1, 3)) if dice.random() < 0.7 else None
    blocks = []
    for _ in range(dice.randint(1, 6)):
        names = alike or dice.choices(keys, k=dice.randint(0, 4))
        space = dice.choice(["", "", " ", "\n  ", "\r\n\t"])
        members = [f'"{name}"{space}:{space}{dice.choice(FITTING.get(name, values))}' for name in names]
        comma = dice.choice([", ", ",\n", " ,", ", // once\n"] if dice.random() < 0.2 else [", "])
        blocks.append(f"{{{space}{comma.join(members)}{space}}}")
    text = ", ".join(blocks)
    return text if len(blocks) == 1 and dice.random() < 0.5 else f"[{text}{dice.choice(['', '', ',', ' '])}]"


def taken_whole(document: JsonDocument) -> int:
    return (
        0
        if document.root is None
        else sum(node.parts is not None for node in [document.root, *document.root.items])
    )


def test_a_block_in_order_is_taken_whole_until_somebody_looks() -> None:
    document = parse('[{"lr": [0.1, 0.2], "[a,b]": [[1, "x"], [2, "y, z"]], "c": true}]')
    assert document.root is not None
    (block,) = document.root.items
    assert block.parts == [
        ("lr", "[0.1, 0.2]"),
        ("[a,b]", '[[1, "x"], [2, "y, z"]]'),
        ("c", "true"),
    ]
    assert [member.key.value for member in block.members] == ["lr", "[a,b]", "c"]
    assert block.parts is None
    assert block.unread is None


@pytest.mark.parametrize(
    "text",
    [
        '{"a": null}',
        '{"a": 1, "a": 2}',
        '{"a": "\\t"}',
        '{"a\\u0020b": 1}',
        '{"a": 1e999}',
        '{"a": 1234567890123456}',
        '{"a": NaN}',
        '{"a": {}}',
        '{"a": []}',
        '{"a": [[[1]]]}',
        '{"a": 1 // one\n}',
        '{"a": 1,}',
        '{"a": 01}',
        '{"a": "\ud800"}',
        "{}",
    ],
)
def test_what_needs_a_closer_look_gets_it(text: str) -> None:
    assert taken_whole(parse(f"[{text}]")) == 0


@pytest.mark.parametrize("text", [text for text, _ in BROKEN.values()])
def test_mistakes_are_found_in_blocks_that_are_taken_whole(text: str) -> None:
    text, _ = unmark(text)
    quick = parse(text)
    found = validate(quick, "experiment")
    with one_by_one():
        assert found == validate(parse(text), "experiment")


def limits_of(dice: random.Random) -> CostEstimate:
    limits = UserLimits(max_jobs=dice.choice([None, 3]), max_cost_per_hour=dice.choice([None, 1.0]))
    return CostEstimate(Project(), Settings(limits=limits), {})


@pytest.mark.parametrize("seed", range(20))
def test_judging_by_spelling_gives_what_a_closer_look_gives(seed: int) -> None:
    dice = random.Random(f"plain {seed}")
    whole = 0
    for _ in range(50):
        text = some_text(dice)
        script: Script | None = dice.choice(SCRIPTS) if dice.random() < 0.9 else None
        estimate = limits_of(dice) if dice.random() < 0.3 else None
        quick = parse(text)
        whole += taken_whole(quick)
        found = validate(quick, "experiment", estimate=estimate, script=script)
        sweep = sweeps.read(quick)
        jobs = list(sweeps.expand(sweep)) if sweep.count is not None else None
        with one_by_one():
            slow = parse(text)
            assert taken_whole(slow) == 0
            assert found == validate(slow, "experiment", estimate=estimate, script=script), text
            careful = sweeps.read(slow)
        assert sweep.count == careful.count, text
        assert [block.count for block in sweep.blocks] == [block.count for block in careful.blocks]
        if jobs is not None:
            assert repr(jobs) == repr(list(sweeps.expand(careful)))
        assert seen(quick) == seen(slow), text
        if quick.root is not None:
            assert repr(to_python(quick.root)) == repr(to_python(slow.root or quick.root))
    assert whole > 10


@pytest.mark.parametrize("seed", range(6))
def test_edits_find_the_same_blocks_whole(seed: int) -> None:
    dice = random.Random(f"plain edit {seed}")
    for _ in range(40):
        text = some_text(dice)
        document = parse(text)
        validate(document, "experiment", script=SCRIPTS[0])
        for _ in range(4):
            place = dice.randint(0, len(document.text))
            length = dice.choice([0, 0, 1])
            document.edit(place, place + length, dice.choice(["", "0", '"', ",", " ", "[", "}", "x", "null"]))
            found = validate(document, "experiment", script=SCRIPTS[0])
            with one_by_one():
                assert found == validate(parse(document.text), "experiment", script=SCRIPTS[0])
        assert json.dumps(seen(document), default=str) == json.dumps(seen(parse(document.text)), default=str)
