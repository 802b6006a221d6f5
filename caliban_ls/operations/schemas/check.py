"""Arguments of check; its result is `CheckedFile`, one for each file."""

from __future__ import annotations

from dataclasses import dataclass

from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckArguments:
    """The files to check. Without a path, the working folder."""

    paths: tuple[str, ...] = positional(
        "Files and folders; - reads standard input.", metavar="PATH", default=()
    )
    as_kind: DocumentKind | None = option(
        None, "The kind of the named files: experiment or project.", flag="as", metavar="KIND"
    )
    stdin_filename: str | None = option(None, "Check standard input as a file of this name.", metavar="NAME")
