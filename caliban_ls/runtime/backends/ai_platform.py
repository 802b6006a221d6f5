"""AI Platform Training: jobs are training jobs of ml.googleapis.com v1, the service of google/caliban.

Google closed it to the public on 2025-01-31; this is for endpoints that still offer it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from caliban_ls.analysis.hardware.catalog import catalog
from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, JobRequest, RemoteJob, Scheduling
from caliban_ls.runtime.google.client import Google, enumerated
from caliban_ls.runtime.google.errors import Busy, NoAnswer, Refused, field_of
from caliban_ls.runtime.jobs import JobState

_STATES = {
    "QUEUED": JobState.QUEUED,
    "PREPARING": JobState.PREPARING,
    "RUNNING": JobState.RUNNING,
    "SUCCEEDED": JobState.SUCCEEDED,
    "FAILED": JobState.FAILED,
    "CANCELLING": JobState.CANCELLING,
    "CANCELLED": JobState.CANCELLED,
}

_TPU_WORKER = "cloud_tpu"


_WAIT_SHORTEST = 1800  # seconds that the service lets a job wait, at least


class AiPlatform:
    """Writes the requests of AI Platform Training; see `Backend`."""

    def client(self, google: Google, project: str, region: str) -> AiPlatformJobs:  # noqa: ARG002 - has no regions
        """See `Backend.client`. One address has the jobs of all regions."""
        return AiPlatformJobs(google, project)

    def body(self, job: JobRequest) -> Body:
        """Return the training job of a job.

        Source: cloud.google.com/ai-platform/training/docs/reference/rest/v1/projects.jobs.
        """
        choice = job.choice
        master: dict[str, Any] = {"imageUri": job.image}
        training: dict[str, Any] = {
            "scaleTier": "CUSTOM",
            "region": choice.region,
            "masterType": choice.machine_type,
            "masterConfig": master,
        }
        if choice.accelerator is not None:
            kind = catalog().accelerators.get(choice.accelerator.type)
            name = (kind.api if kind else None) or choice.accelerator.type
            accelerator = {"type": name, "count": str(choice.accelerator.count)}
            if choice.accelerator.kind == "tpu":
                # The TPU is a worker; the program itself runs on the machine that talks to it.
                training["masterType"] = catalog().default_machines["cpu"]
                training |= {"workerType": _TPU_WORKER, "workerCount": "1"}
                training["workerConfig"] = {"imageUri": job.image, "acceleratorConfig": accelerator}
            else:
                master["acceleratorConfig"] = accelerator
        if job.args:
            training["args"] = list(job.args)
        limits = {"maxRunningTime": job.scheduling.timeout, "maxWaitTime": job.scheduling.max_wait}
        scheduling = {name: f"{seconds}s" for name, seconds in limits.items() if seconds is not None}
        if scheduling:
            training["scheduling"] = scheduling
        if job.service_account is not None:
            training["serviceAccount"] = job.service_account
        return {"jobId": job.job_id, "labels": dict(job.labels), "trainingInput": training}

    def changed(
        self, body: Body, *, job_id: str | None = None, args: Iterable[str] = (), image: str | None = None
    ) -> Body:
        """See `Backend.changed`."""
        training = dict(body["trainingInput"])
        if image is not None:
            for config in ("masterConfig", "workerConfig"):
                if config in training:
                    training[config] = {**training[config], "imageUri": image}
        if args:
            training["args"] = list(args)
        return {**body, **({} if job_id is None else {"jobId": job_id}), "trainingInput": training}

    def topology(self, body: Body) -> str | None:  # noqa: ARG002 - its TPUs are of one machine
        """See `Backend.topology`."""
        return None

    def console_url(self, name: str, project: str, region: str) -> str:  # noqa: ARG002 - has no regions
        """See `Backend.console_url`."""
        return (
            f"https://console.cloud.google.com/ai-platform/jobs/{name.rpartition('/')[2]}?projectId={project}"
        )

    def accelerators(self) -> frozenset[str]:
        """See `Backend.accelerators`."""
        return enumerated("ml", "v1", "GoogleCloudMlV1__AcceleratorConfig", "type")

    def check_scheduling(self, scheduling: Scheduling, *, flex_start: bool) -> None:  # noqa: ARG002 - has none
        """See `Backend.check_scheduling`."""
        if scheduling.restart:
            raise UsageError("AI Platform Training doesn't restart jobs", hint="Leave --restart out.")
        if scheduling.max_wait is not None and scheduling.max_wait < _WAIT_SHORTEST:
            raise UsageError(
                "AI Platform Training lets a job wait for 30m at least", hint="Raise --max_wait."
            )


@dataclass(frozen=True, slots=True)
class AiPlatformJobs:
    """The jobs of a project; see `JobClient`."""

    google: Google
    project: str
    keyed: bool = True

    def create(self, body: Body) -> RemoteJob:
        """See `JobClient.create`. The service takes no id twice; a label shows whether it has this very job."""
        try:
            return self._made(self.google.ask(self._jobs().create(parent=self._parent, body=body)))
        except Refused as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            try:
                there = self.get(f"{self._parent}/jobs/{body['jobId']}")
            except (NoAnswer, Busy) as silence:
                # A job of this id exists, most likely this very one.
                raise NoAnswer(
                    f"{silence} (when asked for a job that is there already)", sent=True
                ) from silence
            if there.labels.get(labels.JOB) != body["labels"][labels.JOB]:
                raise
            return there

    def find(self, group: str, job: str | None = None) -> Iterator[RemoteJob]:
        """See `JobClient.find`."""
        jobs = self._jobs()
        request = jobs.list(parent=self._parent, filter=labels.filter_for(group, job))
        while request is not None:
            page = self.google.ask(request)
            yield from map(self._made, field_of(page, "jobs", list, []))
            field_of(page, "nextPageToken", str, "")
            request = jobs.list_next(request, page)

    def get(self, name: str) -> RemoteJob:
        """See `JobClient.get`."""
        return self._made(self.google.ask(self._jobs().get(name=name)))

    def cancel(self, name: str) -> None:
        """See `JobClient.cancel`."""
        try:
            self.google.ask(self._jobs().cancel(name=name, body={}))
        except Refused as error:
            # The service answers so when a job has ended.
            if error.status != HTTPStatus.BAD_REQUEST or "state" not in str(error):
                raise

    def args(self, name: str) -> tuple[str, ...]:
        """See `JobClient.args`."""
        found = self.google.ask(self._jobs().get(name=name))
        return tuple(map(str, field_of(field_of(found, "trainingInput", dict), "args", list, [])))

    @property
    def _parent(self) -> str:
        return f"projects/{self.project}"

    def _jobs(self) -> Any:  # noqa: ANN401 - made at run time
        return self.google.methods("ml", "v1", "https://ml.googleapis.com/", "projects", "jobs")

    def _made(self, job: object) -> RemoteJob:
        return RemoteJob(
            name=f"{self._parent}/jobs/{field_of(job, 'jobId', str)}",
            labels=labels.read(field_of(job, "labels", dict, {})),
            state=_STATES.get(field_of(job, "state", str, ""), JobState.UNKNOWN),
            error=field_of(job, "errorMessage", str, "") or None,
            created=field_of(job, "createTime", str, "") or None,
            started=field_of(job, "startTime", str, "") or None,
            ended=field_of(job, "endTime", str, "") or None,
        )
