"""What a service that trains is for us, whichever of the two it is: the protocol, and the words of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from caliban_ls.analysis.hardware import Backend as BackendName
from caliban_ls.analysis.hardware import HardwareChoice
from caliban_ls.runtime.jobs import JobState

Body = dict[str, Any]
"""A request as JSON."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """When jobs start and end, besides the strategy, which is the choice's; None for the service's own.

    Attributes:
        timeout: seconds that a job may run.
        max_wait: seconds that it may wait to start.
        restart: whether it begins anew when its machine is restarted.
    """

    timeout: int | None = None
    max_wait: int | None = None
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One job, before it is put into the words of a service.

    Attributes:
        job_id: ours, unique.
        image: full name, as it can be pulled.
        args: of the program.
        labels: within Google's rules.
        choice: what it runs on.
        scheduling: when it starts and ends.
        service_account: what it runs as, None for the service's own.
    """

    job_id: str
    image: str
    args: tuple[str, ...]
    labels: Mapping[str, str]
    choice: HardwareChoice
    scheduling: Scheduling = Scheduling()
    service_account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteJob:
    """A job as a service knows it. Times are as the service wrote them.

    Attributes:
        name: the service's.
        labels: by which it is told whose it is.
        state: ours.
        error: why it failed, None if it didn't.
        created: RFC 3339, like all times; None where there is none yet.
    """

    name: str
    labels: Mapping[str, str]
    state: JobState
    error: str | None = None
    created: str | None = None
    started: str | None = None
    ended: str | None = None


class JobClient(Protocol):
    """A project's jobs in a region of one of the services. Every method but `url` makes requests.

    All raise `refusals.NoAnswer`, `Busy`, `OverQuota` or `Refused`, and may be called from several threads.
    """

    @property
    def keyed(self) -> bool:
        """Whether the service itself takes no job id twice, so that a doubtful request can be sent again at once."""

    def create(self, body: Body) -> RemoteJob:
        """Make a job. Where the service knows the job already, return that one."""

    def find(self, group: str, job: str | None = None) -> Iterable[RemoteJob]:
        """Return all jobs that have a value of the label `labels.GROUP`, and if named, one of `labels.JOB`."""

    def get(self, name: str) -> RemoteJob:
        """Return a job by the service's name for it."""

    def cancel(self, name: str) -> None:
        """Ask for a job's end; it may come later. One that has ended is left as it is."""

    def url(self, name: str) -> str:
        """Return where a person sees a job in the console."""

    def args(self, name: str) -> tuple[str, ...]:
        """Return the arguments that a job was made with."""


def with_args(body: Body, args: Iterable[str]) -> Body:
    """Return a request with other arguments, wherever its service has them."""
    if "trainingInput" in body:
        return {**body, "trainingInput": _holding(body["trainingInput"], args)}
    spec = body["jobSpec"]
    first, *others = spec["workerPoolSpecs"]
    pool = {**first, "containerSpec": _holding(first["containerSpec"], args)}
    return {**body, "jobSpec": {**spec, "workerPoolSpecs": [pool, *others]}}


def _holding(holder: Body, args: Iterable[str]) -> Body:
    return {**holder, "args": list(args)} if args else holder


def body_of(backend: BackendName, job: JobRequest) -> Body:
    """Return the request that makes a job."""
    from caliban_ls.runtime.backends import ai_platform, vertex

    return vertex.body(job) if backend == "vertex" else ai_platform.body(job)


def url_of(backend: str, name: str, project: str, region: str) -> str:
    """Return where a person sees a job in the console, without asking anybody."""
    from caliban_ls.runtime.backends import ai_platform, vertex

    return ai_platform.url(name, project) if backend == "ai-platform" else vertex.url(name, project, region)
