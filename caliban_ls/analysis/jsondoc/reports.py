"""The messages of syntax findings, and their fixes.

Knows neither tree nor parser. Offsets are code points of the document; `start` and `end` are those of the finding.
"""

from __future__ import annotations

from caliban_ls.analysis.findings import Edit, Finding, Fix
from caliban_ls.analysis.rules import finding
from caliban_ls.core.text import Span

BRACKETS = {"]": ("[", "list"), "}": ("{", "object")}
"""Closing brackets, with their opening bracket and the name of their container."""

DUPLICATE_KEY = "CAL114"

_MAX_SHOWN = 30  # characters of the document in a message


def shown(text: str) -> str:
    """Return a text short enough for a message."""
    return text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "…"


def replacement(title: str, start: int, end: int, new_text: str) -> Fix:
    """Return a fix of one edit."""
    return Fix(title, (Edit(Span(start, end), new_text),))


def empty_document(position: int) -> Finding:
    """Report that the text holds nothing."""
    message = "The file is empty; an empty object `{}` is the least that it may hold"
    return finding("CAL101", Span(position, position), message)


def after_the_end(start: int, end: int) -> Finding:
    """Report text behind the document's value."""
    message = "The document ended before this; several blocks belong into one list: `[{…}, {…}]`"
    return finding("CAL102", Span(start, end), message)


def unclosed(start: int, missing: str, fixes: list[Fix]) -> Finding:
    """Report an opening bracket without a partner; `missing` is all that should close here, innermost first."""
    opener, name = BRACKETS[missing[0]]
    others = f", nor are {len(missing) - 1} around it" if len(missing) > 1 else ""
    message = f"This `{opener}` is never closed{others}; the {name} needs its `{missing[0]}`"
    return finding("CAL103", Span(start, start + 1), message, *fixes)


def stray(bracket: str, start: int, end: int, *, is_all: bool) -> Finding:
    """Report a closing bracket without a partner. A text that is nothing else can't be mended by removing it."""
    fixes = [] if is_all else [replacement("Remove it", start, end, "")]
    return finding("CAL104", Span(start, end), f"Nothing is open that `{bracket}` could close", *fixes)


def mismatched(bracket: str, expected: str, start: int) -> Finding:
    """Report a closing bracket of the wrong kind."""
    opener, name = BRACKETS[expected]
    message = f"The {name} began with `{opener}`, so it ends with `{expected}`, not with `{bracket}`"
    fix = replacement(f"Replace with `{expected}`", start, start + 1, expected)
    return finding("CAL105", Span(start, start + 1), message, fix)


def list_with_keys(start: int, end: int, *, is_whole: bool) -> Finding:
    """Report members in a list's brackets, which stand at `start` and right before `end`.

    Where more is wrong between them, it may be another bracket that is missing.
    """
    edits = (Edit(Span(start, start + 1), "{"), Edit(Span(end - 1, end), "}"))
    message = "A list holds no keys; keys and values stand in `{ }`"
    fixes = [Fix("Replace the brackets", edits)] if is_whole else []
    return finding("CAL105", Span(start, start + 1), message, *fixes)


def missing_comma(end: int) -> Finding:
    """Report a gap behind `end` on the character before it, since an empty span shows badly in editors."""
    fix = replacement("Insert `,`", end, end, ",")
    return finding("CAL106", Span(end - 1, end), "A `,` is missing after this", fix)


def missing_comma_before(start: int) -> Finding:
    """Report a gap whose other side isn't known."""
    return finding("CAL106", Span(start, start + 1), "A `,` is missing before this")


def comma_before_first(start: int, end: int) -> Finding:
    """Report commas before the first item."""
    message = "A comma stands between items; remove the one before the first"
    return finding("CAL107", Span(start, end), message, replacement("Remove it", start, end, ""))


def commas_in_a_row(start: int, end: int, fixes: list[Fix]) -> Finding:
    """Report the second comma in a row, and those after it."""
    return finding(
        "CAL107", Span(start, end), "A value is missing between the commas, or one is too many", *fixes
    )


def trailing_comma(start: int) -> Finding:
    """Report a comma behind the last item."""
    message = "Plain JSON has no comma after the last item; it's accepted here"
    fix = replacement("Remove it", start, start + 1, "")
    return finding("CAL108", Span(start, start + 1), message, fix)


def missing_colon(start: int, end: int) -> Finding:
    """Report a key that its value follows directly."""
    fix = replacement("Insert `:`", end, end, ":")
    return finding("CAL109", Span(start, end), "A `:` is missing between this key and its value", fix)


def wrong_separator(spelling: str, start: int, end: int) -> Finding:
    """Report another separator in a colon's place."""
    fix = replacement("Replace with `:`", start, end, ":")
    return finding(
        "CAL110", Span(start, end), f"A key and its value are joined by `:`, not by `{spelling}`", fix
    )


def missing_key(start: int, end: int) -> Finding:
    """Report a colon or value where a key should stand."""
    return finding("CAL111", Span(start, end), "A key is missing here: text in double quotes, and a `:`")


def missing_value(start: int, end: int) -> Finding:
    """Report a key without a value."""
    return finding("CAL112", Span(start, end), "This key has no value")


def unquoted_key(quoted: str, start: int, end: int) -> Finding:
    """Report a key that isn't a string; `quoted` is how it should be written."""
    fix = replacement("Put it in double quotes", start, end, quoted)
    return finding("CAL113", Span(start, end), f"A key stands in double quotes: {shown(quoted)}", fix)


def duplicate_key(quoted: str, start: int, end: int) -> Finding:
    """Report a key that an earlier member of the same object has."""
    return finding(DUPLICATE_KEY, Span(start, end), f"The key {shown(quoted)} is set already in this object")


def unexpected(start: int, end: int, message: str) -> Finding:
    """Report text that can't stand where it does."""
    return finding("CAL124", Span(start, end), message)


def second_separator(spelling: str, start: int, end: int) -> Finding:
    """Report a separator after a colon."""
    fix = replacement(f"Remove `{spelling}`", start, end, "")
    message = f"One `:` joins a key and its value; remove this `{spelling}`"
    return finding("CAL124", Span(start, end), message, fix)


def foreign_blank(blank: str, start: int, end: int) -> Finding:
    """Report a blank that JSON doesn't know."""
    fix = replacement("Replace with a space", start, end, " ")
    message = f"JSON doesn't know the blank U+{ord(blank[0]):04X}; use a space"
    return finding("CAL124", Span(start, end), message, fix)


def unclosed_comment(start: int) -> Finding:
    """Report a comment that the text ends in."""
    return finding("CAL125", Span(start, start + 2), "This comment is never closed; it needs a `*/`")
