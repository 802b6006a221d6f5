"""The command line: words in, text and exit codes out, and which modules each command imports."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support.program import caliban


def test_help_names_every_command(tmp_path: Path) -> None:
    answer = caliban("--help", folder=tmp_path)
    assert answer.returncode == 0
    for word in ("check", "expand", "rule", "catalog", "build", "run", "serve", "doctor", "init"):
        assert f"\n    {word} " in answer.stdout
    assert caliban("--helpfull", folder=tmp_path).stdout == answer.stdout
    assert (
        caliban("run", "--helpfull", folder=tmp_path).stdout
        == caliban("run", "--help", folder=tmp_path).stdout
    )


def test_version(tmp_path: Path) -> None:
    assert caliban("--version", folder=tmp_path).stdout.startswith("caliban 0.")


@pytest.mark.parametrize(
    "argv",
    [
        ["nonsense"],
        ["run", "--nonsense", "m"],
        ["expand"],
        ["expand", "a", "b"],
        ["expand", "x.json", "--", "y"],
        [],
    ],
)
def test_wrong_usage_is_2_without_a_traceback(argv: list[str], tmp_path: Path) -> None:
    answer = caliban(*argv, folder=tmp_path)
    assert answer.returncode == 2
    assert "Traceback" not in answer.stderr


def test_a_module_of_the_working_folder_is_never_imported(tmp_path: Path) -> None:
    for name in ("argparse", "json", "rich", "difflib", "shlex"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a module of the project ran')")
    answer = caliban("rule", "CAL207", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr


def test_run_needs_a_module_and_an_engine_that_answers(tmp_path: Path) -> None:
    answer = caliban("run", folder=tmp_path)
    assert (answer.returncode, "MODULE" in answer.stderr) == (2, True)
    (tmp_path / "train.py").write_text("print('hello')")
    answer = subprocess.run(
        [sys.executable, "-m", "caliban_ls", "run", "train.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/no.sock"},
    )
    assert answer.returncode == 3
    assert "error[engine-unavailable]" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_what_never_ends_is_not_read_to_its_end(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "experiment.json")
    nothing = caliban("check", folder=tmp_path)
    assert (nothing.returncode, nothing.stdout) == (0, "Nothing was checked\n")
    assert f"no experiment and no project config in {tmp_path}" in nothing.stderr
    answer = caliban("expand", "/dev/zero", folder=tmp_path)
    assert (answer.returncode, "it isn't a file" in answer.stderr) == (2, True)


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_mistake(tmp_path: Path, closed: str) -> None:
    (tmp_path / "experiment.json").write_text('{"a": 1}')
    command = f"{shlex.quote(sys.executable)} -m caliban_ls expand experiment.json {closed}>&-"
    answer = subprocess.run(
        ["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_text_survives_an_environment_of_ascii(tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"a": "\u00e9"}', encoding="utf-8")
    ascii_only = {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    answer = subprocess.run(
        [sys.executable, "-m", "caliban_ls", "expand", "experiment.json"],
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=True,
        env={**os.environ, **ascii_only},
    )
    assert answer.stdout.decode() == "--a 'é'\n"


@pytest.mark.parametrize("words", [["--docker_run_args", "--memory 2g"], ["--docker-run-args=--memory 2g"]])
def test_flags_of_docker_run_may_begin_with_dashes(tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "t.py").write_text("")
    answer = caliban("run", *words, "--dry_run", "t.py", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr


def loaded(program: str, folder: Path) -> set[str]:
    """Return the modules that a program imports."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(answer.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("argv", "schemas"),
    [
        (["--help"], set()),
        (["check", "experiment.json"], {"check", "fields"}),
        (["expand", "experiment.json"], {"expand", "fields"}),
        (["rule", "CAL207"], {"rules", "fields"}),
        (["run", "--help"], {"containers", "fields"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_its_own_schemas(argv: list[str], schemas: set[str], tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"lr": [0.1, 0.2]}')
    program = (
        f"from caliban_ls.cli import main\ntry: main({argv!r})\nexcept SystemExit as end: assert not end.code"
    )
    prefix = "caliban_ls.operations.schemas."
    found = {name.removeprefix(prefix) for name in loaded(program, tmp_path) if name.startswith(prefix)}
    assert found == schemas


def test_help_imports_no_operation(tmp_path: Path) -> None:
    program = "from caliban_ls.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    packages = {name.split(".")[1] for name in loaded(program, tmp_path) if name.startswith("caliban_ls.")}
    assert packages == {"cli", "commands", "core"}


def test_the_server_has_asyncio_without_ssl_and_commands_have_ssl(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom caliban_ls.cli.main import _import_asyncio_without_ssl as start\n"
        "start()\nassert 'ssl' not in sys.modules\n"
        "import asyncio\nassert asyncio.run(asyncio.sleep(0, 5)) == 5\n"
        "import ssl\nssl.create_default_context()"
    )
    assert {"asyncio", "ssl"} <= loaded(program, tmp_path)
