"""A training script's flags, read from its text alone; nothing is ever imported or run.

Files come from a function that is passed in: this package touches no disk. What can't be known is said to be
unknown, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from caliban_ls.script.model import Arity, Flag, Library, Scalar, Script, ValueKind, resolve

__all__ = ["Arity", "Flag", "Library", "Read", "Scalar", "Script", "ValueKind", "read_script", "resolve"]

Read = Callable[[str], str | None]
"""From a path relative to the project, with slashes, to the file's text; None when there is none."""


def read_script(path: str, read: Read) -> Script | None:
    """Read a script's command line.

    Args:
        path: the script, relative to the project, with slashes.
        read: gives the texts of the project's files.

    Returns:
        None when there is no such file, or when it isn't Python.
    """
    text = read(path)
    if text is None:
        return None
    return Script(path=path, library=None, flags=(), complete=False, certain=False, files=frozenset({path}))
