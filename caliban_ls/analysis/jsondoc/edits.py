"""Edits of a JSON text that keep the rest as its author wrote it: set a member, remove members and items."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection

from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.jsondoc import JsonDocument, Member, Node, quote
from caliban_ls.core.text import Span

_LAST_REMARK = re.compile(r"[ \t]*(?P<comma>,?)[ \t]*(?:(?://|#)[^\r\n]*|/\*[^\r\n]*?\*/(?=[ \t]*\r?\n))")
"""A comment behind a member, to the end of its line."""


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
    separator = _separator(document, node)
    remark = _LAST_REMARK.match(document.text, last.end)
    if "\n" not in separator or remark is None:
        return (Edit(Span(last.end, last.end), f",{separator}{text}"),)
    # A comment behind the last member is about that member, and stays with it.
    comma = () if remark["comma"] else (Edit(Span(last.end, last.end), ","),)
    kept = "," if remark["comma"] else ""
    return (*comma, Edit(Span(remark.end(), remark.end()), f"{separator}{text}{kept}"))


def remove_member(document: JsonDocument, node: Node, member: Member) -> tuple[Edit, ...]:
    """Return the edits that remove a member of an object, and the comma that goes with it."""
    return remove_members(document, node, [member])


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
    return _without(document, spans, [id(item) in unwanted for item in node.items])


def remove_members(document: JsonDocument, node: Node, members: Collection[Member]) -> tuple[Edit, ...]:
    """Return the edits that remove several members of an object at once."""
    unwanted = {id(member) for member in members}
    spans = [member.span for member in node.members]
    return _without(document, spans, [id(member) in unwanted for member in node.members])


def difference(old: str, new: str) -> tuple[Edit, ...]:
    """Return the smallest single edit that turns one text into the other."""
    if old == new:
        return ()
    shorter = min(len(old), len(new))
    start = bisect_left(range(shorter), True, key=lambda size: old[: size + 1] != new[: size + 1])
    rest = shorter - start
    end = bisect_left(
        range(rest), True, key=lambda size: old[len(old) - size - 1 :] != new[len(new) - size - 1 :]
    )
    return (Edit(Span(start, len(old) - end), new[start : len(new) - end]),)


def _without(document: JsonDocument, spans: list[Span], unwanted: list[bool]) -> tuple[Edit, ...]:
    """Return the edits that remove some of the children of a container."""
    if all(unwanted):
        return (Edit(Span(spans[0].start, _behind_comma(document, spans[-1].end)), ""),) if spans else ()
    edits = []
    place = 0
    while place < len(spans):
        first = place
        while place < len(spans) and unwanted[place]:
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
