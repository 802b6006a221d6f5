"""Findings: mistakes in a document, with places, severities and fixes that the command line and editors share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from caliban_ls.core.text import Span


class Severity(str, Enum):
    """How much a finding matters. Only errors make `check` fail, unless `--fail_on` lowers the bar."""

    ERROR = "error"
    WARNING = "warning"
    INFORMATION = "information"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of a span. An empty span inserts; an empty text deletes."""

    span: Span
    new_text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that removes the finding and brings no other. Edits don't overlap.

    Attributes:
        title: the text that a person chooses it by.
        edits: the changes.
        is_draft: whether it leaves something to fill in, so that it is never applied unasked.
    """

    title: str
    edits: tuple[Edit, ...]
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """A mistake, on the smallest span that is wrong.

    The message says what is wrong and what would be right, without a full stop. The best fix comes first.
    """

    span: Span
    code: str
    message: str
    severity: Severity
    fixes: tuple[Fix, ...] = ()


def apply_edits(text: str, edits: tuple[Edit, ...]) -> str:
    """Return the text with every edit made. Spans refer to the text as it was."""
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        text = text[: edit.span.start] + edit.new_text + text[edit.span.end :]
    return text


def shifted(finding: Finding, by: int) -> Finding:
    """Return the same finding, `by` code points further on in the text."""
    if by == 0:
        return finding
    fixes = tuple(
        Fix(fix.title, tuple(Edit(edit.span.shifted(by), edit.new_text) for edit in fix.edits), fix.is_draft)
        for fix in finding.fixes
    )
    return Finding(finding.span.shifted(by), finding.code, finding.message, finding.severity, fixes)
