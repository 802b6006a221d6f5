"""The catalogue says what Google's tables say, and what is near is near."""

from __future__ import annotations

import pytest
from support import hardware_facts as facts

from caliban_ls.analysis.backend_names import BACKENDS, CLOSED_BACKEND, DEFAULT_BACKEND, BackendName
from caliban_ls.analysis.hardware.catalog import Accelerator, catalog, family_of
from caliban_ls.analysis.hardware.catalog.nearest import nearest, regions_by_nearness, wish

VERTEX = catalog().services["vertex"]
LEGACY = catalog().services["ai-platform"]


def test_its_services_are_the_named_backends() -> None:
    assert tuple(catalog().services) == BACKENDS
    assert catalog().services[CLOSED_BACKEND].closed
    assert not catalog().services[DEFAULT_BACKEND].closed


def test_both_speak_of_the_same_day() -> None:
    assert catalog().as_of == facts.FACTS["as_of"]


@pytest.mark.parametrize("backend", ["vertex", "ai-platform"])
def test_regions_and_machine_types_are_the_tables(backend: BackendName) -> None:
    service = catalog().services[backend]
    assert set(service.regions) == set(facts.regions(backend))
    assert set(service.machines) == set(facts.machines(backend))
    for name, shape in facts.tables(backend)["machine_types"].items():
        machine = service.machines[name]
        assert [machine.vcpus, machine.memory_gb] == shape
        assert machine.bound is facts.is_bound(backend, name)


@pytest.mark.parametrize("backend", ["vertex", "ai-platform"])
def test_accelerators_are_the_tables(backend: BackendName) -> None:
    service = catalog().services[backend]
    assert set(service.regions_of) == set(facts.kinds(backend))
    for name, kind in facts.kinds(backend).items():
        assert catalog().accelerators[name].kind == kind
        assert service.regions_of[name] == facts.regions_with(backend, name)
        for machine in facts.machines(backend):
            assert service.machines[machine].counts(name) == facts.counts(backend, machine, name)


def test_details_of_accelerators_are_the_tables() -> None:
    serving: dict[str, set[str]] = {}
    for region, names in facts.VERTEX["serving_only_regions"].items():
        for name in names:
            serving.setdefault(facts.short(name), set()).add(region)
    flexible = facts.VERTEX["strategies"]["FLEX_START"]["gpus"]
    rows = {
        **facts.VERTEX["accelerators"],
        **{facts.short(n): row for n, row in facts.VERTEX["tpus"].items()},
    }
    for name, row in rows.items():
        found = catalog().accelerators[name]
        assert found.api == row["api"]
        assert found.memory_gb == row.get("memory_gb")
        assert found.serving_only == serving.get(name, set())
        assert found.flex_start is (name in flexible)
        quotas = row.get("default_quota", {})
        assert found.quotas == {region: quotas.get(region, 0) for region in row["regions"]}
        if suffix := row.get("quota_metric_suffix"):
            assert found.quota_metric == f"aiplatform.googleapis.com/custom_model_training_{suffix}"


def test_every_name_of_the_api_is_known_and_leads_to_its_type() -> None:
    for backend in ("VERTEX", "LEGACY"):
        for name in getattr(facts, backend)["enum"][1:]:
            known = catalog().accelerator_name(name)
            assert catalog().knows_accelerator(known), name
            if name not in facts.VERTEX["enum_unusable_for_training"] and known in catalog().accelerators:
                assert catalog().accelerators[known].api == name


def test_cpu_quotas_and_absent_families_are_the_tables() -> None:
    quotas = {name: region.cpu_quota for name, region in catalog().regions.items()}
    assert quotas == facts.VERTEX["n1_e2_cpu_default_quota"]
    for machine in VERTEX.machines.values():
        assert machine.absent_from == set(facts.VERTEX["family_not_in_region"].get(machine.family, ()))


def test_topologies_are_the_tables() -> None:
    for row in facts.VERTEX["tpus"].values():
        for name, sizes in row.get("topologies", {}).items():
            machine = VERTEX.machines[name]
            assert machine.topologies == {size["chips"]: topology for topology, size in sizes.items()}
            for held in machine.holds:
                assert machine.machines(held) == sizes[machine.topologies[held.count]]["vms"]


def test_defaults_are_possible_where_nobody_says_where() -> None:
    known = catalog()
    for service in known.services.values():
        for mode in ("cpu", "gpu"):
            machine = service.machines[known.default_machines["cpu" if mode == "cpu" else "gpu"]]
            assert service.has(
                (machine, service.default_gpu if mode == "gpu" else None), known.default_region
            )
        # So an error about a missing region is always about the user's own words.
        assert all(service.has(pair, known.default_region) for pair in service.pairs)


def test_no_name_means_two_things() -> None:
    known = catalog()
    assert not set(known.aliases) & set(known.accelerators)
    assert not known.machines_without_training & set(known.machines)
    assert not known.families_without_training & {family_of(name) for name in known.machines}
    assert not known.accelerators_without_training & set(known.accelerators)
    assert not known.regions_without_training & set(known.regions)
    for found in known.accelerators.values():
        for note in found.notes:
            assert note.machine_types <= set(known.machines)


@pytest.mark.parametrize(
    ("name", "nearest_ones"),
    [
        ("europe-west9", ["europe-west9", "europe-west1", "europe-west2"]),
        ("us-east5", ["us-east5", "us-east4", "northamerica-northeast2"]),
        ("southamerica-west1", ["southamerica-west1", "southamerica-east1"]),
        ("africa-south1", ["africa-south1", "me-central1"]),
        ("australia-southeast2", ["australia-southeast2", "australia-southeast1", "asia-southeast2"]),
        ("europe-north2", ["europe-north1"]),
        ("us-centrall1", ["us-central1"]),
    ],
)
def test_what_is_near_is_on_the_same_continent_first(name: str, nearest_ones: list[str]) -> None:
    found = regions_by_nearness(VERTEX, name)
    assert found[: len(nearest_ones)] == nearest_ones
    assert sorted(found) == sorted(VERTEX.regions)


@pytest.mark.parametrize(
    ("wanted", "region", "expected"),
    [
        ("1xT4", "us-central1", "n1-standard-8 1xT4"),
        ("1xT4", "me-central2", "g2-standard-8 1xL4"),
        ("1xV100", "us-west2", "n1-standard-8 1xT4"),
        ("8xH200", "us-central1", "a3-ultragpu-8g 8xH200"),
        ("8xH200", "us-east1", "a4-highgpu-8g 8xB200"),
        ("1xB200", "us-east4", "a4-highgpu-8g 8xB200"),
        ("4xGB200", "us-west2", "a4-highgpu-8g 8xB200"),
        ("1xL4", "asia-east2", "n1-standard-8 1xT4"),
    ],
)
def test_a_near_accelerator_has_much_the_same_memory(wanted: str, region: str, expected: str) -> None:
    count, _, name = wanted.partition("x")
    found = nearest(
        VERTEX,
        [region],
        wish("n1-standard-8", Accelerator(name, int(count))),
        accepts=lambda _, held: held is not None and held.kind == "gpu",
    )
    assert found is not None
    assert f"{found.machine.name} {found.accelerator}" == expected


@pytest.mark.parametrize(
    ("name", "region", "expected"),
    [
        ("n1-standard-8", "us-central1", "n1-standard-8"),
        ("n1-standard-8", "us-east5", "e2-standard-8"),
        ("c2-standard-30", "us-south1", "e2-standard-32"),
        ("m1-ultramem-160", "us-west3", "n2-highmem-80"),
        ("c3-highmem-16", "us-central1", "e2-highmem-16"),
        ("c3-highcpu-44", "us-central1", "n2-highcpu-48"),
        ("c3-standard-44-lssd", "us-central1", "n2-standard-48"),
        ("n2-standard-2", "us-central1", "n2-highmem-2"),
    ],
)
def test_a_near_machine_has_much_the_same_shape(name: str, region: str, expected: str) -> None:
    found = nearest(VERTEX, [region], wish(name, None), accepts=lambda _, held: held is None)
    assert found is not None
    assert found.machine.name == expected


def test_nothing_is_near_where_nothing_is_possible() -> None:
    t4 = Accelerator("T4", 1)
    assert nearest(VERTEX, ["africa-south1"], wish("n1-standard-8", t4), accelerator=t4) is None
    assert nearest(LEGACY, ["us-east5"], wish("n1-standard-8", None)) is None
    assert nearest(VERTEX, [], wish("n1-standard-8", None)) is None
