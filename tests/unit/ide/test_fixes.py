"""Every fix, made, removes its finding and brings no other: over every rule's examples, broken in many ways."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import pytest

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config import project
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.findings import Finding, Severity, apply_edits
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.rules.rule import Rule
from caliban_ls.analysis.script import Script, read_script
from caliban_ls.ide import fixes
from caliban_ls.ide.fixes import sound_fixes
from caliban_ls.validation import validate

SEEDS = range(10)

VALID = {
    "experiment": (
        '{"lr": [0.1, 0.01], "[a,b]": [[1, "x"], [2, "y"]], "amp": true}',
        '[\n  {"lr": 1, "opt": ["sgd", "adam"]}, // one\n  {"seed": [1, 2, 3], "lr": 1e-4}\n]',
    ),
    "project": (
        '{"cloud": {"region": "europe-west4", "machine_type": "n1-standard-8", "gpu_spec": "2xT4"}}',
        '{"default_mode": "GPU", "cloud": {"tpu_spec": "8xV3", "region": "us-central1"},\n "limits": {"max_jobs": 5}}',
        '{"base_image": "python:3.12-slim", "apt_packages": ["git"], "gcloud": {"project_id": "my-project"}}',
    ),
}

WORDS = (
    "T4",
    "xT4",
    "3",
    "null",
    "{}",
    "[]",
    "true",
    '"',
    "'",
    ",",
    ":",
    "]",
    "}",
    "--",
    "us-",
    "K80",
    "x",
    "1e",
    "#",
)


def estimate_of(rule: Rule) -> CostEstimate:
    return CostEstimate(Project() if rule.project is None else project.read(jsondoc.parse(rule.project)))


def checked(text: str, rule: Rule) -> list[Finding]:
    return validate(jsondoc.parse(text), rule.kind, estimate=estimate_of(rule), script=script_of(rule))


def script_of(rule: Rule) -> Script | None:
    return None if rule.script is None else read_script("train.py", {"train.py": rule.script}.get)


def mutated(text: str, dice: random.Random) -> str:
    """Return a text with one slip of the keyboard in it."""
    start = dice.randrange(len(text) + 1)
    end = min(len(text), start + dice.choice([0, 0, 1, 1, 2, 5]))
    return text[:start] + dice.choice(["", *WORDS]) + text[end:]


def check(text: str, rule: Rule) -> int:
    """Make each fix alone, and return how many there were."""
    before = sound_fixes(
        jsondoc.parse(text), rule.kind, checked(text, rule), estimate_of(rule), script_of(rule)
    )
    known = Counter(_code_and_message(found) for found in before)
    number = 0
    for found in before:
        for fix in found.fixes:
            number += 1
            changed = apply_edits(text, fix.edits)
            left = Counter(_code_and_message(other) for other in checked(changed, rule) if _matters(other))
            message = f"{text!r} -> {fix.title} -> {changed!r}"
            assert left[_code_and_message(found)] < known[_code_and_message(found)] or not _matters(found), (
                message
            )
            new = {code: count - known[code] for code, count in left.items() if count > known[code]}
            assert not new, f"{message}: {new}"
    return number


def _code_and_message(found: Finding) -> str:
    return found.code


def _matters(found: Finding) -> bool:
    """Whether it is more than a note: what is possible may still be worth a word, such as a quota."""
    return found.severity in (Severity.ERROR, Severity.WARNING)


@pytest.mark.parametrize("code", RULES)
def test_fixes_of_examples(code: str) -> None:
    check(RULES[code].wrong, RULES[code])


@pytest.mark.parametrize("kind", VALID)
@pytest.mark.parametrize("seed", SEEDS)
def test_fixes_of_valid_files_with_a_slip(kind: str, seed: int) -> None:
    dice = random.Random(f"{kind} {seed}")
    rule = next(rule for rule in RULES.values() if rule.kind == kind and rule.project is None)
    number = sum(check(mutated(dice.choice(VALID[kind]), dice), rule) for _ in range(50))
    assert number > 10


@pytest.mark.parametrize(
    ("text", "title", "offered"),
    [
        pytest.param(
            "[" + ", ".join('{"--lr": 1}' for _ in range(400)) + "]",
            'Rename to "lr"',
            400,
            id="in many blocks",
        ),
        pytest.param(
            "{" + ", ".join(f'"--k{number}": 1' for number in range(400)) + "}", "", 400, id="in one block"
        ),
        pytest.param('{"--x": 1, "-x": 2}', 'Rename to "x"', 2, id="each alone, but not both"),
        pytest.param('{"--x": 1, "--y": 2, "y": 3}', "", 1, id="one of two"),
        pytest.param("[" + "{} " * 150 + "]", "Insert `,`", 100, id="more than are shown"),
    ],
)
def test_many_fixes_are_tried_as_if_each_were_alone(text: str, title: str, offered: int) -> None:
    document = jsondoc.parse(text)
    found = sound_fixes(document, "experiment", validate(document, "experiment"))
    assert len([fix for one in found for fix in one.fixes if title in fix.title]) == offered


def test_trying_fixes_checks_no_more_often_than_it_must(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "[" + ", ".join('{"--lr": 1}' for _ in range(500)) + "]"
    document = jsondoc.parse(text)
    findings = validate(document, "experiment")
    times = 0

    def counted(*args: Any, **named: Any) -> list[Finding]:
        nonlocal times
        times += 1
        return validate(*args, **named)

    monkeypatch.setattr(fixes, "validate", counted)
    assert all(
        found.fixes for found in sound_fixes(document, "experiment", findings) if found.code == "CAL211"
    )
    assert times < 20
