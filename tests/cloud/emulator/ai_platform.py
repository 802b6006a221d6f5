"""AI Platform Training's jobs: ml.googleapis.com, v1."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from cloud.emulator.errors import Refusal
from cloud.emulator.rules import check_labels, matches, page

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
            raise Refusal(400, "Field: job.job_id Error: A job_id must match [a-zA-Z][a-zA-Z0-9_]*")
        check_labels(job.get("labels", {}))
        training = job.get("trainingInput")
        if not training:
            raise Refusal(400, "Field: job.training_input Error: It is required.")
        if not training.get("region"):
            raise Refusal(400, "Field: job.training_input.region Error: It is required.")
        if training.get("scaleTier") == "CUSTOM" and not training.get("masterType"):
            raise Refusal(400, "Field: job.training_input.master_type Error: CUSTOM needs one.")
        master = training.get("masterConfig", {})
        if not master.get("imageUri") and not training.get("packageUris"):
            raise Refusal(400, "Field: job.training_input.master_config.image_uri Error: It is required.")
        if master.get("containerArgs") and training.get("args"):
            raise Refusal(
                400, "Field: job.training_input.args Error: args and containerArgs exclude each other."
            )
        if bool(training.get("workerType")) != bool(int(training.get("workerCount", 0))):
            raise Refusal(400, "Field: job.training_input.worker_count Error: type and count go together.")
        for config in (master, training.get("workerConfig", {})):
            accelerator = config.get("acceleratorConfig", {})
            if accelerator and not ("type" in accelerator and int(accelerator.get("count", 0)) > 0):
                raise Refusal(400, "Field: accelerator_config Error: type and count go together.")
        if str(master.get("acceleratorConfig", {}).get("type", "")).startswith("TPU"):
            raise Refusal(
                400, "Field: job.training_input.master_config Error: TPUs are workers of type cloud_tpu."
            )

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
        with self._lock:
            seen = [
                dict(job)
                for name, job in self.jobs.items()
                if name.startswith(f"{project}/")
                and time.monotonic() - self._made[name] >= hidden
                and matches(query.get("filter", ""), job, {"jobId": "jobId", "state": "state"})
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


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
