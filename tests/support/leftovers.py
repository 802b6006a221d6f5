"""What an engine still holds of a project, asked of Docker's own command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

PROJECT_NAME = "caliban-ls-test project"
"""What tests call their projects, so that the images that they make can be told from everybody else's."""


PALETTE_NAME = "caliban-ls-test palette"
"""What those call theirs that sit in front of VS Code, where images take longer than anything else and are shared."""


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
        ["docker", "images", "--format", "{{.ID}} {{.Repository}}"],
        capture_output=True,
        text=True,
        check=True,
    )
    found = [line.split() for line in listed.stdout.splitlines()]
    ours = {f"caliban/{name.replace(' ', '-')}" for name in (PROJECT_NAME, PALETTE_NAME)}
    for image in sorted({image for image, name in found if name in ours}):
        removed = subprocess.run(
            ["docker", "rmi", "--force", image], capture_output=True, text=True, check=False
        )
        # One that went with another is no error.
        assert removed.returncode == 0 or "No such image" in removed.stderr, removed.stderr
