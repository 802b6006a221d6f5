"""The client's capabilities and the server's, as pygls' converter would read and write them."""

from __future__ import annotations

from functools import reduce
from typing import Any

import attrs
import pytest
from lsprotocol import types as lsp
from lsprotocol.converters import get_converter
from pytest_lsp import client_capabilities
from support.in_process_server import Connection

from caliban_ls.lsp.handshake import as_json, read_capabilities

CONVERTER = get_converter()
EDITORS = ["visual-studio-code", "neovim", "emacs"]


def capabilities_of(editor: str) -> Any:
    return CONVERTER.unstructure(client_capabilities(editor))


def paths(capabilities: Any, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Return the way to every value in an object of lsprotocol's."""
    found = [before]
    if attrs.has(type(capabilities)):
        for field in attrs.fields(type(capabilities)):
            found += paths(getattr(capabilities, field.name), (*before, field.name))
    return found


def plain(value: Any) -> Any:
    return (
        [plain(one) for one in value] if isinstance(value, (list, tuple)) else getattr(value, "value", value)
    )


@pytest.mark.parametrize("editor", EDITORS)
def test_capabilities_are_called_as_in_lsprotocol(editor: str) -> None:
    sent = capabilities_of(editor)
    expected = CONVERTER.structure(sent, lsp.ClientCapabilities)
    ours = read_capabilities(sent)
    known = [path for path in paths(expected) if path and path[0] != "experimental"]
    assert len(known) > 100
    for path in known:
        theirs = reduce(getattr, path, expected)
        if not attrs.has(type(theirs)) and not isinstance(theirs, (list, tuple)):
            assert reduce(getattr, path, ours) == plain(theirs), path
    assert [str(one) for one in (ours.general and ours.general.position_encodings) or ()] == [
        plain(one) for one in (expected.general and expected.general.position_encodings) or ()
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        5,
        [],
        {"textDocument": 5},
        {"workspace": []},
        {"general": {"positionEncodings": "utf-8"}},
        {"general": {"positionEncodings": [8]}},
    ],
)
def test_capabilities_that_are_no_objects_are_refused(wrong: object) -> None:
    with pytest.raises(TypeError):
        read_capabilities(wrong)


@pytest.mark.parametrize("capabilities", [{}, *map(capabilities_of, EDITORS)], ids=["none", *EDITORS])
def test_the_answer_to_initialize_is_what_the_converter_writes(capabilities: Any) -> None:
    connection = Connection()
    connection.initialize(capabilities)
    protocol = connection.server.protocol
    result = lsp.InitializeResult(protocol.server_capabilities, protocol.server_info)
    assert as_json(result) == CONVERTER.unstructure(result) == connection.messages[-1]["result"]
