"""Values of a project stay values in its Dockerfile, and caches of a build belong to one project."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.folders import plant

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas import containers
from caliban_ls.runtime.engine import ImagePlan
from caliban_ls.runtime.images.dockerfile import Layer, Recipe, render

STEPS = [
    "x\nRUN --mount=type=bind,from=victim/image,target=/v cp -r /v /usr/app/v",
    "x\r\nCOPY --from=victim/image / /v",
    "x\rRUN id",
    "x\u2028RUN id",
    "x\x85RUN id",
    "x\x0bRUN id",
    "x \\",
    "x `",
    "x' && id && echo '",
    "$(id)",
    "x <<EOF",
    "--mount=type=secret,id=key",
]
"""What would be another instruction, another line or another command."""

KEYS = [
    "extras",
    "apt_packages",
    "base_image",
    "dirs",
    "module",
    "gcloud.image",
]


def config(key: str, value: str) -> str:
    name, _, inner = key.partition(".")
    given: Any = [value] if key in {"extras", "apt_packages", "dirs"} else value
    install = {"install": True} if inner else {}
    return json.dumps({name: {inner: given, **install} if inner else given})


def plan(folder: Path) -> ImagePlan:
    def engine() -> None:
        raise AssertionError("planning asked for the engine")

    context = Context(folder=folder, engine=engine, cancel=CancelToken())  # type: ignore[arg-type]  # never opened
    arguments = containers.BuildArguments()
    return image.plan_for(arguments, read_project(context), "cpu", context)


def instructions(text: str) -> list[str]:
    """Return the first word of each line that isn't blank, as each builder splits lines at least."""
    return [line.split()[0] for line in re.split(r"[\n\r\x0b\x0c\x85\u2028\u2029]", text) if line.strip()]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", STEPS, ids=range(len(STEPS)))
def test_no_value_becomes_an_instruction(key: str, value: str, tmp_path: Path) -> None:
    files = {
        "train.py": "",
        "setup.py": "from setuptools import setup\nsetup()\n",
        "requirements.txt": "six\n",
    }
    harmless = plant(tmp_path / "harmless", {**files, ".calibanconfig.json": '{"module": "train.py"}'})
    hostile = plant(tmp_path / "hostile", {**files, ".calibanconfig.json": config(key, value)})
    with pytest.raises(UsageError) as refused:
        plan(hostile)
    assert refused.value.hint
    assert plan(harmless).dockerfile


@pytest.mark.parametrize("buildkit", [False, True])
@pytest.mark.parametrize("value", STEPS[:8], ids=range(8))
@pytest.mark.parametrize("field", ["run", "environment", "copy_from", "command"])
def test_the_renderer_refuses_values_that_end_a_line(field: str, value: str, *, buildkit: bool) -> None:
    filled = {
        "run": Layer(why="x", run=f"echo {value}", installs="python"),
        "environment": Layer(why="x", environment={"NAME": value}),
        "copy_from": Layer(why="x", copy_from=(value, "/a", "/b")),
        "command": Layer(why="x"),
    }
    command = ["python", value] if field == "command" else None
    recipe = Recipe(base="FROM scratch", layers=[filled[field]], command=command)
    harmless = Recipe(base="FROM scratch", layers=[Layer(why="x")], command=command and ["python"])
    try:
        text = render(recipe, buildkit=buildkit)
    except UsageError:
        return
    # JSON spells line breaks by escapes, and a path of COPY isn't the last word of its line.
    assert field in {"command", "copy_from"}
    extra = ["COPY"] if field == "copy_from" else []
    assert sorted(instructions(text)) == sorted([*instructions(render(harmless)), *extra])


def test_each_project_has_its_own_caches(tmp_path: Path) -> None:
    files = {"train.py": "", "requirements.txt": "six\n", ".calibanconfig.json": '{"module": "train.py"}'}
    first, second = (plan(plant(tmp_path / name, files)) for name in ("first", "second"))
    caches = [set(re.findall(r"type=cache,id=([\w-]+)", made.buildkit)) for made in (first, second)]
    assert caches[0]
    assert not caches[0] & caches[1]
    assert first.tag.partition(":")[2] == second.tag.partition(":")[2]
