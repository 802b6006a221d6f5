"""The server's two pipes: whole frames in, whole frames out, and nothing else on either.

Knows only the framing of the base protocol: no JSON, no LSP, no event loop.
"""

from __future__ import annotations

import os
import queue
import re
import threading
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final

from caliban_ls.core.errors import UsageError

LONGEST_BODY: Final = 256 * 2**20
"""The largest message in bytes; experiment configs are a thousand times smaller."""

_LONGEST_LINE = 1024
_MOST_HEADERS = 8
_HEADER = re.compile(rb"(Content-[a-z-]+):[ \t]*([^\r\n]*?)[ \t]*\r\n", re.IGNORECASE)


class ForeignInput(UsageError):
    """The input isn't the Language Server Protocol, so the server must do nothing that it says."""

    code = "foreign-input"
    hint = "Editors start `caliban serve`; it speaks the Language Server Protocol on stdin and stdout."


def take_over() -> tuple[BinaryIO, int]:
    """Reserve stdin and stdout for the protocol; return private copies, to read from and to write to.

    From then on printed text goes to stderr, stdin is empty, and child processes inherit neither pipe.

    Raises:
        ForeignInput: one of the two is closed.
    """
    try:
        incoming, outgoing = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
    except OSError as error:
        raise ForeignInput(f"stdin, stdout and stderr must be open: {error.strerror}") from error
    return os.fdopen(incoming, "rb"), outgoing


def read_frames(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the body of every frame until the stream ends.

    Only `Content-…` headers are accepted: a web page whose request reaches stdin can't avoid sending other headers
    first.

    Raises:
        ForeignInput: a header isn't one of the base protocol, or the length is missing or too large.
    """
    while (length := _read_head(stream)) is not None:
        body = stream.read(length)
        if len(body) < length:
            return  # The client died in the middle of a message.
        yield body


class FrameWriter:
    """Writes frames in order on its own thread, so that a slow reader never blocks the server."""

    def __init__(self, descriptor: int, on_broken: Callable[[], None]) -> None:
        self._descriptor = descriptor
        self._on_broken = on_broken
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._backlog = 0
        self._thread = threading.Thread(target=self._write_all, name="caliban-writer", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Bytes that the client hasn't taken yet."""
        return self._backlog

    def write(self, frame: bytes) -> None:
        """Queue a frame and return at once. Callable from any thread."""
        with self._lock:
            self._backlog += len(frame)
        self._frames.put(frame)

    def close(self, seconds: float = 1.0) -> None:
        """Stop, after some seconds for frames that are still to be written."""
        self._frames.put(None)
        self._thread.join(seconds)

    def _write_all(self) -> None:
        broken = False
        while (frame := self._frames.get()) is not None:
            try:
                if not broken:
                    _write(self._descriptor, frame)
            except OSError:
                # The client is gone. Frames are still taken from the queue, so that no job waits for the backlog.
                broken = True
                self._on_broken()
            with self._lock:
                self._backlog -= len(frame)


def _read_head(stream: BinaryIO) -> int | None:
    """Return the length that a frame's headers give; None when the stream ends before they do."""
    lengths: set[bytes] = set()
    for _ in range(_MOST_HEADERS):
        line = stream.readline(_LONGEST_LINE)
        if not line:
            return None
        if line == b"\r\n":
            return _length(lengths)
        header = _HEADER.fullmatch(line)
        if header is None:
            raise ForeignInput(f"This line isn't a header of the protocol: {_shown(line)}")
        if header[1].lower() == b"content-length":
            lengths.add(header[2])
    raise ForeignInput("A message has too many headers")


def _length(lengths: set[bytes]) -> int:
    if len(lengths) != 1:
        raise ForeignInput("A message must have one Content-Length")
    given = lengths.pop()
    if re.fullmatch(rb"[0-9]{1,12}", given) is None or int(given) > LONGEST_BODY:
        raise ForeignInput(f"Content-Length must be a number up to {LONGEST_BODY}, not {_shown(given)}")
    return int(given)


def _shown(line: bytes) -> str:
    return ascii(line[:40].decode("latin-1"))


def _write(descriptor: int, frame: bytes) -> None:
    rest = memoryview(frame)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
