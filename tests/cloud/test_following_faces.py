"""Jobs in the cloud followed from the command line, at a terminal and in an editor: real programs, the stand-in's cloud."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.server import Emulator
from support.cloud_launches import Launches
from support.lsp_client import Client
from support.program import caliban
from support.pseudo_terminal import PseudoTerminal


@pytest.fixture
def launches(emulator: Emulator, tmp_path: Path) -> Launches:
    return Launches(tmp_path / "digits", emulator, "vertex")


@pytest.fixture
def editor(launches: Launches) -> Iterator[Client]:
    with Client("-m", "caliban_ls", "serve", environment=launches.environment) as client:
        client.initialize(options={"trusted": True}, folders=(launches.folder,))
        yield client
        assert client.quit() == 0


def said(launches: Launches, *argv: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    answer = caliban(*argv, folder=launches.folder, environment=launches.environment)
    assert answer.returncode == code, answer.stderr
    assert "Traceback" not in answer.stderr
    return answer


def test_a_launch_from_its_first_job_to_its_table(launches: Launches) -> None:
    group = launches.submit(3)
    launches.move(group, "RUNNING", "SUCCEEDED", "FAILED", message="Out of memory")
    launches.log(launches.jobs(group)[1], "accuracy 0.9")
    shown = json.loads(said(launches, "status", group, "--json").stdout)["groups"][0]
    assert (shown["name"], shown["backend"]) == (group, "vertex")
    assert [job["state"] for job in shown["jobs"]] == ["RUNNING", "SUCCEEDED", "FAILED"]
    contract = {"job_id", "name", "state", "args", "created", "url", "error"}
    assert contract <= shown["jobs"][0].keys()
    table = said(launches, "status", group).stdout
    assert f"{group} (vertex, my-project, us-central1" in table
    assert "1 RUNNING, 1 SUCCEEDED, 1 FAILED; 0.00 USD so far" in table
    assert "job 3: Out of memory" in table
    assert said(launches, "logs", f"{group}/2").stdout == "accuracy 0.9\n"
    assert said(launches, "stop", group).stdout.splitlines() == [
        f"stopped {group}_1",
        f"{group}_2 had ended already",
        f"{group}_3 had ended already",
    ]
    launches.move(group, "CANCELLED")
    refused = said(launches, "resubmit", group, code=2)
    assert "you didn't confirm" in refused.stderr
    assert "3 jobs" not in refused.stderr
    again = json.loads(said(launches, "resubmit", group, "--yes", "--json").stdout)
    assert [job["args"] for job in again["jobs"]] == [["--n", "0"], ["--n", "2"]]
    assert "There is nothing to submit again" in said(launches, "resubmit", group, "--yes").stderr
    overview = said(launches, "status").stdout
    assert [line.split()[0] for line in overview.splitlines() if "vertex" in line] == [again["group"], group]
    assert len(said(launches, "export").stdout.splitlines()) == 6


def test_a_log_is_followed_by_a_process_of_its_own(launches: Launches) -> None:
    group = launches.submit(1)
    (job,) = launches.jobs(group)
    with subprocess.Popen(
        [sys.executable, "-m", "caliban_ls", "logs", "-f", group],
        cwd=launches.folder,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **launches.environment},
    ) as following:
        assert following.stdout is not None
        launches.log(job, "first")
        assert following.stdout.readline() == "first\n"
        launches.log(job, "second")
        launches.move(group, "SUCCEEDED")
        assert following.stdout.read() == "second\n"
    assert following.returncode == 0


def test_what_the_service_refuses_is_exit_4(launches: Launches) -> None:
    group = launches.submit(2)
    launches.emulator.denied["logging.entries.list"] = "logging.logEntries.list"
    assert "gcloud logging read" in said(launches, "logs", f"{group}/1", code=4).stderr
    launches.deny("cancel", "aiplatform.customJobs.cancel")
    assert f"{group}_2 couldn't be stopped" in said(launches, "stop", group, code=4).stdout


def test_somebody_at_a_terminal_is_asked(launches: Launches) -> None:
    group = launches.submit(2)
    environment = launches.environment
    with PseudoTerminal("stop", group, folder=launches.folder, environment=environment) as terminal:
        terminal.wait_for("Stop 2 jobs? [y/N] ")
        terminal.type("n\n")
        terminal.wait_for("you didn't confirm it")
    assert launches.calls("cancel") == 0
    with PseudoTerminal("stop", group, folder=launches.folder, environment=environment) as terminal:
        terminal.wait_for("Stop 2 jobs? [y/N] ")
        terminal.type("y\n")
        terminal.wait_for(f"stopped {group}_2")
    with PseudoTerminal("resubmit", group, folder=launches.folder, environment=environment) as terminal:
        asked = terminal.wait_for("Submit these 2 jobs? [y/N] ")
        assert f"These are jobs of {group}, once more" in asked
        terminal.type("y\n")
        terminal.wait_for("follows them")
    assert launches.calls("create") == 4


def test_an_editor_follows_stops_and_submits_again(launches: Launches, editor: Client) -> None:
    group = launches.submit(2)
    first, second = launches.jobs(group)
    launches.move(group, "RUNNING", "FAILED")

    def result(name: str, argument: Any) -> Any:
        answer = editor.answer(editor.command(name, argument))
        assert "error" not in answer, answer
        return answer["result"]

    def confirm(name: str, argument: Any, action: str) -> Any:
        """Call a command, and press a button of what it asks."""
        editor.silent = {"window/showMessageRequest"}
        before = len(editor.all("window/showMessageRequest"))
        call = editor.command(name, argument)
        asked = editor.wait_for(
            lambda message: (
                message.get("method") == "window/showMessageRequest"
                and len(editor.all("window/showMessageRequest")) > before
                and message["params"]["actions"][0]["title"] == action
            )
        )
        editor.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"title": action}})
        return editor.answer(call)["result"]

    (shown,) = result("status", {"reference": group, "refresh": True})["groups"]
    assert [job["state"] for job in shown["jobs"]] == ["RUNNING", "FAILED"]
    launches.log(first, "epoch 1")
    following = editor.command("logs", {"job": first.job_id, "follow": True})
    log = editor.notification("caliban-ls/log", lambda log: log["job"] == first.job_id)
    assert (log["text"], log["offset"]) == ("epoch 1\n", 0)
    assert result("logs", {"job": first.job_id}) == {"job": first.job_id, "text": "epoch 1\n", "offset": 8}
    stopped = confirm("stop", {"references": [first.job_id]}, "Stop 1 job")
    assert stopped == {"stopped": [first.job_id], "ended": [], "failed": []}
    launches.move_one(first, "CANCELLED")
    assert editor.answer(following)["result"]["offset"] == 8
    again = confirm("resubmit", {"references": [second.job_id]}, "Submit this job")
    assert [job["args"] for job in again["jobs"]] == [["--n", "1"]]
    refused = editor.answer(editor.command("resubmit", {"references": ["nothing"]}))
    assert refused["error"]["data"]["code"] == "usage"
    assert result("export", {"groups": [group]})["count"] == 2


def test_an_editor_that_says_no_stops_nothing(launches: Launches, editor: Client) -> None:
    group = launches.submit(1)
    # The client answers null, as one does whose user closed the question.
    answer = editor.answer(editor.command("stop", {"references": [group]}))
    assert answer["error"]["data"]["code"] == "not-confirmed"
    assert launches.calls("cancel") == 0
