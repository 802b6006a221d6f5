"""The services' rules, each as what it refuses and why, beside the nearest thing that it accepts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Change = Mapping[str, Any]
"""Values by their places in a request, `a.0.b`; None takes what is there away."""


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes:
        wrong: changes of a valid request that make it break the rule.
        right: changes that are as near as can be and don't.
        message: part of what the service says.
    """

    wrong: Change
    right: Change
    message: str


VERTEX = {
    "displayName": "j",
    "labels": {"a": "b"},
    "jobSpec": {
        "workerPoolSpecs": [
            {
                "machineSpec": {"machineType": "n1-standard-8"},
                "replicaCount": "1",
                "containerSpec": {"imageUri": "r/i:t"},
            }
        ]
    },
}

LEGACY = {
    "jobId": "j_1",
    "labels": {"a": "b"},
    "trainingInput": {
        "scaleTier": "CUSTOM",
        "region": "us-central1",
        "masterType": "n1-standard-8",
        "masterConfig": {"imageUri": "r/i:t"},
    },
}

_POOL = "jobSpec.workerPoolSpecs.0"
_MACHINE = f"{_POOL}.machineSpec"
_PLAN = "jobSpec.scheduling"
_WEEK = 7 * 24 * 3600
_SECOND = {
    "machineSpec": {"machineType": "n1-standard-8"},
    "replicaCount": "2",
    "containerSpec": {"imageUri": "r/i:t"},
}


def machine(
    name: str, kind: str | None = None, count: int | None = None, topology: str | None = None
) -> Change:
    """The change that gives a job of Vertex AI a machine."""
    made = {"machineType": name, "acceleratorType": kind, "acceleratorCount": count, "tpuTopology": topology}
    return {_MACHINE: {key: value for key, value in made.items() if value is not None}}


def variables(count: int) -> list[dict[str, str]]:
    return [{"name": f"V{index}", "value": ""} for index in range(count)]


def labels(count: int) -> dict[str, str]:
    return {f"k{index}": "" for index in range(count)}


LABELS = {
    "64 labels": Rule({"labels": labels(65)}, {"labels": labels(64)}, "There are 65 labels"),
    "63 in a key": Rule({"labels": {"k" * 64: ""}}, {"labels": {"k" * 63: ""}}, "isn't a label's"),
    "63 in a value": Rule({"labels": {"k": "v" * 64}}, {"labels": {"k": "v" * 63}}, "isn't a label's"),
    "small letters in a key": Rule({"labels": {"Key": ""}}, {"labels": {"key": ""}}, "'Key' isn't a label's"),
    "small letters in a value": Rule({"labels": {"k": "V"}}, {"labels": {"k": "é_-1"}}, "'V' of 'k'"),
    "a letter first": Rule({"labels": {"1k": ""}}, {"labels": {"k1": "1"}}, "'1k' isn't a label's"),
    "no empty key": Rule({"labels": {"": "v"}}, {"labels": {"v": ""}}, "'' isn't a label's"),
    "no points": Rule({"labels": {"k": "0.1"}}, {"labels": {"k": "0_1"}}, "'0.1' of 'k'"),
}

VERTEX_RULES = {
    **LABELS,
    "displayName": Rule({"displayName": None}, {"displayName": "é"}, "display_name"),
    "128 in a displayName": Rule({"displayName": "n" * 129}, {"displayName": "n" * 128}, "display_name"),
    "jobSpec": Rule({"jobSpec": None}, {}, "job_spec.worker_pool_specs; Message: Required field"),
    "a pool": Rule({"jobSpec.workerPoolSpecs": []}, {}, "worker_pool_specs; Message: Required field"),
    "one primary": Rule({f"{_POOL}.replicaCount": "2"}, {f"{_POOL}.replicaCount": 1}, "exactly 1 replica"),
    "workers": Rule(
        {"jobSpec.workerPoolSpecs.1": {**_SECOND, "replicaCount": "0"}},
        {"jobSpec.workerPoolSpecs.1": _SECOND},
        "worker_pool_specs[1].replica_count",
    ),
    "machineType": Rule({_MACHINE: {}}, {}, "machine_spec.machine_type; Message: Required field"),
    "imageUri": Rule({f"{_POOL}.containerSpec": {"args": ["a"]}}, {}, "container_spec.image_uri"),
    "container or package": Rule({f"{_POOL}.containerSpec": None}, {}, "Exactly one of"),
    "100 variables": Rule(
        {f"{_POOL}.containerSpec.env": variables(101)},
        {f"{_POOL}.containerSpec.env": variables(100)},
        "At most 100",
    ),
    "disk size": Rule(
        {f"{_POOL}.diskSpec": {"bootDiskSizeGb": 99}},
        {f"{_POOL}.diskSpec": {"bootDiskSizeGb": 100}},
        "from 100",
    ),
    "count with type": Rule(
        machine("n1-standard-8", "NVIDIA_TESLA_T4"),
        machine("n1-standard-8", "NVIDIA_TESLA_T4", 1),
        "Both `accelerator_type` and `accelerator_count`",
    ),
    "type with count": Rule(
        {f"{_MACHINE}.acceleratorCount": 1}, {}, "Both `accelerator_type` and `accelerator_count`"
    ),
    "machines too small": Rule(
        machine("n1-standard-2"), machine("n1-highmem-2"), '"n1-standard-2" is not supported'
    ),
    "machines that don't train": Rule(machine("c3-standard-8"), machine("c2-standard-8"), "is not supported"),
    "no GPU on E2": Rule(
        machine("e2-standard-8", "NVIDIA_TESLA_T4", 1),
        machine("e2-standard-8"),
        "is not supported for machine type",
    ),
    "no K80 any more": Rule(
        machine("n1-standard-8", "NVIDIA_TESLA_K80", 1),
        machine("n1-standard-8", "NVIDIA_TESLA_P100", 1),
        "K80",
    ),
    "counts of N1": Rule(
        machine("n1-standard-32", "NVIDIA_TESLA_T4", 1),
        machine("n1-standard-32", "NVIDIA_TESLA_T4", 2),
        'count 1 of "NVIDIA_TESLA_T4" is not supported for machine type "n1-standard-32": 2, 4',
    ),
    "V100s for many processors": Rule(
        machine("n1-standard-96", "NVIDIA_TESLA_V100", 4),
        machine("n1-standard-96", "NVIDIA_TESLA_V100", 8),
        ": 8",
    ),
    "no P100 for many processors": Rule(
        machine("n1-standard-96", "NVIDIA_TESLA_P100", 4),
        machine("n1-highcpu-64", "NVIDIA_TESLA_P100", 4),
        "is not supported for machine type",
    ),
    "the number of A2": Rule(
        machine("a2-highgpu-2g", "NVIDIA_TESLA_A100", 1),
        machine("a2-highgpu-2g", "NVIDIA_TESLA_A100", 2),
        ": 2",
    ),
    "the memory of A2": Rule(
        machine("a2-ultragpu-1g", "NVIDIA_TESLA_A100", 1),
        machine("a2-ultragpu-1g", "NVIDIA_A100_80GB", 1),
        "A100",
    ),
    "the number of A3": Rule(
        machine("a3-megagpu-8g", "NVIDIA_H100_MEGA_80GB", 4),
        machine("a3-megagpu-8g", "NVIDIA_H100_MEGA_80GB", 8),
        ": 8",
    ),
    "the number of A4": Rule(
        machine("a4-highgpu-8g", "NVIDIA_B200", 1), machine("a4-highgpu-8g", "NVIDIA_B200", 8), ": 8"
    ),
    "the number of G2": Rule(
        machine("g2-standard-24", "NVIDIA_L4", 1), machine("g2-standard-24", "NVIDIA_L4", 2), ": 2"
    ),
    "the number of G4": Rule(
        machine("g4-standard-96", "NVIDIA_RTX_PRO_6000", 1),
        machine("g4-standard-96", "NVIDIA_RTX_PRO_6000", 2),
        ": 2",
    ),
    "machines made for GPUs": Rule(
        machine("g2-standard-8"), machine("g2-standard-8", "NVIDIA_L4", 1), "needs an accelerator"
    ),
    "TPU machines": Rule(
        machine("n1-standard-8", "TPU_V3", 8),
        machine("cloud-tpu", "TPU_V3", 8),
        '"TPU_V3" is not supported for machine',
    ),
    "TPUs of TPU machines": Rule(
        machine("cloud-tpu"), machine("cloud-tpu", "TPU_V2", 8), 'Required for machine type "cloud-tpu"'
    ),
    "8 TPUs": Rule(
        machine("cloud-tpu", "TPU_V2", 4), machine("cloud-tpu", "TPU_V2", 32), "count 4 is not supported"
    ),
    "TPUs of today": Rule(
        machine("cloud-tpu", "TPU_V5_LITEPOD", 8),
        machine("ct5lp-hightpu-8t", topology="2x4"),
        "not supported for training",
    ),
    "a layout for TPUs": Rule(
        machine("ct6e-standard-1t"), machine("ct6e-standard-1t", topology="1x1"), "tpu_topology"
    ),
    "layouts of a machine": Rule(
        machine("ct6e-standard-1t", topology="2x2"),
        machine("ct6e-standard-4t", topology="2x2"),
        'topology "2x2"',
    ),
    "no layout for GPUs": Rule(
        {f"{_MACHINE}.tpuTopology": "1x1"},
        machine("ct5lp-hightpu-1t", topology="1x1"),
        "TPU topology is not supported",
    ),
    "one pool with a TPU": Rule(
        {**machine("cloud-tpu", "TPU_V3", 8), "jobSpec.workerPoolSpecs.1": _SECOND},
        machine("cloud-tpu", "TPU_V3", 8),
        "one pool with one replica",
    ),
    "strategies of old": Rule(
        {_PLAN: {"strategy": "LOW_COST"}}, {_PLAN: {"strategy": "SPOT"}}, "no longer supported"
    ),
    "no pods on spot": Rule(
        {**machine("ct6e-standard-4t", topology="4x4"), _PLAN: {"strategy": "SPOT"}},
        {**machine("ct6e-standard-4t", topology="2x2"), _PLAN: {"strategy": "SPOT"}},
        "SPOT isn't supported with TPU pods",
    ),
    "flexible start": Rule(
        {**machine("n1-standard-8", "NVIDIA_TESLA_T4", 1), _PLAN: {"strategy": "FLEX_START"}},
        {
            **machine("g2-standard-8", "NVIDIA_L4", 1),
            _PLAN: {"strategy": "FLEX_START", "maxWaitDuration": "60s"},
        },
        "FLEX_START isn't supported for this machine",
    ),
    "flexible start for a week": Rule(
        {
            **machine("g2-standard-8", "NVIDIA_L4", 1),
            _PLAN: {"strategy": "FLEX_START", "timeout": f"{_WEEK + 1}s"},
        },
        {
            **machine("g2-standard-8", "NVIDIA_L4", 1),
            _PLAN: {"strategy": "FLEX_START", "timeout": f"{_WEEK}s"},
        },
        "at most 7 days",
    ),
    "flexible start of equals": Rule(
        {
            **machine("g2-standard-8", "NVIDIA_L4", 1),
            "jobSpec.workerPoolSpecs.1": _SECOND,
            _PLAN: {"strategy": "FLEX_START"},
        },
        {
            **machine("g2-standard-8", "NVIDIA_L4", 1),
            "jobSpec.workerPoolSpecs.1": {
                **_SECOND,
                "machineSpec": machine("g2-standard-8", "NVIDIA_L4", 1)[_MACHINE],
            },
            _PLAN: {"strategy": "FLEX_START"},
        },
        "same machine in all worker pools",
    ),
    "waiting for a flexible start only": Rule(
        {_PLAN: {"maxWaitDuration": "60s"}}, {_PLAN: {"timeout": "60s"}}, "goes with FLEX_START only"
    ),
    # What the discovery document says.
    "no unknown field": Rule(
        {f"{_MACHINE}.gpu": "T4"}, {}, "Unknown name \"gpu\" at 'jobSpec.workerPoolSpecs[0].machineSpec'"
    ),
    "no unknown field at the top": Rule({"name_": "j"}, {}, 'Unknown name "name_": Cannot find field.'),
    "texts": Rule({"displayName": 7}, {"displayName": "7"}, "Invalid value at 'displayName'"),
    "integers": Rule(
        {f"{_MACHINE}.acceleratorCount": "1"}, {}, "Invalid value at 'jobSpec.workerPoolSpecs[0].machineSpec"
    ),
    "long integers": Rule({f"{_POOL}.replicaCount": "one"}, {f"{_POOL}.replicaCount": "1"}, "int64"),
    "lists": Rule(
        {f"{_POOL}.containerSpec.args": "a b"}, {f"{_POOL}.containerSpec.args": ["a", "b"]}, "a list"
    ),
    "texts in lists": Rule(
        {f"{_POOL}.containerSpec.args": [1]}, {f"{_POOL}.containerSpec.args": ["1"]}, "args[0]"
    ),
    "enumerations": Rule(
        machine("n1-standard-8", "T4", 1), machine("n1-standard-8", "NVIDIA_TESLA_T4", 1), "one of"
    ),
    "times": Rule({_PLAN: {"timeout": "1h"}}, {_PLAN: {"timeout": "3600.5s"}}, "google-duration"),
    "booleans": Rule({_PLAN: {"disableRetries": "yes"}}, {_PLAN: {"disableRetries": True}}, "a boolean"),
    "objects": Rule({"labels": ["a"]}, {"labels": {}}, "an object"),
}

_INPUT = "trainingInput"


def legacy(name: str, kind: str | None = None, count: str | None = None) -> Change:
    """The change that gives a legacy job a machine."""
    made: dict[str, Any] = {f"{_INPUT}.masterType": name}
    if kind is not None:
        made[f"{_INPUT}.masterConfig.acceleratorConfig"] = {"type": kind}
        if count is not None:
            made[f"{_INPUT}.masterConfig.acceleratorConfig"]["count"] = count
    return made


def tpu(kind: str = "TPU_V3", count: str = "8", workers: str = "1") -> Change:
    """The change that gives a legacy job a TPU."""
    config = {"imageUri": "r/i:t", "acceleratorConfig": {"type": kind, "count": count}}
    return {
        f"{_INPUT}.workerType": "cloud_tpu",
        f"{_INPUT}.workerCount": workers,
        f"{_INPUT}.workerConfig": config,
    }


LEGACY_RULES = {
    **LABELS,
    "jobId": Rule({"jobId": None}, {"jobId": "J"}, "A job_id must match"),
    "a letter first in a jobId": Rule({"jobId": "1j"}, {"jobId": "j1"}, "A job_id must match"),
    "no hyphens in a jobId": Rule({"jobId": "a-b"}, {"jobId": "a_B"}, "A job_id must match"),
    "128 in a jobId": Rule({"jobId": "j" * 129}, {"jobId": "j" * 128}, "A job_id must match"),
    "trainingInput": Rule({_INPUT: None}, {}, "training_input Error: It is required"),
    "region": Rule(
        {f"{_INPUT}.region": None}, {f"{_INPUT}.region": "europe-west4"}, "region Error: It is required"
    ),
    "regions that train": Rule(
        {f"{_INPUT}.region": "us-east5"}, {f"{_INPUT}.region": "us-east4"}, "is not a region"
    ),
    "a machine for CUSTOM": Rule({f"{_INPUT}.masterType": None}, {}, "CUSTOM needs one"),
    "CUSTOM for a machine": Rule(
        {f"{_INPUT}.scaleTier": "BASIC"},
        {f"{_INPUT}.scaleTier": "BASIC", f"{_INPUT}.masterType": None},
        "CUSTOM only",
    ),
    "imageUri": Rule({f"{_INPUT}.masterConfig": {}}, {}, "image_uri Error: It is required"),
    "arguments once": Rule(
        {f"{_INPUT}.args": ["a"], f"{_INPUT}.masterConfig.containerArgs": ["b"]},
        {f"{_INPUT}.args": ["a"]},
        "exclude",
    ),
    "type with count": Rule(
        legacy("n1-standard-8", "NVIDIA_TESLA_T4"),
        legacy("n1-standard-8", "NVIDIA_TESLA_T4", "1"),
        "go together",
    ),
    "machines": Rule(legacy("n1-standard-2"), legacy("n1-standard-4"), '"n1-standard-2" is not supported'),
    "counts": Rule(
        legacy("n1-standard-32", "NVIDIA_TESLA_K80", "2"),
        legacy("n1-standard-32", "NVIDIA_TESLA_K80", "4"),
        ": 4, 8",
    ),
    "workerType": Rule(
        {f"{_INPUT}.workerCount": "1"}, tpu(), "worker_count Error: type and count go together"
    ),
    "workerCount": Rule(
        {f"{_INPUT}.workerType": "n1-standard-4"}, {}, "worker_count Error: type and count go together"
    ),
    "TPUs are workers": Rule(
        legacy("n1-standard-8", "TPU_V3", "8"), tpu(), "TPUs are workers of type cloud_tpu"
    ),
    "no TPU for a master": Rule(legacy("cloud_tpu", "TPU_V3", "8"), tpu("TPU_V2"), "cloud_tpu is a worker's"),
    "8 TPUs": Rule(tpu(count="32"), tpu(), "count 32 is not supported"),
    "one TPU worker": Rule(tpu(workers="2"), tpu(), "There is one cloud_tpu"),
    "waiting time": Rule(
        {f"{_INPUT}.scheduling": {"maxWaitTime": "1799s"}},
        {f"{_INPUT}.scheduling": {"maxWaitTime": "1800s"}},
        "1800s",
    ),
    "priority": Rule(
        {f"{_INPUT}.scheduling": {"priority": 1001}},
        {f"{_INPUT}.scheduling": {"priority": 1000}},
        "from 0 to 1000",
    ),
    # What the discovery document says.
    "no unknown field": Rule({f"{_INPUT}.image": "i"}, {}, "Unknown name \"image\" at 'trainingInput'"),
    "enumerations": Rule({f"{_INPUT}.scaleTier": "LARGE"}, {}, "one of"),
    "no GPU of tomorrow": Rule(
        legacy("n1-standard-8", "NVIDIA_L4", "1"), legacy("n1-standard-8", "NVIDIA_TESLA_T4", "1"), "one of"
    ),
}
