"""`caliban shell` and `caliban attach`, typed into a real terminal and put into real pipes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
from support.docker_queries import PROJECT_NAME, REPOSITORY, containers_of
from support.folders import plant
from support.lsp_client import Client
from support.program import BASE_IMAGE, caliban
from support.pseudo_terminal import PATIENCE, PseudoTerminal

PROMPT = "$ "


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    config = json.dumps({"base_image": BASE_IMAGE, "default_mode": "CPU"})
    return plant(
        tmp_path / PROJECT_NAME, {".calibanconfig.json": config, "requirements.txt": "six==1.16.0\n"}
    )


def surroundings(project: Path) -> dict[str, str]:
    home = project.parent
    return {
        "CALIBAN_HOME": str(home / "state"),
        "HOME": str(home / "home"),
        "SHELL": "/bin/bash",
        "PS1": PROMPT,
    }


def shell(project: Path, *argv: str, uid: int = 0) -> PseudoTerminal:
    return PseudoTerminal(
        "shell", "--home", "full", *argv, folder=project, environment=surroundings(project), uid=uid
    )


def wait_until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


@pytest.mark.parametrize("uid", [0, 12345, 1], ids=["root", "an ordinary user", "a uid of the base image"])
def test_files_belong_to_the_user_and_the_exit_code_is_the_shells(project: Path, uid: int) -> None:
    for folder in (project, project.parent / "home"):
        os.chown(folder, uid, uid)
    with shell(project, uid=uid) as window:
        window.type("echo here $((40+2)); pwd; id -un >/dev/null && echo has a name\r")
        window.wait_for("here 42")
        assert "/usr/app" in window.wait_for("has a name")
        window.type("echo in the project > written; echo at home > $HOME/written; exit 7\r")
        assert window.exit_code() == 7
    for file in (project / "written", project.parent / "home/written"):
        assert (file.stat().st_uid, file.stat().st_gid) == (uid, uid)
    assert "exit 7" in (project.parent / "home/.bash_history").read_text()
    assert containers_of(project) == []


def test_the_window_and_its_keys(project: Path) -> None:
    with shell(project) as window:
        window.type("stty size\r")
        window.wait_for("24 80")
        window.resize(40, 120)
        window.type("stty size; echo mea''sured\r")
        before = window.wait_for("measured")
        while "40 120" not in before:  # the size travels beside the keys
            window.type("stty size; echo mea''sured\r")
            before = window.wait_for("measured")
        window.type("sh -c 'echo rea\"\"dy; cat'\r")
        window.wait_for("ready\r\n")
        window.type("typed\r")
        window.wait_for("typed\r\ntyped\r\n")
        window.type("\x03")
        window.wait_for("/usr/app")  # an interrupt takes what was typed with it
        window.type("echo still he''re; exit\r")
        window.wait_for("still here")
        window.exit_code()


def test_nothing_is_drawn_over_a_shell(project: Path) -> None:
    plant(
        project, {"requirements.txt": f"six==1.16.0  # {uuid.uuid4()}\n"}
    )  # no engine has that image already
    with shell(project) as window:
        window.type("echo arri''ved\r")
        building = window.wait_for("arrived")
        # The cursor is hidden while a bar is drawn.
        assert building.rfind("\x1b[?25h") > building.rfind("\x1b[?25l") >= 0
        window.type("sleep 1; exit\r")
        window.exit_code()
        assert "\x1b[?25l" not in window.seen


@pytest.mark.parametrize("buildkit", ["0", "1"], ids=["classic builder", "BuildKit"])
def test_zsh_and_packages_of_debian(project: Path, buildkit: str) -> None:
    user = {**surroundings(project), "SHELL": "/usr/bin/zsh", "DOCKER_BUILDKIT": buildkit}
    config = {
        "base_image": BASE_IMAGE,
        "default_mode": "CPU",
        "apt_packages": {"cpu": ["tree"], "gpu": ["no"]},
    }
    files = {".calibanconfig.json": json.dumps(config), "requirements.txt": f"# an image for {buildkit}\n"}
    plant(project, files)
    plant(project.parent / "home", {".zshrc": "mine='of my own'\n"})
    with PseudoTerminal("shell", "--home=full", folder=project, environment=user) as window:
        window.type("echo zsh ${ZSH_VERSION%%.*} $mine; tree --version; exit 7\r")
        window.wait_for("zsh 5 of my own")
        window.wait_for("tree v")
        assert window.exit_code() == 7
    # Without a home there are no settings for it, and the image stays the one of all other commands.
    bare = caliban("shell", "--bare", "--", "sh", "-c", "command -v zsh", folder=project, environment=user)
    assert (bare.returncode, bare.stdout) == (127, "")


def test_bare_means_no_home(project: Path) -> None:
    plant(project.parent / "home", {"dotfile": "x"})
    answer = caliban(
        "shell",
        "--bare",
        "--",
        "sh",
        "-c",
        "echo $HOME; ls -a $HOME",
        folder=project,
        environment=surroundings(project),
    )
    assert answer.stdout.splitlines() == ["/home/caliban", ".", ".."]
    listed = ("sh", "-c", "ls -a $HOME | grep dotfile")
    answer = caliban(
        "shell", "--home", "full", "--", *listed, folder=project, environment=surroundings(project)
    )
    assert answer.stdout == "dotfile\n"
    # A script can't be asked, so it mounts none.
    answer = caliban("shell", "--", *listed, folder=project, environment=surroundings(project))
    assert (answer.returncode, answer.stdout) == (1, "")
    assert "--home full or --home read-only mounts it" in answer.stderr
    answer = caliban("shell", "--home", "all", folder=project, environment=surroundings(project))
    assert (answer.returncode, "full, read-only, none" in answer.stderr) == (2, True)


ATTACK = """
for file in .bashrc .ssh/authorized_keys .config/gcloud/key .netrc state/agreements.json new; do
  echo planted >> $HOME/$file && echo wrote $file
done
"""


@pytest.mark.parametrize(
    ("access", "written"),
    [("full", [".bashrc", "new"]), ("read-only", []), ("none", [])],
)
def test_a_project_changes_no_credential_in_the_home_folder(
    project: Path, access: str, written: list[str]
) -> None:
    home = project.parent / "home"
    files = (".bashrc", ".ssh/authorized_keys", ".config/gcloud/key", ".netrc", "state/agreements.json")
    plant(home, dict.fromkeys(files, "own\n"))
    user = {**surroundings(project), "CALIBAN_HOME": str(home / "state")}
    caliban("shell", "--home", access, "--", "sh", "-c", ATTACK, folder=project, environment=user)
    changed = [
        name for name in (*files, "new") if (home / name).exists() and "planted" in (home / name).read_text()
    ]
    assert changed == written


@pytest.mark.parametrize(("typed", "seen"), [("y\r", "it is here"), ("n\r", "it is not")])
def test_the_home_folder_is_asked_about_once(project: Path, typed: str, seen: str) -> None:
    plant(project.parent / "home", {"dotfile": "x"})
    look = ("--", "sh", "-c", "test -e $HOME/dotfile && echo it is here || echo it is not")
    with PseudoTerminal("shell", *look, folder=project, environment=surroundings(project)) as window:
        window.wait_for("read and write your home folder?")
        window.type(typed)
        window.wait_for(seen)
    with PseudoTerminal("shell", *look, folder=project, environment=surroundings(project)) as window:
        window.wait_for(seen)
        assert window.exit_code() == 0
        assert "home folder?" not in window.seen


def test_a_closed_window_leaves_nothing(project: Path) -> None:
    with shell(project) as window:
        window.type("echo u''p\r")
        window.wait_for("up")
        assert len(containers_of(project)) == 1
        window.close()
        window.process.wait(PATIENCE)
    assert containers_of(project) == []


def test_a_killed_shell_is_swept_by_the_next_command(project: Path) -> None:
    with shell(project) as window:
        window.type("echo u''p\r")
        window.wait_for("up")
        window.process.kill()
        window.process.wait()
    assert len(containers_of(project)) == 1
    assert "caliban_shell_" in caliban("containers", folder=project).stdout
    assert len(containers_of(project)) == 1, "to look removes nothing"
    assert "Removed caliban_shell_" in caliban("shell", "--", "true", folder=project).stderr
    assert containers_of(project) == []


def test_one_command_in_a_pipe(project: Path) -> None:
    command = [sys.executable, "-m", "caliban_ls", "shell", "--", "python", "-c"]
    program = "import six, sys; data = sys.stdin.buffer.read(); print(six.__version__, len(data)); print('aside', file=sys.stderr); sys.exit(3)"
    answer = subprocess.run(
        [*command, program],
        cwd=project,
        input=b"x" * 3_000_000,
        capture_output=True,
        timeout=300,
        check=False,
        env={**os.environ, **surroundings(project)},
    )
    assert (answer.returncode, answer.stdout) == (3, b"1.16.0 3000000\n"), answer.stderr
    assert b"aside\n" in answer.stderr


def test_a_command_that_is_none(project: Path) -> None:
    answer = caliban("shell", "--", "surely-no-command", folder=project, environment=surroundings(project))
    assert answer.returncode == 127
    answer = caliban("shell", "--shell", "csh", folder=project)
    assert answer.returncode == 2
    assert "no shell csh" in answer.stderr


def test_another_shell_in_the_same_container(project: Path) -> None:
    with shell(project) as window:
        window.type("echo u''p; touch /tmp/mine\r")
        window.wait_for("up")
        listed = json.loads(caliban("containers", "--json", folder=project).stdout)["containers"]
        (name,) = [one["name"] for one in listed if one["name"].startswith("caliban_shell_")]
        second = PseudoTerminal(
            "attach", name, folder=project, environment=surroundings(project), size=(30, 90)
        )
        with second:
            second.type("ls /tmp; stty size; exit 9\r")
            second.wait_for("mine")
            assert second.exit_code() == 9
        assert "30 90" in second.seen
        assert len(containers_of(project)) == 1
    answer = caliban("attach", "nothing", folder=project)
    assert (answer.returncode, "There is no container nothing" in answer.stderr) == (2, True)


def test_an_editor_is_told_which_terminal_to_open(project: Path) -> None:
    base = f"{REPOSITORY}:{uuid.uuid4()}"  # nothing was ever built on that
    subprocess.run(["docker", "tag", BASE_IMAGE, base], check=True)
    plant(project, {".calibanconfig.json": json.dumps({"base_image": base})})
    with Client("-m", "caliban_ls", "serve", environment=surroundings(project)) as client:
        client.initialize(options={"trusted": True}, folders=(project,))
        given = {"bare": True, "docker_run_args": "--memory 1g", "extras": []}
        terminal = client.answer(client.command("shell", given, workDoneToken="mine"))["result"]["terminal"]
        assert client.progress("mine", "report"), "the image is built before the terminal opens"
        assert client.quit() == 0
    assert terminal["cwd"] == str(project)
    assert containers_of(project) == [], "the server itself runs nothing"
    answer = subprocess.run(
        [
            *terminal["argv"],
            "--",
            "sh",
            "-c",
            "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; true",
        ],
        cwd=terminal["cwd"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **surroundings(project), **terminal["env"]},
    )
    assert str(2**30) in answer.stdout
