"""A running server collects garbage between messages, never before an answer."""

from __future__ import annotations

import asyncio
import gc
import json

from support.in_process_server import Connection
from support.lsp_client import Message

from caliban_ls.lsp.pygls_adapter import COLLECTOR_PAUSE


async def test_garbage_is_looked_for_when_a_message_is_answered() -> None:
    connection, later = Connection(), asyncio.Event()
    params: Message = {"processId": None, "capabilities": {}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    assert gc.isenabled()
    try:
        connection.server._take(json.dumps(body).encode())
        assert "result" in connection.messages[-1]
        assert not gc.isenabled()
        asyncio.get_running_loop().call_later(COLLECTOR_PAUSE, later.set)
        await asyncio.wait_for(later.wait(), 30)
        assert gc.isenabled()
    finally:
        gc.enable()
