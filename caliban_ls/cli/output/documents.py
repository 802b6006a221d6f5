"""Results of check, expand, rule and rules."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from caliban_ls.analysis import report
from caliban_ls.core.visible import visible_command

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.check import CheckedFiles
    from caliban_ls.operations.schemas.expand import ExpandResult
    from caliban_ls.operations.schemas.rules import RuleResult, RulesResult


def show_check(files: CheckedFiles, options: argparse.Namespace) -> str:
    """Return findings in the format of `--format`."""
    formats = {
        "text": report.as_text,
        "json": report.as_json,
        "github": report.as_github,
        "sarif": report.as_sarif,
    }
    return formats["json" if options.json else options.format](files)


def show_expand(result: ExpandResult, options: argparse.Namespace) -> Iterator[str]:
    """Yield the number of jobs, or one line for each job, quoted for a shell."""
    if options.count:
        return iter([f"{result.count}\n"])
    spelled = visible_command if sys.stdout.isatty() else shlex.join
    return (f"{spelled(job.args)}\n" for job in result.jobs)


def show_rule(result: RuleResult, _options: argparse.Namespace) -> str:
    """Return a rule's explanation with its examples."""
    wrong, right = (_indent(text) for text in (result.wrong, result.right))
    return (
        f"{result.code} {result.name} ({result.severity})\n\n{result.explanation}\n\n"
        f"Wrong:\n{wrong}\nRight:\n{right}\n"
    )


def show_rules(result: RulesResult, _options: argparse.Namespace) -> str:
    """Return a line for each rule."""
    return "".join(f"{rule.code}  {rule.severity:<11}  {rule.name}\n" for rule in result.rules)


def _indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
