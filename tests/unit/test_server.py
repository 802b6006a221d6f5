"""What the server makes of its client's words: encodings, settings, diagnostics, fixes."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from support.in_process_server import EXPERIMENT, Wire
from support.lsp_client import Message

PULL: Message = {"textDocument": {"diagnostic": {}}}
ASKED: Message = {**PULL, "workspace": {"configuration": True, "diagnostics": {"refreshSupport": True}}}
FIXES: Message = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """Put back what settings may change."""
    log = logging.getLogger("caliban_ls")
    before = log.level
    yield
    log.setLevel(before)


def open_document(wire: Wire, text: str, uri: str = EXPERIMENT) -> None:
    item = {"uri": uri, "languageId": "json", "version": 1, "text": text}
    assert wire.notify("textDocument/didOpen", {"textDocument": item}) == []


def pulled(wire: Wire, uri: str = EXPERIMENT, **params: Any) -> Any:
    (answer,) = wire.request("textDocument/diagnostic", {"textDocument": {"uri": uri}, **params})
    return answer["result"]


def judged(wire: Wire, name: str) -> bool:
    """Say whether a file of this name is taken for ours, by opening one that is wrong."""
    uri = f"file:///p/{name}"
    open_document(wire, "[,", uri)
    return bool(pulled(wire, uri)["items"])


def fixes(wire: Wire, **context: Any) -> Any:
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    params = {
        "textDocument": {"uri": EXPERIMENT},
        "range": everywhere,
        "context": {"diagnostics": [], **context},
    }
    (answer,) = wire.request("textDocument/codeAction", params)
    return answer["result"]


@pytest.mark.parametrize(
    ("offered", "chosen", "column"),
    [
        (None, "utf-16", 14),
        (["utf-16"], "utf-16", 14),
        (["utf-8", "utf-16"], "utf-8", 18),
        (["utf-32", "utf-16"], "utf-32", 12),
        (["utf-7"], "utf-16", 14),
        ([], "utf-16", 14),
    ],
)
def test_positions_are_counted_as_the_client_counts(
    wire: Wire, offered: Any, chosen: str, column: int
) -> None:
    wire.initialize({**PULL, "general": {"positionEncodings": offered}})
    assert wire.messages[-1]["result"]["capabilities"]["positionEncoding"] == chosen
    open_document(wire, '{"😀😀": "a"}')
    # What is typed and what is said must count alike: the comma goes before the brace.
    here = {"line": 0, "character": column - 1}
    change = {"range": {"start": here, "end": here}, "text": ","}
    identifier = {"uri": EXPERIMENT, "version": 2}
    wire.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
    (found,) = pulled(wire)["items"]
    assert found["range"] == {"start": here, "end": {"line": 0, "character": column}}


@pytest.mark.parametrize(
    ("params", "folders"),
    [
        ({"rootUri": "file:///p"}, ["/p"]),
        ({"rootPath": "/p"}, ["/p"]),
        ({"rootUri": "file:///p", "workspaceFolders": None}, ["/p"]),
        ({"rootUri": "file:///p", "workspaceFolders": []}, []),
        ({"rootUri": "file:///p", "workspaceFolders": [{"uri": "file:///q%23", "name": "q"}]}, ["/q#"]),
        ({"workspaceFolders": [{"uri": "vscode-remote://ssh/p", "name": "p"}]}, []),
        ({}, []),
    ],
)
def test_folders(wire: Wire, params: Message, folders: list[str]) -> None:
    wire.initialize(**params)
    assert [str(folder) for folder in wire.server.folders()] == folders


def test_what_a_client_that_asks_is_offered(wire: Wire) -> None:
    wire.initialize(PULL)
    capabilities = wire.messages[-1]["result"]["capabilities"]
    assert capabilities["diagnosticProvider"] == {
        "identifier": "caliban",
        "interFileDependencies": True,
        "workspaceDiagnostics": True,
    }
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["executeCommandProvider"] == {"commands": ["caliban-ls.nothing"]}


def test_a_result_id_is_never_used_for_two_results(wire: Wire) -> None:
    wire.initialize(PULL)
    reports: list[Any] = []
    for text in ("[,", "{", "[,", ""):
        open_document(wire, text)
        reports.append(pulled(wire, previousResultId=reports[-1]["resultId"] if reports else None))
    assert [report["kind"] for report in reports] == ["full"] * 4
    assert len({report["resultId"] for report in reports}) == 4
    assert pulled(wire, previousResultId=reports[-1]["resultId"])["kind"] == "unchanged"


def test_a_document_is_judged_once_for_each_revision(wire: Wire) -> None:
    wire.initialize(PULL)
    open_document(wire, "[,")
    document = wire.server.document(EXPERIMENT)
    assert document is not None
    first = wire.server.check(document)
    pulled(wire)
    assert wire.server.check(document) is first
    document.splice(0, 2, "[]")
    assert wire.server.check(document) is not first


def test_edits_are_tied_to_a_version_where_the_client_can_check_that(wire: Wire) -> None:
    wire.initialize({"textDocument": FIXES, "workspace": {"workspaceEdit": {"documentChanges": True}}})
    open_document(wire, '{"lr": 1,}')
    ((change,),) = [action["edit"]["documentChanges"] for action in fixes(wire)[:1]]
    assert change["textDocument"] == {"uri": EXPERIMENT, "version": 1}
    plain = Wire()
    plain.initialize({"textDocument": FIXES})
    open_document(plain, '{"lr": 1,}')
    assert list(fixes(plain)[0]["edit"]["changes"]) == [EXPERIMENT]


def test_a_client_that_knows_commands_only_is_offered_no_fixes(wire: Wire) -> None:
    wire.initialize({"textDocument": {"codeAction": {}}})
    open_document(wire, '{"lr": 1,}')
    assert fixes(wire) == []


async def test_settings_come_with_initialize_and_from_the_client(wire: Wire) -> None:
    wire.initialize(ASKED, initializationOptions={"experimentFiles": ["first.json"]})
    wire.notify("initialized", {})
    # An answer of null changes nothing, nor does an empty one, and neither does the message where one can ask.
    answers: list[Any] = [None, {}, [], "text"]
    for answer in answers:
        asked = await wire.last(method="workspace/configuration")
        assert asked["params"] == {"items": [{"section": "caliban"}]}
        await wire.answer(asked, [answer])
        assert judged(wire, "first.json")
        assert not judged(wire, "second.json")
        wire.notify(
            "workspace/didChangeConfiguration",
            {"settings": {"caliban": {"experimentFiles": ["second.json"]}}},
        )
    await wire.answer(
        await wire.last(method="workspace/configuration"), [{"experimentFiles": ["second.json"]}]
    )
    await wire.last(method="workspace/diagnostic/refresh")
    assert not judged(wire, "first.json")
    assert judged(wire, "second.json")


@pytest.mark.parametrize("wrap", [lambda raw: raw, lambda raw: {"caliban": raw}])
def test_settings_of_a_client_that_cannot_be_asked(wire: Wire, wrap: Any) -> None:
    wire.initialize(PULL)
    wire.notify("workspace/didChangeConfiguration", {"settings": wrap({"experimentFiles": ["mine.json"]})})
    assert judged(wire, "mine.json")
    empties: list[Any] = [None, {}, []]
    for empty in empties:
        wire.notify("workspace/didChangeConfiguration", {"settings": wrap(empty)})
        assert judged(wire, "mine.json")
    wire.notify("workspace/didChangeConfiguration", {"settings": wrap({"experimentFiles": []})})
    assert not judged(wire, "mine.json")


async def test_a_client_that_refuses_to_tell_its_settings_keeps_the_initial_ones(wire: Wire) -> None:
    wire.initialize(ASKED, initializationOptions={"experimentFiles": ["mine.json"]})
    wire.notify("initialized", {})
    asked = await wire.last(method="workspace/configuration")
    wire.send({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "unknown"}})
    assert judged(wire, "mine.json")


async def test_changes_of_settings_are_asked_for(wire: Wire) -> None:
    wire.initialize({"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}})
    wire.notify("initialized", {})
    asked = await wire.last(method="client/registerCapability")
    (registration,) = asked["params"]["registrations"]
    assert registration["method"] == "workspace/didChangeConfiguration"


def test_wrong_settings_are_named_once_and_fall_back_alone(wire: Wire) -> None:
    wrong = {"experimentFiles": ["mine.json"], "logLevel": "loud"}
    wire.initialize(PULL, initializationOptions=wrong)
    wire.notify("workspace/didChangeConfiguration", {"settings": wrong})
    shown = [message["params"] for message in wire.messages if message.get("method") == "window/showMessage"]
    assert [message["type"] for message in shown] == [2]
    assert "caliban.logLevel must be one of" in shown[0]["message"]
    assert judged(wire, "mine.json")
    wire.notify("workspace/didChangeConfiguration", {"settings": {"limits": {"maxJobs": 0}}})
    assert "caliban.limits.maxJobs" in wire.messages[-1]["params"]["message"]
    assert "logLevel" not in wire.messages[-1]["params"]["message"]


@pytest.mark.parametrize("options", [5, "text", [1], {"caliban": 5}, {"limits": 5}, {"experimentFiles": {}}])
def test_options_of_the_wrong_shape_stop_nothing(wire: Wire, options: Any) -> None:
    wire.initialize(PULL, initializationOptions=options)
    assert judged(wire, "experiment.json")


def test_the_log_level_is_a_setting(wire: Wire) -> None:
    wire.initialize(initializationOptions={"logLevel": "debug"})
    assert logging.getLogger("caliban_ls").level == logging.DEBUG


def test_the_server_imports_no_more_than_its_first_answer_needs() -> None:
    program = (
        "import sys, caliban_ls.server\n"
        "parts = [name.split('.') for name in sys.modules if name.startswith('caliban_ls.')]\n"
        "print(*sorted({part[1] for part in parts}), *sorted(sys.modules))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(answer.stdout.split())
    assert loaded & {"operations", "runtime", "ide", "cli"} == set()
    heavy = {"pydantic", "docker", "google", "requests", "rich", "argparse", "sqlite3", "http.client"}
    assert loaded & heavy == set()
    assert {name for name in loaded if name.startswith("caliban_ls.analysis.") and name.count(".") == 2} == {
        f"caliban_ls.analysis.{name}" for name in ("config", "document_kind", "findings", "jsondoc", "rules")
    }
