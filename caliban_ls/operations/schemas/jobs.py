"""Arguments and results of the commands about jobs: status, logs, stop, export."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from caliban_ls.analysis.backend_names import EITHER
from caliban_ls.operations.schemas.fields import option, positional


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
    backend: str | None = option(None, f"Only groups of local, {EITHER}.", metavar="BACKEND")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportArguments:
    """What of the history to write, and how."""

    groups: tuple[str, ...] = positional(
        "Groups; the whole history when left out.", metavar="GROUP", default=()
    )
    format: str = option("csv", "csv or json.", metavar="FORMAT")
    output: str | None = option(None, "Write to this file.", short="o", metavar="FILE")


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
