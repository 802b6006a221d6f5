"""Arguments and results of submissions: cloud, submit, resume, resubmit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caliban_ls.analysis.backend_names import EITHER
from caliban_ls.operations.schemas.containers import BuildArguments
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, kw_only=True)
class CloudArguments(BuildArguments):
    """A module, or a sweep of it, to run on Google's machines, and its hardware."""

    args: tuple[str, ...] = positional("Passed to the job, untouched.", metavar="ARGS", default=(), rest=True)
    experiment_config: str | None = option(
        None, "The sweep to submit: FILE or stdin.", metavar="FILE", document=True
    )
    dry_run: bool = option(False, "Show the plan and the requests; build and send nothing.")
    image_tag: str | None = option(None, "Use this image of a registry and build nothing.", metavar="IMAGE")
    project_id: str | None = option(None, "The Google Cloud project.", metavar="PROJECT")
    region: str | None = option(None, "The region of the jobs.", metavar="REGION")
    machine_type: str | None = option(None, "The machine of each job.", metavar="TYPE")
    gpu_spec: str | None = option(None, "The GPUs of each job: 2xT4.", metavar="NUMxTYPE")
    tpu_spec: str | None = option(None, "The TPU of each job: 8xV3.", metavar="NUMxTYPE")
    spot: bool = option(False, "Use spot machines: cheaper, but Google may take them away at any time.")
    flex_start: bool = option(False, "Wait until machines are free, for less money: L4, A100 and newer GPUs.")
    timeout: str | None = option(
        None, "How long a job may run: 12h. Google ends it after 7 days.", metavar="TIME"
    )
    max_wait: str | None = option(
        None, "How long a job may wait to start: 2d; with flex-start 1 day.", metavar="TIME"
    )
    restart: bool = option(False, "Start a job again when its machine is restarted.")
    force: bool | tuple[str, ...] = option(
        False,
        "Submit although the checks would refuse it: all findings, or those of these codes.",
        metavar="CODE",
        codes=True,
    )
    name: str | None = option(None, "Name of the group of jobs.", metavar="NAME")
    label: tuple[str, ...] = option((), "A label of each job.", short="l", metavar="KEY=VALUE")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")
    backend: str | None = option(None, f"{EITHER}.", metavar="BACKEND")
    service_account: str | None = option(None, "The account that the jobs run as.", metavar="EMAIL")
    create_repository: bool = option(False, "Create the image repository if it is missing.")
    index: int | None = option(
        None, "Submit only this combination of the sweep (1 is the first).", metavar="N"
    )
    block: str | None = option(
        None, "Submit one block of the sweep only, by its JSON pointer.", metavar="POINTER"
    )
    max_jobs: int | None = option(None, "The most jobs that may be submitted.", metavar="N")
    max_cost_per_hour: float | None = option(
        None, "The most that all jobs together may cost an hour, in US dollars.", metavar="X"
    )
    yes: bool = option(False, "Submit without asking; limits still apply.", short="y")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitArguments:
    """The plan to submit."""

    plan_id: str = positional("The id of a plan.", metavar="PLAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeArguments:
    """The submission to finish."""

    group: str | None = positional(
        "A group; by default the newest unfinished one of this folder.", metavar="GROUP"
    )
    dry_run: bool = option(False, "Show the remaining jobs and their requests; send nothing.")
    max_jobs: int | None = option(None, "The most jobs that may remain to be sent.", metavar="N")
    max_cost_per_hour: float | None = option(
        None, "The most that all remaining jobs may cost an hour, in US dollars.", metavar="X"
    )
    yes: bool = option(False, "Send without asking; limits still apply.", short="y")


@dataclass(frozen=True, kw_only=True)
class ResubmitArguments:
    """The cloud jobs to submit again."""

    references: tuple[str, ...] = positional(
        "Jobs of one group, or the group; by default the newest group of this folder.",
        metavar="JOB|GROUP",
        default=(),
    )
    state: tuple[str, ...] = option(
        (), "Jobs in this state instead of FAILED and CANCELLED; may be repeated.", metavar="STATE"
    )
    rebuild: bool = option(False, "Build and push the project as it is now, and use that image.")
    name: str | None = option(None, "Name of the new group; by default that of the old one.", metavar="NAME")
    dry_run: bool = option(False, "Show the plan and the requests; build and send nothing.")
    plan_id: str | None = option(
        None, "Submit only if this is still the plan, as --dry_run --json showed it.", metavar="PLAN"
    )
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")
    max_jobs: int | None = option(None, "The most jobs that may be submitted.", metavar="N")
    max_cost_per_hour: float | None = option(
        None, "The most that all jobs together may cost an hour, in US dollars.", metavar="X"
    )
    yes: bool = option(False, "Submit without asking; limits still apply.", short="y")


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccelerator:
    """The accelerators of a job."""

    type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudCost:
    """The price of jobs in `currency`, from the prices of the day `as_of`."""

    currency: str
    per_job_hour: float
    all_jobs_hour: float
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudQuota:
    """A quota that the jobs use: its metric if it is known, and the amount for all jobs."""

    metric: str | None
    of: str
    needed: int
    granted: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudExcess:
    """A limit that a plan exceeds.

    Attributes:
        message: the limit and the excess, with the flag that would allow it.
        hint: the remedy if typing the number of jobs is none; else empty.
        allowed_by: the arguments that allow it, for an editor that had the number of jobs typed; None where a limit
            of the user's own settings forbids it, or no number would do.
    """

    message: str
    hint: str
    allowed_by: dict[str, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudJob:
    """One job of a plan or a submission; values that look like credentials are masked.

    Attributes:
        parameters: the combination of the sweep that it stands for; `args` are the flags made of it.
        same_as: in a plan, the first job with the very same flags; None for a job that is the first.
    """

    index: int
    job_id: str
    args: tuple[str, ...]
    parameters: dict[str, Any] = field(default_factory=dict)
    same_as: int | None = None
    labels: dict[str, str]
    state: str
    name: str | None = None
    url: str | None = None
    error: str | None = None
    request: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudResult:
    """A plan, or the submission of it.

    Attributes:
        plan_id: a digest of everything that the plan depends on.
        group: the launch.
        backend_title: the name of the service, for people.
        flex_start: whether jobs wait until machines are free.
        module: the module that they run, None for the image's own entry point.
        count: jobs.
        cost: None where no price is known.
        quotas: the quotas that they need.
        timeout: seconds that a job may run, None for the service's own limit.
        seconds: roughly how long the sending takes.
        service_account: the account of the jobs, None for Google's own agent.
        notes: facts to read before confirming.
        over_limits: limits that forbid to submit it as planned.
    """

    plan_id: str
    group: str
    backend: str
    backend_title: str
    project_id: str
    region: str
    machine_type: str
    accelerator: CloudAccelerator | None
    spot: bool
    flex_start: bool
    module: str | None
    image: str
    count: int
    cost: CloudCost | None
    quotas: tuple[CloudQuota, ...]
    timeout: int | None
    seconds: float
    service_account: str | None
    notes: tuple[str, ...]
    over_limits: tuple[CloudExcess, ...] = ()
    jobs: tuple[CloudJob, ...]
