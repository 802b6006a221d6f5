"""`resubmit`: submit jobs of a launch in the cloud again that failed or were stopped.

The same requests are sent under new names, as a launch of their own. A job that may still succeed isn't sent again; see
`_chosen`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import replace

from caliban_ls.analysis.config.project import Project
from caliban_ls.core.errors import CalibanError, UsageError
from caliban_ls.operations.cloud import budget, plan, plan_view, submit
from caliban_ls.operations.cloud.recorded_jobs import (
    RecordedJob,
    RecordedPlan,
    hardware_of,
    recorded_jobs,
    recorded_plan,
)
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.clients import find_identity_for, job_client_for, open_retrying_client
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.job_lookup import CLOUD, find_jobs, states_of
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.jobs import refresh
from caliban_ls.operations.schemas.cloud import CloudArguments, CloudResult, ResubmitArguments
from caliban_ls.runtime.google.retries import each
from caliban_ls.runtime.history.masking import MASK, masked_args
from caliban_ls.runtime.history.records import JobGroup, JobRecord, launch_name, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState

_FAILED = frozenset({JobState.FAILED, JobState.CANCELLED})

_UNSENT = frozenset({JobState.PLANNED, JobState.SUBMITTING, JobState.CANCELLING})


def resubmit(arguments: ResubmitArguments, context: Context) -> CloudResult:
    """Submit jobs again that failed or were stopped, if the user confirms.

    Raises:
        UsageError: there are no such jobs, or they can't be submitted again.
        NotConfirmed: the user didn't confirm.
        OverLimit: the plan is over a limit.
        DoneAgain: another process submits one of the jobs again at this moment.
    """
    wanted = frozenset(states_of(arguments.state)) or _FAILED
    if wanted & _UNSENT:
        raise UsageError(
            f"{', '.join(sorted(wanted & _UNSENT))}: such jobs are still to be sent, or to be stopped",
            hint="`caliban resume` sends what isn't sent.",
        )
    with open_history(context) as history:
        group = _group_of(arguments, history, context)
        if not arguments.dry_run:
            for note in refresh.refresh([group], history, context, cloud_key=arguments.cloud_key):
                context.report(note, None)
        jobs = _chosen(_named(arguments, group, history), wanted, history, context)
        repeated = _with_requests(jobs, group, history, arguments, context)
    there = replace(context, folder=group.folder) if group.folder.is_dir() else context
    project = read_project(there) if group.folder.is_dir() else Project()
    flags = _flags(group, arguments)
    image = group.image or ""
    if arguments.rebuild:
        image = plan.image_name(flags, project, hardware_of(group, repeated), group.project or "", there)
    made = _plan(group, repeated, arguments.name or group.title, image, rebuild=arguments.rebuild)
    if arguments.plan_id not in (None, made.plan_id):
        raise UsageError(
            "The jobs to submit again aren't those that were shown any more",
            hint="Look at the plan once more.",
        )
    if arguments.dry_run or not repeated:
        return plan_view.result_of(made, requests=True)
    within = budget.check_limits(made, flags, project, there)
    identity = find_identity_for(group, arguments.cloud_key, context)
    if within and not (arguments.yes or context.confirmed):
        submit.confirm(made, there)
    if arguments.rebuild:
        trust.require(project, there)
    return submit.submit_plan(made, flags, project, identity, there)


def _group_of(arguments: ResubmitArguments, history: History, context: Context) -> JobGroup:
    """Return the launch whose jobs to submit again.

    Raises:
        UsageError: there is none, or there are several, or it isn't in the cloud.
    """
    groups = {group.name: group for group, _ in (find_jobs(name, history) for name in arguments.references)}
    if not arguments.references:
        newest = (group for group in history.groups.newest() if group.backend in CLOUD)
        groups = {group.name: group for group in newest if group.folder == context.folder}
        if not groups:
            raise UsageError(
                "Nothing was submitted from this folder so far",
                hint="Name a group; `caliban status --backend vertex` lists them.",
            )
        return next(iter(groups.values()))
    if len(groups) > 1:
        raise UsageError(
            f"These are jobs of {len(groups)} groups: {', '.join(groups)}", hint="Name one group at a time."
        )
    (group,) = groups.values()
    if group.backend not in CLOUD:
        raise UsageError(
            f"The jobs of {group.name} ran on this machine",
            hint=f"In {group.folder}, `caliban run --rerun_failed --name {group.name}` runs those that failed.",
        )
    return group


def _named(arguments: ResubmitArguments, group: JobGroup, history: History) -> list[JobRecord]:
    """Return the named jobs, each once, by their place."""
    if not arguments.references:
        return history.jobs.of(group.name)
    found = (job for name in arguments.references for job in find_jobs(name, history)[1])
    return sorted({job.job_id: job for job in found}.values(), key=lambda job: job.index)


def _chosen(
    jobs: Collection[JobRecord], wanted: Collection[JobState], history: History, context: Context
) -> list[JobRecord]:
    """Return the jobs that are in a wanted state and weren't submitted again already.

    A job and its resubmissions are one family. If the youngest of them may still succeed, or has, none of the family is
    submitted again.
    """
    left = Counter(job.state.value for job in jobs if job.state not in wanted)
    if left:
        said = ", ".join(f"{count:,} {state}" for state, count in left.items())
        context.report(f"Left alone: {said}; --state chooses others", None)
    youngest = history.jobs.newest_repeats([_origin(job) for job in jobs])
    chosen: dict[str, JobRecord] = {}
    for job in jobs:
        if job.state not in wanted:
            continue
        name, state = youngest.get(_origin(job), (job.job_id, job.state))
        if state in wanted:
            chosen[_origin(job)] = job
        else:
            context.report(
                f"{job.job_id} was submitted again already, as {name}, which is {state.value}", None
            )
    if not chosen:
        context.report("There is nothing to submit again", None)
    return list(chosen.values())


def _origin(job: JobRecord) -> str:
    return job.origin or job.job_id


def _with_requests(
    jobs: Collection[JobRecord],
    group: JobGroup,
    history: History,
    arguments: ResubmitArguments,
    context: Context,
) -> tuple[RecordedJob, ...]:
    """Return jobs with their requests; the service is asked for arguments that the history has masked.

    Raises:
        UsageError: the service no longer knows them either.
    """
    args: dict[str, tuple[str, ...]] = {}
    masked = [job for job in jobs if any(MASK in word for word in job.args)]
    if masked and not arguments.dry_run:
        names = {job.name: job for job in masked if job.name is not None}
        lost = [job.job_id for job in masked if job.name is None]
        identity = find_identity_for(group, arguments.cloud_key, context)
        with open_retrying_client(identity, context, refresh.PATIENCE) as google:
            for name, answer in each(names, job_client_for(group, google).args).items():
                job = names[name]
                if not isinstance(answer, CalibanError) and masked_args(answer) == job.args:
                    args[job.job_id] = answer
                else:
                    lost.append(job.job_id)
        context.cancel.check()
        if lost:
            raise UsageError(
                f"The arguments of {lost[0]} look like credentials, so that they aren't written down, and Google"
                f" doesn't tell them any more{f'; so it is with {len(lost) - 1} more' if len(lost) > 1 else ''}",
                hint="Submit these jobs anew with `caliban cloud`.",
            )
    return tuple(
        replace(job, args=args.get(job.record.job_id, job.args))
        for job in recorded_jobs(jobs, group, history)
    )


def _flags(group: JobGroup, arguments: ResubmitArguments) -> CloudArguments:
    """Return the arguments of `cloud` that fit the jobs."""
    details = group.cloud
    return CloudArguments(
        module=details.module,
        dir=details.dir,
        extras=details.extras,
        nogpu=details.mode == "cpu",
        gpu=details.mode == "gpu",
        cloud_key=arguments.cloud_key or details.cloud_key,
        max_jobs=arguments.max_jobs,
        max_cost_per_hour=arguments.max_cost_per_hour,
    )


def _plan(
    group: JobGroup, repeated: tuple[RecordedJob, ...], title: str, image: str, *, rebuild: bool
) -> RecordedPlan:
    """Return the plan of jobs that are submitted again."""
    return replace(
        recorded_plan(group, repeated),
        plan_id=_digest(image, (job.record.job_id for job in repeated)),
        group=launch_name(title, utc_now()),
        title=title,
        key=secrets.token_hex(8),
        image=image,
        own_image=rebuild,
        notes=(f"These are jobs of {group.name}, once more",),
        repeats=group.name,
        origins={index: _origin(job.record) for index, job in enumerate(repeated, start=1)},
    )


def _digest(image: str, job_ids: Iterable[str]) -> str:
    return hashlib.sha256("\0".join((image, *job_ids)).encode()).hexdigest()[:32]
