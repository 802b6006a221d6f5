"""Arguments and results of the commands about hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caliban_ls.analysis.backend_names import DEFAULT_BACKEND, EITHER
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogArguments:
    """The part of the catalogue to show."""

    table: str = positional("regions, machines or accelerators.", metavar="TABLE", default="regions")
    region: str | None = option(None, "List only hardware of this region.", metavar="REGION")
    machine_type: str | None = option(None, "List only hardware that fits this machine type.", metavar="TYPE")
    gpu_spec: str | None = option(None, "List only hardware that fits these GPUs.", metavar="NUMxTYPE")
    backend: str = option(DEFAULT_BACKEND, f"{EITHER}.", metavar="BACKEND")


AS_IT_IS = ""
"""Leaves a key as it is; null removes it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareArguments:
    """A project, and the part of its hardware to list alternatives for."""

    part: str | None = positional(
        "Also list the possible values of region, machine_type or gpu_spec.", metavar="PART", default=None
    )
    file: str | None = option(
        None,
        "A file of the project; by default the project is the working folder.",
        metavar="FILE",
        document=True,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHardwareArguments:
    """The values to write into a project's config; null removes a key, and keys that are left out stay."""

    region: str | None = option(AS_IT_IS, "The region of the jobs.", metavar="REGION")
    machine_type: str | None = option(AS_IT_IS, "The machine of each job.", metavar="TYPE")
    gpu_spec: str | None = option(AS_IT_IS, "The GPUs of each job: 2xT4.", metavar="NUMxTYPE")
    tpu_spec: str | None = option(AS_IT_IS, "The TPU of each job: 8xV3.", metavar="NUMxTYPE")
    file: str | None = option(
        None, "A file of the project; by default the project is the folder.", metavar="FILE", document=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogResult:
    """A part of the catalogue.

    Attributes:
        backend: the service that has this hardware.
        as_of: the day of the prices, ISO 8601.
        currency: of the prices, which are for one hour; null where none is known.
        rows: column to value, every row with the same columns.
    """

    backend: str
    as_of: str
    currency: str
    rows: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareCost:
    """The price of one job for an hour, in `currency`; `effective` is the one of the two that applies."""

    currency: str
    on_demand: float
    spot: float | None
    effective: float | None
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareFinding:
    """A finding in the config; `line` counts from 0."""

    code: str
    severity: str
    message: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareOption:
    """One possible value of a part.

    Attributes:
        value: as the config spells it; None for the default.
        label: its name, for people.
        detail: its description, for people.
        cost: of a job with it, None where unknown.
        price: the same in a few words.
        current: whether it is the present value.
        possible: whether it fits the rest of the config.
        reason: why it doesn't fit, and which other changes it needs.
        changes: the arguments of `setHardware` for it; None where no change makes it possible.
    """

    value: str | None
    label: str
    detail: str
    cost: HardwareCost | None
    price: str
    current: bool
    possible: bool
    reason: str
    changes: dict[str, str | None] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareResult:
    """The hardware and price of a project's jobs.

    Attributes:
        config: path of the project's config.
        exists: whether there is one.
        accelerator: as a spec, None where jobs have none.
        possible: whether the service has it.
        cost: None where unknown.
        text: a summary in a few words.
        notes: sentences with details.
        findings: the errors in the config.
        options: the possible values of the requested part.
    """

    config: str
    exists: bool
    backend: str
    region: str
    machine_type: str
    accelerator: str | None
    spot: bool
    flex_start: bool
    possible: bool
    cost: HardwareCost | None
    text: str
    notes: tuple[str, ...]
    findings: tuple[HardwareFinding, ...]
    options: tuple[HardwareOption, ...] = ()
