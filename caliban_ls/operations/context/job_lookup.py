"""Find groups and jobs by what a user types: a group, a job's id, its service's name for it, or GROUP/INDEX."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from caliban_ls.analysis.backend_names import BACKENDS
from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.history.records import JobGroup, JobRecord
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState
from caliban_ls.runtime.local import owner

CLOUD = BACKENDS
"""The backends whose jobs Google runs."""


def find_group(reference: str, history: History) -> tuple[JobGroup, JobRecord | None]:
    """Return a group, and the one job of it that the reference names; None when it names the whole group.

    Raises:
        UsageError: there is neither a group nor a job of that name.
    """
    group = history.groups.find(reference)
    if group is not None:
        return group, None
    job = history.jobs.find(reference)
    group = None if job is None else history.groups.find(job.group)
    if job is None or group is None:
        known = ", ".join(known.name for known in history.groups.newest(limit=3))
        hint = f"The newest launches are {known}." if known else "Nothing has been run here so far."
        raise UsageError(f"There is no job or group {reference}", hint=hint)
    return group, job


def find_jobs(reference: str, history: History) -> tuple[JobGroup, list[JobRecord]]:
    """Return a group and those of its jobs that the reference names.

    Raises:
        UsageError: there is neither a group nor a job of that name.
    """
    group, job = find_group(reference, history)
    return group, history.jobs.of(group.name) if job is None else [job]


def find_job(reference: str, history: History) -> tuple[JobGroup, JobRecord]:
    """Return the one job that the reference names, and its group.

    Raises:
        UsageError: there is no such job, or there are several.
    """
    group, jobs = find_jobs(reference, history)
    if len(jobs) != 1:
        raise UsageError(
            f"{reference} has {len(jobs)} jobs",
            hint=f"Name one of them, {jobs[0].group}/{jobs[0].index} and so on." if jobs else "",
        )
    return group, jobs[0]


def console_url(group: JobGroup, name: str | None) -> str | None:
    """Return where Google's console shows a job, given its service's name for it; None for a job that has no page."""
    if name is None or group.backend not in CLOUD:
        return None
    return backend_of(group.backend).console_url(name, group.project or "", group.region or "")


def is_lost(group: JobGroup) -> bool:
    """Return whether the process of a local launch was killed, so that nothing writes how its jobs end."""
    return group.backend not in CLOUD and group.owner is not None and owner.is_dead(group.owner)


def states_of(words: Iterable[str]) -> Collection[JobState]:
    """Return the states of these names, in upper or lower case.

    Raises:
        UsageError: one of the words is no state.
    """
    try:
        return {JobState(word.upper()) for word in words}
    except ValueError:
        known = ", ".join(state.value for state in JobState)
        raise UsageError(
            f"{', '.join(words)}: not every one is a state", hint=f"States are {known}."
        ) from None
