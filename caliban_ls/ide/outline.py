"""The structure of a document: its symbols, folding ranges and selection ranges."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from caliban_ls.analysis.experiment.block import row_count
from caliban_ls.analysis.jsondoc import Kind, Member, Node, path_at
from caliban_ls.core.text import Span, shortened
from caliban_ls.ide import phrases
from caliban_ls.ide.document_context import DocumentContext

MOST: Final = 5000
"""The most symbols, and the most folding ranges, of one document; more are of no use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentSymbol:
    """An entry of an outline.

    Attributes:
        name: its name.
        detail: a few words beside the name.
        kind: a block of flags, or a key.
        span: the whole block, or the key with its value.
        name_span: the span of its name.
        children: entries inside it.
    """

    name: str
    detail: str
    kind: Literal["block", "key"]
    span: Span
    name_span: Span
    children: tuple[DocumentSymbol, ...] = ()


def outline(context: DocumentContext) -> list[DocumentSymbol]:
    """Return a document's entries in the order of the text."""
    root = context.document.root
    if root is None:
        return []
    if context.kind == "project":
        return list(_keys(context, root, 0)) if root.kind is Kind.OBJECT else []
    blocks = context.sweep.blocks
    deep = sum(len(block.node.members) + 1 for block in blocks) <= MOST
    symbols = []
    for number, block in enumerate(blocks[:MOST], start=1):
        span = block.node.span
        children = tuple(_of_block(context, block.node, span.start)) if deep else ()
        detail = phrases.jobs(block.count) if block.count is not None else "has errors"
        symbols.append(
            DocumentSymbol(
                name=f"Block {number}",
                detail=detail,
                kind="block",
                span=span,
                name_span=Span(span.start, span.start + 1),
                children=children,
            )
        )
    return symbols


def _of_block(context: DocumentContext, node: Node, base: int) -> Iterator[DocumentSymbol]:
    for member in node.members:
        if not isinstance(member.key.value, str) or not member.key.value:
            continue
        rows = row_count(member)
        value = member.value
        start = base + member.key.offset
        end = base + (value or member.key).offset + (value or member.key).length
        shown = phrases.times(rows) if rows > 1 else ""
        if value is not None and not shown:
            shown = shortened(
                context.text[base + value.offset : base + value.offset + min(value.length, 60)], 40
            )
        yield DocumentSymbol(
            name=member.key.value,
            detail=shown,
            kind="key",
            span=Span(start, end),
            name_span=Span(start, start + member.key.length),
        )


def _keys(context: DocumentContext, node: Node, depth: int) -> Iterator[DocumentSymbol]:
    for member in node.members[:MOST]:
        if not isinstance(member.key.value, str) or not member.key.value:
            continue
        value = member.value
        nested = value is not None and value.kind is Kind.OBJECT and depth < 2  # noqa: PLR2004 - no key is deeper
        where = value.span if value is not None else member.key.span
        yield DocumentSymbol(
            name=member.key.value,
            detail=""
            if nested or value is None
            else shortened(context.text[where.start : where.end][:60], 40),
            kind="key",
            span=member.span,
            name_span=member.key.span,
            children=tuple(_keys(context, value, depth + 1)) if nested and value is not None else (),
        )


@dataclass(frozen=True, slots=True)
class FoldingRange:
    """A part of the text that can be folded."""

    span: Span
    kind: Literal["region", "comment"]


def folds(context: DocumentContext) -> Iterator[FoldingRange]:
    """Yield objects, lists and comments, also those on a single line."""
    for comment in context.document.comments[:MOST]:
        yield FoldingRange(comment, "comment")
    root = context.document.root
    # Where the parent starts is known already, so that no node's place costs a climb to the root.
    waiting = [(root, 0)] if root is not None else []
    number = 0
    while waiting and number < MOST:
        node, base = waiting.pop()
        if node.kind is not Kind.OBJECT and node.kind is not Kind.ARRAY:
            continue
        start = base + node.offset
        yield FoldingRange(Span(start, start + node.length), "region")
        number += 1
        if node.plain:
            continue  # nothing inside it can be folded
        waiting += [(item, start) for item in reversed(node.items)]
        waiting += [(one.value, start) for one in reversed(node.members) if one.value is not None]


def selections(context: DocumentContext, offset: int) -> list[Span]:
    """Return the spans that a selection at an offset grows to, the innermost first and the whole text last."""
    spans: list[Span] = []
    base = 0  # where the parent starts, so that no step costs a climb to the root
    for step in path_at(context.document.root, offset):
        if isinstance(step, Member):
            last = step.value or step.key
            spans.append(Span(base + step.key.offset, base + last.offset + last.length))
            continue
        base += step.offset
        span = Span(base, base + step.length)
        spans.append(span)
        quoted = step.kind is Kind.STRING and step.length > 1
        bracketed = step.kind in {Kind.OBJECT, Kind.ARRAY} and step.closed
        inner = Span(span.start + 1, span.end - 1)
        if (quoted or bracketed) and inner.start <= offset <= inner.end:
            spans.append(inner)
    unique = list(dict.fromkeys([Span(0, len(context.text)), *spans]))
    return [*unique[:0:-1][:_MOST_STEPS], unique[0]]


_MOST_STEPS = 50  # of one selection; the answer nests as deep as it has steps
