"""A first experiment is written from the flags of its script, and is sound at once."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.program import caliban

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.script import read_script
from caliban_ls.operations.first_experiment import first_experiment
from caliban_ls.validation import validate
from caliban_ls.workspace.projects import ProjectCache

SCRIPTS = Path(__file__).parents[2] / "scripts"
ALL = sorted(SCRIPTS.glob("*.py"))


@pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)
def test_is_sound_for_every_parser_library(path: Path) -> None:
    script = ProjectCache(lambda _: None, {}).script_at(SCRIPTS, path.name)
    assert script is not None
    text = first_experiment(script, "experiment.json")
    if script.library is None or not (script.certain or script.flags):
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


SCRIPT = """import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.5)
if __name__ == "__main__":
    parser.parse_args()
"""


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (("trainer/train.py",), True),
        (("tests/train.py", "trainer/__init__.py", "trainer/model.py", "trainer/train.py"), True),
        (("trainer/other.py", "train.py"), True),  # the nearer one
        (("trainer/train.py", "src/train.py"), False),
        (("a/b/train.py",), False),
        (("tests/train.py",), False),
        ((".venv/train.py",), False),
    ],
    ids=str,
)
def test_the_script_may_be_in_a_folder_below(files: tuple[str, ...], *, found: bool, tmp_path: Path) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(SCRIPT if name.endswith(("train.py", "other.py")) else "")
    assert caliban("init", folder=tmp_path).returncode == 0
    assert ('"lr": [0.5, 1.0]' in (tmp_path / "experiment.json").read_text()) is found
    assert (
        f'\n  "module": "{files[-1] if found else ""}' in (tmp_path / ".calibanconfig.json").read_text()
    ) is found
    (tmp_path / "experiment.json").write_text('{"unknown": 1}')
    checked = caliban("check", folder=tmp_path)
    assert ("CAL501" in checked.stdout) is found


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


HEAD = "import argparse\np = argparse.ArgumentParser()\n"
TAIL = "if __name__ == '__main__':\n    p.parse_args()\n"

flags = st.tuples(
    st.sampled_from(
        [
            "",
            "type=int",
            "type=float",
            "type=str",
            "type=open",
            "choices=[1, 2]",
            "choices=['a', 'b c']",
            "type=int, choices=[7]",
            "action='store_true'",
            "nargs=2",
            "nargs='+', type=float",
            "type=bool",
        ]
    ),
    st.sampled_from(["", "required=True"]),
    st.sampled_from(["", "default=0", "default='x y'", "default=0.5", "default=None", "default=[1]"]),
    st.booleans(),
)


@given(st.lists(flags, max_size=7))
def test_is_sound_for_any_parser(made: list[tuple[str, str, str, bool]]) -> None:
    lines = ["g = p.add_mutually_exclusive_group(required=True)"] * any(one[3] for one in made)
    for number, (kind, required, default, grouped) in enumerate(made):
        words = [f"'--flag_{number}'", kind, "" if grouped else required, default]
        lines.append(f"{'g' if grouped else 'p'}.add_argument({', '.join(filter(None, words))})")
    source = HEAD + "".join(f"{line}\n" for line in lines) + TAIL
    script = read_script("train.py", {"train.py": source}.get)
    assert script is not None
    text = first_experiment(script, "experiment.json")
    if text is None:
        assert not script.flags
        return
    found = validate(jsondoc.parse(text), "experiment", script=script)
    assert [one.message for one in found if one.severity is Severity.ERROR] == []
    # What can't be set is said in the file itself.
    assert all(f"// No value was found that fits: {one.message}." in text for one in found), text


@pytest.mark.parametrize(
    ("config", "place"),
    [
        ('{"script": "trainer/train.py"}', "trainer/train.py"),
        ('{"module": "trainer.train"}', "trainer/train.py"),
        ('{"module": "trainer"}', "trainer/__main__.py"),
        ('{"script": "train.py"}', "train.py"),
    ],
)
@pytest.mark.parametrize("tail", [TAIL, "p.parse_args()\n", "def main():\n    p.parse_args()\n"])
def test_init_writes_the_flags_of_the_script_that_the_config_names(
    tmp_path: Path, config: str, place: str, tail: str
) -> None:
    (tmp_path / ".calibanconfig.json").write_text(config)
    (tmp_path / place).parent.mkdir(exist_ok=True)
    (tmp_path / place).write_text(f"{HEAD}p.add_argument('--depth', type=int, default=3)\n{tail}")
    assert caliban("init", folder=tmp_path).returncode == 0
    assert '"depth": [3, 6]' in (tmp_path / "experiment.json").read_text()
    assert caliban("check", "--fail_on", "warning", folder=tmp_path).returncode == 0


def test_init_finds_a_script_that_runs_without_a_guard(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(
        f"{HEAD}p.add_argument('--depth', type=int, default=3)\nargs = p.parse_args()\n"
    )
    assert caliban("init", folder=tmp_path).returncode == 0
    assert '"depth": [3, 6]' in (tmp_path / "experiment.json").read_text()


def test_init_says_that_it_found_no_flags(tmp_path: Path) -> None:
    assert caliban("init", folder=tmp_path).returncode == 0
    assert "No flags of a script were found here" in (tmp_path / "experiment.json").read_text()


def test_a_flag_that_no_value_was_found_for_is_left_out_and_named() -> None:
    lines = ["p.add_argument('--box', nargs=3, type=float, required=True)", "p.add_argument('--n', type=int)"]
    script = read_script("train.py", {"train.py": "\n".join([HEAD, *lines, TAIL])}.get)
    assert script is not None
    text = first_experiment(script, "experiment.json")
    assert text is not None
    assert "// No value was found that fits: train.py requires --box" in text
    assert '"box"' not in text
    assert '"n": 1' in text
