"""Jobs that the history has, as a plan: what is left to send of a launch, or what is submitted again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import backend_named
from caliban_ls.analysis.hardware import HardwareChoice, Mode
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.context.launch_details import accelerator_of
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, Scheduling
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.history.records import JobGroup, JobRecord, job_id_of
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec


@dataclass(frozen=True, slots=True)
class RecordedJob:
    """A job of a launch.

    Attributes:
        record: the history's row.
        body: the request, credentials masked.
        args: masked as in the record, or in full where they are sent again.
    """

    record: JobRecord
    body: Body
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPlan(Plan):
    """A plan of jobs that the history has. If `repeats` is set, they are jobs of a new launch."""

    recorded: tuple[RecordedJob, ...]

    def jobs(self) -> Iterator[tuple[JobSpec, Body]]:
        """Yield each job with its recorded request, which a new launch gives its own id, labels and image."""
        for place, job in enumerate(self.recorded, start=1):
            index, job_id, body = job.record.index, job.record.job_id, job.body
            if self.repeats is not None:
                index, job_id = place, job_id_of(self.group, place)
                body = self._repeated(job, index, job_id)
            yield JobSpec(index=index, job_id=job_id, args=job.args, parameters=job.record.parameters), body

    def _repeated(self, job: RecordedJob, index: int, job_id: str) -> Body:
        marks = {labels.GROUP: labels.group_value(self.group), labels.JOB: f"{self.key}-{index}"}
        if "job_name" in job.body["labels"]:
            marks["job_name"] = labels.value_of(self.title)
        image = None
        if self.own_image:
            image = self.image
            marks["docker_image"] = labels.value_of(image.rpartition("/")[2])
        body = backend_of(self.backend).changed(job.body, job_id=job_id, args=job.args, image=image)
        return {**body, "labels": {**body["labels"], **marks}}


def recorded_jobs(records: Iterable[JobRecord], group: JobGroup, history: History) -> tuple[RecordedJob, ...]:
    """Return jobs of a launch with their requests; credentials in their arguments stay masked."""
    bodies = Journal(history).bodies(group.name)
    return tuple(RecordedJob(record, bodies[record.job_id], record.args) for record in records)


def recorded_plan(group: JobGroup, recorded: tuple[RecordedJob, ...]) -> RecordedPlan:
    """Return the plan of a launch as it was confirmed, with some of its jobs or all."""
    details = group.cloud
    choice = hardware_of(group, recorded)
    return RecordedPlan(
        plan_id=details.plan_id,
        group=group.name,
        title=group.title,
        key="",
        backend=choice.backend,
        project_id=group.project or "",
        choice=choice,
        module=details.module,
        image=group.image or "",
        own_image=False,
        mode=choice.mode,
        count=len(recorded),
        work=tuple,
        user_labels={},
        flags={},
        scheduling=Scheduling(timeout=details.timeout),
        service_account=details.service_account,
        price=hardware.price(choice),
        notes=(),
        recorded=recorded,
    )


def hardware_of(group: JobGroup, recorded: Sequence[RecordedJob]) -> HardwareChoice:
    """Return the hardware of a launch; all of its jobs have the same."""
    details = group.cloud
    accelerator = accelerator_of(details)
    mode: Mode = details.mode or ("gpu" if accelerator and accelerator.kind == "gpu" else "cpu")
    return HardwareChoice(
        backend=backend_named(group.backend),
        region=group.region or "",
        machine_type=str(details.machine_type),
        accelerator=accelerator,
        topology=backend_of(group.backend).topology(recorded[0].body) if recorded else None,
        spot=details.spot,
        flex_start=details.flex_start,
        mode=mode,
        defaulted=frozenset(),
        gave_way=None,
    )
