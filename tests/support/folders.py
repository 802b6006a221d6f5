"""Folders written down: what a test needs on the disk, path by path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def plant(folder: Path, tree: Mapping[str, str | None]) -> Path:
    """Write a tree and return its folder.

    A text is a file's, None an empty folder's. A text that starts with `-> ` makes a link, and one that
    starts with `#!` a file that can be run.
    """
    for name, text in tree.items():
        path = folder / name
        if text is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        if text.startswith("-> "):
            path.symlink_to(text.removeprefix("-> "))
        else:
            path.write_text(text, encoding="utf-8")
            path.chmod(0o755 if text.startswith("#!") else 0o644)
    return folder
