"""Classes of the protocol that are built when they are first used equal those that are built at once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PREPARE = "from caliban_ls.lsp import protocol_types\nprepared = protocol_types.prepare()\n"

SHOW = """
import inspect, json, re
import attrs
from lsprotocol import _hooks, types
_hooks._resolve_forward_references()
names = ("name", "type", "default", "validator", "repr", "eq", "order", "hash", "init", "metadata", "converter",
         "kw_only", "inherited", "on_setattr", "alias")
shown = {}
for name, cls in sorted(vars(types).items()):
    if isinstance(cls, type) and cls.__module__ == "lsprotocol.types" and attrs.has(cls):
        shown[name] = {
            "fields": [[repr(getattr(field, each)) for each in names] for field in attrs.fields(cls)],
            "signature": [(one.name, str(one.kind), repr(one.default))
                          for one in inspect.signature(cls).parameters.values()],
            "hashable": cls.__hash__ is not None,
            # The plain classes have slots, and these two because of them.
            "methods": sorted({each for each in vars(cls) if callable(getattr(cls, each))}
                              - {"__getstate__", "__setstate__"}),
            "bases": [base.__name__ for base in cls.__mro__],
            "match": cls.__match_args__,
            "doc": cls.__doc__,
        }
print(re.sub(" at 0x[0-9a-f]+", "", json.dumps(shown)))
"""

USE = """
import json
from lsprotocol import converters, types
converter = converters.get_converter()
connection = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"processId": None, "rootUri": None,
        "capabilities": {"textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind":
        {"valueSet": ["quickfix"]}}}}}, "workspaceFolders": [{"uri": "file:///p", "name": "p"}]}}
request = converter.structure(connection, types.InitializeRequest)
here = types.Range(types.Position(1, 2), types.Position(3, 4))
try:
    types.Position(-1, 0)
except ValueError as refused:
    error = str(refused)
print(json.dumps([repr(request), converter.unstructure(request), repr(here), here == types.Range(types.Position(1, 2),
      end=types.Position(3, 4)), here.start < here.end, error]))
"""


def answer(program: str) -> Any:
    """What a program prints, as JSON."""
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=120
    )
    return json.loads(done.stdout)


def test_every_class_has_the_same_fields() -> None:
    late, plain = answer(PREPARE + "assert prepared\n" + SHOW), answer(SHOW)
    assert len(plain) > 500
    assert late.keys() == plain.keys()
    for name, expected in plain.items():
        assert late[name] == expected, name


def test_messages_are_read_and_written_alike() -> None:
    assert answer(PREPARE + "assert prepared\n" + USE) == answer(USE)


def test_unused_classes_are_not_built() -> None:
    count = "sum(type(vars(each).get('__attrs_attrs__')) is protocol_types._Fields for each in waiting)"
    program = (
        f"{PREPARE}import json\nimport caliban_ls.server\nfrom lsprotocol import types\n"
        "waiting = [each for each in vars(types).values() if isinstance(each, type)]\n"
        f"print(json.dumps({count}))"
    )
    assert answer(program) > 500


def test_threads_that_want_a_class_at_once_get_one() -> None:
    program = f"""{PREPARE}
import json, sys, threading
from lsprotocol import types
import attrs
sys.setswitchinterval(1e-6)
classes = [each for each in list(vars(types).values()) if isinstance(each, type)
           and isinstance(vars(each).get("__attrs_attrs__"), protocol_types._Fields)]
failed = []
gate = threading.Barrier(8)
def use():
    gate.wait()
    for each in classes:
        try:
            each()
        except TypeError as error:
            if "missing" not in str(error):
                failed.append(repr(error))
        if any(isinstance(field.type, str) for field in attrs.fields(each)):
            failed.append(each.__name__)
threads = [threading.Thread(target=use) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(json.dumps(failed))
"""
    assert answer(program) == []


@pytest.mark.parametrize(
    "change",
    [
        "protocol_types.KNOWN_VERSION = '0'",
        "protocol_types._check = lambda *_: 1 / 0",
        "protocol_types._MODULE = 'another'",
        "import lsprotocol.types",
    ],
    ids=["another version", "a trial that fails", "classes of another module", "imported already"],
)
def test_what_is_not_known_is_imported_as_ever(change: str) -> None:
    program = (
        f"import json\nimport attrs\ndefine = attrs.define\nfrom caliban_ls.lsp import protocol_types\n{change}\n"
        "prepared = protocol_types.prepare()\nfrom lsprotocol import converters, types\n"
        "converters.get_converter()\n"
        "print(json.dumps([prepared, attrs.define is define, hasattr(types.Position, '__slots__')]))"
    )
    assert answer(program) == [False, True, True]


def test_the_first_document_waits_for_no_class() -> None:
    program = f"""import sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
{PREPARE}
import json
from lsprotocol import types
from support.in_process_server import EXPERIMENT, Connection
def waiting():
    return {{name for name, each in vars(types).items()
            if isinstance(each, type) and isinstance(vars(each).get("__attrs_attrs__"), protocol_types._Fields)}}
connection = Connection()
connection.initialize({{"textDocument": {{"diagnostic": {{}}}}}})
connection.server.protocol.prepare_for_documents()
before = waiting()
item = {{"uri": EXPERIMENT, "languageId": "json", "version": 1, "text": '{{"lr": []}}'}}
connection.notify("textDocument/didOpen", {{"textDocument": item}})
(answer,) = connection.request("textDocument/diagnostic", {{"textDocument": {{"uri": EXPERIMENT}}}})
print(json.dumps([len(answer["result"]["items"]), sorted(before - waiting())]))
"""
    assert answer(program) == [1, []]
