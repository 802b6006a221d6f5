"""Why jobs failed, each reason once."""

from __future__ import annotations

import pytest

from caliban_ls.operations.jobs.failure_reasons import reasons

TORCH = "Exit code 1: ModuleNotFoundError: No module named 'torch'"


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ([None, None], []),
        ([TORCH], [f"job 1: {TORCH}"]),
        ([None, TORCH], [f"job 2: {TORCH}"]),
        ([TORCH] * 12, ["All 12 jobs failed alike: ModuleNotFoundError: No module named 'torch'"]),
        (["Exit code 1"] * 2, ["All 2 jobs failed alike: Exit code 1"]),
        ([TORCH, "no", TORCH, None], [f"2 jobs (1, 3): {TORCH}", "job 2: no"]),
        ([TORCH] * 7 + [None], [f"7 jobs (1, 2, 3, 4, 5 and 2 more): {TORCH}"]),
    ],
)
def test_each_reason_is_said_once(errors: list[str | None], expected: list[str]) -> None:
    jobs = [(index, "FAILED", error) for index, error in enumerate(errors, start=1)]
    assert reasons(jobs, len(errors)) == expected


def test_jobs_that_did_not_fail_did_not_fail_alike() -> None:
    jobs = [(1, "RUNNING", "slow"), (2, "SUCCEEDED", "slow"), (3, "FAILED", "slow")]
    assert reasons(jobs, 3) == ["job 1: slow", "job 2: slow", "job 3: slow"]
    assert reasons([(1, "CANCELLED", "It was stopped"), (2, "CANCELLED", "It was stopped")], 2) == [
        "2 jobs (1, 2): It was stopped"
    ]
