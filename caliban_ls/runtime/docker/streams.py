"""Connections that the Docker engine has handed over: how they are read to the byte, written to and hung up.

What the SDK opens is taken apart here, since it has no public way to do so; the SDK itself isn't imported.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from caliban_ls.runtime.jobs import Stream

Raw = Any
"""What the SDK works with: its client, a response of requests, a socket, or what ssh has for one."""


@dataclass(frozen=True, slots=True)
class HijackedLine:
    """A `Line` over a hijacked connection of the engine."""

    connection: Raw
    said: Iterator[tuple[Stream, bytes]]
    resize: Callable[[int, int], None]

    def send(self, data: bytes) -> None:
        """See `Line.send`; a program that has ended reads nothing any more."""
        with suppress(OSError):
            self.connection.sendall(data)

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """See `Line.output`."""
        return self.said

    def end_input(self) -> None:
        """See `Line.end_input`."""
        with suppress(OSError, AttributeError):
            self.connection.shutdown(socket.SHUT_WR)


def unhurried(client: Raw, attached: Raw) -> Raw:
    """Return the connection under a socket of the SDK, now without a time limit: jobs are silent for hours."""
    client._disable_socket_timeout(attached)  # noqa: SLF001  # no public way
    return getattr(attached, "_sock", attached)


def hang_up(connection: Raw) -> None:
    """End a connection from any thread: its reader wakes at once, and the engine notices."""
    with suppress(OSError):  # The other side was first, or it is a pipe of ssh, which only closes.
        connection.shutdown(socket.SHUT_RDWR)
    with suppress(OSError):
        connection.close()


def reader_of(attached: Raw) -> Raw:
    """Return what reads exactly so many bytes of a connection that the SDK has opened, or of a response's body.

    Of a connection it is the one that has read the head of the response, since it may have read more than that:
    what an engine says at once is in its buffer, and not in the socket any more.
    """
    response = getattr(attached, "_response", None)
    return attached if response is None else response.raw._fp.fp  # noqa: SLF001  # no public way
