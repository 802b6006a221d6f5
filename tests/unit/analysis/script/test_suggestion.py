"""Suggest a value for a flag: its parser accepts it, and a number is within the bounds."""

from __future__ import annotations

import json
from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from caliban_ls.analysis.script.model import Bounds, Flag
from caliban_ls.analysis.script.suggestion import first_value
from caliban_ls.core.text import Span

ENDS = st.one_of(st.none(), st.integers(-20, 20), st.sampled_from([-0.5, 0.0, 0.001, 0.25, 1.5, 1e6]))
BOUNDS = st.builds(Bounds, ENDS, ENDS, st.booleans(), st.booleans())


def flag(kind: Literal["int", "float"], bounds: Bounds) -> Flag:
    return Flag(name="x", names=("--x",), kind=kind, arity="one", bounds=bounds, path="t.py", span=Span(0, 0))


@pytest.mark.parametrize("kind", ["int", "float"])
@given(low=ENDS, high=ENDS, low_open=st.booleans(), high_open=st.booleans())
def test_a_number_is_within_bounds(
    kind: Literal["int", "float"], low: float | None, high: float | None, *, low_open: bool, high_open: bool
) -> None:
    bounds = Bounds(low, high, low_open, high_open)
    ends = bounds.whole() if kind == "int" else bounds
    assume(ends.low is None or ends.high is None or ends.low < ends.high)
    number = json.loads(first_value(flag(kind, bounds)))
    assert number in bounds
    assert isinstance(number, int) or kind == "float"


@given(BOUNDS, BOUNDS, st.one_of(st.integers(-30, 30), st.floats()))
def test_where_two_bounds_meet_both_hold(one: Bounds, other: Bounds, number: float) -> None:
    assert (number in (one & other)) is (number in one and number in other)


@given(BOUNDS, st.integers(-30, 30))
def test_of_whole_numbers_the_same_are_inside(bounds: Bounds, number: int) -> None:
    assert (number in bounds.whole()) is (number in bounds)


@pytest.mark.parametrize(
    ("bounds", "said"),
    [
        (Bounds(1), "of at least 1"),
        (Bounds(None, 5), "of at most 5"),
        (Bounds(0, 1), "from 0 to 1"),
        (Bounds(0, 1, low_open=True), "above 0 and of at most 1"),
        (Bounds(0, None, low_open=True), "above 0"),
        (Bounds(None, 1, high_open=True), "below 1"),
        (Bounds(0.5, 3).whole(), "from 1 to 3"),
        (Bounds(0, 3, low_open=True, high_open=True).whole(), "from 1 to 2"),
    ],
)
def test_bounds_are_spoken_of(bounds: Bounds, said: str) -> None:
    assert str(bounds) == said
