"""Side tables: what a reader of a tree found out about its nodes, in the reader's own type.

A reader makes one table for each kind of answer and keeps it to itself. Trees know neither tables nor answers.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from caliban_ls.analysis.jsondoc.tree import Node

Answer = TypeVar("Answer")


class SideTable(Generic[Answer]):
    """Maps nodes to answers, until an edit touches the node.

    An entry is kept beside its node and goes with it. It may hold positions if they are counted from the node's own
    start, since an edit elsewhere moves the node.
    """

    __slots__ = ()

    def get(self, node: Node) -> Answer | None:
        """Return a node's entry, None when there is none or an edit has touched the node since."""
        entries = node.side_entries
        if entries is None:
            return None
        found: Answer | None = entries.get(self)
        return found

    def put(self, node: Node, answer: Answer) -> Answer:
        """Make an answer the node's entry, and return it."""
        if node.side_entries is None:
            node.side_entries = {}
        node.side_entries[self] = answer
        return answer
