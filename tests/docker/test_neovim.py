"""A person in a real Neovim, with the very settings that the documentation gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.documented_settings import neovim_settings
from support.folders import plant
from support.hostile_configs import WISHES
from support.program import BASE_IMAGE, caliban
from support.pseudo_terminal import PseudoTerminal
from support.requirements import lacking


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The `init.lua` of the documentation, for a user who trusts the folder."""
    if shutil.which("nvim") is None:
        lacking("there is no Neovim here")
    # Without a screenful of room for messages, each would wait for a key.
    (tmp_path / "init.lua").write_text("vim.o.cmdheight = 12\n" + neovim_settings())
    return tmp_path / "init.lua"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        ".calibanconfig.json": config_with({"docker": {"run_args": ["--pid", "host"]}}),
        "look.py": "print('pid 1 is ' + open('/proc/1/comm').read())",
        "experiment.json": '{"lr": []}',
    }
    return plant(tmp_path / PROJECT_NAME, files)


def config_with(wish: dict[str, Any]) -> str:
    return json.dumps({"base_image": BASE_IMAGE, "module": "look.py", **wish})


@pytest.fixture
def neovim(settings: Path, project: Path, tmp_path: Path) -> Iterator[PseudoTerminal]:
    environment = {
        "TERM": "xterm",
        "CALIBAN_HOME": str(tmp_path / "state"),
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "nvim"),
    }
    with PseudoTerminal(
        "-u",
        str(settings),
        "experiment.json",
        folder=project,
        environment=environment,
        size=(50, 160),
        program=["nvim"],
    ) as terminal:
        yield terminal
        terminal.type("\x1b:qall!\r")
        assert terminal.exit_code() == 0


def test_findings_are_seen(neovim: PseudoTerminal) -> None:
    neovim.wait_for("An empty list stands for no job")


def test_what_a_config_wants_is_asked_before_it_is_done(neovim: PseudoTerminal) -> None:
    neovim.wait_for("An empty list stands for no job")
    neovim.type(":Caliban run\r")
    neovim.wait_for("--pid")
    neovim.wait_for("Agree")
    neovim.type("\r")
    neovim.wait_for("needs your agreement")
    neovim.type(":Caliban run\r")
    neovim.wait_for("Agree")
    neovim.type("1\r")
    neovim.wait_for("pid 1 is")
    neovim.wait_for("SUCCEEDED")


def test_nothing_is_done_of_what_nobody_agreed_to(neovim: PseudoTerminal, project: Path) -> None:
    (project.parent / "key.json").write_text("{}")
    neovim.wait_for("An empty list stands for no job")
    for wish in WISHES:
        (project / ".calibanconfig.json").write_text(config_with(wish))
        neovim.type(":Caliban run\r")
        for section in wish:
            neovim.wait_for(section)
        neovim.wait_for("Agree")
        neovim.type("\r")
        neovim.wait_for("needs your agreement")
        assert containers_of(project) == []
    answer = caliban("status", "--json", folder=project)
    assert json.loads(answer.stdout)["groups"] == []
