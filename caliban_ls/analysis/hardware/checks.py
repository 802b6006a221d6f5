"""Check a request: find its one error, or warn of hardware that will hardly work, or add a note."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.hardware.alternatives import TO_DEFAULT, completed, field_of, remedies
from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, catalog
from caliban_ls.analysis.hardware.catalog.nearest import nearest, regions_by_nearness, wish
from caliban_ls.analysis.hardware.compatibility import Seen, faults, first_fault, is_possible, see
from caliban_ls.analysis.hardware.request import (
    Changes,
    Field,
    HardwareProblem,
    Part,
    Request,
    alternative,
    applied,
)
from caliban_ls.analysis.hardware.resolve import HardwareChoice, Quota, quotas, resolve
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.rules.overrides import Force, is_forced


def check_request(request: Request) -> list[HardwareProblem]:
    """Return the problems of a request, or else the notes worth reading; none for an ordinary one."""
    return [_problem(remark, force=request.force) for remark in _remarks(see(request))]


@dataclass(frozen=True, slots=True)
class _Remark:
    """A problem whose alternatives are only found when needed."""

    field: Field
    part: Part
    code: str
    text: str
    alternatives: Callable[[], Iterable[Changes]] = tuple
    severity: Severity | None = None


_MENDABLE = frozenset({Severity.ERROR, Severity.WARNING})


def _problem(remark: _Remark, *, force: Force) -> HardwareProblem:
    severity = remark.severity or RULES[remark.code].severity
    alternatives = tuple(alternative(changes) for changes in remark.alternatives())
    message = remark.text
    if alternatives and severity in _MENDABLE:
        title = alternatives[0].title
        message = f"{message}: {title[0].lower()}{title[1:]}"
    if is_forced(force, remark.code) and severity in _MENDABLE:
        severity = Severity.INFORMATION
    return HardwareProblem(remark.field, remark.part, remark.code, message, severity, alternatives)


def _remarks(seen: Seen) -> Iterator[_Remark]:
    problems = [*_closed_service(seen), *_unknown_names(seen)]
    found = list(faults(seen))
    if not found:
        problems += _doubts(seen)
    for fault in found:
        blamed, changes = remedies(seen, fault)
        field = field_of(seen, blamed)
        problems.append(
            _Remark(field, blamed, fault.code, fault.text, partial(list, changes), Severity.ERROR)
        )
    yield from problems or _notes(seen)


def _closed_service(seen: Seen) -> Iterator[_Remark]:
    if seen.service.closed:
        text = f"{seen.service.title} was closed on {seen.service.closed}"
        yield _Remark("backend", Part.BACKEND, "CAL415", text, lambda: [completed(seen.request, TO_DEFAULT)])


def _unknown_names(seen: Seen) -> Iterator[_Remark]:
    """Yield names that the catalogue doesn't have: mostly typing errors, but new hardware appears."""
    region, machine, spec = seen.request.region, seen.request.machine_type, seen.spec
    where = f"isn't in the catalogue of {catalog().as_of}"
    if region and seen.region is None:
        changes: Mapping[str, Changes] = {name: {"region": name} for name in seen.service.regions}
        close = partial(_spelled_like, region, seen, changes)
        yield _Remark("region", Part.REGION, "CAL402", f"{region} {where}", close)
    if machine and seen.machine_unknown:
        changes = {name: {"machine_type": name} for name in seen.service.machines}
        close = partial(_spelled_like, machine, seen, changes)
        yield _Remark("machine_type", Part.MACHINE_TYPE, "CAL403", f"{machine} {where}", close)
    if spec and seen.accelerator_unknown:
        changes = {
            name: {seen.spec_field: Accelerator(name, spec.count, spec.kind)}
            for name in seen.service.regions_of
            if catalog().accelerators[name].kind == spec.kind
        }
        close = partial(_spelled_like, spec.type, seen, changes)
        yield _Remark(seen.spec_field, Part.ACCELERATOR, "CAL404", f"{spec.type} {where}", close)


def _spelled_like(name: str, seen: Seen, changes: Mapping[str, Changes]) -> list[Changes]:
    """Return the possible change whose name is spelled most like a name, if there is one."""
    by_name = {known.lower(): change for known, change in changes.items()}
    close = difflib.get_close_matches(name.lower(), by_name)
    return [by_name[known] for known in close if is_possible(applied(seen.request, by_name[known]))][:1]


def _doubts(seen: Seen) -> Iterator[_Remark]:
    """Yield hardware that is possible and will hardly work as meant."""
    request, spec = seen.request, seen.spec
    found = catalog().accelerators.get(spec.type) if spec else None
    if spec and found and found.support_ended and not seen.service.closed:
        text = f"{spec.type} is out of support since {found.support_ended}"
        yield _Remark(seen.spec_field, Part.ACCELERATOR, "CAL416", text, partial(_supported, seen))
    if request.gpu_spec and seen.mode == "cpu":
        text = f"{request.gpu_spec} would stand idle in CPU mode"
        without: Changes = {"gpu_spec": None}
        yield _Remark("gpu_spec", Part.ACCELERATOR, "CAL417", text, lambda: [completed(request, without)])
    choice = resolve(request)
    machine = catalog().machines.get(choice.machine_type)
    if choice.spot and machine and machine.machines(choice.accelerator) > 1:
        text = f"{choice.accelerator} spans several machines, for which spot isn't offered"
        yield _Remark("spot", Part.SPOT, "CAL414", text, lambda: [{"spot": None}], Severity.WARNING)
    way = choice.gave_way
    if way:
        field = field_of(seen, way.part)
        elsewhere = partial(_quiet_region, seen) if way.part is Part.REGION else tuple
        yield _Remark(field, way.part, "CAL419", way.message, elsewhere)
    yield from (remark for remark in _shortages(seen, choice) if remark.severity is not Severity.HINT)


def _notes(seen: Seen) -> Iterator[_Remark]:
    """Yield notes on chosen hardware: the catalogue's own, or a quota to ask for."""
    choice = resolve(seen.request)
    found = catalog().accelerators.get(choice.accelerator.type) if choice.accelerator else None
    for note in found.notes if found else ():
        concerns = not note.machine_types or choice.machine_type in note.machine_types
        if concerns and not (note.spot_helps and choice.spot):
            part = Part.ACCELERATOR if seen.spec else Part.MACHINE_TYPE
            spot: list[Changes] = [{"spot": True}] if note.spot_helps else []
            text = f"{choice.machine_type} {note.text}"
            yield _Remark(field_of(seen, part), part, "CAL420", text, partial(list, spot))
            return
    yield from _shortages(seen, choice)


def _shortages(seen: Seen, choice: HardwareChoice) -> Iterator[_Remark]:
    """Yield quotas that a project must ask for: a warning for defaults, a hint for chosen hardware.

    Chosen hardware that no region grants gets no hint: a user of it has asked for the quota long ago.
    """
    for need in quotas(choice):
        if need.granted is None or need.needed <= need.granted:
            continue
        text = f"Google grants {need.granted or 'no'} {need.of} in {choice.region} without being asked"
        of_spec = seen.spec is not None and not need.cpus
        of_machine = seen.machine is not None and (need.cpus or seen.machine.bound)
        if of_spec or of_machine:
            part = Part.COUNT if of_spec else Part.MACHINE_TYPE
            if need.elsewhere >= need.needed:
                elsewhere = partial(_quiet_region, seen)
                yield _Remark(field_of(seen, part), part, "CAL418", text, elsewhere, Severity.HINT)
        elif seen.request.region:
            text = f"{text}, and the default takes {need.needed}"
            yield _Remark("region", Part.REGION, "CAL418", text, partial(_granted, seen, need))


def _supported(seen: Seen) -> Iterator[Changes]:
    """Yield the nearest accelerator that is still supported."""
    request, types = seen.request, catalog().accelerators

    def accepts(_machine: Machine, accelerator: Accelerator | None) -> bool:
        return accelerator is not None and not types[accelerator.type].support_ended

    found = nearest(
        seen.service,
        [seen.region],
        wish(request.machine_type or seen.default_machine, seen.spec),
        machine=None if seen.machine_unknown else request.machine_type,
        accepts=accepts,
    )
    if found is not None:
        yield {seen.spec_field: found.accelerator}


def _granted(seen: Seen, need: Quota) -> Iterator[Changes]:
    """Yield hardware that a project is granted without asking: a smaller machine if vCPUs lack, and another region."""

    def accepts(machine: Machine, accelerator: Accelerator | None) -> bool:
        fits = machine.cpu_quota == "regional" and (machine.vcpus or 0) <= (need.granted or 0)
        return fits and accelerator is None

    wanted = wish(seen.default_machine, None)
    found = nearest(seen.service, [seen.region], wanted, accepts=accepts) if need.cpus else None
    if found is not None and _is_quiet(replace(seen.request, machine_type=found.machine.name)):
        yield {"machine_type": found.machine.name}
    yield from _quiet_region(seen)


def _quiet_region(seen: Seen) -> Iterator[Changes]:
    """Yield the nearest region where the request has no problem."""
    if seen.request.region:
        for name in regions_by_nearness(seen.service, seen.request.region):
            if _is_quiet(replace(seen.request, region=name)):
                yield {"region": name}
                return


def _is_quiet(request: Request) -> bool:
    """Whether a request has no problem, except one that its machine type has in every region."""
    seen = see(request)
    return first_fault(seen) is None and all(
        remark.code == "CAL419" and remark.part is Part.MACHINE_TYPE for remark in _remarks(seen)
    )
