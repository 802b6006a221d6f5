"""What an engine still holds of a project, asked of Docker's own command line.

Everything has the number of the testing process in its name: several may test on one engine, and one that ends
must take nothing away from another.
"""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

PROJECT_NAME = f"caliban-ls-test project {os.getpid()}"
"""What tests call their projects, so that the images that they make can be told from everybody else's."""

REPOSITORY = f"caliban-ls-test-{os.getpid()}"
"""Where images are that a test makes by hand."""

_OURS = r"(?:caliban/caliban-ls-test-project|(?:localhost:1/)?caliban-ls-test)-(\d+):.*"


def containers_of(project: Path) -> list[str]:
    """Return the ids of a project's containers, running or not."""
    return _docker("ps", "--all", "--quiet", "--filter", f"label=caliban.project={project}").split()


def remove_images() -> None:
    """Remove the images that this process has made, and those of processes that are no more."""
    for name in _docker("images", "--format", "{{.Repository}}:{{.Tag}}").split():
        ours = re.fullmatch(_OURS, name)
        if ours is not None and (int(ours[1]) == os.getpid() or not _lives(int(ours[1]))):
            # By its name, since another process may have made an equal image.
            removed = subprocess.run(
                ["docker", "rmi", "--force", name], capture_output=True, text=True, check=False
            )
            # Another process that begins or ends may have been quicker.
            assert removed.returncode == 0 or "No such image" in removed.stderr, removed.stderr


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # it is somebody else's
    return True


def _docker(*argv: str) -> str:
    return subprocess.run(["docker", *argv], capture_output=True, text=True, check=True).stdout
