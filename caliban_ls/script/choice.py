"""Which script an experiment is for. Looks at names and texts that it is given, at no disk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from caliban_ls.script.reading import Read

_COMMENT = re.compile(r"(?://|\#|/\*)[ \t]*caliban:[ \t]*script[ \t]*=[ \t]*([^\s*,;]+)")
_GUARD = re.compile(r"^if[ \t(]+(?:__name__\s*==\s*[\"']__main__[\"']|[\"']__main__[\"']\s*==\s*__name__)", re.MULTILINE)
_LIBRARY = re.compile(
    r"^[ \t]*(?:import|from)[ \t]+(?:argparse|absl|click|typer|fire|tyro|simple_parsing|transformers)\b", re.MULTILINE
)


class Named(NamedTuple):
    """What a file says about its script: the path as it is written, and where in the file."""

    path: str
    start: int
    end: int


def named_in(text: str) -> Named | None:
    """Return the script that a comment of an experiment names (`// caliban: script=trainer/train.py`)."""
    if "caliban:" not in text:
        return None
    match = _COMMENT.search(text)
    return Named(match[1], match.start(1), match.end(1)) if match is not None else None


def choose(
    *, script: str | None, module: str | None, text: str, folder: str, listing: Iterable[str], read: Read
) -> str | None:
    """Return the path of the script that an experiment is for, relative to the project, with slashes.

    A comment in the experiment is the closest to it and comes first; then the project config's `script` and
    `module`; then the only file beside the experiment that reads a command line and can be run.

    Args:
        script: the project config's key.
        module: the project config's key, a path or a dotted name.
        text: the experiment.
        folder: the experiment's folder, relative to the project; empty for the project's own.
        listing: the names of the files in that folder.
        read: gives the texts of the project's files.

    Returns:
        None when nothing says which one it is.
    """
    named = named_in(text)
    wanted = named.path if named is not None else script or module
    if wanted is not None:
        return _path(wanted, folder if named is not None else "", read)
    found = [_join(folder, name) for name in sorted(listing) if name.endswith(".py")]
    good = [path for path in found if _is_script(read(path) or "")]
    return good[0] if len(good) == 1 else None


def _path(wanted: str, folder: str, read: Read) -> str | None:
    wanted = wanted.replace("\\", "/").removeprefix("./")
    if wanted.startswith(("/", "~")) or ".." in wanted.split("/"):
        return None
    if wanted.endswith(".py"):
        places = [wanted, _join(folder, wanted)] if folder else [wanted]
    elif "/" in wanted or wanted.endswith(".sh"):
        return None
    else:
        whole = wanted.replace(".", "/")
        places = [f"{whole}.py", f"{whole}/__main__.py"]
    return next((place for place in places if read(place) is not None), None)


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_script(text: str) -> bool:
    return _GUARD.search(text) is not None and _LIBRARY.search(text) is not None
