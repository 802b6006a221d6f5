"""Tables for people, drawn by rich, which is imported when the first table is drawn."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from caliban_ls.core.visible import visible_command, visible_line
from caliban_ls.operations.jobs.failure_reasons import reasons

if TYPE_CHECKING:
    from caliban_ls.operations.schemas.containers import RunJob
    from caliban_ls.operations.schemas.jobs import StatusJob

Job = TypeVar("Job")

_SHOWN_JOBS = 50  # a table of more shows its first and last rows

_GAP: Final = 3  # columns of the terminal between two of the table

_LEAST: Final = 20  # columns of the terminal for a wrapped column, unless it is narrower


@dataclass(slots=True)
class Table:
    """Rows of text under names.

    Attributes:
        columns: the names.
        numbers: names of columns that are aligned on the right.
        wrapped: names of columns that may take several lines; the others are shown whole.
        optional: names of columns that a narrow terminal goes without, the first to go first.
    """

    columns: Sequence[str]
    numbers: set[str] = field(default_factory=set)
    wrapped: set[str] = field(default_factory=lambda: {"arguments"})
    optional: Sequence[str] = ()
    rows: list[Sequence[str]] = field(default_factory=list)

    def add_row(self, *cells: str) -> None:
        """Add a row; each cell becomes one visible line."""
        self.rows.append([visible_line(cell) for cell in cells])


def render(table: Table) -> str:
    """Return a table as text: as wide as the terminal, or as wide as it needs when it goes to a file."""
    import io

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    console = Console(file=io.StringIO(), width=None if sys.stdout.isatty() else 10_000, color_system=None)
    drawn = RichTable(box=SIMPLE_HEAD, pad_edge=False)
    shown = _columns_that_fit(table, console.width)
    for place in shown:
        name = table.columns[place]
        drawn.add_column(
            Text(name),
            justify="right" if name in table.numbers else "left",
            no_wrap=name not in table.wrapped,
            overflow="fold",
        )
    for row in table.rows:
        drawn.add_row(*(Text(row[place]) for place in shown))
    with console.capture() as capture:
        console.print(drawn)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _columns_that_fit(table: Table, width: int) -> list[int]:
    """Return the places of the columns to show; only optional ones are left out."""
    from rich.cells import cell_len

    shown = list(range(len(table.columns)))
    widths = [
        max([cell_len(name), *(cell_len(row[place]) for row in table.rows)])
        for place, name in enumerate(table.columns)
    ]
    least = [
        min(needed, _LEAST) if name in table.wrapped else needed
        for name, needed in zip(table.columns, widths, strict=True)
    ]
    for name in table.optional:
        if sum(least[place] + _GAP for place in shown) <= width:
            break
        shown = [place for place in shown if table.columns[place] != name]
    return shown


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
    cells = [str(job.index), visible_command(job.args), job.state]
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
