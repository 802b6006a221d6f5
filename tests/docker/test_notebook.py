"""`caliban notebook`: Jupyter in a container, asked over HTTP and through its kernels' own protocol."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import websocket
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.lsp_client import Client
from support.program import BASE_IMAGE, caliban

PATIENCE = 60


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    config = json.dumps({"base_image": BASE_IMAGE, "default_mode": "CPU"})
    return plant(
        tmp_path / PROJECT_NAME, {".calibanconfig.json": config, "requirements.txt": "six==1.16.0\n"}
    )


def surroundings(project: Path) -> dict[str, str]:
    return {"CALIBAN_HOME": str(project.parent / "state"), "HOME": str(project.parent / "home")}


@contextmanager
def detached(project: Path, *flags: str) -> Iterator[dict[str, Any]]:
    """A notebook that goes on by itself, until the block ends."""
    answer = caliban(
        "notebook", "--detach", "--json", *flags, folder=project, environment=surroundings(project)
    )
    assert answer.returncode == 0, answer.stderr
    result: dict[str, Any] = json.loads(answer.stdout)
    try:
        yield result
    finally:
        subprocess.run(["docker", "rm", "--force", result["container"]], check=False, capture_output=True)


def get(url: str, token: str | None = None) -> tuple[int, bytes]:
    """Ask without following anybody elsewhere."""

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # the test's own address
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""


def run_cell(notebook: dict[str, Any], code: str) -> str:
    """Run code in a kernel of its own and return what it prints."""
    base, token = f"127.0.0.1:{notebook['port']}", notebook["token"]
    headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
    url = f"http://{base}/api/kernels"
    request = urllib.request.Request(url, data=b"{}", headers=headers)  # the test's own address
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310  # the test's own address
        kernel = json.load(answer)["id"]
    channel = websocket.create_connection(
        f"ws://{base}/api/kernels/{kernel}/channels", header=[f"Authorization: token {token}"], timeout=60
    )
    header = {"msg_id": uuid.uuid4().hex, "session": uuid.uuid4().hex, "username": "", "version": "5.3"}
    header["msg_type"] = "execute_request"
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
    message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
    channel.send(json.dumps(message))
    said = ""
    try:
        while True:
            got = json.loads(channel.recv())
            if got["parent_header"].get("msg_id") != header["msg_id"]:
                continue
            if got["msg_type"] == "stream":
                said += got["content"]["text"]
            elif got["msg_type"] == "error":
                raise AssertionError(got["content"])
            elif got["msg_type"] == "status" and got["content"]["execution_state"] == "idle":
                return said
    finally:
        channel.close()


@pytest.mark.parametrize("flags", [(), ("--lab",)], ids=["notebook", "lab"])
def test_it_answers_those_who_know_the_token_and_on_the_loopback_only(
    project: Path, flags: tuple[str, ...]
) -> None:
    plant(project, {"here.txt": "rooted here"})
    with detached(project, *flags) as notebook:
        base = f"http://127.0.0.1:{notebook['port']}"
        assert notebook["url"] == f"{base}/?token={notebook['token']}"
        assert len(notebook["token"]) >= 32
        for path in ("/api/status", "/api/contents"):
            assert get(base + path)[0] == 403
            assert get(base + path, "wrong")[0] == 403
            assert get(base + path, notebook["token"])[0] == 200
        assert get(notebook["url"])[0] in {200, 302}
        assert (
            json.loads(get(f"{base}/api/contents/here.txt", notebook["token"])[1])["content"] == "rooted here"
        )
        # Only the image has the package; whoever runs the tests need not.
        assert run_cell(notebook, "import six; print(six.__version__)") == "1.16.0\n"
        run_cell(notebook, "open('from a cell', 'w').close()")
        assert (project / "from a cell").stat().st_uid == os.getuid()
        for address in addresses_of_this_machine():
            with socket.socket() as probe:
                probe.settimeout(5)
                assert probe.connect_ex((address, notebook["port"])) != 0, address
        in_state = [file.read_bytes() for file in (project.parent / "state").rglob("*") if file.is_file()]
        assert not any(notebook["token"].encode() in data for data in in_state)


def addresses_of_this_machine() -> list[str]:
    listed = subprocess.run(["hostname", "-I"], capture_output=True, text=True, check=True).stdout.split()
    found = [address for address in listed if ":" not in address]
    assert found
    return found


def test_a_taken_port_is_passed_over_unless_it_was_asked_for(project: Path) -> None:
    with detached(project) as first:
        answer = caliban(
            "notebook", "-p", str(first["port"]), folder=project, environment=surroundings(project)
        )
        assert answer.returncode == 2
        assert f"Port {first['port']} is taken" in answer.stderr
        with detached(project) as second:
            assert second["port"] > first["port"]
            names = {first["container"], second["container"]}
            listed = json.loads(caliban("containers", "--json", folder=project).stdout)["containers"]
            ours = {one["name"]: one["url"] for one in listed if one["name"] in names}
            assert {one["folder"] for one in listed if one["name"] in names} == {str(project)}
            assert {one["image"].partition(":")[0] for one in listed if one["name"] in names} == {
                f"caliban/{PROJECT_NAME.replace(' ', '-')}"
            }
            assert ours == {first["container"]: first["url"], second["container"]: second["url"]}
    assert containers_of(project) == []


def test_ctrl_c_stops_it(project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "caliban_ls", "notebook", "--bare"],
        cwd=project,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **surroundings(project)},
    )
    assert process.stderr is not None
    with process.stderr as lines:
        assert any(line.startswith("Jupyter answers at http://127.0.0.1:") for line in lines)
        assert len(containers_of(project)) == 1
        process.send_signal(signal.SIGINT)
        rest = lines.read()
    assert process.wait() == 130
    assert "Traceback" not in rest
    assert containers_of(project) == []


def test_a_jupyter_that_does_not_come_up_says_why(project: Path) -> None:
    plant(project, {"jupyter.py": "raise SystemExit('not this one')"})
    answer = caliban("notebook", folder=project, environment=surroundings(project))
    assert answer.returncode == 1
    assert "not this one" in answer.stderr
    assert containers_of(project) == []


@pytest.mark.parametrize("version", ["seven", "7; touch x", "-1"])
def test_versions_that_are_none(project: Path, version: str) -> None:
    answer = caliban("notebook", f"--jupyter_version={version}", folder=project)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "isn't a version of Jupyter" in answer.stderr


def test_an_editors_notebook_lives_as_long_as_the_editor(project: Path) -> None:
    with Client("-m", "caliban_ls", "serve", environment=surroundings(project)) as client:
        client.initialize(options={"trusted": True}, folders=(project,))
        first = client.answer(client.command("notebook", {"bare": True}))["result"]
        assert get(f"http://127.0.0.1:{first['port']}/api/status", first["token"])[0] == 200
        listed = client.answer(client.command("containers"))["result"]["containers"]
        assert first["url"] in [one["url"] for one in listed]
        assert (
            client.answer(client.command("stopContainer", {"container": first["container"]}))["result"] == {}
        )
        assert containers_of(project) == []
        client.answer(client.command("notebook", {"bare": True}))
        assert len(containers_of(project)) == 1
        assert client.quit() == 0
    # The rest is on its way: the server has asked the engine for it.
    deadline = time.monotonic() + PATIENCE
    while containers_of(project):
        assert time.monotonic() < deadline, "it goes on without its editor"
