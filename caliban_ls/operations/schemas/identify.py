"""Arguments and result of identify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyArguments:
    """Which file, and what it is to be."""

    file: str = positional("A file.", metavar="FILE", document=True)
    experiment_files: tuple[str, ...] | None = option(
        None, "Globs of experiment configs; those of the settings when left out.", metavar="GLOB"
    )
    treat_as: Literal["experiment", "json"] | None = option(
        None, "What the file is to be, experiment or json: the answer has the globs for it.", metavar="KIND"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyResult:
    """What a file is, None where it isn't ours, and the globs that it is judged by."""

    kind: DocumentKind | None
    experiment_files: tuple[str, ...]
