"""Arguments and result of expand."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandArguments:
    """An experiment config, and the part of it to expand."""

    file: str = positional("An experiment config, or stdin.", metavar="FILE", document=True)
    limit: int | None = option(None, "Show the first N jobs only.", metavar="N")
    block: str | None = option(None, "Expand one block only, by its JSON pointer (/0).", metavar="POINTER")
    at: str | None = option(
        None,
        "List only the jobs that this place of the file belongs to (1:1 is the first).",
        metavar="LINE:COLUMN",
    )
    text: str | None = option(
        None, "List only the jobs that have this text in their arguments.", metavar="TEXT"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedJob:
    """One job of a sweep: its 1-based index, its argument vector and the parameters that it is made from."""

    index: int
    args: tuple[str, ...]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandResult:
    """The number of jobs, and the requested jobs, lazily: a face reads them once."""

    count: int
    jobs: Iterable[ExpandedJob]
