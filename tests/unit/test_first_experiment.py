"""A first experiment is written from the flags of its script, and is sound at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.program import caliban

from caliban_ls import jsondoc
from caliban_ls.first_experiment import first_experiment
from caliban_ls.neighbours import Neighbours
from caliban_ls.validation import validate

SCRIPTS = Path(__file__).parents[1] / "scripts"
ALL = sorted(SCRIPTS.glob("*.py"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_is_sound_for_every_parser_library(path: Path) -> None:
    script = Neighbours(lambda _: None, {}).script_at(SCRIPTS, path.name)
    assert script is not None
    text = first_experiment(script, "experiment.json")
    if not script.certain or script.library is None:
        assert text is None
        return
    assert text is not None
    assert validate(jsondoc.parse(text), "experiment", script=script) == []


def test_init_writes_the_flags_of_the_only_script(tmp_path: Path) -> None:
    shutil.copy(SCRIPTS / "absl_bounds.py", tmp_path)
    assert caliban("init", folder=tmp_path).returncode == 0
    text = (tmp_path / "experiment.json").read_text()
    assert '"batch_size": [32, 64]' in text
    assert "learning_rate" not in text
    checked = json.loads(caliban("check", "--json", folder=tmp_path).stdout)
    assert caliban("check", "--fail_on", "warning", folder=tmp_path).returncode == 0, checked


def test_init_never_runs_the_script(tmp_path: Path) -> None:
    lines = (
        'open("ran", "w").close()',
        "import argparse",
        "p = argparse.ArgumentParser()",
        'p.add_argument("--lr", type=float, default=0.5)',
        'if __name__ == "__main__":',
        "    p.parse_args()",
    )
    (tmp_path / "train.py").write_text("\n".join(lines))
    assert caliban("init", "--name", "warm-up", folder=tmp_path).returncode == 0
    assert '"lr": [0.5, 1.0]' in (tmp_path / "warm-up.experiment.json").read_text()
    assert not (tmp_path / "ran").exists()
