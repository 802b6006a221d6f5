"""`cloud` and `submit`: confirm a plan, publish its image, and send its jobs, each once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import backend_named
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.hardware import Request
from caliban_ls.core.errors import CalibanError, NotConfirmed, PlanChanged, UsageError
from caliban_ls.operations.cloud import budget, image_registry, plan_view, saved_plans
from caliban_ls.operations.cloud import plan as cloud_plan
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.cloud.provenance import provenance
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.clients import find_identity_of, job_client_for, open_google
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.launch_details import accelerator_of
from caliban_ls.operations.context.state import open_engine, open_history
from caliban_ls.operations.local import image as project_image
from caliban_ls.operations.schemas.cloud import (
    CloudArguments,
    CloudJob,
    CloudResult,
    SubmitArguments,
)
from caliban_ls.runtime.backends import submitter
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.errors import OverQuota
from caliban_ls.runtime.google.local_identity import Claims, read_claims
from caliban_ls.runtime.history.details import CloudDetails
from caliban_ls.runtime.history.records import JobGroup, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.history.submissions import NameTaken

_SHOWN_JOBS = 6  # of a plan that is to be confirmed


def cloud(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission, and submit it if the user confirms.

    Raises:
        NotConfirmed: the user didn't confirm.
        OverLimit: the plan is over a limit.
        UsageError: a value is wrong or impossible.
    """
    project = read_project(context)
    trust.require(project, context)
    made = cloud_plan.make_plan(arguments, project, claims_of(arguments, project, context), context)
    if arguments.dry_run:
        over = budget.over_limits(made, arguments, project, context)
        return plan_view.result_of(made, requests=True, over_limits=over)
    within = budget.check_limits(made, arguments, project, context)
    identity = find_identity_of(arguments.cloud_key, project, context)
    if within and not arguments.yes:
        confirm(made, context)
    return submit_plan(made, arguments, project, identity, context)


def plan(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission and keep the plan for a day, so that it can be submitted by its id.

    Raises:
        UsageError: a value is wrong or impossible.
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
    """Submit a kept plan, if nothing of it has changed since. A plan is submitted once.

    Raises:
        UsageError: there is no such plan, or it was submitted before.
        PlanChanged: something of it has changed since.
        NotConfirmed: the user didn't confirm.
        OverLimit: the plan is over a limit.
    """
    kept = saved_plans.find(arguments.plan_id, context)
    context = replace(context, folder=kept.folder)
    project = read_project(context)
    trust.require(project, context)
    made = cloud_plan.make_plan(kept.arguments, project, claims_of(kept.arguments, project, context), context)
    if made.plan_id != arguments.plan_id:
        raise PlanChanged(
            "The plan has changed since: the code, the sweep, the config or the hardware is different"
        )
    made = replace(made, group=kept.group, key=kept.key)
    _refuse_second(made, context)
    within = budget.check_limits(made, kept.arguments, project, context)
    identity = find_identity_of(kept.arguments.cloud_key, project, context)
    if within and not context.confirmed:
        confirm(made, context)
    return submit_plan(made, kept.arguments, project, identity, context, once=True)


def claims_of(arguments: CloudArguments, project: Project, context: Context) -> Claims:
    """Return the account and project of this machine's credentials, read from files."""
    return read_claims(
        context.environment,
        Path.home(),
        context.folder,
        cloud_key=arguments.cloud_key,
        project_key=project.cloud_key,
    )


def confirm(made: Plan, context: Context, verb: str = "Submit") -> None:
    """Show a plan and ask the user to confirm it.

    Raises:
        NotConfirmed: the user didn't, or there is no terminal to ask on.
    """
    result = plan_view.result_of(made)
    question = "\n".join([plan_view.described(result), *plan_view.ends(result, _SHOWN_JOBS)])
    what = f"{verb} this job" if made.count == 1 else f"{verb} these {made.count:,} jobs"
    if not context.ask(question, what):
        if context.can_ask:  # and so the question was shown
            raise NotConfirmed(
                "Nothing was built or sent now: you didn't confirm",
                hint="--yes submits without a question, within your limits.",
            )
        raise NotConfirmed(f"{question}\nNothing was built or sent: you didn't confirm")


def submit_plan(
    made: Plan,
    arguments: CloudArguments,
    project: Project,
    identity: Identity,
    context: Context,
    *,
    once: bool = False,
) -> CloudResult:
    """Publish the image of a confirmed plan, record its jobs, and send them.

    Args:
        made: the plan.
        arguments: of the command.
        project: its config.
        identity: the account for requests.
        context: of the command.
        once: whether to refuse if a launch has the plan's name, because that is this plan, submitted before.

    Raises:
        ServiceError: the service refused, or didn't answer; `resume` sends the rest.
    """
    with open_history(context) as history, open_google(identity, context) as google:
        digest = _publish(made, arguments, project, google, context)
        group = _begin(made, arguments, history, digest, context, once=once)
        send(group, history, google, context, resumed=False)
        return plan_view.result_of(replace(made, group=group.name), submitted_jobs(group, history))


def send(group: JobGroup, history: History, google: Google, context: Context, *, resumed: bool) -> None:
    """Send the jobs of a recorded launch that aren't sent.

    Raises:
        InUse: another process is sending them.
        ServiceError: the service refused, or didn't answer; `resume` sends the rest.
        Cancelled: the user stopped sending; `resume` sends the rest.
    """
    journal = Journal(history)
    journal.take(group.name)
    try:
        outcome = submitter.send(
            group.name,
            job_client_for(group, google),
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
            how_far += f", and {outcome.doubtful} got no answer"
        context.report(f"{how_far}; `caliban resume {group.name}` goes on", None)
    elif outcome.failure is not None:
        context.report(f"{outcome.sent} jobs were sent, and nothing is left to resume", None)
    if isinstance(outcome.failure, OverQuota):
        raise OverQuota(str(outcome.failure), outcome.failure.metrics, *_instead(group)) from outcome.failure
    if outcome.failure is not None:
        raise outcome.failure
    if outcome.planned or outcome.doubtful:
        context.cancel.check()


def submitted_jobs(group: JobGroup, history: History) -> tuple[CloudJob, ...]:
    """Return the jobs of a launch as the history has them."""
    backend = backend_of(group.backend)
    bodies = Journal(history).bodies(group.name)
    return tuple(
        CloudJob(
            index=job.index,
            job_id=job.job_id,
            args=job.args,
            parameters=dict(job.parameters),
            labels=bodies.get(job.job_id, {}).get("labels", {}),
            state=job.state.value,
            name=job.name,
            url=backend.console_url(job.name, group.project or "", group.region or "") if job.name else None,
            error=job.error,
        )
        for job in history.jobs.of(group.name)
    )


def _refuse_second(made: Plan, context: Context) -> None:
    """Refuse a plan that was submitted before. To run its jobs twice, make a second plan."""
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
    """Build and push the image, unless that is done already; return its digest in the registry."""
    if not made.own_image:
        return None
    image_registry.see_to_repository(made.image, google, context, create=arguments.create_repository)
    engine = open_engine(context)
    if not arguments.no_cache:
        there = engine.published(made.image, image_registry.login_for(made.image, google))
        if there is not None:
            context.report(f"{made.image} is in its registry already", None)
            return there
    image = project_image.ensure(arguments, project, made.mode, context, platform=cloud_plan.PLATFORM)
    return image_registry.publish(image.tag, made.image, engine, google, context)


def _begin(
    made: Plan,
    arguments: CloudArguments,
    history: History,
    digest: str | None,
    context: Context,
    *,
    once: bool,
) -> JobGroup:
    """Record a plan, under a name that no other launch has."""
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
    """Return the default quota of a launch's hardware in words, and other hardware to use."""
    accelerator = accelerator_of(group.cloud)
    gpu = accelerator is not None and accelerator.kind == "gpu"
    choice = hardware.resolve(
        Request(
            backend=backend_named(group.backend),
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
