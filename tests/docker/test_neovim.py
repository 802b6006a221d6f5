"""A person in a real Neovim, with the very settings that the documentation gives."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.documented import neovim_settings
from support.lacking import lacking
from support.leftovers import PROJECT_NAME
from support.program import BASE_IMAGE
from support.pseudo_terminal import PseudoTerminal
from support.tree import plant


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """The `init.lua` of the documentation, for a user who trusts the folder."""
    if shutil.which("nvim") is None:
        lacking("there is no Neovim here")
    # Without a screenful of room for messages, each would wait for a key.
    (tmp_path / "init.lua").write_text("vim.o.cmdheight = 12\n" + neovim_settings())
    return tmp_path / "init.lua"


@pytest.fixture
def neovim(settings: Path, tmp_path: Path) -> Iterator[PseudoTerminal]:
    config = {"base_image": BASE_IMAGE, "module": "look.py", "docker": {"run_args": ["--env", "A=yes"]}}
    files = {
        ".calibanconfig.json": json.dumps({**config, "docker": {"run_args": ["--pid", "host"]}}),
        "look.py": "print('pid 1 is ' + open('/proc/1/comm').read())",
        "experiment.json": '{"lr": []}',
    }
    project = plant(tmp_path / PROJECT_NAME, files)
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
