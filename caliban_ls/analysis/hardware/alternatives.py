"""Find changes that make a request possible, and the part of it that is to blame."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from caliban_ls.analysis.backend_names import DEFAULT_BACKEND
from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, catalog
from caliban_ls.analysis.hardware.catalog.nearest import nearest, regions_by_nearness, wish
from caliban_ls.analysis.hardware.compatibility import (
    BrokenRule,
    Seen,
    can_flex,
    first_fault,
    is_possible,
    see,
)
from caliban_ls.analysis.hardware.request import Changes, Field, Part, Request, applied
from caliban_ls.analysis.hardware.resolve import default_accelerator, is_unasked

TO_DEFAULT: Changes = {"backend": DEFAULT_BACKEND}


def remedies(seen: Seen, fault: BrokenRule) -> tuple[Part, list[Changes]]:
    """Return the part to blame, and the changes that make a request possible, best first.

    The first part of the broken rule whose change alone is enough is to blame. A change replaces one part by the
    nearest that goes with the rest, and several parts only if no single one is enough.
    """
    fields = _replaceable(seen)
    singles = {field: changes for field in fields if (changes := _nearest_change(seen, {field}))}
    parts = [part for part in fault.blame if field_of(seen, part) in fields] or list(fault.blame)
    blamed = next((part for part in parts if field_of(seen, part) in singles), parts[0])
    found = [*_removals(seen, fault)]
    found += [singles[field] for field in sorted(singles, key=lambda field: field != field_of(seen, blamed))]
    if not found or (fault.code == "CAL421" and not singles):
        found += _joint_change(seen, fields)
    if seen.service.closed:
        found.append(completed(seen.request, TO_DEFAULT))
    return blamed, found


def completed(request: Request, changes: Changes) -> Changes:
    """Return some changes and the further ones that they need for the request to be possible."""
    seen = see(applied(request, changes))
    fault = first_fault(seen)
    found = remedies(seen, fault)[1] if fault else []
    return {**changes, **found[0]} if found else changes


def fitted(request: Request, kept: Field) -> Changes | None:
    """Return the changes that make a request possible without touching one of its keys; None if there are none.

    Changes as few other keys as possible, each to the nearest value that goes with the rest. A machine type with an
    accelerator of its own removes the spec of another kind.
    """
    both = request.gpu_spec is not None and request.tpu_spec is not None
    removed: Changes = {"tpu_spec" if kept == "gpu_spec" else "gpu_spec": None} if both else {}
    seen = see(applied(request, removed))
    if removed and first_fault(seen) is None:
        return removed
    others = [field for field in _replaceable(seen) if field != kept]
    for size in range(1, len(others) + 1):
        for free in combinations(others, size):
            changes = _nearest_change(seen, set(free))
            if changes:
                return {**removed, **changes}
        without: Changes = {**removed, seen.spec_field: None}
        if size == 1 and seen.spec_field in others and is_possible(applied(request, without)):
            return without
    return None


def field_of(seen: Seen, part: Part) -> Field:
    """Return the key that a part belongs to."""
    if part in {Part.ACCELERATOR, Part.COUNT}:
        return seen.spec_field
    field: Field = part.value  # The other parts are named like their keys.
    return field


def _replaceable(seen: Seen) -> list[Field]:
    """Return the written keys whose values the catalogue can replace."""
    fields: list[Field] = []
    if seen.spec and not seen.accelerator_unknown:
        fields.append(seen.spec_field)
    if seen.request.machine_type and not seen.machine_unknown:
        fields.append("machine_type")
    if seen.request.region and seen.region:
        fields.append("region")
    return fields


def _nearest_change(seen: Seen, free: set[Field]) -> Changes | None:
    """Return the nearest change of some keys that makes a request possible, None if there is none.

    Replaces an accelerator by one of its kind, and a machine type without a spec by one that brings the same kind, or
    by one without any if it brings none.
    """
    request = seen.request
    free_machine, free_spec = "machine_type" in free, seen.spec_field in free
    wanted = seen.spec or (_brought(seen) if free_machine else default_accelerator(seen))

    def accepts(_machine: Machine, accelerator: Accelerator | None) -> bool:
        if request.flex_start and not can_flex(accelerator):
            return False
        if free_machine or free_spec:
            return (accelerator and accelerator.kind) == (wanted and wanted.kind)
        return is_unasked(seen, accelerator)

    regions = [seen.region]
    if "region" in free and request.region:
        regions = [
            name for name in regions_by_nearness(seen.service, request.region) if name != request.region
        ]
    found = nearest(
        seen.service,
        regions,
        wish(request.machine_type or seen.default_machine, wanted),
        machine=None if free_machine or seen.machine_unknown else request.machine_type,
        accelerator=None if free_spec or seen.accelerator_unknown else seen.spec,
        accepts=accepts,
    )
    if found is None:
        return None
    values: Changes = {
        seen.spec_field: found.accelerator,
        "machine_type": found.machine.name,
        "region": found.region,
    }
    changes: Changes = {
        field: value for field, value in values.items() if field in free and value != getattr(request, field)
    }
    return changes if is_possible(applied(request, changes)) else None


def _brought(seen: Seen) -> Accelerator | None:
    """Return the accelerator that the written machine type always has, unless that is a GPU in CPU mode."""
    machine = catalog().machines.get(seen.request.machine_type or "")
    held = machine.holds[0] if machine and machine.bound else None
    return None if held and held.kind == "gpu" and seen.mode == "cpu" else held


def _joint_change(seen: Seen, fields: list[Field]) -> Iterator[Changes]:
    """Yield the nearest change of as few keys as possible; the accelerator changes last."""
    for size in range(2, len(fields) + 1):
        for free in combinations(reversed(fields), size):
            changes = _nearest_change(seen, set(free))
            if changes:
                yield changes
                return


def _removals(seen: Seen, fault: BrokenRule) -> Iterator[Changes]:
    """Yield the removal of keys, where only that helps."""
    if fault.code == "CAL414":
        yield {"spot": None}
    if fault.code == "CAL421":
        yield {"flex_start": None}
    if fault.code == "CAL413":
        yield completed(seen.request, {"gpu_spec": None})
        yield completed(seen.request, {"tpu_spec": None})
