"""Results of cloud, resume and resubmit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliban_ls.cli.output.tables import Table, ends, render
from caliban_ls.core.visible import visible_command
from caliban_ls.operations.cloud.plan_view import described

if TYPE_CHECKING:
    import argparse

    from caliban_ls.operations.schemas.cloud import CloudResult


def show_cloud(result: CloudResult, options: argparse.Namespace) -> str:
    """Return the plan, or a table of the jobs that were sent."""
    if getattr(options, "dry_run", False):
        rows = Table(("index", "arguments"), numbers={"index"})
        for job in ends(result.jobs):
            rows.add_row(*(["…", ""] if job is None else [str(job.index), visible_command(job.args)]))
        return f"{described(result)}\n{render(rows)}Nothing was built or sent.\n"
    lines = [
        "…" if job is None else f"{job.index:>6}  {job.state}  {job.url or visible_command(job.args)}"
        for job in ends(result.jobs)
    ]
    follow = f"{result.group}: {result.count} jobs; `caliban status {result.group}` follows them."
    return "\n".join([*lines, follow, ""])


def show_resubmit(result: CloudResult, options: argparse.Namespace) -> str:
    """Return the plan, or a table of the jobs that were sent; nothing if there was none to send."""
    return show_cloud(result, options) if result.jobs else ""
