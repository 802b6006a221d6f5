"""The protocols of a backend: `Backend` writes requests of one service, `JobClient` makes them; and what both speak of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from caliban_ls.analysis.hardware import HardwareChoice
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.jobs import JobState

Body = dict[str, Any]
"""A request as JSON. Every service has the job's labels under the key `labels`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduling:
    """When jobs start and end; None leaves it to the service. Spot and flex-start are part of the hardware.

    Attributes:
        timeout: seconds that a job may run.
        max_wait: seconds that a job may wait to start.
        restart: whether a job begins anew when its machine is restarted.
    """

    timeout: int | None = None
    max_wait: int | None = None
    restart: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRequest:
    """One job, before a backend writes its request.

    Attributes:
        job_id: unique, made by this program.
        image: full name in a registry that the service can pull from.
        args: of the program.
        labels: within Google's rules.
        choice: the hardware.
        scheduling: when the job starts and ends.
        service_account: the account that the job runs as, None for the service's own.
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
    """A job as its service describes it.

    Attributes:
        name: the service's name for the job.
        labels: identify the launch and the job.
        state: in this program's words.
        error: why it failed, None if it didn't.
        created: RFC 3339 as the service wrote it, like all times; None until it is known.
    """

    name: str
    labels: Mapping[str, str]
    state: JobState
    error: str | None = None
    created: str | None = None
    started: str | None = None
    ended: str | None = None


class JobClient(Protocol):
    """Makes requests about the jobs of a project, in a region of one service. Safe to use from several threads.

    All methods raise `NoAnswer`, `Busy`, `OverQuota` or `Refused` of `google.errors`.
    """

    @property
    def keyed(self) -> bool:
        """Whether the service refuses a job id that it has, so that an unanswered request can be sent again at once."""

    def create(self, body: Body) -> RemoteJob:
        """Create a job. Where the service has the job already, return that one."""

    def find(self, group: str, job: str | None = None) -> Iterable[RemoteJob]:
        """Return all jobs with a value of the label `labels.GROUP` and, if `job` is given, one of `labels.JOB`."""

    def get(self, name: str) -> RemoteJob:
        """Return a job by the service's name for it."""

    def cancel(self, name: str) -> None:
        """Ask the service to end a job, which may take a while. A finished job stays as it is."""

    def args(self, name: str) -> tuple[str, ...]:
        """Return the arguments that a job was created with."""


class Backend(Protocol):
    """Writes the requests of one service and reads them again. Makes none: `client` returns what does."""

    def client(self, google: Google, project: str, region: str) -> JobClient:
        """Return the client for a project's jobs in a region."""

    def body(self, job: JobRequest) -> Body:
        """Return the request that creates a job."""

    def changed(
        self, body: Body, *, job_id: str | None = None, args: Iterable[str] = (), image: str | None = None
    ) -> Body:
        """Return a request with another id, other arguments or another image; what isn't given stays."""

    def topology(self, body: Body) -> str | None:
        """Return the TPU topology that a request asks for, None for none."""

    def console_url(self, name: str, project: str, region: str) -> str:
        """Return the page of Google's console that shows a job, by the service's name for the job."""

    def accelerators(self) -> frozenset[str]:
        """Return the accelerator types that requests may name, by the service's discovery document. Slow."""

    def check_scheduling(self, scheduling: Scheduling, *, flex_start: bool) -> None:
        """Check that the service can start and end jobs as asked.

        Raises:
            UsageError: the service can't; says which flag to change.
        """
