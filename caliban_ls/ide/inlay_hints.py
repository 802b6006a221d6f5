"""Inlay hints: what a list multiplies, what a block comes to, and what hardware costs, for the lines in view."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caliban_ls.analysis.experiment.block import row_count
from caliban_ls.analysis.experiment.sweep import Block
from caliban_ls.analysis.jsondoc import Kind, Node
from caliban_ls.core.text import Span
from caliban_ls.ide import phrases
from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True)
class InlayHint:
    """A few words behind an offset, with more for who points at them."""

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
        for hint in _of_block(block)
        if span.start <= base + hint.offset <= span.end
    ]


def blocks_in(context: DocumentContext, span: Span) -> Iterator[tuple[Block, int]]:
    """Yield the blocks that a range touches, each with its start; looks at no more than it must."""
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


def _of_block(block: Block) -> tuple[InlayHint, ...]:
    """Return a block's hints, offsets counted from its start; made once until it is edited."""
    if "hints" not in block.notes:
        block.notes["hints"] = tuple(_make(block)) if block.count is not None else ()
    known: tuple[InlayHint, ...] = block.notes["hints"]
    return known


def _make(block: Block) -> Iterator[InlayHint]:
    assert block.count is not None  # noqa: S101 - broken blocks are asked nothing
    yield InlayHint(1, phrases.jobs(block.count), "This block alone stands for so many jobs.")
    for member in block.node.members:
        value = member.value
        if value is None or value.kind is not Kind.ARRAY:
            continue
        rows = row_count(member)
        if rows > 1:
            tooltip = f"Without this key the block would have {phrases.jobs(block.count // rows)}."
            yield InlayHint(value.offset + value.length, phrases.times(rows), tooltip)


def _of_config(context: DocumentContext) -> Iterator[InlayHint]:
    """Yield what one job costs an hour, behind the keys that decide over it."""
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
