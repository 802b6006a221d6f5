"""The plan of a submission: which jobs, where, on what, for how much; and whether that is allowed.

Asks no service and builds nothing. What isn't said by a flag is taken from the environment, then from the
project's config, then from the user's settings, then by default.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from caliban_ls import hardware, images, models
from caliban_ls.catalog import Accelerator, Kind, Mode, catalog
from caliban_ls.context import Context
from caliban_ls.errors import MissingError, UsageError
from caliban_ls.findings import Severity
from caliban_ls.hardware import Backend, Choice, Price, Request, SpecProblem
from caliban_ls.project import Project
from caliban_ls.records import settings_of
from caliban_ls.runtime import labels
from caliban_ls.runtime.base import JobSpec, JobState
from caliban_ls.runtime.cloud import Body, CloudJob, body_of
from caliban_ls.runtime.history import launch_name, utc_now
from caliban_ls.runtime.identity import Identity
from caliban_ls.runtime.masking import masked_args
from caliban_ls.work import Work, jobs_of, work_of

PLATFORM = "linux/amd64"
"""What Google's machines run, whatever this one is."""

MAX_JOBS = 100
"""How many jobs one submission may have when nobody says otherwise."""

_AGENT = "Google's own service agent"

_JOBS_PER_SECOND = 10  # that a service takes in, roughly; at 60 a minute each is told to wait

_AT_ONCE_FREE = 60  # creates in a minute that a project is granted without being asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A submission before it happens.

    Attributes:
        plan_id: a digest of all that decides over it; not of ids and times.
        group: the name of the launch.
        title: the NAME that it was given.
        key: what tells its jobs from those of all other launches, on any machine.
        backend: the service.
        project_id: Google's project.
        choice: what each job runs on.
        image: full name.
        own_image: whether that is the project's own, to be built and pushed.
        mode: of the image.
        count: jobs.
        work: makes them.
        user_labels: of every job.
        service_account: that the jobs run as, None for the service's own agent.
        price: of one job, None where unknown.
        notes: what to know before saying yes.
    """

    plan_id: str
    group: str
    title: str
    key: str
    backend: Backend
    project_id: str
    choice: Choice
    image: str
    own_image: bool
    mode: Mode
    count: int
    work: Work
    user_labels: Mapping[str, str]
    service_account: str | None
    price: Price | None
    notes: tuple[str, ...]

    def jobs(self) -> Iterator[tuple[JobSpec, Body]]:
        """Yield each job with the request that makes it; made anew with each call."""
        for job in jobs_of(self.work, self.group):
            yield job, body_of(self.backend, self._cloud_job(job))

    def labels_of(self, job: JobSpec) -> labels.Labels:
        """Return the labels of a job."""
        ours = {
            labels.GROUP: labels.group_value(self.group),
            labels.JOB: f"{self.key}-{job.index}",
            "job_name": labels.value_of(self.title),
            "gpu_enabled": str(self.choice.mode == "gpu").lower(),
            "tpu_enabled": str(_is(self.choice.accelerator, "tpu")).lower(),
            "docker_image": labels.value_of(self.image.rpartition("/")[2]),
        }
        return labels.job_labels(ours, self.user_labels, job.parameters)

    def _cloud_job(self, job: JobSpec) -> CloudJob:
        return CloudJob(
            job_id=job.job_id,
            image=self.image,
            args=job.args,
            labels=self.labels_of(job).kept,
            choice=self.choice,
            service_account=self.service_account,
        )


def make_plan(
    arguments: models.CloudArguments, project: Project, identity: Identity | None, context: Context
) -> Plan:
    """Return the plan of a submission.

    Args:
        arguments: of the command.
        project: its config.
        identity: who will ask, None where nobody can.
        context: of the command.

    Raises:
        UsageError: something that was said can't be.
        MissingError: nothing says which Google Cloud project is meant.
        InvalidDocument: a file has errors.
    """
    total, work = work_of(arguments, context)
    request = _request(arguments, project, context)
    notes = list(_judged(request))
    choice = hardware.resolve(request)
    project_id = _project_id(arguments, project, identity, context)
    if arguments.image_tag is not None:
        image, own = arguments.image_tag, False
    else:
        planned = images.plan_for(arguments, project, choice.mode, context, platform=PLATFORM)
        repository = project.cloud.repository or f"{choice.region}-docker.pkg.dev/{project_id}/caliban"
        image, own = f"{repository.rstrip('/')}/{planned.tag.removeprefix('caliban/')}", True
        notes += _about_registry(repository)
    known = identity.account if identity else None
    account = arguments.service_account or project.cloud.service_account or known
    if account is None:
        notes.append(
            "The jobs run as Google's own service agent, which reaches few other services;"
            " --service_account names another"
        )
    title = arguments.name or context.folder.name
    user_labels = {**project.cloud.labels, **dict(map(_label, arguments.label))}
    plan = Plan(
        plan_id="",
        group=launch_name(title, utc_now()),
        title=title,
        key=secrets.token_hex(8),
        backend=choice.backend,
        project_id=project_id,
        choice=choice,
        image=image,
        own_image=own,
        mode=choice.mode,
        count=total,
        work=work,
        user_labels=user_labels,
        service_account=account,
        price=hardware.price(choice),
        notes=(),
    )
    notes += _about_labels(plan)
    notes += _about_pace(total)
    return replace(plan, plan_id=_digest(plan), notes=tuple(notes))


def renamed(plan: Plan) -> Plan:
    """Return a plan whose launch has another name, because its own was taken."""
    return replace(plan, group=launch_name(plan.title, utc_now()), key=secrets.token_hex(8))


def check_limits(plan: Plan, arguments: models.CloudArguments, project: Project, context: Context) -> bool:
    """Return whether a plan is allowed without asking for more than a yes.

    A user's own limit holds, lowered by the project's but never raised; a flag is the user's own word. A terminal may
    go over a limit by typing the number of jobs.

    Raises:
        UsageError: it is over a limit, and nobody is there who may say that it may be.
    """
    over = list(_over_limits(plan, arguments, project, context))
    if not over:
        return True
    message = f"{'; '.join(over)}"
    if context.insist(f"{described(result_of(plan, jobs=()))}\n{message}", str(plan.count)):
        return False
    raise UsageError(f"{message}. Nothing was built or sent", hint="The flag that is named allows it.")


def result_of(
    plan: Plan, jobs: Iterable[models.CloudJob] | None = None, *, requests: bool = False
) -> models.CloudResult:
    """Return a plan as it is shown; its jobs are PLANNED unless others are given.

    Args:
        plan: the plan.
        jobs: what became of its jobs, None for nothing so far.
        requests: whether each job carries its request.
    """
    choice, cost = plan.choice, plan.price.effective if plan.price else None
    accelerator = choice.accelerator
    held = shown = None
    if accelerator is not None:
        held = models.CloudAccelerator(type=accelerator.type, count=accelerator.count)
    if cost is not None and plan.price is not None:
        shown = models.CloudCost(
            currency=plan.price.currency,
            per_job_hour=round(cost.total, 6),
            all_jobs_hour=round(cost.total * plan.count, 6),
            as_of=plan.price.as_of,
        )
    return models.CloudResult(
        plan_id=plan.plan_id,
        group=plan.group,
        backend=plan.backend,
        project_id=plan.project_id,
        region=choice.region,
        machine_type=choice.machine_type,
        accelerator=held,
        spot=choice.spot,
        image=plan.image,
        count=plan.count,
        cost=shown,
        quotas=tuple(
            models.CloudQuota(
                metric=need.metric, of=need.of, needed=need.needed * plan.count, granted=need.granted
            )
            for need in hardware.quotas(choice)
        ),
        seconds=round(plan.count / _JOBS_PER_SECOND, 1),
        service_account=plan.service_account,
        notes=plan.notes,
        jobs=tuple(_planned(plan, requests=requests) if jobs is None else jobs),
    )


def described(result: models.CloudResult) -> str:
    """Return a plan in a few lines, for a person who is to say yes or no."""
    hardware_text = result.machine_type
    if result.accelerator:
        hardware_text += f" with {result.accelerator.count}x{result.accelerator.type}"
    if result.spot:
        hardware_text += ", spot"
    jobs = "1 job" if result.count == 1 else f"{result.count:,} jobs"
    lines = [
        f"{jobs} on {hardware_text} in {result.region}, project {result.project_id} ({result.backend})",
        f"    image    {result.image}",
        f"    runs as  {result.service_account or _AGENT}",
    ]
    if result.cost is None:
        lines.append("    price    not known")
    else:
        cost = result.cost
        each = f"{cost.per_job_hour:.2f} {cost.currency} an hour each"
        lines.append(f"    price    {each}, {cost.all_jobs_hour:.2f} all at once (prices of {cost.as_of})")
    for quota in result.quotas:
        granted = "" if quota.granted is None else f"; a new project is granted {quota.granted}"
        lines.append(f"    quota    {quota.needed} {quota.of}{granted}")
    lines += [f"    note     {note}" for note in result.notes]
    return "\n".join(lines)


def _planned(plan: Plan, *, requests: bool) -> Iterator[models.CloudJob]:
    for job, body in plan.jobs():
        shown = masked_args(job.args)
        yield models.CloudJob(
            index=job.index,
            job_id=job.job_id,
            args=shown,
            labels=dict(body["labels"]),
            state=JobState.PLANNED.value,
            request=_masked(body, job.args, shown) if requests else None,
        )


def _masked(body: Any, args: tuple[str, ...], shown: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON
    """Return a request with other arguments in their place."""
    if body == list(args):
        return list(shown)
    if isinstance(body, dict):
        return {key: _masked(value, args, shown) for key, value in body.items()}
    if isinstance(body, list):
        return [_masked(value, args, shown) for value in body]
    return body


def _request(arguments: models.CloudArguments, project: Project, context: Context) -> Request:
    """Return the hardware that is asked for, each part by whoever says it first."""
    cloud, defaults = project.cloud, settings_of(context).defaults
    if arguments.gpu and arguments.nogpu:
        raise UsageError("--gpu and --nogpu exclude each other")
    mode: Mode | None = "gpu" if arguments.gpu else "cpu" if arguments.nogpu else project.default_mode
    # A spec of one kind, said by a flag, takes the place of the other kind's in the config.
    said = arguments.gpu_spec is not None or arguments.tpu_spec is not None
    gpu = arguments.gpu_spec if said else cloud.gpu_spec
    tpu = arguments.tpu_spec if said else cloud.tpu_spec
    if not said and gpu is None and tpu is None and mode != "cpu":
        gpu = defaults.gpu_spec
    backend: Any = arguments.backend or cloud.backend or defaults.backend
    if backend not in (None, "vertex", "ai-platform"):
        raise UsageError(f"There is no backend {backend}", hint="There are vertex and ai-platform.")
    return Request(
        backend=backend,
        region=arguments.region or context.environment.get("REGION") or cloud.region or defaults.region,
        machine_type=arguments.machine_type or cloud.machine_type or defaults.machine_type,
        gpu_spec=_accelerator(gpu, "gpu"),
        tpu_spec=_accelerator(tpu, "tpu"),
        spot=arguments.spot or cloud.spot,
        mode=mode,
        force=arguments.force or cloud.force,
    )


def _accelerator(text: str | None, kind: Kind) -> Accelerator | None:
    if text is None:
        return None
    read = hardware.parse_spec(text, kind)
    if isinstance(read, SpecProblem):
        raise UsageError(
            f"--{kind}_spec {text}: {read.message}", hint="Write NUMxTYPE, such as 2xT4 or 8xV3."
        )
    return read.accelerator


def _judged(request: Request) -> Iterator[str]:
    """Yield what is worth knowing of hardware.

    Raises:
        UsageError: it can't be had.
    """
    problems = hardware.judge(request)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        first = errors[0]
        others = [found.title for found in first.alternatives[1:4]]
        also = f"Or: {'; '.join(others)}. " if others else ""
        raise UsageError(
            f"{first.message} ({first.code})",
            hint=f"{also}--force submits it as it is, whatever the catalogue says.",
        )
    for problem in problems:
        yield f"{problem.message} ({problem.code})"


def _project_id(
    arguments: models.CloudArguments, project: Project, identity: Identity | None, context: Context
) -> str:
    for found in (
        arguments.project_id,
        context.environment.get("PROJECT_ID"),
        project.project_id,
        context.environment.get("GOOGLE_CLOUD_PROJECT"),
        identity.project if identity else None,
    ):
        if found:
            return found
    raise MissingError(
        "Which Google Cloud project? Nothing says so",
        hint='Say --project_id, set PROJECT_ID, or write "gcloud": {"project_id": "…"} into .calibanconfig.json.',
    )


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"-l {text} isn't KEY=VALUE")
    return key, value


def _about_registry(repository: str) -> Iterator[str]:
    host = repository.partition("/")[0]
    if host == "gcr.io" or host.endswith(".gcr.io"):
        yield (
            f"{host} is Container Registry, which was shut down on 2025-03-18; Artifact Registry answers for it"
            " if the project has a repository of that name"
        )


def _about_labels(plan: Plan) -> Iterator[str]:
    """Yield which flags find no room among the labels; the first job speaks for all."""
    job = next(jobs_of(plan.work, plan.group), None)
    dropped = plan.labels_of(job).dropped if job else ()
    if dropped:
        yield f"Google takes {labels.MOST} labels; these flags are in none: {', '.join(dropped)}"


def _about_pace(count: int) -> Iterator[str]:
    if count > _AT_ONCE_FREE:
        yield (
            f"A project may submit {_AT_ONCE_FREE} jobs a minute unless it was granted more,"
            f" so that {count:,} take up to {-(-count // _AT_ONCE_FREE)} minutes"
        )


def _over_limits(
    plan: Plan, arguments: models.CloudArguments, project: Project, context: Context
) -> Iterator[str]:
    """Yield what is over a limit, with the flag that would allow it."""
    own, theirs = settings_of(context).limits, project.limits
    jobs = (
        arguments.max_jobs
        if arguments.max_jobs is not None
        else _lower(own.max_jobs or MAX_JOBS, theirs.max_jobs)
    )
    if jobs is not None and plan.count > jobs:
        yield f"{plan.count:,} jobs are more than {jobs:,} (--max_jobs)"
    most = arguments.max_cost_per_hour
    if most is None:
        most = _lower(own.max_cost_per_hour, theirs.max_cost_per_hour)
    if most is None:
        return
    cost = plan.price.effective if plan.price else None
    if cost is None:
        yield f"What {plan.choice.machine_type} costs isn't known, and at most {most:g} USD an hour is allowed (--max_cost_per_hour)"
    elif cost.total * plan.count > most:
        yield f"{cost.total * plan.count:.2f} USD an hour is more than {most:g} (--max_cost_per_hour)"


def _lower(own: float | None, theirs: float | None) -> float | None:
    known = [limit for limit in (own, theirs) if limit is not None]
    return min(known) if known else None


def _is(accelerator: Accelerator | None, kind: Kind) -> bool:
    return accelerator is not None and accelerator.kind == kind


def _digest(plan: Plan) -> str:
    """Return a digest of all that decides over a plan."""
    digest = hashlib.sha256()
    said = {
        "backend": plan.backend,
        "project": plan.project_id,
        "region": plan.choice.region,
        "machine_type": plan.choice.machine_type,
        "accelerator": str(plan.choice.accelerator),
        "topology": plan.choice.topology,
        "spot": plan.choice.spot,
        "image": plan.image,
        "labels": dict(plan.user_labels),
        "service_account": plan.service_account,
        "title": plan.title,
        "catalogue": catalog().as_of,
        "prices": plan.price and plan.price.as_of,
    }
    digest.update(json.dumps(said, sort_keys=True).encode())
    for index, args, _ in plan.work():
        digest.update(f"\0{index}\0{chr(1).join(args)}".encode())
    return digest.hexdigest()[:32]
