"""Every rule's examples do what they say, every fix mends, and every code is written down."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config import project
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.findings import Finding, Severity, apply_edits
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.rules.rule import Rule
from caliban_ls.analysis.script import read_script
from caliban_ls.validation import validate

ROOT = Path(__file__).parents[4]


def judged(text: str, rule: Rule) -> list[Finding]:
    """Return what is found in a text that stands where a rule's examples do."""
    read = Project() if rule.project is None else project.read(jsondoc.parse(rule.project))
    script = None if rule.script is None else read_script("train.py", {"train.py": rule.script}.get)
    return validate(jsondoc.parse(text), rule.kind, estimate=CostEstimate(read), script=script)


def codes(text: str, rule: Rule) -> list[str]:
    return [found.code for found in judged(text, rule)]


@pytest.mark.parametrize("code", RULES)
def test_the_wrong_example_has_just_this_finding(code: str) -> None:
    rule = RULES[code]
    found = judged(rule.wrong, rule)
    assert [(item.code, item.severity) for item in found] == [(code, rule.severity)]


@pytest.mark.parametrize("code", RULES)
def test_the_right_example_has_none(code: str) -> None:
    assert codes(RULES[code].right, RULES[code]) == []


@pytest.mark.parametrize("code", RULES)
def test_every_fix_of_the_wrong_example_removes_the_finding_and_brings_no_other(code: str) -> None:
    rule = RULES[code]
    (found,) = judged(rule.wrong, rule)
    for fix in found.fixes:
        left = judged(apply_edits(rule.wrong, fix.edits), rule)
        # What is possible may still be worth a word, such as a quota that has to be asked for.
        assert {item.severity for item in left} <= {Severity.INFORMATION}, fix.title
        assert code not in {item.code for item in left}, fix.title


@pytest.mark.parametrize("code", [code for code in RULES if RULES[code].wrong.strip()])
def test_a_comment_silences_the_rule(code: str) -> None:
    rule = RULES[code]
    (found,) = judged(rule.wrong, rule)
    line_start = rule.wrong.rfind("\n", 0, found.span.start) + 1
    silenced = f"{rule.wrong[:line_start]}// caliban: ignore {code}\n{rule.wrong[line_start:]}"
    assert codes(silenced, rule) == []


def test_codes_are_in_order_and_every_code_that_is_emitted_is_a_rule() -> None:
    assert list(RULES) == sorted(RULES)
    sources = "".join(path.read_text() for path in (ROOT / "caliban_ls").rglob("*.py"))
    assert set(re.findall(r'"(CAL[1-9]\d\d)"', sources)) == set(RULES)


def test_messages_and_explanations_read_like_sentences() -> None:
    for rule in RULES.values():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
        assert rule.explanation.rstrip().endswith((".", ":", "`"))
        (found,) = judged(rule.wrong, rule)
        assert not found.message.endswith(".")


def test_the_generated_documentation_is_up_to_date() -> None:
    answer = subprocess.run(
        [sys.executable, ROOT / "scripts" / "docs.py", "--check"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 0, answer.stderr
