"""Find the script of an experiment, by names and texts that the caller gives. Touches no disk."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from caliban_ls.analysis.script.reader import ReadText

_COMMENT = re.compile(r"(?://|\#|/\*)[ \t]*caliban:[ \t]*script[ \t]*=[ \t]*([^\s*,;]+)")
_GUARD = re.compile(
    r"^if[ \t(]+(?:__name__\s*==\s*[\"']__main__[\"']|[\"']__main__[\"']\s*==\s*__name__)", re.MULTILINE
)


class ScriptComment(NamedTuple):
    """A comment that names a script: the path as written, and its place in the file."""

    path: str
    start: int
    end: int


def script_comment(text: str) -> ScriptComment | None:
    """Return the script that an experiment's comment names: `// caliban: script=trainer/train.py`."""
    if "caliban:" not in text:
        return None
    match = _COMMENT.search(text)
    return ScriptComment(match[1], match.start(1), match.end(1)) if match is not None else None


def named_script(*, script: str | None, module: str | None, text: str) -> str | None:
    """Return the script that the project config names, or else the experiment's comment, as written.

    Args:
        script: the project config's key.
        module: the project config's key, a path or a dotted name.
        text: the experiment.
    """
    if script or module:
        return script or module
    named = script_comment(text)
    return None if named is None else named.path


def candidate_paths(wanted: str, folder: str) -> tuple[str, ...]:
    """Return the paths where a named script may be, relative to the project, with slashes, best first.

    Args:
        wanted: a path, or a module's dotted name.
        folder: the experiment's folder, relative to the project; empty for the project's own.
    """
    wanted = wanted.replace("\\", "/").removeprefix("./")
    if wanted.startswith(("/", "~")) or ".." in wanted.split("/") or ":" in wanted:
        return ()
    if wanted.endswith(".py"):
        return tuple(dict.fromkeys((wanted, _join(folder, wanted))))
    if "/" in wanted or wanted.endswith(".sh"):
        return ()
    whole = wanted.replace(".", "/")
    return (f"{whole}.py", f"{whole}/__main__.py")


def runnable_scripts(paths: Iterable[str], read: ReadText) -> list[str]:
    """Return the files that read a command line and can be run.

    These are the files with a `__main__` guard, or if there are none, those that read the command line whenever they
    are imported.
    """
    texts = {path: read(path) or "" for path in sorted(paths)}
    if not texts:
        return []
    # The interpreter takes longer to load than a check without a script.
    from caliban_ls.analysis.script.libraries.registry import LIBRARIES

    packages = "|".join(library.package for library in LIBRARIES)
    imports = re.compile(rf"^[ \t]*(?:import|from)[ \t]+(?:{packages})\b", re.MULTILINE)
    calls = "|".join(call for library in LIBRARIES for call in library.module_calls)
    runs_at_once = re.compile(rf"^(?:main|cli|{calls})\(", re.MULTILINE)
    for runs in (_GUARD, runs_at_once):
        found = [path for path, text in texts.items() if runs.search(text) and imports.search(text)]
        if found:
            return found
    return []


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
