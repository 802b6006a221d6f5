"""In an untrusted folder, nothing is started and nothing is asked, but findings are shown."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.folders import plant
from support.hostile_configs import WISHES
from support.process_trace import Trace, read, tracer
from support.server_environment import (
    Desk,
    environments,
    keep,
    kept_in,
    log,
    package_sources,
    servers,
    storage,
)
from support.vscode import PLACE, vscode
from support.window import keys, until

REAL = str(Path(sys.executable).resolve())
EXTENSION_HOST = "--type=extensionHost"


@dataclass(frozen=True, slots=True)
class Siege:
    """A hostile folder in a window, and what watches it."""

    desk: Desk
    folder: Path
    trace: Path
    listener: socket.socket

    def was_called(self) -> bool:
        """Return whether something has connected to the listeners in place of the engine and the proxy."""
        try:
            self.listener.accept()
        except BlockingIOError:
            return False
        return True


def hostile(folder: Path, port: int) -> Path:
    """Plant a hostile project; each of its programs leaves a file beside itself when it is run."""
    canary = f"open({str(folder.parent / 'ran')!r}, 'a').write(__file__)"
    script = f"#!/bin/sh\necho $0 >> '{folder.parent}/ran'\n"
    config: dict[str, object] = {"base_image": "python:3.12-slim"}
    for wish in WISHES:
        config |= wish
    settings = {
        "caliban.server.path": str(folder / "evil"),
        "caliban.interpreter": str(folder / "evil"),
        "caliban.limits.maxJobs": 100000,
        "python.defaultInterpreterPath": str(folder / "evil"),
        "terminal.integrated.env.linux": {"PYTHONPATH": str(folder)},
    }
    task = {"label": "evil", "type": "shell", "command": "./evil", "runOptions": {"runOn": "folderOpen"}}
    files = {
        ".vscode/settings.json": json.dumps(settings),
        ".vscode/tasks.json": json.dumps({"version": "2.0.0", "tasks": [task]}),
        ".calibanconfig.json": json.dumps(config, indent=1),
        ".env": f"DOCKER_HOST=tcp://127.0.0.1:{port}\nPYTHONPATH={folder}\n",
        "Dockerfile": "FROM evil.example/image\nRUN evil\n",
        "experiment.json": '{"lr": []}',
        "pyvenv.cfg": f"home = {folder}\n",
        "caliban": script,
        "evil": script,
        "python3": script,
        "train.py": canary,
    }
    shadowing = ("sitecustomize", "usercustomize", "pygls", "json", "asyncio")
    files |= {f"{name}.py": canary for name in shadowing}
    files |= {f"caliban_ls/{name}.py": canary for name in ("__init__", "__main__", "cli")}
    plant(folder, files)
    for name in ("caliban", "evil", "python3"):
        (folder / name).chmod(0o755)
    return folder


def make_environment(home: Path, harmless: Path) -> None:
    """Open a trusted folder, for which the extension creates its environment."""
    with vscode(harmless, home, environment=package_sources(), machine={}) as window:
        window.open("experiment.json")
        Desk(window, home).finds()


@pytest.fixture(scope="module")
def siege(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Siege]:
    home = tmp_path_factory.mktemp("v")
    (home / "bin").mkdir()
    (home / "bin/python3").symlink_to(REAL)
    kept = kept_in(tmp_path_factory)
    if not kept.exists():
        make_environment(
            home, plant(tmp_path_factory.mktemp("w") / "harmless", {"experiment.json": '{"lr": []}'})
        )
        keep(home, kept)
    else:
        shutil.copytree(kept, storage(home) / "environments", symlinks=True)
    trace = home / "trace"
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        folder = hostile(tmp_path_factory.mktemp("w") / "hostile", port)
        proxies = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")
        environment = dict.fromkeys(proxies, f"http://127.0.0.1:{port}")
        environment |= {"DOCKER_HOST": f"tcp://127.0.0.1:{port}", "no_proxy": "", "NO_PROXY": ""}
        # What a careless user has in their variables: the folder that they are in.
        environment |= {"PYTHONPATH": f".:{folder}", "PATH": f".:{home}/bin:/usr/bin:/bin"}
        (home / ".bash_profile").write_text(f"export PATH={environment['PATH']}\n")
        with vscode(
            folder,
            home,
            environment=environment,
            machine={},
            keys=keys({"ctrl+alt+b": ("caliban.build", {})}),
            trust=False,
            through=tracer(trace),
        ) as window:
            window.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
            yield Siege(Desk(window, home), folder, trace, listener)
    until("the servers' end", lambda: not servers(home))


def of_vscode(words: tuple[str, ...]) -> bool:
    """Return whether VS Code starts a program on its own: of its folder, or to see which ports processes listen at."""
    if PLACE.resolve() in Path(words[0]).parents:
        return True
    looking = ("ls -l /proc/[0-9]*/fd/[0-9]* | grep socket:", "ps -F -A -l | grep root")
    if words[:2] == ("/bin/sh", "-c"):
        return words[2:] in {(command,) for command in looking}
    if words[0] == "ls":
        return all(word == "-l" or re.fullmatch(r"/proc/\d+/fd/\d+", word) for word in words[1:])
    return words in {("grep", "socket:"), ("grep", "root"), ("ps", "-F", "-A", "-l")}


@pytest.fixture
def at_work(siege: Siege) -> Siege:
    siege.desk.window.open("experiment.json")
    siege.desk.finds()
    return siege


def test_the_tracer_sees_what_is_started_and_asked(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        # A process of a process, started by a thread, and one that goes its own way.
        ask = f"import socket; socket.create_connection(('127.0.0.1', {port}))"
        start = f"import os, subprocess, sys; subprocess.run(['env', '-', {REAL!r}, '-c', {ask!r}])"
        threaded = f"import threading; threading.Thread(target=exec, args=({start!r},)).start()"
        trace = tmp_path / "trace"
        subprocess.run([*tracer(trace), REAL, "-c", threaded, EXTENSION_HOST], check=True)
        subprocess.run([*tracer(tmp_path / "other"), REAL, "-c", threaded, "else"], check=True)
    seen = read(trace, EXTENSION_HOST)
    assert seen.starts == (("env", "-", REAL, "-c", ask), (REAL, "-c", ask))
    assert [one for one in seen.asked if "AF_INET" in one and f"htons({port})" in one]
    assert read(tmp_path / "other", EXTENSION_HOST) == Trace((), ())


def test_only_the_extensions_server_is_started_and_nothing_is_asked(at_work: Siege) -> None:
    window, home = at_work.desk.window, at_work.desk.home
    window.go_to(1, 8)
    assert "CAL202" in window.hover("CAL202")
    window.open(".calibanconfig.json")
    window.go_to(2, 4)
    assert "base_image" in window.hover("base_image")
    (name,) = environments(home)
    own = (str(storage(home) / "environments" / name / "bin/python"), "-I", "-m", "caliban_ls", "serve")
    window.command("Caliban: Restart Server")
    until("the second server", lambda: read(at_work.trace, EXTENSION_HOST).starts.count(own) == 2)
    window.open("experiment.json")
    at_work.desk.finds()
    window.shot("restricted")
    trace = read(at_work.trace, EXTENSION_HOST)
    assert [words for words in trace.starts if not of_vscode(words)] == [own, own]
    assert [one for one in trace.asked if "AF_INET" in one or "docker" in one] == []
    everything = at_work.trace.read_text(errors="replace")
    assert f'execve("{at_work.folder}' not in everything
    assert not (at_work.folder.parent / "ran").exists()
    assert not at_work.was_called()
    assert window.asked == []
    assert window.messages() == []


def test_commands_that_run_something_are_not_offered(at_work: Siege) -> None:
    window = at_work.desk.window
    assert not window.offers("Caliban: Build Image")
    assert not window.offers("Caliban: Submit to AI Platform")
    assert window.offers("Caliban: Restart Server")
    window.page.keyboard.press("Control+Alt+B")  # a user's own key goes past what is offered
    window.toast("this folder isn't trusted, so nothing in it is built, run or sent").wait_for()
    until("one message", lambda: len(window.messages()) == 1)
    window.dismiss_messages()
    window.page.locator('.activitybar [aria-label="Caliban"]').first.click()
    for view in ("Jobs", "Containers"):
        window.section(view).locator(".welcome-view-content", has_text="isn't trusted").wait_for()
        assert window.section(view).locator(".message:visible").count() == 0
    window.shot("restricted-views")
    window.command("View: Show Explorer")
    window.command("Caliban: Copy Diagnostic Report")
    window.toast("the diagnostic report is on the clipboard").wait_for()
    window.dismiss_messages()
    report = str(window.page.evaluate("navigator.clipboard.readText()"))
    assert "- Folders: 1 (file), not trusted" in report
    assert "- not asked, since the folder isn't trusted" in report
    assert not at_work.was_called()


def test_no_environment_is_made_and_trust_starts_the_server_anew(at_work: Siege) -> None:
    window, home = at_work.desk.window, at_work.desk.home
    kept = storage(home) / "environments"
    kept.rename(home / "kept")
    window.command("Caliban: Restart Server")
    until("a calm word", lambda: "none is created in a folder that isn't trusted" in log(home))
    until("no finding", lambda: window.squiggles().count() == 0)
    assert window.messages() == []
    assert not kept.exists()
    assert servers(home) == []
    assert not at_work.was_called()
    (home / "kept").rename(kept)
    at_work.listener.close()  # from here on asking is allowed
    window.command("Workspaces: Manage Workspace Trust")
    window.page.locator(".workspace-trust-buttons-row .monaco-button", has_text="Trust").first.click()
    window.page.keyboard.press("Escape")  # it lies over the editor
    window.open("experiment.json")
    at_work.desk.finds()
    (server,) = servers(home)
    assert server.words[0].startswith(str(kept))
    window.command("Caliban: Copy Diagnostic Report")
    window.toast("the diagnostic report is on the clipboard").wait_for()
    report = str(window.page.evaluate("navigator.clipboard.readText()"))
    assert "- Folders: 1 (file), trusted" in report
    assert "ok: Python" in report
    assert not (at_work.folder.parent / "ran").exists()
