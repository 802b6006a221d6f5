"""The framing: what is ours, and what is anybody else's."""

from __future__ import annotations

import io
import os
import threading

import pytest

from caliban_ls.lsp.transport import ForeignInput, FrameWriter, read_frames


def frames(data: bytes) -> list[bytes]:
    """Return all frames of a stream."""
    return list(read_frames(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"Content-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"content-length:2\r\n\r\n{}", [b"{}"]),
        (b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}", [b"{}"]),
        (b"Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n[ ]", [b"{}", b"[ ]"]),
        (b"Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}", [b"", b"{}"]),
        (b"", []),
        (b"Content-Length: 2\r\n\r\n{", []),
        (b"Content-Length: 2\r\n", []),
    ],
)
def test_frames(data: bytes, expected: list[bytes]) -> None:
    assert frames(data) == expected


@pytest.mark.parametrize(
    "head",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n",
        b"Host: localhost\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nOrigin: http://evil\r\n\r\n",
        b"X-Content-Length: 2\r\n\r\n",
        b"{}",
        b"hello\n",
        b"\r\n",
        b"Content-Type: text/plain\r\n\r\n",
        b"Content-Length: 2\n\n",
        b"Content-Length: -2\r\n\r\n",
        b"Content-Length: two\r\n\r\n",
        b"Content-Length: 1e1\r\n\r\n",
        b"Content-Length: \xd9\xa2\r\n\r\n",
        b"Content-Length: 10000000000\r\n\r\n",
        b"Content-Length: 99999999999999999999999\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"Content-Length\r\n\r\n",
        b"Content-Type: " + b"x" * 5000,
        b"Content-Language: en\r\n" * 20,
        b"\x00" * 5000,
    ],
)
def test_what_is_not_ours_is_refused(head: bytes) -> None:
    with pytest.raises(ForeignInput):
        frames(head + b"{}")


def test_a_refusal_shows_what_came_in_on_one_line() -> None:
    with pytest.raises(ForeignInput, match=r"POST / HTTP/1\.1\\r\\n") as caught:
        frames(b"POST / HTTP/1.1\r\n\r\n")
    assert "\n" not in str(caught.value)


def test_a_writer_keeps_the_order_and_its_backlog() -> None:
    reading, writing = os.pipe()
    writer = FrameWriter(writing, on_broken=lambda: None)
    sent = [bytes([number % 256]) * 50_000 for number in range(40)]
    for frame in sent:
        writer.write(frame)
    # The other end hasn't read, so most of it is still waiting.
    assert writer.backlog > 1_000_000
    with os.fdopen(reading, "rb") as stream:
        assert stream.read(2_000_000) == b"".join(sent)
        writer.close()
    assert writer.backlog == 0
    os.close(writing)


def test_a_writer_whose_reader_is_gone_says_so_and_swallows_the_rest() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    broken = threading.Event()
    writer = FrameWriter(writing, on_broken=broken.set)
    writer.write(b"a")
    writer.write(b"b")
    assert broken.wait(10)
    writer.close()
    assert writer.backlog == 0
    os.close(writing)
