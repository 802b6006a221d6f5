"""One thing wrong with a document, in terms that the command line and every editor understand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from caliban_ls.core.text import Span


class Severity(str, Enum):
    """How much a finding matters. Only errors make `check` fail unless it is told otherwise."""

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
        title: what a person chooses.
        edits: what is changed.
        is_draft: whether somebody has to go over what it writes, so that nothing makes it unasked.
    """

    title: str
    edits: tuple[Edit, ...]
    is_draft: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong, on the smallest span that is wrong.

    The message says what is wrong and what would be right, without a full stop. Fixes stand best first.
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
    """Return the same finding in a text where its part stands `by` code points further on."""
    if by == 0:
        return finding
    fixes = tuple(
        Fix(fix.title, tuple(Edit(edit.span.shifted(by), edit.new_text) for edit in fix.edits), fix.is_draft)
        for fix in finding.fixes
    )
    return Finding(finding.span.shifted(by), finding.code, finding.message, finding.severity, fixes)
