"""Results of build, run, shell, attach, notebook and containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliban_ls.cli.output.tables import ends, job_cells, reason_lines, render, table

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.containers import (
        BuildResult,
        ContainersResult,
        NotebookResult,
        RunResult,
        ShellResult,
    )


def show_build(result: BuildResult, _options: argparse.Namespace) -> str:
    """Return the image's tag, and whether it was built now."""
    done = "up to date" if result.cached else f"built in {result.seconds:.1f} s"
    return f"{result.tag} ({done})\n"


def show_run(result: RunResult, options: argparse.Namespace) -> str:
    """Return a table of a sweep's jobs; nothing for a single job, whose output is on the screen."""
    if not result.jobs:
        return ""
    planned = all(job.state in {"PLANNED", "QUEUED"} for job in result.jobs)
    if len(result.jobs) == 1 and not planned:
        return ""
    metrics = list(dict.fromkeys(name for job in result.jobs for name in job.metrics))
    rows = table(
        "index",
        "arguments",
        "state",
        *([] if planned else ["seconds"]),
        *metrics,
        numbers={"index", "seconds", *metrics},
    )
    for job in ends(result.jobs):
        rows.add_row(*([""] * len(rows.columns) if job is None else job_cells(job, metrics, planned=planned)))
    counts: dict[str, int] = {}
    for job in result.jobs:
        counts[job.state] = counts.get(job.state, 0) + 1
    states = ", ".join(f"{count} {state}" for state, count in counts.items())
    if options.dry_run:
        return f"{render(rows)}{states} in the image {result.image}. Nothing was built or run.\n"
    errors = reason_lines(result.jobs, len(result.jobs))
    return f"{render(rows)}{result.group}: {states}\n{errors}"


def show_shell(_result: ShellResult, _options: argparse.Namespace) -> str:
    """Return nothing: the shell used the terminal itself."""
    return ""


def show_notebook(result: NotebookResult, _options: argparse.Namespace) -> str:
    """Return the URL of a notebook that keeps running, and the command that stops it."""
    return f"{result.url}\n`caliban stop {result.container}` stops it.\n"


def show_containers(result: ContainersResult, _options: argparse.Namespace) -> str:
    """Return a table of the running containers."""
    if not result.containers:
        return "No container of caliban's runs now.\n"
    rows = table("id", "kind", "name", "url", numbers=set())
    for container in result.containers:
        rows.add_row(container.id, container.kind, container.name, container.url or "")
    return render(rows)
