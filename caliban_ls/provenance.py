"""Who launched something, where, and of which state of the project: what the history keeps of that."""

from __future__ import annotations

import getpass
import platform
import subprocess
from contextlib import suppress
from pathlib import Path

_GIT_SECONDS = 5


def provenance(folder: Path) -> dict[str, object]:
    """Return user, host, commit and whether there is more than that commit; None where nobody knows."""
    return {"user": _user(), "host": platform.node(), **_git(folder)}


def _user() -> str | None:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return None


def _git(folder: Path) -> dict[str, object]:
    """Return the project's commit, and whether there is more than that; nothing where git doesn't know."""

    def ask(*words: str) -> str | None:
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                # A project's own configuration could name programs to run.
                ["git", "-c", "core.fsmonitor=", "-C", str(folder), *words],
                capture_output=True,
                text=True,
                timeout=_GIT_SECONDS,
                check=True,
            )
            return done.stdout.strip()
        return None

    commit = ask("rev-parse", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(ask("status", "--porcelain"))}
