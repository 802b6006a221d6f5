"""`cloud` and `submit`: a plan is confirmed, its image published, and its jobs sent, each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from caliban_ls.analysis import hardware
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.hardware import Request
from caliban_ls.core.errors import CalibanError, NotConfirmed, PlanChanged, UsageError
from caliban_ls.operations.cloud import budget, plan_view, registry, saved_plans
from caliban_ls.operations.cloud import plan as cloud_plan
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.cloud.provenance import provenance
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.clients import find_identity_of, open_google, service_for
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.launch_details import accelerator_of
from caliban_ls.operations.context.state import open_engine, open_history
from caliban_ls.operations.local import image as project_image
from caliban_ls.operations.schemas.cloud import (
    CloudAccelerator,
    CloudArguments,
    CloudCost,
    CloudJob,
    CloudResult,
    SubmitArguments,
)
from caliban_ls.runtime.backends import submitter
from caliban_ls.runtime.backends.base import Service
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.errors import OverQuota
from caliban_ls.runtime.google.local_identity import Claims, read_claims
from caliban_ls.runtime.history.details import CloudDetails
from caliban_ls.runtime.history.records import JobGroup, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.history.submissions import NameTaken

_SHOWN_JOBS = 6  # of a plan, to somebody who is to say yes


def cloud(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission, and submit it once somebody has said yes.

    Raises:
        NotConfirmed: nobody said yes.
        OverLimit: it is over a limit.
        UsageError: something that was said can't be.
    """
    project = read_project(context)
    trust.require(project, context)
    made = cloud_plan.make_plan(arguments, project, claims_of(arguments, project, context), context)
    if arguments.dry_run:
        over = budget.over_limits(made, arguments, project, context)
        return plan_view.result_of(made, requests=True, over_limits=over)
    within = budget.check_limits(made, arguments, project, context)
    if within and not arguments.yes:
        confirm(made, context)
    identity = find_identity_of(arguments.cloud_key, project, context)
    return submit_plan(made, arguments, project, identity, context)


def plan(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission and keep the plan for a day, so that it can be submitted by its id.

    Raises:
        UsageError: something that was said can't be.
    """
    project = read_project(context)
    trust.require(project, context)
    made = cloud_plan.make_plan(arguments, project, claims_of(arguments, project, context), context)
    saved_plans.keep(made, arguments, context)
    over = budget.over_limits(made, arguments, project, context)
    return plan_view.result_of(made, requests=True, over_limits=over)


def plan_and_submit(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission, show the plan, and submit it once the user has said yes; nothing skips the question."""
    return cloud(replace(arguments, yes=False, dry_run=False), context)


def submit(arguments: SubmitArguments, context: Context) -> CloudResult:
    """Submit a plan that was kept, if nothing of it has changed since; a plan is submitted once.

    Raises:
        UsageError: there is no such plan, or it was submitted before.
        PlanChanged: something of it has changed since.
        NotConfirmed: nobody said yes.
        OverLimit: it is over a limit.
    """
    kept = saved_plans.find(arguments.plan_id, context)
    context = replace(context, folder=kept.folder)
    project = read_project(context)
    trust.require(project, context)
    made = cloud_plan.make_plan(kept.arguments, project, claims_of(kept.arguments, project, context), context)
    if made.plan_id != arguments.plan_id:
        raise PlanChanged(
            "What was planned has changed since: the code, the sweep, the config or the hardware"
        )
    made = replace(made, group=kept.group, key=kept.key)
    _refuse_second(made, context)
    within = budget.check_limits(made, kept.arguments, project, context)
    if within and not context.confirmed:
        confirm(made, context)
    identity = find_identity_of(kept.arguments.cloud_key, project, context)
    return submit_plan(made, kept.arguments, project, identity, context, once=True)


def claims_of(arguments: CloudArguments, project: Project, context: Context) -> Claims:
    """Return who asks, as far as files say."""
    return read_claims(
        context.environment,
        Path.home(),
        context.folder,
        cloud_key=arguments.cloud_key,
        project_key=project.cloud_key,
    )


def confirm(made: Plan, context: Context, verb: str = "Submit") -> None:
    """Show a plan and ask for a yes to what a verb says.

    Raises:
        NotConfirmed: it was a no, or there is nobody to ask.
    """
    result = plan_view.result_of(made)
    question = "\n".join([plan_view.described(result), *plan_view.ends(result, _SHOWN_JOBS)])
    what = f"{verb} this job" if made.count == 1 else f"{verb} these {made.count:,} jobs"
    if not context.ask(question, what):
        raise NotConfirmed(f"{question}\nNothing was built or sent: nobody said yes")


def submit_plan(
    made: Plan,
    arguments: CloudArguments,
    project: Project,
    identity: Identity,
    context: Context,
    *,
    once: bool = False,
) -> CloudResult:
    """Publish the image of a confirmed plan, write all of the plan down, and send it.

    Args:
        made: the plan.
        arguments: of the command.
        project: its config.
        identity: who asks.
        context: of the command.
        once: whether a launch of the plan's name is this very plan, submitted before.

    Raises:
        ServiceError: the service refused, or didn't answer; what is left can be resumed.
    """
    with open_history(context) as history, open_google(identity, context) as google:
        digest = _publish(made, arguments, project, google, context)
        group = _begin(made, arguments, history, digest, context, once=once)
        send(group, history, google, context, resumed=False)
        result = result_of(group, history, service_for(group, google))
    return replace(plan_view.result_of(made, jobs=result.jobs), group=group.name)


def send(group: JobGroup, history: History, google: Google, context: Context, *, resumed: bool) -> None:
    """Send what isn't sent of a launch that is written down.

    Raises:
        InUse: another process is at it.
        ServiceError: the service refused, or didn't answer; what is left can be resumed.
        Cancelled: the user stopped it; what is left can be resumed.
    """
    journal = Journal(history)
    journal.take(group.name)
    try:
        outcome = submitter.send(
            group.name,
            service_for(group, google),
            journal,
            resumed=resumed,
            report=context.report,
            cancel=context.cancel,
            clock=utc_now,
            hang_up=google.hang_up,
            timing=submitter.TIMING,
        )
    finally:
        journal.leave(group.name)
    if outcome.planned or outcome.doubtful:
        how_far = f"{outcome.sent} jobs were sent, {outcome.planned} weren't"
        if outcome.doubtful:
            how_far += f", and of {outcome.doubtful} nobody knows"
        context.report(f"{how_far}; `caliban resume {group.name}` goes on", None)
    elif outcome.failure is not None:
        context.report(f"{outcome.sent} jobs were sent, and nothing is left to resume", None)
    if isinstance(outcome.failure, OverQuota):
        raise OverQuota(str(outcome.failure), outcome.failure.metrics, *_instead(group)) from outcome.failure
    if outcome.failure is not None:
        raise outcome.failure
    if outcome.planned or outcome.doubtful:
        context.cancel.check()


def result_of(group: JobGroup, history: History, service: Service) -> CloudResult:
    """Return what is written down of a launch in the cloud."""
    bodies = Journal(history).bodies(group.name)
    jobs = tuple(
        CloudJob(
            index=job.index,
            job_id=job.job_id,
            args=job.args,
            parameters=dict(job.parameters),
            labels=bodies.get(job.job_id, {}).get("labels", {}),
            state=job.state.value,
            name=job.name,
            url=service.url(job.name) if job.name else None,
            error=job.error,
        )
        for job in history.jobs.of(group.name)
    )
    details = group.cloud
    accelerator = accelerator_of(details)
    price = details.per_job_hour
    cost = None
    if price is not None:
        cost = CloudCost(
            currency=details.currency or "USD",
            per_job_hour=round(price, 6),
            all_jobs_hour=round(price * len(jobs), 6),
            as_of=details.prices_as_of or "",
        )
    return CloudResult(
        plan_id=details.plan_id,
        group=group.name,
        backend=group.backend,
        project_id=group.project or "",
        region=group.region or "",
        machine_type=details.machine_type or "",
        accelerator=(
            None if accelerator is None else CloudAccelerator(type=accelerator.type, count=accelerator.count)
        ),
        spot=details.spot,
        flex_start=details.flex_start,
        module=details.module,
        image=group.image or "",
        count=len(jobs),
        cost=cost,
        quotas=(),
        timeout=details.timeout,
        seconds=0.0,
        service_account=details.service_account,
        notes=(),
        jobs=jobs,
    )


def _refuse_second(made: Plan, context: Context) -> None:
    """Refuse a plan that was submitted before; whoever wants its jobs twice plans them twice."""
    with open_history(context) as history:
        if history.groups.find(made.group) is not None:
            raise _submitted_before(made)


def _submitted_before(made: Plan) -> CalibanError:
    return UsageError(
        f"This plan was submitted already, as {made.group}",
        hint=f"`caliban status {made.group}` follows it; plan anew to submit the same jobs again.",
    )


def _publish(
    made: Plan, arguments: CloudArguments, project: Project, google: Google, context: Context
) -> str | None:
    """Build and push the image, as far as that isn't done; return its digest in the registry."""
    if not made.own_image:
        return None
    registry.see_to_repository(made.image, google, context, create=arguments.create_repository)
    engine = open_engine(context)
    if not arguments.no_cache:
        there = engine.published(made.image, registry.login_for(made.image, google))
        if there is not None:
            context.report(f"{made.image} is in its registry already", None)
            return there
    image = project_image.ensure(arguments, project, made.mode, context, platform=cloud_plan.PLATFORM)
    return registry.publish(image.tag, made.image, engine, google, context)


def _begin(
    made: Plan,
    arguments: CloudArguments,
    history: History,
    digest: str | None,
    context: Context,
    *,
    once: bool,
) -> JobGroup:
    """Write a plan down, under a name that no other launch has."""
    context.cancel.check()
    journal = Journal(history)
    details = _details(made, arguments, digest, context)
    while True:
        group = JobGroup(
            name=made.group,
            title=made.title,
            backend=made.backend,
            folder=context.folder,
            image=made.image,
            owner=None,
            created=utc_now(),
            project=made.project_id,
            region=made.choice.region,
            details=details,
        )
        try:
            journal.begin(group, made.jobs(), made.origins)
        except NameTaken:
            if once:
                raise _submitted_before(made) from None
            made = cloud_plan.renamed(made)
        else:
            return group


def _details(made: Plan, arguments: CloudArguments, digest: str | None, context: Context) -> CloudDetails:
    cost, choice = made.price.effective if made.price else None, made.choice
    source = provenance(context.folder, context.environment)
    return CloudDetails(
        plan_id=made.plan_id,
        module=made.module,
        dir=arguments.dir,
        extras=arguments.extras,
        mode=made.mode,
        repeats=made.repeats,
        machine_type=choice.machine_type,
        accelerator=str(choice.accelerator) if choice.accelerator else None,
        spot=choice.spot,
        flex_start=choice.flex_start,
        timeout=made.scheduling.timeout,
        service_account=made.service_account,
        cloud_key=arguments.cloud_key,
        per_job_hour=None if cost is None else cost.total,
        currency=made.price.currency if made.price else None,
        prices_as_of=made.price.as_of if made.price else None,
        digest=digest,
        user=source.user,
        host=source.host,
        commit=source.commit,
        dirty=source.dirty,
    )


def _instead(group: JobGroup) -> tuple[str, tuple[str, ...]]:
    """Return in words what everybody is granted of a launch's hardware, and what else could be used."""
    accelerator = accelerator_of(group.cloud)
    gpu = accelerator is not None and accelerator.kind == "gpu"
    backend: Any = group.backend
    choice = hardware.resolve(
        Request(
            backend=backend,
            region=group.region,
            machine_type=str(group.cloud.machine_type),
            gpu_spec=accelerator if gpu else None,
            tpu_spec=None if gpu else accelerator,
            mode="gpu" if gpu else "cpu",
        )
    )
    granted = ", ".join(
        f"{need.granted} {need.of}" for need in hardware.quotas(choice) if need.granted is not None
    )
    others = tuple(found.title[0].lower() + found.title[1:] for found in hardware.instead(choice))
    return f"Without being asked, Google grants {granted} in {choice.region}" if granted else "", others
