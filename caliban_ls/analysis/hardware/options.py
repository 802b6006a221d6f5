"""List the values of a key of a request, each with its price and whether it goes with the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from caliban_ls.analysis.hardware.alternatives import fitted
from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, catalog
from caliban_ls.analysis.hardware.compatibility import first_fault, see
from caliban_ls.analysis.hardware.pricing import Price, price
from caliban_ls.analysis.hardware.request import Changes, Request, alternative, applied
from caliban_ls.analysis.hardware.resolve import resolve

MenuField = Literal["region", "machine_type", "gpu_spec"]
"""The keys that have a menu."""

MENU_FIELDS: Final[tuple[MenuField, ...]] = ("region", "machine_type", "gpu_spec")

WRITABLE: Final = frozenset({*MENU_FIELDS, "tpu_spec"})
"""The keys that a choice from a menu may change. Service, spot and flex-start are chosen by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One value of a key.

    Attributes:
        value: as a config has it; None to write none and get the default.
        detail: a short description.
        price: of one job with it, None if unknown.
        possible: whether it goes with the rest of the request.
        reason: why it doesn't, and what else has to change for it; empty if it does.
        changes: the keys to write, with this one; None if nothing makes it possible.
    """

    value: str | None
    detail: str
    price: Price | None
    possible: bool
    reason: str
    changes: Changes | None


def menu(request: Request, field: MenuField, unwritten: Request | None = None) -> list[Option]:
    """Return all values of a key: first those that go with the rest, last those that nothing makes possible.

    Args:
        request: as written.
        field: the key.
        unwritten: the request without the key, which then is the first option; None if the key isn't written.
    """
    found = [_option(request, field, value, detail) for value, detail in _values(request, field)]
    if unwritten is not None:
        choice = resolve(unwritten)
        held = choice.accelerator if field == "gpu_spec" else getattr(choice, field)
        default = _option(unwritten, field, getattr(unwritten, field), f"{held or 'none'}")
        changes: Changes | None = None if default.changes is None else {**default.changes, field: None}
        found.insert(0, replace(default, value=None, changes=changes))
    return sorted(found, key=lambda option: (not option.possible, option.changes is None))


def _option(request: Request, field: MenuField, value: str | Accelerator | None, detail: str) -> Option:
    alone: Changes = {field: value}
    changed = applied(request, alone)
    fault = first_fault(see(changed))
    text = None if value is None else str(value)
    if fault is None:
        cost = price(resolve(changed))
        return Option(value=text, detail=detail, price=cost, possible=True, reason="", changes=alone)
    others = fitted(changed, field)
    if others is None or not WRITABLE.issuperset(others):
        return Option(value=text, detail=detail, price=None, possible=False, reason=fault.text, changes=None)
    also = alternative(others).title
    return Option(
        value=text,
        detail=detail,
        price=price(resolve(applied(changed, others))),
        possible=False,
        reason=f"{fault.text}: {also[:1].lower()}{also[1:]}",
        changes={**alone, **others},
    )


def _values(request: Request, field: MenuField) -> Iterator[tuple[str | Accelerator, str]]:
    """Yield all values of a service, in the catalogue's order, each with a short description."""
    known, service = catalog(), see(request).service
    if field == "region":
        for name in service.regions:
            yield name, known.regions[name].place
    elif field == "machine_type":
        for machine in service.machines.values():
            yield machine.name, _shape(machine)
    else:
        held = {pair[1] for pair in service.pairs if pair[1] is not None and pair[1].kind == "gpu"}
        order = {name: rank for rank, name in enumerate(known.accelerators)}
        for accelerator in sorted(held, key=lambda one: (order[one.type], one.count)):
            memory = known.accelerators[accelerator.type].memory_gb
            yield accelerator, f"{memory:g} GB each" if memory is not None else ""


def _shape(machine: Machine) -> str:
    parts = []
    if machine.vcpus is not None and machine.memory_gb is not None:
        parts.append(f"{machine.vcpus:g} vCPU, {machine.memory_gb:g} GB")
    if machine.bound:
        first, last = machine.holds[0], machine.holds[-1]
        parts.append(f"with {first}" if first == last else f"with {first} to {last}")
    return ", ".join(parts)
