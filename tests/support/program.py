"""The real program as a user types it: a process, a folder, and a state of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from caliban_ls.operations.context import trust
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.local import home_folder
from caliban_ls.runtime.engine import Engine

BASE_IMAGE = "caliban-ls-base:bookworm"


def caliban(
    *argv: str,
    folder: Path,
    home: Path | None = None,
    environment: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one command in a folder to its end; `home` is its state folder, beside the folder by default."""
    return subprocess.run(
        [sys.executable, "-m", "caliban_ls", *argv],
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={**os.environ, "CALIBAN_HOME": str(home or folder.parent / "state"), **(environment or {})},
    )


def mount_home(folder: Path, state: Path) -> None:
    """Keep the answer of a user who lets shells and notebooks of a project use the home folder."""

    def engine() -> Engine:
        raise AssertionError("an answer was kept, which needs no engine")

    context = Context(folder=folder, engine=engine, environment={"CALIBAN_HOME": str(state)})
    trust.agree({home_folder.AGREEMENT: "full"}, context)
