"""Read one token as a key or a value, and report how it is misspelled.

Knows the token and its line, not its surroundings; it doesn't decide whether the token belongs there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from caliban_ls.analysis.findings import Edit, Finding, Fix
from caliban_ls.analysis.jsondoc import tokens
from caliban_ls.analysis.jsondoc.reports import replacement, shown
from caliban_ls.analysis.jsondoc.tree import Kind
from caliban_ls.analysis.rules import finding
from caliban_ls.core.text import Span

WORDS: dict[str, tuple[Kind, bool | None]] = {
    "true": (Kind.BOOLEAN, True),
    "false": (Kind.BOOLEAN, False),
    "null": (Kind.NULL, None),
}

_FOREIGN = {"true": "true", "false": "false", "none": "null", "null": "null"}
_NOT_FINITE = {"nan": "nan", "inf": "inf", "infinity": "inf"}


@dataclass(slots=True)
class Scalar:
    """A token that stands for a key or a value.

    Attributes:
        start: where it starts.
        end: where it ends.
        after: where the next token starts.
        reach: how far the text was looked at to know all this.
        kind: of the value; INVALID when it can't be read.
        value: what it means.
        is_text: whether it is a string, however badly written.
        is_guess: whether its end is a guess.
        findings: what is wrong with it.
    """

    start: int
    end: int
    after: int
    reach: int
    kind: Kind = Kind.STRING
    value: Any = None
    is_text: bool = True
    is_guess: bool = False
    findings: list[Finding] = field(default_factory=list)

    def withdraw_fixes(self) -> None:
        """Keep the findings without their fixes, none of which would be enough here."""
        self.findings = [replace(found, fixes=()) for found in self.findings]


def read(text: str, match: re.Match[str], *, is_key: bool) -> Scalar:
    """Return what a match of `tokens.TOKEN` means where a key or a value may stand."""
    group = match.lastgroup or ""
    start, end = match.span(group)
    if group == "string":
        content_end = tokens.end_of_swallowing(text, start, end, is_key=is_key)
        if content_end is not None:
            return _unclosed(text, start, content_end, end + 1)
        return _string(text, start, end - 1, end)
    if group == "unclosed":
        content_end, is_closed, reach = tokens.end_of_unclosed(text, start, is_key=is_key)
        return (_string if is_closed else _unclosed)(text, start, content_end, reach)
    scalar = Scalar(start, end, match.end(), tokens.reach_of(text, match))
    if group == "quoted":
        scalar.value = tokens.decode(match[group][1:-1])
        fix = replacement("Use double quotes", start, end, tokens.quote(scalar.value))
        message = f"Text stands in double quotes: {shown(tokens.quote(scalar.value))}"
        scalar.findings.append(finding("CAL116", Span(start, end), message, fix))
    elif group == "unopened":
        scalar.value = match[group][:-1]
        fix = replacement('Insert `"`', start, start, '"')
        scalar.findings.append(finding("CAL117", Span(start, end), 'The opening `"` is missing', fix))
    else:
        scalar.is_text = False
        _read_word(scalar, match, group)
    return scalar


def _string(text: str, start: int, content_end: int, reach: int) -> Scalar:
    """Return the string whose content ends at its closing quote."""
    content = text[start + 1 : content_end]
    after = tokens.skip_blanks(text, content_end + 1)
    scalar = Scalar(start, content_end + 1, after, reach, value=tokens.decode(content))
    scalar.findings += _string_findings(content, start + 1)
    return scalar


def _unclosed(text: str, start: int, end: int, reach: int) -> Scalar:
    """Return the string from an opening quote to where its closing quote should stand."""
    content = text[start + 1 : end]
    scalar = Scalar(
        start, end, tokens.skip_blanks(text, end), reach, value=tokens.decode(content), is_guess=True
    )
    # After a lone backslash, an inserted quote would be escaped.
    is_escaped = (len(content) - len(content.rstrip("\\"))) % 2 == 1
    fixes = [] if is_escaped else [replacement('Insert `"`', end, end, '"')]
    scalar.findings.append(
        finding("CAL117", Span(start, end), 'The closing `"` is missing on this line', *fixes)
    )
    scalar.findings += _string_findings(content, start + 1)
    return scalar


def _string_findings(content: str, start: int) -> list[Finding]:
    """Return what is wrong between a string's quotes: one finding of a kind, whose fix mends all of them."""
    found: dict[str, list[tokens.Flaw]] = {}
    for flaw in tokens.flaws(content):
        found.setdefault(flaw.name, []).append(flaw)
    return [_string_finding(content, start, name, flaws) for name, flaws in found.items()]


def _string_finding(content: str, start: int, name: str, flaws: list[tokens.Flaw]) -> Finding:
    first = flaws[0]
    span = Span(start + first.start, start + first.end)
    if name == "surrogate":
        return finding("CAL118", span, "This is half of a surrogate pair, which stands for no character")
    edits = tuple(Edit(Span(start + flaw.start, start + flaw.end), flaw.mended or "") for flaw in flaws)
    mended = first.mended
    fix = Fix(f"Replace with `{mended}`", edits)
    if name == "control":
        message = f"A string holds no bare control characters; write this one as `{mended}`"
        return finding("CAL119", span, message, fix)
    message = f"`{content[first.start : first.end]}` escapes nothing; write `{mended}`"
    return finding("CAL118", span, message, fix)


def _read_word(scalar: Scalar, match: re.Match[str], group: str) -> None:
    """Find out what a token without quotes means."""
    span = Span(scalar.start, scalar.end)
    spelling = match[group]
    foreign = _FOREIGN.get(spelling.casefold())
    not_finite = re.fullmatch(r"([+-]?)(nan|inf|infinity)", spelling, re.IGNORECASE)
    mended = tokens.mended_number(spelling)
    scalar.kind = Kind.INVALID
    new_text = ""
    if group == "literal":
        scalar.kind, scalar.value = WORDS[spelling]
        return
    if group == "number":
        scalar.value = tokens.number_value(match["integer"], match["fraction"])
        if scalar.value is not None:
            scalar.kind = Kind.NUMBER
            return
        code, message = "CAL122", "Python can't hold a number as large as this"
    elif foreign:
        scalar.kind, scalar.value = WORDS[foreign]
        code, message, new_text = "CAL120", f"JSON spells `{spelling}` as `{foreign}`", foreign
    elif not_finite:
        sign = "-" if not_finite[1] == "-" else ""
        new_text = tokens.quote(sign + _NOT_FINITE[not_finite[2].casefold()])
        code, message = "CAL121", f"JSON has no `{spelling}`; a flag takes it as text, `{new_text}`"
    elif mended is not None and (value := tokens.number_value(*tokens.split_number(mended))) is not None:
        scalar.kind, scalar.value = Kind.NUMBER, value
        code, message, new_text = "CAL123", f"JSON spells this number `{shown(mended)}`", mended
    elif re.match(r"[-+.]?[0-9]", spelling):
        code, message = "CAL123", f"`{shown(spelling)}` isn't a number"
    elif group == "word":
        new_text = tokens.quote(spelling)
        code, message = "CAL115", f"Text stands in double quotes: {shown(new_text)}"
    else:
        code, message = "CAL124", f"{tokens.quote(spelling)} can't stand here"
    fixes = (
        [replacement(f"Replace with `{shown(new_text)}`", scalar.start, scalar.end, new_text)]
        if new_text
        else []
    )
    scalar.findings.append(finding(code, span, message, *fixes))
