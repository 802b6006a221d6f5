"""`status`: show launches of this machine's history, their jobs, and their cost so far.

It reads the history, which is quick at any size; with `--offline` it does nothing else. It asks Google's services with
`--refresh`, and for a single launch or job if that is cheap: credentials are at hand, and the answer has few pages.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from caliban_ls.analysis.backend_names import BACKENDS, TITLES, unknown_backend
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD, console_url, find_group, is_lost, states_of
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.local.rerun import command_of
from caliban_ls.operations.schemas.jobs import (
    StatusArguments,
    StatusCost,
    StatusGroup,
    StatusJob,
    StatusResult,
)
from caliban_ls.runtime.history.counts import JobCounts, count_jobs
from caliban_ls.runtime.history.job_filter import ALL, JobFilter
from caliban_ls.runtime.history.records import JobGroup, JobRecord, JobRow, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import UNSENT_STATES, JobState
from caliban_ls.runtime.local import owner
from caliban_ls.runtime.local.orphans import OWNER_DIED, lost_state

SHOWN = 50
"""The most jobs in a table; a longer one shows the first and the last."""

GONE = "Google no longer knows it; this is its last known state"

_CHEAP_JOBS = 1000  # ten pages of a list

_BRIEF_SECONDS = 5.0  # to wait for a service without --refresh

_NOT_ASKED = "Google wasn't asked; --refresh asks"


def status(arguments: StatusArguments, context: Context) -> StatusResult:
    """Return launches with their jobs, the newest first; only the launch or job that the reference names, if any.

    Raises:
        UsageError: there is no such launch, job, state or backend.
        MissingError: the history can't be used.
    """
    states = states_of(arguments.state)
    if arguments.backend is not None and arguments.backend not in ("local", *BACKENDS):
        raise unknown_backend(arguments.backend, ("local", *BACKENDS))
    if arguments.limit < 0:
        raise UsageError("--limit takes a number that isn't negative")
    if arguments.after < 0 or (arguments.jobs or 0) < 0:
        raise UsageError("--jobs and --after take numbers that aren't negative")
    if arguments.refresh and arguments.offline:
        raise UsageError("--refresh asks Google, and --offline doesn't", hint="Give one of them.")
    wanted = JobFilter(states=states, text=arguments.text or "")
    with open_history(context) as history:
        only = None
        if arguments.reference is None:
            groups = history.groups.newest(limit=arguments.limit, backend=arguments.backend)
        else:
            group, only = find_group(arguments.reference, history)
            groups = [group] if arguments.backend in (None, group.backend) else []
        notes = [] if arguments.offline else _refreshed(arguments, groups, only, history, context)
        if wanted != ALL and arguments.reference is None:
            groups = history.groups.newest(limit=arguments.limit, backend=arguments.backend, wanted=wanted)
        every = not context.streams or arguments.reference is not None or len(groups) == 1
        view = _View(
            history,
            utc_now(),
            wanted,
            only,
            every=every if arguments.jobs is None else arguments.jobs > 0,
            ends=SHOWN // 2 if context.streams and arguments.jobs is None else None,
            after=arguments.after,
            limit=-1 if arguments.jobs is None else arguments.jobs,
        )
        more = 0
        if arguments.reference is None and len(groups) == arguments.limit:
            more = history.groups.count(backend=arguments.backend, wanted=wanted) - len(groups)
        names = [group.name for group in groups]
        everything = count_jobs(history, names, view.now)
        counted = everything if wanted == ALL else count_jobs(history, names, view.now, wanted)
        shown = [_group(group, counted[group.name], everything[group.name], view) for group in groups]
        if arguments.reference is not None:
            notes += _about_unsent(shown)
    return StatusResult(
        groups=tuple(shown),
        notes=tuple(notes),
        more=max(0, more),
        backends={str(name): title for name, title in (("local", "This machine"), *TITLES.items())},
    )


@dataclass(frozen=True, slots=True)
class _View:
    """What to show of the launches, and as of when.

    Attributes:
        wanted: these jobs only.
        only: this job only.
        every: whether to list jobs, and not only count them.
        ends: so many jobs from each end of a launch; None for all.
        after: jobs behind this place only.
        limit: so many jobs of a launch at most; negative for all.
    """

    history: History
    now: datetime
    wanted: JobFilter
    only: JobRecord | None
    every: bool
    ends: int | None
    after: int
    limit: int


def _refreshed(
    arguments: StatusArguments,
    groups: list[JobGroup],
    only: JobRecord | None,
    history: History,
    context: Context,
) -> list[str]:
    """Ask Google if the user wants that, or if it is cheap; return notes for the user."""
    going = [
        group for group in groups if group.backend in CLOUD and history.jobs.count_unfinished(group.name)
    ]
    if not going:
        return []
    if arguments.reference is None and not arguments.refresh:
        return [_NOT_ASKED]
    # These modules take long to import, and most calls need none of them.
    from caliban_ls.operations.context.clients import are_credentials_at_hand
    from caliban_ls.operations.jobs import refresh

    patience = refresh.PATIENCE
    if not arguments.refresh:
        (group, *_) = going
        cheap = only is not None or history.jobs.count_unfinished(group.name) <= _CHEAP_JOBS
        if not (cheap and are_credentials_at_hand(group, arguments.cloud_key, context)):
            return [_NOT_ASKED]
        patience = replace(patience, whole=_BRIEF_SECONDS)
    return refresh.refresh(
        going,
        history,
        context,
        cloud_key=arguments.cloud_key,
        patience=patience,
        only=only.job_id if only else None,
    )


def _group(group: JobGroup, counts: JobCounts, everything: JobCounts, view: _View) -> StatusGroup:
    lost = is_lost(group)
    details = group.cloud
    jobs: list[JobRow] = []
    if view.every:
        only = view.only.job_id if view.only else None
        jobs = view.history.jobs.rows(
            group.name, wanted=view.wanted, only=only, ends=view.ends, after=view.after, limit=view.limit
        )
    cost = None
    if details.per_job_hour is not None:
        cost = StatusCost(
            currency=details.currency or "USD",
            so_far=round(details.per_job_hour * counts.seconds / 3600, 4),
            per_job_hour=details.per_job_hour,
            as_of=details.prices_as_of,
        )
    states = _lost_states(everything.states) if lost else everything.states
    return StatusGroup(
        name=group.name,
        title=group.title,
        backend=group.backend,
        folder=str(group.folder),
        created=group.created.isoformat(),
        project_id=group.project,
        region=group.region,
        machine_type=details.machine_type,
        accelerator=details.accelerator,
        spot=details.spot,
        image=group.image,
        count=sum(counts.states.values()),
        states=_lost_states(counts.states) if lost else counts.states,
        gone=counts.gone,
        all_states=states,
        going=_going(group, everything, lost=lost),
        unsent=_unsent(group, everything),
        hours=round(counts.seconds / 3600, 4),
        cost=cost,
        jobs=tuple(_job(job, group, view, lost=lost) for job in jobs),
    )


def _going(group: JobGroup, counts: JobCounts, *, lost: bool) -> int:
    """Return how many jobs run or wait to, as far as is known."""
    if lost:
        return 0
    open_jobs = sum(count for state, count in counts.states.items() if not JobState(state).finished)
    return max(0, open_jobs - counts.gone - _unsent(group, counts))


def _unsent(group: JobGroup, counts: JobCounts) -> int:
    """Return how many jobs of a submission that was cut short weren't sent, or may not have been."""
    if group.backend not in CLOUD or not (group.owner is None or owner.is_dead(group.owner)):
        return 0
    return sum(count for state, count in counts.states.items() if JobState(state) in UNSENT_STATES)


def _lost_states(states: Mapping[str, int]) -> dict[str, int]:
    """Return the states of jobs whose process has died."""
    known: dict[str, int] = {}
    for state, count in states.items():
        name = lost_state(JobState(state)).value
        known[name] = known.get(name, 0) + count
    return known


def _job(row: JobRow, group: JobGroup, view: _View, *, lost: bool) -> StatusJob:
    state, gone, error = row.state, row.gone is not None, row.error
    if lost and not JobState(state).finished:
        state, error = lost_state(JobState(state)).value, OWNER_DIED
    return StatusJob(
        job_id=row.job_id,
        index=row.number,
        name=row.name,
        state=state,
        args=tuple(json.loads(row.args)),
        created=row.created,
        started=row.started,
        ended=row.ended,
        url=console_url(group, row.name),
        exit_code=row.exit_code,
        seconds=_seconds(row, view.now),
        metrics={} if row.metrics == "{}" else json.loads(row.metrics),
        error=GONE if gone and not error else error,
        gone=gone,
        command=command_of(view.only, group) if view.only else None,
    )


def _seconds(row: JobRow, now: datetime) -> float | None:
    """Return how long a job ran; how long so far, if it still runs."""
    if row.seconds is not None or row.started is None or row.ended is not None:
        return row.seconds
    until = now if row.gone is None else datetime.fromisoformat(row.seen or row.gone)
    ran = (until - datetime.fromisoformat(row.started)).total_seconds()
    # A clock that was set back makes no time negative.
    return round(ran, 1) if ran >= 0 else None


def _about_unsent(groups: list[StatusGroup]) -> Iterator[str]:
    """Yield a line for each launch that was cut short, with the command that sends the rest."""
    for group in groups:
        if group.unsent:
            yield f"{group.unsent} jobs aren't sent, or may not be; `caliban resume {group.name}` sends them"
