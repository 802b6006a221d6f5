"""List the reasons why jobs failed, each once. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_NUMBERS = 5  # of jobs that share a reason, at most


def reasons(jobs: Iterable[tuple[int, str, str | None]], total: int) -> list[str]:
    """Return a line for each reason, in the order of the jobs.

    Args:
        jobs: their indices, states and errors, None for those without.
        total: how many jobs there are; if all failed alike, the line says so.
    """
    found: dict[tuple[str, str], list[int]] = {}
    for index, state, error in jobs:
        if error:
            found.setdefault((state, error), []).append(index)
    return [_line(state, error, indices, total) for (state, error), indices in found.items()]


def _line(state: str, error: str, indices: list[int], total: int) -> str:
    if len(indices) == 1:
        return f"job {indices[0]}: {error}"
    if len(indices) == total and state == "FAILED":
        return f"All {total:,} jobs failed alike: {re.sub('^Exit code [0-9]+: ', '', error)}"
    more = len(indices) - _NUMBERS
    listed = ", ".join(map(str, indices[:_NUMBERS])) + (f" and {more:,} more" if more > 0 else "")
    return f"{len(indices):,} jobs ({listed}): {error}"
