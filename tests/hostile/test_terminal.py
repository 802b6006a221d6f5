"""Values of a project draw nothing on the user's terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.folders import plant
from support.program import caliban
from support.pseudo_terminal import PseudoTerminal

VALUES = [
    "\x1b[2K\x1b[1A1 job, 0.22 USD",
    "x\n       9  --forged  SUCCEEDED",
    "\x9b2J",
    "\u202e0001",
    "\r1",
    "[/foo]",
    "[bold red]x[/]",
    "a\u200bb",
]

RAW = ["\x1b[2K", "\x1b[1A", "\x9b", "\u202e", "\u200b", "\n       9  --forged", "\r1"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    files = {
        "train.py": "",
        "experiment.json": json.dumps({"name": VALUES}),
        "bad.experiment.json": json.dumps({f"k{value}": [] for value in VALUES}),
        ".calibanconfig.json": json.dumps({"default_mode": "CPU"}),
    }
    return plant(tmp_path / "p", files)


@pytest.mark.parametrize(
    "argv",
    [
        ("run", "--dry_run", "--experiment_config", "experiment.json", "train.py"),
        ("expand", "experiment.json"),
        ("check", "bad.experiment.json"),
        (
            "cloud",
            "--dry_run",
            "--project_id",
            "p-123456",
            "--experiment_config",
            "experiment.json",
            "train.py",
        ),
        ("rule", "CAL\x1b[2K207"),
        ("run", "--name", "\x1b[2K", "no\x9bmodule"),
    ],
    ids=lambda argv: argv[0],
)
def test_values_are_spelled_out(project: Path, argv: tuple[str, ...]) -> None:
    environment = {"CALIBAN_HOME": str(project.parent / "state"), "HOME": str(project.parent)}
    with PseudoTerminal(*argv, folder=project, environment=environment, size=(50, 200)) as terminal:
        terminal.exit_code()
        assert [one for one in RAW if one in terminal.seen.replace("\r\n", "\n")] == []
        assert "error[bug]" not in terminal.seen


def test_other_programs_get_the_text_as_it_is(project: Path) -> None:
    answer = caliban("expand", "experiment.json", folder=project)
    assert "\x1b[2K" in answer.stdout
