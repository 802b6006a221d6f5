"""Find other hardware when a project's quota is too small for its choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from caliban_ls.analysis.backend_names import DEFAULT_BACKEND
from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, catalog
from caliban_ls.analysis.hardware.catalog.nearest import nearest, regions_by_nearness, wish
from caliban_ls.analysis.hardware.compatibility import is_possible
from caliban_ls.analysis.hardware.request import Alternative, Request, alternative, applied, spec_field
from caliban_ls.analysis.hardware.resolve import HardwareChoice, quotas, resolve

_OF_EACH_KIND = 2


def instead(choice: HardwareChoice) -> list[Alternative]:
    """Return other regions, then other accelerators, that a project gets without asking for a quota.

    Empty for a service without known quotas.
    """
    request = _as_request(choice)
    return [
        *islice(_elsewhere(request), _OF_EACH_KIND),
        *islice(_other_accelerators(request, choice), 1),
    ]


def _elsewhere(request: Request) -> Iterator[Alternative]:
    service = catalog().services[request.backend or DEFAULT_BACKEND]
    for region in regions_by_nearness(service, request.region or catalog().default_region):
        moved = replace(request, region=region)
        if region != request.region and is_possible(moved) and _is_granted(moved):
            yield alternative({"region": region})


def _other_accelerators(request: Request, choice: HardwareChoice) -> Iterator[Alternative]:
    held = choice.accelerator
    if held is None:
        return
    service = catalog().services[choice.backend]

    def accepts(machine: Machine, other: Accelerator | None) -> bool:
        if other is None or other.type == held.type or other.kind != held.kind:
            return False
        asked = applied(request, {"machine_type": machine.name, spec_field(other.kind): other})
        return is_possible(asked) and _is_granted(asked)

    found = nearest(service, [choice.region], wish(choice.machine_type, held), accepts=accepts)
    if found is not None:
        changes = {spec_field(held.kind): found.accelerator, "machine_type": found.machine.name}
        yield alternative({key: value for key, value in changes.items() if value != choice.machine_type})


def _is_granted(request: Request) -> bool:
    """Return whether a project is known to get all quotas of one job without asking."""
    needs = quotas(resolve(request))
    return bool(needs) and all(need.granted is not None and need.granted >= need.needed for need in needs)


def _as_request(choice: HardwareChoice) -> Request:
    """Return the request that writes out a choice."""
    request = Request(
        backend=choice.backend,
        region=choice.region,
        machine_type=choice.machine_type,
        spot=choice.spot,
        flex_start=choice.flex_start,
        mode=choice.mode,
    )
    held = choice.accelerator
    return request if held is None else applied(request, {spec_field(held.kind): held})
