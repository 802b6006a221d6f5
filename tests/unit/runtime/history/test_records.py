"""Names of launches and jobs."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from caliban_ls.runtime.history.records import job_id_of, launch_name


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("digits", "digits"),
        ("my digits (v2)", "my_digits_v2"),
        ("2024-run", "job_2024_run"),
        ("_x_", "x"),
        ("Größe", "Gr_e"),
        ("", "job"),
        ("---", "job"),
        ("x" * 200, "x" * 60),
    ],
)
def test_names_of_launches(title: str, name: str) -> None:
    moment = datetime(2026, 3, 1, 14, 25, 36, 42, tzinfo=timezone.utc)
    assert launch_name(title, moment) == f"{name}_20260301_142536_000042"
    assert job_id_of("digits_20260301_142536_000042", 7) == "digits_20260301_142536_000042_7"
