"""Results of status, logs, stop and export."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from caliban_ls.cli.output.tables import Table, job_cells, reason_lines, render

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.jobs import (
        ExportResult,
        LogsResult,
        StatusGroup,
        StatusJob,
        StatusResult,
        StopResult,
    )


def show_status(result: StatusResult, options: argparse.Namespace) -> str:
    """Return a line for each launch; for a single one its jobs."""
    notes = "".join(f"{note}\n" for note in result.notes)
    if not result.groups:
        return f"Nothing has been run on this machine so far.\n{notes}" if not _narrowed(options) else notes
    if len(result.groups) == 1 and result.groups[0].jobs:
        return f"{_one_launch(result.groups[0], options)}{notes}"
    columns = ("group", "backend", "age", "on", "jobs", "states", "cost")
    optional = ("on", "backend", "age", "jobs")
    rows = Table(columns, numbers={"jobs", "cost"}, wrapped={"states"}, optional=optional)
    for group in result.groups:
        on = _machine_of(group)
        rows.add_row(group.name, group.backend, _age(group.created), on, str(group.count), *_sums(group))
    older = (
        f"{result.more:,} older groups aren't listed; --limit and --text choose which are\n"
        if result.more
        else ""
    )
    return f"{render(rows)}{older}{notes}"


def show_logs(result: LogsResult, _options: argparse.Namespace) -> str:
    """Return the output, unless the watcher has printed it already."""
    return result.text


def show_stop(result: StopResult, _options: argparse.Namespace) -> str:
    """Return a line for each job and container to stop."""
    stopped = "".join(f"stopped {name}\n" for name in result.stopped)
    if not (result.stopped or result.ended or result.failed):
        return "There was nothing to stop.\n"
    stopped += "".join(f"{name} had ended already\n" for name in result.ended)
    return stopped + "".join(f"{one.job} couldn't be stopped: {one.error}\n" for one in result.failed)


def show_export(result: ExportResult, options: argparse.Namespace) -> Iterator[str]:
    """Yield the table, unless it was written to a file."""
    from caliban_ls.operations.jobs.export import written

    if result.path is not None:
        sys.stderr.write(f"{result.count:,} jobs are written to {result.path}\n")
        return iter(())
    return written(result, options.format)


def _one_launch(group: StatusGroup, options: argparse.Namespace) -> str:
    cloud = group.backend != "local"
    metrics = list(dict.fromkeys(name for job in group.jobs for name in job.metrics))
    columns = ("index", "arguments", "state", "seconds", *metrics, *(["url"] if cloud else []))
    optional = ("url", "seconds", *reversed(metrics))
    rows = Table(columns, numbers={"index", "seconds", *metrics}, optional=optional)
    jobs: list[StatusJob | None] = list(group.jobs)
    if options.jobs is not None or options.after:
        last = options.jobs is not None and len(jobs) == options.jobs and len(jobs) < group.count
        jobs = [*([None] if options.after else []), *jobs, *([None] if last else [])]
    elif len(jobs) > 1 and len(jobs) < group.count:
        jobs.insert(len(jobs) // 2, None)
    for job in jobs:
        if job is None:
            rows.add_row("…", *([""] * (len(columns) - 1)))
        else:
            rows.add_row(*job_cells(job, metrics, planned=False), *([job.url or ""] if cloud else []))
    errors = reason_lines(group.jobs, group.count)
    states, cost = _sums(group)
    on = f", {_machine_of(group)}" if group.machine_type else ""
    where = f"{group.backend}, {group.project_id}, {group.region}" if cloud else f"local, {group.folder}"
    spent = f"; {cost} so far" if cost else ""
    return f"{group.name} ({where}{on})\n{render(rows)}{errors}{states}{spent}\n"


def _machine_of(group: StatusGroup) -> str:
    parts = [group.machine_type, group.accelerator, "spot" if group.spot else None]
    return " ".join(part for part in parts if part)


def _sums(group: StatusGroup) -> tuple[str, str]:
    """Return the number of jobs in each state, and their cost so far; no cost for jobs on this machine."""
    states = ", ".join(f"{count:,} {state}" for state, count in group.states.items())
    if group.gone:
        states += f" ({group.gone:,} no longer known to Google)"
    if group.cost is None:
        return states, "" if group.backend == "local" else "unknown"
    return states, f"{group.cost.so_far:,.2f} {group.cost.currency}"


def _age(created: str) -> str:
    """Return the time since a moment, in its largest unit."""
    seconds = (datetime.now(timezone.utc) - datetime.fromisoformat(created)).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _narrowed(options: argparse.Namespace) -> bool:
    """Return whether the user chose launches, so that an empty list doesn't mean an empty history."""
    return bool(options.state or options.text or options.backend or options.reference)
