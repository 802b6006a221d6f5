"""What the extension makes for itself: where its server's environment lies, which servers run, the messages that a user sees."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.vscode import set_machine
from support.window import Window, until


def storage(home: Path) -> Path:
    """Return the extension's folder below a user's home."""
    return home / "user/User/globalStorage/caliban-ls.caliban-ls"


def environments(home: Path) -> list[str]:
    """Return the names of the environments that are whole."""
    return sorted(mark.parent.name for mark in storage(home).glob("environments/*/caliban.json"))


def keep(home: Path, kept: Path) -> None:
    """Keep a copy of a user's environments, for others who only need to have some."""
    growing = kept.with_name(f"{kept.name}-{os.getpid()}")
    shutil.copytree(storage(home) / "environments", growing, symlinks=True)
    with suppress(OSError):  # another process may have been quicker
        growing.rename(kept)


def kept_in(factory: pytest.TempPathFactory) -> Path:
    """Return the place of that copy, which all processes of one run share."""
    base = factory.getbasetemp()
    return (base.parent if base.name.startswith("popen-") else base) / "environments"


def log(home: Path) -> str:
    """Return all that the extension has written into its log."""
    return "\n".join(file.read_text() for file in sorted((home / "user/logs").rglob("Caliban.log")))


@dataclass(frozen=True, slots=True)
class Activations:
    """Why VS Code has activated the extension, once for each window that did, and for how many windows it had to see."""

    reasons: list[str]
    looks: int


def activations(home: Path) -> Activations:
    """Return what VS Code has written into its log about the extension's activation."""
    said = "\n".join(file.read_text() for file in sorted((home / "user/logs").rglob("remoteexthost.log")))
    reasons = re.findall(r"_doActivateExtension caliban-ls\.caliban-ls, .*activationEvent: '(.*)'", said)
    return Activations(reasons, said.count("Eager extensions activated"))


def package_sources() -> dict[str, str]:
    """Return the variables that tell pip where this machine gets and keeps packages, for a user with another home."""
    kept = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    sources = {"PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR") or f"{kept}/pip"}
    usual = (Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf")
    found = next((file for file in usual if file.exists()), None)
    if found is not None and "PIP_CONFIG_FILE" not in os.environ:
        sources["PIP_CONFIG_FILE"] = str(found)
    return sources


@dataclass(frozen=True, slots=True)
class Process:
    """A running server."""

    pid: int
    words: tuple[str, ...]
    folder: Path
    variables: frozenset[str]


def servers(home: Path) -> list[Process]:
    """Return the servers that run for a user: processes with the argument `serve` and this home."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it may end while it is looked at
            words = tuple(os.fsdecode(word) for word in (place / "cmdline").read_bytes().split(b"\0")[:-1])
            variables = (place / "environ").read_bytes().split(b"\0")
            if words[-1:] == ("serve",) and f"HOME={home}".encode() in variables:
                names = frozenset(os.fsdecode(one.partition(b"=")[0]) for one in variables)
                found.append(Process(int(place.name), words, (place / "cwd").readlink(), names))
    return found


@dataclass(frozen=True, slots=True)
class Desk:
    """A window, and what surrounds it."""

    window: Window
    home: Path

    def set(self, settings: Mapping[str, object]) -> None:
        """Change settings."""
        set_machine(self.home, settings)

    def program(self, name: str, script: str) -> str:
        """Write a program into the only folder on PATH."""
        file = self.home / "bin" / name
        file.write_text(script)
        file.chmod(0o755)
        return str(file)

    def runs(self) -> list[int]:
        """Return the processes of the servers that run; none while one of them hasn't introduced itself yet."""
        said = log(self.home)
        found = [one.pid for one in servers(self.home)]
        return (
            found if all(re.search(rf"the server runs: .*, process {pid}\b", said) for pid in found) else []
        )

    def finds(self) -> None:
        """Wait until the one server says what is wrong with the open file.

        What one has said that is gone may stay on the screen for a moment.
        """
        until("a finding", lambda: len(self.runs()) == 1 and self.window.squiggles().count() == 1)

    def restarts(self, how: Callable[[], object]) -> None:
        """Do what has the server start anew, and wait for it."""
        before = self.runs()
        how()
        until("another server", lambda: (now := self.runs()) and not set(now) & set(before))
        self.finds()

    def shows(self, text: str) -> None:
        """Wait for a message, and see that there is no other one and no finding."""
        self.window.toast(text).wait_for()
        until("the findings' end", lambda: self.window.squiggles().count() == 0)
        # A bar that showed what was tried takes a moment to go.
        said = until("one message", lambda: shown[0] if len(shown := self.window.messages()) == 1 else "")
        assert text in said
