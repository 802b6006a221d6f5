"""The tree of a JSON document: its values and keys, and their positions.

Knows nothing of parsing. Positions are kept relative to the parent, so that an edit moves
siblings only. Nothing here recurses, because a document may be nested 100,000 deep.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import Any

from caliban_ls.core.text import Span


class Kind(Enum):
    """The kinds of nodes. INVALID stands for a value that can't be read."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    NULL = "null"
    INVALID = "invalid"


class Node:
    """A value or a key.

    Attributes:
        kind: what it is.
        value: what `json.loads` gives for a scalar; None for containers and INVALID.
        members: of an object, in file order, duplicates kept; empty for every other kind.
        items: of an array; empty for every other kind.
        closed: whether its own bracket closes it; scalars count as closed.
        damaged: whether a reported mistake leaves open which members or items belong here, so that their
            number, order or absence proves nothing. A broken value alone doesn't damage its container:
            it is INVALID, or a `Member.value` of None.
        side_entries: what side tables hold for it, by table; None when there are none. An edit inside the node removes them.
        parent: the container that it stands in; the root's is a holder of the whole document.
        offset: where it starts, counted from the parent's start.
        length: in code points, brackets and quotes included.
        fresh: whether a parse may start and stop at its ends: no decision before it looked into it, and none
            inside looked behind it.
        plain: how many items an array has that are all numbers, true, false or strings without special
            characters, so that readers needn't look at them; 0 for any other array, and where it isn't counted.
        unread: the spelling, in strict JSON, of a plain array whose items weren't read yet, or of an object of
            scalars, plain arrays and rows of them whose members weren't; None once they are.
        parts: of such an object, until its members are read, each key and the spelling of its value, without
            blanks or commas around it. Keys are different.
    """

    plain: int = 0
    unread: str | None = None
    parts: Sequence[tuple[str, str]] | None = None

    __slots__ = (
        *("kind", "value", "members", "items", "closed", "damaged", "side_entries"),
        *("parent", "offset", "length", "fresh"),
    )

    def __init__(self, kind: Kind, value: Any, parent: Node | None, offset: int, length: int) -> None:  # noqa: ANN401 - any scalar
        self.kind = kind
        self.value = value
        self.members: Sequence[Member] = ()
        self.items: Sequence[Node] = ()
        self.closed = True
        self.damaged = False
        self.side_entries: dict[object, Any] | None = None
        self.parent = parent
        self.offset = offset
        self.length = length
        self.fresh = True

    @property
    def size(self) -> int:
        """How many items an array has."""
        return self.plain or len(self.items)

    @property
    def span(self) -> Span:
        """Its span in the document. Takes a step for each level of nesting."""
        start = 0
        node: Node | None = self
        while node is not None:
            start += node.offset
            node = node.parent
        return Span(start, start + self.length)

    def member(self, key: str) -> Member | None:
        """Return the member of a key; of duplicates the last, which is the one that counts."""
        return next((member for member in reversed(self.members) if member.key.value == key), None)

    def __repr__(self) -> str:
        return f"<{self.kind.value} at {self.span.start}>"


class Member:
    """A key of an object and its value, None when there is none."""

    __slots__ = ("key", "value")

    def __init__(self, key: Node, value: Node | None) -> None:
        self.key = key
        self.value = value

    @property
    def span(self) -> Span:
        """Its span in the document, from the key's start to the value's end."""
        return Span(self.key.span.start, (self.value or self.key).span.end)

    def __repr__(self) -> str:
        return f"<member {self.key.value!r} at {self.key.span.start}>"


def walk(node: Node) -> Iterator[Node]:
    """Yield a node and all values below it, in file order."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        if node.items:
            waiting.extend(reversed(node.items))
        elif node.members:
            waiting.extend(member.value for member in reversed(node.members) if member.value is not None)


def path_at(root: Node | None, offset: int) -> list[Node | Member]:
    """Return the nodes and members at an offset, from the root to the innermost node.

    A member stands between its object and its key or value: `[object, member, value]`. Touching counts:
    an offset right behind a value is still at it, unless the next one starts there.
    """
    path: list[Node | Member] = []
    node = root
    start = 0
    while node is not None:
        start += node.offset
        if not start <= offset <= start + node.length:
            break
        path.append(node)
        node = _child_at(node, offset - start, path)
    return path


def _child_at(node: Node, offset: int, path: list[Node | Member]) -> Node | None:
    """Return the last child that starts at or before an offset relative to the node; add its member."""
    if node.items:
        index = bisect_right(node.items, offset, key=lambda item: item.offset) - 1
        return node.items[index] if index >= 0 else None
    index = bisect_right(node.members, offset, key=lambda member: member.key.offset) - 1
    if index < 0:
        return None
    member = node.members[index]
    last = member.value or member.key
    if offset > last.offset + last.length:
        return None
    path.append(member)
    return last if offset >= last.offset else member.key


def lookup(root: Node | None, pointer: str) -> Node | None:
    """Return the value that a JSON pointer (RFC 6901) names, such as `/0/lr`, or None."""
    if pointer and not pointer.startswith("/"):
        return None
    node = root
    for part in pointer.split("/")[1:]:
        if node is None:
            return None
        if node.kind is Kind.ARRAY:
            # The RFC allows neither signs nor leading zeros, and int() knows digits of many scripts.
            is_index = part.isascii() and part.isdigit() and (part == "0" or part[0] != "0")
            index = int(part) if is_index and len(part) < 10 else len(node.items)  # noqa: PLR2004 - no list is as long
            node = node.items[index] if index < len(node.items) else None
        else:
            member = node.member(part.replace("~1", "/").replace("~0", "~"))
            node = member.value if member is not None else None
    return node


def to_python(node: Node) -> Any:  # noqa: ANN401 - JSON is any value
    """Return what `json.loads` would: of duplicate keys the last value, and None for INVALID."""
    holder: list[Any] = []
    containers: list[tuple[Node, Any]] = []

    def converted(value: Node | None) -> Any:  # noqa: ANN401 - JSON is any value
        if value is None:
            return None
        if value.unread is not None:
            return json.loads(value.unread)
        if value.kind is Kind.ARRAY or value.kind is Kind.OBJECT:
            containers.append((value, [] if value.kind is Kind.ARRAY else {}))
            return containers[-1][1]
        return value.value

    holder.append(converted(node))
    while containers:
        node, empty = containers.pop()
        if node.kind is Kind.ARRAY:
            empty.extend(converted(item) for item in node.items)
        else:
            empty.update((member.key.value, converted(member.value)) for member in node.members)
    return holder[0]
