"""Which files are experiments and project configs."""

from __future__ import annotations

import json
import random

import pytest

from caliban_ls.analysis.document_kind import document_kind


@pytest.mark.parametrize(
    "path",
    [
        "experiment.json",
        "/a/b/experiment.json",
        "C:\\work\\experiment.json",
        "experiment-lr.json",
        "experiment_lr.json",
        "experiment.lr.json",
        "mnist.experiment.json",
        "mnist_experiment.json",
    ],
)
def test_an_experiment_is_known_by_its_name(path: str) -> None:
    assert document_kind(path, "{}") == "experiment"


@pytest.mark.parametrize(
    "path",
    [
        "experiments.json",
        "experimental-features.json",
        "experiment.jsonl",
        "experiment.yaml",
        "Experiment.json",
        "package.json",
        "tsconfig.json",
        "my-experiment.json",
        "calibanconfig.json",
        "notebook.ipynb",
    ],
)
def test_other_files_are_not_ours(path: str) -> None:
    assert document_kind(path, '{"lr": null}') is None


def test_the_project_config_is_known_by_its_name_alone() -> None:
    assert document_kind("/a/.calibanconfig.json", "") == "project"
    assert document_kind("/a/.calibanconfig.json", "// caliban: experiment\n{}", ("!*",)) == "project"


@pytest.mark.parametrize(
    ("text", "ours"),
    [
        ("// caliban: experiment\n{}", True),
        ("# caliban: experiment", True),
        ("\ufeff\n  /* caliban:experiment */ {}", True),
        ("// caliban: experiments", False),
        ("{} // caliban: experiment", False),
        ("// see below\n// caliban: experiment\n{}", False),
    ],
)
def test_the_first_comment_can_say_so(text: str, *, ours: bool) -> None:
    assert (document_kind("sweep.json", text) == "experiment") is ours
    assert document_kind("sweep.txt", text) is None


@pytest.mark.parametrize(
    ("patterns", "path", "ours"),
    [
        (("sweeps/*.json",), "/w/sweeps/a.json", True),
        (("sweeps/*.json",), "/w/sweeps/b/a.json", False),
        (("sweeps/**/*.json",), "/w/sweeps/b/c/a.json", True),
        (("sweeps/**/*.json",), "/w/sweeps/a.json", True),
        (("*.sweep.json",), "/w/b/a.sweep.json", True),
        (("!legacy/**",), "/w/legacy/experiment.json", False),
        (("!experiment-?.json",), "/w/experiment-1.json", False),
        (("!experiment-?.json",), "/w/experiment-12.json", True),
    ],
)
def test_the_users_patterns_add_and_exclude(patterns: tuple[str, ...], path: str, *, ours: bool) -> None:
    assert (document_kind(path, "{}", patterns) == "experiment") is ours


def test_three_hundred_foreign_files_get_no_diagnostic() -> None:
    source = random.Random(7)
    names = [
        "package",
        "tsconfig",
        "experimental-features",
        "experiments",
        "settings",
        "notebook",
        "data",
        "experimentA",
    ]
    samples = [
        json.dumps({"name": "x", "scripts": {"a": None}}),
        '{ // tsconfig\n "compilerOptions": {"lib": [],}, }',
        json.dumps([{"experiments": [], "null": None}] * 3),
        "{broken",
        "",
    ]
    for number in range(300):
        name = f"/w/{source.choice(names)}{source.choice(['', number])}.json"
        assert document_kind(name, source.choice(samples)) is None, name
