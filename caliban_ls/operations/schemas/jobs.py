"""Arguments and results of the commands about jobs: status, logs, stop, export."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caliban_ls.analysis.backend_names import EITHER
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusArguments:
    """The launches or jobs to show."""

    reference: str | None = positional("A group or a job; by default the newest groups.", metavar="JOB|GROUP")
    state: tuple[str, ...] = option((), "Show only jobs in this state; may be repeated.", metavar="STATE")
    text: str | None = option(
        None, "Show only jobs with this text in their id, arguments, error or group.", metavar="TEXT"
    )
    backend: str | None = option(None, f"Show only groups of local, {EITHER}.", metavar="BACKEND")
    limit: int = option(20, "Show the newest N groups.", metavar="N")
    jobs: int | None = option(None, "List the first N jobs of each group; 0 lists none.", metavar="N")
    after: int = option(0, "List only jobs after this index in their group.", metavar="INDEX")
    refresh: bool = option(False, "Ask Google for the states of jobs that haven't ended in the history.")
    offline: bool = option(False, "Show the history alone; ask neither Google nor the engine.")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsArguments:
    """The job whose output to show."""

    job: str = positional("A job: its id, or GROUP/INDEX; a group of one job.", metavar="JOB")
    follow: bool = option(False, "Follow the output until the job ends.", short="f")
    offset: int | None = option(None, "Begin at this byte.", metavar="N")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopArguments:
    """The jobs, groups and containers to stop."""

    references: tuple[str, ...] = positional(
        "Jobs, groups and containers.", metavar="JOB|GROUP|CONTAINER", default=()
    )
    all: bool = option(False, "Stop every unfinished job, on this machine and in the cloud.")
    yes: bool = option(False, "Stop without asking.", short="y")
    cloud_key: str | None = option(None, "A service account's key file.", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """The part of the history to write, and its format."""

    groups: tuple[str, ...] = positional("Groups; by default the whole history.", metavar="GROUP", default=())
    format: str = option("csv", "csv or json.", metavar="FORMAT")
    output: str | None = option(None, "Write to this file.", short="o", metavar="FILE")


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusJob:
    """One job of a launch, as the history has it; values that look like credentials are masked.

    Attributes:
        seconds: how long it ran; up to now, while it runs.
        gone: whether its service no longer knows it; the state is then the last known one.
        command: the command line that runs it again, in its folder; only for a single job that is named.
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
    """The cost of a launch's jobs so far, by the price of their plan."""

    currency: str
    so_far: float
    per_job_hour: float
    as_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusGroup:
    """One launch and its jobs.

    Attributes:
        title: the name that the user gave it; other launches may have the same.
        count: jobs, those between the first and the last included where not all are listed.
        states: how many of them are in each state.
        gone: how many their service no longer knows.
        all_states: as `states`, of all its jobs, whichever were chosen.
        going: how many of all its jobs go on, or wait to.
        unsent: how many of them an interrupted submission didn't send; `resume` sends them.
        hours: how long all of them ran, together.
        cost: None where no price is known, or jobs cost nothing.
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
    """Launches, the newest first, and what to know about them.

    Attributes:
        more: how many older launches the limit left out.
        backends: where launches may run, and the name of each for people.
    """

    groups: tuple[StatusGroup, ...]
    notes: tuple[str, ...] = ()
    more: int = 0
    backends: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsResult:
    """A piece of a job's output, and the byte at which it ends; empty where the watcher got the text already."""

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
    """The jobs and containers that were stopped, had ended before, or couldn't be stopped."""

    stopped: tuple[str, ...]
    ended: tuple[str, ...]
    failed: tuple[StopFailure, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportResult:
    """The history as a table, one row for each job; without rows if they were written to a file."""

    columns: tuple[str, ...]
    rows: tuple[dict[str, Any], ...]
    count: int
    path: str | None = None
