"""Judgement and defaults: every combination of the tables by brute force, and the rest case by case."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import product
from typing import Any, get_args

import pytest
from caliban_ls import hardware
from caliban_ls.findings import Severity
from caliban_ls.hardware import Accelerator, Backend, Request, Spec, judge, parse_spec, resolve
from caliban_ls.hardware.possible import is_possible
from support import hardware_facts as facts
from support.hardware_facts import Held
from support.marked import unmark

BACKENDS: tuple[Backend, ...] = get_args(Backend)


def asked(
    *, gpu_spec: str | None = None, tpu_spec: str | None = None, **written: Any
) -> Request:
    """Return the request that some keys stand for."""
    specs = {"gpu_spec": gpu_spec and parse_spec(gpu_spec, "gpu"), "tpu_spec": tpu_spec and parse_spec(tpu_spec, "tpu")}
    return Request(**written, **{key: spec.accelerator for key, spec in specs.items() if isinstance(spec, Spec)})


def combination(backend: Backend, region: str | None, machine: str | None, held: Held | None) -> Request:
    spec = held and Accelerator(held[0], held[1], "gpu" if facts.kinds(backend)[held[0]] == "gpu" else "tpu")
    return Request(
        backend=backend,
        region=region,
        machine_type=machine,
        gpu_spec=spec if spec and spec.kind == "gpu" else None,
        tpu_spec=spec if spec and spec.kind == "tpu" else None,
    )


@cache
def errors(request: Request) -> list[hardware.Problem]:
    return [problem for problem in judge(request) if problem.severity is Severity.ERROR]


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
    def test_is_possible_where_the_tables_say_so(self, backend: Backend) -> None:
        for region, machine in product(facts.regions(backend), facts.machines(backend)):
            for held in facts.every_held(backend):
                said = is_possible(combination(backend, region, machine, held))
                assert said is facts.ok(backend, region, machine, held), (region, machine, held)

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_has_one_error_on_the_wrong_part_and_remedies_that_work(self, backend: Backend) -> None:
        regions = facts.regions(backend)
        for place, (machine, held) in enumerate(product(facts.machines(backend), facts.every_held(backend))):
            for region in ("us-central1", regions[place % len(regions)]):
                request = combination(backend, region, machine, held)
                part = facts.wrong_part(backend, region, machine, held)
                if part is None:
                    assert errors(request) == []
                else:
                    check_error(request, part)

    @pytest.mark.parametrize("backend", BACKENDS)
    def test_of_region_and_accelerator_leaves_the_machine_to_us(self, backend: Backend) -> None:
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
        self, backend: Backend, mode: Any  # noqa: ANN401 - parametrized
    ) -> None:
        for region, machine in product(facts.regions(backend), facts.machines(backend)):
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
                chosen = choice.accelerator and (choice.accelerator.type, choice.accelerator.count)
                assert facts.ok(backend, region, machine, chosen)
                assert (chosen is not None) is (bound or (gpu and mode == "gpu"))

    @pytest.mark.parametrize("backend", BACKENDS)
    @pytest.mark.parametrize("mode", ["cpu", "gpu"])
    def test_of_nothing_but_a_region_is_possible(self, backend: Backend, mode: Any) -> None:  # noqa: ANN401 - parametrized
        for region in (None, *facts.regions(backend)):
            request = Request(backend=backend, region=region, mode=mode)
            choice = resolve(request)
            chosen = choice.accelerator and (choice.accelerator.type, choice.accelerator.count)
            assert errors(request) == []
            assert facts.ok(backend, choice.region, choice.machine_type, chosen)
            assert chosen is None or (mode == "gpu" and chosen[1] == 1)
            default = resolve(Request(backend=backend, mode=mode))
            same = (choice.machine_type, choice.accelerator) == (default.machine_type, default.accelerator)
            assert (choice.gave_way is None) is same
            assert [found.part.value for found in judge(request) if found.code == "CAL419"] == ["region"] * (not same)
