"""Inlay hints: their places are ⟦marked⟧."""

from __future__ import annotations

from typing import Any

from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import Span
from caliban_ls.ide.inlay_hints import hints


def hinted(
    text: str, kind: DocumentKind = "experiment", span: Span | None = None, **known: Any
) -> list[tuple[int, str]]:
    context = context_of(text, kind, **known)
    return [(hint.offset, hint.label) for hint in hints(context, span or Span(0, len(text)))]


def test_hints_stand_behind_lists_and_blocks() -> None:
    text, (block, first, second) = unmark('{⟦⟧"lr": [1, 2, 3]⟦⟧, "x": [1], "[a,b]": [[1, 2], [3, 4]]⟦⟧}')
    assert hinted(text) == [
        (block.start, "6 jobs"),
        (first.start, "\N{MULTIPLICATION SIGN}3"),
        (second.start, "\N{MULTIPLICATION SIGN}2"),
    ]


def test_hints_are_given_for_the_lines_in_view_only() -> None:
    blocks = [f'{{"lr": [{number}, 0]}}' for number in range(100)]
    text = f"[{', '.join(blocks)}]"
    start = text.index(blocks[50])
    shown = hinted(text, span=Span(start, start + len(blocks[50])))
    assert shown == [(start + 1, "2 jobs"), (start + len(blocks[50]) - 1, "\N{MULTIPLICATION SIGN}2")]


def test_hints_move_with_their_block() -> None:
    document = jsondoc.parse('[{"lr": [1, 2]}, {"lr": [3, 4]}]')
    context = context_of(document.text)
    assert len(hints(context, Span(0, 99))) == 4
    context.document.edit(1, 1, '{"a": [5, 6]}, ')
    again = context_of(context.document.text)
    fresh = [(hint.offset, hint.label) for hint in hints(again, Span(0, 99))]
    moved = type(context)(context.document, "experiment", context.estimate, context.script)
    assert [(hint.offset, hint.label) for hint in hints(moved, Span(0, 99))] == fresh


def test_hardware_has_its_price_behind_it() -> None:
    text, (machine, gpu) = unmark('{"cloud": {"machine_type": "n1-standard-8"⟦⟧, "gpu_spec": "2xT4"⟦⟧}}')
    assert hinted(text, "project") == [
        (machine.start, "$1.27/h with 2xT4"),
        (gpu.start, "$1.27/h with n1-standard-8"),
    ]
    assert hinted('{"cloud": {"machine_type": "n1-standard-8", "gpu_spec": "3xT4"}}', "project") == []
