"""What an engine still holds of a project, asked of Docker's own command line."""

from __future__ import annotations

import subprocess
from pathlib import Path


def containers_of(project: Path) -> list[str]:
    """Return the ids of a project's containers, running or not."""
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", f"label=caliban.project={project}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split()
