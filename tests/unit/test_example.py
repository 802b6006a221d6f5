from __future__ import annotations

import ast
from pathlib import Path

import pytest

from caliban_ls import validation
from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.document_kind import document_kind
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.workspace import files

DIGITS = Path(__file__).parents[2] / "examples" / "digits"


def flags_of(script: Path) -> set[str]:
    """Return the flags that a script adds to its argument parser."""
    calls = (node for node in ast.walk(ast.parse(script.read_text("utf-8"))) if isinstance(node, ast.Call))
    return {
        call.args[0].value.removeprefix("--")
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "add_argument"
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    }


def test_both_files_of_the_example_are_ours() -> None:
    assert [(path.name, kind) for path, kind in files.find_configs(DIGITS)] == [
        (".calibanconfig.json", "project"),
        ("experiment.json", "experiment"),
    ]


@pytest.mark.parametrize("name", [".calibanconfig.json", "experiment.json"])
def test_nothing_is_found_in_the_example(name: str) -> None:
    text = (DIGITS / name).read_text("utf-8")
    kind = document_kind(name, text)
    assert kind is not None
    assert validation.validate(jsondoc.parse(text), kind) == []


def test_the_example_has_eight_jobs_whose_flags_the_script_knows() -> None:
    sweep = sweeps.read(jsondoc.parse((DIGITS / "experiment.json").read_text("utf-8")))
    jobs = list(sweeps.expand(sweep))
    assert len(jobs) == sweep.count == len({sweeps.arguments(job) for job in jobs}) == 8
    assert set().union(*jobs) <= flags_of(DIGITS / "trainer" / "train.py")
