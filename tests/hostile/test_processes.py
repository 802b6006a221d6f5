"""Nothing of a project runs on this machine: a folder full of bait, and every way in which we start something."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.core import processes
from caliban_ls.operations.cloud.provenance import provenance
from caliban_ls.runtime.docker import buildkit

_PYTHON = "import pathlib; pathlib.Path({marker!r}).touch()\n"
_SHELL = "#!/bin/sh\ntouch '{marker}'\n"
_MODULES = (
    "types",
    "importlib",
    "json",
    "runpy",
    "subprocess",
    "sitecustomize",
    "usercustomize",
    "docker",
    "conftest",
)
_PROGRAMS = ("git", "docker", "gcloud", "ps", "uv", "python3", "docker-credential-x")


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "ran"


@pytest.fixture
def bait(tmp_path: Path, marker: Path) -> Path:
    """A project whose every file says when it is run."""
    folder = tmp_path / "bait"
    python, shell = _PYTHON.format(marker=str(marker)), _SHELL.format(marker=marker)
    plant(folder, {f"{name}.py": python for name in _MODULES})
    plant(folder, {f"caliban_ls/{name}.py": python for name in ("__init__", "__main__", "cli")})
    plant(
        folder,
        {"train.py": python, "setup.py": python, "experiment.json": '{"a": [1, 2]}', ".env": "X=$(id)"},
    )
    plant(folder, dict.fromkeys(_PROGRAMS, shell))
    for name in _PROGRAMS:
        (folder / name).chmod(0o755)
    return folder


def git(folder: Path, *words: str) -> None:
    command = ["/usr/bin/env", "git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
    environment = {**os.environ, "PATH": "/usr/local/bin:/usr/bin:/bin"}
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)


def surroundings(tmp_path: Path, path: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GIT_"))}
    return {**kept, "PATH": path, "CALIBAN_HOME": str(tmp_path / "state"), "DOCKER_HOST": "unix:///nowhere"}


COMMANDS = (
    *(
        ("check",),
        ("expand", "experiment.json"),
        ("rules",),
        ("identify", "experiment.json"),
        ("doctor",),
        ("status",),
    ),
    *(
        ("build", "train.py"),
        ("run", "train.py"),
        ("shell",),
        ("notebook",),
        ("containers",),
        ("trust",),
        ("init",),
    ),
    *(
        ("cloud", "train.py", "--dry_run"),
        ("export",),
        ("logs", "x"),
        ("stop", "x"),
        ("resume",),
        ("--help",),
    ),
)


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: words[0])
def test_no_command_runs_what_lies_in_the_folder(
    bait: Path, marker: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    for path in (f".:{os.environ['PATH']}", f":{os.environ['PATH']}", "bin:."):
        answer = subprocess.run(
            processes.own_command(*words),
            cwd=bait,
            env=surroundings(tmp_path, path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in answer.stderr
        assert not marker.exists()


def test_ourselves_wherever_we_were_installed(bait: Path, marker: Path, tmp_path: Path) -> None:
    """Where only PYTHONPATH has the program, it is found again, and the project's isn't."""
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "caliban_ls").symlink_to(Path(processes.__file__).parents[1])
    ask = "from caliban_ls.core import processes; print(*processes.own_command('--version'), sep='\\n')"
    environment = surroundings(tmp_path, os.environ["PATH"])
    said = subprocess.run(
        [sys.executable, "-c", f"import os; os.chdir('/')\n{ask}"],
        env={**environment, "PYTHONPATH": f"{copy}:.:"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    command = said.stdout.splitlines()
    assert command[:3] == [sys.executable, "-I", "-c"]
    assert str(copy) in command[4].split(":")
    assert "" not in command[4].split(":")
    ran = subprocess.run(command, cwd=bait, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("caliban ")
    assert not marker.exists()


def test_programs_are_never_found_in_the_working_folder(bait: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bait)
    for path in ("", ".", "./", ":.:", "bin:../bait"):
        assert processes.find_program("docker", {"PATH": path}) is None
        assert buildkit.find_docker({"PATH": path}) is None
    environment = {"PATH": f":/usr/bin:.:{bait}"}
    processes.clean_path(environment)
    assert environment["PATH"] == f"/usr/bin:{bait}"


def test_the_state_of_a_repository_is_read_without_its_programs(bait: Path, marker: Path) -> None:
    environment = {**os.environ, "PATH": f".:{os.environ['PATH']}"}
    git(bait, "init", "-q")
    git(bait, "add", ".")
    git(bait, "commit", "-qm", "first")
    clean = provenance(bait, environment)
    assert (len(str(clean.commit)), clean.dirty) == (40, False)
    evil = bait / "git"
    config = f"""
[core]
    fsmonitor = {evil}
    hooksPath = {bait}/hooks
    sshCommand = {evil}
    untrackedCache = true
[filter "evil"]
    clean = {evil}
    smudge = {evil}
    process = {evil}
    required = true
[diff "evil"]
    textconv = {evil}
    command = {evil}
[include]
    path = {bait}/more.cfg
[remote "origin"]
    promisor = true
    url = ext::{evil}
"""
    with (bait / ".git/config").open("a") as file:
        file.write(config)
    plant(bait, {"hooks/post-index-change": _SHELL.format(marker=marker), "more.cfg": config})
    (bait / "hooks/post-index-change").chmod(0o755)
    plant(bait, {".gitattributes": "* filter=evil diff=evil\n"})
    plant(bait, {".git/info/attributes": "* filter=evil\n"})
    plant(bait, {".git/hooks/post-index-change": _SHELL.format(marker=marker)})
    (bait / ".git/hooks/post-index-change").chmod(0o755)
    (bait / "train.py").touch()
    found = provenance(bait, environment)
    assert (found.commit, found.dirty) == (clean.commit, True)
    assert not marker.exists()


def test_an_embedded_bare_repository_is_none(bait: Path, marker: Path) -> None:
    sub = bait / "sub"
    sub.mkdir()
    git(sub, "init", "-q", "--bare", ".")
    with (sub / "config").open("a") as file:
        file.write(f"[core]\n    bare = false\n    worktree = {sub}\n    fsmonitor = {bait}/git\n")
    assert provenance(sub, os.environ).commit is None
    assert not marker.exists()


def test_a_git_file_leads_to_no_other_repository(bait: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    plant(other, {"a": "a"})
    git(other, "init", "-q")
    git(other, "add", ".")
    git(other, "commit", "-qm", "first")
    (bait / ".git").write_text(f"gitdir: {other}/.git\n")
    assert provenance(bait, os.environ).commit is None
    (bait / ".git").unlink()
    (bait / ".git").symlink_to(other / ".git")
    assert provenance(bait, os.environ).commit is None
    git(other, "worktree", "add", "-q", str(tmp_path / "tree"))
    tree = provenance(tmp_path / "tree", os.environ)
    assert (tree.commit, tree.dirty) == (provenance(other, os.environ).commit, False)
