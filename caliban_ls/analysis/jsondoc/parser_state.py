"""The state of a parser: its open containers, how far it has looked ahead, and its findings so far.

Decides nothing about any token.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.jsondoc import reports, tokens
from caliban_ls.analysis.jsondoc.reports import shown
from caliban_ls.analysis.jsondoc.scalars import Scalar
from caliban_ls.analysis.jsondoc.tree import Member, Node

# What a container waits for. The order matters: up to VALUE something may begin.
FIRST = 0  # the first item or key, or the end
NEXT = 1  # an item or key after a comma
VALUE = 2  # the value of a member
DONE = 3  # a comma or the end
COLON = 4  # what follows a key
BROKEN = 5  # a comma or the end, silently, since something was reported already
START = 6  # the document's one value
OVER = 7  # nothing: text after the document's end was reported

MAX_ERRORS = 1000
"""A text with more errors isn't JSON. The rest is read, but nothing more is reported."""


class Escaped(Exception):
    """A parse of a part of the document can't tell what its text means without the rest."""


class Fault(NamedTuple):
    """A finding, the offset where the parser stood when it reported it, and the container it damages."""

    at: int
    finding: Finding
    damaged: Node | None


class Frame:
    """An open container: its node, its absolute start, its children so far and what it waits for."""

    __slots__ = ("children", "closer", "is_object", "member", "node", "start", "state")

    def __init__(self, node: Node, start: int, closer: str, children: list[Any], state: int = FIRST) -> None:
        self.node = node
        self.start = start
        self.closer = closer
        self.children = children
        self.is_object = closer == "}"
        self.state = state
        self.member: Member | None = None

    def ends(self, child: Node) -> tuple[int, int]:
        """Return the absolute start and end of a child."""
        start = self.start + child.offset
        return start, start + child.length

    def last_end(self) -> int:
        """Return the absolute end of the last child, or of the opening bracket."""
        if not self.children:
            return self.start + (1 if self.closer else 0)
        last = self.children[-1]
        return self.ends((last.value or last.key) if isinstance(last, Member) else last)[1]


@dataclass(frozen=True, slots=True)
class Window:
    """Where a parse of a part of a container may stop, in offsets of the new text.

    Attributes:
        resume: the first offset behind the edit.
        close: where the container's own closing bracket is expected.
        shift: by how much the text behind the edit moved.
        heads: the container's items, or its members' keys, before the edit.
    """

    resume: int
    close: int
    shift: int
    heads: Sequence[Node]


class ParserState:
    """The state of a parser of a text, or of the part of it that an edit touched.

    Attributes:
        position: where the parser stands; after `run`, where it stopped.
        faults: what was reported, in order.
        comments: start and end of every comment.
        overflowed: whether errors were left out, because there were too many.
        joined: of a window, the index of the first old item or member that needs no new parse; None when
            the parse ran to the container's end.
    """

    def __init__(
        self,
        text: str,
        frames: list[Frame],
        position: int,
        window: Window | None = None,
        *,
        whole_objects: bool = True,
    ) -> None:
        self.text = text
        self.position = position
        self.faults: list[Fault] = []
        self.comments: list[tuple[int, int]] = []
        self.overflowed = False
        self.joined: int | None = None
        self._frames = frames
        self._floor = len(frames)
        self._window = window
        self._whole_objects = whole_objects
        self._finished = False
        self._errors = 0
        self._at = position
        # How far anything was looked at to decide what stands before it. What starts earlier isn't fresh.
        self._reach = 0
        self._fresh = True

    # Looking ahead

    def _peek(self, position: int) -> re.Match[str] | None:
        """Return the next token that isn't a comment; what it covers isn't fresh any more."""
        match = tokens.TOKEN.match(self.text, tokens.skip_ignored(self.text, position))
        self._look(tokens.reach_of(self.text, match) if match is not None else len(self.text) + 1)
        return match

    def _is_before_colon(self, position: int) -> bool:
        """Return whether a colon follows, or another separator in its place."""
        match = self._peek(position)
        return match is not None and (match["mark"] == ":" or match["equals"] is not None)

    def _look(self, position: int) -> None:
        """Remember how far the text was looked at."""
        self._reach = max(self._reach, position)

    def _expects_key(self) -> bool:
        frame = self._frames[-1]
        return frame.is_object and frame.state not in {COLON, VALUE}

    def _quoted(self, scalar: Scalar) -> str:
        return f"`{shown(self.text[scalar.start : scalar.end])}`"

    # Reports

    def _report_after_the_end(self, start: int, end: int) -> None:
        self._report(reports.after_the_end(start, end))
        self._frames[-1].state = OVER

    def _report_missing_comma(self, frame: Frame, start: int) -> None:
        self._fresh = False
        # A value without a key isn't among the children, so that its end isn't known.
        is_known = frame.member is not None or not frame.is_object
        self._report(
            reports.missing_comma(frame.last_end()) if is_known else reports.missing_comma_before(start)
        )

    def _report_trailing_comma(self, frame: Frame, position: int) -> None:
        start = self._comma_after_last(frame, position)
        if start is not None:
            self._report(reports.trailing_comma(start))

    def _report_missing_colon(self, frame: Frame) -> None:
        # A damaged key may hold its colon, since its end is a guess.
        if frame.member is not None and not frame.member.key.damaged:
            self._report(reports.missing_colon(*frame.ends(frame.member.key)))

    def _report_missing_key(self, start: int, end: int) -> None:
        """Report a value without a key, and wait for the value."""
        frame = self._frames[-1]
        self._report(reports.missing_key(start, end), damaged=frame.node)
        frame.member = None
        frame.state = VALUE

    def _report_missing_value(self, frame: Frame) -> None:
        # A damaged key may hold its value, since its end is a guess.
        if frame.member is not None and not frame.member.key.damaged:
            self._report(reports.missing_value(*frame.ends(frame.member.key)))

    def _unexpected(self, start: int, end: int, message: str) -> None:
        """Report text without a likely meaning, and stay silent until the next comma or bracket."""
        frame = self._frames[-1]
        self._report(reports.unexpected(start, end, message), damaged=frame.node)
        frame.state = BROKEN if frame.closer else OVER

    def _report(self, *found: Finding, damaged: Node | None = None) -> None:
        if damaged is not None:
            damaged.damaged = True
        for each in found:
            if each.severity is not Severity.HINT:
                self._errors += 1
                if self._errors > MAX_ERRORS:
                    self.overflowed = True
                    return
            self.faults.append(Fault(self._at, each, damaged))

    def _faults_since(self, position: int) -> int:
        """Return the index of the first fault that was reported at or behind a position."""
        return bisect_left(self.faults, position, key=lambda fault: fault.at)

    def _comma_after_last(self, frame: Frame, following: int) -> int | None:
        """Return where the comma between the last child and what follows stands, None if anything else does."""
        position = tokens.skip_ignored(self.text, frame.last_end())
        is_comma = self.text[position : position + 1] == ","
        return position if is_comma and tokens.skip_ignored(self.text, position + 1) == following else None
