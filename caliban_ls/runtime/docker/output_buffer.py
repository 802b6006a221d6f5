"""Read ahead of a slow reader, so that the engine never waits for it.

An engine waits about two seconds for a reader of the last output of an ended container. Then it drops the rest, from
its own log as well. A terminal that is scrolled back, a pager or a busy disk can be slower.
Knows no engine: output is an iterator here.
"""

from __future__ import annotations

import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import FileIO

from caliban_ls.runtime.jobs import Stream

Frame = tuple[Stream, bytes]

IN_MEMORY = 8 * 2**20
"""Bytes that wait in memory; more of them wait in a file, as an engine keeps its logs in files too."""


@contextmanager
def read_ahead(
    frames: Iterator[Frame], *, hang_up: Callable[[], object], in_memory: int = IN_MEMORY
) -> Iterator[Iterator[Frame]]:
    """Give the same frames, which a thread reads as they come, however slowly they are taken.

    Args:
        frames: what is read. Its error comes where it came, behind the frames before it.
        hang_up: ends the reading, for a listener that gives up.
        in_memory: how many bytes may wait there.
    """
    backlog = _Backlog(in_memory)
    reader = threading.Thread(target=backlog.fill, args=(frames,), name="read-ahead", daemon=True)
    reader.start()
    try:
        yield backlog.frames()
    finally:
        backlog.give_up()
        if reader.is_alive():
            hang_up()
        reader.join()
        backlog.close()


def _nameless_file() -> FileIO:
    """Return a file that no other process can open. Without a buffer, which would hold on to what a full disk refused."""
    return tempfile.TemporaryFile(buffering=0)


class _Backlog:
    """Frames between the thread that reads them and the one that takes them, in their order."""

    def __init__(self, in_memory: int) -> None:
        self._file: FileIO | None = None
        self._limit = in_memory
        self._changed = threading.Condition()
        self._frames: deque[Frame] = deque()  # those that wait in memory, which came before those in the file
        self._bytes = 0  # of these
        self._filed: deque[tuple[Stream, int]] = deque()  # stream and length of those that wait in the file
        self._read = self._written = 0  # places in the file
        self._ended = self._given_up = False
        self._failure: BaseException | None = None

    def fill(self, frames: Iterator[Frame]) -> None:
        """Take all frames as they come."""
        try:
            for stream, chunk in frames:
                with self._changed:
                    if self._given_up:
                        return
                    self._put(stream, chunk)
                    self._changed.notify_all()
        except BaseException as error:  # noqa: BLE001  # it is raised again, where the frames are taken
            self._failure = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def frames(self) -> Iterator[Frame]:
        """Yield them, and raise what ended them."""
        while (frame := self._next()) is not None:
            yield frame
        if self._failure is not None:
            raise self._failure

    def give_up(self) -> None:
        """Take no more."""
        with self._changed:
            self._given_up = True
            self._changed.notify_all()

    def close(self) -> None:
        """Forget the unread output."""
        if self._file is not None:
            self._file.close()

    def _put(self, stream: Stream, chunk: bytes) -> None:
        if (self._filed or self._bytes + len(chunk) > self._limit) and self._file_away(stream, chunk):
            return
        self._frames.append((stream, chunk))
        self._bytes += len(chunk)

    def _file_away(self, stream: Stream, chunk: bytes) -> bool:
        """Put a frame into the file. A disk that is full of them makes the reader wait, as if there were none."""
        try:
            if self._file is None:
                self._file = _nameless_file()
            self._file.seek(self._written)
            rest = memoryview(chunk)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._changed.wait_for(lambda: self._given_up or not (self._filed or self._frames))
            return False
        self._filed.append((stream, len(chunk)))
        self._written += len(chunk)
        return True

    def _next(self) -> Frame | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._filed or self._ended)
            if self._frames:
                frame = self._frames.popleft()
                self._bytes -= len(frame[1])
            elif self._filed and self._file is not None:
                stream, length = self._filed.popleft()
                self._file.seek(self._read)
                frame = stream, self._file.read(length)
                self._read += length
                if not self._filed:
                    self._read = self._written = 0
                    self._file.truncate(0)
            else:
                return None
            self._changed.notify_all()
            return frame
