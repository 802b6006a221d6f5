"""Vertex AI: jobs are CustomJobs of aiplatform.googleapis.com v1, in the region where they run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from caliban_ls.analysis.hardware import HardwareChoice
from caliban_ls.analysis.hardware.catalog import catalog
from caliban_ls.core.duration import DAY
from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, JobRequest, RemoteJob, Scheduling
from caliban_ls.runtime.google.client import Google, enumerated
from caliban_ls.runtime.google.errors import field_of
from caliban_ls.runtime.google.hosts import regional_address
from caliban_ls.runtime.jobs import JobState

_STATES = {
    "JOB_STATE_QUEUED": JobState.QUEUED,
    "JOB_STATE_PENDING": JobState.PREPARING,
    "JOB_STATE_RUNNING": JobState.RUNNING,
    "JOB_STATE_UPDATING": JobState.RUNNING,
    "JOB_STATE_SUCCEEDED": JobState.SUCCEEDED,
    "JOB_STATE_PARTIALLY_SUCCEEDED": JobState.SUCCEEDED,
    "JOB_STATE_FAILED": JobState.FAILED,
    "JOB_STATE_EXPIRED": JobState.FAILED,
    "JOB_STATE_CANCELLING": JobState.CANCELLING,
    "JOB_STATE_CANCELLED": JobState.CANCELLED,
    "JOB_STATE_PAUSED": JobState.CANCELLED,
}

_PAGE = 100  # the most jobs in one answer


_FLEX_LONGEST = 7 * DAY  # seconds that a flex-start job may run


class Vertex:
    """Writes the requests of Vertex AI; see `Backend`."""

    def client(self, google: Google, project: str, region: str) -> VertexJobs:
        """See `Backend.client`."""
        return VertexJobs(google, project, region)

    def body(self, job: JobRequest) -> Body:
        """Return the CustomJob of a job.

        Source: cloud.google.com/vertex-ai/docs/reference/rest/v1/projects.locations.customJobs.
        """
        container: dict[str, Any] = {"imageUri": job.image}
        if job.args:
            container["args"] = list(job.args)
        spec: dict[str, Any] = {
            "workerPoolSpecs": [
                {"machineSpec": _machine(job.choice), "replicaCount": "1", "containerSpec": container}
            ]
        }
        scheduling = _scheduling(job)
        if scheduling:
            spec["scheduling"] = scheduling
        if job.service_account is not None:
            spec["serviceAccount"] = job.service_account
        return {"displayName": job.job_id, "labels": dict(job.labels), "jobSpec": spec}

    def changed(
        self, body: Body, *, job_id: str | None = None, args: Iterable[str] = (), image: str | None = None
    ) -> Body:
        """See `Backend.changed`."""
        spec = body["jobSpec"]
        first, *others = spec["workerPoolSpecs"]
        container = dict(first["containerSpec"])
        if image is not None:
            container["imageUri"] = image
        if args:
            container["args"] = list(args)
        pools = [{**first, "containerSpec": container}, *others]
        return {
            **body,
            **({} if job_id is None else {"displayName": job_id}),
            "jobSpec": {**spec, "workerPoolSpecs": pools},
        }

    def topology(self, body: Body) -> str | None:
        """See `Backend.topology`."""
        topology: str | None = body["jobSpec"]["workerPoolSpecs"][0]["machineSpec"].get("tpuTopology")
        return topology

    def console_url(self, name: str, project: str, region: str) -> str:
        """See `Backend.console_url`. The console calls the service Agent Platform."""
        job = name.rpartition("/")[2]
        return f"https://console.cloud.google.com/agent-platform/locations/{region}/training/{job}?project={project}"

    def accelerators(self) -> frozenset[str]:
        """See `Backend.accelerators`."""
        return enumerated("aiplatform", "v1", "GoogleCloudAiplatformV1MachineSpec", "acceleratorType")

    def check_scheduling(self, scheduling: Scheduling, *, flex_start: bool) -> None:
        """See `Backend.check_scheduling`."""
        if flex_start and scheduling.timeout is not None and scheduling.timeout > _FLEX_LONGEST:
            raise UsageError("With flex-start a job may run for 7 days", hint="Shorten --timeout.")
        if scheduling.max_wait is not None and not flex_start:
            raise UsageError(
                "On Vertex AI only flex-start jobs have a limit to their waiting",
                hint="Add --flex_start, or leave --max_wait out.",
            )


@dataclass(frozen=True, slots=True)
class VertexJobs:
    """The jobs of a project in a region; see `JobClient`."""

    google: Google
    project: str
    region: str
    keyed: bool = False

    def create(self, body: Body) -> RemoteJob:
        """See `JobClient.create`. The service may create the same job twice, since it checks no job id."""
        return _made(self.google.ask(self._jobs().create(parent=self._parent, body=body)))

    def find(self, group: str, job: str | None = None) -> Iterator[RemoteJob]:
        """See `JobClient.find`."""
        jobs, wanted = self._jobs(), labels.filter_for(group, job)
        request = jobs.list(parent=self._parent, filter=wanted, pageSize=_PAGE)
        while request is not None:
            page = self.google.ask(request)
            yield from map(_made, field_of(page, "customJobs", list, []))
            field_of(page, "nextPageToken", str, "")
            request = jobs.list_next(request, page)

    def get(self, name: str) -> RemoteJob:
        """See `JobClient.get`."""
        return _made(self.google.ask(self._jobs().get(name=name)))

    def cancel(self, name: str) -> None:
        """See `JobClient.cancel`."""
        self.google.ask(self._jobs().cancel(name=name, body={}))

    def args(self, name: str) -> tuple[str, ...]:
        """See `JobClient.args`."""
        found = self.google.ask(self._jobs().get(name=name))
        pools = field_of(field_of(found, "jobSpec", dict), "workerPoolSpecs", list)
        container = field_of(pools[0] if pools else None, "containerSpec", dict)
        return tuple(map(str, field_of(container, "args", list, [])))

    @property
    def _parent(self) -> str:
        return f"projects/{self.project}/locations/{self.region}"

    def _jobs(self) -> Any:  # noqa: ANN401 - made at run time
        address = regional_address(self.region, "aiplatform")
        return self.google.methods("aiplatform", "v1", address, "projects", "locations", "customJobs")


def _scheduling(job: JobRequest) -> dict[str, Any]:
    """Return the Scheduling of a job; empty if it leaves everything to the service."""
    asked = job.scheduling
    scheduling: dict[str, Any] = {}
    if job.choice.spot:
        scheduling["strategy"] = "SPOT"
    if job.choice.flex_start:
        scheduling["strategy"] = "FLEX_START"
    if asked.timeout is not None:
        scheduling["timeout"] = f"{asked.timeout}s"
    if asked.max_wait is not None:
        scheduling["maxWaitDuration"] = f"{asked.max_wait}s"
    if asked.restart:
        scheduling["restartJobOnWorkerRestart"] = True
    return scheduling


def _machine(choice: HardwareChoice) -> dict[str, Any]:
    """Return the MachineSpec of a choice."""
    machine: dict[str, Any] = {"machineType": choice.machine_type}
    if choice.accelerator is None:
        return machine
    if choice.topology is not None:
        machine["tpuTopology"] = choice.topology
    kind = catalog().accelerators.get(choice.accelerator.type)
    # An accelerator that the catalogue doesn't know is sent as written; --force allows that.
    name = choice.accelerator.type if kind is None else kind.api
    if name is not None:
        machine |= {"acceleratorType": name, "acceleratorCount": choice.accelerator.count}
    return machine


def _made(job: object) -> RemoteJob:
    return RemoteJob(
        name=field_of(job, "name", str),
        labels=labels.read(field_of(job, "labels", dict, {})),
        state=_STATES.get(field_of(job, "state", str, ""), JobState.UNKNOWN),
        error=field_of(field_of(job, "error", dict, {}), "message", str, "") or None,
        created=field_of(job, "createTime", str, "") or None,
        started=field_of(job, "startTime", str, "") or None,
        ended=field_of(job, "endTime", str, "") or None,
    )
