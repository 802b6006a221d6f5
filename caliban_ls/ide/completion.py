"""Completion: the keys and values that fit at the cursor, best first, with their documentation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caliban_ls.analysis.experiment.block import flags_of
from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.jsondoc import Kind, Member, Node, quote
from caliban_ls.analysis.script import Flag, Script, suggestion
from caliban_ls.core.text import Span
from caliban_ls.ide import phrases, script_flags
from caliban_ls.ide.completion_item import CompletionItem, placeholder, snippet_of
from caliban_ls.ide.config_completion import config_keys, config_values
from caliban_ls.ide.cursor import Cursor, cursor_at
from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A completion item as it is inserted at the cursor.

    Attributes:
        item: the key or value.
        edit: replaces the text around the cursor.
        snippet: the new text as a snippet, None if it has no placeholder.
        more: edits elsewhere, such as a missing comma.
        filter: the text that typed text is compared with.
        rank: its place among all.
    """

    item: CompletionItem
    edit: Edit
    snippet: str | None
    more: tuple[Edit, ...]
    filter: str
    rank: int


def complete(context: DocumentContext, offset: int) -> list[Completion]:
    """Return the completions at an offset, best first."""
    cursor = cursor_at(context.document, offset)
    if cursor is None:
        return []
    if context.kind == "project":
        items: Iterable[CompletionItem] = (
            config_keys(context, cursor) if cursor.place == "key" else config_values(context, cursor)
        )
        return _placed(context, cursor, items)
    if cursor.place == "value":
        return _placed(context, cursor, _values(context, cursor))
    if not script_flags.is_block(cursor.container):
        return []
    inner = _inside_brackets(context, cursor, offset)
    return _placed(context, cursor, _keys(context, cursor)) if inner is None else inner


def _placed(context: DocumentContext, cursor: Cursor, items: Iterable[CompletionItem]) -> list[Completion]:
    """Return items as edits at the cursor, with the colon and the commas that are missing there."""
    typed = context.text[cursor.span.start : cursor.span.end]
    more = () if cursor.comma_before is None else (Edit(Span(cursor.comma_before, cursor.comma_before), ","),)
    comma = "," if cursor.comma_after else ""
    placed = []
    for rank, item in enumerate(items):
        text, snippet = item.text, item.snippet
        if cursor.place == "key" and not cursor.colon_follows:
            text = f"{text}: {item.value}"
            snippet = f"{snippet or snippet_of(item.text)}: {item.value_snippet or snippet_of(item.value)}"
        elif cursor.place == "key":
            snippet = None
        filtered = item.text if typed[:1] in ('"', "") else item.text.strip('"')
        placed.append(
            Completion(
                item=item,
                edit=Edit(cursor.span, text + comma),
                snippet=None if snippet is None else snippet + comma,
                more=more,
                filter=filtered,
                rank=rank,
            )
        )
    return placed


def _keys(context: DocumentContext, cursor: Cursor) -> Iterator[CompletionItem]:
    """Yield the flags that a block doesn't set yet, and a compound key of two of them."""
    script, block = context.script, cursor.container
    own = _own_member(cursor)
    unset = (
        list(script_flags.unset_flags(script, block, own)) if script is not None and block is not None else []
    )
    for flag in unset:
        assert script is not None  # noqa: S101 - its flags are listed
        value = suggestion.first_value(flag)
        choices = suggestion.values_of(flag)
        yield CompletionItem(
            label=flag.name,
            text=quote(flag.name),
            value=value,
            value_snippet=placeholder(1, value, choices if flag.choices or flag.arity == "none" else ()),
            kind="key",
            detail="required" if flag.required else _short(flag),
            documentation=phrases.flag_text(flag, script),
        )
    first, second = (unset[0], unset[1]) if len(unset) > 1 else (None, None)
    names = (first.name, second.name) if first and second else ("a", "b")
    values = [suggestion.first_value(flag) if flag else "1" for flag in (first, second)]
    if not cursor.colon_follows and (script is None or len(unset) > 1):
        yield CompletionItem(
            label=f"[{names[0]},{names[1]}]",
            text=quote(f"[{','.join(names)}]"),
            snippet=f'"[{placeholder(1, names[0])},{placeholder(2, names[1])}]"',
            value=f"[[{values[0]}, {values[1]}]]",
            value_snippet=f"[[{placeholder(3, values[0])}, {placeholder(4, values[1])}]]",
            kind="snippet",
            detail="flags that vary together",
            documentation="A compound key: each row gives one value to each of its flags.",
        )


def _short(flag: Flag) -> str:
    return flag.kind or ("switch" if flag.arity == "none" else "")


def _inside_brackets(context: DocumentContext, cursor: Cursor, offset: int) -> list[Completion] | None:
    """Return names for the part of a compound key at the cursor, None if the cursor isn't in such a key."""
    before = context.text[cursor.span.start : offset]
    if not before.startswith('"['):
        return None
    script, block = context.script, cursor.container
    if script is None or block is None:
        return []
    start = cursor.span.start + max(before.rfind("["), before.rfind(",")) + 1
    rest = context.text[offset : cursor.span.end]
    end = offset + min((rest.find(mark) for mark in ',]"' if mark in rest), default=len(rest))
    part = Span(start, end)
    own = _own_member(cursor)
    named = flags_of(str(own.key.value).rstrip("]") + "]") if own is not None else ()
    typed = context.text[start:end].strip()
    others = {name for name in named if name != typed}
    found = [flag for flag in script_flags.unset_flags(script, block, own) if others.isdisjoint(flag.keys)]
    return [
        Completion(
            item=CompletionItem(
                label=flag.name,
                text=flag.name,
                kind="key",
                detail=_short(flag),
                documentation=phrases.flag_text(flag, script),
            ),
            edit=Edit(part, flag.name),
            snippet=None,
            more=(),
            filter=flag.name,
            rank=rank,
        )
        for rank, flag in enumerate(found)
    ]


def _values(context: DocumentContext, cursor: Cursor) -> Iterator[CompletionItem]:
    """Yield values for the flag at the cursor."""
    if not cursor.members:
        if cursor.container is None or cursor.container.kind is Kind.ARRAY:
            yield CompletionItem(
                label="{ }", text="{}", snippet="{$1}", kind="snippet", detail="a block of flags"
            )
        return
    member = cursor.members[-1]
    if len(cursor.members) > 1 or _is_row_of_rows(member, cursor):
        return
    known = _flags_here(context.script, member, cursor)
    script = context.script
    given = _siblings(context, cursor)
    seen: set[str] = set()
    for flag in known:
        for value in suggestion.values_of(flag):
            if value in seen or value in given:
                continue
            seen.add(value)
            yield CompletionItem(
                label=value.strip('"'),
                text=value,
                kind="value",
                detail="default" if value == suggestion.default_of(flag) else "",
                documentation=phrases.flag_text(flag, script) if script is not None else "",
            )
    for value in ("true", "false"):
        if not known and value not in given:
            yield CompletionItem(label=value, text=value, kind="value", detail=_SWITCH[value])


_SWITCH = {"true": "the bare flag", "false": "leaves the flag out"}


def _flags_here(script: Script | None, member: Member, cursor: Cursor) -> tuple[Flag, ...]:
    if script is None:
        return ()
    return script_flags.flag_at(script, member, cursor.item)


def _is_row_of_rows(member: Member, cursor: Cursor) -> bool:
    """Whether the list at the cursor takes rows, not single values."""
    node = cursor.container
    compound = str(member.key.value).startswith("[")
    if node is None or node.kind is not Kind.ARRAY:
        return compound
    return compound and node is member.value and any(item.kind is Kind.ARRAY for item in node.items)


def _siblings(context: DocumentContext, cursor: Cursor) -> set[str]:
    """Return the texts of the other values in a plain key's list."""
    node = cursor.container
    if node is None or node.kind is not Kind.ARRAY or str(cursor.members[-1].key.value).startswith("["):
        return set()
    if len(node.items) > _MOST_COMPARED:
        return set()
    base = node.span.start
    spans = [Span(base + item.offset, base + item.offset + item.length) for item in node.items]
    return {context.text[span.start : span.end] for span in spans if span != cursor.span}


_MOST_COMPARED = 500


def _own_member(cursor: Cursor) -> Member | None:
    """Return the member whose key is at the cursor, None if it has none yet."""
    node: Node | None = cursor.container
    if node is None or node.kind is not Kind.OBJECT:
        return None
    base = node.span.start
    return next((member for member in node.members if base + member.key.offset == cursor.span.start), None)
