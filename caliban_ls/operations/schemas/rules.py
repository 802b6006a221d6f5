"""Arguments and results of rule and rules."""

from __future__ import annotations

from dataclasses import dataclass

from caliban_ls.operations.schemas.fields import positional


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleArguments:
    """The rule to explain."""

    code: str = positional("A diagnostic's code, such as CAL207.", metavar="CODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesArguments:
    """No arguments: the command lists all rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule, explained."""

    code: str
    name: str
    severity: str
    explanation: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule in a list."""

    code: str
    name: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesResult:
    """All rules, by their codes."""

    rules: tuple[RuleLine, ...]
