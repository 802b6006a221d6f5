"""The stand-in's port: plain HTTP for who was led here, and a proxy that ends TLS itself for who asks for Google."""

from __future__ import annotations

import socket
import ssl
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

from cloud.emulator.certificates import DOMAIN


class HangUp(OSError):
    """The connection ends here, without an answer."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request.

    Attributes:
        verb: of HTTP.
        host: that was asked, without its port.
        path: without the query.
        query: of the address.
        headers: their names in small letters.
        body: as it came.
    """

    verb: str
    host: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        """The body of a token endpoint's request."""
        return dict(parse_qsl(self.body.decode()))

    @property
    def token(self) -> str:
        """What the caller says to be let in with."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Answer:
    """What comes back; `missing` is how much shorter the body is than it is said to be."""

    status: int
    body: bytes
    headers: Mapping[str, str]
    missing: int = 0


class Behind(Protocol):
    """Who answers."""

    strangers: list[str]

    def open_tunnel(self, host: str) -> int:
        """Answer a proxy's CONNECT with a status."""

    def context(self, host: str) -> ssl.SSLContext:
        """Return how to speak TLS as a host; raises `HangUp` where the connection ends before that."""

    def answer(self, asked: Asked) -> Answer:
        """Answer a request; raises `HangUp` where there is to be no answer."""

    def pause(self) -> float:
        """Seconds between the bytes of an answer's body."""


class Server(ThreadingHTTPServer):
    """A port of the loopback, with a thread for each connection."""

    daemon_threads = True
    request_queue_size = 128


def listen(behind: Behind) -> Server:
    """Take a free port; the caller serves it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        tunnel: str | None = None

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_CONNECT(self) -> None:
            host = self.path.rpartition(":")[0]
            if not host.endswith(f".{DOMAIN}"):
                behind.strangers.append(host)
                self.send_error(403, "Only Google is stood in for")
                return
            status = behind.open_tunnel(host)
            if status != HTTPStatus.OK:
                self.send_error(status)
                return
            self.send_response(200, "Connection established")
            self.end_headers()
            try:
                self.connection = behind.context(host).wrap_socket(self.connection, server_side=True)
            except OSError:  # Who doesn't trust the certificate hangs up.
                self.close_connection = True
                return
            self.rfile = self.connection.makefile("rb", self.rbufsize)
            self.wfile = self.connection.makefile("wb", 0)
            self.tunnel = host
            self.close_connection = False

        def finish(self) -> None:
            super().finish()
            self.connection.close()  # the one of TLS, of which the server doesn't know

        def _serve(self) -> None:
            address = urlsplit(self.path)
            asked = Asked(
                verb=self.command,
                host=self.tunnel or (self.headers.get("Host") or "").partition(":")[0],
                path=address.path,
                query=dict(parse_qsl(address.query)),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
            )
            try:
                answer = behind.answer(asked)
            except HangUp:
                self._reset()
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body) + answer.missing))
            self.close_connection = self.close_connection or answer.missing > 0
            self.end_headers()
            pause = behind.pause()
            step = 1 if pause else max(1, len(answer.body))
            for at in range(0, len(answer.body), step):
                time.sleep(pause)
                self.wfile.write(answer.body[at : at + step])

        def _reset(self) -> None:
            """End the connection as a balancer that dies does."""
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Server(("127.0.0.1", 0), Handler)
