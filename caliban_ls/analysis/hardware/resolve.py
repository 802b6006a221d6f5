"""Fill in the parts that a request leaves out: the defaults, or the nearest that go with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import get_args

from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, Mode, Region, catalog
from caliban_ls.analysis.hardware.catalog.nearest import Found, nearest, wish
from caliban_ls.analysis.hardware.compatibility import Seen, see
from caliban_ls.analysis.hardware.request import Field, Part, Request


@dataclass(frozen=True, slots=True)
class GaveWay:
    """A default that was replaced: the written part that excluded it, and a sentence on the replacement."""

    part: Part
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareChoice:
    """A request with everything filled in.

    Attributes:
        backend: the service.
        region: of the jobs.
        machine_type: of each job.
        accelerator: of each job, None for none.
        topology: of a TPU slice, None for everything else.
        spot: whether to use spot machines.
        flex_start: whether to wait until machines are free.
        mode: whether jobs use GPUs.
        defaulted: the keys that weren't written.
        gave_way: the default that was replaced, None if none was.
    """

    backend: BackendName
    region: str
    machine_type: str
    accelerator: Accelerator | None
    topology: str | None
    spot: bool
    flex_start: bool
    mode: Mode
    defaulted: frozenset[Field]
    gave_way: GaveWay | None


@dataclass(frozen=True, slots=True)
class Quota:
    """A quota that a project needs for one job.

    Attributes:
        metric: full name, None if unknown.
        of: the unit, for people: "T4", "N1 and E2 vCPUs".
        cpus: whether it counts vCPUs.
        needed: how many one job takes.
        granted: how many a project gets without asking, None if unknown.
        elsewhere: the most that it gets in any region.
        uncertain: whether the metric's name is a guess.
    """

    metric: str | None
    of: str
    cpus: bool
    needed: int
    granted: int | None
    elsewhere: int
    uncertain: bool = False


def resolve(request: Request) -> HardwareChoice:
    """Fill in the parts that a request leaves out, as near to the defaults as its written parts allow.

    Written parts stay, possible or not. The default accelerator is one GPU. A written machine type may bring more;
    in a region that has no single GPUs, jobs run without.
    """
    seen = see(request)
    possible = _settled(seen, seen.region)
    found = possible or _settled(seen, None)
    machine_type = request.machine_type or (found.machine.name if found else seen.default_machine)
    accelerator = seen.spec
    if found and not accelerator and not seen.machine_unknown:
        accelerator = found.accelerator
    machine = catalog().machines.get(machine_type)
    return HardwareChoice(
        backend=seen.backend,
        region=request.region or catalog().default_region,
        machine_type=machine_type,
        accelerator=accelerator,
        topology=machine.topologies.get(accelerator.count) if machine and accelerator else None,
        spot=bool(request.spot),
        flex_start=bool(request.flex_start),
        mode=seen.mode,
        defaulted=frozenset(field for field in get_args(Field) if getattr(request, field) is None),
        gave_way=_gave_way(seen, possible) if possible else None,
    )


def quotas(choice: HardwareChoice) -> list[Quota]:
    """Return the quotas that a project needs for one job; empty if the service's aren't known."""
    known = catalog()
    region = known.regions.get(choice.region)
    if region is None or not known.services[choice.backend].quotas:
        return []
    machine = known.machines.get(choice.machine_type)
    needs = [
        *(_cpu_quota(machine, region) if machine else ()),
        *_accelerator_quota(choice.accelerator, region),
    ]
    if not (choice.spot or choice.flex_start):
        return needs
    # Spot and flex-start machines have quotas of their own, whose defaults aren't known.
    return [
        replace(need, metric=need.metric and known.spot_metric(need.metric), granted=None) for need in needs
    ]


def default_accelerator(seen: Seen) -> Accelerator | None:
    """Return the accelerator that a job gets by default."""
    return seen.service.default_gpu if seen.mode == "gpu" else None


def is_unasked(seen: Seen, accelerator: Accelerator | None) -> bool:
    """Return whether a job may get an accelerator without asking for it."""
    if accelerator is None:
        return True
    if seen.machine is not None:
        return seen.mode == "gpu" or accelerator.kind == "tpu"
    return seen.mode == "gpu" and accelerator.kind == "gpu" and accelerator.count == 1


def _settled(seen: Seen, region: str | None) -> Found | None:
    """Return the hardware for a request in a region (None: anywhere), None if it isn't possible."""
    request = seen.request
    spec = None if seen.accelerator_unknown else seen.spec
    return nearest(
        seen.service,
        [region],
        wish(request.machine_type or seen.default_machine, spec or default_accelerator(seen)),
        machine=None if seen.machine_unknown else request.machine_type,
        accelerator=spec,
        accepts=lambda _, accelerator: is_unasked(seen, accelerator),
    )


def _gave_way(seen: Seen, found: Found) -> GaveWay | None:
    """Return the note on a default accelerator, or in CPU mode a default machine, that was replaced.

    An accelerator that a machine type always brings, or the machine type that an accelerator needs, counts as chosen
    and replaces no default.
    """
    if seen.spec or seen.machine_unknown or (seen.machine and seen.machine.bound):
        return None
    machine, accelerator, default = found.machine.name, found.accelerator, default_accelerator(seen)
    if machine == (seen.request.machine_type or seen.default_machine) and accelerator == default:
        return None
    anywhere = _settled(seen, None)
    if anywhere and (anywhere.machine.name, anywhere.accelerator) != (machine, accelerator):
        wished, got = _described(anywhere, seen.mode), _described(found, seen.mode)
        return GaveWay(Part.REGION, f"{seen.region} can't give the default, {wished}: jobs get {got}")
    if accelerator is None:
        return GaveWay(Part.MACHINE_TYPE, f"{machine} takes no GPU: jobs run without one")
    return GaveWay(Part.MACHINE_TYPE, f"{machine} can't have the default {default}: jobs get {accelerator}")


def _described(found: Found, mode: Mode) -> str:
    if found.accelerator is not None:
        return f"{found.machine.name} with {found.accelerator}"
    return found.machine.name if mode == "cpu" else f"{found.machine.name} without a GPU"


def _cpu_quota(machine: Machine, region: Region) -> Iterator[Quota]:
    quota = machine.cpu_quota
    if machine.vcpus is None or quota is None:
        return
    vcpus = int(machine.vcpus)
    if quota == "regional":
        most = max(place.cpu_quota for place in catalog().regions.values())
        yield Quota(catalog().cpu_metric, "N1 and E2 vCPUs", True, vcpus, region.cpu_quota, most)
    else:
        yield Quota(None, f"{machine.family.upper()} vCPUs", True, vcpus, quota, quota)


def _accelerator_quota(accelerator: Accelerator | None, region: Region) -> Iterator[Quota]:
    found = catalog().accelerators.get(accelerator.type) if accelerator else None
    if accelerator and found:
        granted, most = found.quotas.get(region.name, 0), max(found.quotas.values(), default=0)
        uncertain = found.quota_metric_uncertain
        yield Quota(found.quota_metric, found.name, False, accelerator.count, granted, most, uncertain)
