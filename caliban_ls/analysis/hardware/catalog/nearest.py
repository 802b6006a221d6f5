"""Find the hardware nearest to a wish: regions on a map, machines by shape, accelerators by memory.

Must not know requests, or which of their parts may change.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cache
from itertools import groupby, product

from caliban_ls.analysis.hardware.catalog import (
    Accelerator,
    Machine,
    Pair,
    Region,
    Service,
    catalog,
    family_of,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """The hardware to come near to.

    Attributes:
        machine_type: its name.
        vcpus: its shape, guessed from the name where the catalogue has no such machine; None where unknown.
        memory_gb: see `vcpus`.
        accelerator: None to do without.
    """

    machine_type: str
    vcpus: float | None
    memory_gb: float | None
    accelerator: Accelerator | None


@dataclass(frozen=True, slots=True)
class Found:
    """The nearest hardware; `region` is one of those that were searched."""

    region: str | None
    machine: Machine
    accelerator: Accelerator | None


def wish(machine_type: str, accelerator: Accelerator | None) -> Wish:
    """Return the wish for a machine type, known or not, and an accelerator."""
    machine = catalog().machines.get(machine_type)
    if machine is not None:
        return Wish(machine_type, machine.vcpus, machine.memory_gb, accelerator)
    # Families that aren't for training name their types as the others do: c3-highmem-8 has 8 vCPUs.
    shape = re.fullmatch(r"[a-z0-9]+-([a-z]+)-([0-9]{1,3})(-[a-z]+)*", machine_type)
    if shape is None:
        return Wish(machine_type, None, None, accelerator)
    vcpus = int(shape[2])
    return Wish(machine_type, vcpus, vcpus * _GB_PER_VCPU.get(shape[1], 4), accelerator)


_GB_PER_VCPU = {"highcpu": 1, "highmem": 8}


def nearest(
    service: Service,
    regions: Sequence[str | None],
    wanted: Wish,
    *,
    machine: str | None = None,
    accelerator: Accelerator | None = None,
    accepts: Callable[[Machine, Accelerator | None], bool] = lambda *_: True,
) -> Found | None:
    """Return the possible combination that is nearest to a wish, or None when there is none.

    The accelerator counts most, then the region, then the machine; what is left equal stands in the
    catalogue's order.

    Args:
        service: whose combinations.
        regions: to search, best first; None for anywhere.
        wanted: the hardware to come near to.
        machine: the machine type that it must have; None for any.
        accelerator: the accelerator that it must have; None for what is accepted.
        accepts: which combinations will do, where the accelerator is free.
    """
    if machine is not None:
        pairs = service.pairs_by_machine.get(machine, ())
    elif accelerator is not None:
        pairs = service.pairs_by_accelerator.get(accelerator, ())
    else:
        pairs = service.pairs
    fit = [pair for pair in pairs if (accepts(*pair) if accelerator is None else pair[1] == accelerator)]
    places = [region for region in regions if region is None or region in service.regions]

    def apart(pair: Pair) -> tuple[float, ...]:
        return _accelerator_distance(pair[1], wanted.accelerator)

    for _, equal in groupby(sorted(fit, key=apart), key=apart):
        by_machine = sorted(equal, key=lambda pair: _machine_distance(pair, wanted))
        for region, pair in product(places, by_machine):
            if service.has(pair, region):
                return Found(region, *pair)
    return None


def regions_by_nearness(service: Service, name: str) -> list[str]:
    """Return a service's regions, nearest to a region first and those of its part of the world before others.

    Where the catalogue doesn't know the region, those whose names are most like its own come first.
    """
    if name not in catalog().regions:
        return sorted(service.regions, key=lambda other: -SequenceMatcher(None, name, other).ratio())
    return [other for other in _around(name) if other in service.regions]


@cache
def _around(name: str) -> tuple[str, ...]:
    """Return all regions, nearest to a region first, those of its part of the world before others."""
    regions = catalog().regions
    start = regions[name]

    def key(other: Region) -> tuple[bool, float]:
        return other.area != start.area, math.dist(_on_globe(start), _on_globe(other))

    return tuple(region.name for region in sorted(regions.values(), key=key))


def _on_globe(region: Region) -> tuple[float, float, float]:
    """Return a place as a point of the unit sphere; straight lines between such points order as arcs do."""
    latitude, longitude = map(math.radians, region.at)
    return (
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    )


def _accelerator_distance(accelerator: Accelerator | None, wanted: Accelerator | None) -> tuple[float, ...]:
    """Compare by type, memory of one (the larger of two equally near), and count (the smaller)."""
    if accelerator is None:
        return (0 if wanted is None else 9, 0, 0, 0, 0, 0)
    if wanted is None:
        return (1, 0, 0, 0, 0, accelerator.count)
    count = abs(accelerator.count - wanted.count)
    if accelerator.type == wanted.type:
        return (0, 0, 0, 0, count, accelerator.count)
    types = catalog().accelerators
    found, sought = types[accelerator.type], types.get(wanted.type)
    apart = _apart(found.memory_gb, sought.memory_gb if sought else None)
    if sought and sought.kind == "tpu":  # The catalogue has no memory of TPUs; generations follow each other.
        apart = abs(found.rank - sought.rank)
    return (1 + found.last_choice, apart, -(found.memory_gb or 0), found.rank, count, accelerator.count)


def _machine_distance(pair: Pair, wanted: Wish) -> tuple[float, ...]:
    """Compare by name, machines spanned, family, vCPUs and memory.

    Where no accelerator is wanted, a machine that takes none is nearer than one that would get the default.
    """
    machine, accelerator = pair
    return (
        machine.name != wanted.machine_type,
        machine.machines(accelerator),
        machine.family != family_of(wanted.machine_type),
        wanted.accelerator is None and bool(machine.holds),
        _apart(machine.vcpus, wanted.vcpus),
        _apart(machine.memory_gb, wanted.memory_gb),
    )


def _apart(value: float | None, wanted: float | None) -> float:
    return 0 if value is None or wanted is None else abs(value - wanted)
