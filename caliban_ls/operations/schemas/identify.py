"""Arguments and result of identify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyArguments:
    """A file, and the kind that it is to be."""

    file: str = positional("A file.", metavar="FILE", document=True)
    experiment_files: tuple[str, ...] | None = option(
        None, "Globs of experiment configs; by default those of the settings.", metavar="GLOB"
    )
    treat_as: Literal["experiment", "json"] | None = option(
        None,
        "The kind that the file is to be, experiment or json; the result has the globs for it.",
        metavar="KIND",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyResult:
    """The kind of a file, None if it is neither experiment nor project config, and the globs that decide it."""

    kind: DocumentKind | None
    experiment_files: tuple[str, ...]
