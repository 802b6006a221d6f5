"""A change to a file: the result of commands that edit, which editors get as a `WorkspaceEdit`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caliban_ls.analysis.findings import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """A change to a file that an editor may have open. Editors get it as a `WorkspaceEdit`.

    Attributes:
        path: absolute.
        text: the text that the edits refer to, None where there is no file yet.
        edits: each refers to the text before all of them.
    """

    path: Path
    text: str | None
    edits: tuple[Edit, ...]
