"""The project config: what is wrong with it, what mends it, and the values that hold."""

from __future__ import annotations

import pytest
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config import project
from caliban_ls.analysis.config.keys import documented
from caliban_ls.analysis.config.shapes import describe
from caliban_ls.analysis.findings import apply_edits
from caliban_ls.validation import validate


def check(marked: str, *codes: str) -> None:
    """Findings sit exactly on the ⟦marked⟧ text, in order, and nowhere else."""
    text, spans = unmark(marked)
    found = validate(jsondoc.parse(text), "project")
    assert [(item.span, item.code) for item in found] == list(zip(spans, codes, strict=True))


WRONG = [
    ('⟦"x"⟧', "CAL301"),
    ('{⟦"base_imge"⟧: "x"}', "CAL302"),
    ('{⟦"region"⟧: "us-central1"}', "CAL302"),
    ('{"limits": {⟦"max_job"⟧: 5}}', "CAL302"),
    ('{"apt_packages": {⟦"tpu"⟧: ["git"]}}', "CAL302"),
    ('{"apt_packages": ⟦"git"⟧}', "CAL303"),
    ('{"apt_packages": ["git", ⟦5⟧]}', "CAL303"),
    ('{"apt_packages": {"cpu": ⟦"git"⟧}}', "CAL303"),
    ('{"base_image": ⟦null⟧}', "CAL303"),
    ('{"base_image": {"gpu": ⟦1⟧}}', "CAL303"),
    ('{"gcloud": ⟦[]⟧}', "CAL303"),
    ('{"cloud": {"spot": ⟦"true"⟧}}', "CAL303"),
    ('{"limits": {"max_jobs": ⟦"10"⟧}}', "CAL303"),
    ('{"default_mode": ⟦"TPU"⟧}', "CAL304"),
    ('{"cloud": {"backend": ⟦"vertexx"⟧}}', "CAL304"),
    ('{"limits": {"max_jobs": ⟦0⟧}}', "CAL304"),
    ('{"limits": {"max_jobs": ⟦1.5⟧}}', "CAL304"),
    ('{"limits": {"max_cost_per_hour": ⟦-1⟧}}', "CAL304"),
    ('{"module": ⟦" "⟧}', "CAL304"),
    ('{"gcloud": {"project_id": ⟦"My First Project"⟧}}', "CAL304"),
    ('{"cloud": {"service_account": ⟦"me"⟧}}', "CAL304"),
    ('{"cloud": {"repository": ⟦"https://us-central1-docker.pkg.dev/p/r"⟧}}', "CAL304"),
    ('{"cloud": {"labels": {⟦"Team"⟧: "a"}}}', "CAL304"),
    ('{"cloud": {"labels": {"team": ⟦"A.B"⟧}}}', "CAL304"),
    ('{"dirs": ["data", ⟦"../other"⟧]}', "CAL305"),
    ('{"dirs": [⟦"/etc"⟧]}', "CAL305"),
    ('{"script": ⟦"~/train.py"⟧}', "CAL305"),
    ('{"module": ⟦"a/../../b.py"⟧}', "CAL305"),
    ('{"script": ⟦"C:\\\\train.py"⟧}', "CAL305"),
    ('{⟦"mlflow_config"⟧: {"project": "x"}}', "CAL306"),
    ('{"base_image": ⟦"gcr.io/blueshift-playground/blueshift:cpu"⟧}', "CAL307"),
    ('{"base_image": {"cpu": ⟦"gcr.io/blueshift-playground/blueshift:cpu"⟧}}', "CAL307"),
]


@pytest.mark.parametrize(("marked", "code"), WRONG)
def test_one_mistake_gives_one_finding_on_its_spot(marked: str, code: str) -> None:
    check(marked, code)


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ('{"base_imge": "x"}', '{"base_image": "x"}'),
        ('{"apt_packages": "git"}', '{"apt_packages": ["git"]}'),
        ('{"cloud": {"spot": "True"}}', '{"cloud": {"spot": true}}'),
        ('{"limits": {"max_jobs": "10"}}', '{"limits": {"max_jobs": 10}}'),
        ('{"default_mode": "gp"}', '{"default_mode": "GPU"}'),
        ('{"module": "a", "julia_version": "1.5"}', '{"module": "a"}'),
        ('{"julia_version": "1.5", "module": "a"}', '{"module": "a"}'),
        ('{"julia_version": "1.5",}', "{}"),
    ],
)
def test_a_certain_fix_mends(text: str, mended: str) -> None:
    found = next(item for item in validate(jsondoc.parse(text), "project") if item.code.startswith("CAL3"))
    assert apply_edits(text, found.fixes[0].edits) == mended
    assert validate(jsondoc.parse(mended), "project") == []


def test_an_unknown_key_names_the_nearest_or_where_it_belongs() -> None:
    (near,) = validate(jsondoc.parse('{"base_imge": "x"}'), "project")
    assert "base_image" in near.message
    (elsewhere,) = validate(jsondoc.parse('{"machine_type": "n1-standard-8"}'), "project")
    assert "cloud.machine_type" in elsewhere.message
    (unlike,) = validate(jsondoc.parse('{"zzz": 1}'), "project")
    assert "apt_packages" in unlike.message


def test_a_rename_whose_value_would_be_wrong_is_not_offered() -> None:
    (found,) = validate(jsondoc.parse('{"base_imge": 5}'), "project")
    assert found.fixes == ()


def test_the_values_that_hold() -> None:
    text = """{
      "module": "trainer.train", "default_mode": "gpu", "base_image": {"cpu": "a:{}", "gpu": "b"},
      "apt_packages": ["git", "curl"], "extras": ["dev"], "dirs": ["data"],
      "gcloud": {"project_id": "my-project", "cloud_key": "/keys/a.json"},
      "cloud": {"backend": "Vertex", "region": "us-central1", "spot": true, "labels": {"team": "a-b_1"}},
      "limits": {"max_jobs": 10, "max_cost_per_hour": 2.5},
    }"""
    read = project.read(jsondoc.parse(text))
    assert read.module == "trainer.train"
    assert read.default_mode == "gpu"
    assert read.base_image == {"cpu": "a:{}", "gpu": "b"}
    assert read.apt_packages == ("git", "curl")
    assert (read.project_id, read.cloud_key) == ("my-project", "/keys/a.json")
    assert read.cloud == project.Cloud(
        backend="vertex", region="us-central1", spot=True, labels={"team": "a-b_1"}
    )
    assert read.limits == project.Limits(10, 2.5)


def test_a_wrong_value_counts_as_not_given_and_the_rest_holds() -> None:
    read = project.read(
        jsondoc.parse('{"module": 5, "extras": ["a", null], "limits": {"max_jobs": "x"}, "dirs": ["d"]}')
    )
    assert (read.module, read.extras, read.limits.max_jobs, read.dirs) == (None, ("a",), None, ("d",))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"cloud": [1]}', '{"cloud": {"labels": 3}', "{'a': 1}"]
)
def test_broken_text_never_raises(text: str) -> None:
    assert project.read(jsondoc.parse(text)).module is None


def test_every_key_is_documented() -> None:
    for name, key in documented():
        assert key.doc.endswith(".") or key.doc.endswith("`."), name
        assert describe(key.shape)


def test_nothing_is_taken_out_of_an_object_that_cannot_be_read() -> None:
    found = [
        item
        for item in validate(jsondoc.parse('{"julia_version": "1.5""}'), "project")
        if item.code == "CAL306"
    ]
    assert [item.fixes for item in found] == [()]


def test_hardware_of_a_section_that_cannot_be_read_is_not_judged() -> None:
    codes = {
        item.code
        for item in validate(jsondoc.parse('{"cloud": {"gpu_spec": "3xT4"x"spot": true}}'), "project")
    }
    assert codes
    assert not [code for code in codes if code.startswith("CAL4")]
