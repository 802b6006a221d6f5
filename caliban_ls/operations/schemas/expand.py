"""Arguments and result of expand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from caliban_ls.operations.schemas.fields import option, positional


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
