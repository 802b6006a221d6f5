"""Check a sweep's size against its project's limits, and find identical jobs: family CAL6.

Counting never enumerates. Jobs of one block are compared by their lists alone. Jobs of different blocks are compared
one by one if there are few enough; each block is enumerated once, until an edit touches it.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from caliban_ls.analysis.experiment import sweep
from caliban_ls.analysis.experiment.sweep import Block, Experiment
from caliban_ls.analysis.findings import Finding, Fix, shifted
from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Member, Node, SideTable
from caliban_ls.analysis.jsondoc.edits import remove_items
from caliban_ls.analysis.rules import finding
from caliban_ls.core.text import Span, shortened, spoken_amount, spoken_number

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import CostEstimate

_ARRAY: Final = Kind.ARRAY  # before Python 3.12, looking it up is slow

FREE_A_MINUTE: Final = 60
"""Submissions a minute that Google grants a project by default."""

MOST_COMPARED: Final = 10_000
"""Sweeps of more jobs are only searched for values that stand twice in one list."""

_REPEATS: Final = SideTable[tuple[Finding, ...]]()
_MEMBER_REPEATS: Final = SideTable[tuple[Finding, ...]]()
_KEYS: Final = SideTable[frozenset[str]]()


def limit_findings(document: JsonDocument, sweep: Experiment, estimate: CostEstimate | None) -> list[Finding]:
    """Check the size of a sweep.

    Args:
        document: the experiment config.
        sweep: what was read from it.
        estimate: the project that it belongs to, None where that isn't known: nothing is limited then.
    """
    found: list[Finding] = []
    for block in sweep.blocks:
        if block.count is not None:
            repeats = _REPEATS.get(block.node)
            if repeats is None:
                repeats = _REPEATS.put(block.node, _repeats(document, block.node))
            if repeats:
                found += [shifted(repeat, block.node.span.start) for repeat in repeats]
    if sweep.count is None or document.root is None:
        return found
    start = document.root.span.start
    whole = Span(start, start + 1)
    found += _repeated_blocks(document, sweep)
    if sweep.count > FREE_A_MINUTE:
        minutes = -(-sweep.count // FREE_A_MINUTE)
        message = (
            f"Google takes {FREE_A_MINUTE} submissions a minute unless the project was granted more:"
            f" {spoken_number(sweep.count)} jobs take up to {spoken_number(minutes)} minutes"
        )
        found.append(finding("CAL604", whole, message))
    if estimate is not None:
        found += _over_limits(sweep.count, whole, estimate)
    return found


def repeated(member: Member) -> list[Node]:
    """Return the values, or rows, of a key that repeat an earlier one, and so make the same jobs."""
    name, value = member.key.value, member.value
    if value is None or value.kind is not _ARRAY or not isinstance(name, str):
        return []
    if value.unread is not None and not _has_repeats(name, value.unread):
        return []
    axis = sweep.axis_of(member)
    if len(axis.rows) != len(value.items):
        return []  # one flat row
    seen: set[tuple[str, ...]] = set()
    again = []
    for row, item in zip(axis.rows, value.items, strict=True):
        spelled = tuple(_spelled(one) for one in row)
        if spelled in seen:
            again.append(item)
        seen.add(spelled)
    return again


@lru_cache(1024)
def _has_repeats(name: str, spelling: str) -> bool:
    """Whether a key's list, given in strict JSON, has a value or a row twice; blocks have mostly the same lists."""
    rows = sweep.rows_of(name, json.loads(spelling))
    return len({tuple(map(_spelled, row)) for row in rows}) < len(rows)


def different_jobs(sweep: Experiment) -> int | None:
    """Return how many jobs of a sweep have flags that no other has, None where that isn't counted."""
    if sweep.count is None or sweep.count > MOST_COMPARED:
        return None
    return len(frozenset().union(*(_keys(block) for block in sweep.blocks)))


def flags_key(parameters: Mapping[str, Any]) -> str:
    """Return a text that is equal for jobs with the same flags, in any order."""
    return "\0\0".join(
        f"{flag}\0{_spelled(value)}" for flag, value in sorted(parameters.items()) if value is not False
    )


def _repeats(document: JsonDocument, node: Node) -> tuple[Finding, ...]:
    """Find repeated values in the lists of a block. Spans count from the block's start."""
    parts, start = node.parts, node.span.start
    found: list[Finding] = []
    if parts is None or any(value[0] == "[" and _has_repeats(name, value) for name, value in parts):
        for member in node.members:
            value = member.value
            if value is None or value.kind is not _ARRAY:
                continue
            repeat = _MEMBER_REPEATS.get(value)
            if repeat is None:
                repeat = _MEMBER_REPEATS.put(value, _repeats_of(document, member, value))
            if repeat:
                found += [shifted(one, value.span.start - start) for one in repeat]
    return tuple(found)


def _repeats_of(document: JsonDocument, member: Member, value: Node) -> tuple[Finding, ...]:
    """Find repeated values in a member's list. Spans count from the list's start."""
    again = repeated(member)
    return (shifted(_repeat(document, value, again), -value.span.start),) if again else ()


def _repeat(document: JsonDocument, value: Node, again: Sequence[Node]) -> Finding:
    span = again[0].span
    shown = shortened(document.text[span.start : span.end], 30)
    others = "" if len(again) == 1 else f", and {len(again) - 1} more values"
    title = "Remove it" if len(again) == 1 else f"Remove the {len(again)} repeated values"
    message = f"{shown} stands in this list already{others}; the jobs that it makes have the very same flags"
    fix = Fix(title, remove_items(document, value, again))
    return finding("CAL603", span, message, fix)


def _repeated_blocks(document: JsonDocument, sweep: Experiment) -> Iterator[Finding]:
    """Find blocks with jobs that an earlier block has."""
    if len(sweep.blocks) < 2 or (sweep.count or 0) > MOST_COMPARED:  # noqa: PLR2004 - it takes two
        return
    first: dict[str, int] = {}
    for number, block in enumerate(sweep.blocks, start=1):
        keys = _keys(block)
        known = [first[key] for key in keys if key in first]
        for key in keys:
            first.setdefault(key, number)
        if not known:
            continue
        start = block.node.span.start
        parent = block.node.parent
        fixes = []
        if len(known) == len(keys) and parent is not None and not parent.damaged:
            fixes = [Fix("Remove this block", remove_items(document, parent, [block.node]))]
        which = "This job is" if len(keys) == 1 else f"{len(known):,} of these {len(keys):,} jobs are"
        message = f"{which} in block {known[0]} already, with the very same flags"
        yield finding("CAL603", Span(start, start + 1), message, *fixes)


def _keys(block: Block) -> frozenset[str]:
    """Return one text for each different job of a block; equal jobs have equal texts."""
    known = _KEYS.get(block.node)
    if known is not None:
        return known
    parts = sweep.axes(block)
    flags = [flag for axis in parts for flag in axis.flags]
    order = sorted(range(len(flags)), key=flags.__getitem__)
    keys = set()
    for rows in itertools.product(*(axis.rows for axis in parts)):
        values = [value for row in rows for value in row]
        words = (
            f"{flags[place]}\0{_spelled(values[place])}" for place in order if values[place] is not False
        )
        keys.add("\0\0".join(words))
    return _KEYS.put(block.node, frozenset(keys))


def _spelled(value: Any) -> str:  # noqa: ANN401 - JSON
    """Return a flag's value as on a command line, with a mark before booleans."""
    return f"\1{value}" if isinstance(value, bool) else str(value)


def _over_limits(count: int, whole: Span, estimate: CostEstimate) -> Iterator[Finding]:
    limits = estimate.limits
    if limits.max_jobs is not None and count > limits.max_jobs:
        message = (
            f"{spoken_number(count)} jobs are more than the {limits.max_jobs:,} that one submission may have"
        )
        yield finding("CAL601", whole, f"{message}; submit a part of them, or make the sweep smaller")
    most = limits.max_cost_per_hour
    if most is None:
        return
    hourly, cost = estimate.hourly, estimate.cost_of(count)
    if hourly is None or cost is None:
        machine = estimate.choice.machine_type if estimate.choice is not None else "the hardware"
        message = f"What {machine} costs isn't known, and at most {most:g} USD an hour are allowed"
        yield finding("CAL602", whole, message)
    elif cost > most:
        message = (
            f"{spoken_number(count)} jobs at {hourly:.2f} USD an hour come to {spoken_amount(cost)},"
            f" and at most {most:g} are allowed"
        )
        yield finding("CAL602", whole, message)
