"""The catalogue as tables: a service's regions, machines or accelerators that go with a region, machine or spec."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from caliban_ls.analysis.backend_names import DEFAULT_BACKEND, BackendName
from caliban_ls.analysis.hardware.catalog import Accelerator, Kind, Pair, catalog
from caliban_ls.analysis.hardware.pricing import accelerator_prices, fee, price
from caliban_ls.analysis.hardware.request import Request, applied, spec_field
from caliban_ls.analysis.hardware.resolve import resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionOffer:
    """A region.

    Attributes:
        region: Google's name.
        place: for people.
        area: continent or part of the world.
        accelerators: types that it has for training.
        default_cpu_quota: N1 and E2 vCPUs that a project gets without asking, None if unknown.
    """

    region: str
    place: str
    area: str
    accelerators: tuple[str, ...]
    default_cpu_quota: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOffer:
    """A machine type, with the price of a job on it in the region asked for, the default one otherwise.

    Attributes:
        machine_type: Google's name.
        vcpus: None where Google states none.
        memory_gb: None where Google states none.
        accelerators: specs of those it can have.
        priced_with: the accelerator in the price, None if there is none.
        on_demand: US dollars an hour, fee and boot disk included; None where unknown.
        spot: the same on spot machines.
    """

    machine_type: str
    vcpus: float | None
    memory_gb: float | None
    accelerators: tuple[str, ...]
    priced_with: str | None
    on_demand: float | None
    spot: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceleratorOffer:
    """A type of GPU or TPU, with the price of one in the region asked for, the default one otherwise.

    Attributes:
        accelerator: the type, as specs spell it.
        kind: GPU or TPU.
        memory_gb: of one GPU, None for TPUs.
        counts: how many a job can have.
        families: of machine types that can have it; `machines` names them.
        regions: that have it for training, of those asked for.
        default_quota: how many a project gets without asking there, None where unknown.
        on_demand: US dollars an hour for one, fee included, without the machine (but for TPUs); None where unknown.
        spot: the same on spot machines.
        flex_start: whether it can be had by flex-start.
        support_ended: ISO 8601 day, None while it is supported.
    """

    accelerator: str
    kind: Kind
    memory_gb: float | None
    counts: tuple[int, ...]
    families: tuple[str, ...]
    regions: tuple[str, ...]
    default_quota: int | None
    on_demand: float | None
    spot: float | None
    flex_start: bool
    support_ended: str | None


def regions(
    backend: BackendName = DEFAULT_BACKEND,
    *,
    region: str | None = None,
    machine_type: str | None = None,
    accelerator: Accelerator | None = None,
) -> list[RegionOffer]:
    """Return the regions with hardware that goes with all arguments."""
    known, service = catalog(), catalog().services[backend]
    offers = []
    for name in service.regions:
        pairs = list(_pairs(backend, name, machine_type, accelerator))
        if pairs and region in (None, name):
            place = known.regions[name]
            offers.append(
                RegionOffer(
                    region=name,
                    place=place.place,
                    area=place.area,
                    accelerators=tuple(dict.fromkeys(held.type for _, held in pairs if held)),
                    default_cpu_quota=place.cpu_quota if service.quotas else None,
                )
            )
    return offers


def machines(
    backend: BackendName = DEFAULT_BACKEND,
    *,
    region: str | None = None,
    machine_type: str | None = None,
    accelerator: Accelerator | None = None,
) -> list[MachineOffer]:
    """Return the machine types that go with all arguments."""
    held: dict[str, list[Accelerator | None]] = {}
    for machine, has in _pairs(backend, region, machine_type, accelerator):
        held.setdefault(machine.name, []).append(has)
    offers = []
    for name, options in held.items():
        request = Request(backend=backend, region=region, machine_type=name, mode="cpu")
        if options[0]:
            request = applied(request, {spec_field(options[0].kind): options[0]})
        cost = price(resolve(request))
        machine = catalog().machines[name]
        offers.append(
            MachineOffer(
                machine_type=name,
                vcpus=machine.vcpus,
                memory_gb=machine.memory_gb,
                accelerators=tuple(str(option) for option in options if option),
                priced_with=str(options[0]) if options[0] else None,
                on_demand=round(cost.on_demand.total, 4) if cost else None,
                spot=round(cost.spot.total, 4) if cost and cost.spot else None,
            )
        )
    return offers


def accelerators(
    backend: BackendName = DEFAULT_BACKEND,
    *,
    region: str | None = None,
    machine_type: str | None = None,
    accelerator: Accelerator | None = None,
) -> list[AcceleratorOffer]:
    """Return the types of GPUs and TPUs that go with all arguments."""
    known, service = catalog(), catalog().services[backend]
    pairs = list(_pairs(backend, region, machine_type, accelerator))
    offers = []
    where = region or known.default_region
    for name, found in known.accelerators.items():
        held = [(machine, has.count) for machine, has in pairs if has and has.type == name]
        if not held:
            continue
        on_demand, spot = accelerator_prices(Accelerator(name, 1, found.kind), where) or (None, None)
        places = service.regions_of[name].intersection([region] if region else service.regions)
        offers.append(
            AcceleratorOffer(
                accelerator=name,
                kind=found.kind,
                memory_gb=found.memory_gb,
                counts=tuple(sorted({count for _, count in held})),
                families=tuple(dict.fromkeys(machine.family for machine, _ in held)),
                regions=tuple(place for place in service.regions if place in places),
                default_quota=found.quotas.get(where) if service.quotas else None,
                on_demand=None if on_demand is None else round(on_demand * (1 + fee()), 4),
                spot=None if on_demand is None or spot is None else round(spot + on_demand * fee(), 4),
                flex_start=found.flex_start,
                support_ended=found.support_ended,
            )
        )
    return offers


def _pairs(
    backend: BackendName, region: str | None, machine_type: str | None, accelerator: Accelerator | None
) -> Iterator[Pair]:
    """Yield the possible combinations that go with all arguments."""
    service = catalog().services[backend]
    for machine, held in service.pairs:
        wanted = machine_type in (None, machine.name) and accelerator in (None, held)
        if wanted and (region is None or region in service.regions) and service.has((machine, held), region):
            yield machine, held
