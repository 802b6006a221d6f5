"""Checks and defaults: every combination of the tables by brute force, and the rest case by case."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import product
from typing import Any

import pytest
from support import hardware_facts as facts
from support.hardware_facts import Held
from support.marked_text import unmark

from caliban_ls.analysis import hardware
from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.hardware import (
    Accelerator,
    Request,
    Spec,
    check_request,
    parse_spec,
    resolve,
)
from caliban_ls.analysis.hardware.compatibility import is_possible

BACKENDS: tuple[BackendName, ...] = ("vertex", "ai-platform")


def asked(*, gpu_spec: str | None = None, tpu_spec: str | None = None, **written: Any) -> Request:
    """Return the request that some keys stand for."""
    return Request(gpu_spec=accelerator(gpu_spec, "gpu"), tpu_spec=accelerator(tpu_spec, "tpu"), **written)


def accelerator(text: str | None, kind: hardware.Kind) -> Accelerator | None:
    if text is None:
        return None
    spec = parse_spec(text, kind)
    assert isinstance(spec, Spec)
    return spec.accelerator


def held_by(choice: hardware.HardwareChoice) -> Held | None:
    return (choice.accelerator.type, choice.accelerator.count) if choice.accelerator else None


def combination(backend: BackendName, region: str | None, machine: str | None, held: Held | None) -> Request:
    spec = held and Accelerator(held[0], held[1], "gpu" if facts.kinds(backend)[held[0]] == "gpu" else "tpu")
    return Request(
        backend=backend,
        region=region,
        machine_type=machine,
        gpu_spec=spec if spec and spec.kind == "gpu" else None,
        tpu_spec=spec if spec and spec.kind == "tpu" else None,
    )


@cache
def errors(request: Request) -> list[hardware.HardwareProblem]:
    return [problem for problem in check_request(request) if problem.severity is Severity.ERROR]


def check_error(request: Request, part: str) -> None:
    """There must be one error, on this part, which was written, and each alternative must mend it."""
    (error,) = errors(request)
    assert error.part.value == part, request
    assert getattr(request, error.field) is not None
    assert error.alternatives, request
    for alternative in error.alternatives:
        assert not errors(hardware.applied(request, alternative.changes)), (request, alternative)
        assert alternative.changes
    assert str(error.alternatives[0].title)[1:] in error.message


class TestEveryCombination:
    @pytest.mark.parametrize("backend", BACKENDS)
    def test_is_possible_where_the_tables_say_so(self, backend: BackendName) -> None:
        requests = {held: combination(backend, None, None, held) for held in facts.every_held(backend)}
        for region, machine in product(facts.regions(backend), facts.machines(backend)):
            for held, request in requests.items():
                said = is_possible(replace(request, region=region, machine_type=machine))
                assert said is facts.ok(backend, region, machine, held), (region, machine, held)

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_has_one_error_on_the_wrong_part_and_remedies_that_work(self, backend: BackendName) -> None:
        regions = facts.regions(backend)
        for place, (machine, held) in enumerate(
            product(facts.sorts_of_machine(backend), facts.every_held(backend))
        ):
            for region in ("us-central1", regions[place % len(regions)]):
                request = combination(backend, region, machine, held)
                part = facts.wrong_part(backend, region, machine, held)
                if part is None:
                    assert errors(request) == []
                else:
                    check_error(request, part)

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_of_region_and_accelerator_leaves_the_machine_to_us(self, backend: BackendName) -> None:
        for region, held in product(facts.regions(backend), facts.every_held(backend)):
            request = combination(backend, region, None, held)
            if facts.possible_machines(backend, region, held):
                assert errors(request) == []
                assert resolve(request).machine_type in facts.possible_machines(backend, region, held)
                continue
            here = region in facts.regions_with(backend, held[0])
            kind = facts.kinds(backend)[held[0]]
            others = any(
                facts.kinds(backend)[type_] == kind and region in facts.regions_with(backend, type_)
                for type_ in facts.kinds(backend)
            )
            elsewhere = any(facts.possible_machines(backend, other, held) for other in facts.regions(backend))
            check_error(request, "count" if here else "accelerator" if others or not elsewhere else "region")

    @pytest.mark.parametrize("backend", BACKENDS)
    @pytest.mark.parametrize("mode", ["cpu", "gpu"])
    def test_of_region_and_machine_leaves_the_accelerator_to_us(
        self,
        backend: BackendName,
        mode: Any,
    ) -> None:
        for region, machine in product(facts.regions(backend), facts.sorts_of_machine(backend)):
            request = Request(backend=backend, region=region, machine_type=machine, mode=mode)
            bound, held = facts.is_bound(backend, machine), facts.possible_held(backend, region, machine)
            gpu = any(facts.kinds(backend)[type_] == "gpu" for type_, _ in held)
            if not facts.has_family(region, machine) or (bound and not held):
                (error,) = errors(request)
                assert error.part.value in ("machine_type", "region")
                check_error(request, error.part.value)
            elif bound and gpu and mode == "cpu":
                check_error(request, "machine_type")
            else:
                assert errors(request) == []
                choice = resolve(request)
                chosen = held_by(choice)
                assert facts.ok(backend, region, machine, chosen)
                assert (chosen is not None) is (bound or (gpu and mode == "gpu"))

    @pytest.mark.parametrize("backend", BACKENDS)
    @pytest.mark.parametrize("mode", ["cpu", "gpu"])
    def test_of_nothing_but_a_region_is_possible(self, backend: BackendName, mode: Any) -> None:
        for region in (None, *facts.regions(backend)):
            request = Request(backend=backend, region=region, mode=mode)
            choice = resolve(request)
            chosen = held_by(choice)
            assert errors(request) == []
            assert all(getattr(request, problem.field) is not None for problem in check_request(request))
            assert facts.ok(backend, choice.region, choice.machine_type, chosen)
            assert chosen is None or (mode == "gpu" and chosen[1] == 1)
            default = resolve(Request(backend=backend, mode=mode))
            same = (choice.machine_type, choice.accelerator) == (default.machine_type, default.accelerator)
            assert (choice.gave_way is None) is same
            assert [found.part.value for found in check_request(request) if found.code == "CAL419"] == [
                "region"
            ] * (not same)


def check(request: Request, *expected: str) -> None:
    """Problems must be these, each as `severity code part: the first alternative`, in order."""
    assert all(getattr(request, problem.field) is not None for problem in check_request(request))
    found = [
        f"{problem.severity.value} {problem.code} {problem.part.value}"
        + (f": {problem.alternatives[0].title}" if problem.alternatives else "")
        for problem in check_request(request)
    ]
    assert found == list(expected)


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"mode": "cpu"},
        {"gpu_spec": "1xT4"},
        {"gpu_spec": "4xT4", "machine_type": "n1-standard-16", "region": "us-central1"},
        {"gpu_spec": "1xL4"},
        {"gpu_spec": "8xL4", "machine_type": "g2-standard-96", "region": "us-east4"},
        {"machine_type": "g2-standard-24"},
        {"gpu_spec": "2xA100"},
        {"gpu_spec": "8xH100"},
        {"gpu_spec": "1xH100", "spot": True},
        {"gpu_spec": "8xB200", "spot": True},
        {"tpu_spec": "8xV3", "region": "europe-west4"},
        {"tpu_spec": "8xV5E", "spot": True},
        {"tpu_spec": "256xV6E"},
        {"tpu_spec": "16x7X", "mode": "cpu"},
        {"machine_type": "ct6e-standard-8t", "mode": "cpu"},
        {"machine_type": "e2-standard-8", "mode": "cpu"},
        {"machine_type": "n1-standard-8", "region": "europe-west2"},
        {"gpu_spec": "1xT4", "region": "us-east4", "spot": True},
    ],
)
def test_nothing_is_said_of_an_ordinary_good_request(written: dict[str, Any]) -> None:
    check(asked(**written))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"gpu_spec": "3xT4"}, "CAL411 count: Use 2xT4"),
        ({"gpu_spec": "16xB200"}, "CAL411 count: Use 8xB200"),
        ({"tpu_spec": "32xV2"}, "CAL411 count: Use 8xV2"),
        ({"tpu_spec": "2xV5E", "machine_type": "ct5lp-hightpu-4t"}, "CAL411 count: Use 4xV5E"),
        ({"gpu_spec": "1xT4", "machine_type": "n1-standard-32"}, "CAL411 count: Use 2xT4"),
        ({"gpu_spec": "2xA100", "machine_type": "a2-highgpu-1g"}, "CAL411 count: Use 1xA100"),
        (
            {"gpu_spec": "1xL4", "machine_type": "n1-standard-8"},
            "CAL410 machine_type: Use machine type g2-standard-8",
        ),
        (
            {"gpu_spec": "1xT4", "machine_type": "e2-standard-8"},
            "CAL410 machine_type: Use machine type n1-standard-8",
        ),
        ({"gpu_spec": "3xT4", "machine_type": "g2-standard-4"}, "CAL410 accelerator: Use 1xL4"),
        (
            {"gpu_spec": "3xT4", "machine_type": "e2-standard-4"},
            "CAL410 machine_type: Use 2xT4 and machine type n1-standard-4",
        ),
        ({"gpu_spec": "1xA100", "region": "us-west1"}, "CAL409 accelerator: Use 1xL4"),
        ({"gpu_spec": "1xT4", "region": "me-west1"}, "CAL409 accelerator: Use 1xA100"),
        ({"gpu_spec": "1xT4", "region": "europe-west9"}, "CAL409 region: Use region europe-west1"),
        (
            {"gpu_spec": "3xT4", "region": "africa-south1"},
            "CAL409 accelerator: Use 2xT4 and region asia-south1",
        ),
        (
            {"gpu_spec": "1xA100", "machine_type": "a2-highgpu-1g", "region": "us-west1"},
            "CAL409 region: Use region us-west3",
        ),
        (
            {"machine_type": "n1-standard-8", "region": "europe-west9"},
            "CAL408 machine_type: Use machine type e2-standard-8",
        ),
        (
            {"machine_type": "n1-standard-8", "region": "europe-west9", "gpu_spec": "1xT4"},
            "CAL408 region: Use region europe-west1",
        ),
        (
            {"machine_type": "a2-highgpu-1g", "region": "us-west1"},
            "CAL408 machine_type: Use machine type g2-standard-12",
        ),
        (
            {"machine_type": "a2-highgpu-1g", "mode": "cpu"},
            "CAL412 machine_type: Use machine type e2-standard-16",
        ),
        ({"machine_type": "n1-standard-2"}, "CAL406 machine_type: Use machine type n1-highmem-2"),
        (
            {"machine_type": "c3-standard-8", "mode": "cpu"},
            "CAL406 machine_type: Use machine type e2-standard-8",
        ),
        (
            {"machine_type": "c3-highmem-8", "gpu_spec": "1xT4"},
            "CAL406 machine_type: Use machine type n1-highmem-8",
        ),
        (
            {"machine_type": "cloud_tpu", "tpu_spec": "8xV2"},
            "CAL406 machine_type: Use machine type cloud-tpu",
        ),
        ({"gpu_spec": "1xK80"}, "CAL407 accelerator: Use 1xT4"),
        ({"tpu_spec": "8xV5_LITEPOD"}, "CAL407 accelerator: Use 8xV2"),
        ({"region": "us-central2"}, "CAL405 region: Use region us-central1"),
        ({"region": "europe-north2", "mode": "cpu"}, "CAL405 region: Use region europe-north1"),
        ({"gpu_spec": "1xT4", "tpu_spec": "8xV2"}, "CAL413 accelerator: Remove gpu_spec"),
        (
            {"gpu_spec": "1xK80", "tpu_spec": "8xV2", "region": "us-central2"},
            "CAL413 accelerator: Use region us-central1, remove gpu_spec",
        ),
        ({"gpu_spec": "1xT4", "tpu_spec": "9xV2"}, "CAL413 accelerator: Use 8xV2, remove gpu_spec"),
    ],
)
def test_what_is_impossible_has_one_error_and_a_remedy(written: dict[str, Any], expected: str) -> None:
    request = asked(**written)
    check(request, f"error {expected}")
    check_error(request, expected.split()[1].rstrip(":"))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"region": "us-centrall1"}, ["error CAL402 region: Use region us-central1"]),
        ({"region": "us-central1-a"}, ["error CAL402 region: Use region us-central1"]),
        ({"machine_type": "n1-standrad-8"}, ["error CAL403 machine_type: Use machine type n1-standard-8"]),
        ({"machine_type": "N1-STANDARD-8"}, ["error CAL403 machine_type: Use machine type n1-standard-8"]),
        ({"gpu_spec": "1xT44"}, ["error CAL404 accelerator: Use 1xT4"]),
        ({"gpu_spec": "1xB300"}, ["error CAL404 accelerator"]),
        ({"machine_type": "zz", "gpu_spec": "3xT4"}, ["error CAL403 machine_type"]),
        (
            {"machine_type": "zz", "region": "zz", "gpu_spec": "3xZZ"},
            ["error CAL402 region", "error CAL403 machine_type", "error CAL404 accelerator"],
        ),
        (
            {"machine_type": "zz", "region": "europe-west9", "gpu_spec": "1xT4"},
            ["error CAL403 machine_type", "error CAL409 region: Use region europe-west1"],
        ),
        (
            {"region": "zz", "gpu_spec": "1xL4", "machine_type": "n1-standard-8"},
            ["error CAL402 region", "error CAL410 machine_type: Use machine type g2-standard-8"],
        ),
        ({"gpu_spec": "1xP100"}, ["warning CAL416 accelerator: Use 1xT4"]),
        ({"gpu_spec": "4xP100", "machine_type": "n1-highcpu-64"}, ["warning CAL416 accelerator: Use 4xT4"]),
        ({"gpu_spec": "1xT4", "mode": "cpu"}, ["warning CAL417 accelerator: Remove gpu_spec"]),
        (
            {"gpu_spec": "1xL4", "machine_type": "g2-standard-4", "mode": "cpu"},
            ["warning CAL417 accelerator: Use machine type e2-standard-4, remove gpu_spec"],
        ),
        ({"tpu_spec": "16xV5E", "spot": True}, ["warning CAL414 spot: Remove spot"]),
        ({"machine_type": "ct5lp-hightpu-4t", "spot": True}, []),
        ({"region": "europe-west3"}, ["warning CAL418 region: Use region europe-west4"]),
        ({"region": "us-west2", "mode": "cpu"}, ["warning CAL418 region: Use machine type n1-highcpu-16"]),
        (
            {"region": "us-east1", "machine_type": "n1-standard-64"},
            ["information CAL419 machine_type", "warning CAL418 region: Use region us-central1"],
        ),
        ({"region": "europe-west3", "gpu_spec": "1xT4"}, ["hint CAL418 count: Use region europe-west4"]),
        (
            {"region": "us-west3", "machine_type": "a2-highgpu-1g"},
            ["hint CAL418 machine_type: Use region us-central1"],
        ),
        (
            {"region": "us-west2", "machine_type": "n1-highcpu-32", "mode": "cpu"},
            ["hint CAL418 machine_type: Use region us-west3"],
        ),
        ({"region": "africa-south1"}, ["information CAL419 region: Use region asia-south1"]),
        (
            {"region": "us-west3", "machine_type": "n1-standard-8"},
            ["information CAL419 region: Use region us-west1"],
        ),
        ({"machine_type": "e2-standard-8"}, ["information CAL419 machine_type"]),
        ({"machine_type": "n1-standard-32"}, ["information CAL419 machine_type"]),
        ({"gpu_spec": "1xH100"}, ["information CAL420 accelerator: Use spot machines"]),
        ({"machine_type": "a4-highgpu-8g"}, ["information CAL420 machine_type: Use spot machines"]),
        ({"gpu_spec": "4xGB200", "spot": True}, ["information CAL420 accelerator"]),
    ],
)
def test_what_is_doubtful_is_said(written: dict[str, Any], expected: list[str]) -> None:
    check(asked(**written), *expected)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"gpu_spec": "1xL4", "flex_start": True}, []),
        ({"machine_type": "a2-highgpu-1g", "flex_start": True}, []),
        ({"gpu_spec": "1xT4", "flex_start": True}, ["error CAL421 flex_start: Remove flex_start"]),
        ({"flex_start": True}, ["error CAL421 flex_start: Remove flex_start"]),
        ({"mode": "cpu", "flex_start": True}, ["error CAL421 flex_start: Remove flex_start"]),
        ({"tpu_spec": "8xV3", "flex_start": True}, ["error CAL421 flex_start: Remove flex_start"]),
        (
            {"gpu_spec": "1xL4", "flex_start": True, "spot": True},
            ["error CAL421 flex_start: Remove flex_start"],
        ),
        ({"gpu_spec": "1xZZ", "flex_start": True}, ["error CAL404 accelerator"]),
    ],
)
def test_flex_start_is_for_some_gpus(written: dict[str, Any], expected: list[str]) -> None:
    check(asked(**written), *expected)


def test_every_way_out_of_an_impossible_flex_start_is_possible() -> None:
    request = asked(gpu_spec="2xT4", machine_type="n1-standard-8", flex_start=True)
    (problem,) = check_request(request)
    assert len(problem.alternatives) > 1
    for found in problem.alternatives:
        assert not errors(hardware.applied(request, found.changes)), found


def test_what_flex_start_costs_is_not_known() -> None:
    found = hardware.price(resolve(asked(gpu_spec="1xL4", flex_start=True)))
    assert found is not None
    assert found.effective is None
    assert found.on_demand.total > 0


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({}, []),
        ({"gpu_spec": "1xK80", "machine_type": "n1-standard-8"}, []),
        ({"gpu_spec": "1xP100"}, []),
        ({"gpu_spec": "1xL4"}, ["error CAL407 accelerator: Use 1xT4"]),
        ({"machine_type": "a2-highgpu-1g"}, ["error CAL406 machine_type: Use machine type n1-highmem-16"]),
        ({"region": "us-east5"}, ["error CAL405 region: Use region us-east1"]),
        ({"spot": True}, ["error CAL414 spot: Remove spot"]),
        ({"flex_start": True}, ["error CAL421 flex_start: Remove flex_start"]),
    ],
)
def test_the_closed_service_is_judged_by_its_own_tables(written: dict[str, Any], expected: list[str]) -> None:
    request = asked(backend="ai-platform", **written)
    closed, *others = check_request(request)
    assert (closed.code, closed.part.value, closed.severity) == ("CAL415", "backend", Severity.WARNING)
    assert not errors(hardware.applied(request, closed.alternatives[0].changes))
    assert [
        f"error {problem.code} {problem.part.value}: {problem.alternatives[0].title}" for problem in others
    ] == expected


def test_moving_to_the_open_service_takes_the_hardware_along() -> None:
    request = asked(backend="ai-platform", gpu_spec="2xK80", machine_type="n1-standard-8", region="us-east1")
    (closed,) = check_request(request)
    assert closed.alternatives[0].changes == {"backend": "vertex", "gpu_spec": Accelerator("T4", 2)}


def test_force_leaves_the_words_and_takes_the_weight() -> None:
    request = asked(gpu_spec="3xT4", region="us-centrall1")
    meek = check_request(replace(request, force=True))
    assert {problem.severity for problem in meek} == {Severity.INFORMATION}
    assert [problem.message for problem in meek] == [problem.message for problem in check_request(request)]
    assert {problem.severity for problem in check_request(request)} == {Severity.ERROR}


def test_a_message_says_what_is_wrong_and_what_would_be_right() -> None:
    messages = [
        problem.message
        for written in (
            {"gpu_spec": "1xT4", "machine_type": "n1-standard-32"},
            {"gpu_spec": "1xT4", "region": "me-west1"},
            {"region": "us-east5"},
        )
        for problem in check_request(asked(**written))
    ]
    assert messages == [
        "n1-standard-32 takes 2 or 4 T4, not 1: use 2xT4",
        "me-west1 has T4 for serving only: use 1xA100",
        "us-east5 can't give the default, n1-standard-8 with 1xT4: jobs get a2-ultragpu-1g with 1xA100_80GB",
        "Google grants no A100_80GB in us-east5 without being asked, and the default takes 1: use region us-east1",
    ]


@pytest.mark.parametrize(
    ("written", "machine", "spec"),
    [
        ({}, "n1-standard-8", "1xT4"),
        ({"mode": "cpu"}, "n1-highcpu-32", None),
        ({"mode": "cpu", "region": "us-east5"}, "e2-highcpu-32", None),
        ({"backend": "ai-platform"}, "n1-standard-8", "1xP100"),
        ({"gpu_spec": "8xV100"}, "n1-standard-8", "8xV100"),
        ({"gpu_spec": "1xL4"}, "g2-standard-8", "1xL4"),
        ({"gpu_spec": "1xA100"}, "a2-highgpu-1g", "1xA100"),
        ({"gpu_spec": "8xA100"}, "a2-highgpu-8g", "8xA100"),
        ({"tpu_spec": "8xV2"}, "cloud-tpu", "8xV2"),
        ({"tpu_spec": "8xV2", "backend": "ai-platform"}, "cloud_tpu", "8xV2"),
        ({"tpu_spec": "8xV5E"}, "ct5lp-hightpu-8t", "8xV5E"),
        ({"tpu_spec": "16xV5E"}, "ct5lp-hightpu-4t", "16xV5E"),
        ({"machine_type": "g2-standard-24"}, "g2-standard-24", "2xL4"),
        ({"machine_type": "n1-standard-96"}, "n1-standard-96", "4xT4"),
        ({"machine_type": "ct6e-standard-4t"}, "ct6e-standard-4t", "4xV6E"),
        ({"machine_type": "cloud-tpu", "region": "asia-east1"}, "cloud-tpu", "8xV2"),
        ({"machine_type": "e2-standard-8"}, "e2-standard-8", None),
        ({"region": "us-west3"}, "a2-highgpu-1g", "1xA100"),
        ({"region": "me-central2"}, "g2-standard-8", "1xL4"),
        ({"region": "us-south1"}, "e2-standard-8", None),
        ({"region": "europe-north1"}, "n1-standard-8", None),
        ({"machine_type": "n9-mega-8"}, "n9-mega-8", None),
        ({"gpu_spec": "1xZ9"}, "n1-standard-8", "1xZ9"),
        ({"gpu_spec": "3xT4", "region": "africa-south1"}, "n1-standard-8", "3xT4"),
    ],
)
def test_what_a_request_comes_to(written: dict[str, Any], machine: str, spec: str | None) -> None:
    choice = resolve(asked(**written))
    assert (choice.machine_type, choice.accelerator and str(choice.accelerator)) == (machine, spec)


def test_a_choice_says_what_nobody_wrote() -> None:
    choice = resolve(asked(tpu_spec="16xV5E", spot=True))
    assert choice.defaulted == {"backend", "region", "machine_type", "gpu_spec", "flex_start"}
    assert (choice.backend, choice.region, choice.topology, choice.spot) == (
        "vertex",
        "us-central1",
        "4x4",
        True,
    )


def test_quotas_name_what_to_ask_for() -> None:
    prefix = "aiplatform.googleapis.com/custom_model_training_"
    cpus, gpus = hardware.quotas(resolve(asked(region="europe-west3")))
    assert (cpus.metric, cpus.needed, cpus.granted) == (f"{prefix}cpus", 8, 2200)
    assert (gpus.metric, gpus.of, gpus.needed, gpus.granted) == (f"{prefix}nvidia_t4_gpus", "T4", 1, 0)
    (spot,) = hardware.quotas(resolve(asked(gpu_spec="1xL4", spot=True)))
    assert (spot.metric, spot.granted) == (f"{prefix}preemptible_nvidia_l4_gpus", None)
    (flex,) = hardware.quotas(resolve(asked(gpu_spec="1xL4", flex_start=True)))
    assert (flex.metric, flex.granted) == (spot.metric, None)
    (memory,) = hardware.quotas(resolve(asked(machine_type="m1-ultramem-40")))
    assert (memory.of, memory.needed, memory.granted) == ("M1 vCPUs", 40, 0)
    assert hardware.quotas(resolve(asked(region="zz"))) == []
    assert hardware.quotas(resolve(asked(backend="ai-platform"))) == []


def check_spec(marked: str, message: str, *titles: str, kind: hardware.Kind = "gpu") -> None:
    """What is wrong with a spec must sit on the ⟦marked⟧ part of it."""
    text, (span,) = unmark(marked)
    problem = parse_spec(text, kind)
    assert isinstance(problem, hardware.SpecProblem)
    assert (problem.span, problem.message) == (span, message)
    assert [alternative.title for alternative in problem.alternatives] == list(titles)


@pytest.mark.parametrize(
    "marked",
    [
        "⟦T4⟧",
        "⟦xT4⟧",
        "⟦1 x T4⟧",
        "⟦ 1xT4⟧",
        "⟦1*T4⟧",
        "⟦T4x1⟧",
        "⟦T4, 1⟧",
        "⟦1T4⟧",
        "⟦1\u00d7T4⟧",
        "⟦NVIDIA_TESLA_T4⟧",
    ],
)
def test_a_spec_that_can_be_guessed(marked: str) -> None:
    check_spec(marked, "A spec is a number, x and a type, such as 1xT4", "Use 1xT4")


@pytest.mark.parametrize(
    "marked", ["⟦⟧", "⟦ ⟧", "⟦1x⟧", "⟦one T4⟧", "⟦-1xT4⟧", "⟦1xT4 ⟧\n", "⟦1x T4⟧2", "⟦\u0661xT4⟧"]
)
def test_a_spec_that_makes_no_sense_is_a_problem(marked: str) -> None:
    text = marked.replace("⟦", "").replace("⟧", "")
    problem = parse_spec(text, "gpu")
    assert isinstance(problem, hardware.SpecProblem)
    assert (problem.span.start, problem.span.end) == (0, len(text))


def test_a_spec_that_could_be_read_but_not_meant() -> None:
    check_spec("⟦0⟧xT4", "gpu_spec asks for at least 1: use 1xT4", "Use 1xT4")
    check_spec("⟦000⟧xB200", "gpu_spec asks for at least 1: use 8xB200", "Use 8xB200")
    check_spec(f"⟦{'9' * 5000}⟧xT4", "No machine type has that many")
    check_spec("8x⟦v2⟧", "V2 is a TPU: write it as tpu_spec", "Use 8xV2, remove gpu_spec")
    check_spec("1x⟦T4⟧", "T4 is a GPU: write it as gpu_spec", "Use 1xT4, remove tpu_spec", kind="tpu")
    check_spec("⟦V3⟧", "A spec is a number, x and a type, such as 8xV3", "Use 8xV3", kind="tpu")


@pytest.mark.parametrize(
    ("marked", "canonical"),
    [
        ("⟦2⟧x⟦T4⟧", "2xT4"),
        ("⟦2⟧X⟦t4⟧", "2xT4"),
        ("⟦02⟧x⟦NVIDIA_TESLA_T4⟧", "2xT4"),
        ("⟦1⟧x⟦A100-80GB⟧", "1xA100_80GB"),
        ("⟦1⟧x⟦nvidia-h100-80gb⟧", "1xH100"),
        ("⟦8⟧x⟦NVIDIA_H100_MEGA_80GB⟧", "8xH100_MEGA"),
        ("⟦1⟧x⟦rtx-pro-6000⟧", "1xRTX_PRO_6000"),
        ("⟦1⟧x⟦B300⟧", "1xB300"),
    ],
)
def test_a_spec_and_its_halves(marked: str, canonical: str) -> None:
    text, (count, type_) = unmark(marked)
    spec = parse_spec(text, "gpu")
    assert isinstance(spec, Spec)
    assert (str(spec.accelerator), spec.count, spec.type) == (canonical, count, type_)


@pytest.mark.parametrize(
    ("text", "canonical"), [("8xTPU_V2", "8xV2"), ("4x7x", "4x7X"), ("4xtpu7x", "4x7X"), ("1xv5e", "1xV5E")]
)
def test_a_spec_of_a_tpu(text: str, canonical: str) -> None:
    spec = parse_spec(text, "tpu")
    assert isinstance(spec, Spec)
    assert (str(spec.accelerator), spec.accelerator.kind) == (canonical, "tpu")
