"""A JSON document that stays parsed while it is edited.

After any edit the document equals a fresh parse of its text. An edit re-parses the innermost list or object around
it, from the last item or member that starts before the edit. It stops where the parser meets an old item or member in
the state in which that was met before: from there on, nothing can differ. Where that fails, the next container
outwards is tried, and the document itself is the outermost.
"""

from __future__ import annotations

import gc
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

from caliban_ls.analysis.findings import Edit, Finding, Fix, Severity
from caliban_ls.analysis.jsondoc import tokens
from caliban_ls.analysis.jsondoc.grammar import Parser
from caliban_ls.analysis.jsondoc.parser_state import (
    DONE,
    FIRST,
    MAX_ERRORS,
    NEXT,
    START,
    Escaped,
    Fault,
    Frame,
    Window,
)
from caliban_ls.analysis.jsondoc.recovery import duplicates
from caliban_ls.analysis.jsondoc.reports import DUPLICATE_KEY
from caliban_ls.analysis.jsondoc.tree import Kind, Member, Node
from caliban_ls.core.text import Span

MAX_SHOWN = 100
"""At most this many errors of one document are shown; hints aren't counted."""

_MAX_LEVELS = 8  # how far out the enclosing lists are tried before everything is parsed anew
_CLOSER = {"[": "]", "{": "}"}
_OPENER = {Kind.ARRAY: "[", Kind.OBJECT: "{"}


class JsonDocument:
    """The text of a JSON file with comments, its tree, and what is wrong with its syntax.

    Attributes:
        text: the whole text. Change it through `edit` only.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._faults: list[Fault] = []
        self._comments: list[tuple[int, int]] = []
        self._overflowed = False
        self._top = Node(Kind.ARRAY, None, None, 0, 0)  # a list without brackets that holds the root
        self._findings: list[Finding] | None = None
        self._parse()

    @property
    def root(self) -> Node | None:
        """The document's value, None when there is none."""
        return self._top.items[0] if self._top.items else None

    @property
    def findings(self) -> list[Finding]:
        """What is wrong with the syntax, in order of position: the first errors, and all hints."""
        if self._findings is None:
            errors = [fault.finding for fault in self._faults if fault.finding.severity is not Severity.HINT]
            hints = [fault.finding for fault in self._faults if fault.finding.severity is Severity.HINT]
            self._findings = sorted(errors[:MAX_SHOWN] + hints, key=lambda found: (found.span, found.code))
        return self._findings

    @property
    def comments(self) -> list[Span]:
        """The spans of all comments, their marks included, in order."""
        return [Span(start, end) for start, end in self._comments]

    def comment_at(self, offset: int) -> Span | None:
        """Return the comment that holds the character at an offset."""
        index = bisect_right(self._comments, (offset, len(self.text))) - 1
        if index < 0 or self._comments[index][1] <= offset:
            return None
        return Span(*self._comments[index])

    def edit(self, start: int, end: int, new_text: str) -> None:
        """Replace the text between two offsets, counted in code points, and parse what that touches.

        Offsets outside the text are moved to its ends.
        """
        start = max(0, min(start, len(self.text)))
        end = max(start, min(end, len(self.text)))
        shift = len(new_text) - (end - start)
        self.text = "".join((self.text[:start], new_text, self.text[end:]))
        self._findings = None
        if not self._overflowed:
            path = self._path(start, end)
            for depth in range(len(path), max(0, len(path) - _MAX_LEVELS), -1):
                if self._parse_window(path[:depth], start, end, shift):
                    return
        self._parse()

    def _parse(self) -> None:
        """Parse the whole text."""
        self._top = Node(Kind.ARRAY, None, None, 0, 0)
        items: list[Node] = []
        self._top.items = items
        parser = Parser(self.text, [Frame(self._top, 0, "", items, START)], _token_at(self.text, 0))
        with _without_collector():
            parser.run()
        self._faults = parser.faults
        self._comments = parser.comments
        self._overflowed = parser.overflowed

    def _path(self, start: int, end: int) -> list[tuple[Node, int]]:
        """Return the containers around an edit, outermost first, each with its absolute start.

        The edit lies between their brackets. The outermost is the document itself, which has no brackets.
        Lists with keys are left out, and all that is inside of them.
        """
        path = [(self._top, 0)]
        while True:
            node, base = path[-1]
            child = _child_at(node, start - base)
            if child is None or child.kind not in _OPENER:
                return path
            base += child.offset
            if not base < start <= end < base + child.length:
                return path
            if self.text[base] != _OPENER[child.kind]:
                return path  # what is reported about keys in a list's brackets depends on all between them
            path.append((child, base))

    def _parse_window(self, path: list[tuple[Node, int]], start: int, end: int, shift: int) -> bool:
        """Parse the part of a container that an edit touched, and take it over if the rest can stay as it is.

        Args:
            path: containers from the document to the one to parse, each with its absolute start.
            start: where the replaced text started.
            end: where it ended.
            shift: by how much the text behind it moved.

        Returns:
            Whether it worked. If not, the container itself may be spoiled, but nothing around it.
        """
        node, base = path[-1]
        is_document = node is self._top
        # Nothing stands in front of the root, so that it needn't be fresh.
        was_fresh = node.fresh
        if not is_document and not (node.closed and (was_fresh or node is self.root)):
            return False
        is_object = node.kind is Kind.OBJECT
        children: list[Any] = list(node.members if is_object else node.items)
        heads: Sequence[Node] = [member.key for member in children] if is_object else children
        kept, begin, state = _restart(heads, children, start - base)
        if kept == 0:
            begin, state = (0, START) if is_document else (1, FIRST)
        begin += base
        close = len(self.text) if is_document else base + node.length - 1 + shift
        frame = Frame(node, base, "" if is_document else _CLOSER[self.text[base]], children[:kept], state)
        if is_object and kept:
            frame.member = children[kept - 1]
        frames = [*(_frame(self.text, outer, position) for outer, position in path[:-1]), frame]
        parser = Parser(
            self.text, frames, _token_at(self.text, begin), Window(end + shift, close, shift, heads)
        )
        node.fresh = True  # unless its end tells otherwise
        try:
            parser.run()
        except Escaped:
            return False
        if parser.joined is not None:
            node.fresh = was_fresh

        # The old text from `stop` on means what it meant.
        rest = children[parser.joined :] if parser.joined is not None else []
        stop = (parser.position if parser.joined is not None else close + 1) - shift
        later = [fault for fault in self._faults if fault.at >= stop]
        later = [_moved(fault, end, shift) for fault in later] if shift else later
        _move(rest, shift)
        if is_object:
            node.members = frame.children + rest
            if rest:
                later = _with_duplicates(later, node, base, close)
        else:
            node.items = frame.children + rest
        faults = [fault for fault in self._faults if fault.at < begin] + parser.faults + later
        errors = sum(fault.finding.severity is not Severity.HINT for fault in faults)
        if parser.overflowed or errors > MAX_ERRORS:
            return False
        self._faults = faults
        self._replace_comments(begin, stop, shift, parser.comments)
        node.damaged = any(fault.damaged is node for fault in faults)
        node.length = close - base + (0 if is_document else 1)
        node.side_entries = None
        for (outer, _), (inner, _) in pairwise(path):
            outer.side_entries = None
            outer.length += shift
            _move_behind(outer, inner.offset, shift)
        return True

    def _replace_comments(self, begin: int, stop: int, shift: int, new: list[tuple[int, int]]) -> None:
        """Replace the comments that start between two offsets of the old text, and move the later ones."""
        first = bisect_left(self._comments, (begin,))
        last = bisect_left(self._comments, (stop,))
        moved = [(start + shift, end + shift) for start, end in self._comments[last:]]
        self._comments[first:] = new + moved


def parse(text: str) -> JsonDocument:
    """Parse a text. Mistakes become findings; nothing is raised."""
    return JsonDocument(text)


def inner_span(document: JsonDocument, node: Node, start: int, end: int) -> Span:
    """Return the span of a part of a string's value in the document, escapes accounted for.

    Args:
        document: the document that the string belongs to.
        node: a STRING.
        start: offset of the part's first character in `node.value`.
        end: offset behind its last character.
    """
    span = node.span
    written = document.text[span.start : span.end]
    quotes = 1 if written[:1] in tokens.OPENING_QUOTES else 0
    content = written[quotes:]
    limit = len(written) - quotes
    begin, stop = (min(tokens.source_offset(content, index), limit) + quotes for index in (start, end))
    return Span(span.start + begin, span.start + stop)


def _token_at(text: str, position: int) -> int:
    """Return where the first token at or behind a position starts; a byte order mark is no token."""
    if position == 0 and text.startswith("\ufeff"):
        position = 1
    return tokens.skip_blanks(text, position)


def _child_at(node: Node, offset: int) -> Node | None:
    """Return the last child value that starts before an offset relative to the node."""
    if node.kind is Kind.ARRAY:
        index = bisect_left(node.items, offset, key=lambda item: item.offset) - 1
        return node.items[index] if index >= 0 else None
    index = bisect_left(node.members, offset, key=lambda member: member.key.offset) - 1
    return node.members[index].value if index >= 0 else None


def _restart(heads: Sequence[Node], children: Sequence[Any], offset: int) -> tuple[int, int, int]:
    """Return from where a container must be parsed anew when it is edited at an offset relative to it.

    Args:
        heads: its items, or its members' keys.
        children: its items, or its members.
        offset: where the edit starts.

    Returns:
        How many children can be kept, where the parse starts relative to the container, and the state it
        starts in. The container's beginning, when none can be kept, is left to the caller.
    """
    index = bisect_left(heads, offset, key=lambda head: head.offset) - 1
    if index >= 0:
        last = children[index]
        value = last.value if isinstance(last, Member) else last
        if value is not None and value.kind in _OPENER and value.fresh and value.closed:
            end = value.offset + value.length
            if end <= offset:
                return index + 1, end, DONE  # nothing can change a value that its own bracket has ended
    while index > 0 and not heads[index].fresh:
        index -= 1
    return (index, heads[index].offset, NEXT) if index > 0 else (0, 0, FIRST)


def _frame(text: str, node: Node, start: int) -> Frame:
    """Return the open container that a node was, for a parse inside it."""
    closer = _CLOSER[text[start]] if node.parent is not None else ""
    frame = Frame(node, start, closer, [])
    frame.is_object = node.kind is Kind.OBJECT
    return frame


def _move_behind(container: Node, offset: int, shift: int) -> None:
    """Move the children of a container that start behind an offset relative to it."""
    if not shift:
        return
    if container.items:
        first = bisect_right(container.items, offset, key=lambda item: item.offset)
        _move(container.items[first:], shift)
    else:
        # The offset is that of a value, whose key stands in front.
        first = bisect_right(container.members, offset, key=lambda member: member.key.offset)
        _move(container.members[first:], shift)


def _move(children: Sequence[Any], shift: int) -> None:
    """Move items or members of a container."""
    if not shift or not children:
        return
    if not isinstance(children[0], Member):
        for item in children:
            item.offset += shift
        return
    for member in children:
        member.key.offset += shift
        if member.value is not None:
            member.value.offset += shift


def _with_duplicates(later: list[Fault], node: Node, start: int, close: int) -> list[Fault]:
    """Return faults with those about an object's duplicate keys renewed; they are reported where the object closes."""
    first = bisect_left(later, close, key=lambda fault: fault.at)
    last = bisect_right(later, close, key=lambda fault: fault.at)
    at_close = [fault for fault in later[first:last] if fault.finding.code != DUPLICATE_KEY]
    at_close += [Fault(close, found, None) for found in duplicates(node.members, start)]
    return later[:first] + at_close + later[last:]


def _moved(fault: Fault, edited: int, shift: int) -> Fault:
    """Return a fault that was reported behind an edit; some of its spans may lie in front of the edit."""

    def moved(span: Span) -> Span:
        if span.start >= edited:
            return span.shifted(shift)
        return Span(span.start, span.end + shift) if span.end > edited else span

    found = fault.finding
    fixes = tuple(
        Fix(fix.title, tuple(Edit(moved(edit.span), edit.new_text) for edit in fix.edits), fix.is_draft)
        for fix in found.fixes
    )
    return Fault(fault.at + shift, replace(found, span=moved(found.span), fixes=fixes), fault.damaged)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Keep the garbage collector from walking a tree that only grows."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
