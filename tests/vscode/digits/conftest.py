"""One window for each file of this folder: the example project, without an engine and without credentials."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.vscode import ROOT, vscode
from support.window import Window, keys


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk") / "digits"
    shutil.copytree(ROOT / "examples/digits", folder)
    return folder


@pytest.fixture(scope="module")
def desk(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    home = tmp_path_factory.mktemp("digits")
    environment = {
        "CALIBAN_HOME": str(home / "state"),
        "DOCKER_HOST": f"unix://{home}/no-engine.sock",
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "REGION": "",
    }
    # In a browser VS Code would save by itself.
    settings = {"files.autoSave": "off"}
    bindings = keys({"ctrl+alt+g": ("caliban.selectGpu", {"gpu_spec": "1xT4"})})
    bindings.append({"key": "ctrl+alt+5", "command": "workbench.action.terminal.newWithProfile"})
    with vscode(project, home, environment=environment, settings=settings, keys=bindings) as window:
        yield window


@pytest.fixture
def window(desk: Window) -> Iterator[Window]:
    """The window, with nothing open."""
    yield desk
    desk.page.keyboard.press("Escape")
    desk.dismiss_messages()
    if desk.page.locator(".tab.active.dirty").count() > 0:  # VS Code would ask about what a failed test wrote
        desk.command("File: Revert File")
    desk.command("View: Close All Editors")
    desk.page.locator(".editor-group-container.empty").first.wait_for()
