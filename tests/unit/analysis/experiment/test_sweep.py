"""The sweep language: what is wrong with a config, how many jobs it is, and which."""

from __future__ import annotations

import itertools
import json

import pytest
from support.invalid_sweeps import BROKEN
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.findings import apply_edits
from caliban_ls.validation import validate


def check(marked: str, *codes: str) -> None:
    """Findings of all families sit exactly on the ⟦marked⟧ text, in order, and nowhere else."""
    text, spans = unmark(marked)
    found = validate(jsondoc.parse(text), "experiment")
    assert [(item.span, item.code) for item in found] == list(zip(spans, codes, strict=True))


@pytest.mark.parametrize(("marked", "code"), BROKEN.values(), ids=BROKEN.keys())
def test_one_mistake_gives_one_finding_on_its_spot(marked: str, code: str) -> None:
    check(marked, code)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"a": 1, "b": "x", "c": true, "d": 1.5}',
        '{"a": [1, 2, 3], "b": [true, false]}',
        '[{"a": 1}, [{"b": 2}, [{}]]]',
        '{"[a, b]": [[1, 2], [3, 4]]}',
        '{"[a,b]": [1, 2]}',
        '{"[a]": [1]}',
        '{"a": [[1, 2], [3]]}',
        '{"[a,b]": [[[1, 2], 3]]}',
        '{"a-b.c/d": 1}',
    ],
)
def test_what_the_reference_accepts_has_no_finding(text: str) -> None:
    check(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, }',
        '{"a": NaN}',
        '{"[a,b]": [[1, 2], [3',
        '{"a": 1 "b": null2}',
        "[{]",
        '{"a": [1 2]}',
    ],
)
def test_broken_syntax_brings_no_findings_of_the_sweep(text: str) -> None:
    found = validate(jsondoc.parse(text), "experiment")
    assert found
    assert {item.code[:4] for item in found} == {"CAL1"}


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ('{"learning rate": 1}', '{"learning_rate": 1}'),
        ('{"[lr": 1}', '{"lr": 1}'),
        ('{"a,b": [[1, 2]]}', '{"[a,b]": [[1, 2]]}'),
        ('{"[a,,b]": [[1, 2]]}', '{"[a,b]": [[1, 2]]}'),
        ('{"--lr": 1}', '{"lr": 1}'),
        ('{"[--a,-b]": [[1, 2]]}', '{"[a,b]": [[1, 2]]}'),
        ('{"[a]": 1}', '{"[a]": [1]}'),
        ("[]", "[{}]"),
    ],
)
def test_a_certain_fix_mends(text: str, mended: str) -> None:
    (found,) = validate(jsondoc.parse(text), "experiment")
    assert apply_edits(text, found.fixes[0].edits) == mended
    assert validate(jsondoc.parse(mended), "experiment") == []


@pytest.mark.parametrize(
    "text", ['{"a,b": 5}', '{"a,b": [[1]]}', '{"a b": 1, "a_b": 2}', '{"": 1}', '{"--": 1}']
)
def test_no_fix_where_the_meaning_is_uncertain(text: str) -> None:
    (found,) = validate(jsondoc.parse(text), "experiment")
    assert found.fixes == ()


def test_blocks_and_their_pointers_and_counts() -> None:
    sweep = sweeps.read(jsondoc.parse('[{"a": [1, 2]}, [{"b": 1}, {}], {"[c,d]": [[1, 2], [3, 4], [5, 6]]}]'))
    assert [(block.pointer, block.count) for block in sweep.blocks] == [
        ("/0", 2),
        ("/1/0", 1),
        ("/1/1", 1),
        ("/2", 3),
    ]
    assert sweep.count == 7


def test_a_config_with_errors_has_no_count() -> None:
    sweep = sweeps.read(jsondoc.parse('[{"a": [1, 2]}, {"b": null}]'))
    assert [block.count for block in sweep.blocks] == [2, None]
    assert sweep.count is None
    assert sweeps.read(jsondoc.parse('{"a": [1, 2')).count is None


@pytest.mark.parametrize(
    "block",
    [
        '{"a": "\\u0000"}',
        '{"a": 1x}',
        '{"a": [1, tru]}',
        '{"a": [1,, 2]}',
        '{"[a,b]": [[1, 2], [3, 4x]]}',
        '{"a": [[1, 2], [3, 4]}',
        '{"a: 1}',
        '{"a": [1, 2], "b"}',
    ],
)
def test_a_block_whose_syntax_leaves_anything_open_has_no_count(block: str) -> None:
    sweep = sweeps.read(jsondoc.parse(f'[{{"c": [1, 2]}}, {block}\n]'))
    assert [one.count for one in sweep.blocks][:2] == [2, None]


def test_the_last_key_varies_fastest_and_keys_keep_their_order() -> None:
    sweep = sweeps.read(jsondoc.parse('{"z": [1, 2], "[m,n]": [[3, 4], [5, 6]], "a": true, "b": false}'))
    assert [sweeps.arguments(job) for job in sweeps.expand(sweep)] == [
        ("--z", "1", "--m", "3", "--n", "4", "--a"),
        ("--z", "1", "--m", "5", "--n", "6", "--a"),
        ("--z", "2", "--m", "3", "--n", "4", "--a"),
        ("--z", "2", "--m", "5", "--n", "6", "--a"),
    ]


def test_values_are_spelled_as_python_spells_them() -> None:
    text = '{"a": 1e-4, "b": 1.0, "c": 1e22, "d": "x y", "e": [[1, "two", true]], "f": -0}'
    (job,) = sweeps.expand(sweeps.read(jsondoc.parse(text)))
    assert sweeps.arguments(job)[1::2] == ("0.0001", "1.0", "1e+22", "x y", "[1, 'two', True]", "0")


def test_a_huge_sweep_costs_nothing_until_asked_for() -> None:
    axis = json.dumps(list(range(1000)))
    sweep = sweeps.read(jsondoc.parse("{" + ",".join(f'"k{number}": {axis}' for number in range(5)) + "}"))
    assert sweep.count == 10**15
    first = list(itertools.islice(sweeps.expand(sweep), 3))
    assert [job["k4"] for job in first] == [0, 1, 2]
    assert sweeps.combination(sweep, 10**15) == dict.fromkeys(("k0", "k1", "k2", "k3", "k4"), 999)


def test_one_combination_is_the_one_that_expansion_counts() -> None:
    text = '[{"a": [1, 2], "[b,c]": [[1, 2], [3, 4], [5, 6]]}, {}, {"d": [7, 8]}]'
    sweep = sweeps.read(jsondoc.parse(text))
    everything = list(sweeps.expand(sweep))
    assert [sweeps.combination(sweep, index) for index in range(1, 10)] == everything
    for outside in (0, -1, 10):
        with pytest.raises(IndexError):
            sweeps.combination(sweep, outside)


def test_an_edit_rechecks_the_touched_block() -> None:
    document = jsondoc.parse('[{"a": [1, 2]}, {"b": null}]')
    assert [found.code for found in validate(document, "experiment")] == ["CAL203"]
    at = document.text.index("null")
    document.edit(at, at + 4, "[1, 2, 3]")
    assert validate(document, "experiment") == []
    assert sweeps.read(document).count == 5
    document.edit(2, 5, '"a b"')
    (found,) = validate(document, "experiment")
    assert (found.code, found.span.start) == ("CAL205", 2)
