"""Plain lists and objects, which are nearly all of a sweep: parsed as one token, and read at the first use.

To readers of a tree they are nodes like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from caliban_ls.analysis.jsondoc import tokens
from caliban_ls.analysis.jsondoc.scalars import WORDS
from caliban_ls.analysis.jsondoc.tree import Kind, Member, Node

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
        self.side_entries = None
        self.parent = parent
        self.offset = offset
        self.length = len(spelling)
        self.fresh = True
        self.unread: str | None = spelling
        self.plain = spelling.count(",") + 1  # a string that holds one isn't plain

    @property
    def items(self) -> Sequence[Node]:
        """The items, read at the first use."""
        if self.unread is not None:
            _ITEMS.__set__(self, _read(self, self.unread))
            self.unread = None
        items: Sequence[Node] = _ITEMS.__get__(self)
        return items

    @items.setter
    def items(self, items: Sequence[Node]) -> None:
        _ITEMS.__set__(self, items)
        self.unread = None
        self.plain = 0


class PlainObject(Node):
    """An object as `tokens.PLAIN_OBJECT` has it, with each key once.

    Args:
        parts: its keys and values, as they are spelled.
        read: gives the object that a text is, with all its nodes.
    """

    __slots__ = ("parts", "read", "unread")

    def __init__(
        self,
        parent: Node | None,
        offset: int,
        spelling: str,
        parts: Sequence[tuple[str, str]],
        read: Callable[[str], Node],
    ) -> None:
        super().__init__(Kind.OBJECT, None, parent, offset, len(spelling))
        self.unread: str | None = spelling
        self.parts: Sequence[tuple[str, str]] | None = parts
        self.read = read

    @property
    def members(self) -> Sequence[Member]:
        """The members, read at the first use."""
        if self.unread is not None:
            self.members = self.read(self.unread).members
            for member in self.members:
                member.key.parent = self
                if member.value is not None:
                    member.value.parent = self
        members: Sequence[Member] = _MEMBERS.__get__(self)
        return members

    @members.setter
    def members(self, members: Sequence[Member]) -> None:
        _MEMBERS.__set__(self, members)
        self.unread = None
        self.parts = None


# Where a node keeps its items and members, behind the properties.
_ITEMS, _MEMBERS = vars(Node)["items"], vars(Node)["members"]


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
