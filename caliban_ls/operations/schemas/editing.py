"""Arguments and results of the commands about documents: check, expand, rules, identify."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from caliban_ls.analysis.findings import Edit
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandArguments:
    """An experiment config, and how much of it to expand."""

    file: str = positional("An experiment config, or stdin.", metavar="FILE", document=True)
    limit: int | None = option(None, "Show the first N jobs only.", metavar="N")
    block: str | None = option(None, "Expand one block only, by its JSON pointer (/0).", metavar="POINTER")
    at: str | None = option(
        None,
        "Only the jobs that this place of the file is part of (1:1 is the first).",
        metavar="LINE:COLUMN",
    )
    text: str | None = option(None, "Only the jobs that have this in their arguments.", metavar="TEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleArguments:
    """Which rule to explain."""

    code: str = positional("A diagnostic's code, such as CAL207.", metavar="CODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesArguments:
    """Nothing to say: all rules are listed."""


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
class ExpandedJob:
    """One job of a sweep: its 1-based index, its argument vector and what that stands for."""

    index: int
    args: tuple[str, ...]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandResult:
    """How many jobs there are, and those that were asked for, lazily: a face reads them once."""

    count: int
    jobs: Iterable[ExpandedJob]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule, explained."""

    code: str
    name: str
    severity: str
    explanation: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule in a list."""

    code: str
    name: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesResult:
    """All rules, by their codes."""

    rules: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyResult:
    """What a file is, None where it isn't ours, and the globs that it is judged by."""

    kind: DocumentKind | None
    experiment_files: tuple[str, ...]


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
