"""The rules of which hardware goes together. The first rule that a request breaks is its error.

Where the catalogue doesn't know a name, the rules about it count as kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from caliban_ls.analysis.backend_names import DEFAULT_BACKEND, BackendName
from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, Mode, Service, catalog
from caliban_ls.analysis.hardware.request import Field, Part, Request, spec_field
from caliban_ls.analysis.rules.overrides import is_forced


@dataclass(frozen=True, slots=True)
class Seen:
    """A request, looked up in the catalogue.

    Attributes:
        request: as written.
        backend: the service's name.
        service: the hardware of the service.
        mode: whether jobs use GPUs.
        region: written or default; None if the catalogue doesn't know it.
        machine: the written one, if the service has it.
        spec: the written one, known or not.
        accelerator: the written one, if the service has its type.
    """

    request: Request
    backend: BackendName
    service: Service
    mode: Mode
    region: str | None
    machine: Machine | None
    spec: Accelerator | None
    accelerator: Accelerator | None

    @property
    def default_machine(self) -> str:
        """The machine type that a job gets by default."""
        return catalog().default_machines[self.mode]

    @property
    def spec_field(self) -> Field:
        """The key of the spec."""
        return spec_field(self.spec.kind if self.spec else "gpu")

    @property
    def machine_unknown(self) -> bool:
        """Whether the catalogue doesn't know the written machine type."""
        name = self.request.machine_type
        return name is not None and not catalog().knows_machine(name)

    @property
    def accelerator_unknown(self) -> bool:
        """Whether the catalogue doesn't know the written accelerator."""
        return self.spec is not None and not catalog().knows_accelerator(self.spec.type)


@dataclass(frozen=True, slots=True)
class BrokenRule:
    """A rule that a request breaks: its code, the message, and the parts that may be to blame, the likeliest first."""

    code: str
    text: str
    blame: tuple[Part, ...]


def see(request: Request) -> Seen:
    """Look a request up in the catalogue."""
    known = catalog()
    backend = request.backend or DEFAULT_BACKEND
    service = known.services[backend]
    region = request.region or known.default_region
    spec = request.gpu_spec or request.tpu_spec
    return Seen(
        request=request,
        backend=backend,
        service=service,
        mode=request.mode or "gpu",
        region=region if known.knows_region(region) else None,
        machine=service.machines.get(request.machine_type or ""),
        spec=spec,
        accelerator=spec if spec and spec.type in service.regions_of else None,
    )


def first_fault(seen: Seen) -> BrokenRule | None:
    """Return the first rule that a request breaks; None if it is possible, or if the catalogue can't tell."""
    return next((fault for rule in _RULES if (fault := rule(seen)) is not None), None)


def faults(seen: Seen) -> Iterator[BrokenRule]:
    """Yield the first rule that a request breaks, after the broken ones that are overridden by name."""
    force = seen.request.force
    for rule in _RULES:
        fault = rule(seen)
        if fault is not None:
            yield fault
            if isinstance(force, bool) or not is_forced(force, fault.code):
                return


def is_possible(request: Request) -> bool:
    """Return whether a request breaks no rule."""
    return first_fault(see(request)) is None


def _two_accelerators(seen: Seen) -> BrokenRule | None:
    if seen.request.gpu_spec is None or seen.request.tpu_spec is None:
        return None
    return BrokenRule("CAL413", "A job has GPUs or a TPU, not both", (Part.ACCELERATOR,))


def _region_not_offered(seen: Seen) -> BrokenRule | None:
    if seen.region is None or seen.region in seen.service.regions:
        return None
    return BrokenRule("CAL405", f"{seen.service.title} has no training in {seen.region}", (Part.REGION,))


def _machine_not_offered(seen: Seen) -> BrokenRule | None:
    name = seen.request.machine_type
    if name is None or seen.machine is not None or seen.machine_unknown:
        return None
    return BrokenRule("CAL406", f"{seen.service.title} has no {name} for training", (Part.MACHINE_TYPE,))


def _accelerator_not_offered(seen: Seen) -> BrokenRule | None:
    if seen.spec is None or seen.accelerator is not None or seen.accelerator_unknown:
        return None
    return BrokenRule(
        "CAL407", f"{seen.service.title} has no {seen.spec.type} for training", (Part.ACCELERATOR,)
    )


def _machine_not_in_region(seen: Seen) -> BrokenRule | None:
    """A family that the region lacks, or a machine type whose accelerator it lacks."""
    machine, region = seen.machine, seen.region
    if machine is None or region is None:
        return None
    blame = (Part.MACHINE_TYPE, Part.REGION)
    if region in machine.absent_from:
        return BrokenRule("CAL408", f"{region} has no {machine.family.upper()} machine types", blame)
    brings = machine.holds if machine.bound and seen.spec is None else ()
    if brings and not any(seen.service.has((machine, held), region) for held in brings):
        return BrokenRule("CAL408", f"{_lacks(region, brings[0].type)}, which {machine.name} needs", blame)
    return None


def _machine_without_its_gpu(seen: Seen) -> BrokenRule | None:
    machine = seen.machine
    if machine is None or seen.spec is not None or seen.mode == "gpu" or not machine.bound:
        return None
    if machine.holds[0].kind == "tpu":  # TPUs are driven from images without GPU support.
        return None
    text = f"{machine.name} never runs without its GPUs, and the mode is CPU"
    return BrokenRule("CAL412", text, (Part.MACHINE_TYPE,))


def _accelerator_not_in_region(seen: Seen) -> BrokenRule | None:
    accelerator, region = seen.accelerator, seen.region
    if accelerator is None or region is None or region in seen.service.regions_of[accelerator.type]:
        return None
    return BrokenRule("CAL409", _lacks(region, accelerator.type), (Part.ACCELERATOR, Part.REGION))


def _type_not_on_machine(seen: Seen) -> BrokenRule | None:
    machine, accelerator = seen.machine, seen.accelerator
    if machine is None or accelerator is None or machine.counts(accelerator.type):
        return None
    types = dict.fromkeys(held.type for held in machine.holds if held.type in seen.service.regions_of)
    only = f"{_either(types)}, not {accelerator.type}" if types else f"no {accelerator.kind.upper()}"
    return BrokenRule("CAL410", f"{machine.name} takes {only}", (Part.MACHINE_TYPE, Part.ACCELERATOR))


def _count_not_on_machine(seen: Seen) -> BrokenRule | None:
    machine, accelerator = seen.machine, seen.accelerator
    if machine is None or accelerator is None:
        return None
    counts = machine.counts(accelerator.type)
    if not counts or accelerator.count in counts:
        return None
    takes = f"{machine.name} takes {_either(counts)} {accelerator.type}"
    text = f"{takes}, not {accelerator.count}{_count_note(accelerator)}"
    return BrokenRule("CAL411", text, (Part.COUNT, Part.MACHINE_TYPE))


def _count_on_no_machine(seen: Seen) -> BrokenRule | None:
    accelerator = seen.accelerator
    if accelerator is None or seen.request.machine_type is not None:
        return None
    pairs = [pair for pair in seen.service.pairs if pair[1] and pair[1].type == accelerator.type]
    counts = sorted({held.count for _, held in pairs if held})
    if any(held == accelerator and seen.service.has((machine, held), seen.region) for machine, held in pairs):
        return None
    text = f"{accelerator.type} comes by {_either(counts)}, not {accelerator.count}{_count_note(accelerator)}"
    return BrokenRule("CAL411", text, (Part.COUNT, Part.REGION))


def _spot_not_offered(seen: Seen) -> BrokenRule | None:
    if not seen.request.spot or seen.service.spot:
        return None
    return BrokenRule("CAL414", f"{seen.service.title} has no spot machines", (Part.SPOT,))


def _flex_start_not_offered(seen: Seen) -> BrokenRule | None:
    if not seen.request.flex_start:
        return None
    if not seen.service.flex_start:
        return BrokenRule("CAL421", f"{seen.service.title} has no flex-start", (Part.FLEX_START,))
    if seen.request.spot:
        return BrokenRule("CAL421", "Spot and flex-start exclude each other", (Part.FLEX_START,))
    brought = seen.machine.holds[0] if seen.machine and seen.machine.bound else None
    wanted = seen.spec or brought or (seen.service.default_gpu if seen.mode == "gpu" else None)
    if seen.accelerator_unknown or seen.machine_unknown or can_flex(wanted):
        return None
    names = _either(name for name, found in catalog().accelerators.items() if found.flex_start)
    what = "nothing" if wanted is None else wanted.type
    return BrokenRule("CAL421", f"Flex-start is for {names}; these jobs have {what}", (Part.FLEX_START,))


def can_flex(accelerator: Accelerator | None) -> bool:
    """Return whether flex-start has an accelerator."""
    return accelerator is not None and catalog().accelerators[accelerator.type].flex_start


_RULES: tuple[Callable[[Seen], BrokenRule | None], ...] = (
    _two_accelerators,
    _region_not_offered,
    _machine_not_offered,
    _accelerator_not_offered,
    _machine_not_in_region,
    _machine_without_its_gpu,
    _accelerator_not_in_region,
    _type_not_on_machine,
    _count_not_on_machine,
    _count_on_no_machine,
    _spot_not_offered,
    _flex_start_not_offered,
)
"""All rules. Of several that are broken, the first is the error."""


def _lacks(region: str, accelerator_type: str) -> str:
    if region in catalog().accelerators[accelerator_type].serving_only:
        return f"{region} has {accelerator_type} for serving only"
    return f"{region} has no {accelerator_type}"


def _count_note(accelerator: Accelerator) -> str:
    note = catalog().accelerators[accelerator.type].count_note
    return f" ({note})" if note else ""


def _either(values: Iterable[object]) -> str:
    *others, last = map(str, values)
    return f"{', '.join(others)} or {last}" if others else last
