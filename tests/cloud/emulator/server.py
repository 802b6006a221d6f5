"""The stand-in as a server: which request is for what, and which of them go wrong."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from cloud.emulator import schema
from cloud.emulator.ai_platform import AiPlatform
from cloud.emulator.errors import Refusal
from cloud.emulator.faults import Faults
from cloud.emulator.others import ACCOUNT, Logging, Repositories, Tokens
from cloud.emulator.vertex import Vertex

_SERVICES = ("aiplatform.v1", "ml.v1", "logging.v2", "artifactregistry.v1")


class _HangUp(Exception):
    """The connection ends here, without an answer."""


class Emulator:
    """Google, on a port of the loopback. Leaving the block ends it."""

    def __init__(self) -> None:
        self.vertex = Vertex()
        self.ai_platform = AiPlatform()
        self.tokens = Tokens()
        self.logging = Logging()
        self.repositories = Repositories()
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self.refused: list[str] = []
        self.denied: dict[str, str] = {}  # method id -> the permission that is missing
        self.at_once = 0
        self.most_at_once = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Emulator:  # noqa: PYI034 - Self came with Python 3.11
        for service in _SERVICES:
            schema.methods(service)  # now, and not with the first request
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/"

    def environment(self) -> dict[str, str]:
        """The variables that lead a program here instead of to Google."""
        services = ("AIPLATFORM", "ML", "LOGGING", "ARTIFACTREGISTRY", "IAMCREDENTIALS")
        return {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}": self.url for service in services}

    def service_account(self, path: Path) -> Path:
        """Write a service account's key."""
        key = {
            "type": "service_account",
            "project_id": "my-project",
            "private_key_id": "1",
            "private_key": self.tokens.private_key(),
            "client_email": ACCOUNT,
            "client_id": "1",
            "token_uri": f"{self.url}token",
        }
        path.write_text(json.dumps(key))
        return path

    def jobs(self) -> list[dict[str, Any]]:
        """Every job of Vertex AI."""
        return list(self.vertex.jobs.values())

    def answer(
        self, verb: str, target: str, host: str, token: str | None, body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Answer one request; raises `_HangUp` where there is to be no answer."""
        address = urlsplit(target)
        if address.path == "/token" or host.startswith("oauth2."):
            return self._json(lambda: self.tokens.exchange(dict(parse_qsl(body.decode()))))
        if address.path.endswith(":generateAccessToken"):
            return self._json(lambda: self._impersonated(token))
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            time.sleep(self.faults.latency)
            return self._json(lambda: self._dispatch(verb, address, host, token, body))
        finally:
            with self._lock:
                self.at_once -= 1

    def _impersonated(self, token: str | None) -> dict[str, Any]:
        self.tokens.check(token)
        return self.tokens.impersonate()

    def _json(self, ask: Callable[[], Any]) -> tuple[int, dict[str, str], bytes]:
        try:
            return 200, {}, json.dumps(ask()).encode()
        except Refusal as refusal:
            with self._lock:
                self.refused.append(f"{refusal.code} {refusal}")
            return refusal.code, refusal.headers, refusal.body()

    def _dispatch(self, verb: str, address: Any, host: str, token: str | None, body: bytes) -> Any:
        method, path = self._method(verb, address.path)
        query = dict(parse_qsl(address.query))
        self.tokens.check(token)
        with self._lock:
            self.calls[method.id] += 1
        schema.check_query(method, query)
        content = json.loads(body) if body else None
        schema.check_body(method, content)
        if method.id in self.denied:
            permission, resource = self.denied[method.id], address.path.removeprefix("/v1/")
            details = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": "IAM_PERMISSION_DENIED",
                    "domain": "aiplatform.googleapis.com",
                    "metadata": {"permission": permission, "resource": resource},
                }
            ]
            message = f"Permission '{permission}' denied on resource '//aiplatform.googleapis.com/{resource}' (or it may not exist)."
            raise Refusal(403, message, details=details)
        return self._answers(method.id, path, query, content, host)

    def _method(self, verb: str, path: str) -> tuple[schema.Method, dict[str, str]]:
        for service in _SERVICES:
            try:
                return schema.find(service, verb, path)
            except Refusal:
                continue
        raise Refusal(404, f"{verb} {path} is no method of any service")

    def _answers(
        self, method: str, path: Mapping[str, str], query: Mapping[str, str], body: Any, host: str
    ) -> Any:
        hidden = self.faults.hidden
        if method == "aiplatform.projects.locations.customJobs.create":
            parent = path["parent"]
            region = parent.rpartition("/")[2]
            if host.endswith("googleapis.com") and not host.startswith(f"{region}-aiplatform."):
                raise Refusal(400, f"The host {host} isn't that of {region}.")
            self.vertex.check(body, region)
            return self._create(lambda: self.vertex.create(parent, body))
        if method == "ml.projects.jobs.create":
            self.ai_platform.check(body)
            return self._create(lambda: self.ai_platform.create(path["parent"], body))
        answers: dict[str, Callable[[], Any]] = {
            "aiplatform.projects.locations.customJobs.get": lambda: self.vertex.get(path["name"]),
            "aiplatform.projects.locations.customJobs.list": lambda: self.vertex.list(
                path["parent"], query, hidden
            ),
            "aiplatform.projects.locations.customJobs.cancel": lambda: self.vertex.cancel(path["name"]),
            "ml.projects.jobs.get": lambda: self.ai_platform.get(path["name"]),
            "ml.projects.jobs.list": lambda: self.ai_platform.list(path["parent"], query, hidden),
            "ml.projects.jobs.cancel": lambda: self.ai_platform.cancel(path["name"]),
            "logging.entries.list": lambda: self.logging.list(body or {}),
            "artifactregistry.projects.locations.repositories.get": lambda: self.repositories.get(
                path["name"]
            ),
            "artifactregistry.projects.locations.repositories.create": lambda: self.repositories.create(
                path["parent"], query, body or {}
            ),
        }
        if method not in answers:
            raise Refusal(404, f"{method} isn't stood in for")
        return answers[method]()

    def _create(self, make: Callable[[], Any]) -> Any:
        """Make a job, or go wrong as it was asked for."""
        fault = self.faults.throw()
        if fault == "busy":
            wait = self.faults.retry_after
            headers = {} if wait is None else {"Retry-After": f"{wait:g}"}
            raise Refusal(429, "Quota exceeded for quota metric 'Job submissions'.", headers=headers)
        if fault == "unavailable":
            raise Refusal(503, "The service is currently unavailable.")
        if fault == "reset":
            raise _HangUp
        if fault == "lost" and self.faults.late:
            timer = threading.Timer(self.faults.late, self._make_quietly, [make])
            timer.daemon = True
            timer.start()
            raise _HangUp
        made = make()
        if fault == "lost":
            raise _HangUp
        if fault == "unavailable after":
            raise Refusal(503, "The service is currently unavailable.")
        return made

    def _make_quietly(self, make: Callable[[], Any]) -> None:
        with suppress(Refusal):  # Nobody is left to hear it.
            make()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def _handler(emulator: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            host = (self.headers.get("Host") or "").partition(":")[0]
            try:
                status, headers, content = emulator.answer(
                    self.command, self.path, host, self.headers.get("Authorization"), body
                )
            except _HangUp:
                # A reset, as a balancer that dies gives one.
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            pause = emulator.faults.slow_body
            for piece in [content] if not pause else [content[at : at + 1] for at in range(len(content))]:
                time.sleep(pause)
                self.wfile.write(piece)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    return Handler
