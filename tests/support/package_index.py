"""A private package index: one hand-made wheel, for those who know the password."""

from __future__ import annotations

import base64
import io
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address

from support.program import BASE_IMAGE

NAME = "caliban-private-probe"
USER = "ada"

_WHEEL = "caliban_private_probe-1.0-py3-none-any.whl"


@contextmanager
def private_index(password: str) -> Iterator[str]:
    """Serve the index where containers reach it, and yield its host and port."""
    allowed = "Basic " + base64.b64encode(f"{USER}:{password}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer(with_body=False)

        def do_GET(self) -> None:
            self.answer(with_body=True)

        def answer(self, *, with_body: bool) -> None:
            pages = {
                f"/simple/{NAME}/": f'<a href="/{_WHEEL}">{_WHEEL}</a>'.encode(),
                f"/{_WHEEL}": _wheel(),
            }
            body = pages.get(self.path, b"")
            known = self.headers.get("Authorization") == allowed
            self.send_response((200 if body else 404) if known else 401)
            self.send_header("Content-Type", "text/html" if self.path.endswith("/") else "application/zip")
            self.send_header("WWW-Authenticate", "Basic")
            self.send_header("Content-Length", str(len(body) if known else 0))
            self.end_headers()
            if known and with_body:
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer((_gateway(), 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"{server.server_address[0]!s}:{server.server_port}"
        finally:
            server.shutdown()


def _gateway() -> str:
    """Return this machine's address as containers see it: where one sends what is for elsewhere.

    A container is asked, since an engine that was started for the first time tells no gateway of its network.
    """
    command = ["docker", "run", "--rm", BASE_IMAGE, "cat", "/proc/net/route"]
    table = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    routes = [line.split() for line in table.splitlines()[1:]]
    (gateway,) = (route[2] for route in routes if route[1] == "00000000")
    return str(IPv4Address(bytes.fromhex(gateway)[::-1]))


def _wheel() -> bytes:
    info = "caliban_private_probe-1.0.dist-info"
    files = {
        "caliban_private_probe.py": "print('private')\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()
