"""Lists of plain scalars, which are most of a sweep: taken whole, and read item by item when somebody looks.

Knows how such a list is spelled. Whoever reads a tree sees a node like any other.
"""

from __future__ import annotations

from collections.abc import Sequence

from caliban_ls.jsondoc import tokens
from caliban_ls.jsondoc.scalars import WORDS
from caliban_ls.jsondoc.tree import Kind, Node

_ARRAY = Kind.ARRAY  # looked up once, since that takes as long as the rest of a node


class PlainArray(Node):
    """An array of nothing but scalars that are in order, as the list in `tokens.VALUE` has them."""

    __slots__ = ("plain", "unread")

    def __init__(self, parent: Node | None, offset: int, spelling: str) -> None:
        # A large sweep has tens of thousands of these; what `Node` does is done here, but for the items.
        self.kind = _ARRAY
        self.value = None
        self.members = ()
        self.closed = True
        self.damaged = False
        self.memo = None
        self.parent = parent
        self.offset = offset
        self.length = len(spelling)
        self.fresh = True
        self.unread: str | None = spelling
        self.plain = spelling.count(",") + 1  # a string that holds one isn't plain

    @property
    def items(self) -> Sequence[Node]:
        """The items, read at the first look."""
        if self.unread is not None:
            _SLOT.__set__(self, _read(self, self.unread))
            self.unread = None
        items: Sequence[Node] = _SLOT.__get__(self)
        return items

    @items.setter
    def items(self, items: Sequence[Node]) -> None:
        _SLOT.__set__(self, items)
        self.unread = None
        self.plain = 0


_SLOT = vars(Node)["items"]  # where a node keeps its items, behind the property


def _read(array: Node, spelling: str) -> list[Node]:
    """Return the items of an array, brackets included in its spelling."""
    items: list[Node] = []
    position = tokens.skip_blanks(spelling, 1)
    while (match := tokens.VALUE.match(spelling, position)) is not None:
        string, integer, fraction, word = match.group(1, 2, 3, 4)
        if string is not None:
            node = Node(Kind.STRING, string, array, position, len(string) + 2)
        elif word is not None:
            node = Node(*WORDS[word], array, position, len(word))
        else:
            value = tokens.number_value(integer, fraction)
            node = Node(Kind.NUMBER, value, array, position, len(integer) + len(fraction))
        items.append(node)
        position = match.end()
    return items
