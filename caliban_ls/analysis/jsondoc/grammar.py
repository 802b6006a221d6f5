"""From text to tree: the grammar of JSON with comments.

One pass from left to right with an explicit stack. `Parser.run` is the fast path for well-formed text; a token that
doesn't fit goes through `recovery`, and the fast path continues behind it.
"""

from __future__ import annotations

from bisect import bisect_left

from caliban_ls.analysis.jsondoc import tokens
from caliban_ls.analysis.jsondoc.parser_state import DONE, FIRST, NEXT, START, VALUE, Escaped, Frame
from caliban_ls.analysis.jsondoc.plain import PlainArray, PlainObject
from caliban_ls.analysis.jsondoc.recovery import RecoveringParser
from caliban_ls.analysis.jsondoc.scalars import WORDS
from caliban_ls.analysis.jsondoc.tree import Kind, Member, Node


class Parser(RecoveringParser):
    """Reads a text, or the part of it that an edit touched."""

    def run(self) -> None:  # noqa: C901, PLR0912, PLR0915 - one loop: calls would be most of its cost
        """Parse to the end of the text, or of the window.

        Raises:
            Escaped: the window's container doesn't end where it did.
        """
        text, frames, floor = self.text, self._frames, self._floor
        member_match, value_match, closing_match = (
            tokens.MEMBER.match,
            tokens.VALUE.match,
            tokens.CLOSING.match,
        )
        object_match = tokens.PLAIN_OBJECT.match if self._whole_objects else None
        # Before Python 3.12, looking up a member of an enumeration is slow.
        string_kind, number_kind = Kind.STRING, Kind.NUMBER
        limit = len(text) + 1 if self._window is None else self._window.resume
        position = self.position
        while not self._finished:
            frame = frames[-1]
            parent, base, children, is_object = frame.node, frame.start, frame.children, frame.is_object
            while True:
                state = frame.state
                if position >= limit:
                    self.position = position
                    if self._meets(frame):
                        return
                if state == DONE:
                    match = closing_match(text, position)
                    if match is not None and match[1] == frame.closer and len(frames) > floor:
                        self._close(position)
                        position = match.end()
                        if match[2] is not None:
                            if frames[-1].closer:
                                frames[-1].state = NEXT
                            else:
                                position = match.start(2)
                        break
                elif state <= VALUE:
                    start = position
                    if not is_object or state == VALUE:
                        match = value_match(text, position)
                        if match is not None:
                            string, integer, fraction, word, comma, plain, behind, bracket = match.groups()
                    else:
                        match = member_match(text, position)
                        if match is not None:
                            key, _, string, integer, fraction, word, comma, plain, behind, bracket = (
                                match.groups()
                            )
                            start = match.start(2)
                            node = Node(string_kind, key, parent, position - base, len(key) + 2)
                            frame.member = Member(node, None)
                            children.append(frame.member)
                    if match is not None:
                        if plain is not None:
                            node = PlainArray(parent, start - base, plain)
                            if not is_object:
                                children.append(node)
                            elif frame.member is not None:
                                frame.member.value = node
                            # Behind the document's own value, a comma is one too many.
                            position = match.end() if behind is None or frame.closer else match.start(7)
                            frame.state = DONE if behind is None or not frame.closer else NEXT
                            continue
                        if bracket is not None:
                            if bracket == "{" and not is_object and object_match is not None:
                                whole = object_match(text, start)
                                if whole is not None and (parts := _different_parts(whole[1])):
                                    children.append(
                                        PlainObject(parent, start - base, whole[1], parts, _read_object)
                                    )
                                    # Behind the document's own value, a comma is one too many.
                                    goes_on = whole[2] is not None and bool(frame.closer)
                                    position = whole.end() if goes_on or whole[2] is None else whole.start(2)
                                    frame.state = NEXT if goes_on else DONE
                                    continue
                            self._open(bracket, start)
                            position = match.end()
                            break
                        if string is not None:
                            node = Node(string_kind, string, parent, start - base, len(string) + 2)
                        elif word is not None:
                            node = Node(*WORDS[word], parent, start - base, len(word))
                        else:
                            is_short = not fraction and len(integer) < tokens.MAX_DIGITS
                            value = int(integer) if is_short else tokens.number_value(integer, fraction)
                            node = Node(
                                number_kind, value, parent, start - base, len(integer) + len(fraction)
                            )
                        if node.value is not None or word is not None:
                            if not is_object:
                                children.append(node)
                            elif frame.member is not None:
                                frame.member.value = node
                            frame.state = DONE if comma is None else NEXT
                            position = match.end()
                            continue
                        # No number that Python can hold; recovery reports it.
                        frame.state = VALUE if is_object else state
                        position = start
                self.position = position
                self._token()
                while self.position < self._reach and not self._finished:
                    self._token()
                position = self.position
                break

    # Where a window ends

    def _meets(self, frame: Frame) -> bool:
        """Return whether an old item or member started here, and was met in the same state."""
        window = self._window
        assert window is not None  # noqa: S101 - only windows have a limit inside the text
        if self.position > window.close:
            raise Escaped
        if len(self._frames) > self._floor or frame.state not in {FIRST, NEXT, START}:
            return False
        start = self.position - window.shift - frame.start
        heads = window.heads
        index = bisect_left(heads, start, key=lambda head: head.offset)
        if index == len(heads) or heads[index].offset != start or not heads[index].fresh:
            return False
        if (index > 0) != bool(frame.children):
            return False  # what a colon means depends on whether anything stands before it
        self.joined = index
        return True


def _different_parts(spelling: str) -> list[tuple[str, str]] | None:
    """Return the parts of a plain object, None where it has a key twice or half of a surrogate pair."""
    if not spelling.isascii() and tokens.SURROGATE.search(spelling) is not None:
        return None
    parts: list[tuple[str, str]] = tokens.PARTS.findall(spelling)
    return parts if len({key for key, _ in parts}) == len(parts) else None


def _read_object(spelling: str) -> Node:
    """Return a plain object with all its nodes."""
    objects: list[Node] = []
    holder = Node(Kind.ARRAY, None, None, 0, 0)
    Parser(spelling, [Frame(holder, 0, "", objects, START)], 0, whole_objects=False).run()
    return objects[0]
