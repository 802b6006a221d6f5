"""What a rule is: the stable code behind a kind of finding, how severe it is, and how it is explained."""

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
        severity: what findings of this rule have unless the situation softens them.
        explanation: Markdown sentences: what is wrong, why it matters, what to do.
        wrong: a whole document that has exactly this finding.
        right: the same document, mended.
        kind: which of our documents the two examples are.
        project: the project config beside them, where it matters.
        script: the training script beside them, where it matters.
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
