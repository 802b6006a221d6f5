"""Texts that carry their expectations: the spot that a test is about stands ⟦marked⟧ in the text."""

from __future__ import annotations

import re

from caliban_ls.core.text import Span


def unmark(marked: str) -> tuple[str, list[Span]]:
    """Return the text without its marks, and the spans that were marked, in order of their start.

    Marks may be nested and may be empty: `⟦⟧`.
    """
    spans: list[Span] = []
    open_at: list[int] = []
    position = 0
    for piece in re.split("([⟦⟧])", marked):
        if piece == "⟦":
            open_at.append(position)
        elif piece == "⟧":
            spans.append(Span(open_at.pop(), position))
        else:
            position += len(piece)
    return re.sub("[⟦⟧]", "", marked), sorted(spans)
