"""Which jobs a place in a config is part of."""

from __future__ import annotations

import pytest
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.experiment.selection import Selection, jobs_at


def check(marked: str, expected: list[int]) -> None:
    """A cursor at the ⟦mark⟧, or at its end, means these jobs of the sweep; each is the one of that number."""
    text, (spot,) = unmark(marked)
    sweep = sweeps.read(jsondoc.parse(text))
    for offset in {spot.start, spot.end}:
        chosen = jobs_at(sweep, offset)
        jobs = list(chosen.jobs())
        assert [index for index, _ in jobs] == expected
        assert chosen.count == len(expected)
        assert all(parameters == sweeps.combination(sweep, index) for index, parameters in jobs)


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ('{"a": [⟦1⟧, 2], "b": [3, 4, 5]}', [1, 2, 3]),
        ('{"a": [1, ⟦2⟧], "b": [3, 4, 5]}', [4, 5, 6]),
        ('{"a": [1, 2], "b": [3, ⟦4⟧, 5]}', [2, 5]),
        ('{⟦"a"⟧: [1, 2], "b": [3, 4, 5]}', [1, 2, 3, 4, 5, 6]),
        ('{"a": [1, 2], ⟦⟧"b": [3, 4, 5]}', [1, 2, 3, 4, 5, 6]),
        ('[{"a": [1, 2]}, {"a": [3, ⟦4⟧], "b": "x"}]', [4]),
        ('[{"a": [1, 2]}, {"a": [3, 4], "b": ⟦"x"⟧}]', [3, 4]),
        ('[{"a": [1, 2]},⟦⟧ {"a": 3}]', [1, 2, 3]),
        ('{"[a,b]": [[1, 2], [⟦3⟧, 4]], "c": [5, 6]}', [3, 4]),
        ('{"[a,b]": [1, ⟦2⟧], "c": [5, 6]}', [1, 2]),
        ('{"a": [[1, 2], [⟦3⟧]]}', [2]),
        ("⟦{}⟧", [1]),
        ("⟦⟧// none\n[]", []),
    ],
)
def test_a_place_means_jobs(marked: str, expected: list[int]) -> None:
    check(marked, expected)


def test_a_huge_sweep_is_counted_and_begun_at_once() -> None:
    axis = list(range(1000))
    text, (spot,) = unmark("{" + ",".join(f'"k{n}": {axis}' for n in range(5)) + ',"x": [1, ⟦2⟧]}')
    sweep = sweeps.read(jsondoc.parse(text))
    chosen = jobs_at(sweep, spot.start)
    assert chosen.count == 10**15
    assert next(iter(chosen.jobs()))[0] == 2
    assert Selection(sweep).count == 2 * 10**15
