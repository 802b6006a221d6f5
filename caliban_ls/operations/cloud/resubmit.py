"""`resubmit`: jobs of a launch in the cloud that failed or were stopped, once more.

They are sent as they were: the same request, under a new name, in a launch of their own. What was sent before and may
still succeed isn't sent again; see `_chosen`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from caliban_ls.analysis import hardware
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.hardware import Choice
from caliban_ls.analysis.hardware.catalog import Mode
from caliban_ls.core.errors import CalibanError, UsageError
from caliban_ls.operations.cloud import budget, plan, plan_view, submit
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.clients import find_identity_for, open_patient, service_for
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.job_lookup import CLOUD, find_jobs, states_of
from caliban_ls.operations.context.launch_details import accelerator_of
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.jobs import refresh
from caliban_ls.operations.schemas.cloud import CloudArguments, CloudResult, ResubmitArguments
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.base import Body, Scheduling, with_args
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.google.retries import each
from caliban_ls.runtime.history.masking import MASK, masked_args
from caliban_ls.runtime.history.records import JobGroup, JobRecord, job_id_of, launch_name, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState

_FAILED = frozenset({JobState.FAILED, JobState.CANCELLED})

_UNSENT = frozenset({JobState.PLANNED, JobState.SUBMITTING, JobState.CANCELLING})


@dataclass(frozen=True, slots=True)
class Repeat:
    """A job that is to be done again: what is written down of it, its request, and its arguments in full."""

    record: JobRecord
    body: Body
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatPlan(Plan):
    """The plan of jobs that were sent before."""

    repeated: tuple[Repeat, ...]

    def jobs(self) -> Iterator[tuple[JobSpec, Body]]:
        """Yield each job with the request that makes it, which is the one that made it before."""
        for index, repeat in enumerate(self.repeated, start=1):
            job_id = job_id_of(self.group, index)
            body = with_args(repeat.body, repeat.args)
            marks = {labels.GROUP: labels.group_value(self.group), labels.JOB: f"{self.key}-{index}"}
            if "job_name" in body["labels"]:
                marks["job_name"] = labels.value_of(self.title)
            if self.own_image:
                marks["docker_image"] = labels.value_of(self.image.rpartition("/")[2])
                body = _with_image(body, self.image)
            name = "jobId" if "jobId" in body else "displayName"
            yield (
                JobSpec(index=index, job_id=job_id, args=repeat.args, parameters=repeat.record.parameters),
                {**body, name: job_id, "labels": {**body["labels"], **marks}},
            )


def resubmit(arguments: ResubmitArguments, context: Context) -> CloudResult:
    """Submit jobs again that failed or were stopped, once somebody has said yes.

    Raises:
        UsageError: there are no such jobs, or they can't be submitted again.
        NotConfirmed: nobody said yes.
        OverLimit: it is over a limit.
        DoneAgain: somebody else is doing that at this moment.
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
        image = plan.image_name(flags, project, choice_of(group, repeated), group.project or "", there)
    made = _plan(group, repeated, arguments.name or group.title, image)
    made = replace(made, own_image=arguments.rebuild)
    if arguments.plan_id not in (None, made.plan_id):
        raise UsageError(
            "What would be submitted again isn't what was shown any more", hint="Look at the plan once more."
        )
    if arguments.dry_run or not repeated:
        return plan_view.result_of(made, requests=True)
    within = budget.check_limits(made, flags, project, there)
    if within and not (arguments.yes or context.confirmed):
        submit.confirm(made, there)
    if arguments.rebuild:
        trust.require(project, there)
    identity = find_identity_for(group, arguments.cloud_key, context)
    return submit.submit_plan(made, flags, project, identity, there)


def _group_of(arguments: ResubmitArguments, history: History, context: Context) -> JobGroup:
    """Return the launch that is meant.

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
    """Return the jobs that are meant, each once, by their place."""
    if not arguments.references:
        return history.jobs.of(group.name)
    found = (job for name in arguments.references for job in find_jobs(name, history)[1])
    return sorted({job.job_id: job for job in found}.values(), key=lambda job: job.index)


def _chosen(
    jobs: Collection[JobRecord], wanted: Collection[JobState], history: History, context: Context
) -> list[JobRecord]:
    """Return those jobs that are in a wanted state, and aren't done again already.

    A job and those that do it again are one family. If its youngest member may still succeed, or has, the family is
    left alone, whichever member is named.
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
) -> tuple[Repeat, ...]:
    """Return jobs with their requests; arguments that aren't written down are asked of their service.

    Raises:
        UsageError: the service doesn't know them either.
    """
    bodies = Journal(history).bodies(group.name)
    args = {job.job_id: job.args for job in jobs}
    masked = [job for job in jobs if any(MASK in word for word in job.args)]
    if masked and not arguments.dry_run:
        names = {job.name: job for job in masked if job.name is not None}
        lost = [job.job_id for job in masked if job.name is None]
        identity = find_identity_for(group, arguments.cloud_key, context)
        with open_patient(identity, context, refresh.PATIENCE) as google:
            for name, answer in each(names, service_for(group, google).args).items():
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
    return tuple(Repeat(job, bodies[job.job_id], args[job.job_id]) for job in jobs)


def _flags(group: JobGroup, arguments: ResubmitArguments) -> CloudArguments:
    """Return what `cloud` would have been told."""
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


def choice_of(group: JobGroup, repeated: Iterable[Repeat]) -> Choice:
    """Return what the jobs of a launch ran on."""
    details = group.cloud
    backend: Any = group.backend
    accelerator = accelerator_of(details)
    mode: Mode = details.mode or ("gpu" if accelerator and accelerator.kind == "gpu" else "cpu")
    return Choice(
        backend=backend,
        region=group.region or "",
        machine_type=str(details.machine_type),
        accelerator=accelerator,
        topology=_topology(repeated),
        spot=details.spot,
        flex_start=details.flex_start,
        mode=mode,
        defaulted=frozenset(),
        gave_way=None,
    )


def _plan(group: JobGroup, repeated: tuple[Repeat, ...], title: str, image: str) -> RepeatPlan:
    """Return the plan of jobs that are done again, in an image that is there already."""
    details = group.cloud
    choice = choice_of(group, repeated)
    origins = {index: _origin(repeat.record) for index, repeat in enumerate(repeated, start=1)}
    return RepeatPlan(
        plan_id=_digest(image, (repeat.record.job_id for repeat in repeated)),
        group=launch_name(title, utc_now()),
        title=title,
        key=secrets.token_hex(8),
        backend=choice.backend,
        project_id=group.project or "",
        choice=choice,
        module=details.module,
        image=image,
        own_image=False,
        mode=choice.mode,
        count=len(repeated),
        work=tuple,
        user_labels={},
        flags={},
        scheduling=Scheduling(timeout=details.timeout),
        service_account=details.service_account,
        price=hardware.price(choice),
        notes=(f"These are jobs of {group.name}, once more",),
        repeats=group.name,
        origins=origins,
        repeated=repeated,
    )


def _topology(repeated: Iterable[Repeat]) -> str | None:
    """Return the topology that the jobs' requests name; they are of one launch, and name the same."""
    for repeat in repeated:
        for pool in repeat.body.get("jobSpec", {}).get("workerPoolSpecs", ()):
            topology: str | None = pool["machineSpec"].get("tpuTopology")
            return topology
    return None


def _with_image(body: Any, image: str) -> Any:  # noqa: ANN401 - JSON
    """Return a request with another image, wherever its service has it."""
    if isinstance(body, dict):
        return {key: image if key == "imageUri" else _with_image(value, image) for key, value in body.items()}
    return [_with_image(item, image) for item in body] if isinstance(body, list) else body


def _digest(image: str, job_ids: Iterable[str]) -> str:
    return hashlib.sha256("\0".join((image, *job_ids)).encode()).hexdigest()[:32]
