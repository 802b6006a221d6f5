"""Read a text token by token, and recover from mistakes.

A token that doesn't fit is reported once. The parser then goes on with what was probably meant: brackets, commas and
colons that are missing, too many or of the wrong kind. Knows no rule but syntax, and nothing of edits except where a
parse may stop.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from caliban_ls.analysis.findings import Edit, Finding, Fix
from caliban_ls.analysis.jsondoc import reports, scalars, tokens
from caliban_ls.analysis.jsondoc.parser_state import (
    BROKEN,
    COLON,
    DONE,
    FIRST,
    NEXT,
    OVER,
    START,
    VALUE,
    Escaped,
    Frame,
    ParserState,
)
from caliban_ls.analysis.jsondoc.reports import BRACKETS, shown
from caliban_ls.analysis.jsondoc.scalars import Scalar
from caliban_ls.analysis.jsondoc.tree import Kind, Member, Node
from caliban_ls.core.text import Span

_ROOT = 2  # frames that are open inside the root: the document and the root itself
_MAX_LEVELS = 100  # how far a closing bracket looks for its partner
_CLOSER = {"[": "]", "{": "}"}


class RecoveringParser(ParserState):
    """Reads a text token by token, and goes on after every mistake."""

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
            self._report(*duplicates(frame.children, frame.start))
            if frame.closer == "]":
                is_whole = self._faults_since(frame.start) == len(self.faults)
                self._report(reports.list_with_keys(frame.start, position + 1, is_whole=is_whole))

    def _close_unclosed(self, depth: int, position: int, *, goes_on: bool = False) -> None:
        """End all containers from a depth on, before a token that can't be inside them.

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
        fixes: list[Fix] = []
        is_whole = innermost.state in {FIRST, DONE} or (goes_on and innermost.state == NEXT)
        is_list_with_keys = innermost.is_object and innermost.closer == "]"
        if is_whole and not is_list_with_keys and not any(frame.node.damaged for frame in chain):
            comma = "," if goes_on and innermost.state != NEXT else ""
            end = innermost.last_end()
            fixes = [reports.replacement(f"Insert `{shown(missing)}`", end, end, missing + comma)]
        nodes = {id(frame.node) for frame in chain}
        since = self._faults_since(chain[0].start)
        self.faults[since:] = [fault for fault in self.faults[since:] if id(fault.damaged) not in nodes]
        for frame in chain:
            frame.node.closed = False
            frame.node.damaged = True
            frame.node.length = position - frame.start
        self._report(reports.unclosed(innermost.start, missing, fixes))

    # One token, which may not fit

    def _token(self) -> None:
        """Read one token or comment, and handle it in the state of the innermost container."""
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
                self._report(reports.unclosed_comment(start))
        elif self._frames[-1].state == OVER:
            pass
        elif group == "blank":
            self._report(reports.foreign_blank(match[group], start, end))
        elif match[group] == ",":
            self._comma(start)
        elif group == "equals" or match[group] == ":":
            self._colon(start, end)
        elif match[group] in _CLOSER:
            self._opening(match[group], start)
        elif match[group] in BRACKETS:
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
            self._report(reports.empty_document(len(self.text)))
        self._finished = True

    def _comma(self, start: int) -> None:
        frame = self._frames[-1]
        if not frame.closer and frame.state != START:
            self._report_after_the_end(start, start + 1)
            return
        end = tokens.end_of_commas(self.text, start)
        if frame.state in {FIRST, START}:
            self.position = tokens.skip_blanks(self.text, end)
            self._report(reports.comma_before_first(start, end), damaged=frame.node)
            return
        if frame.state in {COLON, VALUE}:
            self._report_missing_value(frame)
        elif frame.state == NEXT:
            self._report_commas(frame, start, end)
        elif frame.state == DONE and end > start + 1:
            self._report_commas(frame, self.text.index(",", start + 1), end)
        frame.state = NEXT

    def _report_commas(self, frame: Frame, start: int, end: int) -> None:
        """Report commas that follow a comma."""
        self.position = tokens.skip_blanks(self.text, end)
        edits = [Edit(Span(start, end), "")]
        following = self._peek(self.position)
        if following is not None and following["mark"] in BRACKETS:
            # With its twins gone, the comma before would be one too many itself.
            before = self._comma_after_last(frame, start)
            edits = [Edit(Span(before, before + 1), ""), *edits] if before is not None else []
        fixes = [Fix("Remove it", tuple(edits))] if edits else []
        self._report(reports.commas_in_a_row(start, end, fixes), damaged=frame.node)

    def _colon(self, start: int, end: int) -> None:
        """Handle `:`, or another separator in its place."""
        frame = self._frames[-1]
        spelling = self.text[start:end]
        if frame.state == COLON:
            if spelling != ":":
                self._report(reports.wrong_separator(spelling, start, end))
            frame.state = VALUE
        elif frame.state == BROKEN:
            pass
        elif not frame.closer and frame.state == DONE:
            self._report_after_the_end(start, end)
        elif frame.state <= NEXT and frame.is_object:
            self._report_missing_key(start, end)
        elif frame.state == VALUE:
            self._report(reports.second_separator(spelling, start, end))
        else:
            message = f"A `{spelling}` can only stand between a key and its value, inside of {{ }}"
            self._unexpected(start, end, message)

    def _opening(self, bracket: str, start: int) -> None:
        frame = self._frames[-1]
        above = self._frames[-2] if len(self._frames) > 1 else None
        if not frame.closer and frame.state == DONE:
            self._report_after_the_end(start, start + 1)
            return
        if frame.is_object and frame.state in {FIRST, NEXT, DONE}:
            if bracket == "{" and above is not None and above.closer == "]" and not above.is_object:
                # This block is still being written, and the next one follows already.
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
            end = tokens.end_of_closers(self.text, start)
            self.position = tokens.skip_blanks(self.text, end)
            is_all = frame.state == START and self._peek(end) is None
            self._report(reports.stray(bracket, start, end, is_all=is_all))
        elif frame.closer == bracket and not self._document_goes_on(frame):
            if len(self._frames) == self._floor:
                # No node stands behind the root, so that looking there changes nothing.
                looked_behind = self._reach > start + 1 and len(self._frames) > _ROOT
                if self._window is None or start != self._window.close or looked_behind:
                    raise Escaped
                self._finished = True
            self._close(start)
        elif frame.closer == bracket:
            self._report(reports.stray(bracket, start, start + 1, is_all=False))
        elif not self._belongs_to_unclosed(frame, bracket):
            self._mismatched(frame, bracket, start)

    def _document_goes_on(self, frame: Frame) -> bool:
        """Return whether the document continues after a bracket: a comma stands before it and a value behind it."""
        if frame.state != NEXT or len(self._frames) != _ROOT:
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
        start = frame.start + node.offset
        since = self._faults_since(start)
        self.faults[since:] = [
            fault._replace(finding=replace(fault.finding, fixes=()))
            if fault.finding.code == "CAL103" and fault.finding.span.start == start
            else fault
            for fault in self.faults[since:]
        ]
        return True

    def _mismatched(self, frame: Frame, bracket: str, start: int) -> None:
        """Handle a closing bracket of the wrong kind; the text behind it shows which container it was meant to close."""
        levels = range(len(self._frames) - 2, max(0, len(self._frames) - _MAX_LEVELS), -1)
        depth = next((level for level in levels if self._frames[level].closer == bracket), 0)
        goes_on = self._continues(self.position)
        is_unclosed = depth > 0 and goes_on == self._frames[depth - 1].closer
        is_typing_error = not is_unclosed and goes_on == self._frames[-2].closer
        if not is_unclosed and not is_typing_error:
            # Nothing closes where an item is still to come, and right before an item.
            is_before_item = goes_on is None and frame.state != DONE
            is_unclosed = depth > 0 and goes_on != frame.closer and not is_before_item
        if is_unclosed:
            self._close_unclosed(depth + 1, start)
            self.position = start
        elif is_typing_error:
            if len(self._frames) == self._floor:
                raise Escaped
            self._report(reports.mismatched(bracket, frame.closer, start))
            self._close(start)
        else:
            end = start + 1
            if frame.state != DONE and self.text[self.position : self.position + 1] == ",":
                # With the bracket gone, its comma would separate nothing.
                end = self.position + 1
                self.position = tokens.skip_blanks(self.text, end)
            self._report(reports.stray(bracket, start, end, is_all=False))

    def _continues(self, position: int) -> str | None:
        """Return the closing bracket of the kind of container that a text goes on with, empty at the end."""
        match = self._peek(position)
        if match is not None and match["mark"] == ",":
            match = self._peek(match.end())
            if match is not None and match["string"] and self._is_before_colon(match.end()):
                return "}"
            return match["mark"] if match is not None and match["mark"] in BRACKETS else "]"
        if match is None:
            return ""
        return match["mark"] if match["mark"] in BRACKETS else None

    def _scalar(self, scalar: Scalar) -> None:
        frame = self._frames[-1]
        if frame.state == BROKEN:
            return
        if frame.state == START:
            if scalar.kind is Kind.INVALID and self._peek(self.position) is not None:
                scalar.withdraw_fixes()
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
                    scalar.withdraw_fixes()
                self._key(scalar)
            else:
                message = f"A key in double quotes is expected here, not {self._quoted(scalar)}"
                self._unexpected(scalar.start, scalar.end, message)
        elif is_key and frame.state in {COLON, VALUE} and scalar.is_text:
            # The value is still to be written, and the next member follows already.
            self._report_missing_value(frame)
            self._fresh = False
            self._key(scalar)
        elif frame.state == VALUE:
            if is_key:
                scalar.withdraw_fixes()
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
                self._fresh = False
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
        """Take any token for a key."""
        frame = self._frames[-1]
        node = Node(
            Kind.STRING, scalar.value, frame.node, scalar.start - frame.start, scalar.end - scalar.start
        )
        if scalar.is_text:
            self._report(*scalar.findings)
            node.damaged = scalar.is_guess
        else:
            node.value = self.text[scalar.start : scalar.end]
            self._report(reports.unquoted_key(tokens.quote(node.value), scalar.start, scalar.end))
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
        self._report(*scalar.findings)
        self._give(node)
        if scalar.kind is Kind.INVALID and not any(found.fixes for found in scalar.findings):
            frame.state = BROKEN


def duplicates(members: Sequence[Member], start: int) -> list[Finding]:
    """Return a finding for each key that an earlier member has too; their object starts at an offset."""
    if len({member.key.value for member in members}) == len(members):
        return []
    found = []
    seen: set[str] = set()
    for member in members:
        key = member.key
        if key.value in seen:
            begin = start + key.offset
            found.append(reports.duplicate_key(tokens.quote(key.value), begin, begin + key.length))
        seen.add(key.value)
    return found
