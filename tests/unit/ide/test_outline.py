"""Symbols, folding ranges and selection ranges: spans are ⟦marked⟧."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.core.text import Span
from caliban_ls.ide.outline import MOST, DocumentSymbol, folds, outline, selections


def names(symbols: tuple[DocumentSymbol, ...] | list[DocumentSymbol]) -> list[Any]:
    return [
        (one.name, one.detail, names(one.children)) if one.children else (one.name, one.detail)
        for one in symbols
    ]


def test_the_outline() -> None:
    assert names(outline(context_of('[{"lr": [1, 2], "x": "y"}, {"a": null}]'))) == [
        ("Block 1", "2 jobs", [("lr", "\N{MULTIPLICATION SIGN}2"), ("x", '"y"')]),
        ("Block 2", "has errors", [("a", "null")]),
    ]
    config = '{"cloud": {"region": "us-east1", "labels": {"a": "b"}}, "module": "x"}'
    assert names(outline(context_of(config, "project"))) == [
        ("cloud", "", [("region", '"us-east1"'), ("labels", "", [("a", '"b"')])]),
        ("module", '"x"'),
    ]


def test_a_huge_outline_is_cut() -> None:
    blocks = ", ".join(['{"a": 1, "b": 2}'] * 3000)
    text = f"[{blocks}]"
    found = outline(context_of(text))
    assert len(found) == 3000
    assert not any(one.children for one in found)
    assert len(list(folds(context_of(f"[{text}, {text}]")))) == MOST


def test_brackets_and_comments_fold() -> None:
    text, spans = unmark('⟦/* a\nb */⟧⟦{\n"lr": ⟦[1,\n2]⟧}⟧')
    assert {fold.span for fold in folds(context_of(text))} == set(spans)


def test_a_selection_grows() -> None:
    text, spans = unmark('⟦⟦[⟦{⟦⟦"lr"⟧: ⟦[⟦⟦1⟧⟧, 2]⟧⟧}⟧]⟧⟧')
    offset = text.index("1") + 1
    found = selections(context_of(text), offset)
    assert found[0] == Span(offset - 1, offset)
    assert found[-1] == Span(0, len(text))
    assert all(outer.start <= inner.start <= inner.end <= outer.end for inner, outer in pairwise(found))
    assert spans[0] in found
