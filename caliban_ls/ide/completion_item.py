"""One thing that completion offers, and the syntax of snippets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ItemKind = Literal["key", "value", "snippet"]

_IN_TEXT = "\\$}"
_IN_CHOICES = "\\$},|"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionItem:
    """A key or a value.

    Attributes:
        label: the text that is shown.
        text: JSON text of it; of a key, the key alone.
        kind: its kind, which decides over its icon.
        value: JSON text of a key's first value.
        snippet: `text` as a snippet, None if it has no placeholder.
        value_snippet: `value` as a snippet.
        detail: a few words beside the label.
        documentation: Markdown.
    """

    label: str
    text: str
    kind: ItemKind
    value: str = ""
    snippet: str | None = None
    value_snippet: str | None = None
    detail: str = ""
    documentation: str = ""


def placeholder(number: int, text: str, choices: Sequence[str] = ()) -> str:
    """Return a placeholder with its first text, and with choices if there are any."""
    opening, closing = ('"', '"') if len(text) > 1 and text[0] == text[-1] == '"' else ("", "")
    inner = text[len(opening) : len(text) - len(closing)]
    alike = [choice for choice in choices if (choice[:1] == '"') is bool(opening)]
    if len(alike) > 1 and len(alike) == len(choices):
        inners = [choice.strip('"') for choice in (text, *(one for one in alike if one != text))]
        escaped = ",".join(_escaped(one, _IN_CHOICES) for one in inners)
        return f"{opening}${{{number}|{escaped}|}}{closing}"
    held = f"${{{number}:{_escaped(inner, _IN_TEXT)}}}" if inner else f"${number}"
    return f"{opening}{held}{closing}"


def snippet_of(text: str) -> str:
    """Return a text as a snippet without placeholders."""
    return _escaped(text, _IN_TEXT)


def _escaped(text: str, marks: str) -> str:
    return "".join(f"\\{character}" if character in marks else character for character in text)
