"""The files of pip's requirements format: which others they name, and what they install from the project.

The format: pip.pypa.io, "Requirements File Format". Nothing is resolved here; the image's build does that.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from caliban_ls.core import project_files
from caliban_ls.core.errors import UsageError
from caliban_ls.core.project_files import printable
from caliban_ls.runtime.images.build_context import project_path


@dataclass(frozen=True, slots=True)
class Requirements:
    """What a requirements file and those that it names come to.

    Attributes:
        files: all of them, the first one included.
        roots: files and folders of the project that are installed themselves.
        hashed: whether any requirement has a hash, so that all must have one.
        addresses: of the indexes, pages and archives that packages come from.
    """

    files: tuple[str, ...]
    roots: tuple[str, ...]
    hashed: bool
    addresses: tuple[str, ...]


def read_requirements(folder: Path, first: str) -> Requirements:
    """Return what a requirements file of a project says.

    Args:
        folder: the project, absolute.
        first: the file, relative to the project.

    Raises:
        UsageError: it names a file that is missing or lies outside of the project, or a variable with a password.
    """
    files: dict[str, None] = {}
    roots: dict[str, None] = {}
    addresses: dict[str, None] = {}
    hashed = False
    pending = [first]
    while pending:
        file = pending.pop()
        files[file] = None
        text = read_text(folder, file)
        _refuse_variables(file, text)
        hashed |= any(" --hash" in line for line in _requirements(text))
        addresses |= dict.fromkeys(_addresses(text))
        for named in _files_named(text):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(file), named))
            path = project_path(folder, beside, f"A file that {printable(file)} names,")
            if path not in files:
                pending.append(path)
        for local in _paths_installed(text):
            path = project_path(folder, local, f"A path that {printable(file)} names,")
            if project_files.status(folder, path) is not None:
                roots[path] = None
    return Requirements(tuple(files), tuple(roots), hashed, tuple(addresses))


def read_text(folder: Path, file: str) -> str:
    """Return the text of a project's file.

    Raises:
        UsageError: it can't be read.
    """
    try:
        return project_files.read_bytes(folder, file).decode("utf-8-sig", "replace")
    except OSError as error:
        raise UsageError(
            f"{printable(file)} can't be read: {error.strerror or error}",
            hint="Requirements files name each other relative to themselves.",
        ) from error


def _refuse_variables(file: str, text: str) -> None:
    """Refuse a file that passes on a setting of the user's indexes: pip puts variables in, passwords included."""
    for line in _requirements(text):
        if variable := re.search(r"\$\{((PIP|UV)_[A-Z0-9_]+|NETRC|GOOGLE_APPLICATION_CREDENTIALS)\}", line):
            raise UsageError(
                f"{printable(file)} uses {variable[0]}, which may hold a password of yours",
                hint="Remove it; pip and uv use their own settings without being asked.",
            )


def _addresses(text: str) -> Iterator[str]:
    """Yield the addresses of indexes, pages and archives; git has a way of its own to passwords."""
    for line in _requirements(text):
        yield from re.findall(r"(?<![+\w])https?://[^\s'\"]+", line)


def _files_named(text: str) -> Iterator[str]:
    """Yield the other requirements files that one names, relative to itself."""
    for line in _requirements(text):
        option = re.match(r"(?:-r|-c|--requirement\b|--constraint\b)\s*=?\s*(.+)", line)
        if option is not None and "://" not in option[1]:
            yield option[1].strip("\"'")


def _paths_installed(text: str) -> Iterator[str]:
    """Yield what a requirements file installs from paths, relative to where pip runs."""
    for line in _requirements(text):
        what = re.match(r"(?:(?:-e|-f|--editable\b|--find-links\b)\s*=?\s*)?([^-\s;\[][^\s;\[]*)", line)
        if what is not None and re.search(r"^\.|/|\.(whl|zip|tar\.\w+)$", what[1]):
            yield what[1]


def _requirements(text: str) -> list[str]:
    """Return the lines that mean something. The format: pip.pypa.io, "Requirements File Format"."""
    lines = re.sub(r"\\\r?\n", "", text).splitlines()
    return [stripped for line in lines if (stripped := re.sub(r"(^|\s+)#.*", "", line).strip())]
