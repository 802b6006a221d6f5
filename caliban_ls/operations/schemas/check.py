"""Arguments of check; its result is `CheckedFile`, one for each file."""

from __future__ import annotations

from dataclasses import dataclass

from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckArguments:
    """What to judge. Without a path, the working folder."""

    paths: tuple[str, ...] = positional(
        "Files and folders; - reads standard input.", metavar="PATH", default=()
    )
    as_kind: DocumentKind | None = option(
        None, "What the named files are: experiment or project.", flag="as", metavar="KIND"
    )
    stdin_filename: str | None = option(None, "The name that standard input is judged under.", metavar="NAME")
