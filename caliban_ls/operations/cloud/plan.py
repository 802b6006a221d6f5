"""Plan a submission: its jobs, project, hardware, image, labels and price.

Makes no requests and builds nothing. Each value comes from a flag, else the environment, else the project's config,
else the user's settings, else a default.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields, replace

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.checks.limits import FREE_A_MINUTE
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.estimate import HardwareFlags, request_of
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.hardware import HardwareChoice, Price, Request
from caliban_ls.analysis.hardware.catalog import Accelerator, Kind, Mode, catalog
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.rules.overrides import is_forced
from caliban_ls.core.duration import parse_duration
from caliban_ls.core.errors import MissingError, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.selected_jobs import Work, jobs_of, work_of
from caliban_ls.operations.context.state import settings_of
from caliban_ls.operations.context.which_module import unused_config
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, JobRequest, Scheduling
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.google.hosts import require_region
from caliban_ls.runtime.google.local_identity import Claims
from caliban_ls.runtime.history.records import launch_name, utc_now
from caliban_ls.runtime.jobs import JobSpec

PLATFORM = "linux/amd64"
"""The platform of Google's machines, which may differ from this one's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A submission before it happens.

    Attributes:
        plan_id: a digest of everything but ids and times.
        group: the name of the launch.
        title: the NAME from the user.
        key: random; with a job's place it identifies the job among all launches on all machines.
        backend: the service.
        project_id: Google's project.
        choice: the hardware of each job.
        module: the program, None if the image has its own.
        image: full name.
        own_image: whether it is the project's, which is built and pushed.
        mode: of the image.
        count: of the jobs.
        work: yields the jobs.
        user_labels: on every job.
        flags: the user's, which every job has besides those of the sweep.
        scheduling: when jobs start and end.
        service_account: the account that jobs run as, None for the service's own agent.
        price: of one job, None if unknown.
        notes: to read before confirming.
        repeats: the launch whose jobs are submitted again, None for a new one.
        origins: for jobs that are submitted again, the ids of the first ones, by place.
    """

    plan_id: str
    group: str
    title: str
    key: str
    backend: BackendName
    project_id: str
    choice: HardwareChoice
    module: str | None
    image: str
    own_image: bool
    mode: Mode
    count: int
    work: Work
    user_labels: Mapping[str, str]
    flags: Mapping[str, str]
    scheduling: Scheduling
    service_account: str | None
    price: Price | None
    notes: tuple[str, ...]
    repeats: str | None = None
    origins: Mapping[int, str] = field(default_factory=dict)

    def jobs(self) -> Iterator[tuple[JobSpec, Body]]:
        """Yield each job with the request that creates it."""
        backend = backend_of(self.backend)
        for job in jobs_of(self.work, self.group):
            yield job, backend.body(self._request_of(job))

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
        return labels.job_labels(ours, self.user_labels, {**self.flags, **job.parameters})

    def _request_of(self, job: JobSpec) -> JobRequest:
        return JobRequest(
            job_id=job.job_id,
            image=self.image,
            args=job.args,
            labels=self.labels_of(job).kept,
            choice=self.choice,
            scheduling=self.scheduling,
            service_account=self.service_account,
        )


def make_plan(arguments: CloudArguments, project: Project, claims: Claims, context: Context) -> Plan:
    """Return the plan of a submission.

    Args:
        arguments: of the command.
        project: its config.
        claims: the account and project from files.
        context: of the command.

    Raises:
        UsageError: a value is wrong or impossible.
        MissingError: no source names the Google Cloud project.
        InvalidDocument: a file has errors.
    """
    total, work, overridden = work_of(arguments, project, context)
    flags = HardwareFlags(**{one.name: getattr(arguments, one.name) for one in fields(HardwareFlags)})
    request = request_of(flags, project, settings_of(context).defaults, context.environment)
    if request.region is not None:
        require_region(request.region)
    notes = [*overridden, *unused_config(arguments.experiment_config, context), *_check_hardware(request)]
    choice = _as_enumerated(hardware.resolve(request))
    scheduling = _scheduling(arguments, project, choice)
    project_id = _project_id(arguments, project, claims, context)
    if arguments.image_tag is not None:
        image, own = arguments.image_tag, False
    else:
        image, own = image_name(arguments, project, choice, project_id, context), True
    notes += _about_registry(image)
    account = arguments.service_account or project.cloud.service_account or claims.account
    if account is None:
        notes.append(
            "The jobs run as Google's own service agent, which reaches few other services;"
            " --service_account names another"
        )
    title = arguments.name or context.folder.name
    plan = Plan(
        plan_id="",
        group=launch_name(title, utc_now()),
        title=title,
        key=secrets.token_hex(8),
        backend=choice.backend,
        project_id=project_id,
        choice=choice,
        module=arguments.module or project.module,
        image=image,
        own_image=own,
        mode=choice.mode,
        count=total,
        work=work,
        user_labels={**project.cloud.labels, **dict(map(_label, arguments.label))},
        flags=labels.flags_of(arguments.args),
        scheduling=scheduling,
        service_account=account,
        price=hardware.price(choice),
        notes=(),
    )
    plan_id, dropped = _read_through(plan)
    if dropped:
        notes.append(f"Google takes {labels.MOST} labels of a job; these found no room: {', '.join(dropped)}")
    notes += _about_pace(total)
    return replace(plan, plan_id=plan_id, notes=tuple(notes))


def image_name(
    arguments: CloudArguments, project: Project, choice: HardwareChoice, project_id: str, context: Context
) -> str:
    """Return the full name of the project's image in its registry, as the project is now."""
    planned = image.plan_for(arguments, project, choice.mode, context, platform=PLATFORM)
    repository = project.cloud.repository or f"{choice.region}-docker.pkg.dev/{project_id}/caliban"
    return f"{repository.rstrip('/')}/{planned.tag.removeprefix('caliban/')}"


def renamed(plan: Plan) -> Plan:
    """Return a plan with a new name for its launch, because another launch has the old one."""
    return replace(plan, group=launch_name(plan.title, utc_now()), key=secrets.token_hex(8))


def _scheduling(arguments: CloudArguments, project: Project, choice: HardwareChoice) -> Scheduling:
    """Return when jobs start and end.

    Raises:
        UsageError: a duration can't be read, or the service doesn't offer it.
    """
    cloud = project.cloud
    scheduling = Scheduling(
        timeout=_seconds("--timeout", arguments.timeout or cloud.timeout),
        max_wait=_seconds("--max_wait", arguments.max_wait or cloud.max_wait),
        restart=arguments.restart or bool(cloud.restart),
    )
    backend_of(choice.backend).check_scheduling(scheduling, flex_start=choice.flex_start)
    return scheduling


def _seconds(flag: str, text: str | None) -> int | None:
    if text is None:
        return None
    seconds = parse_duration(text)
    if seconds is None:
        raise UsageError(f"{flag} {text} is no duration", hint="Write a number and a unit: 90m, 12h or 7d.")
    return seconds


def _check_hardware(request: Request) -> Iterator[str]:
    """Yield notes on the hardware.

    Raises:
        UsageError: the hardware is impossible.
    """
    problems = hardware.check_request(request)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if errors:
        first, said = errors[0], "; ".join(f"{problem.message} ({problem.code})" for problem in errors)
        others = [found.title for found in first.alternatives[1:4]]
        also = f"Or: {'; '.join(others)}. " if others else ""
        raise UsageError(
            said,
            hint=f"{also}`--force {','.join(dict.fromkeys(problem.code for problem in errors))}` submits it as it is.",
        )
    for problem in problems:
        if is_forced(request.force, problem.code) and RULES[problem.code].severity is Severity.ERROR:
            yield f"overridden: {problem.code} {problem.message}"
        else:
            yield f"{problem.message} ({problem.code})"


def _as_enumerated(choice: HardwareChoice) -> HardwareChoice:
    """Return a choice whose accelerator, if the catalogue doesn't know it, is spelled as in the service's own list.

    Raises:
        UsageError: the list doesn't have it, so Google would refuse every job.
    """
    accelerator = choice.accelerator
    if accelerator is None or catalog().knows_accelerator(accelerator.type):
        return choice
    known = backend_of(choice.backend).accelerators()
    for spelling in (
        accelerator.type,
        *(f"{maker}{accelerator.type}" for maker in _MAKERS[accelerator.kind]),
    ):
        if spelling in known:
            return replace(choice, accelerator=replace(accelerator, type=spelling))
    near = difflib.get_close_matches(accelerator.type, catalog().accelerators, n=1)
    also = f"Did you mean {near[0]}? " if near else ""
    raise UsageError(
        f"Google's list of accelerators has no {accelerator.type}",
        hint=f"{also}No flag overrides this: Google refuses such jobs. A newer google-api-python-client has newer ones.",
    )


_MAKERS: Mapping[Kind, tuple[str, ...]] = {"gpu": ("NVIDIA_TESLA_", "NVIDIA_"), "tpu": ("TPU_",)}


def named_project(
    given: str | None, project: Project, claims: Claims, environment: Mapping[str, str]
) -> str | None:
    """Return the Google Cloud project of a submission, None where nothing names one.

    Args:
        given: by a flag.
        project: the project config.
        claims: of the credentials.
        environment: the process's variables.
    """
    named = (
        given,
        environment.get("PROJECT_ID"),
        project.project_id,
        environment.get("GOOGLE_CLOUD_PROJECT"),
        claims.project,
    )
    return next(filter(None, named), None)


def _project_id(arguments: CloudArguments, project: Project, claims: Claims, context: Context) -> str:
    found = named_project(arguments.project_id, project, claims, context.environment)
    if found is not None:
        return found
    raise MissingError(
        "Which Google Cloud project? No flag, variable or config names one",
        hint='Say --project_id, set PROJECT_ID, or write "gcloud": {"project_id": "…"} into .calibanconfig.json.',
    )


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise UsageError(f"-l {text} isn't KEY=VALUE")
    return key, value


def _about_registry(image: str) -> Iterator[str]:
    host = image.partition("/")[0]
    if host == "gcr.io" or host.endswith(".gcr.io"):
        yield (
            f"{host} is Container Registry, which was shut down on 2025-03-18; Artifact Registry answers for it"
            " if the project has a repository of that name"
        )


def _about_pace(count: int) -> Iterator[str]:
    if count > FREE_A_MINUTE:
        yield (
            f"A project may submit {FREE_A_MINUTE} jobs a minute unless it was granted more,"
            f" so that {count:,} take up to {-(-count // FREE_A_MINUTE)} minutes"
        )


def _is(accelerator: Accelerator | None, kind: Kind) -> bool:
    return accelerator is not None and accelerator.kind == kind


def _read_through(plan: Plan) -> tuple[str, tuple[str, ...]]:
    """Read all jobs once; return the plan's digest, and the labels that found no room."""
    digest = hashlib.sha256()
    said = {
        "backend": plan.backend,
        "project": plan.project_id,
        "region": plan.choice.region,
        "machine_type": plan.choice.machine_type,
        "accelerator": str(plan.choice.accelerator),
        "topology": plan.choice.topology,
        "spot": plan.choice.spot,
        "flex_start": plan.choice.flex_start,
        "scheduling": asdict(plan.scheduling),
        "image": plan.image,
        "labels": dict(plan.user_labels),
        "service_account": plan.service_account,
        "title": plan.title,
        "catalogue": catalog().as_of,
        "prices": plan.price and plan.price.as_of,
    }
    digest.update(json.dumps(said, sort_keys=True).encode())
    dropped: dict[str, None] = {}
    seen: set[tuple[str, ...]] = set()
    for index, args, parameters in plan.work():
        digest.update(json.dumps([index, args]).encode())
        # Jobs with the same flags have the same labels, but for their values.
        names = tuple(parameters)
        if names not in seen:
            seen.add(names)
            job = JobSpec(index=index, job_id="", args=args, parameters=parameters)
            dropped |= dict.fromkeys(plan.labels_of(job).dropped)
    return digest.hexdigest()[:32], tuple(dropped)
