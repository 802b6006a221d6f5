"""Prices, worked out once more from the tables; and the catalogue as rows."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from support import hardware_facts as facts
from support.price_facts import DISK, expected

from caliban_ls.analysis import hardware
from caliban_ls.analysis.hardware import Accelerator, HardwareChoice, Request, price, resolve


def choice(region: str, machine: str, held: facts.Held | None) -> HardwareChoice:
    spec = held and Accelerator(held[0], held[1], "gpu" if facts.kinds("vertex")[held[0]] == "gpu" else "tpu")
    return resolve(
        Request(
            region=region,
            machine_type=machine,
            gpu_spec=spec if spec and spec.kind == "gpu" else None,
            tpu_spec=spec if spec and spec.kind == "tpu" else None,
            mode="cpu",
        )
    )


def test_every_price_is_the_tables() -> None:
    known = 0
    for region, machine in product(facts.regions("vertex"), facts.machines("vertex")):
        alone = [None] if facts.ok("vertex", region, machine, None) else []
        for held in (*alone, *facts.possible_held("vertex", region, machine)):
            on_demand, spot = expected(region, machine, held)
            found = price(choice(region, machine, held))
            assert (found is None) is (on_demand is None), (region, machine, held)
            if found is None:
                continue
            known += 1
            assert found.on_demand.compute == pytest.approx(on_demand, rel=1e-9), (region, machine, held)
            assert (found.spot and found.spot.compute) == (spot and pytest.approx(spot, rel=1e-9))
    assert known > 3000


@pytest.mark.parametrize(
    ("written", "on_demand", "spot"),
    [
        ({}, 0.8395, 0.389),
        ({"machine_type": "n1-standard-4", "mode": "cpu"}, 0.2185, 0.0807),
        ({"gpu_spec": Accelerator("A100", 1)}, 4.2244, 2.3549),
        ({"tpu_spec": Accelerator("V2", 8, "tpu")}, 5.175, 2.025),
    ],
)
def test_worked_prices_match_to_the_cent(written: dict[str, Any], on_demand: float, spot: float) -> None:
    found = price(resolve(Request(**written)))
    assert found is not None
    assert found.spot is not None
    assert round(found.on_demand.compute, 4) == on_demand
    assert round(found.spot.compute, 4) == spot
    assert found.on_demand.total == pytest.approx(found.on_demand.compute + DISK)
    assert found.effective == found.on_demand
    spotted = price(resolve(Request(**written, spot=True)))
    assert spotted is not None
    assert spotted.effective == found.spot


def test_what_makes_up_a_price() -> None:
    found = price(resolve(Request(gpu_spec=Accelerator("T4", 2))))
    assert found is not None
    cost = found.on_demand
    assert (round(cost.machine, 6), cost.accelerator) == (0.379998, 0.7)
    assert cost.fee == pytest.approx(0.15 * (cost.machine + cost.accelerator))
    assert cost.boot_disk == pytest.approx(DISK)
    assert (found.currency, found.as_of) == ("USD", facts.FACTS["as_of"])
    slices = price(resolve(Request(tpu_spec=Accelerator("V6E", 16, "tpu"))))
    assert slices is not None
    assert slices.on_demand.boot_disk == pytest.approx(4 * DISK)


@pytest.mark.parametrize(
    "written",
    [
        {"gpu_spec": Accelerator("GB200", 4)},
        {"gpu_spec": Accelerator("H100", 1), "region": "us-west4"},
        {"gpu_spec": Accelerator("H200", 8)},
        {"gpu_spec": Accelerator("L4", 1), "region": "us-east1"},
        {"tpu_spec": Accelerator("V5E", 8, "tpu")},
        {"machine_type": "m1-ultramem-40"},
        {"machine_type": "n9-mega-8"},
        {"gpu_spec": Accelerator("Z9", 1)},
        {"region": "zz"},
        {"machine_type": "a2-highgpu-1g", "mode": "cpu"},
    ],
)
def test_an_unknown_price_is_none(written: dict[str, Any]) -> None:
    assert price(resolve(Request(**written))) is None


@pytest.mark.parametrize(
    ("written", "uncertain"),
    [
        ({}, False),
        ({"gpu_spec": Accelerator("H100", 8)}, False),
        ({"machine_type": "n2-standard-8", "mode": "cpu"}, False),
        ({"region": "europe-west4", "mode": "cpu"}, False),
        ({"region": "us-west3", "mode": "cpu"}, True),
        ({"region": "europe-west4"}, True),
        ({"machine_type": "n2-standard-8", "mode": "cpu", "region": "us-east1"}, True),
        ({"machine_type": "e2-standard-8", "mode": "cpu"}, True),
        ({"gpu_spec": Accelerator("L4", 1)}, True),
        ({"tpu_spec": Accelerator("V2", 8, "tpu")}, True),
    ],
)
def test_a_doubtful_price_says_so(written: dict[str, Any], uncertain: bool) -> None:  # noqa: FBT001 - data
    found = price(resolve(Request(**written)))
    assert found is not None
    assert found.uncertain is uncertain


def test_rows_of_regions() -> None:
    assert [row.region for row in hardware.regions()] == list(facts.regions("vertex"))
    (iowa,) = hardware.regions(region="us-central1")
    assert (iowa.place, iowa.area, iowa.default_cpu_quota) == ("Iowa", "North America", 2200)
    assert set(iowa.accelerators) == set(facts.kinds("vertex"))
    with_gb200 = hardware.regions(accelerator=Accelerator("GB200", 4))
    assert [(row.region, row.accelerators) for row in with_gb200] == [
        ("us-central1", ("GB200",)),
        ("us-east4", ("GB200",)),
    ]
    assert {row.region for row in hardware.regions("ai-platform")} == set(facts.regions("ai-platform"))
    assert hardware.regions(region="zz") == []


def test_rows_of_machines() -> None:
    assert {row.machine_type for row in hardware.machines()} == set(facts.machines("vertex"))
    rows = {
        row.machine_type: row
        for row in hardware.machines(region="us-central1", accelerator=Accelerator("T4", 2))
    }
    assert "n1-highmem-64" not in rows
    row = rows["n1-standard-8"]
    assert (row.vcpus, row.memory_gb, row.accelerators, row.priced_with) == (8, 30, ("2xT4",), "2xT4")
    assert row.on_demand == round(1.15 * (0.379998 + 0.7) + DISK, 4)
    (alone,) = hardware.machines(machine_type="n1-standard-8")
    assert (alone.priced_with, alone.on_demand) == (None, round(1.15 * 0.379998 + DISK, 4))
    (bound,) = hardware.machines(machine_type="g2-standard-24")
    assert (bound.accelerators, bound.priced_with) == (("2xL4",), "2xL4")
    assert hardware.machines(region="africa-south1", accelerator=Accelerator("T4", 1)) == []
    assert not [row for row in hardware.machines(region="europe-west9") if row.machine_type.startswith("n1-")]


def test_rows_of_accelerators() -> None:
    rows = {row.accelerator: row for row in hardware.accelerators()}
    assert set(rows) == set(facts.kinds("vertex"))
    t4 = rows["T4"]
    assert (t4.kind, t4.memory_gb, t4.counts, t4.default_quota) == ("gpu", 16, (1, 2, 4), 12)
    assert (t4.on_demand, t4.spot) == (0.4025, 0.2275)
    assert set(t4.regions) == facts.regions_with("vertex", "T4")
    assert rows["P100"].support_ended == "2026-09-15"
    (l4,) = hardware.accelerators(region="me-central2")
    assert (l4.accelerator, l4.families, l4.regions) == ("L4", ("g2",), ("me-central2",))
    assert [row.accelerator for row in hardware.accelerators(machine_type="a2-highgpu-1g")] == ["A100"]
    assert {row.accelerator for row in hardware.accelerators("ai-platform")} == set(
        facts.kinds("ai-platform")
    )
