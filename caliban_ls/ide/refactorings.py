"""Refactorings of a sweep: tie lists together and untie them, spread a range, put a list in order."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from caliban_ls.analysis.checks.limits import repeated
from caliban_ls.analysis.experiment import sweep
from caliban_ls.analysis.experiment.block import flags_of, is_key, row_count
from caliban_ls.analysis.experiment.sweep import Block
from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.jsondoc import Kind, Member, Node, quote
from caliban_ls.analysis.jsondoc.edits import remove_items, remove_members
from caliban_ls.core.text import Span, shortened, spoken_number
from caliban_ls.ide import phrases
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.ide.inlay_hints import blocks_in

STEPS: Final[tuple[int, ...]] = (5, 10)
"""The numbers of values that a range without a third number can be spread over."""

_MOST_PARTNERS = 3  # lists that one list is offered to be tied to
_MOST_VALUES = 1000  # of a list that is rewritten
_MAGNITUDE = 10  # ends that lie this many times apart are worth steps of equal ratio
_DIGITS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Refactoring:
    """An optional change: edits, or a command with its arguments."""

    title: str
    edits: tuple[Edit, ...] = ()
    command: str | None = None
    arguments: Mapping[str, Any] | None = None


def refactorings(context: DocumentContext, span: Span) -> Iterator[Refactoring]:
    """Yield the refactorings of the keys that a selection touches."""
    if context.kind != "experiment":
        return
    for block, _ in blocks_in(context, span):
        if block.count is None or block.node.damaged:
            continue
        touched = [member for member in block.node.members if _touches(member.span, span)]
        if len(touched) > 1:
            yield from _tied(context, block, touched)
        elif touched:
            yield from _of_member(context, block, touched[0], span)
        if touched:
            return


def _of_member(context: DocumentContext, block: Block, member: Member, span: Span) -> Iterator[Refactoring]:
    value = member.value
    if value is None:
        return
    if is_key(member.key.value) and str(member.key.value).startswith("["):
        yield from _untied(context, block, member)
    elif value.kind is Kind.ARRAY:
        yield from _of_list(context, member, value)
        for other in _partners(block, member):
            pair = [one for one in block.node.members if one is member or one is other]
            yield from _tied(context, block, pair)
    else:
        where = value.span
        written = context.text[where.start : where.end]
        yield Refactoring(title="Turn the value into a list", edits=(Edit(where, f"[{written}]"),))
    yield from _just_this(context, block, member, span)


def _of_list(context: DocumentContext, member: Member, value: Node) -> Iterator[Refactoring]:
    items = value.items
    if len(items) == 1 and items[0].kind is not Kind.ARRAY:  # a list inside would multiply
        edit = Edit(value.span, _texts(context, value)[0])
        yield Refactoring(title="Turn the list into its value", edits=(edit,))
    if len(items) > _MOST_VALUES:
        return
    again = repeated(member)
    if again:
        yield Refactoring(title="Remove repeated values", edits=remove_items(context.document, value, again))
    order = _order(items)
    if order is not None:
        texts = _texts(context, value)
        edits = tuple(
            Edit(item.span, texts[place])
            for item, place in zip(items, order, strict=True)
            if item is not items[place]
        )
        if edits:
            yield Refactoring(title="Sort the values", edits=edits)
    yield from _ranges(context, value)


def _order(items: Sequence[Node]) -> list[int] | None:
    """Return the places of sorted items, None where they have no order."""
    if len(items) < 2:  # noqa: PLR2004 - it takes two to be out of order
        return None
    for kind in (Kind.NUMBER, Kind.STRING):
        if all(item.kind is kind for item in items):
            return sorted(range(len(items)), key=lambda place: items[place].value)
    return None


def _ranges(context: DocumentContext, value: Node) -> Iterator[Refactoring]:
    """Yield a list of two numbers spread out, in equal steps and, where the ends are far apart, equal ratios.

    A third number is how many values it is to be, as with NumPy's `linspace(start, stop, num)`.
    """
    if any(item.kind is not Kind.NUMBER for item in value.items):
        return
    match [item.value for item in value.items]:
        case [low, high]:
            numbers, ends = STEPS, ""
        case [low, high, int(number)] if 2 < number <= _MOST_VALUES:  # noqa: PLR2004 - ends
            numbers, ends = (number,), " {} to {}"
        case _:
            return
    first, last = _texts(context, value)[:2]
    for number in numbers:
        for name, values in _spread(low, high, number):
            inner = [_number(one, whole=isinstance(low, int) and isinstance(high, int)) for one in values]
            texts = [first, *inner, last]
            if len(set(texts)) == number:
                title = f"Spread{ends.format(first, last)} over {number} {name} steps"
                yield Refactoring(title=title, edits=(Edit(value.span, f"[{', '.join(texts)}]"),))


def _spread(low: float, high: float, number: int) -> Iterator[tuple[str, list[float]]]:
    """Yield ways from one number to another, by name, without the ends."""
    try:
        if low > 0 and high > 0 and max(low, high) >= _MAGNITUDE * min(low, high):
            ratio = (high / low) ** (1 / (number - 1))
            yield "logarithmic", [low * ratio**step for step in range(1, number - 1)]
        if low != high:
            yield "linear", [low + (high - low) * step / (number - 1) for step in range(1, number - 1)]
    except OverflowError:
        return  # integers that no float can hold


def _number(value: float, *, whole: bool) -> str:
    return str(round(value)) if whole else json.dumps(float(f"{value:.{_DIGITS}g}"))


def _partners(block: Block, member: Member) -> list[Member]:
    """Return plain lists with as many values as a member has, the nearest first."""
    members = list(block.node.members)
    place = members.index(member)
    size = row_count(member)
    fit = [
        (abs(number - place), number, other)
        for number, other in enumerate(members)
        if other is not member and _is_plain_list(other) and row_count(other) == size
    ]
    return (
        [other for _, _, other in sorted(fit, key=lambda row: row[:2])[:_MOST_PARTNERS]] if size > 1 else []
    )


def _tied(context: DocumentContext, block: Block, members: Sequence[Member]) -> Iterator[Refactoring]:
    """Yield the compound key that several lists of one length make."""
    sizes = {row_count(member) for member in members}
    if not all(_is_plain_list(member) for member in members) or len(sizes) != 1:
        return
    (size,) = sizes
    if size < 2 or size > _MOST_VALUES:  # noqa: PLR2004 - one value of each is tied already
        return
    columns = [_texts(context, member.value) for member in members if member.value is not None]
    rows = ", ".join(f"[{', '.join(row)}]" for row in zip(*columns, strict=True))
    names = ",".join(str(member.key.value) for member in members)
    if not is_key(f"[{names}]"):
        return
    left = (block.count or 0) // size ** (len(members) - 1)
    first, *others = members
    edits = (
        Edit(first.span, f"{quote(f'[{names}]')}: [{rows}]"),
        *remove_members(context.document, block.node, others),
    )
    shown = shortened(" and ".join(str(member.key.value) for member in members), 60)
    yield Refactoring(
        title=f"Tie {shown} together: {phrases.jobs(left)} instead of {spoken_number(block.count or 0)}",
        edits=edits,
    )


def _untied(context: DocumentContext, block: Block, member: Member) -> Iterator[Refactoring]:
    """Yield the lists that a compound key of several rows is made of."""
    value = member.value
    if value is None or any(item.kind is not Kind.ARRAY for item in value.items):
        return
    names = flags_of(member.key.value)
    size = len(value.items)
    if size > _MOST_VALUES or not size:
        return
    rows = [_texts(context, row) for row in value.items]
    # A value that stands in several rows would make the same jobs again.
    columns = [dict.fromkeys(column) for column in zip(*rows, strict=True)]
    members = [f"{quote(name)}: [{', '.join(column)}]" for name, column in zip(names, columns, strict=True)]
    count = (block.count or 0) // size * prod(len(column) for column in columns)
    separator = _between(context, block, member)
    title = f"Untie {member.key.value}: {phrases.jobs(count)} instead of {spoken_number(block.count or 0)}"
    yield Refactoring(title=title, edits=(Edit(member.span, f",{separator}".join(members)),))


def _between(context: DocumentContext, block: Block, member: Member) -> str:
    """Return the white space that stands before a member, as its author lays members out."""
    start = member.span.start
    line = max(context.text.rfind("\n", 0, start), context.text.rfind("\r", 0, start)) + 1
    indent = context.text[line:start]
    newline = "\r\n" if context.text[max(0, line - 2) : line] == "\r\n" else "\n"
    return f"{newline}{indent}" if line > block.node.span.start and not indent.strip() else " "


def _just_this(context: DocumentContext, block: Block, member: Member, span: Span) -> Iterator[Refactoring]:
    """Yield the run of one combination: the value at the cursor, and of all other lists the first."""
    if context.sweep.count is None or not block.count or block.count < 2:  # noqa: PLR2004 - a choice of two
        return
    value = member.value
    if value is None or value.kind is not Kind.ARRAY or row_count(member) != len(value.items):
        return
    touched = [place for place, item in enumerate(value.items) if _touches(item.span, span)]
    if len(touched) != 1:
        return
    behind = block.node.members[list(block.node.members).index(member) + 1 :]
    stride = 1
    for other in behind:
        stride *= row_count(other)
    index = 1 + touched[0] * stride
    chosen = sweep.combination(sweep.Experiment((block,), block.count, ()), index)
    shown = shortened(", ".join(f"{flag}={value}" for flag, value in chosen.items()), 60)
    yield Refactoring(
        title=f"Run just this combination: {shown}",
        command="run",
        arguments={"block": block.pointer, "index": index},
    )


def _is_plain_list(member: Member) -> bool:
    value = member.value
    plain = isinstance(member.key.value, str) and not member.key.value.startswith("[")
    scalars = value is not None and all(item.kind is not Kind.ARRAY for item in value.items)
    return plain and value is not None and value.kind is Kind.ARRAY and scalars


def _texts(context: DocumentContext, value: Node | None) -> list[str]:
    """Return the items of a list as they are written."""
    if value is None:
        return []
    base = value.span.start
    return [context.text[base + item.offset : base + item.offset + item.length] for item in value.items]


def _touches(one: Span, other: Span) -> bool:
    return one.start <= other.end and other.start <= one.end
