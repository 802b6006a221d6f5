"""Frames are read as they come, and taken whole, in order, whenever that is."""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from caliban_ls.core.errors import EngineUnavailable
from caliban_ls.runtime.docker import output_buffer
from caliban_ls.runtime.docker.output_buffer import Frame, read_ahead

FRAMES: list[Frame] = [
    ("stderr" if number % 3 == 0 else "stdout", b"%d" % number * (number % 50)) for number in range(1, 500)
]
PATIENCE = 30


class Source:
    """Frames, and whether all have been read."""

    def __init__(self, frames: list[Frame], end: BaseException | None = None) -> None:
        self._frames = frames
        self._end = end
        self.read = threading.Event()

    def __iter__(self) -> Iterator[Frame]:
        yield from self._frames
        self.read.set()
        if self._end is not None:
            raise self._end


def never() -> None:
    pytest.fail("nothing was to be ended")


@pytest.mark.parametrize("in_memory", [0, 1, 1000, 10**9])
def test_all_is_read_before_anything_is_taken(in_memory: int) -> None:
    source = Source(FRAMES)
    with read_ahead(iter(source), hang_up=never, in_memory=in_memory) as frames:
        assert source.read.wait(PATIENCE)
        assert list(frames) == FRAMES


@pytest.mark.parametrize("in_memory", [0, 100, 10**9])
def test_what_is_taken_at_once(in_memory: int) -> None:
    taken = threading.Semaphore(0)

    def hesitant() -> Iterator[Frame]:
        for frame in FRAMES:
            yield frame
            assert taken.acquire(timeout=PATIENCE)

    seen = []
    with read_ahead(hesitant(), hang_up=never, in_memory=in_memory) as frames:
        for frame in frames:
            seen.append(frame)
            taken.release()
    assert seen == FRAMES


def test_an_error_comes_behind_what_came_before_it() -> None:
    source = Source(FRAMES, EngineUnavailable("gone"))
    with read_ahead(iter(source), hang_up=never, in_memory=100) as frames:
        assert source.read.wait(PATIENCE)
        assert [next(frames) for _ in FRAMES] == FRAMES
        with pytest.raises(EngineUnavailable, match="gone"):
            next(frames)


def test_a_listener_that_gives_up_ends_the_reading() -> None:
    over = threading.Event()

    def endless() -> Iterator[Frame]:
        yield "stdout", b"ready"
        assert over.wait(PATIENCE)

    with read_ahead(endless(), hang_up=over.set) as frames:
        assert next(frames) == ("stdout", b"ready")
    assert over.is_set()


def test_a_full_disk_makes_the_reader_wait(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    refused = threading.Event()

    class Full:
        """A disk with room for ten bytes."""

        def __init__(self) -> None:
            self._file = (tmp_path / "file").open("w+b", buffering=0)

        def write(self, data: bytes) -> int:
            if (room := 10 - self._file.tell()) <= 0:
                refused.set()
                raise OSError(errno.ENOSPC, "No space left on device")
            return self._file.write(data[:room])

        def __getattr__(self, name: str) -> object:
            return getattr(self._file, name)

    monkeypatch.setattr(output_buffer, "_nameless_file", Full)
    with read_ahead(iter(FRAMES), hang_up=never, in_memory=5) as frames:
        assert refused.wait(PATIENCE)
        assert list(frames) == FRAMES
