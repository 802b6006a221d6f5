"""AI Platform Training's jobs: ml.googleapis.com, v1."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from cloud.emulator import machines
from cloud.emulator.errors import Refusal
from cloud.emulator.rules import check_labels, chosen, page

_FINAL = {"SUCCEEDED", "FAILED", "CANCELLED"}


class AiPlatform:
    """The jobs of all projects, by project and id. An id is taken for ever."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self._made: dict[str, float] = {}
        self._lock = threading.RLock()

    def check(self, job: Mapping[str, Any]) -> None:
        """Refuse a job as the service would."""
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,127}", job.get("jobId", "")):
            raise _wrong("job.job_id", "A job_id must match [a-zA-Z][a-zA-Z0-9_]*")
        check_labels(job.get("labels", {}))
        training = job.get("trainingInput")
        if not training:
            raise _wrong("job.training_input", "It is required.")
        _check_training(training)

    def create(self, project: str, job: Mapping[str, Any]) -> dict[str, Any]:
        """Make a job, which was checked."""
        with self._lock:
            name = f"{project}/jobs/{job['jobId']}"
            if name in self.jobs:
                raise Refusal(
                    409, f"Field: job.job_id Error: A job with this id already exists: {job['jobId']}"
                )
            made = {**job, "state": "QUEUED", "createTime": _now(), "etag": "e"}
            self.jobs[name] = made
            self._made[name] = time.monotonic()
            return dict(made)

    def get(self, name: str) -> dict[str, Any]:
        """A job as it is."""
        with self._lock:
            if name not in self.jobs:
                raise Refusal(404, f"Field: name Error: The job could not be found: {name}")
            return dict(self.jobs[name])

    def list(self, project: str, query: Mapping[str, str], hidden: float) -> dict[str, Any]:
        """One page of the jobs of a project, the newest first."""
        is_meant = chosen(query.get("filter", ""), {"jobId": "jobId", "state": "state"})
        with self._lock:
            seen = [
                dict(job)
                for name, job in self.jobs.items()
                if name.startswith(f"{project}/")
                and time.monotonic() - self._made[name] >= hidden
                and is_meant(job)
            ]
        jobs, rest = page(seen[::-1], query, 100)
        return {**({"jobs": jobs} if jobs else {}), **rest}

    def cancel(self, name: str) -> dict[str, Any]:
        """Ask a job to end; one that has ended can't be asked."""
        with self._lock:
            state = self.get(name)["state"]
            if state in _FINAL:
                raise Refusal(400, f"Cannot cancel a job in state {state}.")
            self.jobs[name]["state"] = "CANCELLING" if state == "RUNNING" else "CANCELLED"
        return {}

    def move(self, name: str, state: str, message: str = "") -> None:
        """Bring a job into a state, as time and the training do."""
        with self._lock:
            job = self.jobs[name]
            if job["state"] in _FINAL:
                return
            job["state"] = state
            if state == "RUNNING":
                job.setdefault("startTime", _now())
            if state in _FINAL:
                job["endTime"] = _now()
            if message:
                job["errorMessage"] = message


def _wrong(field: str, message: str) -> Refusal:
    return Refusal(400, f"Field: {field} Error: {message}")


def _check_training(training: Mapping[str, Any]) -> None:
    place = "job.training_input"
    region, master = training.get("region"), training.get("masterConfig", {})
    if not region:
        raise _wrong(f"{place}.region", "It is required.")
    if not machines.is_region("ai-platform", region):
        raise _wrong(f"{place}.region", f"{region} is not a region of training.")
    if not master.get("imageUri") and not training.get("packageUris"):
        raise _wrong(f"{place}.master_config.image_uri", "It is required.")
    if len(training.get("packageUris", ())) > 100:
        raise _wrong(f"{place}.package_uris", "At most 100 can be specified.")
    if master.get("containerArgs") and training.get("args"):
        raise _wrong(f"{place}.args", "args and containerArgs exclude each other.")
    _check_scheduling(training.get("scheduling", {}), f"{place}.scheduling")
    if training.get("scaleTier") == "CUSTOM":
        if not training.get("masterType"):
            raise _wrong(f"{place}.master_type", "CUSTOM needs one.")
        _check_machine(training["masterType"], master, f"{place}.master_config")
    elif training.get("masterType") or master.get("acceleratorConfig"):
        raise _wrong(f"{place}.scale_tier", "Machines are named with CUSTOM only.")
    for role in ("worker", "parameterServer", "evaluator"):
        _check_role(training, role, place)


def _check_scheduling(scheduling: Mapping[str, Any], place: str) -> None:
    if float(scheduling.get("maxWaitTime", "1800s").rstrip("s")) < 1800:
        raise _wrong(f"{place}.max_wait_time", "It must be at least 1800s.")
    if not 0 <= int(scheduling.get("priority", 0)) <= 1000:
        raise _wrong(f"{place}.priority", "It must be from 0 to 1000.")


def _check_role(training: Mapping[str, Any], role: str, place: str) -> None:
    machine, count = training.get(f"{role}Type"), int(training.get(f"{role}Count", 0))
    if (machine is None) != (count == 0):
        raise _wrong(f"{place}.{role}_count", "type and count go together.")
    if machine is None:
        return
    if training.get("scaleTier") != "CUSTOM":
        raise _wrong(f"{place}.scale_tier", "Machines are named with CUSTOM only.")
    _check_machine(machine, training.get(f"{role}Config", {}), f"{place}.{role}_config")
    if machine == machines.TPU_MACHINE["ai-platform"] and count != 1:
        raise _wrong(f"{place}.{role}_count", f"There is one {machine}.")


def _check_machine(machine: str, config: Mapping[str, Any], place: str) -> None:
    accelerator = config.get("acceleratorConfig", {})
    kind, count = accelerator.get("type"), int(accelerator.get("count", 0))
    if (kind is None) != (count == 0):
        raise _wrong(f"{place}.accelerator_config", "type and count go together.")
    is_worker = not place.endswith("master_config")
    if machine == machines.TPU_MACHINE["ai-platform"]:
        if kind is None:
            raise _wrong(f"{place}.accelerator_config", f"It is required for {machine}.")
        problem = machines.tpu_problem(kind, count, pods=False) if is_worker else f"{machine} is a worker's."
    elif kind is not None and kind.startswith("TPU"):
        problem = "TPUs are workers of type cloud_tpu."
    else:
        problem = machines.machine_problem("ai-platform", machine, kind, count)
    if problem is not None:
        raise _wrong(place, problem)


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
