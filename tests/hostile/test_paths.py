"""A project's paths lead nowhere else: each key and directive that names one, by each way out."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.core import project_files
from caliban_ls.core.errors import CalibanError, UsageError
from caliban_ls.core.project_files import LeavesProject
from caliban_ls.operations.check import check
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.init import init
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas import containers
from caliban_ls.operations.schemas.check import CheckArguments
from caliban_ls.operations.schemas.setup import InitArguments
from caliban_ls.runtime.engine import ImagePlan
from caliban_ls.workspace.files import find_configs
from caliban_ls.workspace.projects import ProjectCache

SECRET = "caliban-planted-secret"


def context(folder: Path, *, yes: bool = False) -> Context:
    def engine() -> None:
        raise AssertionError("planning asked for the engine")

    return Context(folder=folder, engine=engine, ask=lambda *_: yes)  # type: ignore[arg-type]  # never opened


def sent(folder: Path) -> bytes:
    """All that a build of the project would send, its Dockerfile included."""
    project = read_project(context(folder))
    arguments = containers.BuildArguments(module="train.py")
    plan = image.plan_for(arguments, project, image.mode_of(arguments, project), context(folder))
    data = b"".join(plan.context(plan.dockerfile))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        assert not any(".." in one.linkname or one.linkname.startswith("/") for one in tar.getmembers())
    return data


def safely(arguments: containers.BuildArguments, home: Path) -> ImagePlan:
    """The plan of a user who lets keys be left out."""
    return image._safe_plan(
        arguments,
        read_project(context(home)),
        mode="cpu",
        context=context(home, yes=True),
        packages=(),
        jupyter=None,
        platform=None,
    )


NAMING: dict[str, Callable[[str], dict[str, str]]] = {
    "-r": lambda path: {"requirements.txt": f"-r {path}\n"},
    "-c": lambda path: {"requirements.txt": f"-c {path}\n"},
    "-e": lambda path: {"requirements.txt": f"-e ./{path}\n"},
    "-f": lambda path: {"requirements.txt": f"-f ./{path}\n"},
    "a wheel": lambda path: {"requirements.txt": f"./{path}\n"},
    "nested -r": lambda path: {"requirements.txt": "-r sub/more.txt\n", "sub/more.txt": f"-r ../{path}\n"},
    "environment.yml": lambda path: {"environment.yml": f"dependencies:\n  - pip:\n    - -r {path}\n"},
    "uv.lock": lambda path: {
        "pyproject.toml": "[project]\nname='a'\nversion='1'\n",
        "uv.lock": f"[[package]]\nname='b'\nsource={{directory='{path}'}}\n",
    },
    "pylock.toml": lambda path: {"pylock.toml": f"[[packages]]\nname='b'\ndirectory={{path='{path}'}}\n"},
    "dirs": lambda path: {".calibanconfig.json": f'{{"dirs": ["{path}"]}}'},
    "docker.dockerfile": lambda path: {".calibanconfig.json": f'{{"docker": {{"dockerfile": "{path}"}}}}'},
}


def link(home: Path, name: str, target: Path | str) -> bool:
    (home / name).parent.mkdir(exist_ok=True)
    (home / name).symlink_to(target)
    return True


ESCAPES: dict[str, tuple[str, Callable[[Path, Path], object]]] = {
    "the file is a link": ("out.txt", lambda home, away: (home / "out.txt").symlink_to(away / "secret.txt")),
    "the folder is a link": ("out", lambda home, away: (home / "out").symlink_to(away)),
    "its folder is a link": ("out/secret.txt", lambda home, away: (home / "out").symlink_to(away)),
    "a folder above is a link": (
        "in/out/sub/secret.txt",
        lambda home, away: link(home, "in/out", away),
    ),
    "a link to a link": (
        "one/secret.txt",
        lambda home, away: (link(home, "two", away), link(home, "one", "two")),
    ),
    "a relative link": ("out/secret.txt", lambda home, away: (home / "out").symlink_to(f"../{away.name}")),
    "a way up through a link": (
        "in/away/secret.txt",
        lambda home, _: link(home, "in/away", "../../away"),
    ),
    "..": ("../away/secret.txt", lambda *_: None),
}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    home, away = tmp_path / "home", tmp_path / "away"
    plant(home, {"train.py": "print()"})
    plant(away, {"secret.txt": SECRET, "sub/secret.txt": SECRET, "setup.py": SECRET})
    return home, away


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("naming", NAMING)
def test_what_leads_out_is_refused_by_its_name(folders: tuple[Path, Path], naming: str, escape: str) -> None:
    home, away = folders
    path, make = ESCAPES[escape]
    make(home, away)
    plant(home, NAMING[naming](path))
    with pytest.raises(
        UsageError, match=r"leads out of the project|lies outside|leaves the project|dockerfile"
    ) as refusal:
        sent(home)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    "name",
    [".python-version", ".calibanignore", ".dockerignore", "requirements.txt", "pyproject.toml", "setup.cfg"],
)
def test_files_that_are_read_by_their_name(folders: tuple[Path, Path], name: str) -> None:
    home, away = folders
    (home / name).symlink_to(away / "secret.txt")
    with pytest.raises(LeavesProject, match=name):
        sent(home)


def test_links_within_the_project_are_followed(folders: tuple[Path, Path]) -> None:
    home, _ = folders
    plant(home, {"real/data.txt": "kept", "real/requirements.txt": "numpy\n"})
    (home / "linked").symlink_to(home / "real")
    (home / "again").symlink_to("../home/linked")
    (home / "requirements.txt").symlink_to("again/requirements.txt")
    assert project_files.read_bytes(home, "again/data.txt") == b"kept"
    assert project_files.resolved(home, "again/data.txt") == "real/data.txt"
    assert b"numpy" in sent(home)


def test_a_project_may_be_reached_by_a_link(folders: tuple[Path, Path], tmp_path: Path) -> None:
    home, _ = folders
    (tmp_path / "door").symlink_to(home)
    (home / "same").symlink_to(tmp_path / "door/train.py")
    assert project_files.read_bytes(tmp_path / "door", "same") == b"print()"


def test_what_is_no_file_is_refused_at_once(folders: tuple[Path, Path]) -> None:
    home, _ = folders
    os.mkfifo(home / "pipe")
    (home / "loop").symlink_to("loop")
    (home / "zero").symlink_to("/dev/zero")
    (home / "own").symlink_to("/proc/self/fd/0")
    for name in ("pipe", "loop", "zero", "own", "nothing", "train.py/x", "a\0b", "x" * 300):
        with pytest.raises((OSError, LeavesProject)):
            project_files.read_bytes(home, name)


def test_a_folder_that_becomes_a_link_meanwhile(folders: tuple[Path, Path]) -> None:
    home, away = folders
    plant(home, {"data/secret.txt": "own"})
    (home / "spare").symlink_to(away)
    ended = threading.Event()

    def swap() -> None:
        while not ended.is_set():
            (home / "data").rename(home / "kept")
            (home / "spare").rename(home / "data")
            (home / "data").rename(home / "spare")
            (home / "kept").rename(home / "data")

    swapping = threading.Thread(target=swap)
    swapping.start()
    try:
        seen = set()
        for _ in range(3000):
            try:
                seen.add(project_files.read_bytes(home, "data/secret.txt"))
            except (OSError, LeavesProject):
                continue
    finally:
        ended.set()
        swapping.join()
    assert seen <= {b"own"}


def test_writing_follows_no_link(folders: tuple[Path, Path]) -> None:
    home, away = folders
    (home / "id_rsa").write_text("key")
    (home / ".calibanignore").symlink_to(away / "aliases")
    for target in ("aliases", "secret.txt"):
        (home / ".calibanignore").unlink()
        (home / ".calibanignore").symlink_to(away / target)
        arguments = containers.BuildArguments(module="train.py")
        with pytest.raises(CalibanError):
            safely(arguments, home)
    plant(home, {"notes.txt": "mine\n"})
    (home / ".calibanignore").unlink()
    (home / ".calibanignore").symlink_to("notes.txt")
    with pytest.raises(UsageError, match="can't be changed"):
        safely(arguments, home)
    assert (home / "notes.txt").read_text() == "mine\n"
    assert not (away / "aliases").exists()
    assert (away / "secret.txt").read_text() == SECRET
    for name in ("experiment.json", ".calibanconfig.json"):
        (home / name).symlink_to(away / "new.json")
    init(InitArguments(), context(home))
    assert not (away / "new.json").exists()
    (home / "sub").symlink_to(away)
    with pytest.raises(OSError, match="link"):
        project_files.write_new(home, "sub/new", "text")
    with pytest.raises(OSError, match="link"):
        project_files.replace(home, "sub/secret.txt", "text")


@pytest.mark.parametrize("folder", ["a\nalias ls=evil\n", "b\r", "c\x1b[31m", "d ", "e\u202e", "f\udcff"])
def test_a_name_stays_in_its_line(folders: tuple[Path, Path], folder: str) -> None:
    home, _ = folders
    plant(home, {f"{folder}/id_rsa": "key"})
    arguments = containers.BuildArguments(module="train.py")
    plan = safely(arguments, home)
    assert plan.secrets == ()
    (line,) = (home / ".calibanignore").read_text(errors="surrogateescape").splitlines()
    assert line.startswith("/")
    assert all(one.isprintable() or "\udc80" <= one <= "\udcff" for one in line)


def test_configs_and_scripts_that_lie_elsewhere_are_not_read(folders: tuple[Path, Path]) -> None:
    home, away = folders
    plant(
        away,
        {
            "experiment.json": f'{{"{SECRET}": 1}}',
            "script.py": "import argparse\n",
            ".calibanconfig.json": "{",
        },
    )
    (home / "experiment.json").symlink_to(away / "experiment.json")
    (home / "script.py").symlink_to(away / "script.py")
    (home / "linked").symlink_to(away)
    assert list(find_configs(home)) == []
    projects = ProjectCache(lambda _: None, {})
    assert projects.text(home / "script.py", home) is None
    assert projects.text(home / "linked/script.py", home) is None
    with pytest.raises(LeavesProject):
        check(CheckArguments(paths=("experiment.json",)), context(home))
    (home / ".calibanconfig.json").symlink_to(away / ".calibanconfig.json")
    with pytest.raises(LeavesProject):
        read_project(context(home))
