"""The price of hardware for an hour, in US dollars; None if no price is known, never a guess.

The numbers are in the catalogue's `prices.json`, which explains its columns and sources. A job pays for its machine and
accelerator at Compute Engine's price, the training service's fee on their on-demand price (spot or not), and the boot
disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from caliban_ls.analysis.hardware.catalog import Accelerator, Machine, catalog
from caliban_ls.analysis.hardware.resolve import HardwareChoice

Prices = tuple["float | None", "float | None"]
"""US dollars an hour, on demand and spot; None if unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars an hour, before any rounding.

    Attributes:
        machine: without its accelerator; 0 for TPUs, whose price includes their machines.
        accelerator: all of the job's.
        fee: of the training service.
        boot_disk: the default disk of every machine, the fee in it.
    """

    machine: float
    accelerator: float
    fee: float
    boot_disk: float

    @property
    def compute(self) -> float:
        """All but the boot disk."""
        return self.machine + self.accelerator + self.fee

    @property
    def total(self) -> float:
        """All of it: the price of one job for an hour."""
        return self.compute + self.boot_disk


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """The price of one job for an hour.

    Attributes:
        on_demand: on ordinary machines.
        spot: on spot machines, None if unknown.
        effective: the one of the two that the job pays, None if unknown.
        currency: of all amounts, "USD".
        as_of: the day of the prices, ISO 8601.
        uncertain: whether it rests on one source alone, on a region's factor or on an unconfirmed fee.
    """

    on_demand: Cost
    spot: Cost | None
    effective: Cost | None
    currency: str
    as_of: str
    uncertain: bool


def price(choice: HardwareChoice) -> Price | None:
    """Return the price of one job, None if it isn't known."""
    machine = catalog().machines.get(choice.machine_type)
    if machine is None or (machine.bound and choice.accelerator is None):
        return None
    vm = _machine_prices(machine, choice.region)
    held = accelerator_prices(choice.accelerator, choice.region)
    if vm is None or held is None or vm[0] is None or held[0] is None:
        return None
    data = _prices()
    disk = data["boot_disk"]
    charge = fee() * (vm[0] + held[0])
    boot_disk = disk["gb"] * disk["gb_month"] / disk["hours_per_month"] * machine.machines(choice.accelerator)
    on_demand = Cost(machine=vm[0], accelerator=held[0], fee=charge, boot_disk=boot_disk)
    spot = None
    if vm[1] is not None and held[1] is not None:
        spot = Cost(machine=vm[1], accelerator=held[1], fee=charge, boot_disk=boot_disk)
    return Price(
        on_demand=on_demand,
        spot=spot,
        # Google publishes no flex-start prices of single machines.
        effective=None if choice.flex_start else spot if choice.spot else on_demand,
        currency=data["currency"],
        as_of=data["as_of"],
        uncertain=_is_uncertain(machine, choice),
    )


def accelerator_prices(accelerator: Accelerator | None, region: str) -> Prices | None:
    """Return Compute Engine's prices of an accelerator, without its machine (but for TPUs) and the fee."""
    if accelerator is None:
        return 0.0, 0.0
    data = _prices()
    if accelerator.type in data["tpus"]:
        row = data["tpus"][accelerator.type]
        return _times(accelerator.count / row["chips"], row["regions"].get(region))
    return _times(accelerator.count, data["gpus"].get(accelerator.type, {}).get(region))


def fee() -> float:
    """Return the training service's part of Compute Engine's on-demand price."""
    share: float = _prices()["fee"]
    return share


@cache
def _prices() -> Mapping[str, Any]:
    path = Path(__file__).with_name("catalog") / "prices.json"
    data: dict[str, Any] = json.loads(path.read_bytes())
    return data


def _machine_prices(machine: Machine, region: str) -> Prices | None:
    """Return Compute Engine's prices of a machine without its accelerator."""
    data = _prices()
    if machine.holds and machine.holds[0].kind == "tpu":
        return 0.0, 0.0
    if machine.family == "n1":
        row: Sequence[float] | None = data["n1"].get(region)
        return (_shape(machine, row[:2]), _shape(machine, row[2:])) if row else None
    kind = machine.name.rpartition("-")[0]
    by_gpus = data["by_gpus"].get(data["like"].get(kind, kind))
    if by_gpus and region in by_gpus["regions"]:
        return _times(machine.holds[0].count / by_gpus["gpus"], by_gpus["regions"][region])
    if machine.family in data["scaled"] and region in data["factors"]:
        on_demand = _shape(machine, data["scaled"][machine.family]) * data["factors"][region]
        spot = data["scaled_spot"].get(machine.family, {}).get(region)
        return on_demand, spot and _shape(machine, spot)
    if machine.family in data["unscaled"] and region == data["base_region"]:
        return _shape(machine, data["unscaled"][machine.family]), None
    return None


def _shape(machine: Machine, each: Sequence[float]) -> float:
    """Return the price of a machine's vCPUs and memory, given that of one and of one GB."""
    return (machine.vcpus or 0) * each[0] + (machine.memory_gb or 0) * each[1]


def _times(count: float, each: Sequence[float | None] | None) -> Prices | None:
    if each is None:
        return None
    on_demand, spot = (None if one is None else one * count for one in each)
    return on_demand, spot


def _is_uncertain(machine: Machine, choice: HardwareChoice) -> bool:
    data = _prices()
    doubts = data["uncertain"]
    if machine.family == "n1" and choice.accelerator is None:
        return choice.region in doubts["n1"]
    tpu = choice.accelerator is not None and choice.accelerator.kind == "tpu"
    return tpu or machine.family in doubts["families"] or choice.region != data["base_region"]
