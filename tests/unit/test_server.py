"""The server's answers to its client: encodings, settings, diagnostics, fixes."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from support.in_process_server import EXPERIMENT, Connection
from support.lsp_client import Message

PULL: Message = {"textDocument": {"diagnostic": {}}}
ASKED: Message = {**PULL, "workspace": {"configuration": True, "diagnostics": {"refreshSupport": True}}}
FIXES: Message = {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}


@pytest.fixture
def connection() -> Connection:
    return Connection()


@pytest.fixture(autouse=True)
def log_level() -> Iterator[None]:
    """Put back what settings may change."""
    log = logging.getLogger("caliban_ls")
    before = log.level
    yield
    log.setLevel(before)


def open_document(connection: Connection, text: str, uri: str = EXPERIMENT) -> None:
    item = {"uri": uri, "languageId": "json", "version": 1, "text": text}
    assert connection.notify("textDocument/didOpen", {"textDocument": item}) == []


def pulled(connection: Connection, uri: str = EXPERIMENT, **params: Any) -> Any:
    (answer,) = connection.request("textDocument/diagnostic", {"textDocument": {"uri": uri}, **params})
    return answer["result"]


def is_checked(connection: Connection, name: str) -> bool:
    """Return whether a file of this name is checked, by opening one with an error."""
    uri = f"file:///p/{name}"
    open_document(connection, "[,", uri)
    return bool(pulled(connection, uri)["items"])


def fixes(connection: Connection, **context: Any) -> Any:
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    params = {
        "textDocument": {"uri": EXPERIMENT},
        "range": everywhere,
        "context": {"diagnostics": [], **context},
    }
    (answer,) = connection.request("textDocument/codeAction", params)
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
    connection: Connection, offered: Any, chosen: str, column: int
) -> None:
    connection.initialize({**PULL, "general": {"positionEncodings": offered}})
    assert connection.messages[-1]["result"]["capabilities"]["positionEncoding"] == chosen
    open_document(connection, '{"😀😀": "a"}')
    # What is typed and what is said must count alike: the comma goes before the brace.
    here = {"line": 0, "character": column - 1}
    change = {"range": {"start": here, "end": here}, "text": ","}
    identifier = {"uri": EXPERIMENT, "version": 2}
    connection.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
    (found,) = pulled(connection)["items"]
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
def test_folders(connection: Connection, params: Message, folders: list[str]) -> None:
    connection.initialize(**params)
    assert [str(folder) for folder in connection.server.folders()] == folders


def test_what_a_client_that_asks_is_offered(connection: Connection) -> None:
    connection.initialize(PULL)
    capabilities = connection.messages[-1]["result"]["capabilities"]
    assert capabilities["diagnosticProvider"] == {
        "identifier": "caliban",
        "interFileDependencies": True,
        "workspaceDiagnostics": True,
    }
    assert capabilities["textDocumentSync"]["change"] == 2
    assert capabilities["executeCommandProvider"] == {"commands": ["caliban-ls.nothing"]}


def test_a_result_id_is_never_used_for_two_results(connection: Connection) -> None:
    connection.initialize(PULL)
    reports: list[Any] = []
    for text in ("[,", "{", "[,", ""):
        open_document(connection, text)
        reports.append(pulled(connection, previousResultId=reports[-1]["resultId"] if reports else None))
    assert [report["kind"] for report in reports] == ["full"] * 4
    assert len({report["resultId"] for report in reports}) == 4
    assert pulled(connection, previousResultId=reports[-1]["resultId"])["kind"] == "unchanged"


def test_a_document_is_checked_once_for_each_revision(connection: Connection) -> None:
    connection.initialize(PULL)
    open_document(connection, "[,")
    document = connection.server.document(EXPERIMENT)
    assert document is not None
    first = connection.server.check(document)
    pulled(connection)
    assert connection.server.check(document) is first
    document.splice(0, 2, "[]")
    assert connection.server.check(document) is not first


def test_edits_are_tied_to_a_version_where_the_client_can_check_that(connection: Connection) -> None:
    connection.initialize({"textDocument": FIXES, "workspace": {"workspaceEdit": {"documentChanges": True}}})
    open_document(connection, '{"lr": 1,}')
    ((change,),) = [action["edit"]["documentChanges"] for action in fixes(connection)[:1]]
    assert change["textDocument"] == {"uri": EXPERIMENT, "version": 1}
    plain = Connection()
    plain.initialize({"textDocument": FIXES})
    open_document(plain, '{"lr": 1,}')
    assert list(fixes(plain)[0]["edit"]["changes"]) == [EXPERIMENT]


def test_a_client_that_knows_commands_only_is_offered_no_fixes(connection: Connection) -> None:
    connection.initialize({"textDocument": {"codeAction": {}}})
    open_document(connection, '{"lr": 1,}')
    assert fixes(connection) == []


async def test_settings_come_with_initialize_and_from_the_client(connection: Connection) -> None:
    connection.initialize(ASKED, initializationOptions={"experimentFiles": ["first.json"]})
    connection.notify("initialized", {})
    # An answer of null changes nothing, nor does an empty one, and neither does the message where one can ask.
    answers: list[Any] = [None, {}, [], "text"]
    for answer in answers:
        asked = await connection.last(method="workspace/configuration")
        assert asked["params"] == {"items": [{"section": "caliban"}]}
        await connection.answer(asked, [answer])
        assert is_checked(connection, "first.json")
        assert not is_checked(connection, "second.json")
        connection.notify(
            "workspace/didChangeConfiguration",
            {"settings": {"caliban": {"experimentFiles": ["second.json"]}}},
        )
    await connection.answer(
        await connection.last(method="workspace/configuration"), [{"experimentFiles": ["second.json"]}]
    )
    await connection.last(method="workspace/diagnostic/refresh")
    assert not is_checked(connection, "first.json")
    assert is_checked(connection, "second.json")


@pytest.mark.parametrize("wrap", [lambda raw: raw, lambda raw: {"caliban": raw}])
def test_settings_of_a_client_that_cannot_be_asked(connection: Connection, wrap: Any) -> None:
    connection.initialize(PULL)
    connection.notify(
        "workspace/didChangeConfiguration", {"settings": wrap({"experimentFiles": ["mine.json"]})}
    )
    assert is_checked(connection, "mine.json")
    empties: list[Any] = [None, {}, []]
    for empty in empties:
        connection.notify("workspace/didChangeConfiguration", {"settings": wrap(empty)})
        assert is_checked(connection, "mine.json")
    connection.notify("workspace/didChangeConfiguration", {"settings": wrap({"experimentFiles": []})})
    assert not is_checked(connection, "mine.json")


async def test_a_client_that_refuses_to_tell_its_settings_keeps_the_initial_ones(
    connection: Connection,
) -> None:
    connection.initialize(ASKED, initializationOptions={"experimentFiles": ["mine.json"]})
    connection.notify("initialized", {})
    asked = await connection.last(method="workspace/configuration")
    connection.send({"jsonrpc": "2.0", "id": asked["id"], "error": {"code": -32601, "message": "unknown"}})
    assert is_checked(connection, "mine.json")


async def test_changes_of_settings_are_asked_for(connection: Connection) -> None:
    connection.initialize({"workspace": {"didChangeConfiguration": {"dynamicRegistration": True}}})
    connection.notify("initialized", {})
    asked = await connection.last(method="client/registerCapability")
    (registration,) = asked["params"]["registrations"]
    assert registration["method"] == "workspace/didChangeConfiguration"


def test_wrong_settings_are_named_once_and_fall_back_alone(connection: Connection) -> None:
    wrong = {"experimentFiles": ["mine.json"], "logLevel": "loud"}
    connection.initialize(PULL, initializationOptions=wrong)
    connection.notify("workspace/didChangeConfiguration", {"settings": wrong})
    shown = [
        message["params"] for message in connection.messages if message.get("method") == "window/showMessage"
    ]
    assert [message["type"] for message in shown] == [2]
    assert "caliban.logLevel must be one of" in shown[0]["message"]
    assert is_checked(connection, "mine.json")
    connection.notify("workspace/didChangeConfiguration", {"settings": {"limits": {"maxJobs": 0}}})
    assert "caliban.limits.maxJobs" in connection.messages[-1]["params"]["message"]
    assert "logLevel" not in connection.messages[-1]["params"]["message"]


@pytest.mark.parametrize("options", [5, "text", [1], {"caliban": 5}, {"limits": 5}, {"experimentFiles": {}}])
def test_options_of_the_wrong_shape_stop_nothing(connection: Connection, options: Any) -> None:
    connection.initialize(PULL, initializationOptions=options)
    assert is_checked(connection, "experiment.json")


def test_the_log_level_is_a_setting(connection: Connection) -> None:
    connection.initialize(initializationOptions={"logLevel": "debug"})
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
        f"caliban_ls.analysis.{name}"
        for name in ("backend_names", "config", "document_kind", "findings", "jsondoc", "rules")
    }
