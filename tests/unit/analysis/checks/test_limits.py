"""Family CAL6: sweeps over their project's limits, identical jobs, and slow submissions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.checks.limits import different_jobs, flags_key
from caliban_ls.analysis.config import project
from caliban_ls.analysis.config.project import Limits
from caliban_ls.analysis.config.settings import Settings, UserLimits
from caliban_ls.analysis.estimate import CostEstimate, jobs_allowed, lower_limits
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.findings import apply_edits
from caliban_ls.validation import validate


def check(marked: str, *codes: str, config: str = "{}", own: UserLimits | None = None) -> None:
    """Findings sit exactly on the ⟦marked⟧ text, in order, and nowhere else."""
    text, spans = unmark(marked)
    estimate = CostEstimate(project.read(jsondoc.parse(config)), Settings(limits=own or UserLimits()))
    found = validate(jsondoc.parse(text), "experiment", estimate=estimate)
    assert [(item.span, item.code) for item in found] == list(zip(spans, codes, strict=True))


def test_jobs_are_held_against_the_written_limit() -> None:
    three = '{"limits": {"max_jobs": 3}}'
    check('{"a": [1, 2, 3]}', config=three)
    check('⟦{⟧"a": [1, 2, 3, 4]}', "CAL601", config=three)
    check('⟦[⟧{"a": [1, 2]}, {"a": [3, 4]}]', "CAL601", config=three)
    check('⟦{⟧"a": [1, 2]}', "CAL601", config=three, own=UserLimits(max_jobs=1))
    check('⟦{⟧"a": [1, 2]}', "CAL601", own=UserLimits(max_jobs=1))
    check('⟦{⟧"a": [1, 2, 3, 4]}', "CAL601", config=three, own=UserLimits(max_jobs=9))
    check('{"a": [1, 2, 3, ⟦null⟧]}', "CAL203", config=three)


def test_money_is_held_against_the_written_limit() -> None:
    check('{"a": [1, 2]}', config='{"limits": {"max_cost_per_hour": 1.8}}')
    check('⟦{⟧"a": [1, 2]}', "CAL602", config='{"limits": {"max_cost_per_hour": 1.7}}')
    cheap = '{"cloud": {"spot": true}, "limits": {"max_cost_per_hour": 1.7}}'
    check('{"a": [1, 2]}', config=cheap)
    check(
        '⟦{⟧"a": 1}',
        "CAL602",
        config='{"cloud": {"region": "us-nowhere1"}, "limits": {"max_cost_per_hour": 1e9}}',
    )
    check(
        '⟦{⟧"a": 1}', "CAL602", config='{"cloud": {"gpu_spec": "3xT4"}, "limits": {"max_cost_per_hour": 1e9}}'
    )


def test_the_default_of_100_jobs_is_no_matter_of_the_file() -> None:
    many = ", ".join(map(str, range(120)))
    check(f'⟦{{⟧"a": [{many}]}}', "CAL604")


@pytest.mark.parametrize(
    ("own", "theirs", "allowed"),
    [(None, None, 100), (None, 500, 100), (None, 5, 5), (500, None, 500), (500, 5, 5), (5, 500, 5)],
)
def test_a_project_lowers_limits_and_raises_none(own: int | None, theirs: int | None, allowed: int) -> None:
    assert jobs_allowed(UserLimits(max_jobs=own), Limits(max_jobs=theirs)) == allowed
    written = lower_limits(UserLimits(max_jobs=own), Limits(max_jobs=theirs)).max_jobs
    assert written == (min([one for one in (own, theirs) if one is not None], default=None))


@pytest.mark.parametrize(
    "marked",
    [
        '{"a": [1, ⟦1⟧]}',
        '{"a": [1, 2, ⟦1⟧, 2, 1]}',
        '{"a": ["1", ⟦1⟧]}',
        '{"a": [1e-4, ⟦0.0001⟧]}',
        '{"a": [true, false, ⟦true⟧]}',
        '{"[a,b]": [[1, 2], [2, 1], ⟦[1, 2]⟧]}',
        '{"a": [1, ⟦1⟧], "b": [2, 3]}',
        '[{"a": [1, 2]}, ⟦{⟧"a": [2, 3]}]',
        '[{"a": 1, "b": 2}, ⟦{⟧"b": 2, "a": 1}]',
        '[{"a": 1}, ⟦{⟧"a": 1, "b": false}]',
        "[{}, ⟦{⟧}]",
    ],
)
def test_identical_jobs(marked: str) -> None:
    check(marked, "CAL603")


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 1.0, "x"]}',
        '{"a": [true, "True", false]}',
        '[{"a": true}, {"a": "True"}]',
        '{"[a,b]": [[1, 2], [2, 1]]}',
        '[{"a": 1}, {"b": 1}, {"a": [2, 3]}]',
    ],
)
def test_jobs_that_differ(text: str) -> None:
    check(text)


def test_fixes_take_out_all_that_is_there_twice() -> None:
    for text, mended in (
        ('{"a": [1, 2, 1, 2, 3, 1]}', '{"a": [1, 2, 3]}'),
        ('[{"a": 1}, {"b": 2}, {"a": 1}]', '[{"a": 1}, {"b": 2}]'),
    ):
        (found,) = validate(jsondoc.parse(text), "experiment")
        (fix,) = found.fixes
        assert apply_edits(text, fix.edits) == mended


def test_large_sweeps_are_never_enumerated() -> None:
    axes = {letter: list(range(100)) for letter in "abcdefg"}
    text = json.dumps([axes, axes])
    codes = [found.code for found in validate(jsondoc.parse(text), "experiment")]
    assert codes == ["CAL604"]


SMALL = st.sampled_from([1, 2, "1", True, False])
SWEEPS = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.one_of(SMALL, st.lists(SMALL, min_size=1, max_size=3))),
    min_size=1,
    max_size=3,
)


@given(SWEEPS)
def test_jobs_are_found_identical_just_when_their_flags_are(blocks: list[dict[str, Any]]) -> None:
    sweep = sweeps.read(jsondoc.parse(json.dumps(blocks)))
    lines = [frozenset(_words(job)) for job in sweeps.expand(sweep)]
    assert different_jobs(sweep) == len(set(lines))
    assert len({flags_key(job) for job in sweeps.expand(sweep)}) == len(set(lines))
    found = validate(jsondoc.parse(json.dumps(blocks)), "experiment")
    assert ("CAL603" in {one.code for one in found}) is (len(set(lines)) < len(lines))


def _words(job: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return a job's flags as its command line has them, in no order."""
    each = (sweeps.arguments({flag: value}) for flag, value in job.items())
    return [words for words in each if words]


@given(SWEEPS, st.integers(0, 60), st.sampled_from(["1", "2", ",", '"', "[", "]", ""]))
def test_what_is_kept_of_a_block_is_what_a_fresh_look_finds(
    blocks: list[dict[str, Any]], place: int, typed: str
) -> None:
    document = jsondoc.parse(json.dumps(blocks))
    validate(document, "experiment")
    document.edit(place, place + 1, typed)
    assert validate(document, "experiment") == validate(jsondoc.parse(document.text), "experiment")
