"""Read a file, find the experiments and project configs of a folder, and list paths for completion."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from caliban_ls.analysis.document_kind import document_kind
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core import project_files
from caliban_ls.core.errors import InvalidDocument, UsageError
from caliban_ls.core.project_files import LeavesProject

_LARGEST = 64 * 2**20  # bytes; a device such as /dev/zero never ends
_MARKER_BYTES = 512  # the first comment of a file that `caliban: experiment` marks ends within these
_MOST_LOOKED_AT, _LOOK_SECONDS = 3000, 0.05  # files and folders that one completion lists, and its seconds
_FOREIGN_FOLDERS = frozenset({"node_modules", "__pycache__", "site-packages"})


def read_text(path: Path, buffer: Callable[[Path], str | None], root: Path) -> str:
    """Return a file's text, from the editor that has it open or else from the disk.

    Args:
        path: absolute path of the file.
        buffer: the text of a file that an editor has open.
        root: the project's folder. A file inside it may not be a link to a place outside.

    Raises:
        UsageError: the file is missing, can't be read, or is a link that leads out of the project.
        InvalidDocument: it isn't UTF-8.
    """
    text = buffer(path)
    if text is not None:
        return text
    try:
        with project_files.open_named(root, path) as file:
            data = project_files.read_some(file, _LARGEST)
        return data.decode("utf-8-sig")
    except FileNotFoundError:
        raise UsageError(
            f"There is no file {path}", hint="Check the path; it is relative to this folder."
        ) from None
    except UnicodeDecodeError as error:
        raise InvalidDocument(
            f"{path} isn't UTF-8: byte {error.start} can't be decoded", hint="Save it as UTF-8."
        ) from None
    except OSError as error:
        raise UsageError(
            f"{path} can't be read: {error.strerror or error}", hint="Check its permissions."
        ) from None


def find_configs(folder: Path, patterns: tuple[str, ...] = ()) -> Iterator[tuple[Path, DocumentKind]]:
    """Yield the experiments and project configs below a folder, in a stable order.

    Skips hidden folders, virtual environments, installed packages and links that lead out of the folder; doesn't
    follow links to folders.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not _is_foreign(Path(parent, name)))
        for name in sorted(names):
            if not name.endswith((".json", ".jsonc")):
                continue
            path = Path(parent, name)
            inside = path.relative_to(folder).as_posix()
            if not _is_own_file(folder, inside):
                continue  # a pipe would never end
            # The first comment matters only if the name doesn't decide, so most files aren't opened.
            kind = document_kind(name, "", ()) if not patterns else None
            kind = kind or document_kind(str(path), _beginning(folder, inside), patterns)
            if kind is not None:
                yield path, kind


def project_paths(folder: Path) -> list[str]:
    """Return the files and folders that a project's config could name, those nearest to the top first.

    Paths are relative and have slashes; a folder's ends with one. The list is cut short where it would take longer
    than a person who types can wait. Skips the same folders as `find_configs`; doesn't follow links.
    """
    found: list[str] = []
    seen, end = 0, time.monotonic() + _LOOK_SECONDS
    waiting = deque([""])
    while waiting and seen < _MOST_LOOKED_AT and time.monotonic() < end:
        parent = waiting.popleft()
        try:
            with os.scandir(folder / parent) as entries:
                some = sorted(islice(entries, _MOST_LOOKED_AT), key=lambda entry: entry.name)
        except OSError:
            continue
        seen += len(some) + 1
        for entry in some:
            path = parent + entry.name
            if entry.name.startswith(".") or not path.isprintable():
                continue
            if time.monotonic() >= end:
                break
            if entry.is_file(follow_symlinks=False):
                found.append(path)
            elif entry.is_dir(follow_symlinks=False) and not _is_foreign(folder / path):
                found.append(f"{path}/")
                waiting.append(f"{path}/")
    return found


def _is_foreign(folder: Path) -> bool:
    return folder.name.startswith(".") or folder.name in _FOREIGN_FOLDERS or (folder / "pyvenv.cfg").is_file()


def _is_own_file(folder: Path, path: str) -> bool:
    try:
        return project_files.is_file(folder, path)
    except LeavesProject:
        return False


def _beginning(folder: Path, path: str) -> str:
    """Return a file's first characters, none when it can't be read; reading it whole reports why."""
    try:
        with project_files.open_file(folder, path) as file:
            return file.read(_MARKER_BYTES).decode("utf-8", "ignore")
    except (LeavesProject, OSError):
        return ""
