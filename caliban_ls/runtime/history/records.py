"""Groups and jobs as the history returns them, and their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from caliban_ls.runtime.history.details import CloudDetails, Details, LocalDetails
from caliban_ls.runtime.jobs import JobState

LOCAL = "local"
"""The backend of jobs on this machine; every other one is in the cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGroup:
    """One launch of a sweep or of a single job.

    Attributes:
        name: unique: `NAME_TIMESTAMP`; job ids begin with it.
        title: the NAME that the user gave.
        backend: `local`, or the name of a service.
        folder: the project.
        image: what the jobs run in.
        owner: see `runtime.local.owner`; None for jobs that need no living process.
        created: UTC.
        project: Google's, None for local launches.
        region: where cloud jobs run.
        details: hardware, price, commit and so on, by backend.
    """

    name: str
    title: str
    backend: str
    folder: Path
    image: str | None
    owner: str | None
    created: datetime
    project: str | None = None
    region: str | None = None
    details: Details = field(default_factory=LocalDetails)

    @property
    def local(self) -> LocalDetails:
        """The details of a local launch; without values for one in the cloud."""
        return self.details if isinstance(self.details, LocalDetails) else LocalDetails()

    @property
    def cloud(self) -> CloudDetails:
        """The details of a launch in the cloud; without values for a local one."""
        return self.details if isinstance(self.details, CloudDetails) else CloudDetails()


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What the history has of a job. Times are UTC; values that look like credentials are masked.

    Attributes:
        name: the backend's own name for it.
        doubted: when it was sent, while it isn't known whether it arrived.
        seen: when its service last reported it.
        gone: when its service was found not to know it any more; its state is the last that was seen.
        origin: the id of the job that it does again.
    """

    job_id: str
    group: str
    index: int
    args: tuple[str, ...]
    parameters: Mapping[str, object]
    state: JobState
    name: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    seconds: float | None
    exit_code: int | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    doubted: datetime | None = None
    seen: datetime | None = None
    gone: datetime | None = None
    origin: str | None = None


class JobRow(NamedTuple):
    """A job as the table has it: times and JSON as text. Parses nothing, so that lists of thousands are quick.

    Its fields are the columns of the table, but for the request, which is long.
    """

    job_id: str
    group_name: str
    number: int
    args: str
    parameters: str
    state: str
    name: str | None
    created: str
    started: str | None
    ended: str | None
    seconds: float | None
    exit_code: int | None
    metrics: str
    error: str | None
    doubted: str | None
    seen: str | None
    gone: str | None
    origin: str | None


def launch_name(title: str, moment: datetime) -> str:
    """Return `NAME_TIMESTAMP` in letters that containers and both Google services take.

    Args:
        title: any text; other characters than ASCII letters and digits become underscores.
        moment: when it was launched; its microseconds distinguish launches of one second.
    """
    name = re.sub("[^A-Za-z0-9]+", "_", title).strip("_")[:60] or "job"
    if not name[0].isalpha():
        name = f"job_{name}"
    return f"{name}_{moment:%Y%m%d_%H%M%S_%f}"


def job_id_of(group: str, index: int) -> str:
    """Return a job's id from the name of its group and its 1-based place."""
    return f"{group}_{index}"


def utc_now() -> datetime:
    """Return the time, as the history writes it."""
    return datetime.now(timezone.utc)
