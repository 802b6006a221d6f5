"""The hardware of Google's training services: regions, machine types, GPUs and TPUs, as of a day.

The facts are in `hardware.json`, which explains its columns and sources; this module gives them types and indexes. Must
not know requests or prices.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeVar

from caliban_ls.analysis.backend_names import BACKENDS, TITLES, BackendName

Kind = Literal["gpu", "tpu"]
Mode = Literal["cpu", "gpu"]
_Key = TypeVar("_Key")


@dataclass(frozen=True, slots=True)
class Accelerator:
    """A number of GPUs or TPU chips of one type; `str()` makes a spec, `2xT4`.

    Attributes:
        type: the catalogue's name; as written, in capitals, if the catalogue has no such type.
        count: at least 1.
        kind: GPU or TPU, which have different keys.
    """

    type: str
    count: int
    kind: Kind = "gpu"

    def __str__(self) -> str:
        return f"{self.count}x{self.type}"


@dataclass(frozen=True, slots=True)
class Region:
    """A place where jobs run.

    Attributes:
        name: Google's name for it.
        area: continent or part of the world; searches for something near begin there.
        place: for people.
        at: latitude and longitude, degrees.
        cpu_quota: vCPUs of N1 and E2 machines that a project gets without asking.
    """

    name: str
    area: str
    place: str
    at: tuple[float, float]
    cpu_quota: int


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine type.

    Attributes:
        name: `n1-standard-8`.
        family: `n1`.
        vcpus: None where Google states none.
        memory_gb: None where Google states none.
        holds: every accelerator that it can have, in any service or region.
        bound: whether it never runs without one of those.
        absent_from: regions without this family.
        cpu_quota: vCPUs that a project gets without asking: a number, or "regional" for `Region.cpu_quota`;
            None where unknown.
        topologies: of a TPU slice, by its chips.
    """

    name: str
    family: str
    vcpus: float | None
    memory_gb: float | None
    holds: tuple[Accelerator, ...] = ()
    bound: bool = False
    absent_from: frozenset[str] = frozenset()
    cpu_quota: int | Literal["regional"] | None = None
    topologies: Mapping[int, str] = field(default_factory=dict, hash=False)

    def counts(self, accelerator_type: str) -> tuple[int, ...]:
        """Return how many of a type it can have, fewest first."""
        return tuple(held.count for held in self.holds if held.type == accelerator_type)

    def machines(self, accelerator: Accelerator | None) -> int:
        """Return how many machines of this type a slice of so many chips spans; 1 for everything else."""
        if accelerator is None or not self.topologies:
            return 1
        return accelerator.count // min(self.topologies)


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know before asking for an accelerator.

    Attributes:
        text: the end of a sentence that begins with the machine type.
        spot_helps: whether spot machines are exempt.
        machine_types: those with the note; empty for all with the accelerator.
    """

    text: str
    spot_helps: bool
    machine_types: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorType:
    """A type of GPU or TPU.

    Attributes:
        name: what specs call it.
        kind: GPU or TPU.
        rank: its place in the catalogue.
        api: the API's `acceleratorType`; None where machine type and topology say it all.
        memory_gb: of one GPU; None for TPUs.
        quotas: regions that train on it on Vertex AI, with how many a project gets without asking.
        serving_only: regions that have it, but not for training.
        support_ended: ISO 8601 day, None while it is supported.
        last_choice: whether to offer it only where nothing else would do.
        flex_start: whether it can be had by flex-start.
        quota_metric: full name of the metric that limits it, None where unknown.
        quota_metric_uncertain: whether that name is a guess.
        count_note: what to know about counts that it doesn't have.
        notes: what to know before asking for it.
    """

    name: str
    kind: Kind
    rank: int
    api: str | None
    memory_gb: float | None
    quotas: Mapping[str, int]
    serving_only: frozenset[str]
    support_ended: str | None
    last_choice: bool
    flex_start: bool
    quota_metric: str | None
    quota_metric_uncertain: bool
    count_note: str | None
    notes: tuple[Note, ...]


Pair = tuple[Machine, "Accelerator | None"]
"""A machine with what it has; None where it runs without an accelerator."""


@dataclass(frozen=True, slots=True)
class Service:
    """The hardware of one training service.

    Attributes:
        title: its name for people.
        spot: whether it has spot machines.
        flex_start: whether jobs may wait until machines are free.
        quotas: whether it is known what it grants a project without asking.
        closed: ISO 8601 day since which it takes no jobs, None while it does.
        regions: where it trains, the catalogue's first choice first.
        machines: its machine types by name, in the catalogue's order.
        regions_of: for each accelerator type that it has, the regions that have it.
        default_gpu: of a job that asks for none.
        pairs: every combination that is possible in some region.
        pairs_by_machine: the same, by the machine's name.
        pairs_by_accelerator: the same, by the accelerator.
    """

    title: str
    spot: bool
    flex_start: bool
    quotas: bool
    closed: str | None
    regions: tuple[str, ...]
    machines: Mapping[str, Machine]
    regions_of: Mapping[str, frozenset[str]]
    default_gpu: Accelerator
    pairs: tuple[Pair, ...]
    pairs_by_machine: Mapping[str, tuple[Pair, ...]]
    pairs_by_accelerator: Mapping[Accelerator | None, tuple[Pair, ...]]

    def has(self, pair: Pair, region: str | None) -> bool:
        """Return whether a region has a machine and what it holds; None: whether any region could."""
        machine, accelerator = pair
        if region is None:
            return True
        return region not in machine.absent_from and (
            accelerator is None or region in self.regions_of[accelerator.type]
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All facts, by name.

    Attributes:
        as_of: the day of the facts, ISO 8601.
        services: by the names of `backend_names`.
        regions: those with training.
        machines: of both services.
        accelerators: of both services.
        aliases: other spellings of accelerator types, in capitals.
        default_region: of jobs that name none.
        default_machines: of jobs that name none, by mode.
        regions_without_training: regions that Google has, but not for this.
        machines_without_training: machine types that Google has, but not for this.
        families_without_training: whole families of such machine types.
        accelerators_without_training: names that the API knows, but no machine has.
        quota_prefix: begins the full name of every quota metric.
        spot_infix: follows it in those of spot machines.
        cpu_metric: full name of the metric that limits N1 and E2 vCPUs.
    """

    as_of: str
    services: Mapping[BackendName, Service]
    regions: Mapping[str, Region]
    machines: Mapping[str, Machine]
    accelerators: Mapping[str, AcceleratorType]
    aliases: Mapping[str, str]
    default_region: str
    default_machines: Mapping[Mode, str]
    regions_without_training: frozenset[str]
    machines_without_training: frozenset[str]
    families_without_training: frozenset[str]
    accelerators_without_training: frozenset[str]
    quota_prefix: str
    spot_infix: str
    cpu_metric: str

    def knows_region(self, name: str) -> bool:
        """Return whether a region has training, or is known to have none."""
        return name in self.regions or name in self.regions_without_training

    def knows_machine(self, name: str) -> bool:
        """Return whether a machine type is in a service's table, or known to be in none."""
        without = name in self.machines_without_training or family_of(name) in self.families_without_training
        return without or name in self.machines

    def knows_accelerator(self, name: str) -> bool:
        """Return whether an accelerator type is in a service's table, or known to be in none."""
        return name in self.accelerators or name in self.accelerators_without_training

    def accelerator_name(self, text: str) -> str:
        """Return the catalogue's name for any spelling of an accelerator type: `NVIDIA_TESLA_T4` is T4."""
        name = re.sub(r"^(NVIDIA_)?(TESLA_)?|^TPU_", "", text.upper().replace("-", "_"))
        return self.aliases.get(name, name)

    def spot_metric(self, metric: str) -> str:
        """Return the metric that limits spot machines where this one limits the others."""
        return f"{self.quota_prefix}{self.spot_infix}{metric.removeprefix(self.quota_prefix)}"


@cache
def catalog() -> Catalog:
    """Return the catalogue; the first call reads it."""
    # A file beside this one rather than importlib.resources, whose import costs more than all of this.
    data = json.loads(Path(__file__).with_name("hardware.json").read_bytes())
    prefix = data["quota_metrics"]["prefix"]
    types = {
        name: _accelerator_type(name, rank, row, prefix)
        for rank, (name, row) in enumerate(data["accelerators"].items())
    }
    machines = tuple(_machines(data))
    services = {name: _service(TITLES[name], data["services"][name], data, machines) for name in BACKENDS}
    hidden = data["not_for_training"]
    return Catalog(
        as_of=data["as_of"],
        services=services,
        regions={
            name: Region(name, row["area"], row["place"], tuple(row["at"]), row["cpus"])
            for name, row in data["regions"].items()
        },
        machines={
            name: machine for service in services.values() for name, machine in service.machines.items()
        },
        accelerators=types,
        aliases={
            alias: name for name, row in data["accelerators"].items() for alias in row.get("aliases", ())
        },
        default_region=data["defaults"]["region"],
        default_machines={
            "cpu": data["defaults"]["cpu_machine_type"],
            "gpu": data["defaults"]["gpu_machine_type"],
        },
        regions_without_training=frozenset(hidden["regions"]),
        machines_without_training=frozenset(hidden["machine_types"]),
        families_without_training=frozenset(hidden["families"]),
        accelerators_without_training=frozenset(hidden["accelerators"]),
        quota_prefix=prefix,
        spot_infix=data["quota_metrics"]["spot"],
        cpu_metric=prefix + data["quota_metrics"]["cpus"],
    )


def family_of(machine_type: str) -> str:
    """Return the family of a machine type: n1 of `n1-standard-8`."""
    return machine_type.partition("-")[0]


def _accelerator_type(name: str, rank: int, row: Mapping[str, Any], prefix: str) -> AcceleratorType:
    metric = row.get("quota_metric")
    return AcceleratorType(
        name=name,
        kind=row["kind"],
        rank=rank,
        api=row["api"],
        memory_gb=row.get("memory_gb"),
        quotas={region: quota or 0 for region, quota in row["regions"].items()},
        serving_only=frozenset(row.get("serving_only", ())),
        support_ended=row.get("support_ended"),
        last_choice=row.get("last_choice", False),
        flex_start=row.get("flex_start", False),
        quota_metric=prefix + metric if metric else None,
        quota_metric_uncertain=row.get("quota_metric_uncertain", False),
        count_note=row.get("count_note"),
        notes=tuple(
            Note(note["text"], note["spot_helps"], frozenset(note.get("machine_types", ())))
            for note in row.get("notes", ())
        ),
    )


def _machines(data: Mapping[str, Any]) -> Iterator[Machine]:
    """Yield every machine type, those that run without an accelerator first."""
    attached: dict[str, list[Accelerator]] = {}
    for row in data["attachable_gpus"]:
        held = [Accelerator(name, count) for name in data["accelerators"] for count in row.get(name, ())]
        attached |= dict.fromkeys(row["machine_types"], held)
    for family, row in data["machine_families"].items():
        for name, (vcpus, memory) in row["machine_types"].items():
            yield Machine(
                name=name,
                family=family,
                vcpus=vcpus,
                memory_gb=memory,
                holds=tuple(attached.get(name, ())),
                absent_from=frozenset(row.get("absent_from", ())),
                cpu_quota=row.get("cpu_quota"),
            )
    bound: dict[str, Machine] = {}
    for type_name, row in data["accelerators"].items():
        for name, (vcpus, memory, held) in row.get("machine_types", {}).items():
            topologies = {} if isinstance(held, int) else {_chips(topology): topology for topology in held}
            holds = tuple(Accelerator(type_name, count, row["kind"]) for count in topologies or [held])
            machine = Machine(name, family_of(name), vcpus, memory, holds, bound=True, topologies=topologies)
            if name in bound:  # One machine type, two generations of TPU.
                machine = replace(machine, holds=bound[name].holds + holds)
            bound[name] = machine
    yield from bound.values()


def _chips(topology: str) -> int:
    return math.prod(int(side) for side in topology.split("x"))


def _service(
    title: str, row: Mapping[str, Any], data: Mapping[str, Any], every_machine: tuple[Machine, ...]
) -> Service:
    column = row["accelerators_in"]
    regions_of = {
        name: frozenset(found[column]) for name, found in data["accelerators"].items() if found.get(column)
    }
    machines = {}
    for machine in every_machine:
        if machine.family in row.get("families", (machine.family,)):
            name = row.get("renamed", {}).get(machine.name, machine.name)
            machines[name] = replace(machine, name=name)
    pairs: tuple[Pair, ...] = tuple(
        (machine, held)
        for machine in machines.values()
        for held in (*(() if machine.bound else (None,)), *machine.holds)
        if held is None or held.type in regions_of
    )
    return Service(
        title=title,
        spot=row["spot"],
        flex_start=row["flex_start"],
        quotas=row["quotas"],
        closed=row.get("closed"),
        regions=tuple(row.get("regions", data["regions"])),
        machines=machines,
        regions_of=regions_of,
        default_gpu=Accelerator(row["default_gpu"], 1),
        pairs=pairs,
        pairs_by_machine=_grouped((machine.name, (machine, held)) for machine, held in pairs),
        pairs_by_accelerator=_grouped((held, (machine, held)) for machine, held in pairs),
    )


def _grouped(keyed: Iterable[tuple[_Key, Pair]]) -> dict[_Key, tuple[Pair, ...]]:
    groups: dict[_Key, tuple[Pair, ...]] = {}
    for key, pair in keyed:
        groups[key] = (*groups.get(key, ()), pair)
    return groups
