"""`catalog`: names that it doesn't have, and combinations that can't be."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import pytest

from caliban_ls.core.errors import EngineUnavailable, UsageError
from caliban_ls.operations.catalog import catalog
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.hardware import CatalogArguments, CatalogResult


def listed(table: str, **filters: str) -> tuple[CatalogResult, list[str]]:
    def absent() -> NoReturn:
        raise EngineUnavailable("None")

    said: list[str] = []

    def report(line: str, _fraction: float | None = None) -> None:
        said.append(line)

    context = Context(folder=Path("/"), engine=absent, report=report)
    return catalog(CatalogArguments(table=table, **filters), context), said


@pytest.mark.parametrize("table", ["regions", "machines", "accelerators"])
@pytest.mark.parametrize(
    ("filters", "near"),
    [
        ({"gpu_spec": "1xT5"}, "T4"),
        ({"region": "us-cental1"}, "us-central1"),
        ({"machine_type": "n1-standrd-4"}, "n1-standard-4"),
    ],
)
def test_a_name_that_is_unknown_is_wrong_usage(table: str, filters: dict[str, str], near: str) -> None:
    with pytest.raises(UsageError) as refused:
        listed(table, **filters)
    assert f"Did you mean {near}?" in refused.value.hint


def test_a_name_like_no_other() -> None:
    with pytest.raises(UsageError) as refused:
        listed("regions", region="@")
    assert refused.value.hint == "`caliban catalog regions` lists them."


@pytest.mark.parametrize(
    ("filters", "why"),
    [
        ({"gpu_spec": "3xT4"}, "T4 comes by 1, 2 or 4, not 3"),
        ({"gpu_spec": "1xT4", "machine_type": "a2-highgpu-1g"}, "a2-highgpu-1g takes A100, not T4"),
        ({"gpu_spec": "1xH100", "region": "europe-north1"}, "europe-north1 has no H100"),
    ],
)
def test_the_part_of_a_combination_that_does_not_go(filters: dict[str, str], why: str) -> None:
    result, said = listed("machines", **filters)
    assert (result.rows, said) == ((), [why])


def test_what_there_is_needs_no_word() -> None:
    result, said = listed("accelerators", gpu_spec="1xT4", region="us-central1")
    assert ([row["accelerator"] for row in result.rows], said) == (["T4"], [])
