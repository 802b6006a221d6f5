"""Commands over the wire: arguments, folders, trust, failures, progress and cancelling."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.lsp_client import PROGRAM, Client, Message

PROGRESS = {"window": {"workDoneProgress": True}}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Client() as client:
        client.initialize(folders=(tmp_path_factory.mktemp("project"),))
        yield client
        assert client.quit() == 0


def failure(answer: Message) -> tuple[int, str, Any]:
    """Return code, message and data of an answer that is an error."""
    error = answer["error"]
    return error["code"], error["message"], error.get("data")


def invalid(client: Client, name: str, *arguments: Any, says: str) -> None:
    """The call must be refused as invalid parameters, in words that say this."""
    code, message, data = failure(client.answer(client.command(name, *arguments)))
    assert code == -32602
    assert says in message
    assert data["code"] == "invalid-arguments"


def test_one_object_in_one_object_out(shared: Client) -> None:
    given = {"text": "a", "number": 2, "many": ["b"], "maybe": 1.5}
    assert shared.answer(shared.command("echo", given))["result"] == given
    assert shared.answer(shared.command("echo", {"text": "a"}))["result"] == {
        "text": "a",
        "number": 1,
        "many": [],
        "maybe": None,
    }


@pytest.mark.parametrize(
    "params", [{}, {"arguments": None}, {"arguments": []}, {"arguments": [None]}, {"arguments": [{}]}]
)
def test_arguments_may_be_left_out(shared: Client, params: Message) -> None:
    answer = shared.ask("workspace/executeCommand", {"command": "caliban-ls.where", **params})
    assert list(answer["result"]) == ["folder"]


def test_arguments_that_are_wrong(shared: Client) -> None:
    invalid(shared, "echo", "text", says="caliban-ls.echo takes one JSON object")
    invalid(shared, "echo", ["text"], says="one JSON object")
    invalid(shared, "echo", {"text": "a"}, {"text": "b"}, says="one JSON object")
    invalid(shared, "echo", {}, says="text is missing")
    invalid(shared, "echo", {"text": "a", "nubmer": 2}, says="nubmer isn't known here; did you mean number?")
    invalid(shared, "echo", {"text": "a", "number": "2"}, says="number: input should be a valid integer")
    invalid(shared, "aside", {"uri": "file:///a"}, says="caliban-ls.aside takes no uri")
    invalid(shared, "read", {"uri": 5}, says="uri must be a URI")
    invalid(shared, "read", {"uri": "file:///a", "file": "/b"}, says="uri and file")
    invalid(shared, "where", {"root": 5}, says="root must be a URI")


def test_an_unknown_command_is_refused_with_the_known_ones(shared: Client) -> None:
    code, message, data = failure(shared.answer(shared.command("ehco", {})))
    assert (code, message) == (-32602, "There is no command caliban-ls.ehco")
    assert "caliban-ls.echo" in data["hint"]


def test_an_expected_failure_says_what_to_do(shared: Client) -> None:
    code, message, data = failure(shared.answer(shared.command("unavailable")))
    assert (code, message) == (-32803, "No engine answers at /nowhere")
    assert data["code"] == "engine-unavailable"
    assert "Start Docker" in data["hint"]


@pytest.mark.parametrize("name", ["buggy", "unsendable"])
def test_a_mistake_of_ours_is_one_sentence_to_the_user_and_whole_in_the_log(name: str) -> None:
    with Client() as client:
        client.initialize()
        answer = client.answer(client.command(name))
        code, message, data = failure(answer)
        assert (code, data["code"]) == (-32603, "bug")
        assert "\n" not in message
        assert "Traceback" not in str(answer)
        assert "secret" not in str(answer)
        assert "Traceback" in client.errors()
        assert client.quit() == 0


def test_results_that_json_has_no_word_for(shared: Client) -> None:
    result = shared.answer(shared.command("numbers"))["result"]
    assert result == {"nan": None, "none": None, "path": "/a b", "lazy": [1, 2]}


def test_commands_that_run_things_wait_for_trust() -> None:
    for options in (None, {"trusted": "yes"}):
        with Client() as client:
            client.configuration = {"trusted": True}
            client.initialize({"workspace": {"configuration": True}}, options=options)
            client.notification("workspace/configuration")
            code, message, data = failure(client.answer(client.command("guarded")))
            assert (code, data["code"]) == (-32803, "untrusted")
            assert "caliban-ls.guarded" in message
            assert "trusted" in data["hint"]
            assert client.answer(client.command("where"))["result"] == {"folder": str(PROGRAM.parent)}


def test_a_trusting_client_runs_things() -> None:
    with Client() as client:
        client.initialize(options={"trusted": True})
        assert client.answer(client.command("guarded"))["result"] == {"folder": str(PROGRAM.parent)}


def test_folders(tmp_path: Path) -> None:
    first, second = tmp_path / "first #1;%41", tmp_path / "second"
    inner = first / "inner"
    for folder in (inner, second):
        folder.mkdir(parents=True)
    with Client() as client:
        client.initialize(folders=(first, inner, second))

        def folder_of(argument: Message, name: str = "where") -> Any:
            return client.answer(client.command(name, argument))["result"]["folder"]

        assert folder_of({"root": second.as_uri()}) == str(second)
        assert folder_of({"uri": (inner / "a.json").as_uri()}, "read") == str(inner)
        assert folder_of({"uri": (first / "a.json").as_uri()}, "read") == str(first)
        # A command that reads no document takes one to say which project is meant.
        assert folder_of({"uri": (second / "a.py").as_uri()}) == str(second)
        assert folder_of({"uri": (first / "a.json").as_uri(), "root": second.as_uri()}, "read") == str(second)
        assert folder_of({"uri": (tmp_path / "a.json").as_uri()}, "read") == str(tmp_path)
        # A document's project is the nearest folder with a config, no further up than what is open.
        deep = inner / "project" / "sweeps"
        deep.mkdir(parents=True)
        assert folder_of({"uri": (deep / "a.json").as_uri()}, "read") == str(inner)
        (tmp_path / ".calibanconfig.json").touch()
        assert folder_of({"uri": (deep / "a.json").as_uri()}, "read") == str(inner)
        (deep.parent / ".calibanconfig.json").touch()
        assert folder_of({"uri": (deep / "a.json").as_uri()}, "read") == str(deep.parent)
        code, message, data = failure(client.answer(client.command("where")))
        assert (code, data["code"]) == (-32803, "usage")
        assert str(first) in message
        assert str(second) in message
        assert "root" in data["hint"]
        missing = (tmp_path / "none").as_uri()
        assert "There is no folder" in failure(client.answer(client.command("where", {"root": missing})))[1]
        remote = {"root": "vscode-remote://ssh/a"}
        assert "isn't on a disk of this machine" in failure(client.answer(client.command("where", remote)))[1]
        removed = [{"uri": folder.as_uri(), "name": ""} for folder in (first, inner)]
        client.notify("workspace/didChangeWorkspaceFolders", {"event": {"added": [], "removed": removed}})
        assert folder_of({}) == str(second)


def test_no_folder() -> None:
    with Client() as client:
        client.initialize(folders=())
        assert failure(client.answer(client.command("where")))[1] == "No folder is open"


def test_an_open_document_is_read_from_the_editor(shared: Client, tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    path = tmp_path / "real" / "experiment é.json"
    path.write_text("on the disk")
    through_link = tmp_path / "link" / path.name
    item = {"uri": through_link.as_uri(), "languageId": "json", "version": 1, "text": "in the editor"}
    shared.notify("textDocument/didOpen", {"textDocument": item})
    answer = shared.answer(shared.command("read", {"uri": path.as_uri()}))
    assert answer["result"] == {"folder": str(path.parent), "file": str(path), "text": "in the editor"}
    shared.notify("textDocument/didClose", {"textDocument": {"uri": through_link.as_uri()}})
    assert shared.answer(shared.command("read", {"uri": path.as_uri()}))["result"]["text"] is None


def test_two_commands_at_once(shared: Client) -> None:
    slow = shared.command("slow", {}, workDoneToken="two at once")
    shared.progress("two at once", "report")
    assert shared.answer(shared.command("echo", {"text": "meanwhile"}))["result"]["text"] == "meanwhile"
    shared.notify("$/cancelRequest", {"id": slow})
    assert failure(shared.answer(slow))[0] == -32800


def test_cancelling_a_request_cancels_its_work(shared: Client, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    msg_id = shared.command("slow", {"file": str(marker)}, workDoneToken="cancelled request")
    shared.progress("cancelled request", "report")
    shared.notify("$/cancelRequest", {"id": msg_id})
    code, _, data = failure(shared.answer(msg_id))
    assert (code, data["code"]) == (-32800, "cancelled")
    # The answer comes when the work has stopped, so there is nothing to wait for.
    assert marker.read_text() == "cancelled"
    kinds = [one["value"]["kind"] for one in shared.all("$/progress") if one["token"] == "cancelled request"]
    assert kinds[-1] == "end"
    shared.answer(shared.command("echo", {"text": "after it"}))
    assert [message.get("id") for message in shared.messages].count(msg_id) == 1


def test_cancelling_from_the_clients_own_progress_cancels_the_work(shared: Client, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    msg_id = shared.command("slow", {"file": str(marker)}, workDoneToken=7)
    shared.progress(7, "report")
    shared.notify("window/workDoneProgress/cancel", {"token": 7})
    assert failure(shared.answer(msg_id))[0] == -32800
    assert marker.read_text() == "cancelled"


def test_what_will_not_stop_is_answered_nevertheless() -> None:
    with Client() as client:
        client.initialize()
        msg_id = client.command("stubborn", workDoneToken="stubborn")
        client.progress("stubborn", "report")
        client.notify("$/cancelRequest", {"id": msg_id})
        assert failure(client.answer(msg_id))[0] == -32800


def test_progress_of_the_servers_own_and_cancelling_from_it(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    with Client() as client:
        client.initialize(PROGRESS, folders=(tmp_path,))
        msg_id = client.command("slow", {"file": str(marker)})
        token = client.notification("window/workDoneProgress/create")["token"]
        begin = client.progress(token, "begin")
        assert begin == {"kind": "begin", "title": "Doing slow", "cancellable": True, "percentage": 0}
        report = client.progress(token, "report")
        assert (report["message"], report["percentage"]) == ("started", 50)
        client.notify("window/workDoneProgress/cancel", {"token": token})
        assert failure(client.answer(msg_id))[0] == -32800
        assert marker.read_text() == "cancelled"
        assert client.progress(token, "end") == {"kind": "end"}


def test_progress_that_the_client_never_makes_holds_nothing_up() -> None:
    with Client() as client:
        client.silent.add("window/workDoneProgress/create")
        client.initialize(PROGRESS)
        assert client.answer(client.command("chatty", {"size": 10}))["result"] == {}
        token = client.notification("window/workDoneProgress/create")["token"]
        assert client.all("$/progress") == []
        # It answers when all is over: its bar comes and goes.
        create = next(message for message in client.messages if message.get("method", "").endswith("create"))
        client.send({"jsonrpc": "2.0", "id": create["id"], "result": None})
        client.progress(token, "end")
        assert client.quit() == 0


def test_progress_that_the_client_refuses_holds_nothing_up() -> None:
    with Client() as client:
        client.silent.add("window/workDoneProgress/create")
        client.initialize(PROGRESS)
        msg_id = client.command("slow", {})
        create = client.wait_for(lambda one: one.get("method") == "window/workDoneProgress/create")
        client.send({"jsonrpc": "2.0", "id": create["id"], "error": {"code": 1, "message": "no"}})
        client.notify("$/cancelRequest", {"id": msg_id})
        assert failure(client.answer(msg_id))[0] == -32800
        assert client.quit() == 0
        assert client.all("$/progress") == []
        assert client.errors() == ""


def test_without_the_capability_and_a_token_there_is_no_progress(shared: Client) -> None:
    before = len(shared.all("$/progress"))
    shared.answer(shared.command("chatty", {"size": 10}))
    assert len(shared.all("$/progress")) == before
    assert shared.all("window/workDoneProgress/create") == []


def test_ten_thousand_reports_are_few_messages_and_the_last_is_sent(shared: Client) -> None:
    shared.answer(shared.command("chatty", {"size": 10_000}, workDoneToken="chatty"))
    values = [one["value"] for one in shared.all("$/progress") if one["token"] == "chatty"]
    assert [values[0]["kind"], values[-1]["kind"]] == ["begin", "end"]
    assert values[-2]["message"] == "the last word"
    assert len(values) < 100


def test_work_goes_on_after_a_cancel_of_something_unknown(shared: Client) -> None:
    shared.notify("$/cancelRequest", {"id": 10**6})
    shared.notify("window/workDoneProgress/cancel", {"token": "unknown"})
    assert shared.answer(shared.command("echo", {"text": "a"}))["result"]["text"] == "a"


def test_what_needs_no_folder_is_answered_without_one() -> None:
    with Client("-m", "caliban_ls", "serve") as client:
        client.initialize(folders=())
        assert client.answer(client.command("rule", {"code": "CAL207"}))["result"]["code"] == "CAL207"
        assert client.answer(client.command("catalog"))["result"]["rows"]
        refused = client.answer(client.command("expand", {"file": "experiment.json"}))
        assert failure(refused)[1] == "No folder is open"
        assert client.quit() == 0
