"""From text to tree: the grammar of JSON with comments, and what is reported where a text breaks it.

One pass from left to right with an explicit stack. Well-formed text takes the short road in `Parser.run`;
a token that doesn't fit goes through `_token`, which decides what was meant, reports it once, and goes on
where that leads. Knows no rule but syntax, and nothing of edits except where a parse may start and stop.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from caliban_ls.findings import Edit, Finding, Fix, Severity
from caliban_ls.jsondoc import scalars, tokens
from caliban_ls.jsondoc.scalars import WORDS, Scalar, replacement, shown
from caliban_ls.jsondoc.tree import Kind, Member, Node
from caliban_ls.rules import finding
from caliban_ls.text import Span

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
"""A text with more errors isn't JSON by any stretch; what follows is read, but not reported."""

_MAX_LEVELS = 100  # how far a closing bracket looks for its partner
_CLOSER = {"[": "]", "{": "}"}
_BRACKETS = {"]": ("[", "list"), "}": ("{", "object")}


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

    def last_end(self) -> int:
        """Return the absolute end of the last child, or of the opening bracket."""
        if not self.children:
            return self.start + (1 if self.closer else 0)
        last = self.children[-1]
        if isinstance(last, Member):
            last = last.value or last.key
        end: int = self.start + last.offset + last.length
        return end


@dataclass(frozen=True, slots=True)
class Window:
    """Where a parse of a part of an array may stop, in offsets of the new text.

    Attributes:
        resume: the first offset behind the edit.
        close: where the array's own closing bracket is expected.
        shift: by how much the text behind the edit moved.
        items: the array's items before the edit.
    """

    resume: int
    close: int
    shift: int
    items: list[Node]


class Parser:
    """Reads a text, or the part of it that an edit touched.

    Attributes:
        position: where the parser stands; after `run`, where it stopped.
        faults: what was reported, in order.
        comments: start and end of every comment.
        overflowed: whether errors were left out, because there were too many.
        joined: of a window, the index of the first old item that needs no new parse; None when the parse
            ran to the array's end.
    """

    def __init__(self, text: str, frames: list[Frame], position: int, window: Window | None = None) -> None:
        self.text = text
        self.position = position
        self.faults: list[Fault] = []
        self.comments: list[tuple[int, int]] = []
        self.overflowed = False
        self.joined: int | None = None
        self._frames = frames
        self._floor = len(frames)
        self._window = window
        self._finished = False
        self._errors = 0
        self._at = position
        # How far anything was looked at to decide what stands before it. What starts earlier isn't fresh.
        self._reach = 0
        self._fresh = True

    def run(self) -> None:
        """Parse to the end of the text, or of the window.

        Raises:
            Escaped: the window's array doesn't end where it did.
        """
        text, frames, floor = self.text, self._frames, self._floor
        key_match, value_match, closing_match = tokens.KEY.match, tokens.VALUE.match, tokens.CLOSING.match
        limit = len(text) + 1 if self._window is None else self._window.resume
        position = self.position
        frame = frames[-1]
        while True:
            if position >= limit:
                self.position = position
                if self._meets(frame):
                    return
            if frame.state == DONE:
                match = closing_match(text, position)
                if match is not None and match[1] == frame.closer and len(frames) > floor:
                    self._close(position)
                    frame = frames[-1]
                    position = match.end()
                    if match[2] is not None:
                        if frame.closer:
                            frame.state = NEXT
                        else:
                            position = match.start(2)
                    continue
            elif frame.state <= VALUE:
                if frame.is_object and frame.state != VALUE:
                    match = key_match(text, position)
                    if match is not None:
                        key = match[1]
                        node = Node(Kind.STRING, key, frame.node, position - frame.start, len(key) + 2)
                        frame.member = Member(node, None)
                        frame.children.append(frame.member)
                        frame.state = VALUE
                        position = match.end()
                if frame.state == VALUE or not frame.is_object:
                    match = value_match(text, position)
                    if match is not None:
                        string, integer, fraction, word, comma, bracket = match.groups()
                        if bracket is not None:
                            frame = self._open(bracket, position)
                            position = match.end()
                            continue
                        kind, value, length = Kind.STRING, string, 0
                        if string is not None:
                            length = len(string) + 2
                        elif integer is not None:
                            kind, value = Kind.NUMBER, tokens.number_value(integer, fraction)
                            length = len(integer) + len(fraction)
                        else:
                            kind, value = WORDS[word]
                            length = len(word)
                        if value is not None or kind is Kind.NULL:
                            node = Node(kind, value, frame.node, position - frame.start, length)
                            if not frame.is_object:
                                frame.children.append(node)
                            elif frame.member is not None:
                                frame.member.value = node
                            frame.state = DONE if comma is None else NEXT
                            position = match.end()
                            continue
            self.position = position
            self._token()
            while self.position < self._reach and not self._finished:
                self._token()
            if self._finished:
                return
            position = self.position
            frame = frames[-1]

    # Where a window ends

    def _meets(self, frame: Frame) -> bool:
        """Return whether the parser stands where an old item started, in the state of then."""
        window = self._window
        assert window is not None  # noqa: S101 - only windows have a limit inside the text
        if self.position > window.close:
            raise Escaped
        if len(self._frames) > self._floor or frame.state not in {FIRST, NEXT, START}:
            return False
        start = self.position - window.shift - frame.start
        index = bisect_left(window.items, start, key=lambda item: item.offset)
        if index == len(window.items) or window.items[index].offset != start or not window.items[index].fresh:
            return False
        if (index > 0) != bool(frame.children):
            return False  # what a colon means depends on whether anything stands before it
        self.joined = index
        return True

    # Containers

    def _open(self, bracket: str, position: int) -> Frame:
        """Start a container where a value may stand, or a detached one where none belongs."""
        parent = self._frames[-1]
        kind = Kind.OBJECT if bracket == "{" else Kind.ARRAY
        node = Node(kind, None, parent.node, position - parent.start, 0)
        children: list[Any] = []
        if kind is Kind.OBJECT:
            node.members = children
        else:
            node.items = children
        self._give(node)
        frame = Frame(node, position, _CLOSER[bracket], children)
        self._frames.append(frame)
        return frame

    def _give(self, node: Node) -> None:
        """Make a node the value that the innermost container waits for; ignore it when it waits for none."""
        frame = self._frames[-1]
        if frame.state == BROKEN:
            return
        if not frame.is_object:
            frame.children.append(node)
        elif frame.member is not None:
            frame.member.value = node
        frame.state = DONE

    def _close(self, position: int) -> None:
        """End the innermost container at its closing bracket."""
        self._at = position
        frame = self._frames.pop()
        node = frame.node
        node.length = position + 1 - frame.start
        if self._reach > position + 1:
            node.fresh = False
        if frame.state == NEXT and frame.children:
            self._report_trailing_comma(frame, position)
        elif frame.state in {COLON, VALUE}:
            self._report_missing_value(frame)
        if frame.is_object:
            if len({member.key.value for member in frame.children}) != len(frame.children):
                self._report_duplicates(frame)
            if frame.closer == "]":
                self._report_wrong_brackets(frame, position)

    def _close_unclosed(self, depth: int, position: int, *, goes_on: bool = False) -> None:
        """End all containers from a depth on, where something stands that can't be inside them.

        Together they are one mistake: the innermost is blamed, and what was reported about the shape of any
        of them is taken back, because it follows from the missing brackets.

        Args:
            depth: index of the outermost frame to end.
            position: where they end.
            goes_on: whether the next item or key follows, so that a comma must stand there too.
        """
        if depth < self._floor:
            raise Escaped
        chain = self._frames[depth:]
        del self._frames[depth:]
        innermost = chain[-1]
        missing = "".join(frame.closer for frame in reversed(chain))
        fixes: tuple[Fix, ...] = ()
        is_whole = innermost.state in {FIRST, DONE} or (goes_on and innermost.state == NEXT)
        if is_whole and not any(frame.node.damaged for frame in chain):
            comma = "," if goes_on and innermost.state != NEXT else ""
            end = innermost.last_end()
            fixes = (replacement(f"Insert `{shown(missing)}`", end, end, missing + comma),)
        nodes = {id(frame.node) for frame in chain}
        self.faults = [fault for fault in self.faults if id(fault.damaged) not in nodes]
        for frame in chain:
            frame.node.closed = False
            frame.node.damaged = True
            frame.node.length = position - frame.start
        opener, name = _BRACKETS[innermost.closer]
        others = f", nor are {len(chain) - 1} around it" if len(chain) > 1 else ""
        self._report(
            "CAL103",
            innermost.start,
            innermost.start + 1,
            f"This `{opener}` is never closed{others}; the {name} needs its `{innermost.closer}`",
            *fixes,
        )

    # The long road: one token that may not fit

    def _token(self) -> None:
        """Read one token or comment, and do what it means where it stands."""
        position = self._at = self.position
        self._fresh = position >= self._reach
        match = tokens.TOKEN.match(self.text, position)
        if match is None:
            self._end()
            return
        self.position = match.end()
        group = match.lastgroup or ""
        start, end = match.span(group)
        if group in {"comment", "endless"}:
            self.comments.append((start, end))
            if group == "endless":
                self._report("CAL125", start, start + 2, "This comment is never closed; it needs a `*/`")
        elif self._frames[-1].state == OVER:
            pass
        elif group == "blank":
            name = f"U+{ord(match[group][0]):04X}"
            fix = replacement("Replace with a space", start, end, " ")
            self._report("CAL124", start, end, f"JSON doesn't know the blank {name}; use a space", fix)
        elif match[group] == ",":
            self._comma(start)
        elif group == "equals" or match[group] == ":":
            self._colon(start, end)
        elif match[group] in _CLOSER:
            self._opening(match[group], start)
        elif match[group] in _BRACKETS:
            self._closing(match[group], start)
        else:
            scalar = scalars.read(self.text, match, is_key=self._expects_key())
            self.position = scalar.after
            self._look(scalar.reach)
            self._scalar(scalar)

    def _end(self) -> None:
        """End the document with its text."""
        if self._floor > 1:
            raise Escaped
        if len(self._frames) > 1:
            self._close_unclosed(1, self.position)
        document = self._frames[0]
        document.node.length = len(self.text)
        if document.state == START and not self.faults:
            end = len(self.text)
            message = "The file is empty; an empty object `{}` is the least that it may hold"
            self._report("CAL101", end, end, message)
        self._finished = True

    def _comma(self, start: int) -> None:
        frame = self._frames[-1]
        run = tokens.COMMAS.match(self.text, start)
        assert run is not None  # noqa: S101 - it starts with this comma
        if frame.state in {FIRST, NEXT, START}:
            self.position = tokens.skip_blanks(self.text, run.end())
            self._report_extra_commas(start, run.end(), is_second=frame.state == NEXT)
        elif frame.closer:
            if frame.state in {COLON, VALUE}:
                self._report_missing_value(frame)
            elif frame.state == DONE and run.end() > start + 1:
                self.position = tokens.skip_blanks(self.text, run.end())
                self._report_extra_commas(self.text.index(",", start + 1), run.end(), is_second=True)
            frame.state = NEXT
        else:
            self._report_after_the_end(start, start + 1)

    def _colon(self, start: int, end: int) -> None:
        """Handle `:`, or what is written instead of it."""
        frame = self._frames[-1]
        shown = self.text[start:end]
        if frame.state == COLON:
            if shown != ":":
                fix = replacement("Replace with `:`", start, end, ":")
                self._report(
                    "CAL110", start, end, f"A key and its value are joined by `:`, not by `{shown}`", fix
                )
            frame.state = VALUE
        elif frame.state == BROKEN:
            pass
        elif not frame.closer and frame.state == DONE:
            self._report_after_the_end(start, end)
        elif frame.state <= NEXT and frame.is_object:
            self._report_missing_key(start, end)
        elif frame.state == VALUE:
            fix = replacement(f"Remove `{shown}`", start, end, "")
            self._report(
                "CAL124", start, end, f"One `:` joins a key and its value; remove this `{shown}`", fix
            )
        else:
            message = f"A `{shown}` can only stand between a key and its value, inside of {{ }}"
            self._unexpected(start, end, message)

    def _opening(self, bracket: str, start: int) -> None:
        frame = self._frames[-1]
        above = self._frames[-2] if len(self._frames) > 1 else None
        if not frame.closer and frame.state == DONE:
            self._report_after_the_end(start, start + 1)
            return
        if frame.is_object and frame.state in {FIRST, NEXT, DONE}:
            if bracket == "{" and above is not None and above.closer == "]" and not above.is_object:
                # Somebody is writing this block, and the next one follows already.
                self._look(start + 1)
                self._close_unclosed(len(self._frames) - 1, start, goes_on=True)
                self._frames[-1].state = NEXT
                self._fresh = False
            elif frame.state == DONE:
                self._unexpected(start, start + 1, f"A key is expected here, not `{bracket}`")
            else:
                self._report_missing_key(start, start + 1)
        elif frame.state == DONE:
            self._report_missing_comma(frame, start)
        elif frame.state == COLON:
            self._report_missing_colon(frame)
        self._open(bracket, start).node.fresh = self._fresh

    def _closing(self, bracket: str, start: int) -> None:
        frame = self._frames[-1]
        if not frame.closer:
            run = tokens.CLOSERS.match(self.text, start)
            assert run is not None  # noqa: S101 - it starts with this bracket
            self.position = tokens.skip_blanks(self.text, run.end())
            self._report_stray(start, run.end())
        elif frame.closer == bracket and not self._document_goes_on(frame):
            if len(self._frames) == self._floor:
                if self._window is None or start != self._window.close or self._reach > start + 1:
                    raise Escaped
                self._finished = True
            if self._reach > start + 1:
                frame.node.fresh = False
            self._close(start)
        elif frame.closer == bracket:
            self._report_stray(start, start + 1)
        elif not self._belongs_to_unclosed(frame, bracket):
            self._mismatched(frame, bracket, start)

    def _document_goes_on(self, frame: Frame) -> bool:
        """Return whether a comma before and a value behind a bracket say that the document doesn't end there."""
        if frame.state != NEXT or len(self._frames) != 2:  # noqa: PLR2004 - the document and its root
            return False
        following = self._peek(self.position)
        return following is not None and following["mark"] in {"{", "["}

    def _belongs_to_unclosed(self, frame: Frame, bracket: str) -> bool:
        """Return whether a bracket's partner is the item before the last, which was thought to be unclosed.

        It was closed, then, and what followed it isn't where it should be. One finding is enough for that,
        but its fix would be wrong.
        """
        before = frame.children[-2] if len(frame.children) > 1 else None
        node: Node | None = before.value if isinstance(before, Member) else before
        if (
            node is None
            or node.closed
            or frame.state != DONE
            or (node.kind is Kind.OBJECT) != (bracket == "}")
        ):
            return False
        start = node.span.start
        self.faults = [
            fault._replace(finding=replace(fault.finding, fixes=()))
            if fault.finding.code == "CAL103" and fault.finding.span.start == start
            else fault
            for fault in self.faults
        ]
        return True

    def _mismatched(self, frame: Frame, bracket: str, start: int) -> None:
        """Handle a closing bracket of the wrong kind: what follows it shows what it was meant to close."""
        levels = range(len(self._frames) - 2, max(0, len(self._frames) - _MAX_LEVELS), -1)
        depth = next((level for level in levels if self._frames[level].closer == bracket), 0)
        goes_on = self._continues(self.position)
        if depth and goes_on == self._frames[depth - 1].closer:
            is_unclosed, is_typing_error = True, False
        else:
            is_typing_error = goes_on == self._frames[-2].closer
            is_unclosed = bool(depth) and not is_typing_error and goes_on != frame.closer
        if is_unclosed:
            self._close_unclosed(depth + 1, start)
            self.position = start
        elif is_typing_error:
            if len(self._frames) == self._floor:
                raise Escaped
            opener, name = _BRACKETS[frame.closer]
            message = (
                f"The {name} began with `{opener}`, so it ends with `{frame.closer}`, not with `{bracket}`"
            )
            fix = replacement(f"Replace with `{frame.closer}`", start, start + 1, frame.closer)
            self._report("CAL105", start, start + 1, message, fix)
            self._close(start)
        else:
            end = start + 1
            if frame.state != DONE and self.text[self.position : self.position + 1] == ",":
                # With the bracket gone, its comma would separate nothing.
                end = self.position + 1
                self.position = tokens.skip_blanks(self.text, end)
            self._report_stray(start, end)

    def _continues(self, position: int) -> str | None:
        """Return the closing bracket of the kind of container that a text goes on with, empty at the end."""
        match = self._peek(position)
        if match is not None and match["mark"] == ",":
            match = self._peek(match.end())
            if match is not None and match["string"] and self._is_before_colon(match.end()):
                return "}"
            return match["mark"] if match is not None and match["mark"] in _BRACKETS else "]"
        if match is None:
            return ""
        return match["mark"] if match["mark"] in _BRACKETS else None

    def _scalar(self, scalar: Scalar) -> None:
        frame = self._frames[-1]
        state = frame.state
        if state == BROKEN:
            return
        if state == START:
            self._value(scalar)
            if scalar.kind is Kind.INVALID:
                frame.state = OVER
        elif not frame.closer:
            self._report_after_the_end(scalar.start, scalar.end)
        elif frame.is_object:
            self._scalar_in_object(frame, scalar)
        else:
            self._scalar_in_list(frame, scalar)

    def _scalar_in_object(self, frame: Frame, scalar: Scalar) -> None:
        is_key = self._is_before_colon(scalar.after)
        if frame.state <= NEXT:
            if is_key or scalar.is_text:
                if scalar.is_guess and not is_key:
                    scalar.findings = [replace(found, fixes=()) for found in scalar.findings]
                self._key(scalar)
            else:
                message = f"A key in double quotes is expected here, not {self._quoted(scalar)}"
                self._unexpected(scalar.start, scalar.end, message)
        elif is_key and frame.state in {COLON, VALUE} and scalar.is_text:
            # The value is still to be written, and the next member follows already.
            self._report_missing_value(frame)
            self._key(scalar)
        elif frame.state == VALUE:
            self._value(scalar)
        elif is_key and frame.state == DONE:
            self._report_missing_comma(frame, scalar.start)
            self._key(scalar)
        elif frame.state == COLON and scalar.kind is not Kind.INVALID:
            self._report_missing_colon(frame)
            self._value(scalar)
        else:
            expected = "`:` and a value are" if frame.state == COLON else "`,` or `}` is"
            message = f"{self._quoted(scalar)} can't stand here; {expected} expected"
            self._unexpected(scalar.start, scalar.end, message)

    def _scalar_in_list(self, frame: Frame, scalar: Scalar) -> None:
        if scalar.is_text and self._is_before_colon(scalar.after):
            if not frame.children:
                # Keys from the start: an object in a list's brackets. Its end will tell.
                if len(self._frames) == self._floor:
                    raise Escaped
                frame.is_object = True
                frame.node.kind, frame.node.members, frame.node.items = Kind.OBJECT, frame.children, ()
                self._key(scalar)
                return
            if self._frames[-2].is_object:
                self._close_unclosed(len(self._frames) - 1, scalar.start, goes_on=True)
                self._key(scalar)
                return
        if frame.state == DONE:
            if scalar.kind is Kind.INVALID:
                message = f"{self._quoted(scalar)} can't stand here; `,` or `]` is expected"
                self._unexpected(scalar.start, scalar.end, message)
                return
            self._report_missing_comma(frame, scalar.start)
        self._value(scalar)

    def _key(self, scalar: Scalar) -> None:
        """Take a token for a key, whatever it is."""
        frame = self._frames[-1]
        node = Node(
            Kind.STRING, scalar.value, frame.node, scalar.start - frame.start, scalar.end - scalar.start
        )
        if scalar.is_text:
            self._add_all(scalar.findings)
            node.damaged = scalar.is_guess
        else:
            node.value = self.text[scalar.start : scalar.end]
            fix = replacement("Put it in double quotes", scalar.start, scalar.end, tokens.quote(node.value))
            message = f"A key stands in double quotes: {shown(tokens.quote(node.value))}"
            self._report("CAL113", scalar.start, scalar.end, message, fix)
        node.fresh = self._fresh
        frame.member = Member(node, None)
        frame.children.append(frame.member)
        frame.state = COLON

    def _value(self, scalar: Scalar) -> None:
        """Take a token for a value."""
        frame = self._frames[-1]
        node = Node(
            scalar.kind, scalar.value, frame.node, scalar.start - frame.start, scalar.end - scalar.start
        )
        node.fresh = self._fresh
        self._add_all(scalar.findings)
        self._give(node)
        if scalar.kind is Kind.INVALID and not any(found.fixes for found in scalar.findings):
            frame.state = BROKEN

    # Looking ahead

    def _peek(self, position: int) -> re.Match[str] | None:
        """Return the next token that isn't a comment; what it covers isn't fresh any more."""
        match = tokens.TOKEN.match(self.text, tokens.skip_ignored(self.text, position))
        self._look(match.end() if match is not None else len(self.text) + 1)
        return match

    def _is_before_colon(self, position: int) -> bool:
        """Return whether a colon follows, or what people write instead."""
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
        message = "The document ended before this; several blocks belong into one list: `[{…}, {…}]`"
        self._report("CAL102", start, end, message)
        self._frames[-1].state = OVER

    def _report_stray(self, start: int, end: int) -> None:
        message = f"Nothing is open that `{self.text[start]}` could close"
        is_all = self._frames[-1].state == START and self._peek(end) is None
        fixes = [] if is_all else [replacement("Remove it", start, end, "")]
        self._report("CAL104", start, end, message, *fixes)

    def _report_wrong_brackets(self, frame: Frame, position: int) -> None:
        edits = (Edit(Span(frame.start, frame.start + 1), "{"), Edit(Span(position, position + 1), "}"))
        message = "A list holds no keys; keys and values stand in `{ }`"
        self._report("CAL105", frame.start, frame.start + 1, message, Fix("Replace the brackets", edits))

    def _report_missing_comma(self, frame: Frame, start: int) -> None:
        """Report on the last character before the gap, since an empty span shows badly in editors."""
        self._fresh = False
        if frame.is_object and frame.member is None:
            # The value before had no key, so it isn't among the children.
            self._report("CAL106", start, start + 1, "A `,` is missing before this")
        else:
            end = frame.last_end()
            fix = replacement("Insert `,`", end, end, ",")
            self._report("CAL106", end - 1, end, "A `,` is missing after this", fix)

    def _report_extra_commas(self, start: int, end: int, *, is_second: bool) -> None:
        """Report commas that separate nothing; the first of them is the second in a row, or has no item before."""
        following = self._peek(self.position)
        is_last = following is not None and following["mark"] in _BRACKETS
        frame = self._frames[-1]
        message = "A value is missing between the commas, or one is too many"
        edits = [Edit(Span(start, end), "")]
        if not is_second:
            message = "A comma stands between items; remove the one before the first"
        elif is_last:
            # With its twin gone, the comma before would be one too many itself.
            before = self._comma_after_last(frame, start)
            edits = [Edit(Span(before, before + 1), ""), *edits] if before is not None else []
        fixes = [Fix("Remove it", tuple(edits))] if edits else []
        self._report("CAL107", start, end, message, *fixes, damaged=frame.node)

    def _report_trailing_comma(self, frame: Frame, position: int) -> None:
        start = self._comma_after_last(frame, position)
        if start is not None:
            fix = replacement("Remove it", start, start + 1, "")
            message = "Plain JSON has no comma after the last item; it's accepted here"
            self._report("CAL108", start, start + 1, message, fix)

    def _comma_after_last(self, frame: Frame, following: int) -> int | None:
        """Return where the comma between the last child and what follows stands, None if anything else does."""
        position = tokens.skip_ignored(self.text, frame.last_end())
        is_comma = self.text[position : position + 1] == ","
        return position if is_comma and tokens.skip_ignored(self.text, position + 1) == following else None

    def _report_missing_colon(self, frame: Frame) -> None:
        if frame.member is not None:
            start, end = self._ends(frame.member.key)
            fix = replacement("Insert `:`", end, end, ":")
            self._report("CAL109", start, end, "A `:` is missing between this key and its value", fix)

    def _report_missing_key(self, start: int, end: int) -> None:
        """Report a value without a key, and wait for the value."""
        frame = self._frames[-1]
        message = "A key is missing here: text in double quotes, and a `:`"
        self._report("CAL111", start, end, message, damaged=frame.node)
        frame.member = None
        frame.state = VALUE

    def _report_missing_value(self, frame: Frame) -> None:
        # A damaged key may hold its value: its end is a guess.
        if frame.member is not None and not frame.member.key.damaged:
            self._report("CAL112", *self._ends(frame.member.key), "This key has no value")

    def _report_duplicates(self, frame: Frame) -> None:
        seen: set[str] = set()
        for member in frame.children:
            key = member.key.value
            if key in seen:
                message = f"The key {shown(tokens.quote(key))} is set already in this object"
                self._report("CAL114", *self._ends(member.key), message)
            seen.add(key)

    def _unexpected(self, start: int, end: int, message: str) -> None:
        """Report what nobody can make sense of, and stay silent until the next comma or bracket."""
        frame = self._frames[-1]
        self._report("CAL124", start, end, message, damaged=frame.node)
        frame.state = BROKEN if frame.closer else OVER

    def _ends(self, node: Node) -> tuple[int, int]:
        span = node.span
        return span.start, span.end

    def _report(
        self, code: str, start: int, end: int, message: str, *fixes: Fix, damaged: Node | None = None
    ) -> None:
        self._add(finding(code, Span(start, end), message, *fixes), damaged)

    def _add_all(self, found: list[Finding]) -> None:
        for each in found:
            self._add(each)

    def _add(self, found: Finding, damaged: Node | None = None) -> None:
        if damaged is not None:
            damaged.damaged = True
        if found.severity is not Severity.HINT:
            self._errors += 1
            if self._errors > MAX_ERRORS:
                self.overflowed = True
                return
        self.faults.append(Fault(self._at, found, damaged))
