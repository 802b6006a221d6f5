"""A change to a file: the result of commands that edit, which editors get as a `WorkspaceEdit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caliban_ls.analysis.findings import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """A change to a file, for whoever may have it open. Editors get it as a `WorkspaceEdit`.

    Attributes:
        path: absolute.
        text: what the edits refer to, None where there is no file yet.
        edits: none seeing another.
    """

    path: Path
    text: str | None
    edits: tuple[Edit, ...]
