"""Decide whether a file is an experiment or a project config: by name, the user's globs, or its first comment."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate
from pathlib import PurePath
from typing import Final

from caliban_ls.analysis.rules.rule import DocumentKind

PROJECT_FILE: Final = ".calibanconfig.json"
EXPERIMENT_FILES: Final = (
    "experiment.json",
    "experiment[-_.]*.json",
    "*.experiment.json",
    "*_experiment.json",
)

_MARKER = re.compile(r"\ufeff?\s*(?://|\#|/\*)[ \t]*caliban:[ \t]*experiment\b")


def document_kind(path: str, text: str, patterns: tuple[str, ...] = ()) -> DocumentKind | None:
    """Return whether a file is an experiment or a project config, None when it is neither.

    Args:
        path: absolute or relative, with slashes or backslashes.
        text: the file's content; its first comment may say `caliban: experiment`.
        patterns: the user's own globs for experiment files; one that starts with `!` excludes.
    """
    pure = PurePath(path.replace("\\", "/"))
    if pure.name == PROJECT_FILE:
        return "project"
    if any(_matches(pure, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return None
    by_name = any(fnmatchcase(pure.name, pattern) for pattern in EXPERIMENT_FILES)
    by_setting = any(_matches(pure, pattern) for pattern in patterns if not pattern.startswith("!"))
    by_marker = pure.suffix in {".json", ".jsonc"} and _MARKER.match(text) is not None
    return "experiment" if by_name or by_setting or by_marker else None


def treated(
    path: str, text: str, patterns: tuple[str, ...], *, as_experiment: bool
) -> tuple[str, ...] | None:
    """Return the user's globs, changed so that they make a file an experiment or none; None where no glob can.

    Args:
        path: of the file, relative to its folder or absolute.
        text: its content.
        patterns: the globs as they are.
        as_experiment: whether the file is to be an experiment.
    """
    name = glob_of(path)
    kept = tuple(pattern for pattern in patterns if pattern not in {name, f"!{name}"})
    for found in (kept, (*kept, name if as_experiment else f"!{name}")):
        if (document_kind(path, text, found) == "experiment") is as_experiment:
            return found
    return None


def glob_of(path: str) -> str:
    """Return a glob for one file; it also matches files of other folders whose paths end alike."""
    escaped = re.sub(r"[*?\[]", lambda mark: f"[{mark[0]}]", path.replace("\\", "/"))
    return f"./{escaped}" if escaped.startswith("!") or "/" not in escaped else escaped


def _matches(path: PurePath, pattern: str) -> bool:
    """Match a glob against a path: one without a slash matches the name anywhere, `**` any folders."""
    if "/" not in pattern:
        return fnmatchcase(path.name, pattern)
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^]]+\])", pattern.removeprefix("./"))
    spelling = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    expression = "".join(
        spelling.get(piece) or (_characters(piece) if piece.startswith("[") else re.escape(piece))
        for piece in pieces
    )
    return re.search(rf"(?:^|/){expression.removeprefix('/')}\Z", path.as_posix()) is not None


def _characters(piece: str) -> str:
    """Return the expression of a set of characters, as fnmatch reads it."""
    return translate(piece).removeprefix("(?s:")[: -len(r")\Z")]
