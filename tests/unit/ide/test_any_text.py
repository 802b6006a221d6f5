"""No text makes an answer fail."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from support.document_contexts import context_of

from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import Span
from caliban_ls.ide.code_lenses import lenses
from caliban_ls.ide.document_links import links
from caliban_ls.ide.hover import hover_at
from caliban_ls.ide.inlay_hints import hints
from caliban_ls.ide.outline import folds, outline, selections
from caliban_ls.validation import validate


@given(st.text(st.sampled_from('{}[]",:ab1 \n/*#[]'), max_size=40), st.integers(0, 40))
def test_no_text_makes_any_of_them_fail(text: str, offset: int) -> None:
    kinds: tuple[DocumentKind, ...] = ("experiment", "project")
    for kind in kinds:
        context = context_of(text, kind)
        offset = min(offset, len(text))
        hover_at(context, offset, validate(context.document, kind))
        hints(context, Span(0, offset))
        list(lenses(context))
        list(folds(context))
        list(links(context))
        outline(context)
        assert selections(context, offset)[-1] == Span(0, len(text))
