"""Ask for the user's agreement to the risky keys of a project's config, and remember it in the state folder.

A config comes with a cloned repository, so its author may be a stranger. Keys that open the machine, run a foreign
build or use the user's credentials take effect only after the user agreed, once for a folder and exactly these values;
the text of a Dockerfile and the target of a link are among them. No project can write to the state folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from caliban_ls.analysis.config.project import Project
from caliban_ls.core import project_files
from caliban_ls.core.errors import MissingError, NotAgreed
from caliban_ls.core.project_files import LeavesProject
from caliban_ls.core.state_folder import state_folder
from caliban_ls.operations.context.context import Context

_FILE = "agreements.json"

_GOOGLE_REGISTRIES = re.compile(r"([a-z0-9-]+\.)*(pkg\.dev|gcr\.io)")


def demands(project: Project, folder: Path) -> dict[str, Any]:
    """Return the keys of a folder's config that need agreement, with their values."""
    return dict(_demands(project, folder))


def require(project: Project, context: Context) -> None:
    """Return if the user has agreed, or agrees now, to all keys of a config that need it.

    Raises:
        NotAgreed: the user said no, or can't be asked.
    """
    require_all(demands(project, context.folder), context)


def require_all(wanted: dict[str, Any], context: Context) -> None:
    """Return if the user has agreed, or agrees now, to these keys and values.

    Raises:
        NotAgreed: the user said no, or can't be asked.
    """
    if is_agreed(wanted, context):
        return
    listed = "\n".join(f"    {line}" for line in described(wanted))
    question = f"The project in {context.folder} wants what needs your agreement:\n{listed}"
    if not context.ask(question, "Agree"):
        raise NotAgreed(question, hint="Read it; if it is what you want, run `caliban trust` in this folder.")
    agree(wanted, context)


def described(wanted: dict[str, Any]) -> Iterator[str]:
    """Yield one line for each key."""
    return (f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in wanted.items())


def is_agreed(wanted: dict[str, Any], context: Context) -> bool:
    """Return whether the user has agreed to exactly these values for this folder, at once or one after another."""
    if not wanted:
        return True
    agreed = _agreed(_read(_path(context)), context)
    return all(agreed.get(key) == _digest(value) for key, value in wanted.items())


def agree(wanted: dict[str, Any], context: Context) -> None:
    """Remember that the user agrees.

    Raises:
        MissingError: the file of agreements can't be written.
    """
    path = _path(context)
    known = _read(path)
    here = {**_agreed(known, context), **{key: _digest(value) for key, value in wanted.items()}}
    agreements = {**known, _key(context): here}
    fresh = path.with_name(f"{_FILE}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh.write_text(json.dumps(agreements, indent=2), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise MissingError(
            f"The agreement can't be kept in {path}: {error.strerror or error}",
            hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
        ) from error


def _demands(project: Project, folder: Path) -> Iterator[tuple[str, Any]]:
    if project.docker.run_args:
        yield "docker.run_args", list(project.docker.run_args)
    if project.docker.dockerfile is not None:
        yield "docker.dockerfile", _with_digest(project.docker.dockerfile, folder)
    if project.docker.build_args:
        yield "docker.build_args", dict(project.docker.build_args)
    if project.build_time_credentials:
        yield "build_time_credentials", True
    if project.cloud_key is not None:
        yield "gcloud.cloud_key", _with_target(project.cloud_key, folder)
    repository = project.cloud.repository
    if repository is not None and not _GOOGLE_REGISTRIES.fullmatch(repository.partition("/")[0]):
        yield "cloud.repository", repository


def _with_digest(name: str, folder: Path) -> str:
    """Return a file's name and the digest of its content, which may change after the user agreed."""
    try:
        data = project_files.read_bytes(folder, name)
    except (LeavesProject, OSError):
        return f"{name} (which can't be read)"
    return f"{name} (SHA-256 {hashlib.sha256(data).hexdigest()})"


def _with_target(name: str, folder: Path) -> str:
    """Return a path, and its real target if a link of the project makes that another place."""
    # A link outside of the project may lead to its folder; that is the user's own.
    plain = Path(os.path.realpath(folder), Path(name).expanduser())
    real = os.path.realpath(plain)
    return name if real == os.path.normpath(plain) else f"{name} -> {real}"


def _path(context: Context) -> Path:
    return state_folder(context.environment, Path.home(), sys.platform) / _FILE


def _key(context: Context) -> str:
    return os.path.realpath(context.folder)


def _digest(value: Any) -> str:  # noqa: ANN401 - a JSON value
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _agreed(agreements: dict[str, Any], context: Context) -> dict[str, str]:
    """Return the digests that the user agreed to for a folder, by key."""
    here = agreements.get(_key(context))
    return here if isinstance(here, dict) else {}


def _read(path: Path) -> dict[str, Any]:
    """Return the agreements by folder; an unreadable file has none."""
    with suppress(OSError, ValueError):
        read = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(read, dict):
            return read
    return {}
