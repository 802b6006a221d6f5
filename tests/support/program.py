"""The real program as a user types it: a process, a folder, and a state of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

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
