"""Inlay hints in a range: the factor of a list, the number of jobs of a block, and the price of hardware."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, takewhile

from caliban_ls.analysis.experiment.block import row_count
from caliban_ls.analysis.experiment.sweep import Block
from caliban_ls.analysis.jsondoc import Kind, Member, Node
from caliban_ls.core.text import Span
from caliban_ls.ide import phrases
from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True)
class InlayHint:
    """A few words behind an offset, with a tooltip."""

    offset: int
    label: str
    tooltip: str


def hints(context: DocumentContext, span: Span) -> list[InlayHint]:
    """Return the hints of a range, in the order of the text."""
    if context.kind == "project":
        return [hint for hint in _of_config(context) if span.start <= hint.offset <= span.end]
    return [
        InlayHint(base + hint.offset, hint.label, hint.tooltip)
        for block, base in blocks_in(context, span)
        for hint in _of_block(block, span.start - base, span.end - base)
    ]


def blocks_in(context: DocumentContext, span: Span) -> Iterator[tuple[Block, int]]:
    """Yield the blocks that a range touches, each with its start; looks at no others."""
    blocks = context.sweep.blocks
    low, high = 0, len(blocks)
    while low < high:
        middle = (low + high) // 2
        if blocks[middle].node.span.end < span.start:
            low = middle + 1
        else:
            high = middle
    for block in blocks[low:]:
        base = block.node.span.start
        if base > span.end:
            return
        yield block, base


def _of_block(block: Block, first: int, last: int) -> Iterator[InlayHint]:
    """Yield a block's hints between two offsets; all offsets count from the block's start."""
    if block.count is None:
        return
    if first <= 1 <= last:
        yield InlayHint(1, phrases.jobs(block.count), "The number of jobs of this block.")
    for member in _members_in(block.node, first, last):
        value = member.value
        if value is None or value.kind is not Kind.ARRAY:
            continue
        end, rows = value.offset + value.length, row_count(member)
        if rows > 1 and first <= end <= last:
            tooltip = f"Without this key the block would have {phrases.jobs(block.count // rows)}."
            yield InlayHint(end, phrases.times(rows), tooltip)


def _members_in(node: Node, first: int, last: int) -> Iterator[Member]:
    """Yield the members of an object that stand, wholly or in part, between two offsets relative to it."""
    members = node.members
    place = max(0, bisect_right(members, first, key=lambda member: member.key.offset) - 1)
    yield from takewhile(lambda member: member.key.offset <= last, islice(members, place, None))


def _of_config(context: DocumentContext) -> Iterator[InlayHint]:
    """Yield the price of one job an hour, behind the keys that it depends on."""
    section = _value(context.document.root, "cloud")
    choice, hourly = context.estimate.choice, context.estimate.hourly
    if section is None or section.kind is not Kind.OBJECT or choice is None or hourly is None:
        return
    tooltip = f"One job on {phrases.hardware_of(choice)}, fee and boot disk included."
    for member in section.members:
        if member.key.value in ("machine_type", "gpu_spec", "tpu_spec") and member.value is not None:
            if member.value.kind is not Kind.STRING:
                continue
            other = choice.accelerator if member.key.value == "machine_type" else choice.machine_type
            with_what = f" with {other}" if other is not None else ""
            yield InlayHint(member.value.span.end, f"{phrases.money(hourly)}{with_what}", tooltip)


def _value(node: Node | None, key: str) -> Node | None:
    member = node.member(key) if node is not None else None
    return member.value if member is not None else None
