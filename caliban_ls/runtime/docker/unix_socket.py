"""One question to an engine on a Unix socket, asked without its SDK.

An unchanged build wants to know one thing: whether the engine has the image. Loading the SDK for that takes
longer than all the rest. Knows HTTP and sockets; what an answer means is for `docker` to say.
"""

from __future__ import annotations

import http.client
import socket


def socket_path(address: str) -> str | None:
    """Return the path of an address such as `unix:///var/run/docker.sock`, None for any other."""
    path = address.removeprefix("unix://")
    return f"/{path.lstrip('/')}" if path not in {"", address} and hasattr(socket, "AF_UNIX") else None


def get(path: str, target: str, seconds: float) -> tuple[int, bytes]:
    """Return the status and the body of an answer.

    Args:
        path: the socket.
        target: what to ask for, escaped: `/images/NAME/json`.
        seconds: how long each wait may take.

    Raises:
        OSError: nothing listens, or no answer comes in time.
        http.client.HTTPException: what answers doesn't speak HTTP.
    """
    connection = _Connection(path, seconds)
    try:
        connection.request("GET", target)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


class _Connection(http.client.HTTPConnection):
    """An HTTP connection over a Unix socket."""

    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)
