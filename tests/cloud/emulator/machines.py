"""Which machines train, and with what: Google's tables, as the tests keep them."""

from __future__ import annotations

from support.hardware_facts import LEGACY, VERTEX, counts, is_bound, machines, regions

_TYPES = {
    backend: {row["api"]: name for name, row in tables["accelerators"].items()}
    for backend, tables in (("vertex", VERTEX), ("ai-platform", LEGACY))
}

FLEX_TYPES = {VERTEX["accelerators"][name]["api"] for name in VERTEX["strategies"]["FLEX_START"]["gpus"]}
LONGEST_FLEX = VERTEX["strategies"]["FLEX_START"]["max_timeout_s"]

_TOPOLOGIES = {
    machine: sizes
    for row in VERTEX["tpus"].values()
    if "topologies" in row
    for machine, sizes in row["topologies"].items()
}

TPU_MACHINE = {"vertex": "cloud-tpu", "ai-platform": "cloud_tpu"}
_TPU_TYPES = set(LEGACY["tpus"])

_POD = 32  # chips of the smallest pod of TPU v2 or v3; the larger ones are multiples


def is_region(backend: str, region: str) -> bool:
    """Whether a service trains there."""
    return region in regions(backend)


def is_pod(machine: str, topology: str | None, count: int) -> bool:
    """Whether a TPU spans several machines."""
    if topology is not None:
        return bool(_TOPOLOGIES.get(machine, {}).get(topology, {}).get("vms", 1) > 1)
    return machine in TPU_MACHINE.values() and count >= _POD


def machine_problem(backend: str, machine: str, kind: str | None, count: int) -> str | None:
    """What is wrong with a machine that has GPUs or nothing, in the words of the service; None for nothing.

    Args:
        backend: "vertex" or "ai-platform".
        machine: its type.
        kind: of accelerator, as the service calls it; None for none.
        count: of them.
    """
    if machine not in machines(backend) or machine in TPU_MACHINE.values():
        return f'Machine type "{machine}" is not supported.'
    if kind is None:
        bound = is_bound(backend, machine)
        return f'Machine type "{machine}" needs an accelerator.' if bound else None
    name = _TYPES[backend].get(kind)
    allowed = counts(backend, machine, name) if name is not None else ()
    if not allowed:
        return f'Accelerator "{kind}" is not supported for machine type "{machine}"'
    if count not in allowed:
        numbers = ", ".join(map(str, allowed))
        return (
            f'Accelerator count {count} of "{kind}" is not supported for machine type "{machine}": {numbers}'
        )
    return None


def topology_problem(machine: str, topology: str) -> str | None:
    """What is wrong with a machine of TPUs and their layout; None for nothing."""
    if machine not in _TOPOLOGIES:
        return f'TPU topology is not supported for machine type "{machine}"'
    if topology not in _TOPOLOGIES[machine]:
        return f'TPU topology "{topology}" is not supported for machine type "{machine}"'
    return None


def needs_topology(machine: str) -> bool:
    """Whether a machine's TPUs are asked for by their layout."""
    return machine in _TOPOLOGIES


def tpu_problem(kind: str, count: int, *, pods: bool) -> str | None:
    """What is wrong with a TPU v2 or v3; None for nothing."""
    if kind not in _TPU_TYPES:
        return f'Accelerator "{kind}" is not supported for training'
    if count == 8 or (pods and count >= _POD and count % _POD == 0):
        return None
    return f'Accelerator count {count} is not supported for "{kind}"'
