"""What an engine still holds of a project, asked of Docker's own command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

PROJECT_NAME = "caliban-ls-test project"
"""What tests call their projects, so that the images that they make can be told from everybody else's."""


def containers_of(project: Path) -> list[str]:
    """Return the ids of a project's containers, running or not."""
    listed = subprocess.run(
        ["docker", "ps", "--all", "--quiet", "--filter", f"label=caliban.project={project}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split()


def remove_images() -> None:
    """Remove the images that tests have made of their projects."""
    listed = subprocess.run(
        ["docker", "images", "--quiet", "caliban/caliban-ls-test-project"],
        capture_output=True,
        text=True,
        check=True,
    )
    for image in sorted(set(listed.stdout.split())):
        removed = subprocess.run(
            ["docker", "rmi", "--force", image], capture_output=True, text=True, check=False
        )
        # One that went with another is no error.
        assert removed.returncode == 0 or "No such image" in removed.stderr, removed.stderr
