"""A rule: the stable code of one kind of finding, its severity and its explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caliban_ls.analysis.findings import Severity

DocumentKind = Literal["experiment", "project"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of finding.

    Attributes:
        code: `CAL` and three digits; never reused, never renamed.
        name: the same in words, for people.
        severity: of its findings, unless the situation softens it.
        explanation: Markdown sentences: the mistake, its consequence, the remedy.
        wrong: a whole document that has exactly this finding.
        right: the same document, corrected.
        kind: the kind of the two examples.
        project: the project config beside them, if the rule depends on one.
        script: the training script beside them, if the rule depends on one.
    """

    code: str
    name: str
    severity: Severity
    explanation: str
    wrong: str
    right: str
    kind: DocumentKind = "experiment"
    project: str | None = None
    script: str | None = None
