"""Vertex AI's custom jobs: aiplatform.googleapis.com, v1."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from cloud.emulator import machines
from cloud.emulator.errors import Refusal, invalid
from cloud.emulator.rules import check_labels, chosen, page

_FINAL = {"JOB_STATE_SUCCEEDED", "JOB_STATE_FAILED", "JOB_STATE_CANCELLED"}

_LONGEST_NAME = 128
_MOST_VARIABLES = 100
_DISK_SIZES = range(100, 64_001)


class Vertex:
    """The jobs of all projects, by name."""

    def __init__(self) -> None:
        self.jobs: dict[str, dict[str, Any]] = {}
        self.quota: dict[str, int] = {}  # accelerators of a type that a project may have; missing: any number
        self.forbidden_accounts: set[str] = set()
        self._made: dict[str, float] = {}
        self._ids = itertools.count(1000)
        self._lock = threading.RLock()
        self.changed = threading.Condition(self._lock)  # notified of every job that is made or moved

    def check(self, job: Mapping[str, Any]) -> None:
        """Refuse a job as the service would."""
        name = job.get("displayName", "")
        if not name or len(name) > _LONGEST_NAME:
            raise invalid("display_name", f"It must have 1 to {_LONGEST_NAME} characters.")
        check_labels(job.get("labels", {}))
        spec = job.get("jobSpec")
        if not spec or not spec.get("workerPoolSpecs"):
            raise invalid("job_spec.worker_pool_specs", "Required field is not set.")
        pools = spec["workerPoolSpecs"]
        if int(pools[0].get("replicaCount", 0)) != 1:
            raise invalid(
                "job_spec.worker_pool_specs[0].replica_count", "The first pool has exactly 1 replica."
            )
        for index, pool in enumerate(pools):
            _check_pool(pool, f"job_spec.worker_pool_specs[{index}]", len(pools))
        _check_scheduling(spec.get("scheduling", {}), pools)
        account = spec.get("serviceAccount")
        if account in self.forbidden_accounts:
            raise Refusal(
                400,
                f"You do not have permission to act as service_account: {account}. (or it may not exist).",
            )
        for pool in pools:
            machine = pool["machineSpec"]
            kind = machine.get("acceleratorType")
            if kind in self.quota and machine["acceleratorCount"] > self.quota[kind]:
                metric = kind.lower().replace("nvidia_tesla_", "nvidia_")
                raise Refusal(
                    429,
                    "The following quota metrics exceed quota limits: "
                    f"aiplatform.googleapis.com/custom_model_training_{metric}_gpus",
                )

    def create(self, parent: str, job: Mapping[str, Any]) -> dict[str, Any]:
        """Make a job, which was checked."""
        with self._lock:
            name = f"{parent}/customJobs/{next(self._ids)}"
            now = _now()
            made = {**job, "name": name, "state": "JOB_STATE_QUEUED", "createTime": now, "updateTime": now}
            self.jobs[name] = made
            self._made[name] = time.monotonic()
            self.changed.notify_all()
            return dict(made)

    def get(self, name: str) -> dict[str, Any]:
        """A job as it is."""
        with self._lock:
            if name not in self.jobs:
                raise Refusal(404, f"The CustomJob does not exist: {name}")
            return dict(self.jobs[name])

    def list(self, parent: str, query: Mapping[str, str], hidden: float) -> dict[str, Any]:
        """One page of the jobs of a location, the newest first."""
        is_meant = chosen(query.get("filter", ""), {"display_name": "displayName", "state": "state"})
        with self._lock:
            seen = [
                dict(job)
                for name, job in self.jobs.items()
                if name.startswith(f"{parent}/")
                and time.monotonic() - self._made[name] >= hidden
                and is_meant(job)
            ]
        jobs, rest = page(seen[::-1], query, 100)
        return {**({"customJobs": jobs} if jobs else {}), **rest}

    def cancel(self, name: str) -> dict[str, Any]:
        """Ask a job to end; one that never ran ends at once."""
        with self._lock:
            self.get(name)
            job = self.jobs[name]
            if job["state"] not in _FINAL:
                job["state"] = "JOB_STATE_CANCELLING"
                self.changed.notify_all()
                if "startTime" not in job:
                    self.move(name, "JOB_STATE_CANCELLED")
        return {}

    def move(self, name: str, state: str, message: str = "") -> None:
        """Bring a job into a state, as time and the training do."""
        with self._lock:
            job = self.jobs[name]
            if job["state"] in _FINAL:
                return
            job["state"] = state
            self.changed.notify_all()
            job["updateTime"] = _now()
            if state == "JOB_STATE_RUNNING":
                job.setdefault("startTime", _now())
            if state in _FINAL:
                job["endTime"] = _now()
            if state == "JOB_STATE_CANCELLED":
                job["error"] = {"code": 1, "message": "CANCELED"}
            elif message:
                job["error"] = {"code": 3, "message": message}


def _check_pool(pool: Mapping[str, Any], place: str, pools: int) -> None:
    machine = pool.get("machineSpec", {})
    if not machine.get("machineType"):
        raise invalid(f"{place}.machine_spec.machine_type", "Required field is not set.")
    if int(pool.get("replicaCount", 0)) < 1:
        raise invalid(f"{place}.replica_count", "It must be at least 1.")
    if ("containerSpec" in pool) == ("pythonPackageSpec" in pool):
        raise invalid(place, "Exactly one of `container_spec` and `python_package_spec` must be set.")
    container = pool.get("containerSpec")
    if container is not None and not container.get("imageUri"):
        raise invalid(f"{place}.container_spec.image_uri", "Required field is not set.")
    if len((container or {}).get("env", ())) > _MOST_VARIABLES:
        raise invalid(f"{place}.container_spec.env", f"At most {_MOST_VARIABLES} can be specified.")
    if int(pool.get("diskSpec", {}).get("bootDiskSizeGb", _DISK_SIZES.start)) not in _DISK_SIZES:
        raise invalid(f"{place}.disk_spec.boot_disk_size_gb", "It must be from 100 to 64000.")
    _check_machine(machine, f"{place}.machine_spec")
    is_tpu = "tpuTopology" in machine or machine.get("acceleratorType", "").startswith("TPU")
    if is_tpu and (pools != 1 or int(pool["replicaCount"]) != 1):
        raise invalid(f"{place}.replica_count", "A TPU job has one pool with one replica.")


def _check_machine(machine: Mapping[str, Any], place: str) -> None:
    kind, name, count = (
        machine.get("acceleratorType"),
        machine["machineType"],
        machine.get("acceleratorCount"),
    )
    if (kind is None) != (count is None):
        message = "Both `accelerator_type` and `accelerator_count` should be specified or none."
        raise invalid(f"{place}.accelerator_type", message)
    topology = machine.get("tpuTopology")
    if topology is not None or machines.needs_topology(name):
        if topology is None:
            raise invalid(f"{place}.tpu_topology", f'Required for machine type "{name}".')
        problem = machines.topology_problem(name, topology)
        if kind is not None:
            problem = f'Accelerator "{kind}" is not supported for machine type "{name}"'
    elif name == machines.TPU_MACHINE["vertex"]:
        if kind is None or count is None:
            raise invalid(f"{place}.accelerator_type", f'Required for machine type "{name}".')
        problem = machines.tpu_problem(kind, count, pods=True)
    elif kind is not None and kind.startswith("TPU"):
        problem = f'Accelerator "{kind}" is not supported for machine type "{name}"'
    else:
        problem = machines.machine_problem("vertex", name, kind, count or 0)
    if problem is not None:
        raise Refusal(400, problem)


def _check_scheduling(scheduling: Mapping[str, Any], pools: Any) -> None:
    strategy = scheduling.get("strategy", "STANDARD")
    place = "job_spec.scheduling"
    if strategy not in ("STRATEGY_UNSPECIFIED", "STANDARD", "SPOT", "FLEX_START"):
        raise invalid(f"{place}.strategy", f"{strategy} is no longer supported.")
    first = pools[0]["machineSpec"]
    count = int(first.get("acceleratorCount", 0))
    if strategy == "SPOT" and machines.is_pod(first["machineType"], first.get("tpuTopology"), count):
        raise invalid(f"{place}.strategy", "SPOT isn't supported with TPU pods.")
    if strategy == "FLEX_START":
        if any(pool["machineSpec"] != first for pool in pools):
            raise invalid(f"{place}.strategy", "FLEX_START needs the same machine in all worker pools.")
        if first.get("acceleratorType") not in machines.FLEX_TYPES:
            raise invalid(f"{place}.strategy", "FLEX_START isn't supported for this machine.")
        if float(scheduling.get("timeout", "0s").rstrip("s")) > machines.LONGEST_FLEX:
            raise invalid(f"{place}.timeout", "It must be at most 7 days.")
    elif "maxWaitDuration" in scheduling:
        raise invalid(f"{place}.max_wait_duration", "It goes with FLEX_START only.")


def _now() -> str:
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
