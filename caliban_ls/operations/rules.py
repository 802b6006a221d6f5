"""`rule` and `rules`: explain one diagnostic, list all."""

from __future__ import annotations

import difflib

from caliban_ls.analysis.rules import RULES
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.rules import (
    RuleArguments,
    RuleLine,
    RuleResult,
    RulesArguments,
    RulesResult,
)


def rule(arguments: RuleArguments, _context: Context) -> RuleResult:
    """Explain one diagnostic.

    Raises:
        UsageError: there is no such rule.
    """
    code = arguments.code.strip().upper()
    if code not in RULES:
        near = difflib.get_close_matches(code, RULES, n=1)
        hint = f"Did you mean {near[0]}?" if near else "All codes are listed in docs/rules.md."
        raise UsageError(f"There is no rule {arguments.code}", hint=hint)
    known = RULES[code]
    return RuleResult(
        code=known.code,
        name=known.name,
        severity=known.severity.value,
        explanation=known.explanation,
        wrong=known.wrong,
        right=known.right,
    )


def rules(_arguments: RulesArguments, _context: Context) -> RulesResult:
    """List every rule."""
    lines = (
        RuleLine(code=known.code, name=known.name, severity=known.severity.value) for known in RULES.values()
    )
    return RulesResult(rules=tuple(lines))
