"""Which fixes may be offered: those that remove their finding and bring no other.

A fix is thought out where a mistake is found, which can't see what the mistake hides: a key that isn't known,
say, behind a quote that is missing. So each is tried on a copy before it is shown; the rest isn't.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from caliban_ls import jsondoc
from caliban_ls.findings import Edit, Finding, Fix, Severity
from caliban_ls.jsondoc import JsonDocument
from caliban_ls.rules.base import DocumentKind
from caliban_ls.text import Span
from caliban_ls.validation import validate

if TYPE_CHECKING:
    from caliban_ls.outlook import Outlook
    from caliban_ls.script import Script


class Trial:
    """A copy of a document, on which fixes are tried and undone again.

    Args:
        text: of the document.
        kind: which of ours it is.
        outlook: as `validate` was given it.
        script: as `validate` was given it.
    """

    def __init__(
        self, text: str, kind: DocumentKind, outlook: Outlook | None, script: Script | None = None
    ) -> None:
        self._document = jsondoc.parse(text)
        self._kind: DocumentKind = kind
        self._outlook = outlook
        self._script = script
        self._findings = self._judged()
        self._before = Counter(found.code for found in self._findings)

    def sound(self, found: Finding) -> Finding:
        """Return a finding with those of its fixes that remove it and bring no other."""
        if not found.fixes:
            return found
        return replace(found, fixes=tuple(fix for fix in found.fixes if self._is_sound(found, fix)))

    def repaired(self, is_certain: Callable[[Finding], bool]) -> str:
        """Make the first fix of one certain finding after another, as long as they are sound; return the text."""
        for _ in range(_MOST_REPAIRS):
            certain = (found for found in self._findings if found.fixes and is_certain(found))
            fix = next((one.fixes[0] for one in certain if self._is_sound(one, one.fixes[0])), None)
            if fix is None:
                break
            _made(self._document, fix.edits)
            self._findings = self._judged()
            self._before = Counter(found.code for found in self._findings)
        return self._document.text

    def _is_sound(self, found: Finding, fix: Fix) -> bool:
        undo = _made(self._document, fix.edits)
        after = self._judged()
        _made(self._document, undo)
        codes = Counter(one.code for one in after)
        worse = Counter(one.code for one in after if one.severity in _MATTER)
        return codes[found.code] < self._before[found.code] and not worse - self._before

    def _judged(self) -> list[Finding]:
        return validate(self._document, self._kind, outlook=self._outlook, script=self._script)


def sound_fixes(
    document: JsonDocument,
    kind: DocumentKind,
    findings: Sequence[Finding],
    outlook: Outlook | None = None,
    script: Script | None = None,
) -> list[Finding]:
    """Return all findings of a document with no fix but sound ones."""
    if not any(found.fixes for found in findings):
        return list(findings)
    trial = Trial(document.text, kind, outlook, script)
    return [trial.sound(found) for found in findings]


_MOST_REPAIRS = 200  # at once

_MATTER = frozenset({Severity.ERROR, Severity.WARNING})
"""What is more than a word that is worth knowing, which what is possible may have."""


def _made(document: JsonDocument, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Make edits, and return those that undo them."""
    undo: list[Edit] = []
    grown = 0
    old = document.text
    for edit in sorted(edits, key=lambda edit: edit.span):
        start = edit.span.start + grown
        undo.append(Edit(Span(start, start + len(edit.new_text)), old[edit.span.start : edit.span.end]))
        grown += len(edit.new_text) - (edit.span.end - edit.span.start)
    for edit in sorted(edits, key=lambda edit: edit.span, reverse=True):
        document.edit(edit.span.start, edit.span.end, edit.new_text)
    return tuple(undo)
