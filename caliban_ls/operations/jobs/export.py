"""`export`: write the history as a table, one row for each job, for spreadsheets and notebooks."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from caliban_ls.core.errors import MissingError, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import console_url
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.schemas.jobs import ExportArguments, ExportResult
from caliban_ls.runtime.history.records import LOCAL, JobGroup, JobRecord
from caliban_ls.runtime.history.store import History

FORMATS = ("csv", "json")

_COLUMNS = (
    "group",
    "job_id",
    "index",
    "state",
    "backend",
    "project_id",
    "region",
    "machine_type",
    "accelerator",
    "spot",
    "created",
    "started",
    "ended",
    "seconds",
    "cost",
    "currency",
    "exit_code",
    "error",
    "name",
    "url",
    "image",
    "commit",
    "arguments",
)

_FORMULA = re.compile(r"\s*[=+\-@|%]|[\t\r\n]")
"""The beginning of a text that a spreadsheet takes for a formula."""

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


def export(arguments: ExportArguments, context: Context) -> ExportResult:
    """Return the history as a table, or write it into a file.

    Raises:
        UsageError: there is no such group, or no such format.
        MissingError: the file can't be written.
    """
    if arguments.format not in FORMATS:
        raise UsageError(f"There is no format {arguments.format}", hint=f"There are {', '.join(FORMATS)}.")
    with open_history(context) as history:
        groups = [_named(name, history) for name in arguments.groups] or history.groups.newest()[::-1]
        rows = tuple(_row(job, group) for group in groups for job in history.jobs.of(group.name))
    columns = (*_COLUMNS, *_further(rows, "parameters"), *_further(rows, "metrics"))
    table = ExportResult(columns=columns, rows=rows, count=len(rows))
    if arguments.output is None:
        return table
    path = context.folder / Path(arguments.output).expanduser()
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            file.writelines(written(table, arguments.format))
    except OSError as error:
        raise MissingError(
            f"{path} can't be written: {error.strerror or error}", hint="Name another file with -o."
        ) from error
    return ExportResult(columns=columns, rows=(), count=len(rows), path=str(path))


def written(table: ExportResult, format_: str) -> Iterator[str]:
    """Yield a table as text, piece by piece."""
    if format_ == "json":
        yield "[\n" if table.rows else "[]\n"
        for place, row in enumerate(table.rows, start=1):
            text = json.dumps(row, ensure_ascii=False)
            yield f"  {text}{',' if place < len(table.rows) else ''}\n"
        if table.rows:
            yield "]\n"
        return
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for cells in (table.columns, *([_cell(row.get(name)) for name in table.columns] for row in table.rows)):
        writer.writerow(map(_harmless, cells))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _named(name: str, history: History) -> JobGroup:
    group = history.groups.find(name)
    if group is None:
        raise UsageError(f"There is no group {name}", hint="`caliban status` lists them.")
    return group


def _row(job: JobRecord, group: JobGroup) -> dict[str, Any]:
    details = group.cloud
    cost = None
    if details.per_job_hour is not None and job.seconds is not None:
        cost = round(details.per_job_hour * job.seconds / 3600, 6)
    return {
        "group": group.name,
        "job_id": job.job_id,
        "index": job.index,
        "state": job.state.value,
        "backend": group.backend,
        "project_id": group.project,
        "region": group.region,
        "machine_type": details.machine_type,
        "accelerator": details.accelerator,
        "spot": None if group.backend == LOCAL else details.spot,
        "created": job.created.isoformat(),
        "started": job.started.isoformat() if job.started else None,
        "ended": job.ended.isoformat() if job.ended else None,
        "seconds": job.seconds,
        "cost": cost,
        "currency": details.currency,
        "exit_code": job.exit_code,
        "error": job.error,
        "name": job.name,
        "url": console_url(group, job.name),
        "image": group.image,
        "commit": details.commit,
        "arguments": list(job.args),
        # A parameter may be called as a column is; its prefix keeps them apart.
        **{f"parameters.{name}": value for name, value in job.parameters.items()},
        **{f"metrics.{name}": value for name, value in job.metrics.items()},
    }


def _further(rows: Iterable[Mapping[str, Any]], kind: str) -> Iterator[str]:
    """Yield the columns of a kind that any job has, in the order of their first use."""
    return iter(dict.fromkeys(name for row in rows for name in row if name.startswith(f"{kind}.")))


def _cell(value: Any) -> str:  # noqa: ANN401 - a JSON value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _harmless(text: str) -> str:
    """Return a cell that no spreadsheet runs: a text like a formula gets an apostrophe, unless it is a number."""
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text
