"""The fence around pygls, in this process: one reply to every request, none to anything else, nothing kept."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from support.in_process_server import EXPERIMENT, NOTHING, Connection
from support.lsp_client import Message

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.lsp.progress import MOST_UNSENT, OutputLog, progress
from caliban_ls.lsp.server_state import Server
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState
from caliban_ls.server import build_server


@pytest.fixture
def connection() -> Connection:
    return Connection()


@pytest.fixture
def open_connection() -> Connection:
    opened = Connection()
    opened.initialize()
    return opened


@pytest.fixture
def no_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing may be logged as an error: it would mean that a guess of ours about pygls is wrong."""
    yield
    assert [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR] == []


def refused(messages: list[Message], code: int, msg_id: Any) -> None:
    """There must be this one refusal, with the id in it even when it is null."""
    (answer,) = messages
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert answer["id"] == msg_id


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b'{"jsonrpc": NaN}', b"[" * 100_000, b"1" * 5000, b"null null"]
)
def test_what_is_no_json_is_a_parse_error(open_connection: Connection, body: bytes) -> None:
    refused(open_connection.send(body), -32700, None)
    refused(open_connection.request("no/such"), -32601, 1)


@pytest.mark.parametrize(
    "body",
    [
        [],
        [{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}],
        5,
        "text",
        None,
        {},
        {"id": 1, "method": "shutdown"},
        {"jsonrpc": "1.0", "id": 1, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": None, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": 1.5, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": True, "method": "shutdown"},
        {"jsonrpc": "2.0", "id": [1], "method": "shutdown"},
        {"jsonrpc": "2.0", "id": 1, "method": 5},
    ],
)
def test_what_is_no_message_is_an_invalid_request(open_connection: Connection, body: Any) -> None:
    refused(open_connection.send(body), -32600, None)
    refused(open_connection.request("no/such"), -32601, 1)


@pytest.mark.parametrize(
    "method", ["shutdown", "workspace/executeCommand", "textDocument/codeAction", "no/such"]
)
def test_a_request_before_initialize_runs_nothing(connection: Connection, method: str) -> None:
    refused(connection.request(method, {"command": "caliban-ls.nothing"}), -32002, 1)


@pytest.mark.usefixtures("no_log")
def test_a_notification_before_initialize_is_dropped(connection: Connection) -> None:
    item = {"uri": EXPERIMENT, "languageId": "json", "version": 1, "text": "["}
    assert connection.notify("textDocument/didOpen", {"textDocument": item}) == []
    connection.initialize()
    assert connection.server.document(EXPERIMENT) is None


def test_initialize_that_is_wrong_leaves_the_server_new(connection: Connection) -> None:
    refused(connection.request("initialize", {"capabilities": 5}), -32602, 1)
    refused(connection.request("shutdown"), -32002, 1)
    connection.initialize()


@pytest.mark.parametrize(
    "options", [None, {}, {"trusted": False}, {"trusted": 1}, {"trusted": "true"}, "trusted", [1]]
)
def test_trust_is_true_and_nothing_else(connection: Connection, options: Any) -> None:
    connection.initialize(initializationOptions=options)
    assert connection.server.trusted is False
    trusting = Connection()
    trusting.initialize(initializationOptions={"trusted": True})
    assert trusting.server.trusted is True


@pytest.mark.parametrize("process_id", [2**31 - 1, 0, -1])
async def test_a_client_that_cannot_be_seen_is_not_missed(connection: Connection, process_id: int) -> None:
    connection.initialize(processId=process_id)
    connection.notify("initialized", {})
    refused(connection.request("no/such"), -32601, 1)


def test_initialize_comes_once(open_connection: Connection) -> None:
    refused(open_connection.request("initialize", {"capabilities": {}}), -32600, 1)


async def test_after_shutdown_only_exit_is_accepted(connection: Connection) -> None:
    connection.initialize()
    connection.request("shutdown", msg_id="bye")
    assert await connection.last(id="bye") == {"jsonrpc": "2.0", "id": "bye", "result": None}
    refused(connection.request("textDocument/codeAction"), -32600, 1)
    refused(connection.request("initialize", {"capabilities": {}}), -32600, 1)
    assert connection.notify("textDocument/didOpen", {}) == []


@pytest.mark.usefixtures("no_log")
@pytest.mark.parametrize("method", ["no/such", "$/noSuch", "textDocument/declaration", "caliban-ls/log", ""])
def test_unknown_methods(open_connection: Connection, method: str) -> None:
    refused(open_connection.request(method, {"type_name": "1 2", "class": {"jsonrpc": "2.0"}}), -32601, 1)
    assert open_connection.notify(method, {"type_name": "1 2"}) == []


@pytest.mark.parametrize(
    "params",
    [
        None,
        5,
        [],
        {},
        {"textDocument": {"uri": 5}, "range": {}, "context": {}},
        {
            "textDocument": {"uri": EXPERIMENT},
            "range": {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 0}},
            "context": {"diagnostics": []},
        },
    ],
)
def test_malformed_parameters_are_answered(open_connection: Connection, params: Any) -> None:
    refused(open_connection.request("textDocument/codeAction", params), -32602, 1)


def test_malformed_notifications_are_dropped_quietly(
    open_connection: Connection, caplog: pytest.LogCaptureFixture
) -> None:
    secret = {"textDocument": {"uri": EXPERIMENT, "version": "one", "languageId": "json", "text": ["secret"]}}
    assert open_connection.notify("textDocument/didOpen", secret) == []
    assert "textDocument/didOpen" in caplog.text
    assert "secret" not in caplog.text


def test_a_notification_with_an_id_is_refused_and_a_request_without_one_dropped(
    open_connection: Connection,
) -> None:
    refused(open_connection.request("textDocument/didOpen", {}), -32600, 1)
    assert open_connection.notify("textDocument/codeAction", {}) == []


def test_a_change_of_what_is_not_open_is_logged_only(open_connection: Connection) -> None:
    change = {"textDocument": {"uri": EXPERIMENT, "version": 2}, "contentChanges": [{"text": ""}]}
    assert open_connection.notify("textDocument/didChange", change) == []


@pytest.mark.usefixtures("no_log")
@pytest.mark.parametrize("msg_id", ["unknown", 1, None, [1], {}])
def test_answers_without_a_request_are_dropped(open_connection: Connection, msg_id: Any) -> None:
    assert open_connection.send({"jsonrpc": "2.0", "id": msg_id, "result": None}) == []
    assert open_connection.send({"jsonrpc": "2.0", "id": msg_id, "error": {"code": 1, "message": ""}}) == []


@pytest.mark.usefixtures("no_log")
async def test_an_answer_to_a_question_that_was_given_up_is_dropped(connection: Connection) -> None:
    connection.initialize({"workspace": {"configuration": True}})
    connection.notify("initialized", {})
    msg_id = (await connection.last(method="workspace/configuration"))["id"]
    connection.server.protocol._request_futures[msg_id].cancel()
    assert connection.send({"jsonrpc": "2.0", "id": msg_id, "result": [None]}) == []


async def test_an_answer_of_the_wrong_shape_ends_the_question(connection: Connection) -> None:
    connection.initialize({"workspace": {"configuration": True}})
    connection.notify("initialized", {})
    msg_id = (await connection.last(method="workspace/configuration"))["id"]
    asked = connection.server.protocol._request_futures[msg_id]
    connection.send({"jsonrpc": "2.0", "id": msg_id, "result": 5})
    assert asked.done()


async def test_no_message_is_remembered_when_it_is_done(connection: Connection) -> None:
    connection.initialize({"textDocument": {"diagnostic": {}}}, rootUri="file:///p")
    item = {"uri": EXPERIMENT, "languageId": "json", "version": 1, "text": "[]"}
    connection.notify("textDocument/didOpen", {"textDocument": item})
    for version in range(2, 50):
        change = {"textDocument": {"uri": EXPERIMENT, "version": version}, "contentChanges": [{"text": "{}"}]}
        connection.notify("textDocument/didChange", change)
    connection.request("workspace/executeCommand", {"command": "caliban-ls.nothing"}, msg_id="command")
    assert (await connection.last(id="command"))["result"] == {}
    assert connection.server.protocol._request_futures == {}
    assert connection.server.workers._running == {}


async def test_progress_tokens_are_forgotten(connection: Connection) -> None:
    connection.initialize(rootUri="file:///p")
    for number in range(2):
        call = {"command": "caliban-ls.nothing", "workDoneToken": "mine"}
        connection.request("workspace/executeCommand", call, msg_id=f"command {number}")
        assert (await connection.last(id=f"command {number}"))["result"] == {}
        assert connection.server.work_done_progress.tokens == {}


async def test_the_last_report_is_sent_however_many_there_were(connection: Connection) -> None:
    connection.initialize()
    with progress(connection.server, "Counting", "token", lambda: None) as report:
        for number in range(10_000):
            report(f"report {number}", number / 10_000)
            if number % 1000 == 0:
                await asyncio.sleep(0)
    values = [
        message["params"]["value"] for message in connection.messages if message.get("method") == "$/progress"
    ]
    assert [value["kind"] for value in (values[0], values[-1])] == ["begin", "end"]
    assert values[-2]["message"] == "report 9999"
    assert values[-2]["percentage"] == 99
    # The loop had no time in between: everything but the first few reports came too soon after another.
    assert len(values) < 50


async def test_a_bar_never_goes_back(connection: Connection) -> None:
    connection.initialize()
    with progress(connection.server, "Counting", "token", lambda: None) as report:
        report("far", 0.8)
        report("less far", 0.2)
        report("unknown", None)
    assert connection.messages[-2]["params"]["value"]["percentage"] == 80


def job(name: str) -> JobSpec:
    return JobSpec(index=1, job_id=name, args=())


async def test_output_is_whole_characters_in_order(connection: Connection) -> None:
    connection.initialize()
    log = OutputLog(connection.server, CancelToken())
    encoded = "é😀\n".encode() * 100
    for place in range(len(encoded)):
        log.output(job("one"), "stdout", encoded[place : place + 1])
        if place % 7 == 0:
            log.flush()
    log.output(job("one"), "stderr", b"\xf0\x9f")
    log.close()
    logs = [message["params"] for message in connection.messages if message.get("method") == "caliban-ls/log"]
    assert "".join(log["text"] for log in logs) == encoded.decode() + "\ufffd"
    assert {log["job"] for log in logs} == {"one"}
    for before, after in pairwise(logs):
        assert after["offset"] == before["offset"] + len(before["text"].encode())


async def test_output_of_several_jobs_is_kept_apart(connection: Connection) -> None:
    connection.initialize()
    log = OutputLog(connection.server, CancelToken())
    for chunk in (b"a", b"b"):
        log.output(job("one"), "stdout", chunk)
        log.output(job("two"), "stdout", chunk.upper())
    log.close()
    logs = [message["params"] for message in connection.messages if message.get("method") == "caliban-ls/log"]
    assert logs == [
        {"job": "one", "offset": 0, "text": "ab"},
        {"job": "two", "offset": 0, "text": "AB"},
    ]


async def test_a_call_with_a_token_hears_of_each_job_between_what_it_prints(connection: Connection) -> None:
    connection.initialize()
    log = OutputLog(connection.server, CancelToken(), "mine")
    log.started(job("one"))
    log.output(job("one"), "stdout", b"a")
    log.finished(JobResult(job=job("one"), state=JobState.FAILED, exit_code=3, seconds=1.23456, error="no"))
    log.close()
    found = [
        message for message in connection.messages if message.get("method", "").startswith("caliban-ls/")
    ]
    named = {"token": "mine", "job": "one", "index": 1, "args": []}
    assert [message["params"] for message in found] == [
        {**named, "state": "RUNNING"},
        {"job": "one", "offset": 0, "text": "a", "token": "mine"},
        {**named, "state": "FAILED", "exit_code": 3, "seconds": 1.235, "error": "no", "metrics": {}},
    ]


async def test_a_job_waits_for_a_client_that_reads_slowly_until_it_is_cancelled(
    connection: Connection,
) -> None:
    connection.initialize()
    cancel = CancelToken()
    log = OutputLog(connection.server, cancel)
    # The loop isn't given a moment to send anything, as when the client takes nothing.
    log.output(job("one"), "stdout", b"x" * MOST_UNSENT)
    thread = threading.Thread(target=log.output, args=(job("one"), "stdout", b"x"))
    thread.start()
    assert thread.is_alive()
    cancel.set()
    thread.join(30)
    assert not thread.is_alive()
    log.flush()
    waiting = threading.Thread(target=log.output, args=(job("one"), "stdout", b"x"))
    waiting.start()
    waiting.join(30)
    assert not waiting.is_alive()


def test_commands_are_advertised_under_our_prefix_and_only_if_editors_may_call_them() -> None:
    hidden = replace(NOTHING, name="hidden", editor=False)
    server: Server = build_server([NOTHING, hidden])
    assert list(server.protocol.fm.commands) == ["caliban-ls.nothing"]
