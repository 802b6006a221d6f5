"""Arguments and results of the commands: frozen dataclasses that both faces are made from.

A field's metadata says how the command line spells it; on the wire every field is its own name, except
that a document's path is given as `uri`. Results are what `--json` prints and what editors get.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.rules.rule import DocumentKind


def option(
    default: Any,  # noqa: ANN401 - of the field's own type
    text: str,
    *,
    short: str = "",
    flag: str = "",
    metavar: str = "",
    document: bool = False,
    codes: bool = False,
) -> Any:  # noqa: ANN401 - a dataclass field stands for its type
    """Declare a flag: `--name` unless `flag` says otherwise, with an optional short form.

    `document` is as in `positional`; with `codes` the flag stands alone or is followed by codes of rules.
    """
    metadata = {
        "help": text,
        "short": short,
        "flag": flag,
        "metavar": metavar,
        "document": document,
        "codes": codes,
    }
    return field(default=default, metadata=metadata)


def positional(
    text: str,
    *,
    metavar: str,
    default: Any = None,  # noqa: ANN401 - of the field's own type
    document: bool = False,
    rest: bool = False,
) -> Any:  # noqa: ANN401 - a dataclass field stands for its type
    """Declare a positional argument.

    Args:
        text: what it is, for `--help`.
        metavar: what `--help` calls it.
        default: taken when it is left out; None makes no promise that it may be.
        document: whether it is a document's path, which editors give as `uri`.
        rest: whether it takes everything after `--`, untouched.
    """
    metadata = {"help": text, "metavar": metavar, "positional": True, "document": document, "rest": rest}
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckArguments:
    """What to judge. Without a path, the working folder."""

    paths: tuple[str, ...] = positional(
        "Files and folders; - reads standard input.", metavar="PATH", default=()
    )
    as_kind: DocumentKind | None = option(
        None, "What the named files are: experiment or project.", flag="as", metavar="KIND"
    )
    stdin_filename: str | None = option(None, "The name that standard input is judged under.", metavar="NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandArguments:
    """An experiment config, and how much of it to expand."""

    file: str = positional("An experiment config, or stdin.", metavar="FILE", document=True)
    limit: int | None = option(None, "Show the first N jobs only.", metavar="N")
    block: str | None = option(None, "Expand one block only, by its JSON pointer (/0).", metavar="POINTER")
    at: str | None = option(
        None,
        "Only the jobs that this place of the file is part of (1:1 is the first).",
        metavar="LINE:COLUMN",
    )
    text: str | None = option(None, "Only the jobs that have this in their arguments.", metavar="TEXT")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleArguments:
    """Which rule to explain."""

    code: str = positional("A diagnostic's code, such as CAL207.", metavar="CODE")


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesArguments:
    """Nothing to say: all rules are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyArguments:
    """Which file, and what it is to be."""

    file: str = positional("A file.", metavar="FILE", document=True)
    experiment_files: tuple[str, ...] | None = option(
        None, "Globs of experiment configs; those of the settings when left out.", metavar="GLOB"
    )
    treat_as: Literal["experiment", "json"] | None = option(
        None, "What the file is to be, experiment or json: the answer has the globs for it.", metavar="KIND"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogArguments:
    """What part of the catalogue to show, and for which hardware."""

    table: str = positional("regions, machines or accelerators.", metavar="TABLE", default="regions")
    region: str | None = option(None, "Only what this region has.", metavar="REGION")
    machine_type: str | None = option(None, "Only what goes with this machine type.", metavar="TYPE")
    gpu_spec: str | None = option(None, "Only what goes with these GPUs.", metavar="NUMxTYPE")
    backend: str = option("vertex", "vertex or ai-platform.", metavar="BACKEND")


AS_IT_IS = ""
"""Stands for a key that isn't to be changed, where null stands for its removal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareArguments:
    """Whose hardware, and what part of it is to be chosen."""

    part: str | None = positional(
        "List what region, machine_type or gpu_spec could be, too.", metavar="PART", default=None
    )
    file: str | None = option(
        None, "Of the project of this file, instead of the working folder.", metavar="FILE", document=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHardwareArguments:
    """What to write into a project's config; null removes the key, and what is left out stays as it is."""

    region: str | None = option(AS_IT_IS, "Where jobs run.", metavar="REGION")
    machine_type: str | None = option(AS_IT_IS, "The machine of each job.", metavar="TYPE")
    gpu_spec: str | None = option(AS_IT_IS, "The GPUs of each job: 2xT4.", metavar="NUMxTYPE")
    tpu_spec: str | None = option(AS_IT_IS, "The TPU of each job: 8xV3.", metavar="NUMxTYPE")
    file: str | None = option(
        None, "In the project of this file, instead of the folder's.", metavar="FILE", document=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorArguments:
    """Nothing to say: everything is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustArguments:
    """Nothing to say: the config of the working folder is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitArguments:
    """What to call the experiment that is written into the working folder."""

    name: str | None = option(None, "Write NAME.experiment.json instead of experiment.json.", metavar="NAME")


@dataclass(frozen=True, kw_only=True)
class ImageArguments:
    """What every image is asked for.

    These argument types have no slots: `run` takes what builds and what containers take, and Python lays out no
    class on two that have.
    """

    nogpu: bool = option(False, "The mode is CPU; no GPU is looked for.")
    gpu: bool = option(False, "The mode is GPU; containers get the GPUs of this machine, or don't start.")
    extras: tuple[str, ...] = option((), "An extra of the project's package to install.", short="e")


@dataclass(frozen=True, kw_only=True)
class ContainerArguments(ImageArguments):
    """What every container is asked for."""

    image_id: str | None = option(None, "Use this image; nothing is built.", metavar="IMAGE")
    docker_run_args: str | None = option(
        None, "More flags of `docker run`, in one word: '--memory 2g -e A=1'.", metavar="ARGS"
    )


@dataclass(frozen=True, kw_only=True)
class BuildArguments(ImageArguments):
    """What goes into an image."""

    module: str | None = positional(
        "trainer.train, trainer/train.py, train.py or script.sh; the config's `module` when left out.",
        metavar="MODULE",
    )
    dir: tuple[str, ...] = option((), "A folder that travels beside the module's own.", short="d")
    no_cache: bool = option(False, "Take the base image afresh and run every step.")


@dataclass(frozen=True, kw_only=True)
class RunArguments(BuildArguments, ContainerArguments):
    """What to run in local containers."""

    args: tuple[str, ...] = positional("Passed to the job, untouched.", metavar="ARGS", default=(), rest=True)
    experiment_config: str | None = option(
        None, "The sweep to run: FILE or stdin.", metavar="FILE", document=True
    )
    dry_run: bool = option(False, "Show what would run; touch nothing.")
    jobs: int = option(1, "Run up to N jobs at once.", metavar="N")
    name: str | None = option(None, "Name of the group of jobs.", metavar="NAME")
    index: int | None = option(None, "Run only this combination of the sweep (1 is the first).", metavar="N")
    block: str | None = option(
        None, "Run one block of the sweep only, by its JSON pointer.", metavar="POINTER"
    )
    rerun_failed: bool = option(False, "Run what didn't succeed in the newest group, or in that of --name.")
    job: str | None = option(
        None, "Run this job of the history, wherever it ran: its id, or GROUP/INDEX.", metavar="JOB"
    )
    force: bool | tuple[str, ...] = option(
        False,
        "Override what the script would refuse: all of it, or the findings of these codes.",
        metavar="CODE",
        codes=True,
    )
    detach: bool = option(False, "Return once the jobs are on their way; `caliban status` follows them.")


@dataclass(frozen=True, kw_only=True)
class CloudArguments(BuildArguments):
    """What to run on Google's machines, and on which."""

    args: tuple[str, ...] = positional("Passed to the job, untouched.", metavar="ARGS", default=(), rest=True)
    experiment_config: str | None = option(
        None, "The sweep to submit: FILE or stdin.", metavar="FILE", document=True
    )
    dry_run: bool = option(False, "Show the plan and the requests; build and send nothing.")
    image_tag: str | None = option(None, "Use this image of a registry; nothing is built.", metavar="IMAGE")
    project_id: str | None = option(None, "The Google Cloud project.", metavar="PROJECT")
    region: str | None = option(None, "Where the jobs run.", metavar="REGION")
    machine_type: str | None = option(None, "The machine of each job.", metavar="TYPE")
    gpu_spec: str | None = option(None, "The GPUs of each job: 2xT4.", metavar="NUMxTYPE")
    tpu_spec: str | None = option(None, "The TPU of each job: 8xV3.", metavar="NUMxTYPE")
    spot: bool = option(False, "Use spot machines: cheaper, and taken away at any time.")
    flex_start: bool = option(False, "Wait until machines are free, for less money: L4, A100 and newer GPUs.")
    timeout: str | None = option(
        None, "How long a job may run: 12h. Google ends it after 7 days.", metavar="TIME"
    )
    max_wait: str | None = option(
        None, "How long a job may wait to start: 2d; with flex-start 1 day.", metavar="TIME"
    )
    restart: bool = option(False, "Begin a job anew when its machine is restarted.")
    force: bool | tuple[str, ...] = option(
        False,
        "Override what would be refused: all of it, or the findings of these codes.",
        metavar="CODE",
        codes=True,
    )
    name: str | None = option(None, "Name of the group of jobs.", metavar="NAME")
    label: tuple[str, ...] = option((), "A label of each job.", short="l", metavar="KEY=VALUE")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")
    backend: str | None = option(None, "vertex or ai-platform.", metavar="BACKEND")
    service_account: str | None = option(None, "The account that the jobs run as.", metavar="EMAIL")
    create_repository: bool = option(False, "Make the image repository if it is missing.")
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
    yes: bool = option(False, "Submit without asking; a limit holds all the same.", short="y")


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitArguments:
    """Which plan to submit."""

    plan_id: str = positional("The id of a plan.", metavar="PLAN")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResumeArguments:
    """Which submission to finish."""

    group: str | None = positional(
        "A group; the newest unfinished one of this folder when left out.", metavar="GROUP"
    )
    dry_run: bool = option(False, "Show what is left and the requests; send nothing.")
    max_jobs: int | None = option(None, "The most jobs that may be left to send.", metavar="N")
    max_cost_per_hour: float | None = option(
        None, "The most that all jobs that are left may cost an hour, in US dollars.", metavar="X"
    )
    yes: bool = option(False, "Send without asking; a limit holds all the same.", short="y")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusArguments:
    """Which launches or jobs to tell about."""

    reference: str | None = positional(
        "A group or a job; the newest groups when left out.", metavar="JOB|GROUP"
    )
    state: tuple[str, ...] = option((), "Only jobs in this state; may be said again.", metavar="STATE")
    text: str | None = option(
        None, "Only jobs that have this in their id, arguments, error or group.", metavar="TEXT"
    )
    backend: str | None = option(None, "Only groups of local, vertex or ai-platform.", metavar="BACKEND")
    limit: int = option(20, "Show the newest N groups.", metavar="N")
    jobs: int | None = option(None, "List the first N jobs of each group; 0 lists none.", metavar="N")
    after: int = option(0, "List only jobs behind this place in their group.", metavar="INDEX")
    refresh: bool = option(False, "Ask Google what became of jobs whose end isn't known here.")
    offline: bool = option(False, "Ask nobody, neither Google nor the engine: what is written down.")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsArguments:
    """Whose output to show."""

    job: str = positional("A job: its id, or GROUP/INDEX; a group of one job.", metavar="JOB")
    follow: bool = option(False, "Go on until the job ends.", short="f")
    offset: int | None = option(None, "Begin at this byte.", metavar="N")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopArguments:
    """What to stop."""

    references: tuple[str, ...] = positional(
        "Jobs, groups and containers.", metavar="JOB|GROUP|CONTAINER", default=()
    )
    all: bool = option(False, "Stop every job that hasn't ended, here and in the cloud.")
    yes: bool = option(False, "Stop without asking.", short="y")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class ResubmitArguments:
    """Which jobs of the cloud to submit again."""

    references: tuple[str, ...] = positional(
        "Jobs of one group, or the group; the newest group of this folder when left out.",
        metavar="JOB|GROUP",
        default=(),
    )
    state: tuple[str, ...] = option(
        (), "Jobs in this state instead of FAILED and CANCELLED; may be said again.", metavar="STATE"
    )
    rebuild: bool = option(False, "Build and push the project as it is now, and use that image.")
    name: str | None = option(
        None, "Name of the new group; that of the old one when left out.", metavar="NAME"
    )
    dry_run: bool = option(False, "Show the plan and the requests; build and send nothing.")
    plan_id: str | None = option(
        None, "Submit only if this is still the plan, as --dry_run --json showed it.", metavar="PLAN"
    )
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")
    max_jobs: int | None = option(None, "The most jobs that may be submitted.", metavar="N")
    max_cost_per_hour: float | None = option(
        None, "The most that all jobs together may cost an hour, in US dollars.", metavar="X"
    )
    yes: bool = option(False, "Submit without asking; a limit holds all the same.", short="y")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """What of the history to write, and how."""

    groups: tuple[str, ...] = positional(
        "Groups; the whole history when left out.", metavar="GROUP", default=()
    )
    format: str = option("csv", "csv or json.", metavar="FORMAT")
    output: str | None = option(None, "Write to this file.", short="o", metavar="FILE")


@dataclass(frozen=True, kw_only=True)
class FolderArguments(ContainerArguments):
    """What a container on the project's folder is asked for."""

    bare: bool = option(False, "Leave the home folder out; only the working folder is mounted.")


@dataclass(frozen=True, kw_only=True)
class ShellArguments(FolderArguments):
    """A shell, or one command."""

    shell: str | None = option(None, "bash, zsh, fish or sh; your own when left out.", metavar="SHELL")
    command: tuple[str, ...] = positional(
        "Run this instead of a shell.", metavar="COMMAND", default=(), rest=True
    )


@dataclass(frozen=True, kw_only=True)
class NotebookArguments(FolderArguments):
    """Which Jupyter, and where."""

    port: int | None = option(
        None, "The port; the first free one from 8888 when left out.", short="p", metavar="PORT"
    )
    jupyter_version: str | None = option(None, "The version of Jupyter.", short="jv", metavar="VERSION")
    lab: bool = option(False, "Start JupyterLab instead of the classic notebook.")
    detach: bool = option(False, "Return at once; the notebook lives until it is stopped.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersArguments:
    """Nothing to say: all of ours are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachArguments:
    """Which container to open a shell in."""

    container: str = positional("Its name or id, as `caliban containers` lists them.", metavar="CONTAINER")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContainerArguments:
    """Which container to stop."""

    container: str = positional("Its name or id.", metavar="CONTAINER")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandedJob:
    """One job of a sweep: its 1-based index, its argument vector and what that stands for."""

    index: int
    args: tuple[str, ...]
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpandResult:
    """How many jobs there are, and those that were asked for, lazily: a face reads them once."""

    count: int
    jobs: Iterable[ExpandedJob]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule, explained."""

    code: str
    name: str
    severity: str
    explanation: str
    wrong: str
    right: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """One rule in a list."""

    code: str
    name: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesResult:
    """All rules, by their codes."""

    rules: tuple[RuleLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyResult:
    """What a file is, None where it isn't ours, and the globs that it is judged by."""

    kind: DocumentKind | None
    experiment_files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogResult:
    """A part of the catalogue.

    Attributes:
        backend: the service that it is the hardware of.
        as_of: the day of the prices, ISO 8601.
        currency: of the prices, which are for one hour; null where none is known.
        rows: column to value, every row with the same columns.
    """

    backend: str
    as_of: str
    currency: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image: its id, its tag, whether it was there already, and the seconds that it took."""

    image_id: str
    tag: str
    cached: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """One job of a run; `exit_code`, `seconds` and `metrics` once it has ended."""

    index: int
    job_id: str
    args: tuple[str, ...]
    state: str
    exit_code: int | None = None
    seconds: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The jobs of a run. With `dry_run` the state of each is PLANNED."""

    group: str
    image: str
    jobs: tuple[RunJob, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorCheck:
    """One thing that was looked at, and how to mend it if it isn't well."""

    name: str
    status: Literal["ok", "warning", "failure"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorResult:
    """Everything that was looked at."""

    checks: tuple[DoctorCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitResult:
    """The files that were written, relative to the folder; those that existed are left alone."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustResult:
    """What is agreed to from now on: key of the config to value; nothing where the config wants nothing."""

    agreed: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A terminal to open: its name, what runs in it, where, and with which variables besides the usual ones."""

    name: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellResult:
    """A terminal that an editor is to open, or the exit code of a shell that was here."""

    terminal: Terminal | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """Where a notebook answers, the token that it asks for, and the name of its container."""

    url: str
    token: str
    port: int
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of ours: `kind` is shell, notebook or run; `started` is a time of UTC, `job` a run's job."""

    id: str
    kind: str
    name: str
    url: str | None
    folder: str
    image: str
    started: str
    job: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersResult:
    """What of ours lives now."""

    containers: tuple[Container, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudAccelerator:
    """What a job has besides its machine's processors."""

    type: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudCost:
    """What jobs cost, in `currency`, by prices of the day `as_of`."""

    currency: str
    per_job_hour: float
    all_jobs_hour: float
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudQuota:
    """A quota that the jobs use: its metric if that is known, and what all of them take."""

    metric: str | None
    of: str
    needed: int
    granted: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudExcess:
    """What a plan has more of than a limit allows.

    Attributes:
        message: says so, with the flag that would allow it.
        hint: what helps where typing the number of jobs doesn't; empty where it does.
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
    """A plan, or what became of it.

    Attributes:
        plan_id: digest of all that decides over it.
        group: the launch.
        flex_start: whether jobs wait until machines are free.
        module: what they run, None for what the image says.
        count: jobs.
        cost: None where no price is known.
        quotas: what they need granted.
        timeout: seconds that a job may run, None for the service's own limit.
        seconds: that the sending will take, roughly.
        service_account: what the jobs run as, None for Google's own agent.
        notes: what to know before saying yes.
        over_limits: why it can't be submitted as it is planned.
    """

    plan_id: str
    group: str
    backend: str
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareCost:
    """What one job costs an hour, in `currency`; `effective` is the one of the two that it pays."""

    currency: str
    on_demand: float
    spot: float | None
    effective: float | None
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareFinding:
    """Something to know about the config; `line` counts from 0."""

    code: str
    severity: str
    message: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareOption:
    """What a part could be instead.

    Attributes:
        value: as the config spells it; None to write none.
        label: what to show for it.
        detail: what it is, for people.
        cost: with it, None where unknown.
        price: the same in a few words.
        current: whether it is what holds now.
        possible: whether it goes with the rest.
        reason: why it doesn't, and what else has to change for it.
        changes: what `setHardware` takes for it; None where it can't be had at all.
    """

    value: str | None
    label: str
    detail: str
    cost: HardwareCost | None
    price: str
    current: bool
    possible: bool
    reason: str
    changes: dict[str, str | None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareResult:
    """What a job of a project would run on and cost.

    Attributes:
        config: path of the project's config.
        exists: whether there is one.
        accelerator: as a spec, None where jobs have none.
        possible: whether it can be had.
        cost: None where unknown.
        text: all of it in a few words.
        notes: sentences on it.
        findings: what is wrong with the config.
        options: of the part that was asked about.
    """

    config: str
    exists: bool
    backend: str
    region: str
    machine_type: str
    accelerator: str | None
    spot: bool
    flex_start: bool
    possible: bool
    cost: HardwareCost | None
    text: str
    notes: tuple[str, ...]
    findings: tuple[HardwareFinding, ...]
    options: tuple[HardwareOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """A change to a file, for whoever may have it open. Editors get it as a `WorkspaceEdit`.

    Attributes:
        path: absolute.
        text: what the edits refer to, None where there is no file yet.
        edits: none seeing another.
    """

    path: Path
    text: str | None
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusJob:
    """One job of a launch, as it is written down; values that look like credentials are masked.

    Attributes:
        seconds: that it ran; up to now, while it runs.
        gone: whether its service no longer knows it; the state is the last that was seen.
        command: what runs it once more, on a command line in its folder; told of a single job that is named.
    """

    job_id: str
    index: int
    name: str | None
    state: str
    args: tuple[str, ...]
    created: str
    started: str | None = None
    ended: str | None = None
    url: str | None = None
    exit_code: int | None = None
    seconds: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    gone: bool = False
    command: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusCost:
    """What the jobs of a launch have cost so far, by the price that they were planned with."""

    currency: str
    so_far: float
    per_job_hour: float
    as_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusGroup:
    """One launch and its jobs.

    Attributes:
        title: the name that it was given, which others may have, too.
        count: jobs, those between the first and the last included where not all are listed.
        states: how many of them are in each state.
        gone: how many their service no longer knows.
        all_states: as `states`, of all its jobs, whichever were chosen.
        going: how many of all its jobs go on, or wait to.
        unsent: how many of them weren't sent by a submission that was cut short; `resume` goes on with them.
        hours: that all of them ran, together.
        cost: None where no price is known, or none is paid.
    """

    name: str
    title: str
    backend: str
    folder: str
    created: str
    project_id: str | None
    region: str | None
    machine_type: str | None
    accelerator: str | None
    spot: bool
    image: str | None
    count: int
    states: dict[str, int]
    gone: int
    all_states: dict[str, int]
    going: int
    unsent: int
    hours: float
    cost: StatusCost | None
    jobs: tuple[StatusJob, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusResult:
    """Launches, the newest first, what to know about them, and how many older ones the limit left out."""

    groups: tuple[StatusGroup, ...]
    notes: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsResult:
    """A piece of a job's output, and the byte at which it ends; no text where that has been handed out."""

    job: str
    text: str
    offset: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFailure:
    """A job that couldn't be stopped, and why."""

    job: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopResult:
    """What was stopped, what had ended before, and what couldn't be stopped."""

    stopped: tuple[str, ...]
    ended: tuple[str, ...]
    failed: tuple[StopFailure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """The history as a table, a row a job; without rows where they were written to a file."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    count: int
    path: str | None = None
