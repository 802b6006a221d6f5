"""Arguments and results of the commands about hardware."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from caliban_ls.analysis.backend_names import DEFAULT_BACKEND, EITHER
from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogArguments:
    """What part of the catalogue to show, and for which hardware."""

    table: str = positional("regions, machines or accelerators.", metavar="TABLE", default="regions")
    region: str | None = option(None, "Only what this region has.", metavar="REGION")
    machine_type: str | None = option(None, "Only what goes with this machine type.", metavar="TYPE")
    gpu_spec: str | None = option(None, "Only what goes with these GPUs.", metavar="NUMxTYPE")
    backend: str = option(DEFAULT_BACKEND, f"{EITHER}.", metavar="BACKEND")


AS_IT_IS = ""
"""Stands for a key that isn't to be changed, where null stands for its removal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareArguments:
    """Whose hardware, and what part of it is to be chosen."""

    part: str | None = positional(
        "List what region, machine_type or gpu_spec could be, too.", metavar="PART", default=None
    )
    file: str | None = option(
        None, "Of the project of this file, instead of the working folder.", metavar="FILE", document=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SetHardwareArguments:
    """What to write into a project's config; null removes the key, and what is left out stays as it is."""

    region: str | None = option(AS_IT_IS, "Where jobs run.", metavar="REGION")
    machine_type: str | None = option(AS_IT_IS, "The machine of each job.", metavar="TYPE")
    gpu_spec: str | None = option(AS_IT_IS, "The GPUs of each job: 2xT4.", metavar="NUMxTYPE")
    tpu_spec: str | None = option(AS_IT_IS, "The TPU of each job: 8xV3.", metavar="NUMxTYPE")
    file: str | None = option(
        None, "In the project of this file, instead of the folder's.", metavar="FILE", document=True
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogResult:
    """A part of the catalogue.

    Attributes:
        backend: the service that it is the hardware of.
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
    """What one job costs an hour, in `currency`; `effective` is the one of the two that it pays."""

    currency: str
    on_demand: float
    spot: float | None
    effective: float | None
    as_of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareFinding:
    """Something to know about the config; `line` counts from 0."""

    code: str
    severity: str
    message: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareOption:
    """What a part could be instead.

    Attributes:
        value: as the config spells it; None to write none.
        label: what to show for it.
        detail: what it is, for people.
        cost: with it, None where unknown.
        price: the same in a few words.
        current: whether it is what holds now.
        possible: whether it goes with the rest.
        reason: why it doesn't, and what else has to change for it.
        changes: what `setHardware` takes for it; None where it can't be had at all.
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
    """What a job of a project would run on and cost.

    Attributes:
        config: path of the project's config.
        exists: whether there is one.
        accelerator: as a spec, None where jobs have none.
        possible: whether it can be had.
        cost: None where unknown.
        text: all of it in a few words.
        notes: sentences on it.
        findings: what is wrong with the config.
        options: of the part that was asked about.
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
