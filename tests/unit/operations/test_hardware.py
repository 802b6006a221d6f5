"""A project's hardware as it is said, chosen and written into its config."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from support.folders import plant
from support.program import caliban
from support.random_projects import some_config

from caliban_ls.analysis import hardware, jsondoc
from caliban_ls.analysis.config.settings import Defaults, Settings
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.analysis.findings import apply_edits
from caliban_ls.analysis.hardware import Accelerator, Request
from caliban_ls.analysis.jsondoc.tree import to_python
from caliban_ls.core.errors import InvalidDocument, UsageError
from caliban_ls.operations import hardware as operations_hardware
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.hardware import HardwareArguments, HardwareResult, SetHardwareArguments


def no_engine() -> Any:
    raise AssertionError("nothing of this needs an engine")


def around(folder: Path, **more: Any) -> Context:
    environment = {"CALIBAN_HOME": str(folder / "state"), **more.pop("environment", {})}
    return Context(folder=folder, engine=no_engine, environment=environment, **more)


def described(folder: Path, config: str, part: str | None = None, **more: Any) -> HardwareResult:
    plant(folder, {PROJECT_FILE: config})
    return operations_hardware.describe(HardwareArguments(part=part), around(folder, **more))


def changed(folder: Path, text: str | None, **values: Any) -> str:
    """Return a config after a change of its hardware."""
    if text is not None:
        plant(folder, {PROJECT_FILE: text})
    edit = operations_hardware.change(SetHardwareArguments(**values), around(folder))
    assert edit.path == folder / PROJECT_FILE
    assert edit.text == text
    return apply_edits(text or "", edit.edits)


def test_what_holds_is_said_in_a_few_words(tmp_path: Path) -> None:
    found = described(tmp_path, '{"cloud": {"region": "us-east1", "gpu_spec": "2xT4"}}')
    assert found.cost is not None
    assert found.text == f"us-east1 · 2xT4 · ${found.cost.on_demand:.2f}/h"
    assert (found.machine_type, found.accelerator, found.possible) == ("n1-standard-8", "2xT4", True)
    assert f"${found.cost.spot:.2f}/h on spot machines" in "\n".join(found.notes)


@pytest.mark.parametrize(
    ("config", "text"),
    [
        ('{"default_mode": "CPU"}', "us-central1 · n1-highcpu-32 · $"),
        ('{"cloud": {"spot": true, "gpu_spec": "1xT4"}}', "us-central1 · 1xT4 · spot · "),
        ('{"cloud": {"region": "us-west3", "gpu_spec": "1xT4"}}', "us-west3 · 1xT4 · can't be had"),
        ('{"cloud": {"gpu_spec": "many"}}', "us-central1 · 1xT4 · can't be had"),
        ("{", "us-central1 · 1xT4 · "),
    ],
)
def test_whatever_a_config_says_there_is_an_answer(tmp_path: Path, config: str, text: str) -> None:
    assert described(tmp_path, config).text.startswith(text)


def test_findings_of_the_config_come_with_their_lines(tmp_path: Path) -> None:
    found = described(tmp_path, '{\n  "cloud": {"region": "us-west3",\n  "gpu_spec": "1xT4"}\n}').findings
    assert [(one.code, one.severity, one.line) for one in found] == [("CAL409", "error", 2)]


def test_the_environment_and_the_settings_count(tmp_path: Path) -> None:
    settings = Settings(defaults=Defaults(gpu_spec="4xT4"))
    found = described(
        tmp_path, '{"cloud": {"region": "us-east1"}}', environment={"REGION": "us-west1"}, settings=settings
    )
    assert (found.region, found.accelerator) == ("us-west1", "4xT4")
    assert any("REGION is set" in note for note in found.notes)


def test_without_a_config_defaults_hold(tmp_path: Path) -> None:
    found = operations_hardware.describe(HardwareArguments(), around(tmp_path))
    assert (found.exists, found.config) == (False, str(tmp_path / PROJECT_FILE))
    assert found.text.startswith("us-central1 · 1xT4 · $")


def test_a_file_names_its_project(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {f"deep/{PROJECT_FILE}": '{"cloud": {"region": "us-east4"}}', "deep/down/experiment.json": "{}"},
    )
    found = operations_hardware.describe(
        HardwareArguments(file="deep/down/experiment.json"), around(tmp_path)
    )
    assert (found.region, found.config) == ("us-east4", str(tmp_path / "deep" / PROJECT_FILE))


def test_what_is_open_comes_before_the_disk(tmp_path: Path) -> None:
    opened = '{"cloud": {"region": "asia-east1"}}'
    found = described(tmp_path, "{}", buffer=lambda path: opened if path.name == PROJECT_FILE else None)
    assert found.region == "asia-east1"


@pytest.mark.parametrize("part", hardware.MENU_FIELDS)
def test_the_current_value_is_marked_once(tmp_path: Path, part: str) -> None:
    options = described(tmp_path, '{"cloud": {"region": "us-east1", "gpu_spec": "2xT4"}}', part).options
    (current,) = [option for option in options if option.current]
    assert current.value == {"region": "us-east1", "machine_type": "n1-standard-8", "gpu_spec": "2xT4"}[part]


def test_writing_nothing_is_offered_where_something_is_written(tmp_path: Path) -> None:
    config = '{"cloud": {"region": "us-east1"}}'
    settings = Settings(defaults=Defaults(region="us-west1"))
    first = described(tmp_path, config, "region", settings=settings).options[0]
    assert (first.value, first.detail, first.changes) == (None, "us-west1", {"region": None})
    assert None not in [option.value for option in described(tmp_path, config, "gpu_spec").options]


def test_what_goes_together_comes_first_and_what_never_does_last(tmp_path: Path) -> None:
    config = '{"cloud": {"machine_type": "n1-standard-8", "gpu_spec": "1xT4"}}'
    options = described(tmp_path, config, "region").options
    order = [(not option.possible, option.changes is None) for option in options]
    assert order == sorted(order)
    assert {(False, False), (True, False), (True, True)} == set(order)
    by_name = {option.value: option for option in options}
    assert by_name["europe-west8"].changes is None
    assert by_name["europe-west8"].reason == "europe-west8 has no N1 machine types"
    assert by_name["us-west3"].changes == {"region": "us-west3", "gpu_spec": None}
    assert by_name["us-west3"].reason == "us-west3 has no T4: remove gpu_spec"


def test_a_gpu_brings_its_machine(tmp_path: Path) -> None:
    config = '{"cloud": {"machine_type": "n1-standard-8", "tpu_spec": "8xV3"}}'
    options = {option.value: option for option in described(tmp_path, config, "gpu_spec").options}
    assert options["1xA100"].changes == {
        "gpu_spec": "1xA100",
        "machine_type": "a2-highgpu-1g",
        "tpu_spec": None,
    }
    assert options["1xT4"].changes == {"gpu_spec": "1xT4", "tpu_spec": None}


@pytest.mark.parametrize("number", range(40))
def test_what_a_menu_offers_is_possible_once_it_is_written(tmp_path: Path, number: int) -> None:
    dice = random.Random(f"menu {number}")
    text = json.dumps(some_config(dice))
    part = dice.choice(hardware.MENU_FIELDS)
    offered = [option for option in described(tmp_path, text, part).options if option.changes is not None]
    for option in dice.sample(offered, min(5, len(offered))):
        assert option.changes is not None
        after = described(tmp_path, changed(tmp_path, text, **option.changes))
        errors = [one for one in after.findings if one.severity == "error"]
        # What is wrong with the service, spot or flex-start is no matter of these keys.
        assert [one for one in errors if one.code not in {"CAL415", "CAL414", "CAL421"}] == []
        if option.value is not None:
            held = {"region": after.region, "machine_type": after.machine_type, "gpu_spec": after.accelerator}
            assert held[part] == option.value


def test_there_are_three_menus(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no part color to choose"):
        described(tmp_path, "{}", "color")


@pytest.mark.parametrize(
    ("text", "values", "expected"),
    [
        (
            None,
            {"region": "us-east1", "gpu_spec": "1xT4"},
            '{\n  "cloud": {\n    "region": "us-east1",\n    "gpu_spec": "1xT4"\n  }\n}\n',
        ),
        ("// Ours.", {"region": "a"}, '// Ours.\n{\n  "cloud": {\n    "region": "a"\n  }\n}\n'),
        ("{}", {"region": "a"}, '{"cloud": {"region": "a"}}'),
        ('{"cloud": {"region": "a" /* here */}}', {"region": "b"}, '{"cloud": {"region": "b" /* here */}}'),
        (
            '{\n  "module": "m", // what\n  # where\n  "cloud": {\n    "region": "a", // far\n  },\n}',
            {"machine_type": "n1-standard-4"},
            '{\n  "module": "m", // what\n  # where\n  "cloud": {\n    "region": "a", // far\n    "machine_type": "n1-standard-4",\n  },\n}',
        ),
        ('{"cloud": {"region": "a", "gpu_spec": "1xT4"}}', {"gpu_spec": None}, '{"cloud": {"region": "a"}}'),
        ("{}", {"region": None}, "{}"),
        (None, {"region": None}, ""),
        (None, {}, ""),
        ('{"é": 1, "😀": 2}', {"region": "a"}, '{"é": 1, "😀": 2, "cloud": {"region": "a"}}'),
    ],
)
def test_a_change_keeps_all_else(
    tmp_path: Path, text: str | None, values: dict[str, Any], expected: str
) -> None:
    after = changed(tmp_path, text, **values)
    assert after == expected


@pytest.mark.parametrize("text", ["[1]", '{"cloud": ', '{"cloud": 3}', '{"cloud": {"region": }}'])
def test_what_is_broken_is_left_alone(tmp_path: Path, text: str) -> None:
    with pytest.raises(InvalidDocument, match="has errors"):
        changed(tmp_path, text, region="us-east1")


def test_a_spec_that_nobody_can_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        changed(tmp_path, "{}", gpu_spec="lots")
    assert "2xT4" in refused.value.hint


def test_a_menu_knows_what_the_rest_asks_for() -> None:
    """The menu alone, without files: every option that is possible breaks no rule."""
    request = Request(region="us-central1", gpu_spec=Accelerator("T4", 1))
    for field in hardware.MENU_FIELDS:
        for option in hardware.menu(request, field):
            assert option.possible == (option.reason == "")


def test_edits_are_of_the_text_that_was_read(tmp_path: Path) -> None:
    after = changed(tmp_path, '{"a": [1, 2]}', region="us-east1", gpu_spec="1xT4")
    root = jsondoc.parse(after).root
    assert root is not None
    assert to_python(root) == {"a": [1, 2], "cloud": {"region": "us-east1", "gpu_spec": "1xT4"}}


def test_hardware_says_what_a_project_comes_to_and_could_be(tmp_path: Path) -> None:
    (tmp_path / ".calibanconfig.json").write_text('{"cloud": {"region": "us-west3", "gpu_spec": "1xT4"}}')
    answer = caliban("hardware", "region", folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    first, *rest = answer.stdout.splitlines()
    assert first == "us-west3 · 1xT4 · can't be had"
    assert any("error[CAL409]" in line for line in rest)
    assert any(line.split()[:3] == ["*", "us-west3", "Salt"] for line in rest)
    assert json.loads(caliban("hardware", "--json", folder=tmp_path).stdout)["possible"] is False
