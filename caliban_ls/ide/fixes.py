"""Select the fixes to offer: those that remove their finding and add no other.

The check that makes a fix can't see the mistakes that its finding hides, such as an unknown key behind a missing
quote. So each fix is tried on a copy, and offered only if it works. Fixes that don't touch each other are tried
together, and in halves if that fails, so that a thousand cost little more than one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.findings import Edit, Finding, Fix, Severity
from caliban_ls.analysis.jsondoc import MAX_SHOWN, JsonDocument
from caliban_ls.analysis.jsondoc.edits import difference
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import Span
from caliban_ls.validation import validate

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import CostEstimate
    from caliban_ls.analysis.script import Script

_JUDGED: Final = 10_000_000
"""The most characters to check again for one answer. Fixes that weren't tried by then aren't offered."""

_MATTER = frozenset({Severity.ERROR, Severity.WARNING})
"""Findings of these severities may not be added by a fix; information and hints may."""

_ERRORS = frozenset({Severity.ERROR})

_SCRIPTS: Final = "CAL5"  # the codes of the script's flags

_LEAST, _MOST = 16, 1000  # trials for any size of document


@dataclass(frozen=True, slots=True)
class _Repair:
    """A fix, the code of its finding, and the indexes of the finding and of the fix among its fixes."""

    code: str
    fix: Fix
    place: int
    rank: int

    @property
    def span(self) -> Span:
        """The text from its first change to its last."""
        return Span(
            min(edit.span.start for edit in self.fix.edits), max(edit.span.end for edit in self.fix.edits)
        )


class FixTrial:
    """A copy of a document, on which fixes are tried and undone again.

    Args:
        text: of the document.
        kind: experiment or project config.
        estimate: the same as for `validate`.
        script: the same as for `validate`.
    """

    def __init__(
        self, text: str, kind: DocumentKind, estimate: CostEstimate | None, script: Script | None = None
    ) -> None:
        self._kind: DocumentKind = kind
        self._estimate = estimate
        self._script = script
        self._left = 0
        self._take(jsondoc.parse(text))

    def sound(self, asked: Sequence[Finding]) -> list[Finding]:
        """Return findings with only those fixes that remove them and add no others.

        An error without such a fix keeps the fixes that add no error.
        """
        self._begin()
        kept: set[tuple[int, int]] = set()
        for rank in range(max((len(found.fixes) for found in asked), default=0)):
            repairs = [
                _Repair(found.code, found.fixes[rank], place, rank)
                for place, found in enumerate(asked)
                if len(found.fixes) > rank
            ]
            kept |= {(one.place, one.rank) for one in self._sound_of(repairs)}
        mended = {place for place, _ in kept}
        kept |= {
            (place, rank)
            for place, found in enumerate(asked)
            if found.severity is Severity.ERROR and place not in mended
            for rank, fix in enumerate(found.fixes)
            if self._left and self._are_sound([_Repair(found.code, fix, place, rank)], matter=_ERRORS)
        }
        return [
            replace(found, fixes=tuple(fix for rank, fix in enumerate(found.fixes) if (place, rank) in kept))
            if found.fixes
            else found
            for place, found in enumerate(asked)
        ]

    def repaired(self, is_certain: Callable[[Finding], bool]) -> tuple[Edit, ...]:
        """Return edits that apply the first fix of every certain finding, also of those that only then appear.

        Applies sound fixes only. If no finding appears, each fix stays an edit of its own.
        """
        self._begin()
        start, edits = self._document.text, None
        while self._left:
            certain = (found for found in self._findings if found.fixes and is_certain(found))
            repairs = [_Repair(found.code, found.fixes[0], place, 0) for place, found in enumerate(certain)]
            # Fixes that don't touch each other are applied together, unless one spoils another.
            group = self._together(next(_apart(repairs), []))
            if not group:
                break
            made = tuple(edit for one in group for edit in one.fix.edits)
            self._take(jsondoc.parse(_changed(self._document.text, group)))
            edits = made if edits is None else difference(start, self._document.text)
        return edits or ()

    def _begin(self) -> None:
        self._left = max(_LEAST, min(_MOST, _JUDGED // (len(self._document.text) + 1)))

    def _take(self, document: JsonDocument) -> None:
        self._document = document
        self._findings = self._judged(document)
        self._before = Counter(found.code for found in self._findings)

    def _sound_of(self, repairs: Sequence[_Repair]) -> Iterator[_Repair]:
        """Yield the repairs that are sound alone."""
        for group in _apart(repairs):
            waiting = [group]
            while waiting and self._left:
                some = waiting.pop()
                if self._are_sound(some):
                    yield from some
                elif len(some) > 1:
                    waiting += [some[: len(some) // 2], some[len(some) // 2 :]]
            if not self._left:
                return

    def _together(self, repairs: Sequence[_Repair]) -> list[_Repair]:
        """Return repairs that are sound when all of them are applied."""
        if not repairs or (self._left and self._are_sound(repairs)):
            return list(repairs)
        sound = list(self._sound_of(repairs))
        while sound and not (self._left and self._are_sound(sound)):
            sound = sound[: len(sound) // 2]
        return sound

    def _are_sound(self, repairs: Sequence[_Repair], matter: frozenset[Severity] = _MATTER) -> bool:
        """Return whether repairs remove their findings and add no others that matter."""
        self._left -= 1
        if len(repairs) > 1:
            after = self._judged(jsondoc.parse(_changed(self._document.text, repairs)))
        else:
            undo = _made(self._document, repairs[0].fix.edits)
            after = self._judged(self._document)
            _made(self._document, undo)
        codes = Counter(found.code for found in after)
        worse = Counter(found.code for found in after if found.severity in matter)
        if sum(number for code, number in self._before.items() if code.startswith("CAL1")) >= MAX_SHOWN:
            # Only so many syntax errors are listed, so each one that goes makes room for another.
            return not any(number for code, number in (worse - self._before).items() if code[3] != "1")
        removed = Counter(one.code for one in repairs)
        gone = all(codes[code] <= self._before[code] - number for code, number in removed.items())
        brought = worse - self._before
        if not any(one.code.startswith(_SCRIPTS) for one in repairs):
            # A repaired text may set flags for the first time; that the script doesn't take them isn't the repair's fault.
            brought = Counter(
                {code: number for code, number in brought.items() if not code.startswith(_SCRIPTS)}
            )
        return gone and not brought

    def _judged(self, document: JsonDocument) -> list[Finding]:
        return validate(document, self._kind, estimate=self._estimate, script=self._script)


def sound_fixes(
    document: JsonDocument,
    kind: DocumentKind,
    findings: Sequence[Finding],
    estimate: CostEstimate | None = None,
    script: Script | None = None,
) -> list[Finding]:
    """Return all findings of a document, with their sound fixes only."""
    if not any(found.fixes for found in findings):
        return list(findings)
    return FixTrial(document.text, kind, estimate, script).sound(findings)


def _apart(repairs: Sequence[_Repair]) -> Iterator[list[_Repair]]:
    """Yield repairs in groups, in each of which none touches another."""
    waiting = sorted((one for one in repairs if one.fix.edits), key=lambda one: (one.span, one.place))
    while waiting:
        group: list[_Repair] = []
        others: list[_Repair] = []
        end = -1
        for one in waiting:
            span = one.span
            if span.start > end:
                group.append(one)
                end = span.end
            else:
                others.append(one)
        yield group
        waiting = others


def _changed(text: str, repairs: Sequence[_Repair]) -> str:
    """Return a text with repairs applied that don't touch each other."""
    pieces: list[str] = []
    end = 0
    for edit in sorted((edit for one in repairs for edit in one.fix.edits), key=lambda edit: edit.span):
        pieces += (text[end : edit.span.start], edit.new_text)
        end = edit.span.end
    return "".join((*pieces, text[end:]))


def _made(document: JsonDocument, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """Make edits in a document, and return those that undo them."""
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
