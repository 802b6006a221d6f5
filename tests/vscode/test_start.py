"""If the server can't start, one message says why and what helps, and the problem is fixed without a reload."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.folders import plant
from support.server_environment import Desk, environments, servers, storage
from support.stand_in_extensions import python_extension
from support.vscode import MACHINE, vscode
from support.window import until

REAL = str(Path(sys.executable).resolve())
CALIBAN = MACHINE["caliban.server.path"]

# Programs that answer as a Python would that is old, or that Debian has taken a part out of.
PRETENDING = f"""#!{REAL}
import sys, importlib.util
real = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in LACKING else real(name, *rest)
sys.version_info = VERSION
exec(sys.argv[-1])
"""
OLD = PRETENDING.replace("LACKING", "()").replace("VERSION", "(3, 8, 18)")
BARE = PRETENDING.replace("LACKING", "('ensurepip',)").replace("VERSION", "(3, 11, 2)")
BROKEN = "#!/bin/sh\necho 'error while loading shared libraries: libpython3.12.so.1.0' >&2\nexit 127\n"
CRASHING = "#!/bin/sh\necho 'boom: no memory left' >&2\nexit 3\n"
NOWHERE = "[global]\nindex-url = http://127.0.0.1:9/simple\n"


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A user without Python on PATH, whose pip reaches no index, at a server that was named."""
    home = tmp_path_factory.mktemp("v")
    (home / "bin").mkdir()
    # VS Code takes its variables from a shell that the user logs in with.
    (home / ".bash_profile").write_text(f"export PATH={home}/bin\n")
    (home / "pip.conf").write_text(NOWHERE)
    folder = plant(tmp_path_factory.mktemp("w") / "sweep", {"experiment.json": '{"lr": []}'})
    isolated = {"PIP_CONFIG_FILE": str(home / "pip.conf"), "XDG_CONFIG_DIRS": str(home)}
    sources = ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_NO_INDEX")
    isolated |= dict.fromkeys(sources, "")
    stand_in = python_extension(home, home / "active-interpreter")
    with vscode(folder, home, environment=isolated, also=[stand_in]) as window:
        window.open("experiment.json")
        yield Desk(window, home)
    until("the servers' end", lambda: not servers(home))


@dataclass(frozen=True, slots=True)
class Case:
    """A problem, and its message."""

    said: str
    arrange: Callable[[Desk], Mapping[str, object]] = lambda _: {}


def _on_path(script: str) -> Callable[[Desk], Mapping[str, object]]:
    def arrange(desk: Desk) -> Mapping[str, object]:
        desk.program("python3", script)
        return {}

    return arrange


def _named(script: str) -> Callable[[Desk], Mapping[str, object]]:
    return lambda desk: {"caliban.interpreter": desk.program("named", script)}


def _file_as_storage(desk: Desk) -> Mapping[str, object]:
    (storage(desk.home) / "environments").write_text("")
    return {"caliban.interpreter": REAL}


def _offline(desk: Desk) -> Mapping[str, object]:
    (desk.home / "active-interpreter").write_text(REAL)
    return {}


CASES = {
    "no Python": Case("No Python 3.10 or later was found"),
    "only an old Python": Case("The only Python found is too old", _on_path(OLD)),
    "Python without venv": Case("sudo apt install python3.11-venv", _on_path(BARE)),
    "a broken Python": Case("python3 doesn't work: error while loading shared", _on_path(BROKEN)),
    "an old one named": Case("caliban.interpreter names, is Python 3.8.18", _named(OLD)),
    "a broken one named": Case("isn't a working Python: error while loading", _named(BROKEN)),
    "none of that name": Case(
        "There is no program /nowhere/python", lambda _: {"caliban.interpreter": "/nowhere/python"}
    ),
    "part of a path": Case("isn't an absolute path: python3", lambda _: {"caliban.interpreter": "python3"}),
    "unwritable storage": Case("can't write to its storage", _file_as_storage),
    "offline": Case("pip reaches no package index: Connection refused", _offline),
    "a server that crashes": Case(
        "stopped while it started: boom: no memory left (exit code 3)",
        lambda desk: {"caliban.server.path": desk.program("crashing", CRASHING)},
    ),
    "no server of that name": Case(
        "There is no program /nowhere/caliban", lambda _: {"caliban.server.path": "/nowhere/caliban"}
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_a_problem_is_shown_once_and_fixed_without_a_reload(bare: Desk, case: Case) -> None:
    bare.finds()
    bare.window.dismiss_messages()
    try:
        bare.set({"caliban.server.path": "", **case.arrange(bare)})
        bare.shows(case.said)
        if case.said == "No Python 3.10 or later was found":
            bare.window.shot("start-no-python")
        assert environments(bare.home) == []
    finally:
        for made in (*(bare.home / "bin").iterdir(), bare.home / "active-interpreter"):
            made.unlink(missing_ok=True)
        if (storage(bare.home) / "environments").is_file():
            (storage(bare.home) / "environments").unlink()
        bare.set({"caliban.server.path": CALIBAN, "caliban.interpreter": ""})
    bare.finds()
