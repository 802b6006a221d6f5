"""What a container starts: the forms that MODULE can have, and the folder that each of them needs.

The forms are google/caliban 0.4.2's (`caliban/util/fs.py`): a module, a Python file, a script. Looks at the
disk to tell them apart; imports and runs nothing, and traces no import.
"""

from __future__ import annotations

import difflib
import os
import posixpath
import stat
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from caliban_ls.core import project_files
from caliban_ls.core.errors import UsageError
from caliban_ls.core.project_files import printable
from caliban_ls.runtime.images.build_context import project_path, walk
from caliban_ls.runtime.images.ignore_rules import IgnoreRules


@dataclass(frozen=True, slots=True)
class Program:
    """A program of the project.

    Attributes:
        command: what runs it in the project's folder; a job's arguments follow.
        file: what is run, relative to the project.
        root: the folder that travels with it; "" is the whole project.
    """

    command: tuple[str, ...]
    file: str
    root: str


def find_program(folder: Path, module: str, rules: IgnoreRules) -> Program:
    """Return the program that MODULE names.

    Args:
        folder: the project, absolute.
        module: `pkg.mod`, `pkg/mod` or `pkg` (run with `-m`), `pkg/mod.py` (run with Python), or any other
            file: one that has no suffix, can be run and says how is run as it is, others by bash.
        rules: where the nearest file isn't looked for when MODULE names nothing.

    Raises:
        UsageError: MODULE names nothing, or something outside the project.
    """
    path = project_path(folder, module, "MODULE")
    if "\0" not in path and printable(path) != path:
        raise UsageError(
            f"MODULE {printable(path)} isn't UTF-8, or has characters that don't print",
            hint="Rename the file; no image can start it.",
        )
    if project_files.is_file(folder, path):
        return Program(_command(folder, path), path, _top(path))
    name = path.replace("/", ".")
    stem = name.replace(".", "/")
    files = (f"{stem}.py", f"{stem}/__main__.py") if all(name.split(".")) else ()
    for file in files:
        if project_files.is_file(folder, file):
            return Program(("python", "-m", name), file, _top(file))
    nearest = _nearest(path, stem + ".py", walk(folder, "", rules))
    looked_for = ", ".join(map(printable, dict.fromkeys((path, *files))))
    raise UsageError(
        f"There is no program {printable(module)}: looked for {looked_for}",
        hint=f"Did you mean {printable(nearest)}?"
        if nearest
        else "MODULE is relative to the project's folder.",
    )


_SAYS_HOW = (b"#!", b"\x7fELF")  # how a file begins that the kernel can run

_MANY = 10_000  # files; among more of them the search for the nearest one takes too long


def _command(folder: Path, path: str) -> tuple[str, ...]:
    suffix = posixpath.splitext(path)[1]
    if suffix == ".py":
        return ("python", path)
    if not suffix:
        with suppress(OSError), project_files.open_file(folder, path) as file:
            executable = os.fstat(file.fileno()).st_mode & stat.S_IXUSR
            if executable and file.read(4).startswith(_SAYS_HOW):
                return (f"./{path}",)
    return ("/bin/bash", path)


def _top(path: str) -> str:
    """Return the outermost folder of a path. A file of the project's own folder needs all of that."""
    return path.partition("/")[0] if "/" in path else ""


def _nearest(path: str, module_file: str, files: Iterable[str]) -> str | None:
    """Return the program that was probably meant: one of the same name elsewhere, else one spelled alike."""
    programs = [file for file in islice(files, _MANY) if file.endswith((".py", ".sh"))]
    names = {posixpath.basename(path), posixpath.basename(module_file)}
    same_name = sorted(file for file in programs if posixpath.basename(file) in names)
    return next(iter(same_name or difflib.get_close_matches(module_file, programs, n=1)), None)
