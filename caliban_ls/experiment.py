"""The sweep that an experiment config describes: its blocks, their count, and the jobs they stand for.

Judging and counting never enumerate: a config of 10^15 jobs costs what its text costs. Expansion is lazy.
Knows nothing of files, scripts or machines. The rules are those of google/caliban 0.4.2
(`docs/explore/experiment_broadcasting.rst`); what that program crashes on or drops silently is an error here.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from math import prod
from typing import Any, TypeAlias

from caliban_ls.findings import Edit, Finding, Fix, Severity, shifted
from caliban_ls.jsondoc import JsonDocument, Kind, Member, Node, quote, to_python, walk
from caliban_ls.rules import finding
from caliban_ls.text import Span

_FLAG = r"[^\s,\[\]]+"
_KEY = re.compile(rf"{_FLAG}|\[\s*{_FLAG}(?:\s*,\s*{_FLAG})*\s*\]")
_Taken: TypeAlias = Callable[[], Counter[str]]  # counts a block's flags, once, when it is first asked

_UNIFORM_ROWS = 3  # this many rows of one wrong length blame the key, not each of the rows


@dataclass(frozen=True, slots=True)
class Axis:
    """One key of a block: the flags it sets, and the rows of values that they take in turn."""

    flags: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One object of flags.

    Attributes:
        node: where it stands.
        pointer: JSON pointer (RFC 6901) to it; empty for a config that is a single object.
        count: how many jobs it stands for, None when it has errors, those of its syntax included.
        notes: what readers remember about it, each under a name of its own, until an edit touches it; what
            has a place counts from the block's start.
    """

    node: Node
    pointer: str
    count: int | None
    notes: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Experiment:
    """A whole config, judged.

    Attributes:
        blocks: in the file's order.
        count: how many jobs, None when the config has errors, those of its syntax included.
        findings: family CAL2 only.
    """

    blocks: tuple[Block, ...]
    count: int | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    """What judging a block gave, kept on its node until an edit touches it. Spans count from its start."""

    count: int | None
    findings: tuple[Finding, ...]
    notes: dict[str, Any] = field(default_factory=dict)


def read(document: JsonDocument) -> Experiment:
    """Judge and count a config. Broken input gives findings, never an exception."""
    blocks: list[Block] = []
    findings: list[Finding] = []
    for pointer, node in _top_level(document.root):
        if node.kind is Kind.OBJECT:
            reading = _read_block(node)
            findings += [shifted(found, node.span.start) for found in reading.findings]
            blocks.append(Block(node, pointer, reading.count, reading.notes))
        elif node.kind is not Kind.INVALID:
            message = f'{_describe(node)} isn\'t a block of flags; write an object such as {{"lr": 0.1}}'
            findings.append(finding("CAL201", node.span, message))
    if document.root is not None and document.root.kind is Kind.ARRAY and not blocks and not findings:
        findings += _no_jobs(document.root)
    broken = _has_errors(document.findings) or _has_errors(findings)
    count = None if broken else sum(block.count or 0 for block in blocks)
    return Experiment(tuple(blocks), count, tuple(findings))


def axes(block: Block) -> tuple[Axis, ...]:
    """Return the axes of a block without errors, in the file's order."""
    return tuple(axis_of(member) for member in block.node.members if member.value is not None)


def axis_of(member: Member) -> Axis:
    """Return the axis that a key without errors is."""
    return Axis(flags_of(member.key.value), _rows(member))


def flags_of(name: str) -> tuple[str, ...]:
    """Return the flags that a valid key sets."""
    if name.startswith("["):
        return tuple(flag.strip() for flag in name.strip("[]").split(","))
    return (name,)


def is_key(name: str) -> bool:
    """Return whether a text is a valid key, plain or compound."""
    return _KEY.fullmatch(name) is not None


def row_count(member: Member) -> int:
    """Return by how many a key of a block without errors multiplies its jobs."""
    value = member.value
    if value is None or value.kind is not Kind.ARRAY:
        return 1
    if member.key.value.startswith("[") and not any(item.kind is Kind.ARRAY for item in value.items):
        return 1
    return len(value.items)


def expand(experiment: Experiment) -> Iterator[dict[str, Any]]:
    """Yield every job's parameters, flag to value, lazily; the last key of a block varies fastest.

    The experiment has no errors (`count` isn't None).
    """
    for block in experiment.blocks:
        parts = axes(block)
        for rows in itertools.product(*(axis.rows for axis in parts)):
            yield _combine(parts, rows)


def combination(experiment: Experiment, index: int) -> dict[str, Any]:
    """Return the parameters of one job without expanding the others.

    Args:
        experiment: one without errors.
        index: 1-based, as `expand` counts.

    Raises:
        IndexError: there is no such job.
    """
    rest = index - 1
    if rest < 0:
        raise IndexError(index)
    for block in experiment.blocks:
        if rest < (block.count or 0):
            parts = axes(block)
            rows: list[tuple[Any, ...]] = []
            for axis in reversed(parts):
                rest, place = divmod(rest, len(axis.rows))
                rows.append(axis.rows[place])
            return _combine(parts, tuple(reversed(rows)))
        rest -= block.count or 0
    raise IndexError(index)


def arguments(parameters: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the argument vector of one job: `true` gives the bare flag, `false` none, the rest `str(value)`."""
    vector: list[str] = []
    for flag, value in parameters.items():
        if value is True:
            vector.append(f"--{flag}")
        elif value is not False:
            vector += (f"--{flag}", str(value))
    return tuple(vector)


def _top_level(root: Node | None) -> Iterator[tuple[str, Node]]:
    """Yield what stands in the (nested) lists of the top level, with its JSON pointer, in the file's order."""
    stack = [] if root is None else [("", root)]
    while stack:
        pointer, node = stack.pop()
        if node.kind is Kind.ARRAY:
            children = [(f"{pointer}/{number}", item) for number, item in enumerate(node.items)]
            stack += reversed(children)
        else:
            yield pointer, node


def _read_block(node: Node) -> _Reading:
    if not isinstance(node.memo, _Reading):
        findings: list[Finding] = []
        taken = cache(partial(_taken, node))
        for member in node.members:
            findings += _judge_member(member, taken)
        findings += _set_twice(node)
        start = node.span.start
        count = None
        if not _has_errors(findings) and not node.damaged and all(map(_is_whole, node.members)):
            count = prod(row_count(member) for member in node.members)
        node.memo = _Reading(count, tuple(shifted(found, -start) for found in findings))
    return node.memo


def _is_whole(member: Member) -> bool:
    """Whether the syntax of a key and its values leaves nothing open; `_judge_member` has seen to the rest."""
    value = member.value
    if value is None or member.key.kind is not Kind.STRING or member.key.damaged:
        return False
    # Most values have nothing inside them, and needn't be walked through.
    parts = (
        (value, *value.items) if not any(item.items or item.members for item in value.items) else walk(value)
    )
    return all(node.kind is not Kind.INVALID and not node.damaged for node in parts)


def _taken(block: Node) -> Counter[str]:
    """Return how often each flag is set in a block."""
    names = (member.key.value for member in block.members)
    return Counter(flag for name in names if isinstance(name, str) for flag in flags_of(name))


def _judge_member(member: Member, taken: _Taken) -> list[Finding]:
    key, value = member.key, member.value
    if key.kind is not Kind.STRING or key.damaged or value is None or value.kind is Kind.INVALID:
        return []  # the syntax findings have said it
    name: str = key.value
    found = _judge_key(member, taken)
    if found:
        return [found]
    findings = _judge_compound(name, key.span, value) if name.startswith("[") else _judge_plain(value)
    if any(flag.startswith("-") for flag in flags_of(name)):
        bare = re.sub(r"(?<![^\[\s,])-+", "", name)
        fixes = [_rename(key.span, bare)] if _fits(bare, member, taken) else []
        message = f"Dashes are added for you: {quote(name)} would become --{flags_of(name)[0]}"
        findings.append(finding("CAL211", key.span, message, *fixes))
    return findings


def _judge_key(member: Member, taken: _Taken) -> Finding | None:
    name: str = member.key.value
    span = member.key.span
    if "\0" in name:
        return finding("CAL212", span, "A flag can't contain the character U+0000; remove it")
    if _KEY.fullmatch(name):
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
    """Return what the writer may have meant; it needn't be valid."""
    words = [re.sub(r"\s+", "_", part.strip()) for part in re.sub(r"[\[\]]", " ", name).split(",")]
    words = [word for word in words if word]
    return f"[{','.join(words)}]" if len(words) > 1 else "".join(words)


def _fits(name: str, member: Member, taken: _Taken) -> bool:
    """Whether a key would go with a member's value and the other keys, so that renaming brings no other finding."""
    key, value = member.key, member.value
    if not _KEY.fullmatch(name) or value is None:
        return False
    flags, own = flags_of(name), Counter(flags_of(key.value))
    if len(set(flags)) < len(flags) or any(taken()[flag] > own[flag] for flag in flags):
        return False
    return not (_judge_compound(name, key.span, value) if name.startswith("[") else _judge_plain(value))


def _judge_plain(value: Node) -> list[Finding]:
    if value.kind is not Kind.ARRAY:
        return _judge_value(value)
    if not value.items and not value.damaged:
        return [_empty_list(value)]
    findings = []
    for item in value.items:
        findings += _judge_value(item)
    return findings


def _judge_compound(name: str, span: Span, value: Node) -> list[Finding]:
    width = len(flags_of(name))
    if value.kind is not Kind.ARRAY:
        fixes = []
        if width == 1 and not _judge_value(value):
            end = value.span.end
            start = value.span.start
            edits = (Edit(Span(start, start), "["), Edit(Span(end, end), "]"))
            fixes.append(Fix("Write it as a row", edits))
        message = (
            f"{name} names {_flag_word(width)}; give it rows of {_value_word(width)}, not {_describe(value)}"
        )
        return [finding("CAL206", value.span, message, *fixes)]
    if not value.items:
        return [] if value.damaged else [_empty_list(value)]
    rows = [item for item in value.items if item.kind is Kind.ARRAY]
    if rows and len(rows) < len(value.items):
        return _mixed(value, width)
    if not rows:
        return _judge_row(name, width, value)
    lengths = {len(row.items) for row in rows if not row.damaged}
    if len(lengths) == 1 and len(rows) >= _UNIFORM_ROWS and width not in lengths:
        message = f"{name} names {_flag_word(width)}, but every row has {_value_word(*lengths)}"
        return [finding("CAL207", span, message)]
    findings = []
    for row in rows:
        findings += _judge_row(name, width, row)
    return findings


def _judge_row(name: str, width: int, row: Node) -> list[Finding]:
    if len(row.items) != width:
        if row.damaged:
            return []
        message = f"{name} names {_flag_word(width)}, but this row has {_value_word(len(row.items))}"
        return [finding("CAL207", row.span, message)]
    findings = []
    for item in row.items:
        findings += _judge_value(item)
    return findings


def _mixed(value: Node, width: int) -> list[Finding]:
    """Blame the first item that is of the other kind than the writer seems to have meant."""
    if value.damaged or any(item.kind is Kind.INVALID for item in value.items):
        return []
    flat = value.items[0].kind is not Kind.ARRAY and len(value.items) == width
    odd = next(item for item in value.items if (item.kind is Kind.ARRAY) is flat)
    meant = "the row is flat" if flat else "the others are rows"
    return [
        finding("CAL208", odd.span, f"{_describe(odd)} stands among the values, but {meant}; write all alike")
    ]


def _judge_value(value: Node) -> list[Finding]:
    """Judge one value that a flag would get; nested lists are passed as Python spells them."""
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


def _set_twice(node: Node) -> list[Finding]:
    """Find flags that a compound key sets again. A key that is literally repeated is a matter of syntax."""
    findings: list[Finding] = []
    seen: dict[str, str] = {}
    for member in node.members:
        if member.key.kind is not Kind.STRING or member.key.damaged or not _KEY.fullmatch(member.key.value):
            continue
        name: str = member.key.value
        flags = flags_of(name)
        times = Counter(flags)
        for flag in flags:
            if flag in seen and seen[flag] != name:
                message = f"--{flag} is set here and in {quote(seen[flag])}; keep one of the two"
            elif times[flag] > 1:
                message = f"--{flag} stands twice in this compound key; name each flag once"
            else:
                continue
            findings.append(finding("CAL209", member.key.span, message))
            break
        for flag in flags:
            seen.setdefault(flag, name)
    return findings


def _empty_list(value: Node) -> Finding:
    return finding(
        "CAL202", value.span, "An empty list stands for no job at all; give it a value or remove the key"
    )


def _no_jobs(root: Node) -> list[Finding]:
    if root.damaged:
        return []
    fix = Fix("Write one job without flags", (Edit(root.span, "[{}]"),))
    return [finding("CAL210", root.span, "This list stands for no job; one job without flags is {}", fix)]


def _rename(span: Span, name: str) -> Fix:
    return Fix(f"Rename to {quote(name)}", (Edit(span, quote(name)),))


def _rows(member: Member) -> tuple[tuple[Any, ...], ...]:
    value = to_python(member.value) if member.value is not None else None
    if not member.key.value.startswith("["):
        return tuple((item,) for item in value) if isinstance(value, list) else ((value,),)
    if isinstance(value, list) and any(isinstance(item, list) for item in value):
        return tuple(tuple(row) for row in value)
    return (tuple(value or ()),)


def _combine(parts: tuple[Axis, ...], rows: tuple[tuple[Any, ...], ...]) -> dict[str, Any]:
    return {
        flag: value
        for axis, row in zip(parts, rows, strict=True)
        for flag, value in zip(axis.flags, row, strict=True)
    }


def _has_errors(findings: tuple[Finding, ...] | list[Finding]) -> bool:
    return any(found.severity is Severity.ERROR for found in findings)


def _describe(node: Node) -> str:
    """Name what stands there, short enough for a message."""
    if node.kind is Kind.ARRAY:
        return "a list"
    if node.kind is Kind.OBJECT:
        return "an object"
    spelling = quote(node.value)
    return spelling if len(spelling) <= 30 else f"{spelling[:29]}…"  # noqa: PLR2004 - about a third of a line


def _flag_word(number: int) -> str:
    return "1 flag" if number == 1 else f"{number} flags"


def _value_word(number: int) -> str:
    return "1 value" if number == 1 else f"{number} values"
