"""What `doctor` looks at: the machine, the project and the engine, each with its mend.

Every look is bounded and none raises: what can't be seen is a line that says so.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from caliban_ls import jsondoc
from caliban_ls.errors import CalibanError
from caliban_ls.files import our_files, read_text
from caliban_ls.models import DoctorCheck
from caliban_ls.runtime.base import Engine
from caliban_ls.validation import PROJECT_FILE, has_errors, validate

_LITTLE_SPACE = 5 * 2**30  # bytes; an image with a deep-learning framework needs about this much


def examine(
    folder: Path, engine: Callable[[], Engine], environment: Mapping[str, str]
) -> Iterator[DoctorCheck]:
    """Yield one check after the other, the cheapest first."""
    yield _python()
    yield _project(folder)
    yield _sweeps(folder)
    yield _state(environment)
    yield from _engine(engine)


def _python() -> DoctorCheck:
    version = ".".join(map(str, sys.version_info[:3]))
    return DoctorCheck(name="Python", status="ok", message=f"{version} at {sys.executable}")


def _project(folder: Path) -> DoctorCheck:
    path = folder / PROJECT_FILE
    if not path.exists():
        hint = "`caliban init` writes one; without it, defaults hold."
        return DoctorCheck(name="Project", status="ok", message=f"no {PROJECT_FILE} in {folder}", hint=hint)
    try:
        findings = validate(jsondoc.parse(read_text(path, lambda _: None)), "project")
    except CalibanError as error:
        return DoctorCheck(name="Project", status="failure", message=str(error), hint=error.hint)
    if has_errors(findings):
        message = f"{PROJECT_FILE} has errors"
        return DoctorCheck(
            name="Project", status="failure", message=message, hint="`caliban check` shows them."
        )
    return DoctorCheck(name="Project", status="ok", message=f"{PROJECT_FILE} is sound")


def _sweeps(folder: Path) -> DoctorCheck:
    broken: list[str] = []
    seen = 0
    for path, kind in our_files(folder):
        if kind != "experiment":
            continue
        seen += 1
        try:
            if has_errors(validate(jsondoc.parse(read_text(path, lambda _: None)), kind)):
                broken.append(path.name)
        except CalibanError:
            broken.append(path.name)
    if broken:
        message = f"errors in {', '.join(broken[:3])}" + (" and others" if len(broken) > 3 else "")  # noqa: PLR2004
        return DoctorCheck(
            name="Experiments", status="failure", message=message, hint="`caliban check` shows them."
        )
    if not seen:
        hint = "`caliban init` writes a first one."
        return DoctorCheck(name="Experiments", status="ok", message="none in this folder", hint=hint)
    return DoctorCheck(name="Experiments", status="ok", message=f"{seen} without errors")


def _state(environment: Mapping[str, str]) -> DoctorCheck:
    from caliban_ls.runtime.history import state_folder

    folder = state_folder(environment, Path.home(), sys.platform)
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError:
        hint = "Make it writable, or point CALIBAN_HOME at a folder that is."
        return DoctorCheck(name="History", status="warning", message=f"{folder} can't be written", hint=hint)
    return DoctorCheck(name="History", status="ok", message=f"kept in {folder}")


def _engine(engine: Callable[[], Engine]) -> Iterator[DoctorCheck]:
    try:
        info = engine().describe()
    except CalibanError as error:
        yield DoctorCheck(name="Docker engine", status="failure", message=str(error), hint=error.hint)
        return
    message = f"version {info.version} at {info.address}, {info.platform}"
    yield DoctorCheck(name="Docker engine", status="ok", message=message)
    root = Path(info.root)
    if info.root and root.is_dir():
        free = shutil.disk_usage(root).free
        message = f"{free / 2**30:.0f} GiB free in {root}"
        if free > _LITTLE_SPACE:
            yield DoctorCheck(name="Disk", status="ok", message=message)
        else:
            hint = "`docker system prune` frees what no container uses."
            yield DoctorCheck(name="Disk", status="warning", message=message, hint=hint)
