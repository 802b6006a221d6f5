"""Check the keys and values of a block: the flags that they set, the number of jobs, and the mistakes.

Checks one block at a time, without the others. Knows nothing of files, scripts or machines.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Final, NamedTuple

from caliban_ls.analysis.findings import Edit, Finding, Fix, Severity, shifted
from caliban_ls.analysis.jsondoc import Kind, Member, Node, SideTable, quote
from caliban_ls.analysis.rules import finding
from caliban_ls.core.text import Span

_FLAG = r"[^\s,\[\]]+"
_KEY = re.compile(rf"{_FLAG}|\[\s*{_FLAG}(?:\s*,\s*{_FLAG})*\s*\]")
# Before Python 3.12, looking up a member of an enumeration is slow, which adds up over many blocks.
_ARRAY, _STRING, _NUMBER, _BOOLEAN = Kind.ARRAY, Kind.STRING, Kind.NUMBER, Kind.BOOLEAN
_REMEMBERED = 1024  # names of keys; the blocks of a sweep have mostly the same ones

_UNIFORM_ROWS = 3  # this many rows of one wrong length make one finding on the key, not one for each row


class _CheckedMember(NamedTuple):
    """The result of checking a member.

    Attributes:
        rows: by how many it multiplies its block's jobs, None where its syntax leaves that open.
        flags: those that it sets; none where the key isn't valid.
        findings: what is wrong with it. Spans count from the value's start.
        is_final: whether no change of another key could change any of it.
    """

    rows: int | None
    flags: tuple[str, ...]
    findings: tuple[Finding, ...]
    is_final: bool


_CHECKED: Final = SideTable[_CheckedMember]()
"""By the members' values: an edit of a member makes a new value or touches the old one."""

_UNKNOWN: Final = _CheckedMember(None, (), (), is_final=False)
"""The result for a member whose key or value is missing or broken, for which there is a syntax finding."""

_FEW = 32
"""Blocks of up to this many members are checked whole: that is as fast, and takes no memory."""


class _Taken:
    """How often each flag is set in a block: counted once, at the first use."""

    __slots__ = ("_block", "_counted")

    def __init__(self, block: Node) -> None:
        self._block = block
        self._counted: Counter[str] | None = None

    def __getitem__(self, flag: str) -> int:
        if self._counted is None:
            names = (member.key.value for member in self._block.members)
            self._counted = Counter(
                flag for name in names if isinstance(name, str) for flag in flags_of(name)
            )
        return self._counted[flag]


@lru_cache(_REMEMBERED)
def flags_of(name: str) -> tuple[str, ...]:
    """Return the flags that a valid key sets."""
    if name.startswith("["):
        return tuple(flag.strip() for flag in name.strip("[]").split(","))
    return (name,)


@lru_cache(_REMEMBERED)
def is_key(name: str) -> bool:
    """Return whether a text is a valid key, plain or compound."""
    return _KEY.fullmatch(name) is not None


def row_count(member: Member) -> int:
    """Return the number of rows of a key in a block without errors, by which it multiplies the jobs."""
    value = member.value
    if value is None or value.kind is not _ARRAY:
        return 1
    if member.key.value.startswith("[") and (
        value.plain or not any(item.kind is _ARRAY for item in value.items)
    ):
        return 1
    return value.size


def check_block(node: Node) -> tuple[int | None, list[Finding]]:
    """Return a block's number of jobs, None when it has errors, and the findings about its keys and values."""
    if node.parts is not None and (number := _count_plain(node.parts)) is not None:
        return number, []
    members = node.members
    taken = _Taken(node)
    keeps = len(members) > _FEW
    checked: list[_CheckedMember] = []
    findings: list[Finding] = []
    for member in members:
        value = member.value
        if value is None:
            checked.append(_UNKNOWN)
            continue
        one = _CHECKED.get(value)
        if one is None:
            one = _check(member, value, taken)
            if keeps and one.is_final:
                _CHECKED.put(value, one)
        checked.append(one)
        if one.findings:
            start = value.span.start
            findings += [shifted(found, start) for found in one.findings]
    findings += _set_twice(members, checked)
    rows = [one.rows for one in checked if one.rows is not None]
    if node.damaged or len(rows) < len(members) or any(one.severity is Severity.ERROR for one in findings):
        return None, findings
    return prod(each**times for each, times in Counter(rows).items()), findings


def _check(member: Member, value: Node, taken: _Taken) -> _CheckedMember:
    """Check a member that has a value, in a block whose flags are taken."""
    # Most members are in order; a few quick tests show it.
    key = member.key
    if key.kind is not _STRING or key.damaged:
        return _UNKNOWN
    name: str = key.value
    is_simple = _is_simple(name)
    if is_simple and not value.damaged and (value.plain or _is_harmless(value)):
        return _CheckedMember(value.plain or 1, (name,), (), is_final=True)
    found = _member_findings(member, taken)
    if found:
        start = value.span.start
        found = [shifted(one, -start) for one in found]
    rows = row_count(member) if _is_whole(member) else None
    flags = flags_of(name) if is_key(name) else ()
    return _CheckedMember(rows, flags, tuple(found), is_final=is_simple or _is_compound(name))


def _count_plain(parts: Sequence[tuple[str, str]]) -> int | None:
    """Return how many jobs an unread block stands for, None where its members have to be read."""
    if not _are_simple(tuple([name for name, _ in parts])):
        return None
    count = 1
    for name, spelling in parts:
        if spelling[0] == "[" or name[0] == "[":
            rows = _count_rows(name, spelling)
            if rows is None:
                return None
            count *= rows
    return count


@lru_cache(_REMEMBERED)
def _are_simple(names: tuple[str, ...]) -> bool:
    """Whether there is nothing wrong with a block's keys; the blocks of a sweep share the answer."""
    return all(_is_simple(name) or _is_compound(name) for name in names) and not _may_clash(names)


@lru_cache(_REMEMBERED)
def _count_rows(name: str, spelling: str) -> int | None:
    """Return by how many a key multiplies a block's jobs, None where its rows don't fit; blocks share most lists."""
    values = json.loads(spelling)
    if name[0] != "[":
        return len(values)
    if not isinstance(values, list):
        return None
    width = len(flags_of(name))
    if all(isinstance(row, list) for row in values):
        return len(values) if all(len(row) == width for row in values) else None
    return 1 if len(values) == width and not any(isinstance(row, list) for row in values) else None


def described(node: Node) -> str:
    """Describe a value, short enough for a message."""
    if node.kind is Kind.ARRAY:
        return "a list"
    if node.kind is Kind.OBJECT:
        return "an object"
    spelling = quote(node.value)
    return spelling if len(spelling) <= 30 else f"{spelling[:29]}…"  # noqa: PLR2004 - about a third of a line


def _is_harmless(value: Node) -> bool:
    """Whether a value is a number, a boolean or a text that a flag can be given."""
    kind = value.kind
    return kind is _NUMBER or kind is _BOOLEAN or (kind is _STRING and "\0" not in value.value)


@lru_cache(_REMEMBERED)
def _is_simple(name: str) -> bool:
    """Whether a key is that of one flag, with nothing wrong about it."""
    return is_key(name) and name[0] not in "[-" and "\0" not in name


@lru_cache(_REMEMBERED)
def _is_compound(name: str) -> bool:
    """Whether a key is that of several flags, with nothing wrong about it."""
    return (
        is_key(name)
        and name[0] == "["
        and "\0" not in name
        and not any(flag.startswith("-") for flag in flags_of(name))
    )


def _is_whole(member: Member) -> bool:
    """Whether the syntax of a key and its values leaves nothing open; `_member_findings` checks the rest."""
    value = member.value
    if value is None or member.key.kind is not _STRING or member.key.damaged:
        return False
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if node.kind is Kind.INVALID or node.damaged:
            return False
        if not node.plain:
            waiting.extend(node.items)
    return True


def _member_findings(member: Member, taken: _Taken) -> list[Finding]:
    key, value = member.key, member.value
    if key.kind is not Kind.STRING or key.damaged or value is None or value.kind is Kind.INVALID:
        return []  # a syntax finding is there already
    name: str = key.value
    if _is_compound(name):
        return _compound_findings(name, key.span, value)
    found = _key_finding(member, taken)
    if found:
        return [found]
    findings = _compound_findings(name, key.span, value) if name.startswith("[") else _plain_findings(value)
    if any(flag.startswith("-") for flag in flags_of(name)):
        bare = re.sub(r"(?<![^\[\s,])-+", "", name)
        fixes = [_rename(key.span, bare)] if _fits(bare, member, taken) else []
        message = f"Dashes are added for you: {quote(name)} would become --{flags_of(name)[0]}"
        findings.append(finding("CAL211", key.span, message, *fixes))
    return findings


def _key_finding(member: Member, taken: _Taken) -> Finding | None:
    name: str = member.key.value
    span = member.key.span
    if "\0" in name:
        return finding("CAL212", span, "A flag can't contain the character U+0000; remove it")
    if is_key(name):
        return None
    if not name.strip():
        return finding("CAL205", span, "The key is empty; name the flag that it sets")
    if re.search(r"[\[\]]", name[1:-1] if name[0] == "[" and name[-1] == "]" else name):
        message = f'{quote(name)} has a stray bracket; a compound key is written "[a,b]", a plain one "a"'
    elif name.startswith("["):
        message = f'{quote(name)} isn\'t a list of flags; a compound key is written "[a,b]"'
    elif "," in name:
        message = f"{quote(name)} has a comma; flags that vary together are written in brackets"
    else:
        message = f"{quote(name)} has white space; a flag's name has none"
    better = _better_key(name)
    fixes = [_rename(span, better)] if _fits(better, member, taken) else []
    return finding("CAL205", span, message, *fixes)


def _better_key(name: str) -> str:
    """Return a likely key in place of an invalid one; it may be invalid itself."""
    words = [re.sub(r"\s+", "_", part.strip()) for part in re.sub(r"[\[\]]", " ", name).split(",")]
    words = [word for word in words if word]
    return f"[{','.join(words)}]" if len(words) > 1 else "".join(words)


def _fits(name: str, member: Member, taken: _Taken) -> bool:
    """Whether a member could be renamed to a key without bringing another finding."""
    key, value = member.key, member.value
    if not _KEY.fullmatch(name) or value is None:
        return False
    flags, own = flags_of(name), Counter(flags_of(key.value))
    if len(set(flags)) < len(flags) or any(taken[flag] > own[flag] for flag in flags):
        return False
    return not (_compound_findings(name, key.span, value) if name.startswith("[") else _plain_findings(value))


def _plain_findings(value: Node) -> list[Finding]:
    if value.kind is not Kind.ARRAY:
        return _value_findings(value)
    if value.plain:
        return []
    if not value.items and not value.damaged:
        return [_empty_list(value)]
    findings = []
    for item in value.items:
        findings += _value_findings(item)
    return findings


def _compound_findings(name: str, span: Span, value: Node) -> list[Finding]:
    width = len(flags_of(name))
    if value.kind is not Kind.ARRAY:
        fixes = []
        if width == 1 and not _value_findings(value):
            end = value.span.end
            start = value.span.start
            edits = (Edit(Span(start, start), "["), Edit(Span(end, end), "]"))
            fixes.append(Fix("Write it as a row", edits))
        message = (
            f"{name} names {_flag_word(width)}; give it rows of {_value_word(width)}, not {described(value)}"
        )
        return [finding("CAL206", value.span, message, *fixes)]
    if value.plain:
        return _row_findings(name, width, value)
    if not value.items:
        return [] if value.damaged else [_empty_list(value)]
    rows = [item for item in value.items if item.kind is Kind.ARRAY]
    if rows and len(rows) < len(value.items):
        return _mixed(value, width)
    if not rows:
        return _row_findings(name, width, value)
    lengths = {row.size for row in rows if not row.damaged}
    if len(lengths) == 1 and len(rows) >= _UNIFORM_ROWS and width not in lengths:
        message = f"{name} names {_flag_word(width)}, but every row has {_value_word(*lengths)}"
        return [finding("CAL207", span, message)]
    findings = []
    for row in rows:
        findings += _row_findings(name, width, row)
    return findings


def _row_findings(name: str, width: int, row: Node) -> list[Finding]:
    if row.size != width:
        if row.damaged:
            return []
        message = f"{name} names {_flag_word(width)}, but this row has {_value_word(row.size)}"
        return [finding("CAL207", row.span, message)]
    if row.plain:
        return []
    findings = []
    for item in row.items:
        findings += _value_findings(item)
    return findings


def _mixed(value: Node, width: int) -> list[Finding]:
    """Report the first item that differs in kind from what the others suggest."""
    if value.damaged or any(item.kind is Kind.INVALID for item in value.items):
        return []
    flat = value.items[0].kind is not Kind.ARRAY and len(value.items) == width
    odd = next(item for item in value.items if (item.kind is Kind.ARRAY) is flat)
    meant = "the row is flat" if flat else "the others are rows"
    return [
        finding("CAL208", odd.span, f"{described(odd)} stands among the values, but {meant}; write all alike")
    ]


def _value_findings(value: Node) -> list[Finding]:
    """Check one value that a flag would get; nested lists are passed as Python spells them."""
    if value.kind is Kind.NULL:
        return [
            finding(
                "CAL203", value.span, "null can't be given on a command line; use false to leave a flag out"
            )
        ]
    if value.kind is Kind.OBJECT:
        return [
            finding("CAL204", value.span, "A flag can't take an object; flatten it into flags of its own")
        ]
    if value.kind is Kind.STRING and "\0" in value.value:
        return [finding("CAL212", value.span, "An argument can't contain the character U+0000; remove it")]
    return []


def _set_twice(members: Sequence[Member], checked: Sequence[_CheckedMember]) -> list[Finding]:
    """Find flags that a compound key sets again. A key that is literally repeated is a matter of syntax."""
    findings: list[Finding] = []
    every = [flag for one in checked for flag in one.flags]
    if len(set(every)) == len(every):
        return findings
    seen: dict[str, str] = {}
    for member, one in zip(members, checked, strict=True):
        name: str = member.key.value
        times = Counter(one.flags)
        for flag in one.flags:
            if flag in seen and seen[flag] != name:
                message = f"--{flag} is set here and in {quote(seen[flag])}; keep one of the two"
            elif times[flag] > 1:
                message = f"--{flag} stands twice in this compound key; name each flag once"
            else:
                continue
            findings.append(finding("CAL209", member.key.span, message))
            break
        for flag in one.flags:
            seen.setdefault(flag, name)
    return findings


def _may_clash(names: Sequence[str]) -> bool:
    """Whether some of a block's keys may set the same flag."""
    flags = [flag for name in set(names) for flag in flags_of(name)]
    return len(set(flags)) < len(flags)


def _empty_list(value: Node) -> Finding:
    return finding(
        "CAL202", value.span, "An empty list stands for no job at all; give it a value or remove the key"
    )


def _rename(span: Span, name: str) -> Fix:
    return Fix(f"Rename to {quote(name)}", (Edit(span, quote(name)),))


def _flag_word(number: int) -> str:
    return "1 flag" if number == 1 else f"{number} flags"


def _value_word(number: int) -> str:
    return "1 value" if number == 1 else f"{number} values"
