"""Patterns for JSON's tokens and their common misspellings; strings and numbers.

Knows single tokens only: no tree, no document, no findings. Every pattern takes the blanks that follow
along, so that a parser stands on the next token after each match.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

BLANKS = r"[ \t\r\n]*"
COMMENT = r"//[^\r\n]*|\#[^\r\n]*|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/"
WORD_CHARACTER = r"""(?:[^\s\ufeff\u200b,:\[\]{}"'=/\#]|/(?![/*]))"""
"""What a word or number can't be followed by: `1.5x` is one word, `1/*one*/` a number and a comment."""

MAX_DIGITS = 4300
"""Python refuses to read a longer integer, see `sys.set_int_max_str_digits`."""

OPENING_QUOTES = frozenset("\"'\u201c\u2018")
"""What begins a string, rightly or not."""

# Surrogates are left in, since looking for them makes the pattern below twice as long to compile.
_SPELLED = r'"[^"\\\x00-\x1f]*"'
_NUMBER = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,2})?"
# Strings with commas are left out, so that commas count the items, and so are nulls and numbers that may be too large.
_ITEM = rf"""(?:"[^"\\\x00-\x1f\ud800-\udfff,]*"|{_NUMBER}|true|false)"""
_PLAIN_LIST = rf"\[{BLANKS}(?:{_ITEM}{BLANKS},{BLANKS}){{0,255}}{_ITEM}{BLANKS}\]"
_PLAIN = r'"([^"\\\x00-\x1f\ud800-\udfff]*)"'
_VALUE = rf"""(?:{_PLAIN}|(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|(true|false|null))
    {BLANKS}(?:(,){BLANKS}|(?=[\]}}]))
    |({_PLAIN_LIST}){BLANKS}(,)?{BLANKS}
    |([\[{{]){BLANKS}"""

VALUE = re.compile(_VALUE, re.VERBOSE)
"""A well-formed scalar, a list of such, or an opening bracket.

The groups are text, integer, fraction, word, comma; list, comma; bracket. The list's items are all in order, none of
them null and none hard to read. A comma or a closing bracket follows the scalar. With anything else behind it, the scalar is read token by token.
"""

MEMBER = re.compile(rf"{_PLAIN}{BLANKS}:{BLANKS}()(?:{_VALUE})", re.VERBOSE)
"""A well-formed key, its colon and its VALUE: key, an empty group where the value starts, then the groups of VALUE."""

_SCALAR = rf"(?:{_SPELLED}|{_NUMBER}|true|false)"
_FLAT = rf"\[{BLANKS}{_SCALAR}{BLANKS}(?:,{BLANKS}{_SCALAR}{BLANKS}){{0,255}}\]"
_ROW = rf"(?:{_SCALAR}|{_FLAT}){BLANKS}"
_ROWS = rf"\[{BLANKS}{_ROW}(?:,{BLANKS}{_ROW}){{0,255}}\]"
_PART = rf"{_SPELLED}{BLANKS}:{BLANKS}(?:{_SCALAR}|{_ROWS}){BLANKS}"

PLAIN_OBJECT = re.compile(rf"(\{{{BLANKS}{_PART}(?:,{BLANKS}{_PART}){{0,255}}\}}){BLANKS}(,)?{BLANKS}")
"""An object of scalars, lists of such and lists of those, none of them null and none hard to read; its comma.

All is in order but for surrogates in strings, which are to be looked for.
"""

SURROGATE = re.compile("[\ud800-\udfff]")

_IN_ROWS = r'\[[^"\[\]]*(?:(?:"[^"]*"|\[[^"\]]*(?:"[^"]*"[^"\]]*)*\])[^"\[\]]*)*\]'
PARTS = re.compile(rf'"([^"]*)"{BLANKS}:{BLANKS}("[^"]*"|{_IN_ROWS}|[^,}} \t\r\n]+)')
"""A key of a PLAIN_OBJECT, and its value as it is spelled. It relies on all being in order, which makes it quick."""

CLOSING = re.compile(rf"([\]}}]){BLANKS}(,)?{BLANKS}")
"""A closing bracket and its comma."""

TOKEN = re.compile(
    rf"""(?:
    (?P<string>"[^"\\\r\n]*(?:\\[^\r\n][^"\\\r\n]*)*")
    |(?P<comment>{COMMENT})
    |(?P<endless>/\*[\s\S]*)
    |(?P<equals>==?>?)
    |(?P<mark>[{{}}\[\],:])
    |(?P<number>(?P<integer>-?(?:0|[1-9][0-9]*))(?P<fraction>(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?!{WORD_CHARACTER}))
    |(?P<literal>(?:true|false|null)(?!{WORD_CHARACTER}))
    |(?P<quoted>'[^'\\\r\n]*(?:\\[^\r\n][^'\\\r\n]*)*'|\u201c[^\u201d\r\n]*\u201d|\u2018[^\u2019\r\n]*\u2019)
    |(?P<unopened>[A-Za-z_]{WORD_CHARACTER}*"(?={BLANKS}(?:[:,\]}}]|$)))
    |(?P<unclosed>")
    |(?P<blank>(?:[^\S \t\r\n]|[\ufeff\u200b])+)
    |(?P<word>(?!(?i:true|false|null|none|nan|infinity)(?!{WORD_CHARACTER}))
        [A-Za-z_]{WORD_CHARACTER}*(?:[ \t]+[A-Za-z_]{WORD_CHARACTER}*(?!{WORD_CHARACTER}|["]))*
        |{WORD_CHARACTER}+)
    |(?P<other>[\s\S])
    ){BLANKS}""",
    re.VERBOSE,
)
"""Any token at all, right or wrong. Every character of a text belongs to one, or to blanks."""

_COMMAS = re.compile(rf"(?:{BLANKS},)*")
_CLOSERS = re.compile(rf"(?:{BLANKS}[\]}}])*")
_SPACE = re.compile(BLANKS)
_IGNORED = re.compile(rf"(?:[ \t\r\n]+|{COMMENT})*", re.VERBOSE)
_LINE = re.compile(r"[^\r\n]*")
_LINES = re.compile(rf'"(?P<content>[^"\\]*(?:\\[\s\S][^"\\]*)*)(?:"{BLANKS}(?P<closed>[,:\]}}])?)?')

_HEX = "[0-9a-fA-F]"
_SPECIAL = re.compile(
    rf"""(?P<pair>\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}})
    |\\u(?P<lone>[dD][89a-fA-F]{_HEX}{{2}})
    |\\u(?P<code>{_HEX}{{4}})
    |\\(?P<short>["\\/bfnrt])
    |(?P<bad>\\'|\\)
    |(?P<raw>[\x00-\x1f\ud800-\udfff])""",
    re.VERBOSE,
)
"""What doesn't stand for itself in a string. Each match is one character of the string's value."""

_SHORT = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_REPLACEMENT = "\ufffd"


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in a string that JSON forbids.

    Attributes:
        start, end: offsets inside the text between the quotes.
        name: "escape", "surrogate" (half of a pair) or "control".
        mended: what would be right in its place, None when that isn't known.
    """

    start: int
    end: int
    name: str
    mended: str | None


def skip_blanks(text: str, position: int) -> int:
    """Return the first offset from a position on that holds no blank."""
    return _end_of(_SPACE, text, position)


def skip_ignored(text: str, position: int) -> int:
    """Return the first offset from a position on that holds neither blank nor comment."""
    return _end_of(_IGNORED, text, position)


def line_end(text: str, position: int) -> int:
    """Return where the line that holds a position ends, its line end left out."""
    return _end_of(_LINE, text, position)


def reach_of(text: str, match: re.Match[str]) -> int:
    """Return how far a text was looked at to find a token: an opening quote might have been closed on its line."""
    is_open = text[match.start()] in OPENING_QUOTES and match.lastgroup not in ("string", "quoted")
    return line_end(text, match.end()) + 1 if is_open else match.end()


def end_of_commas(text: str, position: int) -> int:
    """Return where the last of the commas ends that follow each other from a position on."""
    return _end_of(_COMMAS, text, position)


def end_of_closers(text: str, position: int) -> int:
    """Return where the last of the closing brackets ends that follow each other from a position on."""
    return _end_of(_CLOSERS, text, position)


def end_of_unclosed(text: str, start: int, *, is_key: bool) -> tuple[int, bool, int]:
    """Guess where a string ends that has no closing quote on its line.

    Args:
        text: the document.
        start: offset of the opening quote.
        is_key: whether a key belongs there; a key ends where its colon stands.

    Returns:
        The offset of the content's end, whether a closing quote stands there after all (on a later line),
        and how far the guess had to look.
    """
    match = _LINES.match(text, start)
    reach = match.end() + 1 if match is not None else len(text) + 1
    if match is not None and match["closed"] is not None:
        return match.end("content"), True, reach
    content = text[start + 1 : line_end(text, start)]
    return start + 1 + len(_guessed(content, is_key=is_key)), False, reach


def end_of_swallowing(text: str, start: int, end: int, *, is_key: bool) -> int | None:
    """Return where a string's content ends if its closing quote is really the next string's opening one.

    `"lr: 0.1, "batch": 32` holds the string `"lr: 0.1, "`, whose last quote stands right before a word.
    """
    content = text[start + 1 : end - 1]
    if re.compile(WORD_CHARACTER, re.VERBOSE).match(text, end) is None:
        return None
    if not is_key and content.rstrip(" \t")[-1:] not in {",", "[", "{"}:
        return None
    guess = _guessed(content, is_key=is_key)
    return start + 1 + len(guess) if len(guess) < len(content) else None


def _end_of(pattern: re.Pattern[str], text: str, position: int) -> int:
    match = pattern.match(text, position)
    return match.end() if match is not None else position


def _guessed(content: str, *, is_key: bool) -> str:
    """Return the part of a line that was most likely meant to be in a string."""
    key = re.match(r"[^:=,{}\[\]]*?(?=[ \t]*[:=])", content) if is_key else None
    return key[0] if key is not None else content.rstrip(" \t,[]{}")


def decode(content: str) -> str:
    """Return the value of a string from the text between its quotes, flaws included.

    A backslash that escapes nothing stands for itself, half a surrogate pair becomes U+FFFD.
    """
    return _SPECIAL.sub(_character, content)


def flaws(content: str) -> Iterator[Flaw]:
    """Yield what is wrong with the text between a string's quotes."""
    for match in _SPECIAL.finditer(content):
        start, end = match.span()
        if match["bad"]:
            # Windows paths and regular expressions mean the backslash; other languages write `\'`.
            following = content[end : end + 1]
            shown = following if match["bad"] == "\\" and following.isprintable() else ""
            right = "'" if match["bad"] == "\\'" else "\\\\" + shown
            yield Flaw(start, end + len(shown), "escape", right)
        elif match["lone"]:
            yield Flaw(start, end, "surrogate", None)
        elif match["raw"]:
            is_control = match["raw"] < " "
            mended = json.dumps(match["raw"])[1:-1] if is_control else None
            yield Flaw(start, end, "control" if is_control else "surrogate", mended)


def source_offset(content: str, index: int) -> int:
    """Return where the character `index` of a string's value starts in the text between its quotes."""
    offset = index
    for match in _SPECIAL.finditer(content):
        if match.start() >= offset:
            break
        offset += len(match[0]) - 1
    return min(offset, len(content))


def mended_number(word: str) -> str | None:
    """Return the JSON spelling of a number that another language would read (`.5`, `+1`, `0x10`, `1_000`)."""
    bare = re.sub(r"(?<=[0-9])_(?=[0-9])", "", word).removeprefix("+")
    if re.fullmatch(r"-?0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)", bare) and len(bare) < MAX_DIGITS:
        return str(int(bare, 0))
    match = re.fullmatch(r"(-?)0*([0-9]*)(\.?)([0-9]*)((?:[eE][+-]?[0-9]+)?)", bare)
    if match is None or not re.match("-?[.]?[0-9]", bare):
        return None
    sign, whole, point, fraction, exponent = match.groups()
    return sign + (whole or "0") + point + (fraction or "0" if point else "") + exponent


def number_value(integer: str, fraction: str) -> int | float | None:
    """Return the value of a number as `json.loads` reads it, None when Python can't hold it.

    Args:
        integer: sign and whole digits.
        fraction: the rest, from the point or the exponent on; empty for an integer.
    """
    if fraction:
        value = float(integer + fraction)
        return value if abs(value) != math.inf else None
    return int(integer) if len(integer.lstrip("-")) <= MAX_DIGITS else None


def split_number(spelling: str) -> tuple[str, str]:
    """Return a well-formed number's whole part and the rest."""
    match = re.match(r"-?[0-9]*", spelling)
    whole = match[0] if match is not None else ""
    return whole, spelling[len(whole) :]


def quote(value: str | float | None) -> str:
    """Return the JSON spelling of a scalar."""
    return json.dumps(value, ensure_ascii=False)


def _character(match: re.Match[str]) -> str:
    """Return the one character that a special piece of a string stands for."""
    if match["pair"]:
        high, low = int(match["pair"][2:6], 16), int(match["pair"][8:12], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if match["code"]:
        return chr(int(match["code"], 16))
    if match["short"]:
        return _SHORT[match["short"]]
    if match["bad"]:
        return match["bad"][-1]
    return match["raw"] if match["raw"] and match["raw"] < " " else _REPLACEMENT
