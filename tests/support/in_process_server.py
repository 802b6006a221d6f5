"""A server in this process, whose answers are read as soon as they are given."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.lsp_client import Message

from caliban_ls.commands import Command
from caliban_ls.operations.context.context import Context
from caliban_ls.server import build_server

EXPERIMENT = "file:///p/experiment.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No arguments."""


def do_nothing(_arguments: Nothing, _context: Context) -> None:
    """Do nothing."""


NOTHING = Command(
    name="nothing",
    title="Doing nothing",
    summary="",
    run=f"{__name__}:do_nothing",
    arguments=f"{__name__}:Nothing",
    result="",
)


class Connection:
    """What a server writes, read back."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.arrived = asyncio.Event()
        self.server = build_server([NOTHING])
        self.server.protocol.set_writer(self)

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))
        self.arrived.set()

    def close(self) -> None:
        """Nothing is open."""

    def send(self, body: Any) -> list[Message]:
        """Have the server take a message; return what it wrote at once."""
        before = len(self.messages)
        self.server.protocol.receive(body if isinstance(body, bytes) else json.dumps(body).encode())
        return self.messages[before:]

    async def last(self, **fields: Any) -> Message:
        """Return the last message, once it is one with these fields."""
        while not self.messages or not fields.items() <= self.messages[-1].items():
            self.arrived.clear()
            await asyncio.wait_for(self.arrived.wait(), 30)
        return self.messages[-1]

    async def reply(self, msg_id: int) -> Message:
        """Return the reply to a request, also if other messages follow it."""
        while not (
            found := [one for one in self.messages if one.get("id") == msg_id and "method" not in one]
        ):
            self.arrived.clear()
            await asyncio.wait_for(self.arrived.wait(), 30)
        return found[0]

    async def answer(self, asked: Message, result: Any) -> None:
        """Answer a question of the server's, and let it think about that."""
        self.send({"jsonrpc": "2.0", "id": asked["id"], "result": result})
        waiting = list(self.server._tasks)
        if waiting:
            await asyncio.wait(waiting, timeout=30)

    def request(self, method: Any, params: Any = None, msg_id: Any = 1) -> list[Message]:
        return self.send({"jsonrpc": "2.0", "id": msg_id, "method": method, "params": params})

    def notify(self, method: Any, params: Any = None) -> list[Message]:
        return self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def initialize(self, capabilities: Message | None = None, **params: Any) -> None:
        *_, answer = self.request(
            "initialize", {"processId": None, "capabilities": capabilities or {}, **params}
        )
        assert "result" in answer


CAPABILITIES: Message = {
    "textDocument": {
        "diagnostic": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "completion": {"completionItem": {"snippetSupport": True}},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "rename": {"prepareSupport": True},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}, "diagnostics": {"refreshSupport": True}},
}


def started(folder: Path, encoding: str = "utf-16", **options: Any) -> Connection:
    connection = Connection()
    capabilities = {**CAPABILITIES, "general": {"positionEncodings": [encoding]}}
    folders = [{"uri": folder.as_uri(), "name": folder.name}]
    connection.initialize(capabilities, workspaceFolders=folders, initializationOptions=options)
    return connection


def opened(connection: Connection, path: Path, text: str) -> str:
    item = {"uri": path.as_uri(), "languageId": "json", "version": 1, "text": text}
    connection.notify("textDocument/didOpen", {"textDocument": item})
    return path.as_uri()


def asked(connection: Connection, method: str, uri: str, **params: Any) -> Any:
    (answer,) = connection.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, **params})
    assert "result" in answer, answer
    return answer["result"]


async def asked_later(
    connection: Connection, method: str, uri: str | None, prefix: str = "textDocument", **params: Any
) -> Any:
    """Ask what is worked out on a thread, and return the result."""
    named = {} if uri is None else {"textDocument": {"uri": uri}}
    number = 1000 + len(connection.messages)
    connection.request(f"{prefix}/{method}", {**named, **params}, msg_id=number)
    answer = await connection.reply(number)
    assert "result" in answer, answer
    return answer["result"]
