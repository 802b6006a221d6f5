"""Edits of a JSON text that keep the rest as its author wrote it: set a member, remove a member."""

from __future__ import annotations

import re

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
    comma = re.compile(r"\s*,").match(document.text, member.span.end)
    return (Edit(Span(member.span.start, comma.end() if comma else member.span.end), ""),)


def _separator(document: JsonDocument, node: Node) -> str:
    """Return the white space that stands between the members, as the author lays them out."""
    first = node.members[0].span
    line_start = document.text.rfind("\n", 0, first.start) + 1
    indent = document.text[line_start : first.start]
    return f"\n{indent}" if line_start > node.span.start and not indent.strip() else " "
