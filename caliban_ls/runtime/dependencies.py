"""What a project says that it needs installed, and which of its files that takes.

Owns the reading of requirements.txt, as far as it names other files, and the choice between it and setup.py,
which is google/caliban 0.4.2's. Nothing of the project is run: the image's build does that.
"""

from __future__ import annotations

import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from caliban_ls.errors import UsageError
from caliban_ls.runtime.source import children, printable, project_path

PROJECT_FILES = ("pyproject.toml", "requirements.txt", "setup.cfg", "setup.py")
"""Files of the project's own folder that travel with every program: some read their version from them."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """One step of an installation.

    Attributes:
        files: travel before the step, by name, whatever the ignore rules say.
        roots: folders and files of the project that are installed themselves; the ignore rules hold in them.
        command: the shell command that installs, run in the project's folder.
    """

    files: tuple[str, ...]
    roots: tuple[str, ...]
    command: str


def find_dependencies(folder: Path, extras: Sequence[str], mode: str) -> tuple[Dependencies, ...]:
    """Return what has to be installed, in order.

    requirements.txt is enough by itself; setup.py counts where that is missing, or where extras are asked for.
    The extra that is called like the mode, `cpu` or `gpu`, is always asked for; pip only warns if it isn't there.

    Raises:
        UsageError: a requirements file names another one that is missing or lies outside of the project.
    """
    found = []
    requirements = (folder / _REQUIREMENTS).is_file()
    if (folder / "setup.py").is_file() and (extras or not requirements):
        found.append(_from_setup(folder, tuple(dict.fromkeys((mode, *extras)))))
    if requirements:
        found.append(_from_requirements(folder))
    return tuple(found)


_REQUIREMENTS = "requirements.txt"

_PIP = "python -m pip install --no-cache-dir --disable-pip-version-check"

_SETUP_FILES = re.compile(
    r"setup\.(py|cfg)|pyproject\.toml|MANIFEST\.in|(README|LICENSE|VERSION|CHANGELOG)(\..*)?|.*requirements.*\.txt",
    re.IGNORECASE,
)
"""What a setup.py reads. The packages aren't among it, so that a change of the code reinstalls nothing."""


def _from_setup(folder: Path, extras: Sequence[str]) -> Dependencies:
    names = [child.name for child in children(folder, "") if child.is_file()]
    files = sorted(name for name in names if _SETUP_FILES.fullmatch(name))
    target = shlex.quote(f".[{','.join(extras)}]")
    # What building the package leaves behind would be found by the program's imports.
    return Dependencies(tuple(files), (), f"{_PIP} {target} && rm -rf build *.egg-info")


def _from_requirements(folder: Path) -> Dependencies:
    files: dict[str, None] = {}
    roots: dict[str, None] = {}
    pending = [_REQUIREMENTS]
    while pending:
        file = pending.pop()
        files[file] = None
        text = _text(folder, file)
        for named in _files_named(text):
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(file), named))
            path = project_path(folder, beside, f"A file that {printable(file)} names,")
            if path not in files:
                pending.append(path)
        for local in _paths_installed(text):
            if os.path.exists(folder / local):  # noqa: PTH110 - Path.exists raises where a name is too long
                roots[project_path(folder, local, f"A path that {printable(file)} names,")] = None
    return Dependencies(tuple(files), tuple(roots), f"{_PIP} -r {_REQUIREMENTS}")


def _text(folder: Path, file: str) -> str:
    try:
        return (folder / file).read_text("utf-8-sig", "replace")
    except OSError as error:
        raise UsageError(
            f"{printable(file)} can't be read: {error.strerror or error}",
            hint="Requirements files name each other relative to themselves.",
        ) from error


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
