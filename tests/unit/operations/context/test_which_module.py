"""Which MODULE a command is for, and what to type where there is none."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest
from support.folders import plant

from caliban_ls.analysis.config.project import Project
from caliban_ls.core.errors import EngineUnavailable, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.which_module import module_of, unused_config
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.operations.schemas.containers import BuildArguments, RunArguments

SCRIPT = "import argparse\nif __name__ == '__main__':\n    argparse.ArgumentParser().parse_args()\n"


def context_of(folder: Path) -> Context:
    def absent() -> NoReturn:
        raise EngineUnavailable("None")

    return Context(folder=folder, engine=absent)


def hint(arguments: BuildArguments, folder: Path) -> str:
    with pytest.raises(UsageError) as refused:
        module_of(arguments, Project(), context_of(folder))
    return refused.value.hint


def test_a_flag_comes_before_the_config(tmp_path: Path) -> None:
    context = context_of(tmp_path)
    assert module_of(RunArguments(module="a"), Project(module="b"), context) == "a"
    assert module_of(RunArguments(), Project(module="b"), context) == "b"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (BuildArguments(), "caliban build"),
        (RunArguments(), "caliban run"),
        (CloudArguments(), "caliban cloud"),
        (RunArguments(experiment_config="my sweep.json"), "caliban run --experiment_config 'my sweep.json'"),
    ],
)
def test_the_command_that_was_called_is_named_with_the_only_script(
    arguments: BuildArguments, words: str, tmp_path: Path
) -> None:
    assert f"`{words} trainer.train`" in hint(arguments, tmp_path)
    plant(tmp_path, {"deep/fit.py": SCRIPT, "deep/helper.py": "x = 1\n"})
    assert f"`{words} deep/fit.py`" in hint(arguments, tmp_path)
    plant(tmp_path, {"other.py": SCRIPT})
    assert f"`{words} trainer.train`" in hint(arguments, tmp_path)


def test_an_experiment_given_as_module(tmp_path: Path) -> None:
    assert (
        hint(RunArguments(module="experiment.json"), tmp_path)
        == "`caliban run --experiment_config experiment.json trainer.train`"
    )
    assert "--experiment_config data.json" in hint(CloudArguments(module="data.json"), tmp_path)
    assert hint(BuildArguments(module="experiment.json"), tmp_path).startswith("`caliban build MODULE`")


def test_a_config_of_a_folder_above_is_named(tmp_path: Path) -> None:
    plant(tmp_path, {"p/.calibanconfig.json": "{}", "p/deep/x.txt": "", "p/experiment.json": "{}"})
    assert f"{tmp_path / 'p' / '.calibanconfig.json'} is the nearest" in hint(
        RunArguments(), tmp_path / "p" / "deep"
    )
    assert "nearest" not in hint(RunArguments(), tmp_path / "p")
    below, here = context_of(tmp_path / "p" / "deep"), context_of(tmp_path / "p")
    (said,) = unused_config("../experiment.json", below)
    assert f"run `caliban` in {tmp_path / 'p'}" in said
    for experiment, context in [("experiment.json", here), (None, below), ("stdin", below)]:
        assert list(unused_config(experiment, context)) == []
