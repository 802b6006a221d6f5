"""A headless Neovim with the very settings that its page gives: a finding is seen and mended, a command is run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.documented import neovim_settings
from support.lacking import lacking
from support.tree import plant

PERSON = Path(__file__).with_name("person.lua")


@pytest.fixture(scope="module")
def saw(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What a person saw who opened a broken sweep, took the first fix, and expanded the sweep."""
    if shutil.which("nvim") is None:
        lacking("there is no Neovim here")
    folder = tmp_path_factory.mktemp("neovim")
    (folder / "init.lua").write_text(neovim_settings())
    project = plant(folder / "digits", {"experiment.json": '{"lr": [0.1, 0.2] "epochs": [1, 5, 25]}\n'})
    done = subprocess.run(
        ["nvim", "--headless", "-u", str(folder / "init.lua"), "experiment.json", "-S", str(PERSON)],
        cwd=project,
        env={
            **os.environ,
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "nvim"),
            "CALIBAN_HOME": str(folder / "state"),
            "PERSON_SAW": str(folder / "saw.json"),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "saw.json").read_text())


def test_what_is_wrong_is_shown(saw: Any) -> None:
    (found,) = saw["before"]
    assert (found["code"], found["line"]) == ("CAL106", 0)


def test_a_fix_is_offered_and_mends_the_text(saw: Any) -> None:
    assert saw["offered"][0] == "Insert `,`"
    assert saw["text"] == '{"lr": [0.1, 0.2], "epochs": [1, 5, 25]}'


def test_a_command_answers_for_the_text_as_it_is_on_the_screen(saw: Any) -> None:
    (note,) = saw["notes"]
    assert note.startswith("Caliban: ")
    assert "count = 6" in note
