"""Completion in unfinished texts: the cursor is at ⟦⟧."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.document_contexts import context_of
from support.marked_text import unmark

from caliban_ls.analysis import hardware
from caliban_ls.analysis.findings import Severity, apply_edits
from caliban_ls.analysis.hardware import Request
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.ide.completion import Completion, complete
from caliban_ls.ide.config_completion import BASE_IMAGES
from caliban_ls.ide.config_cursor import goes
from caliban_ls.validation import validate


def offered(marked: str, kind: DocumentKind = "experiment", **known: Any) -> tuple[str, list[Completion]]:
    text, (cursor,) = unmark(marked)
    return text, complete(context_of(text, kind, **known), cursor.start)


def check(marked: str, label: str, result: str, kind: DocumentKind = "experiment", **known: Any) -> None:
    """Choosing the label must give this text."""
    text, found = offered(marked, kind, **known)
    (chosen,) = [one for one in found if one.item.label == label]
    assert apply_edits(text, (chosen.edit, *chosen.more)) == result


def labels(marked: str, kind: DocumentKind = "experiment", **known: Any) -> list[str]:
    return [one.item.label for one in offered(marked, kind, **known)[1]]


def test_keys_are_the_flags_that_are_not_set_required_ones_first() -> None:
    everything = ["epochs", "learning-rate", "opt", "amp", "[epochs,learning-rate]"]
    assert labels("{⟦⟧}") == everything
    assert labels('{"lr": 1, ⟦⟧}') == ["epochs", "opt", "amp", "[epochs,opt]"]
    assert labels('{"[lr,epochs]": [[1, 2]], ⟦⟧}') == ["opt", "amp", "[opt,amp]"]
    assert labels('{"learn": 1, ⟦⟧}')[0] == "epochs"  # an abbreviation
    assert "learning-rate" not in labels('{"learn": 1, ⟦⟧}')
    assert labels('[{"lr": 1}, {⟦⟧}]') == everything


def test_without_a_script_only_a_compound_key_is_offered() -> None:
    assert labels("{⟦⟧}", script=None) == ["[a,b]"]


@pytest.mark.parametrize(
    ("marked", "result"),
    [
        ("{⟦⟧", '{"epochs": 1'),
        ('{"⟦⟧', '{"epochs": 1'),
        ('{"⟦⟧}', '{"epochs": 1}'),
        ('{"⟦⟧"}', '{"epochs": 1}'),
        ('{"ep⟦⟧"}', '{"epochs": 1}'),
        ('{"ep⟦⟧ochs"}', '{"epochs": 1}'),
        ("{ep⟦⟧}", '{"epochs": 1}'),
        ("{ep⟦⟧ochs}", '{"epochs": 1}'),
        ('{"lr": 1,⟦⟧}', '{"lr": 1,"epochs": 1}'),
        ('{"lr": 1, "e⟦⟧}', '{"lr": 1, "epochs": 1}'),
        ('{"lr": 1\n ⟦⟧}', '{"lr": 1,\n "epochs": 1}'),
        ('{"lr": [1]\n ⟦⟧}', '{"lr": [1],\n "epochs": 1}'),
        ('{"lr": 1,\n ⟦⟧\n "opt": "sgd"}', '{"lr": 1,\n "epochs": 1,\n "opt": "sgd"}'),
        ('{"lr": 1,\n "⟦⟧\n "opt": "sgd"}', '{"lr": 1,\n "epochs": 1,\n "opt": "sgd"}'),
        ('{"e⟦⟧": 3}', '{"epochs": 3}'),
        ('{"e⟦⟧"  : 3, "lr": 1}', '{"epochs"  : 3, "lr": 1}'),
        ('{⟦⟧ "lr": 1}', '{"epochs": 1, "lr": 1}'),
        ('{⟦⟧ // a comment\n "lr": 1}', '{"epochs": 1, // a comment\n "lr": 1}'),
        ('{"lr": 1, /* a */ ⟦⟧}', '{"lr": 1, /* a */ "epochs": 1}'),
        ('{"é😀": 1, "e⟦⟧"}', '{"é😀": 1, "epochs": 1}'),
    ],
)
def test_a_key_replaces_what_is_typed_and_brings_what_is_missing(marked: str, result: str) -> None:
    check(marked, "epochs", result)


@pytest.mark.parametrize(
    ("marked", "label", "result"),
    [
        ('{"opt": ⟦⟧}', "sgd", '{"opt": "sgd"}'),
        ('{"opt":⟦⟧', "sgd", '{"opt":"sgd"'),
        ('{"opt": "⟦⟧}', "sgd", '{"opt": "sgd"}'),
        ('{"opt": "s⟦⟧"}', "sgd", '{"opt": "sgd"}'),
        ('{"opt": s⟦⟧}', "sgd", '{"opt": "sgd"}'),
        ('{"opt": ⟦⟧\n "lr": 1}', "sgd", '{"opt": "sgd",\n "lr": 1}'),
        ('{"opt": ["adam", ⟦⟧]}', "sgd", '{"opt": ["adam", "sgd"]}'),
        ('{"opt": [⟦⟧]}', "adam", '{"opt": ["adam"]}'),
        ('{"amp": ⟦⟧}', "false", '{"amp": false}'),
        ('{"lr": ⟦⟧}', "0.001", '{"lr": 0.001}'),
        ('{"learning-rate": [1, ⟦⟧]}', "0.001", '{"learning-rate": [1, 0.001]}'),
        ('{"[lr,opt]": [[1, ⟦⟧]]}', "sgd", '{"[lr,opt]": [[1, "sgd"]]}'),
        ('{"[lr,opt]": [1, "⟦⟧"]}', "sgd", '{"[lr,opt]": [1, "sgd"]}'),
        ('{"[lr,⟦⟧]": 1}', "opt", '{"[lr,opt]": 1}'),
        ('{"[lr,o⟦⟧', "opt", '{"[lr,opt'),
        ('{"[⟦⟧,lr]": [[1, 2]]}', "opt", '{"[opt,lr]": [[1, 2]]}'),
    ],
)
def test_values_and_names_inside_brackets(marked: str, label: str, result: str) -> None:
    check(marked, label, result)


def test_a_flag_is_not_offered_beside_another_of_its_names() -> None:
    assert "lr" in labels('{"[opt,⟦⟧]": 1}') or "learning-rate" in labels('{"[opt,⟦⟧]": 1}')
    for name in ("lr", "learning-rate"):
        assert not {"lr", "learning-rate"} & set(labels(f'{{"[{name},⟦⟧]": 1}}'))


def test_what_a_list_has_is_not_offered_again() -> None:
    assert labels('{"opt": ["adam", ⟦⟧]}') == ["sgd"]


@pytest.mark.parametrize(
    "marked",
    [
        "// ⟦⟧\n{}",
        "{} // ⟦⟧",
        '{"lr"⟦⟧: 1}',
        '{"lr": 1⟦⟧1, "x"}',
        '{"lr": {"a": ⟦⟧}}',
        '{"lr": {⟦⟧}}',
        '{"lr": 1 ⟦⟧}',
        '{"[lr,opt]": ⟦⟧}',
        '{"[lr,opt]": [[1, "sgd"], ⟦⟧]}',
    ],
)
def test_nothing_is_offered_where_nothing_fits(marked: str) -> None:
    found = labels(marked)
    assert found in ([], ["0.001"]), found


def test_an_empty_file_gets_its_braces() -> None:
    check("⟦⟧", "{ }", "{}")
    check("[⟦⟧]", "{ }", "[{}]")
    check("// caliban: experiment\n⟦⟧", "{ }", "// caliban: experiment\n{}")
    assert labels('⟦⟧{"a": 1}') == []


CONFIGS = [
    ("{⟦⟧}", "module", '{"module": "trainer.train"}'),
    ('{"cl⟦⟧}', "cloud", '{"cloud": {}}'),
    ('{"cloud": {⟦⟧}}', "region", '{"cloud": {"region": "us-central1"}}'),
    ('{"cloud": {"re⟦⟧": "us-east1"}}', "region", '{"cloud": {"region": "us-east1"}}'),
    ('{"cloud": {"region": "us-⟦⟧}}', "us-east1", '{"cloud": {"region": "us-east1"}}'),
    (
        '{"cloud": {"region": ⟦⟧, "spot": true}}',
        "us-east1",
        '{"cloud": {"region": "us-east1", "spot": true}}',
    ),
    ('{"cloud": {"machine_type": "⟦⟧"}}', "n1-standard-4", '{"cloud": {"machine_type": "n1-standard-4"}}'),
    ('{"cloud": {"gpu_spec": "1x⟦⟧"}}', "4xT4", '{"cloud": {"gpu_spec": "4xT4"}}'),
    ('{"cloud": {"tpu_spec": ⟦⟧}}', "8xV3", '{"cloud": {"tpu_spec": "8xV3"}}'),
    ('{"cloud": {"backend": ⟦⟧}}', "vertex", '{"cloud": {"backend": "vertex"}}'),
    ('{"cloud": {"spot": t⟦⟧}}', "true", '{"cloud": {"spot": true}}'),
    ('{"base_image": ⟦⟧', "python:3.12-slim", '{"base_image": "python:3.12-slim"'),
    ('{"base_image": {"cpu": ⟦⟧}}', "python:3.12-slim", '{"base_image": {"cpu": "python:3.12-slim"}}'),
    ('{"base_image": {⟦⟧}}', "gpu", '{"base_image": {"gpu": "python:3.12-slim"}}'),
    ('{"default_mode": "⟦⟧"}', "CPU", '{"default_mode": "CPU"}'),
    ('{"apt_packages": [⟦⟧]}', "git", '{"apt_packages": ["git"]}'),
    ('{"limits": {⟦⟧}}', "max_jobs", '{"limits": {"max_jobs": 100}}'),
]


@pytest.mark.parametrize(("marked", "label", "result"), CONFIGS)
def test_keys_and_values_of_a_project_config(marked: str, label: str, result: str) -> None:
    check(marked, label, result, "project")


def test_keys_that_do_nothing_or_are_there_are_not_offered() -> None:
    found = labels('{"module": "a", ⟦⟧}', "project")
    assert "module" not in found
    assert "mlflow_config" not in found
    assert labels('{"cloud": {"labels": {⟦⟧}}}', "project") == []


def test_regions_come_nearest_first_and_those_with_the_gpu_before_others() -> None:
    _, found = offered('{"cloud": {"region": "⟦⟧", "gpu_spec": "8xA100"}}', "project")
    has = [goes(Request(region=one.item.label, gpu_spec=hardware.Accelerator("A100", 8))) for one in found]
    assert has == sorted(has, reverse=True)
    assert found[0].item.label == "us-central1"
    assert "Iowa" in found[0].item.detail
    assert re.search(r"\$\d+\.\d\d/h", found[0].item.detail)
    assert "not with this hardware" in found[-1].item.detail


def test_only_hardware_that_goes_with_the_rest_is_offered() -> None:
    for machine in labels('{"cloud": {"gpu_spec": "4xT4", "machine_type": "⟦⟧"}}', "project"):
        assert goes(Request(machine_type=machine, gpu_spec=hardware.Accelerator("T4", 4))), machine
    for spec in labels('{"cloud": {"region": "europe-west4", "gpu_spec": ⟦⟧}}', "project"):
        read = hardware.parse_spec(spec, "gpu")
        assert isinstance(read, hardware.Spec)
        assert goes(Request(region="europe-west4", gpu_spec=read.accelerator)), spec


def test_machine_types_say_their_size_and_price() -> None:
    _, found = offered('{"cloud": {"machine_type": "⟦⟧", "gpu_spec": "1xT4"}}', "project")
    (one,) = [one for one in found if one.item.label == "n1-standard-8"]
    assert one.item.detail == "8 vCPU, 30 GB · with 1xT4 · $0.87/h"


def test_machine_types_without_a_price_stand_by_size() -> None:
    marked = '{"cloud": {"region": "europe-west4", "gpu_spec": "1xL4", "machine_type": "⟦⟧"}}'
    _, found = offered(marked, "project")
    assert all("price not known" in one.item.detail for one in found)
    sizes = [int(one.item.label.rpartition("-")[2]) for one in found]
    assert len(sizes) > 2
    assert sizes == sorted(sizes)


PATHS = (
    *("Dockerfile", "data/", "run.sh", "setup.py", "train.py", "trainer/", "docker/", "trainer/__init__.py"),
    *(
        "trainer/__main__.py",
        "trainer/fast-net.py",
        "trainer/net.py",
        "trainer/test_net.py",
        "docker/gpu.Dockerfile",
    ),
    "trainer/notes.txt",
)


@pytest.mark.parametrize(
    ("marked", "wanted"),
    [
        (
            '{"script": ⟦⟧}',
            ["train.py", "trainer/__main__.py", "trainer/fast-net.py", "trainer/net.py"],
        ),
        ('{"module": "tr⟦⟧"}', ["run.sh", "train", "trainer", "trainer/fast-net.py", "trainer.net"]),
        ('{"dirs": ["data", "⟦⟧"]}', ["trainer", "docker"]),
        ('{"dirs": ⟦⟧}', ["data", "trainer", "docker"]),
        ('{"docker": {"dockerfile": ⟦⟧}}', ["Dockerfile", "docker/gpu.Dockerfile"]),
        ('{"gcloud": {"cloud_key": ⟦⟧}}', ["key.json"]),
    ],
)
def test_files_of_the_project_are_offered_where_one_is_named(marked: str, wanted: list[str]) -> None:
    assert labels(marked, "project", paths=PATHS) == wanted
    text, found = offered(marked, "project", paths=PATHS)
    for one in found:
        written = apply_edits(text, (one.edit, *one.more))
        assert validate(context_of(written, "project").document, "project") == []


def test_a_key_is_completed_with_a_file_that_is_there() -> None:
    check("{⟦⟧}", "script", '{"script": "train.py"}', "project", paths=PATHS)
    check("{⟦⟧}", "dirs", '{"dirs": ["data"]}', "project", paths=PATHS)
    check("{⟦⟧}", "script", '{"script": "trainer/train.py"}', "project")  # an example, where there is none


def test_every_base_image_is_one_that_a_config_takes() -> None:
    for image in BASE_IMAGES:
        text = json.dumps({"base_image": image})
        assert validate(context_of(text, "project").document, "project") == []


def expanded(snippet: str) -> str:
    """Return what an editor writes when all places of a snippet are left as they are."""
    text = re.sub(r"\$\{\d+\|((?:\\.|[^,|\\])*)(?:,(?:\\.|[^|\\])*)*\|\}", r"\1", snippet)
    text = re.sub(r"\$\{\d+:((?:\\.|[^}\\])*)\}", r"\1", text)
    return re.sub(r"\\([\\$},|])", r"\1", re.sub(r"\$\d+", "", text))


@pytest.mark.parametrize(
    ("marked", "kind"),
    [
        ("{⟦⟧}", "experiment"),
        ('{"lr": 1, ⟦⟧\n "x": 2}', "experiment"),
        ("⟦⟧", "experiment"),
        *((marked, "project") for marked, _, _ in CONFIGS if marked.endswith("}") and '⟧":' not in marked),
    ],
)
def test_every_choice_gives_json_without_mistakes(marked: str, kind: DocumentKind) -> None:
    text, found = offered(marked, kind)
    assert found
    for one in found:
        plain = apply_edits(text, (one.edit, *one.more))
        for written in (plain, plain if one.snippet is None else _with_snippet(text, one)):
            json.loads(written)
            errors = [
                found.message
                for found in validate(context_of(written, kind).document, kind)
                # Whether all hardware of a config goes together isn't a matter of one key.
                if found.severity is Severity.ERROR and not found.code.startswith("CAL4")
            ]
            assert not errors, (one.item.label, written)


def _with_snippet(text: str, one: Completion) -> str:
    assert one.snippet is not None
    span = one.edit.span
    return text[: span.start] + expanded(one.snippet) + text[span.end :]


@given(st.text(st.sampled_from('{}[]",:ab1 \n/*#⟦'), max_size=30), st.integers(0, 30))
def test_no_text_makes_it_fail(text: str, offset: int) -> None:
    kinds: tuple[DocumentKind, ...] = ("experiment", "project")
    for kind in kinds:
        offset = min(offset, len(text))
        for one in complete(context_of(text, kind), offset):
            assert 0 <= one.edit.span.start <= offset <= one.edit.span.end <= len(text)


def test_documentation_says_what_the_script_says() -> None:
    _, found = offered("{⟦⟧}")
    (one,) = [one for one in found if one.item.label == "learning-rate"]
    assert r"Step \*size\*" in one.item.documentation
    assert "default `0.001`" in one.item.documentation
