"""What a project's config wants takes effect after its user agreed, and not before: in a terminal and in an editor."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.lsp_client import Client
from support.program import BASE_IMAGE, caliban

LOOK = """
import os, sys
# The bounding set of a container that isn't privileged lacks CAP_SYS_ADMIN, number 21.
bounding = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("CapBnd"))
print("privileged" if int(bounding, 16) >> 21 & 1 else "confined")
print("sees the host's" if open("/proc/1/comm").read() != "docker-init\\n" else "sees its own")
print("host" if os.path.exists("/host/etc") else "alone")
print(os.environ.get("GOOGLE_APPLICATION_CREDENTIALS", "no key"))
print(os.environ.get("FROM_OWN", "no own image"))
"""

WISHES: dict[str, tuple[Any, str]] = {
    "privileged": ({"docker": {"run_args": ["--privileged"]}}, "privileged"),
    "processes": ({"docker": {"run_args": ["--pid", "host"]}}, "sees the host's"),
    "mount": ({"docker": {"run_args": ["--volume", "/:/host"]}}, "host"),
    "key": ({"gcloud": {"cloud_key": "../key.json"}}, "/run/caliban/credentials.json"),
    "dockerfile": ({"docker": {"dockerfile": "Dockerfile", "build_args": {"OWN": "mine"}}}, "mine"),
}

OWN = f"ARG OWN\nFROM {BASE_IMAGE}\nARG OWN\nENV FROM_OWN=$OWN\nCOPY . /all\n"


def project_of(folder: Path, wish: Any) -> Path:
    config = {"base_image": BASE_IMAGE, "default_mode": "CPU", "module": "look.py", **wish}
    (folder / "key.json").write_text("{}")
    files = {".calibanconfig.json": json.dumps(config), "look.py": LOOK, "Dockerfile": OWN}
    return plant(folder / PROJECT_NAME, files)


@pytest.mark.parametrize("name", WISHES)
def test_a_terminal_that_nobody_sits_at_refuses(tmp_path: Path, name: str) -> None:
    wish, effect = WISHES[name]
    project = project_of(tmp_path, wish)
    answer = caliban("run", folder=project, environment={"HOME": str(tmp_path)})
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "needs your agreement" in answer.stderr
    assert containers_of(project) == []
    assert caliban("trust", folder=project).returncode == 0
    answer = caliban("run", folder=project, environment={"HOME": str(tmp_path)})
    # A machine that isn't privileged itself can't make a container so; its engine then says that it was asked to.
    assert effect in answer.stdout.split("\n") or (
        effect == "privileged" and "unable to apply caps" in answer.stderr
    ), answer.stderr


def test_nothing_of_it_without_a_wish(tmp_path: Path) -> None:
    answer = caliban("run", folder=project_of(tmp_path, {}), environment={"HOME": str(tmp_path)})
    assert answer.stdout.split("\n")[:5] == ["confined", "sees its own", "alone", "no key", "no own image"]


@pytest.mark.parametrize(("reply", "code"), [("n", 2), ("", 2), ("y", 0)])
def test_a_person_is_asked(tmp_path: Path, reply: str, code: int) -> None:
    project = project_of(tmp_path, WISHES["processes"][0])
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "caliban_ls", "run"],
        cwd=project,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
        env={**os.environ, "CALIBAN_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)},
    )
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 1000)
    assert b'docker.run_args: ["--pid", "host"]' in said
    os.write(ours, f"{reply}\n".encode())
    assert process.stdout is not None
    with process.stdout:
        output = process.stdout.read()
    assert process.wait() == code
    assert (b"sees the host's" in output) == (code == 0)
    os.close(ours)


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Client]:
    project = project_of(tmp_path, WISHES["processes"][0])
    environment = {"CALIBAN_HOME": str(tmp_path / "state"), "HOME": str(tmp_path)}
    with Client("-m", "caliban_ls", "serve", environment=environment) as client:
        client.silent = {"window/showMessageRequest"}
        client.initialize(options={"trusted": True}, folders=(project,))
        yield client
        assert client.quit() == 0


@pytest.mark.parametrize("reply", [None, {"title": "Cancel"}])
def test_an_editor_asks_its_user_and_takes_silence_for_a_no(editor: Client, reply: Any) -> None:
    request = editor.command("run", {})
    asked = editor.wait_for(lambda message: message.get("method") == "window/showMessageRequest")
    assert 'docker.run_args: ["--pid", "host"]' in asked["params"]["message"]
    editor.send({"jsonrpc": "2.0", "id": asked["id"], "result": reply})
    error = editor.answer(request)["error"]
    assert error["data"]["code"] == "not-agreed"


def test_an_editors_user_agrees_once(editor: Client) -> None:
    request = editor.command("run", {})
    asked = editor.wait_for(lambda message: message.get("method") == "window/showMessageRequest")
    editor.send({"jsonrpc": "2.0", "id": asked["id"], "result": {"title": "Agree"}})
    assert editor.answer(request)["result"]["jobs"][0]["state"] == "SUCCEEDED"
    editor.notification("caliban-ls/log", lambda log: "sees the host's" in log["text"])
    editor.answer(editor.command("run", {}))
    assert len(editor.all("window/showMessageRequest")) == 1


def test_a_question_that_nobody_answers_can_be_cancelled(editor: Client) -> None:
    request = editor.command("run", {})
    editor.wait_for(lambda message: message.get("method") == "window/showMessageRequest")
    editor.notify("$/cancelRequest", {"id": request})
    assert editor.answer(request)["error"]["code"] == -32800
