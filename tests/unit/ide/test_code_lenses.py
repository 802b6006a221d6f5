"""Code lenses and their titles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support.document_contexts import context_of

from caliban_ls.ide.code_lenses import lenses


def titles(text: str, **known: Any) -> list[str]:
    return [lens.title for lens in lenses(context_of(text, **known))]


def test_a_block_has_lenses_with_its_numbers() -> None:
    assert titles('{"lr": [1, 2, 3, 4], "opt": ["adam", "sgd"]}') == [
        "▷ Run 8 jobs locally",
        "☁ Submit 8 jobs ≈ $6.93/h",
        "Dry run",
        "Expand",
    ]


def test_several_blocks_have_lenses_each_and_together() -> None:
    found = list(lenses(context_of('[{"lr": 1}, {"lr": [1, 2]}]')))
    assert [lens.title for lens in found if lens.command == "run"] == [
        "▷ Run all 3 jobs locally",
        "▷ Run 1 job locally",
        "▷ Run 2 jobs locally",
    ]
    assert [lens.arguments.get("block") for lens in found if lens.command == "run"] == [None, "/0", "/1"]


@pytest.mark.parametrize(
    ("config", "ending"),
    [
        ('{"limits": {"max_jobs": 2}}', "over the limit of 2 jobs"),
        ('{"limits": {"max_cost_per_hour": 2}}', "over the limit of $2.00/h"),
        ('{"cloud": {"gpu_spec": "3xT4"}}', "the hardware isn't available"),
        ('{"cloud": {"region": "us-nowhere1"}}', "the hardware isn't available"),
        ('{"cloud": {"region": "us-nowhere1", "force": true}}', "price not known"),
    ],
)
def test_a_lens_says_why_a_submission_would_be_refused(config: str, ending: str) -> None:
    assert titles('{"lr": [1, 2, 3]}', config=config)[1].endswith(ending)


def test_what_every_command_would_refuse_has_no_lens() -> None:
    assert titles('[{"lr": 1}, {"lr": []}]') == []
    assert titles("[]") == []
    assert titles('{"lr": 1') == []


def test_nothing_stands_above_a_sweep_that_commands_would_refuse() -> None:
    context = context_of('{"lrr": [1, 2]}')
    assert list(lenses(context))
    assert not list(lenses(replace(context, wrong=True)))
