"""How the server's process begins and ends: politely, rudely, and with work that won't stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.lsp_client import PROGRAM, Client, frame

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"processId": None, "capabilities": {}},
}


def start(client: Client, name: str, *arguments: object) -> int:
    """Start a command and return its id as soon as it works."""
    token = f"token of {len(client.messages)} {name}"
    msg_id = client.command(name, *arguments, workDoneToken=token)
    client.progress(token, "report")
    return msg_id


def test_exit_after_shutdown_is_0() -> None:
    with Client() as client:
        client.initialize()
        assert client.quit() == 0
        assert client.errors() == ""


def test_exit_without_shutdown_is_1() -> None:
    with Client() as client:
        client.initialize()
        client.notify("exit")
        assert client.exit_code() == 1


def test_exit_before_initialize_is_1() -> None:
    with Client() as client:
        client.notify("exit")
        assert client.exit_code() == 1


def test_the_end_of_input_is_1_but_0_after_shutdown() -> None:
    with Client() as client:
        client.initialize()
        client.close_input()
        assert client.exit_code() == 1
    with Client() as client:
        client.initialize()
        client.ask("shutdown")
        client.close_input()
        assert client.exit_code() == 0


def test_shutdown_cancels_what_is_in_flight_and_answers_all_of_it(tmp_path: Path) -> None:
    with Client() as client:
        client.initialize()
        files = [tmp_path / str(number) for number in range(8)]
        ids = [start(client, "slow", {"file": str(file)}) for file in files]
        bye = client.request("shutdown")
        assert client.answer(bye)["result"] is None
        assert [client.answer(msg_id)["error"]["code"] for msg_id in ids] == [-32800] * 8
        answers = [message["id"] for message in client.messages if "method" not in message]
        assert sorted(answers) == [1, *ids, bye]
        assert answers[-1] == bye
        client.notify("exit")
        assert client.exit_code() == 0
        assert [file.read_text() for file in files] == ["cancelled"] * 8


def test_shutdown_does_not_wait_for_what_will_not_stop() -> None:
    with Client() as client:
        client.initialize()
        msg_id = start(client, "stubborn")
        assert client.quit() == 0
        assert client.answer(msg_id)["error"]["code"] == -32800


def test_a_client_that_is_killed_takes_its_work_along(tmp_path: Path) -> None:
    with Client() as client:
        client.initialize()
        start(client, "slow", {"file": str(tmp_path / "marker")})
        client.close_input()
        assert client.exit_code() == 1
        assert (tmp_path / "marker").read_text() == "cancelled"


def test_a_client_that_is_killed_is_not_outlived_by_what_will_not_stop() -> None:
    with Client() as client:
        client.initialize()
        start(client, "stubborn")
        client.close_input()
        assert client.exit_code() == 1


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="processes can't be watched here")
def test_the_death_of_the_client_is_seen_even_while_its_pipes_stay_open(tmp_path: Path) -> None:
    with subprocess.Popen(["sleep", "60"]) as editor, Client() as client:
        client.initialize(process_id=editor.pid)
        start(client, "slow", {"file": str(tmp_path / "marker")})
        # Killed, but not waited for: a zombie is dead, too.
        editor.kill()
        assert client.exit_code() == 1
        assert (tmp_path / "marker").read_text() == "cancelled"


def test_a_signal_to_stop_stops_work_first(tmp_path: Path) -> None:
    with Client() as client:
        client.initialize()
        start(client, "slow", {"file": str(tmp_path / "marker")})
        client.process.send_signal(signal.SIGTERM)
        assert client.exit_code() == 128 + signal.SIGTERM
        assert (tmp_path / "marker").read_text() == "cancelled"


def test_a_client_that_reads_no_more_is_gone() -> None:
    process = subprocess.Popen([sys.executable, PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()
        process.stdin.write(frame(INITIALIZE))
        process.stdin.flush()
        assert process.wait(30) == 1


def test_a_web_page_cannot_run_anything() -> None:
    with Client() as client:
        client.write(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n" + frame(INITIALIZE)
        )
        assert client.exit_code() == 1
        assert client.messages == []
        (line,) = client.errors().splitlines()
        assert line.startswith("caliban serve: ")
        assert "POST / HTTP/1.1" in line


def test_a_length_that_cannot_be_followed_ends_the_server() -> None:
    with Client() as client:
        client.initialize()
        client.write(b"Content-Length: 10000000000\r\n\r\n")
        assert client.exit_code() == 1
        assert len(client.errors().splitlines()) == 1


def test_the_server_goes_on_after_what_is_no_json() -> None:
    with Client() as client:
        client.initialize()
        client.send(b"{")
        assert client.answer(None)["error"]["code"] == -32700
        assert client.quit() == 0


def test_a_message_in_pieces_is_one_message() -> None:
    with Client() as client:
        for byte in frame(INITIALIZE, "content-type: application/vscode-jsonrpc; charset=utf-8"):
            client.write(bytes([byte]))
        assert "result" in client.answer(1)


def test_nothing_that_prints_reaches_the_client() -> None:
    with Client() as client:
        client.initialize()
        assert client.answer(client.command("noisy"))["result"] == {}
        assert client.quit() == 0
        assert client.errors() == "printed\nwritten\nfrom a child\n"


def test_large_answers_do_not_mix_when_python_is_unbuffered() -> None:
    with Client(environment={"PYTHONUNBUFFERED": "1"}) as client:
        client.initialize()
        ids = [client.command("big", {"size": 300_000}) for _ in range(16)]
        for msg_id in ids:
            assert len(client.answer(msg_id)["result"]["text"]) == 300_000
        assert client.quit() == 0


def test_more_work_than_threads_leaves_the_server_listening() -> None:
    with Client() as client:
        client.initialize()
        for _ in range(40):
            client.command("slow", {})
        waiting = client.command("echo", {"text": "when there is room"})
        client.notify("$/cancelRequest", {"id": waiting})
        assert client.answer(waiting)["error"]["code"] == -32800
        assert client.quit() == 0


def test_a_closed_stdin_is_said_so() -> None:
    process = subprocess.run(
        ["sh", "-c", 'exec "$0" "$1" <&-', sys.executable, PROGRAM],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert process.returncode == 2
    assert process.stdout == b""
    assert len(process.stderr.splitlines()) == 1


def test_the_start_loads_nothing_that_only_work_needs() -> None:
    code = "import sys, caliban_ls.server; print(*{'pydantic', 'docker', 'requests', 'rich', 'sqlite3'} & {*sys.modules})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, timeout=60)
    assert found.stdout.split() == []
