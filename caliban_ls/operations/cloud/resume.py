"""`resume`: show, confirm and send the jobs that are left of a submission that was cut short.

It costs money like any submission, so it needs a confirmation, and the limits hold for the jobs that are left. Jobs that
Google has or has refused for good aren't sent again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.cloud import budget, plan_view, submit
from caliban_ls.operations.cloud.recorded_jobs import recorded_jobs, recorded_plan
from caliban_ls.operations.context.clients import find_identity_for, open_google
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.job_lookup import CLOUD
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.schemas.cloud import CloudArguments, CloudResult, ResumeArguments
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.history.records import JobGroup, JobRecord
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import UNSENT_STATES, JobState

_NAMED = 5  # launches of other folders, at most


def resume(arguments: ResumeArguments, context: Context) -> CloudResult:
    """Finish a submission that ended before all of its jobs were sent, if the user confirms.

    Raises:
        UsageError: there is no such launch, or none of this folder.
        InUse: another process is sending its jobs.
        NotConfirmed: the user didn't confirm.
        OverLimit: the jobs that are left are over a limit.
    """
    with open_history(context) as history:
        group = _meant(arguments.group, history, context)
        jobs = history.jobs.of(group.name)
        left = [job for job in jobs if job.state in UNSENT_STATES]
        rest = recorded_plan(group, recorded_jobs(left, group, history))
        rest = replace(rest, notes=tuple(_notes(group, jobs, left)))
        if not left:
            context.report(f"All jobs of {group.name} were sent or are over; nothing is left to send", None)
            return plan_view.result_of(rest, requests=True)
        Journal(history).refuse_if_taken(group.name)
        there = replace(context, folder=group.folder) if group.folder.is_dir() else context
        project = read_project(there) if group.folder.is_dir() else Project()
        limits = CloudArguments(max_jobs=arguments.max_jobs, max_cost_per_hour=arguments.max_cost_per_hour)
        if arguments.dry_run:
            over = budget.over_limits(rest, limits, project, there)
            return plan_view.result_of(rest, requests=True, over_limits=over)
        within = budget.check_limits(rest, limits, project, there)
        identity = find_identity_for(group, None, context)
        if within and not (arguments.yes or context.confirmed):
            submit.confirm(rest, there, "Send")
        with open_google(identity, context) as google:
            submit.send(group, history, google, context, resumed=True)
        whole = recorded_plan(group, recorded_jobs(jobs, group, history))
        return plan_view.result_of(whole, submit.submitted_jobs(group, history))


def _meant(reference: str | None, history: History, context: Context) -> JobGroup:
    """Return the named launch, or else the newest one of this folder with jobs left to send.

    Raises:
        UsageError: there is none.
    """
    if reference is not None:
        group = history.groups.find(reference)
        if group is None:
            raise UsageError(f"There is no group {reference}", hint="`caliban status` lists them.")
        if group.backend not in CLOUD:
            raise UsageError(
                f"The jobs of {group.name} ran on this machine",
                hint=f"In {group.folder}, `caliban run --rerun_failed --name {group.name}` runs those that failed.",
            )
        return group
    cut_short = [
        group
        for group in sorted(
            (group for backend in CLOUD for group in history.groups.unfinished(backend)),
            key=lambda group: group.created,
            reverse=True,
        )
        if any(job.state in UNSENT_STATES for job in history.jobs.of(group.name))
    ]
    for folder in _folders_of(context):
        for group in cut_short:
            if group.folder == folder:
                return group
    if cut_short:
        others = "\n".join(f"    {group.name} in {group.folder}" for group in cut_short[:_NAMED])
        raise UsageError(
            f"Nothing that was submitted from {context.folder} is left to send; elsewhere there is\n{others}",
            hint=f"Name the one that is meant: `caliban resume {cut_short[0].name}`.",
        )
    newest = next((group for group in history.groups.newest() if group.backend in CLOUD), None)
    if newest is None:
        raise UsageError("Nothing was submitted on this machine so far", hint="`caliban cloud` submits.")
    return newest


def _folders_of(context: Context) -> Iterator[Path]:
    """Yield the folders whose launches need no name: this one, and those up to its project's."""
    around = (context.folder, *context.folder.parents)
    root = next((place for place, folder in enumerate(around) if (folder / PROJECT_FILE).is_file()), 0)
    yield from around[: root + 1]


def _notes(group: JobGroup, jobs: list[JobRecord], left: list[JobRecord]) -> Iterator[str]:
    """Yield the notes on a launch that was cut short."""
    of = "1 job" if len(jobs) == 1 else f"{len(jobs):,} jobs"
    yield f"This is what is left of the {of} of {group.name}, confirmed on {group.created:%Y-%m-%d at %H:%M} UTC"
    doubtful = sum(job.state is not JobState.PLANNED for job in left)
    if doubtful:
        yield f"Google may have {doubtful:,} of them already: they are looked for first, and none is sent twice"
    refused = [job for job in jobs if job.state is JobState.FAILED and job.name is None]
    if refused:
        numbers = f"job {refused[0].index}" if len(refused) == 1 else f"{len(refused):,} jobs"
        yield f"Google refused {numbers} for good, and isn't asked again: {refused[0].error}"
