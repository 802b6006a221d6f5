"""Decide how much of the user's home folder a shell or a notebook sees, and mount it.

A shell's image and folder are the project's: its code can do with the home folder what the mount allows. A startup file
such as `.bashrc` would run on this machine later. So the user is asked once for each project.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.state import state_folder_of
from caliban_ls.operations.schemas.containers import FolderArguments
from caliban_ls.runtime.engine import Mount

HomeAccess = Literal["full", "read-only", "none"]

ACCESSES: tuple[HomeAccess, ...] = ("full", "read-only", "none")

AGREEMENT = "your home folder in shells and notebooks"
"""Under which the user's answer for a project is kept, with one of `ACCESSES`."""

_PROTECTED = (
    ".ssh",
    ".gnupg",
    ".netrc",
    ".git-credentials",
    ".pypirc",
    ".pip",
    ".config/pip",
    ".config/uv",
    ".config/gcloud",
    ".config/gh",
    ".config/systemd",
    ".config/autostart",
    ".docker",
    ".aws",
    ".azure",
    ".kube",
)
"""Credentials, and files that start programs: read-only, also where the rest of the home folder isn't."""


def home_access(arguments: FolderArguments, context: Context) -> HomeAccess:
    """Return what a container may do with the home folder: by flag, by the user's choice before, or by asking.

    Raises:
        UsageError: the flag has another value.
    """
    if arguments.home is not None:
        found = next((access for access in ACCESSES if access == arguments.home), None)
        if found is None:
            raise UsageError(f"--home takes no {arguments.home!r}", hint=f"It takes {', '.join(ACCESSES)}.")
        return found
    if arguments.bare or home_folder(context) is None:
        return "none"
    for access in ACCESSES:
        if trust.is_agreed({AGREEMENT: access}, context):
            return access
    question = (
        f"Let the shells and notebooks of {context.folder} read and write your home folder?\n"
        "  Code of the project could change your files there, and startup files such as .bashrc."
        " Keys and other credentials\n  stay read-only. `--home read-only` gives less, `--home none` nothing."
    )
    chosen: HomeAccess = "full" if context.ask(question, "Mount it") else "none"
    if context.can_ask:
        trust.agree({AGREEMENT: chosen}, context)
    if chosen == "none":
        context.report("Your home folder isn't mounted; --home full or --home read-only mounts it", None)
    return chosen


def home_mounts(access: HomeAccess, context: Context) -> Iterator[Mount]:
    """Yield the mounts of the home folder at its own path: the folder, and on top of it what is read-only."""
    home = home_folder(context)
    if home is None or access == "none":
        return
    yield Mount(source=str(home), target=str(home), read_only=access == "read-only")
    if access == "read-only":
        return
    for path in (*(home / name for name in _PROTECTED), state_folder_of(context)):
        real = path.resolve()  # an engine follows no link of the place that it mounts on
        if real.exists() and real.is_relative_to(home.resolve()):
            target = home / real.relative_to(home.resolve())
            yield Mount(source=str(real), target=str(target), read_only=True)


def home_folder(context: Context) -> Path | None:
    """Return the user's home folder; None where there is none to speak of."""
    home = Path(context.environment.get("HOME") or Path.home())
    return home if home.is_dir() and home != Path("/") else None
