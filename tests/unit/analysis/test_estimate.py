"""The title of a lens agrees with its command, for random configs, settings and environments."""

from __future__ import annotations

import json
import random
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from support import hardware_facts as facts
from support.price_facts import DISK, expected
from support.random_projects import some_config, some_settings, some_sweep

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config import project
from caliban_ls.analysis.config.settings import Defaults
from caliban_ls.analysis.estimate import CostEstimate, HardwareFlags, request_of
from caliban_ls.analysis.hardware.catalog import catalog
from caliban_ls.core.errors import OverLimit, UsageError
from caliban_ls.ide.code_lenses import CodeLens, lenses
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.operations.cloud import budget, plan_view
from caliban_ls.operations.cloud import plan as cloud_plan
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.google.local_identity import Claims

NUMBERS = range(100)


def second_cost(choice: Any) -> float | None:
    """Return what one job costs an hour by the tables, disk in it, None where they don't say."""
    held = choice.accelerator
    on_demand, spot = expected(choice.region, choice.machine_type, held and (held.type, held.count))
    paid = spot if choice.spot else on_demand
    machine = catalog().machines[choice.machine_type]
    return None if paid is None else paid + DISK * machine.machines(held)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lens_says_what_its_command_does(tmp_path: Path, number: int) -> None:
    dice = random.Random(f"lens {number}")
    config, sweep, settings = some_config(dice), some_sweep(dice), some_settings(dice)
    environment = {"CALIBAN_HOME": str(tmp_path / "state"), **dice.choice([{}, {}, {"REGION": "us-west1"}])}
    (tmp_path / "experiment.json").write_text(json.dumps(sweep))
    read = project.read(jsondoc.parse(json.dumps(config)))
    assert not read.findings
    estimate = CostEstimate(read, settings, environment)
    document = DocumentContext(jsondoc.parse(json.dumps(sweep)), "experiment", estimate)

    def no_engine() -> Any:
        raise AssertionError("a plan needs no engine")

    context = Context(folder=tmp_path, engine=no_engine, environment=environment, settings=settings)
    found = [lens for lens in lenses(document) if lens.command == "planAndSubmit"]
    assert found
    for lens in found:
        check(lens, estimate, context)


def check(lens: CodeLens, estimate: CostEstimate, context: Context) -> None:
    """Plan what a lens stands for, and hold its title against the plan."""
    arguments = CloudArguments(
        experiment_config="experiment.json", module="train.py", image_tag="r/i:t", **lens.arguments
    )
    try:
        plan = cloud_plan.make_plan(arguments, estimate.project, Claims(project="my-project"), context)
    except UsageError:
        assert lens.title.endswith("the hardware isn't available")
        return
    jobs = "1 job" if plan.count == 1 else f"{plan.count} jobs"
    assert f" {jobs} " in f"{lens.title} "
    assert len(list(plan.jobs())) == plan.count
    held = plan.choice.accelerator
    machine = plan.choice.machine_type
    accelerator = None if held is None else (held.type, held.count)
    assert facts.ok("vertex", plan.choice.region, machine, accelerator)
    each = second_cost(plan.choice)
    cost = plan_view.result_of(plan, jobs=()).cost
    if each is None:
        assert cost is None
        assert "price not known" in lens.title
    else:
        assert cost is not None
        assert cost.all_jobs_hour == pytest.approx(each * plan.count, abs=1e-5)
        assert f"≈ ${each * plan.count:,.2f}/h" in lens.title
    try:
        budget.check_limits(plan, arguments, estimate.project, context)
    except OverLimit:
        assert "over the limit" in lens.title
    else:
        assert "over the limit" not in lens.title


def test_each_part_comes_from_the_first_that_has_it() -> None:
    config = project.Project(cloud=project.Cloud(region="us-east1", machine_type="n1-standard-4"))
    defaults = Defaults(region="us-west1", machine_type="n1-standard-16", gpu_spec="2xT4", backend="vertex")
    flags = HardwareFlags(region="us-east4", gpu_spec="4xT4")

    def region(given: HardwareFlags, read: project.Project, own: Defaults, **environment: str) -> str | None:
        return request_of(given, read, own, environment).region

    nothing = project.Project()
    assert region(flags, config, defaults, REGION="europe-west1") == "us-east4"
    assert region(HardwareFlags(), config, defaults, REGION="europe-west1") == "europe-west1"
    assert region(HardwareFlags(), config, defaults) == "us-east1"
    assert region(HardwareFlags(), nothing, defaults) == "us-west1"
    assert region(HardwareFlags(), nothing, Defaults()) is None
    specs = [
        str(request_of(given, read, defaults, {}).gpu_spec)
        for given, read in (
            (flags, config),
            (HardwareFlags(), config),
            (HardwareFlags(tpu_spec="8xV3"), config),
            (HardwareFlags(nogpu=True), config),
            (HardwareFlags(), project.Project(cloud=project.Cloud(tpu_spec="8xV3"))),
        )
    ]
    assert specs == ["4xT4", "2xT4", "None", "None", "None"]
    assert request_of(HardwareFlags(), config, defaults, {}).machine_type == "n1-standard-4"


def test_a_submission_has_the_flags_and_defaults_that_an_estimate_reads() -> None:
    submission = CloudArguments()
    assert {one.name: getattr(submission, one.name) for one in fields(HardwareFlags)} == {
        one.name: one.default for one in fields(HardwareFlags)
    }
