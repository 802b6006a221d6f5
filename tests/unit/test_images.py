"""The project's image, by its config and the flags: which files stay out, which module and mode it is for."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import NoReturn

import pytest
from support.tree import plant

from caliban_ls import images, models
from caliban_ls.context import Context
from caliban_ls.errors import InvalidDocument, UsageError
from caliban_ls.files import read_project
from caliban_ls.runtime.base import ImagePlan


def context(folder: Path, said: list[str] | None = None) -> Context:
    """A context without an engine: planning must not need one."""

    def engine() -> NoReturn:
        raise AssertionError("planning asked for the engine")

    def report(message: str, _fraction: float | None) -> None:
        if said is not None:
            said.append(message)

    return Context(folder=folder, engine=engine, report=report)


def plan_of(arguments: models.BuildArguments, context: Context) -> ImagePlan:
    project = read_project(context)
    return images.plan_for(arguments, project, images.mode_of(arguments, project), context)


def names(folder: Path, **arguments: str) -> set[str]:
    plan = plan_of(models.BuildArguments(**arguments), context(folder))  # type: ignore[arg-type]  # strings
    with tarfile.open(fileobj=io.BytesIO(b"".join(plan.context()))) as tar:
        return {name.rpartition("/")[2] for name in tar.getnames()}


@pytest.mark.parametrize(
    "key", ["keys/service.json", "./keys/../keys/service.json", "{folder}/keys/service.json"]
)
def test_the_key_that_the_config_names_never_travels(tmp_path: Path, key: str) -> None:
    config = json.dumps({"gcloud": {"cloud_key": key.format(folder=tmp_path)}})
    plant(
        tmp_path,
        {".calibanconfig.json": config, "keys/service.json": "secret", "keys/other.json": "", "a.py": ""},
    )
    assert names(tmp_path, module="a.py") >= {"a.py", "other.json"}
    assert "service.json" not in names(tmp_path, module="a.py")


def test_the_config_says_which_module_and_the_flag_beats_it(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": '{"module": "one.py"}', "one.py": "", "two.py": ""})
    one = plan_of(models.BuildArguments(), context(tmp_path))
    two = plan_of(models.BuildArguments(module="two.py"), context(tmp_path))
    assert '["python", "one.py"]' in one.dockerfile
    assert '["python", "two.py"]' in two.dockerfile


def test_without_a_module_there_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Which MODULE"):
        plan_of(models.BuildArguments(), context(tmp_path))


@pytest.mark.parametrize(
    ("config", "arguments", "image"),
    [
        ({}, {}, "for-cpu"),
        ({}, {"gpu": True}, "for-gpu"),
        ({"default_mode": "GPU"}, {}, "for-gpu"),
        ({"default_mode": "GPU"}, {"nogpu": True}, "for-cpu"),
    ],
)
def test_the_mode(tmp_path: Path, config: dict[str, str], arguments: dict[str, bool], image: str) -> None:
    plant(tmp_path, {".calibanconfig.json": json.dumps({"base_image": "for-{}", **config}), "a.py": ""})
    plan = plan_of(models.BuildArguments(module="a.py", **arguments), context(tmp_path))  # type: ignore[arg-type]  # flags
    assert plan.base_image == image


def test_both_modes_at_once_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": ""})
    with pytest.raises(UsageError, match="exclude"):
        plan_of(models.BuildArguments(module="a.py", gpu=True, nogpu=True), context(tmp_path))


def test_a_config_with_errors_stops_before_anything_is_read(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": '{"base_imge": "x"}', "a.py": ""})
    with pytest.raises(InvalidDocument, match="base_image"):
        plan_of(models.BuildArguments(module="a.py"), context(tmp_path))


def test_hardware_that_cannot_be_is_no_matter_of_a_build(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": '{"cloud": {"gpu_spec": "3xT4"}}', "a.py": ""})
    assert plan_of(models.BuildArguments(module="a.py"), context(tmp_path)).tag


def test_a_large_context_is_named_with_what_is_large(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "data/big.bin": ""})
    with (tmp_path / "data" / "big.bin").open("wb") as file:
        file.truncate(120 * 10**6)
    said: list[str] = []
    plan_of(models.BuildArguments(module="a.py"), context(tmp_path, said))
    assert said == ["120 MB go into the image (data/big.bin 120 MB); .dockerignore keeps files out"]
