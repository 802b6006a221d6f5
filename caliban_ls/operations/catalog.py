"""`catalog`: list the regions, machine types and accelerators of a service."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from caliban_ls.analysis.backend_names import backend_named
from caliban_ls.analysis.hardware import SpecProblem, accelerators, machines, parse_spec, regions
from caliban_ls.analysis.hardware import catalog as catalogs
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.hardware import CatalogArguments, CatalogResult


def catalog(arguments: CatalogArguments, _context: Context) -> CatalogResult:
    """List hardware that fits the filters, with prices.

    Raises:
        UsageError: there is no such table or backend, or the GPUs can't be read.
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
    offers = listings[arguments.table](
        backend_named(arguments.backend),
        region=arguments.region,
        machine_type=arguments.machine_type,
        accelerator=accelerator,
    )
    rows = tuple({member.name: getattr(offer, member.name) for member in fields(offer)} for offer in offers)
    return CatalogResult(backend=arguments.backend, as_of=catalogs.catalog().as_of, currency="USD", rows=rows)
