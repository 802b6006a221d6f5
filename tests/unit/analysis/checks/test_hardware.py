"""The hardware that a project config asks for: findings on the part that is wrong, fixes that mend the file."""

from __future__ import annotations

import json

import pytest
from support import hardware_facts as facts
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.checks.hardware import changed
from caliban_ls.analysis.findings import Finding, Severity, apply_edits
from caliban_ls.validation import validate


def errors(text: str) -> list[Finding]:
    return [found for found in validate(jsondoc.parse(text), "project") if found.severity is Severity.ERROR]


def check(marked: str, *codes: str) -> None:
    """Findings sit exactly on the ⟦marked⟧ text, in order, and nowhere else."""
    text, spans = unmark(marked)
    found = validate(jsondoc.parse(text), "project")
    assert [(item.span, item.code) for item in found] == list(zip(spans, codes, strict=True))


@pytest.mark.parametrize(
    ("marked", "code"),
    [
        ('{"cloud": {"gpu_spec": "⟦3⟧xT4"}}', "CAL411"),
        ('{"cloud": {"gpu_spec": "1x⟦K80⟧"}}', "CAL407"),
        ('{"cloud": {"region": "me-central2", "gpu_spec": "1x⟦T4⟧"}}', "CAL409"),
        ('{"cloud": {"gpu_spec": "⟦T4⟧"}}', "CAL401"),
        ('{"cloud": {"gpu_spec": "⟦0⟧xT4"}}', "CAL401"),
        ('{"cloud": {"gpu_spec": "1x⟦T\\u0034⟧", "region": "me-central2"}}', "CAL409"),
        ('{"cloud": {"machine_type": ⟦"e2-standard-8"⟧, "gpu_spec": "1xT4"}}', "CAL410"),
        ('{"cloud": {"region": ⟦"us-central2"⟧}}', "CAL405"),
        ('{"cloud": {"region": ⟦"us-centrall1"⟧}}', "CAL402"),
        ('{"cloud": {"region": "us-centrall1"}} // caliban: ignore CAL402', ""),
        ('{"cloud": {"backend": ⟦"ai-platform"⟧}}', "CAL415"),
    ],
)
def test_a_finding_sits_on_the_part_that_is_wrong(marked: str, code: str) -> None:
    check(marked, *([code] if code else []))


def test_force_takes_the_weight_off() -> None:
    assert errors('{"cloud": {"gpu_spec": "3xT4", "force": true}}') == []


def test_nothing_is_said_where_nothing_is_asked() -> None:
    check('{"cloud": {"labels": {"a": "b"}, "service_account": "a@b.iam.gserviceaccount.com"}}')


def config(backend: str, region: str, machine: str, held: facts.Held | None) -> str:
    cloud = {"backend": backend, "region": region, "machine_type": machine}
    if held is not None:
        key = f"{facts.kinds(backend)[held[0]]}_spec"
        cloud[key] = f"{held[1]}x{held[0]}"
    return json.dumps({"cloud": cloud}, indent=2)


@pytest.mark.parametrize("backend", ["vertex", "ai-platform"])
def test_what_the_tables_exclude_is_one_error_whose_fixes_mend(backend: str) -> None:
    """Every sort of machine with everything it could be asked to hold, in a few regions."""
    regions = facts.regions(backend)[:: 16 if backend == "vertex" else 8]
    impossible = possible = 0
    for region in regions:
        for machine in facts.sorts_of_machine(backend):
            for held in facts.every_held(backend):
                text = config(backend, region, machine, held)
                found = errors(text)
                if facts.ok(backend, region, machine, held):
                    assert found == [], text
                    possible += 1
                    continue
                assert len(found) == 1, text
                impossible += 1
                check_fixes(text, found[0])
    assert possible > 50
    assert impossible > 300


def check_fixes(text: str, found: Finding) -> None:
    assert found.fixes, text
    for fix in found.fixes:
        mended = apply_edits(text, fix.edits)
        assert errors(mended) == [], (text, fix.title, mended)


@pytest.mark.parametrize(
    ("text", "changes", "expected"),
    [
        ("{}", {"region": "a"}, '{"cloud": {"region": "a"}}'),
        ('{"cloud": {}}', {"region": "a"}, '{"cloud": {"region": "a"}}'),
        ('{"cloud": {"region": "b"}}', {"region": "a"}, '{"cloud": {"region": "a"}}'),
        (
            '{\n  "cloud": {\n    "region": "b" // why\n  }\n}',
            {"region": "a", "spot": True},
            '{\n  "cloud": {\n    "region": "a", // why\n    "spot": true\n  }\n}',
        ),
        (
            '{"cloud": {"tpu_spec": "8xV2"}}',
            {"gpu_spec": "1xT4", "tpu_spec": None},
            '{"cloud": {"gpu_spec": "1xT4"}}',
        ),
        ('{"cloud": {"region": "b"}}', {"machine_type": None}, '{"cloud": {"region": "b"}}'),
    ],
)
def test_changes_leave_the_rest_as_it_is(text: str, changes: dict[str, str | None], expected: str) -> None:
    edits = changed(jsondoc.parse(text), "cloud", changes)  # type: ignore[arg-type]  # keys of the section
    assert len(edits) <= 1
    assert apply_edits(text, edits) == expected


MALFORMED = ("T4", "x", "banana", "0xT4", "T4x2", "99999999xT4", "8xV3", "-1xT4", "2 x A100", "éxT4")


@pytest.mark.parametrize("spec", MALFORMED)
@pytest.mark.parametrize(
    "rest",
    [
        {},
        {"region": "africa-south1"},
        {"machine_type": "e2-standard-8"},
        {"machine_type": "a2-highgpu-1g"},
        {"tpu_spec": "8xV2"},
        {"tpu_spec": "nothing"},
        {"region": "us-east4", "spot": True},
    ],
    ids=str,
)
def test_every_spec_that_cannot_be_read_has_fixes_after_which_there_is_no_error(
    spec: str, rest: dict[str, object]
) -> None:
    text = json.dumps({"cloud": {**rest, "gpu_spec": spec}}, ensure_ascii=False)
    (found,) = errors(text)
    assert found.code == "CAL401"
    left = [errors(apply_edits(text, fix.edits)) for fix in found.fixes]
    assert left
    # What else can't be read has its own finding once this one is gone, unless it was written over.
    hidden = ["CAL401"] if rest.get("tpu_spec") == "nothing" else []
    assert all([other.code for other in others] in ([], hidden) for others in left)
