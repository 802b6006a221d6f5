"""Edits of a JSON text that keep the rest as its author wrote it: set a member, remove members and items."""

from __future__ import annotations

import re
from collections.abc import Collection

from caliban_ls.findings import Edit
from caliban_ls.jsondoc import JsonDocument, Member, Node, quote
from caliban_ls.text import Span


def set_member(document: JsonDocument, node: Node, key: str, spelling: str) -> tuple[Edit, ...]:
    """Return the edits that give an object's key a value, replacing the one it has.

    Args:
        document: the text that the object stands in.
        node: an object that is closed.
        key: the member's key.
        spelling: the value as JSON text.
    """
    member = node.member(key)
    if member is not None and member.value is not None:
        return (Edit(member.value.span, spelling),)
    text = f"{quote(key)}: {spelling}"
    if not node.members:
        inside = document.text[node.span.start + 1 : node.span.end - 1]
        at = node.span.start + 1
        return (Edit(Span(at, at + len(inside) if not inside.strip() else at), text),)
    last = node.members[-1].span
    return (Edit(Span(last.end, last.end), f",{_separator(document, node)}{text}"),)


def remove_member(document: JsonDocument, node: Node, member: Member) -> tuple[Edit, ...]:
    """Return the edits that remove a member of an object, and the comma that goes with it."""
    members = node.members
    place = next(number for number, other in enumerate(members) if other is member)
    if place + 1 < len(members):
        return (Edit(Span(member.span.start, members[place + 1].span.start), ""),)
    if place > 0:
        return (Edit(Span(members[place - 1].span.end, member.span.end), ""),)
    return (Edit(Span(member.span.start, _behind_comma(document, member.span.end)), ""),)


def remove_items(document: JsonDocument, node: Node, items: Collection[Node]) -> tuple[Edit, ...]:
    """Return the edits that remove items of a list, and the commas that go with them.

    Args:
        document: the text that the list stands in.
        node: a list of sound syntax.
        items: some of its items.
    """
    unwanted = {id(item) for item in items}
    base = node.span.start
    spans = [Span(base + item.offset, base + item.offset + item.length) for item in node.items]
    kept = [place for place, item in enumerate(node.items) if id(item) not in unwanted]
    if not kept:
        return (Edit(Span(spans[0].start, _behind_comma(document, spans[-1].end)), ""),) if spans else ()
    edits = []
    place = 0
    while place < len(spans):
        first = place
        while place < len(spans) and id(node.items[place]) in unwanted:
            place += 1
        if place == first:
            place += 1
        elif place < len(spans):
            edits.append(Edit(Span(spans[first].start, spans[place].start), ""))
        else:
            edits.append(Edit(Span(spans[first - 1].end, spans[-1].end), ""))
    return tuple(edits)


def _behind_comma(document: JsonDocument, position: int) -> int:
    comma = re.compile(r"\s*,").match(document.text, position)
    return comma.end() if comma else position


def _separator(document: JsonDocument, node: Node) -> str:
    """Return the white space that stands between the members, as the author lays them out."""
    first = node.members[0].span
    line_start = document.text.rfind("\n", 0, first.start) + 1
    indent = document.text[line_start : first.start]
    return f"\n{indent}" if line_start > node.span.start and not indent.strip() else " "
