"""`cloud`, `submit` and `resume`: a plan is confirmed, its image published, and its jobs sent, each once."""

from __future__ import annotations

import getpass
import json
import os
import platform
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from caliban_ls import agreement, images, models, planning, registries
from caliban_ls.context import Context
from caliban_ls.errors import MissingError, NotConfirmed, UsageError
from caliban_ls.files import read_project
from caliban_ls.planning import Plan
from caliban_ls.project import Project
from caliban_ls.records import open_engine, open_history, state_folder_of
from caliban_ls.runtime import sending
from caliban_ls.runtime.base import JobState
from caliban_ls.runtime.cloud import Service
from caliban_ls.runtime.google import Google
from caliban_ls.runtime.history import Group, History, utc_now
from caliban_ls.runtime.identity import Identity
from caliban_ls.runtime.journal import Journal, NameTaken
from caliban_ls.services import find_identity_of, open_google, service_for

_PLANS = "plans"

_PLANS_KEPT = timedelta(hours=24)

_GIT_SECONDS = 5


def cloud(arguments: models.CloudArguments, context: Context) -> models.CloudResult:
    """Plan a submission, and submit it once somebody has said yes.

    Raises:
        NotConfirmed: nobody said yes.
        UsageError: it is over a limit, or something that was said can't be.
    """
    project = read_project(context)
    agreement.require(project, context)
    identity = _identity(arguments, project, context)
    plan = planning.make_plan(arguments, project, identity, context)
    if arguments.dry_run:
        return planning.result_of(plan, requests=True)
    if identity is None:
        identity = find_identity_of(arguments.cloud_key, project, context)
    asks = planning.check_limits(plan, arguments, project, context)
    if asks and not arguments.yes:
        _confirm(plan, context)
    return _submit(plan, arguments, project, identity, context)


def plan(arguments: models.CloudArguments, context: Context) -> models.CloudResult:
    """Plan a submission and keep the plan for a day, so that it can be submitted by its id.

    Raises:
        UsageError: something that was said can't be.
    """
    project = read_project(context)
    made = planning.make_plan(arguments, project, _identity(arguments, project, context), context)
    _keep(made, arguments, context)
    return planning.result_of(made, requests=True)


def submit(arguments: models.SubmitArguments, context: Context) -> models.CloudResult:
    """Submit a plan that was kept, if nothing of it has changed since.

    Raises:
        UsageError: there is no such plan, or it has changed.
        NotConfirmed: nobody said yes.
    """
    said = _kept(arguments.plan_id, context)
    context = replace(context, folder=Path(said["folder"]))
    project = read_project(context)
    agreement.require(project, context)
    identity = find_identity_of(said["arguments"].cloud_key, project, context)
    made = planning.make_plan(said["arguments"], project, identity, context)
    if made.plan_id != arguments.plan_id:
        raise UsageError(
            "What was planned has changed since: the code, the sweep, the config or the hardware",
            hint="Plan it anew, and look at the new plan.",
        )
    made = replace(made, group=said["group"], key=said["key"])
    if planning.check_limits(made, said["arguments"], project, context) and not context.confirmed:
        _confirm(made, context)
    return _submit(made, said["arguments"], project, identity, context)


def resume(arguments: models.ResumeArguments, context: Context) -> models.CloudResult:
    """Finish a submission that ended before all of its jobs were sent.

    Raises:
        UsageError: there is nothing to finish.
        InUse: another process is at it.
    """
    with open_history(context) as history:
        group = _unfinished(arguments.group, history)
        there = replace(context, folder=group.folder if group.folder.is_dir() else context.folder)
        project = read_project(there) if there.folder == group.folder else Project()
        with open_google(find_identity_of(None, project, there), context) as google:
            return _send(group, history, google, context, resumed=True)


def _identity(arguments: models.CloudArguments, project: Project, context: Context) -> Identity | None:
    """Return who will ask, for what a plan says of it; a plan can be had without."""
    with suppress(MissingError):
        return find_identity_of(arguments.cloud_key, project, context)
    if arguments.cloud_key is not None:
        find_identity_of(arguments.cloud_key, project, context)
    return None


def _confirm(plan: Plan, context: Context) -> None:
    """Show a plan and ask for a yes.

    Raises:
        NotConfirmed: it was a no, or there is nobody to ask.
    """
    result = planning.result_of(plan)
    shown = [f"    {job.index:>8}  {' '.join(job.args)}" for job in _ends(result.jobs)]
    if plan.count > len(shown):
        shown.insert(len(shown) // 2, f"              … {plan.count - len(shown):,} more …")
    question = "\n".join([planning.described(result), *shown])
    what = "Submit this job" if plan.count == 1 else f"Submit these {plan.count:,} jobs"
    if not context.ask(question, what):
        raise NotConfirmed(f"{question}\nNothing was built or sent: nobody said yes")


def _ends(jobs: tuple[models.CloudJob, ...]) -> tuple[models.CloudJob, ...]:
    return jobs if len(jobs) <= 6 else (*jobs[:3], *jobs[-3:])  # noqa: PLR2004  # a screenful


def _submit(
    plan: Plan, arguments: models.CloudArguments, project: Project, identity: Identity, context: Context
) -> models.CloudResult:
    """Publish the image, write the whole plan down, and send it."""
    with open_history(context) as history, open_google(identity, context) as google:
        digest = _publish(plan, arguments, project, google, context)
        group = _begin(plan, history, digest, context)
        result = _send(group, history, google, context, resumed=False)
    return replace(planning.result_of(plan, jobs=result.jobs), group=group.name)


def _publish(
    plan: Plan, arguments: models.CloudArguments, project: Project, google: Google, context: Context
) -> str | None:
    """Build and push the image, as far as that isn't done; return its digest in the registry."""
    if not plan.own_image:
        return None
    registries.see_to_repository(plan.image, google, context, create=arguments.create_repository)
    engine = open_engine(context)
    if not arguments.no_cache:
        there = engine.published(plan.image, registries.login_for(plan.image, google))
        if there is not None:
            context.report(f"{plan.image} is in its registry already", None)
            return there
    image = images.ensure(arguments, project, plan.mode, context, platform=planning.PLATFORM)
    return registries.publish(image.tag, plan.image, engine, google, context)


def _begin(plan: Plan, history: History, digest: str | None, context: Context) -> Group:
    """Write a plan down, under a name that no other launch has."""
    journal = Journal(history)
    while True:
        group = Group(
            name=plan.group,
            title=plan.title,
            backend=plan.backend,
            folder=context.folder,
            image=plan.image,
            owner=None,
            created=utc_now(),
            project=plan.project_id,
            region=plan.choice.region,
            details=_details(plan, digest, context),
        )
        try:
            journal.begin(group, plan.jobs())
        except NameTaken:
            plan = planning.renamed(plan)
        else:
            return group


def _details(plan: Plan, digest: str | None, context: Context) -> Mapping[str, object]:
    cost = plan.price.effective if plan.price else None
    return {
        "plan_id": plan.plan_id,
        "machine_type": plan.choice.machine_type,
        "accelerator": str(plan.choice.accelerator) if plan.choice.accelerator else None,
        "spot": plan.choice.spot,
        "per_job_hour": None if cost is None else cost.total,
        "currency": plan.price.currency if plan.price else None,
        "prices_as_of": plan.price.as_of if plan.price else None,
        "digest": digest,
        "user": _user(),
        "host": platform.node(),
        **_git(context.folder),
    }


def _send(
    group: Group, history: History, google: Google, context: Context, *, resumed: bool
) -> models.CloudResult:
    """Send what isn't sent of a launch, and tell what became of it.

    Raises:
        ServiceError: the service refused, or didn't answer; what is left can be resumed.
    """
    journal = Journal(history)
    service = service_for(group, google)
    journal.take(group.name)
    try:
        outcome = sending.send(
            group.name,
            service,
            journal,
            resumed=resumed,
            report=context.report,
            cancel=context.cancel,
            clock=utc_now,
            hang_up=google.hang_up,
            timing=sending.TIMING,
        )
    finally:
        journal.leave(group.name)
    left = outcome.planned + outcome.doubtful
    if left:
        how_far = f"{outcome.sent} jobs were sent, {outcome.planned} weren't"
        if outcome.doubtful:
            how_far += f", and of {outcome.doubtful} nobody knows"
        context.report(f"{how_far}; `caliban resume {group.name}` goes on", None)
    if outcome.failure is not None:
        raise outcome.failure
    context.cancel.check()
    return _result(group, history, service)


def _result(group: Group, history: History, service: Service) -> models.CloudResult:
    """Return what is written down of a launch."""
    jobs = tuple(
        models.CloudJob(
            index=job.index,
            job_id=job.job_id,
            args=job.args,
            labels={},
            state=job.state.value,
            name=job.name,
            url=service.url(job.name) if job.name else None,
            error=job.error,
        )
        for job in history.jobs(group.name)
    )
    details: Mapping[str, Any] = group.details
    return models.CloudResult(
        plan_id=str(details.get("plan_id", "")),
        group=group.name,
        backend=group.backend,
        project_id=group.project or "",
        region=group.region or "",
        machine_type=str(details.get("machine_type", "")),
        accelerator=None,
        spot=bool(details.get("spot")),
        image=group.image or "",
        count=len(jobs),
        cost=None,
        quotas=(),
        seconds=0.0,
        service_account=None,
        notes=(),
        jobs=jobs,
    )


def _unfinished(reference: str | None, history: History) -> Group:
    """Return the launch that is meant.

    Raises:
        UsageError: there is none, or all of it is sent.
    """
    open_states = {JobState.PLANNED, JobState.SUBMITTING, JobState.UNKNOWN}
    if reference is not None:
        group = history.group(reference)
        if group is None:
            raise UsageError(f"There is no group {reference}", hint="`caliban status` lists them.")
        candidates = [group]
    else:
        candidates = [
            group for backend in ("vertex", "ai-platform") for group in history.unfinished_groups(backend)
        ]
    for group in sorted(candidates, key=lambda group: group.created, reverse=True):
        if any(job.state in open_states for job in history.jobs(group.name)):
            return group
    what = reference or "every submission"
    raise UsageError(f"All jobs of {what} are sent; there is nothing to resume")


def _keep(plan: Plan, arguments: models.CloudArguments, context: Context) -> None:
    """Keep a plan for a day, and forget those that are older."""
    from caliban_ls.wire import to_json

    folder = state_folder_of(context) / _PLANS
    said = {
        "folder": str(context.folder),
        "group": plan.group,
        "key": plan.key,
        "arguments": to_json(arguments),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.glob("*.json"):
            if utc_now().timestamp() - old.stat().st_mtime > _PLANS_KEPT.total_seconds():
                old.unlink(missing_ok=True)
        file = folder / f"{plan.plan_id}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(said, opened)
    except OSError as error:
        raise MissingError(
            f"The plan can't be kept in {folder}: {error.strerror or error}",
            hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
        ) from error


def _kept(plan_id: str, context: Context) -> dict[str, Any]:
    """Return a plan that was kept.

    Raises:
        UsageError: there is none of this id, or not any more.
    """
    from caliban_ls.wire import parse_arguments

    file = state_folder_of(context) / _PLANS / f"{plan_id}.json"
    try:
        if (
            not plan_id.isalnum()
            or utc_now().timestamp() - file.stat().st_mtime > _PLANS_KEPT.total_seconds()
        ):
            raise FileNotFoundError(file)
        said: dict[str, Any] = json.loads(file.read_text())
        said["arguments"] = parse_arguments(models.CloudArguments, said["arguments"])
    except (OSError, ValueError, KeyError) as error:
        raise UsageError(
            f"There is no plan {plan_id}", hint="Plans are kept for 24 hours; make a new one."
        ) from error
    return said


def _user() -> str | None:
    with suppress(KeyError, OSError):
        return getpass.getuser()
    return None


def _git(folder: Path) -> dict[str, object]:
    """Return the project's commit, and whether there is more than that; nothing where git doesn't know."""

    def ask(*words: str) -> str | None:
        with suppress(OSError, subprocess.SubprocessError):
            done = subprocess.run(
                # A project's own configuration could name programs to run.
                ["git", "-c", "core.fsmonitor=", "-C", str(folder), *words],
                capture_output=True,
                text=True,
                timeout=_GIT_SECONDS,
                check=True,
            )
            return done.stdout.strip()
        return None

    commit = ask("rev-parse", "HEAD")
    if commit is None:
        return {"commit": None, "dirty": None}
    return {"commit": commit, "dirty": bool(ask("status", "--porcelain"))}
