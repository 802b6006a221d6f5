"""A language client in plain Python, rude where a test wants it to be: own framing, own processes, no library."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

PATIENCE = 30.0
"""Seconds after which a test gives up waiting. Nothing ever takes this long unless it never comes."""

PROGRAM = Path(__file__).parent.parent / "e2e" / "server_program.py"

Message = dict[str, Any]


def frame(body: bytes | Message, *headers: str) -> bytes:
    """Return a message as it goes over the wire, behind further headers."""
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = "".join(f"{header}\r\n" for header in (*headers, f"Content-Length: {len(encoded)}"))
    return f"{head}\r\n".encode() + encoded


class Client:
    """One server process and everything that it said."""

    def __init__(
        self, *arguments: str, program: str = sys.executable, environment: Mapping[str, str] | None = None
    ) -> None:
        self.configuration: Any = None
        self.silent: set[str] = set()  # methods of the server's that get no answer
        self.messages: list[Message] = []
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the client
        self._arrived = threading.Condition()
        self._closed = False
        self._last_id = 0
        self.process = subprocess.Popen(
            [program, *(arguments or (str(PROGRAM),))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, **(environment or {})},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Client:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.close()
        self._errors.close()

    def initialize(
        self,
        capabilities: Message | None = None,
        *,
        options: Any = None,
        folders: tuple[Path, ...] = (PROGRAM.parent,),
        process_id: int | None = None,
    ) -> Message:
        """Shake hands, and return the server's capabilities."""
        params = {
            "processId": process_id,
            "rootUri": None,
            "capabilities": capabilities or {},
            "initializationOptions": options,
            "workspaceFolders": [{"uri": folder.as_uri(), "name": folder.name} for folder in folders] or None,
        }
        answer = self.ask("initialize", params)
        self.notify("initialized", {})
        capabilities_of_server: Message = answer["result"]["capabilities"]
        return capabilities_of_server

    def request(self, method: str, params: Any = None) -> int:
        """Send a request and return its id."""
        self._last_id += 1
        self.send({"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params})
        return self._last_id

    def command(self, name: str, *arguments: Any, **params: Any) -> int:
        """Send a call of one of our commands and return its id."""
        call = {"command": f"caliban-ls.{name}", "arguments": list(arguments), **params}
        return self.request("workspace/executeCommand", call)

    def notify(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def send(self, message: Message | bytes) -> None:
        """Send one message."""
        self.write(frame(message))

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def ask(self, method: str, params: Any = None) -> Message:
        """Send a request and return the whole answer."""
        return self.answer(self.request(method, params))

    def answer(self, msg_id: Any) -> Message:
        """Return the answer to a request when it comes."""
        return self.wait_for(lambda message: "method" not in message and message.get("id") == msg_id)

    def notification(self, method: str, matches: Callable[[Any], bool] = lambda _: True) -> Any:
        """Return the parameters of a notification, or of a request of the server's, when it comes."""
        return self.wait_for(lambda one: one.get("method") == method and matches(one.get("params"))).get(
            "params"
        )

    def wait_for(self, matches: Callable[[Message], bool]) -> Message:
        """Return the first message that matches, come already or still to come."""
        found: list[Message] = []

        def arrived() -> bool:
            found.extend(message for message in self.messages if matches(message))
            return bool(found) or self._closed

        with self._arrived:
            self._arrived.wait_for(arrived, PATIENCE)
        if not found:
            raise AssertionError(f"It never came; what came is {self.messages}; the log says {self.errors()}")
        return found[0]

    def progress(self, token: Any, kind: str) -> Any:
        """Return the first progress value of a kind for a token, when it arrives."""
        found = self.notification(
            "$/progress", lambda params: params["token"] == token and params["value"]["kind"] == kind
        )
        return found["value"]

    def all(self, method: str) -> list[Any]:
        """Return the parameters of everything that came by a method so far."""
        return [message.get("params") for message in list(self.messages) if message.get("method") == method]

    def exit_code(self) -> int:
        """Return the exit code when the process has ended and everything it said is read."""
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def close_input(self) -> None:
        """Hang up, as a client does that is killed."""
        assert self.process.stdin is not None
        self.process.stdin.close()

    def quit(self) -> int:
        """Say goodbye as LSP asks, and return the exit code."""
        assert self.ask("shutdown")["result"] is None
        self.notify("exit")
        return self.exit_code()

    def errors(self) -> str:
        """Return what the server wrote to its log so far."""
        return os.pread(self._errors.fileno(), 2**20, 0).decode()

    def _read(self) -> None:
        assert self.process.stdout is not None
        stream = self.process.stdout
        while line := stream.readline():
            length = 0
            while line != b"\r\n":
                name, _, value = line.partition(b": ")
                assert name in (b"Content-Length", b"Content-Type"), line
                if name == b"Content-Length":
                    length = int(value)
                line = stream.readline()
            message = json.loads(stream.read(length))
            with self._arrived:
                self.messages.append(message)
                self._arrived.notify_all()
            if "method" in message and "id" in message and message["method"] not in self.silent:
                result = [self.configuration] if message["method"] == "workspace/configuration" else None
                self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})
        with self._arrived:
            self._closed = True
            self._arrived.notify_all()
