"""`catalog`: list the regions, machine types and accelerators of a service."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from typing import Any

from caliban_ls.analysis.backend_names import backend_named
from caliban_ls.analysis.hardware import Request, SpecProblem, accelerators, machines, parse_spec, regions
from caliban_ls.analysis.hardware import catalog as catalogs
from caliban_ls.analysis.hardware.compatibility import first_fault, see
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.hardware import CatalogArguments, CatalogResult

_ALIKE = 0.5  # of a name's letters, at least, for it to be proposed: T4 for T5


def catalog(arguments: CatalogArguments, context: Context) -> CatalogResult:
    """List hardware that fits the filters, with prices.

    Raises:
        UsageError: there is no such table, backend or name, or the GPUs can't be read.
    """
    listings: dict[str, Callable[..., Sequence[Any]]] = {
        "regions": regions,
        "machines": machines,
        "accelerators": accelerators,
    }
    if arguments.table not in listings:
        raise UsageError(f"The catalogue has no {arguments.table}", hint=f"It has {', '.join(listings)}.")
    accelerator = None
    if arguments.gpu_spec is not None:
        spec = parse_spec(arguments.gpu_spec, "gpu")
        if isinstance(spec, SpecProblem):
            raise UsageError(spec.message)
        accelerator = spec.accelerator
    request = Request(
        backend=backend_named(arguments.backend),
        region=arguments.region,
        machine_type=arguments.machine_type,
        gpu_spec=accelerator,
        mode="cpu" if accelerator is None else "gpu",
    )
    _refuse_unknown_names(request)
    offers = listings[arguments.table](
        backend_named(arguments.backend),
        region=arguments.region,
        machine_type=arguments.machine_type,
        accelerator=accelerator,
    )
    rows = tuple({member.name: getattr(offer, member.name) for member in fields(offer)} for offer in offers)
    fault = None if rows else first_fault(see(request))
    if fault is not None:
        context.report(fault.text, None)
    return CatalogResult(backend=arguments.backend, as_of=catalogs.catalog().as_of, currency="USD", rows=rows)


def _refuse_unknown_names(request: Request) -> None:
    known = catalogs.catalog()
    if request.region is not None and not known.knows_region(request.region):
        raise _unknown("region", request.region, known.regions, "regions")
    if request.machine_type is not None and not known.knows_machine(request.machine_type):
        raise _unknown("machine type", request.machine_type, known.machines, "machines")
    spec = request.gpu_spec
    if spec is not None and not known.knows_accelerator(spec.type):
        raise _unknown("accelerator", spec.type, known.accelerators, "accelerators")


def _unknown(what: str, name: str, known: Iterable[str], table: str) -> UsageError:
    by_letters = {one.lower(): one for one in known}
    near = difflib.get_close_matches(name.lower(), by_letters, n=1, cutoff=_ALIKE)
    asked = f"Did you mean {by_letters[near[0]]}? " if near else ""
    return UsageError(
        f"The catalogue of {catalogs.catalog().as_of} has no {what} {name}",
        hint=f"{asked}`caliban catalog {table}` lists them.",
    )
