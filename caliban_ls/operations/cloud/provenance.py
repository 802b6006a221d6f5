"""Find out the user, host and commit of a launch, for the history.

A project's `.git` may name programs: filters, hooks, a file system monitor, helpers of remotes. So git never sees the
project's own config. The commit is read from plain files. To find changes since the commit, git runs in a temporary
folder with the commit, a copy of the index, a few plain settings and the project's objects.
"""

from __future__ import annotations

import getpass
import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from caliban_ls.core import processes, project_files
from caliban_ls.core.project_files import LeavesProject

_GIT_SECONDS = 5
_MOST = 2**20  # bytes of a file of git that is read here
_LARGEST_INDEX = 256 * 2**20  # bytes


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of a launch; None for unknown values.

    Attributes:
        user: the login name.
        host: the name of the machine.
        commit: of the project.
        dirty: whether the working tree differs from the commit.
    """

    user: str | None
    host: str
    commit: str | None
    dirty: bool | None


def provenance(folder: Path, environment: Mapping[str, str]) -> Provenance:
    """Return user, host, the project's commit, and whether its working tree differs from that."""
    return Provenance(_user(), platform.node(), *_git(folder, environment))


def _user() -> str | None:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return None


@dataclass(frozen=True, slots=True)
class _Repository:
    """The folders of a repository; `own` and `common` differ if it has several working trees."""

    top: Path
    own: Path
    common: Path


def _git(folder: Path, environment: Mapping[str, str]) -> tuple[str | None, bool | None]:
    """Return the project's commit, and whether its working tree differs; None where git doesn't know."""
    try:
        repository = _repository(Path(os.path.realpath(folder)))
        commit = None if repository is None else _commit(repository)
    except (LeavesProject, OSError):
        return None, None
    if repository is None or commit is None:
        return None, None
    dirty = None
    with suppress(LeavesProject, OSError, subprocess.SubprocessError):
        dirty = _is_dirty(repository, commit, environment)
    return commit, dirty


def _repository(folder: Path) -> _Repository | None:
    """Return the repository around a folder, if it belongs to the user; others could plant one above."""
    for top in (folder, *folder.parents):
        found = project_files.status(top, ".git", follow=False)
        if found is None:
            continue
        if found.st_uid != os.geteuid():
            return None
        if project_files.is_folder(top, ".git"):
            return _Repository(top, top / ".git", top / ".git")
        return _linked(top)
    return None


def _linked(top: Path) -> _Repository | None:
    """Return the repository that a `.git` file names, if it refers back to that file; no project may name another."""
    said = _text(top, ".git").removeprefix("gitdir:").strip()
    own = Path(os.path.realpath(top / said))
    if own.parent.name == "worktrees" and own.parent.parent.name == ".git":
        if os.path.realpath(_text(own, "gitdir").strip()) != str(top / ".git"):
            return None
        return _Repository(top, own, own.parent.parent)
    modules = next((one for one in top.parents if own.is_relative_to(one / ".git" / "modules")), None)
    return None if modules is None else _Repository(top, own, own)


def _commit(repository: _Repository) -> str | None:
    head = _text(repository.own, "HEAD").strip()
    if not head.startswith("ref: "):
        return head if _ID.fullmatch(head) else None
    name = head.removeprefix("ref: ")
    if not re.fullmatch(r"refs/[\w./+@-]+", name) or ".." in name:
        return None
    with suppress(OSError):
        found = _text(repository.common, name).strip()
        return found if _ID.fullmatch(found) else None
    packed = re.search(
        rf"^([0-9a-f]+) {re.escape(name)}$", _text(repository.common, "packed-refs", 64 * _MOST), re.MULTILINE
    )
    return packed[1] if packed is not None and _ID.fullmatch(packed[1]) else None


_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")

_PLAIN = re.compile(
    r"(core\.(filemode|autocrlf|eol|ignorecase|precomposeunicode|symlinks)|extensions\.objectformat)=(\w+)"
)
"""Settings that change how files are compared, and can't name a program."""


def _is_dirty(repository: _Repository, commit: str, environment: Mapping[str, str]) -> bool | None:
    """Return whether the working tree differs from the commit: changed, added or untracked files.

    Filters don't run, so a file behind one that was touched since its checkout counts as changed. Changes within
    submodules don't count, since git would have to follow their config.
    """
    git = processes.find_program("git", environment)
    if git is None:
        return None
    with tempfile.TemporaryDirectory(prefix="caliban-git-") as private:
        ours = Path(private)
        for name in ("objects", "refs", "info"):
            (ours / name).mkdir()
        (ours / "HEAD").write_text(f"{commit}\n")
        with suppress(FileNotFoundError):
            (ours / "info/exclude").write_bytes(
                project_files.read_bytes(repository.common, "info/exclude", _MOST)
            )
        with suppress(FileNotFoundError), project_files.open_file(repository.own, "index") as index:
            (ours / "index").write_bytes(project_files.read_some(index, _LARGEST_INDEX))
            written = os.fstat(index.fileno())  # git looks again at files that are as new as the index
            os.utime(ours / "index", ns=(written.st_atime_ns, written.st_mtime_ns))
        clean = {name: value for name, value in environment.items() if not name.startswith("GIT_")}
        clean |= {
            "GIT_DIR": private,
            "GIT_WORK_TREE": str(repository.top),
            "GIT_OBJECT_DIRECTORY": str(
                repository.common / project_files.resolved(repository.common, "objects")
            ),
            "GIT_CONFIG_GLOBAL": os.devnull,  # the user's own filters would run on the project's files
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_ATTR_NOSYSTEM": "1",
            "GIT_NO_LAZY_FETCH": "1",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_TERMINAL_PROMPT": "0",
            "LC_ALL": "C",
        }
        settings = _settings(git, repository, ours, clean)
        (ours / "config").write_text(settings)
        done = processes.run(
            [git, *_OFF, "status", "--porcelain", "--ignore-submodules=all", "--untracked-files=normal"],
            clean,
            _GIT_SECONDS,
            str(ours),
        )
    return bool(done.stdout.strip()) if done.returncode == 0 else None


_OFF = (
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}", "-c", "protocol.allow=never"),
    *("-c", "safe.bareRepository=explicit", "-c", "safe.directory=*", "-c", "submodule.recurse=false"),
)
"""The temporary folder sets none of these; they hold even if git finds another config."""


def _settings(git: str, repository: _Repository, ours: Path, environment: Mapping[str, str]) -> str:
    """Return the config of the temporary folder: the plain settings of the repository's own, and no include."""
    copy = ours / "theirs"
    copy.write_bytes(project_files.read_bytes(repository.common, "config", _MOST))
    listed = processes.run(
        [git, "config", "--file", str(copy), "--no-includes", "--list"], environment, _GIT_SECONDS, str(ours)
    )
    kept = [_PLAIN.fullmatch(line) for line in listed.stdout.splitlines()]
    values = {found[1]: found[3] for found in kept if found is not None}
    version = 1 if "extensions.objectformat" in values else 0
    lines = [f"[core]\n\trepositoryformatversion = {version}\n\tbare = false\n"]
    for name, value in values.items():
        section, key = name.split(".")
        lines.append(f"[{section}]\n\t{key} = {value}\n")
    return "".join(lines)


def _text(root: Path, path: str, most: int = _MOST) -> str:
    return project_files.read_bytes(root, path, most).decode("utf-8", "replace")
