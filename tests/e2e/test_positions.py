"""Positions of every answer, with a server as a process of its own at the other end of two pipes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.lsp_client import Client, Message
from support.position_checks import ENCODINGS, Talk, check_positions

SERVE = ("-m", "caliban_ls", "serve")


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_positions_of_every_answer(tmp_path: Path, encoding: str) -> None:
    folder = tmp_path / "é😀 e\u0301"
    folder.mkdir()
    with Client(*SERVE, environment={"CALIBAN_HOME": str(tmp_path / "state")}) as client:
        capabilities = {
            "general": {"positionEncodings": [encoding]},
            "textDocument": {
                "diagnostic": {},
                "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
                "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
                "rename": {"prepareSupport": True},
            },
            "workspace": {"workspaceEdit": {"documentChanges": True}},
        }
        own = client.initialize(capabilities, options={"trusted": True}, folders=(folder,))
        assert own["positionEncoding"] == encoding

        def ask(method: str, params: Message) -> Any:
            return client.ask(method, params)["result"]

        check_positions(Talk(ask, client.notify, folder, encoding))
        assert client.quit() == 0
        assert client.errors() == ""
