"""Find the key or value at the cursor of an unfinished text, and the punctuation that it lacks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Member, Node, path_at
from caliban_ls.core.text import Span

_WORD = r"[^\s,:\[\]{}\"'/#]"
_IGNORED = re.compile(r"[ \t\r\n]+|//[^\r\n]*|#[^\r\n]*|/\*[\s\S]*?\*/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """The place of the cursor: a key or a value, written or still missing.

    Attributes:
        place: key or value.
        span: the text that is there already, quotes included; empty if there is none.
        container: the object of the key, or the object or list of the value; None for the document's own value.
        members: the members around it, outermost first; a value's own member comes last.
        item: the index of a value in the list `container`, None if that is no list.
        comma_before: the offset at which a comma is missing before it, None if none is.
        comma_after: whether a comma is missing behind it.
        colon_follows: whether a key has its colon.
    """

    place: Literal["key", "value"]
    span: Span
    container: Node | None
    members: tuple[Member, ...] = ()
    item: int | None = None
    comma_before: int | None = None
    comma_after: bool = False
    colon_follows: bool = False


def cursor_at(document: JsonDocument, offset: int) -> Cursor | None:
    """Return the place of a cursor, None where neither a key nor a value can be."""
    text = document.text
    comment = document.comment_at(offset - 1)
    if comment is not None and (offset < comment.end or text[comment.start : comment.start + 2] != "/*"):
        return None
    path = path_at(document.root, offset)
    container, members, start = None, [], 0
    for step in path:
        if isinstance(step, Member):
            members.append(step)
        elif step.kind in {Kind.OBJECT, Kind.ARRAY}:
            begin = start + step.offset
            start = begin
            if begin < offset and (not step.closed or offset < begin + step.length):
                container, known = step, len(members)
    if container is None:
        return _document_value(document, offset)
    around = tuple(members[:known])
    if container.kind is Kind.OBJECT:
        return _in_object(text, container, around, offset)
    return _in_list(text, container, around, offset)


def missing_after(text: str, position: int) -> bool:
    """Return whether the text at a position would need a comma before it."""
    return text[_significant(text, position) :][:1] not in ("", ",", "}", "]", ":")


def _document_value(document: JsonDocument, offset: int) -> Cursor | None:
    if document.root is not None and document.root.kind is not Kind.INVALID:
        return None
    span = _word_around(document.text, 0, offset)
    rest = document.text[: span.start] + document.text[span.end :]
    return (
        None if _IGNORED.sub("", rest).strip("\ufeff") else Cursor(place="value", span=span, container=None)
    )


def _in_object(text: str, node: Node, around: tuple[Member, ...], offset: int) -> Cursor | None:
    base = node.span.start
    place = _last_before([member.key for member in node.members], offset - base)
    if place < 0:
        return _key(text, node, around, _word_around(text, base + 1, offset), None)
    member = node.members[place]
    key = Span(base + member.key.offset, base + member.key.offset + member.key.length)
    value = member.value
    if offset <= key.end and not _is_closed(text, key, offset):
        colon = text[_significant(text, key.end) :][:1] == ":"
        return _key(text, node, around, key, None, colon=colon)
    if value is not None and value.kind not in {Kind.OBJECT, Kind.ARRAY}:
        span = Span(base + value.offset, base + value.offset + value.length)
        if span.start <= offset <= span.end:
            return _value(text, node, (*around, member), span, None)
    end = key.end if value is None else base + value.offset + value.length
    span = _word_around(text, end, offset)
    between = _IGNORED.sub("", text[end : span.start])
    if value is None and between.startswith(":"):
        return _value(text, node, (*around, member), span, None)
    if value is None:
        return None
    if "," in between:
        return _key(text, node, around, span, None)
    is_next_line = re.search(r"[\r\n]", text[end:offset]) is not None
    return _key(text, node, around, span, end) if is_next_line and not between else None


def _in_list(text: str, node: Node, around: tuple[Member, ...], offset: int) -> Cursor | None:
    base = node.span.start
    place = _last_before(node.items, offset - base)
    if place < 0:
        return _value(text, node, around, _word_around(text, base + 1, offset), 0)
    item = node.items[place]
    span = Span(base + item.offset, base + item.offset + item.length)
    is_scalar = item.kind not in {Kind.OBJECT, Kind.ARRAY}
    if is_scalar and span.start <= offset <= span.end:
        return _value(text, node, around, span, place)
    word = _word_around(text, span.end, offset)
    if "," not in _IGNORED.sub("", text[span.end : word.start]):
        return None
    return _value(text, node, around, word, place + 1)


def _key(
    text: str,
    node: Node,
    around: tuple[Member, ...],
    span: Span,
    comma_before: int | None,
    *,
    colon: bool = False,
) -> Cursor:
    colon = colon or text[_significant(text, span.end) :][:1] == ":"
    return Cursor(
        place="key",
        span=span,
        container=node,
        members=around,
        comma_before=comma_before,
        comma_after=not colon and missing_after(text, span.end),
        colon_follows=colon,
    )


def _value(text: str, node: Node, members: tuple[Member, ...], span: Span, item: int | None) -> Cursor:
    return Cursor(
        place="value",
        span=span,
        container=node,
        members=members,
        item=item,
        comma_after=missing_after(text, span.end),
    )


def _last_before(nodes: Sequence[Node], offset: int) -> int:
    """Return the index of the last node that starts before an offset of their container."""
    low, high = 0, len(nodes)
    while low < high:
        middle = (low + high) // 2
        if nodes[middle].offset < offset:
            low = middle + 1
        else:
            high = middle
    return low - 1


def _is_closed(text: str, span: Span, offset: int) -> bool:
    """Return whether an offset is behind the closing quote of a key, so that typing doesn't change the key."""
    return offset == span.end and span.end - span.start > 1 and text[span.end - 1] == '"'


def _word_around(text: str, since: int, offset: int) -> Span:
    """Return the word at or before an offset, with its opening quote if it has one; else an empty span."""
    begun = re.search(rf'"?{_WORD}*\Z', text[max(since, offset - 200) : offset])
    start = offset - (len(begun[0]) if begun else 0)
    rest = re.compile(rf'{_WORD}*"?' if text[start : start + 1] == '"' else rf"{_WORD}*").match(text, offset)
    return Span(start, rest.end() if rest and start < offset else offset)


def _significant(text: str, position: int) -> int:
    """Return the first offset from a position on that is neither white space nor comment."""
    while found := _IGNORED.match(text, position):
        position = found.end()
    return position
