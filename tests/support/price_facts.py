"""What one job costs an hour, worked out once more from Google's tables, for the catalogue's prices to match."""

from __future__ import annotations

from support import hardware_facts as facts

PRICES = facts.VERTEX["prices"]
DISK = 100 * 0.1955 / 730


def machine_price(machine: str, region: str, gpus: int) -> list[float | None]:
    """On demand and spot, as the tables' own rules have it."""
    vcpus, memory = facts.VERTEX["machine_types"][machine]
    family, _, size = machine.rpartition("-")
    kind = machine.split("-", maxsplit=1)[0]

    def shape(each: list[float], factor: float = 1) -> float:
        return factor * float(vcpus * each[0] + memory * each[1])

    if kind == "n1":
        row = PRICES["n1"].get(region)
        if row is None:
            return [None, None]
        return [shape([row["vcpu"][which], row["gb"][which]]) for which in (0, 1)]
    each = {"a2-highgpu": "a2_highgpu_1g", "a2-ultragpu": "a2_ultragpu_1g", "a3-highgpu": "a3_highgpu_1g"}
    if machine == "a3-megagpu-8g" or family in each:
        row = PRICES[each.get(family, "a3_highgpu_1g")].get(region)
        if row is not None:
            assert machine == "a3-megagpu-8g" or size == f"{gpus}g"
            return [gpus * one for one in row]
    if machine == "a2-megagpu-16g" and region in PRICES["a2_megagpu_16g"]:
        return list(PRICES["a2_megagpu_16g"][region])
    if kind in PRICES["cpu_region_factor_applies_to"]:
        spot = PRICES["n2_spot"].get(region) if kind == "n2" else None
        return [
            shape(PRICES["base_us_central1"][kind], PRICES["cpu_region_factor"][region]),
            spot and shape(spot),
        ]
    if kind == "g2" and region == "us-central1":
        return [shape(PRICES["base_us_central1"]["g2"]), None]
    return [None, None]


def expected(region: str, machine: str, held: facts.Held | None) -> tuple[float | None, float | None]:
    """On demand and spot, without the boot disk."""
    tpus = {"V2": ("v2_8", 8), "V3": ("v3_8", 8), "V6E": ("v6e_chip", 1)}
    if held and facts.kinds("vertex")[held[0]] == "tpu":
        name, chips = tpus.get(held[0], ("", 1))
        row = PRICES["tpu"].get(name, {}).get(region, [None, None])
        parts = [[one and one * held[1] / chips for one in row]]
    else:
        parts = [machine_price(machine, region, held[1] if held else 0)]
        if held:
            row = PRICES["gpu"].get(held[0], {}).get(region, [None, None])
            parts.append([one and one * held[1] for one in row])
    on_demand, spot = ([part[which] for part in parts] for which in (0, 1))
    if None in on_demand:
        return None, None
    compute = sum(filter(None, on_demand))
    return 1.15 * compute, None if None in spot else sum(filter(None, spot)) + 0.15 * compute
