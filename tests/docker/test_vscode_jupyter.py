"""A person who has the Jupyter extension: notebooks in containers are among its servers.

The Jupyter extension itself can't be had here; `support.jupyter_stand_in` says what stands in its place.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import jupyter_stand_in
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.program import BASE_IMAGE, mount_home
from support.vscode import vscode
from support.window import Window, until

NOTEBOOK = {"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        ".calibanconfig.json": json.dumps({"base_image": BASE_IMAGE, "default_mode": "CPU"}),
        "requirements.txt": "six==1.16.0\n",
        "experiment.json": "{}\n",
        "look.ipynb": json.dumps(NOTEBOOK),
    }
    return plant(tmp_path / PROJECT_NAME, files)


@pytest.fixture
def window(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    stand_in = jupyter_stand_in.pack(project.parent)
    state = {"CALIBAN_HOME": str(project.parent / "state")}
    mount_home(project, project.parent / "state")
    with vscode(project, tmp_path_factory.mktemp("v"), environment=state, also=[stand_in]) as window:
        yield window
    until("the end of the notebook, with its editor", lambda: not containers_of(project))


def listed(window: Window) -> list[str]:
    """Open the list of servers anew, and return it."""
    if window.quick().count() > 0:  # a key too many would hide messages
        window.page.keyboard.press("Escape")
        window.quick().wait_for(state="detached")
    window.command(jupyter_stand_in.LIST)
    window.quick().locator(".quick-input-title", has_text=jupyter_stand_in.TITLE).wait_for()
    return window.picks()


def test_a_notebook_is_one_of_jupyters_servers(window: Window, project: Path) -> None:
    # Nothing is offered or activated before there is a notebook.
    assert listed(window) == [jupyter_stand_in.NOTHING]
    window.page.keyboard.press("Escape")
    window.open_any("look.ipynb")
    window.page.locator(".notebook-editor").first.wait_for()
    start = "Caliban: Start a Notebook in a Container"
    until("the collection", lambda: listed(window) == [start])
    window.pick(start)
    window.toast(f"Stand-in: connected to {PROJECT_NAME} (caliban_notebook_").wait_for()
    said = window.toast("Jupyter answers on port")
    assert "Existing Jupyter Server, Caliban" in said.inner_text()
    servers = listed(window)
    assert servers[0].startswith(f"Caliban: {PROJECT_NAME} (caliban_notebook_")
    assert servers[-1] == start
    window.shot("jupyter-servers")
    base, token = window.quick_row(servers[0]).locator(".quick-input-list-label-meta").inner_text().split()
    request = urllib.request.Request(f"{base}api/status", headers={"Authorization": f"token {token}"})  # noqa: S310  # of this machine
    with urllib.request.urlopen(request) as answer:  # noqa: S310  # as above
        assert "kernels" in json.load(answer)
    window.page.keyboard.press("Escape")
    window.press(said, "Stop")
    window.dialog("Stop caliban_notebook_", "Stop")
    until("its end", lambda: not containers_of(project))
    until("the collection without it", lambda: listed(window) == [start])
    window.page.keyboard.press("Escape")
