"""Tables for people, drawn by rich, which is imported when the first table is drawn."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from caliban_ls.operations.jobs.failure_reasons import reasons

if TYPE_CHECKING:
    from rich.table import Table

    from caliban_ls.operations.schemas.containers import RunJob
    from caliban_ls.operations.schemas.jobs import StatusJob

Job = TypeVar("Job")

_SHOWN_JOBS = 50  # a table of more shows its first and last rows


def table(*columns: str, numbers: set[str]) -> Table:
    """Return an empty table. Columns whose names are in `numbers` are aligned on the right."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=column != "arguments"
        )
    return table


def render(table: Table) -> str:
    """Return a table as text: as wide as the terminal, or as wide as it needs when it goes to a file."""
    import io

    from rich.console import Console

    wide = None if sys.stdout.isatty() else 10_000
    console = Console(file=io.StringIO(), width=wide, force_terminal=sys.stdout.isatty())
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def ends(jobs: Sequence[Job]) -> Iterator[Job | None]:
    """Yield the first and last jobs of many, None standing for those between."""
    if len(jobs) <= _SHOWN_JOBS:
        yield from jobs
        return
    yield from jobs[: _SHOWN_JOBS // 2]
    yield None
    yield from jobs[-_SHOWN_JOBS // 2 :]


def job_cells(job: RunJob | StatusJob, metrics: Sequence[str], *, planned: bool) -> list[str]:
    """Return a job's row: index, arguments, state, seconds unless it is only planned, and metrics."""
    cells = [str(job.index), shlex.join(job.args), job.state]
    if not planned:
        cells.append("" if job.seconds is None else f"{job.seconds:.1f}")
    return [*cells, *(cell(job.metrics.get(name)) for name in metrics)]


def cell(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as people read it: a float with four significant places, a list with spaces."""
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 1e-3 or value == 0 else f"{value:.3g}"  # noqa: PLR2004
    if isinstance(value, (tuple, list)):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def reason_lines(jobs: Sequence[RunJob | StatusJob], total: int) -> str:
    """Return a line for each reason for which jobs failed, with the indices of those jobs."""
    return "".join(
        f"  {line}\n" for line in reasons(((job.index, job.state, job.error) for job in jobs), total)
    )
