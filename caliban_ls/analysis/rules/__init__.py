"""Every diagnostic's code, severity and explanation. Codes are stable: never reused, never renamed.

Families: CAL1 syntax, CAL2 experiment, CAL3 project config, CAL4 hardware, CAL5 script, CAL6 cost and limits.
"""

from __future__ import annotations

from caliban_ls.analysis.findings import Finding, Fix, Severity
from caliban_ls.analysis.rules import experiment, hardware, limits, project, script, syntax
from caliban_ls.analysis.rules.rule import Rule
from caliban_ls.core.text import Span

RULES: dict[str, Rule] = {
    rule.code: rule
    for family in (syntax, experiment, project, hardware, script, limits)
    for rule in family.RULES
}


def finding(code: str, span: Span, message: str, *fixes: Fix, severity: Severity | None = None) -> Finding:
    """Return a finding of a rule, with the rule's own severity unless another is given."""
    return Finding(span, code, message, severity or RULES[code].severity, fixes)
