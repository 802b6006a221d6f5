"""`run --rerun_failed`: choose a group of the history, and those of its jobs that didn't succeed.

Reads the history; asks no engine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import is_lost
from caliban_ls.operations.context.selected_jobs import Work
from caliban_ls.operations.context.state import open_history
from caliban_ls.runtime.history.masking import MASK, masked_args
from caliban_ls.runtime.history.records import JobGroup, JobRecord
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState
from caliban_ls.runtime.local.orphans import lost_state

_WITHOUT_SUCCESS = {JobState.FAILED, JobState.CANCELLED, JobState.UNKNOWN}

_NAMED = 3  # groups that a message lists


@dataclass(frozen=True, slots=True)
class FailedJobs:
    """The jobs of a group that didn't succeed, as `work`, and their number."""

    group: JobGroup
    total: int
    work: Work


def find_failed_jobs(name: str | None, work: Work | None, context: Context) -> FailedJobs:
    """Return the jobs to run again, of the newest group in question, and report which group that is.

    Args:
        name: of the group, or the title of groups; None for any group of the folder.
        work: the jobs of the sweep that is given, which narrows the groups to those that ran it; None without one.
        context: of the command.

    Raises:
        UsageError: there is no such group, or the history doesn't have all that its jobs need.
    """
    sweep = None if work is None else Counter(masked_args(args) for _, args, _ in work())
    with open_history(context) as history:
        groups = _groups(name, history, context)
        group = groups[0] if sweep is None else _newest_that_ran(sweep, groups, history)
        failed = _failed(group, history)
        found = FailedJobs(group, *_work_of(group, failed, work))
        if found.total:
            jobs = "1 job" if found.total == 1 else f"{found.total:,} jobs"
            context.report(f"Running again what didn't succeed in {group.name}: {jobs}", None)
        else:
            context.report(f"Every job of {group.name} succeeded; there is nothing to run again", None)
            _mention_older(groups[groups.index(group) :], sweep, history, context)
    return found


def _groups(name: str | None, history: History, context: Context) -> list[JobGroup]:
    """Return the groups in question, the newest first; at least one.

    Raises:
        UsageError: there is none.
    """
    everywhere = history.groups.newest()
    here = [group for group in everywhere if group.folder == context.folder]
    groups = [group for group in here if name in (None, group.name, group.title)]
    if groups:
        return groups
    if name is None:
        raise UsageError(
            "Nothing has been run in this folder so far", hint="`caliban status` lists all groups."
        )
    elsewhere = next((group for group in everywhere if name in (group.name, group.title)), None)
    if elsewhere is not None:
        raise UsageError(
            f"{elsewhere.name} isn't a group of this folder", hint=f"It ran in {elsewhere.folder}."
        )
    known = ", ".join(group.name for group in (here or everywhere)[:_NAMED])
    where = "of this folder " if here else ""
    raise UsageError(
        f"No group has the name {name}",
        hint=f"The newest groups {where}are {known}." if known else "Nothing has been run so far.",
    )


def _newest_that_ran(sweep: Counter[tuple[str, ...]], groups: list[JobGroup], history: History) -> JobGroup:
    """Return the newest group whose jobs are all of a sweep, or else the newest that has jobs of it.

    Raises:
        UsageError: no group has a job of it.
    """
    similar = None
    for group in groups:
        ran = {job.args for job in history.jobs.of(group.name)}
        if ran and ran <= sweep.keys():
            return group
        if similar is None and ran & sweep.keys():
            similar = group
    if similar is not None:
        return similar
    newest = ", ".join(group.name for group in groups[:_NAMED])
    raise UsageError(
        "No group of this folder ran a job of this sweep",
        hint=f"The newest groups are {newest}. Without --rerun_failed, the whole sweep runs.",
    )


def _failed(group: JobGroup, history: History) -> list[JobRecord]:
    lost = is_lost(group)
    return [
        job
        for job in history.jobs.of(group.name)
        if (lost_state(job.state) if lost else job.state) in _WITHOUT_SUCCESS
    ]


def _work_of(group: JobGroup, failed: list[JobRecord], work: Work | None) -> tuple[int, Work]:
    """Return how many jobs run again, and what makes them.

    Raises:
        UsageError: the history alone knows them, and masks their arguments.
    """
    if work is not None:
        wanted = Counter(job.args for job in failed)
        chosen = []
        for index, args, parameters in work():
            if wanted[masked_args(args)] > 0:
                wanted[masked_args(args)] -= 1
                chosen.append((index, args, parameters))
    elif any(MASK in word for job in failed for word in job.args):
        raise UsageError(
            f"The history masks arguments of {group.name} that look like credentials",
            hint="Add --experiment_config FILE, and the arguments behind --.",
        )
    else:
        chosen = [(job.index, job.args, dict(job.parameters)) for job in failed]
    return len(chosen), lambda: chosen


def _mention_older(
    groups: Iterable[JobGroup], sweep: Counter[tuple[str, ...]] | None, history: History, context: Context
) -> None:
    """Name the newest of some groups with a job that failed and hasn't succeeded since in a later one."""
    succeeded: set[tuple[str, ...]] = set()
    for group in groups:
        left = [job for job in _failed(group, history) if job.args not in succeeded]
        if sweep is not None:
            left = [job for job in left if job.args in sweep]
        if left:
            jobs = "1 job" if len(left) == 1 else f"{len(left):,} jobs"
            context.report(
                f"{jobs} of {group.name} didn't succeed: --name {group.name} runs them again", None
            )
            return
        succeeded |= {job.args for job in history.jobs.of(group.name) if job.state is JobState.SUCCEEDED}
