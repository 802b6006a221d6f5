"""Details of launches, and the JSON of programs that knew fewer keys, or more."""

from __future__ import annotations

import pytest

from caliban_ls.runtime.history.details import CloudDetails, Details, LocalDetails, from_json, to_json


@pytest.mark.parametrize(
    "details",
    [
        LocalDetails(),
        LocalDetails(module="train.py", dir=("a b",), extras=("gpu",), mode="gpu", docker_run_args="-e A=1"),
        CloudDetails(),
        CloudDetails(plan_id="1", accelerator="2xT4", spot=True, per_job_hour=0.5, dirty=False),
    ],
)
def test_details_come_back_as_they_were(details: Details) -> None:
    assert from_json(to_json(details), local=isinstance(details, LocalDetails)) == details


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("{}", CloudDetails()),
        ('{"dir": null, "spot": null, "plan_id": null}', CloudDetails()),
        ('{"machine_type": "m", "of_a_newer_program": [1]}', CloudDetails(machine_type="m")),
    ],
)
def test_missing_and_unknown_keys(text: str, details: CloudDetails) -> None:
    assert from_json(text, local=False) == details
