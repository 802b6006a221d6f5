"""Settings: usable whatever is sent, and every wrong field named."""

from __future__ import annotations

from typing import Any

import pytest

from caliban_ls.analysis.config.settings import (
    Defaults,
    Settings,
    UserLimits,
    merged,
    parse_settings,
    section,
)


def check(raw: Any, expected: Settings, *problems: str) -> None:
    """Reading must give these settings and exactly these complaints."""
    assert parse_settings(raw) == (expected, list(problems))


@pytest.mark.parametrize(
    "raw", [None, {}, {"experimentFiles": None, "limits": None, "defaults": {"region": None}}]
)
def test_absent_and_null_are_the_defaults(raw: Any) -> None:
    check(raw, Settings())


def test_every_setting() -> None:
    raw = {
        "experimentFiles": ["sweeps/*.json", "!sweeps/old.json"],
        "limits": {"maxJobs": 5, "maxCostPerHour": 2},
        "defaults": {
            "backend": "vertex",
            "region": "us-central1",
            "machineType": "n1-standard-4",
            "gpuSpec": "1xT4",
        },
        "logLevel": "debug",
    }
    check(
        raw,
        Settings(
            experiment_files=("sweeps/*.json", "!sweeps/old.json"),
            limits=UserLimits(max_jobs=5, max_cost_per_hour=2.0),
            defaults=Defaults(
                backend="vertex", region="us-central1", machine_type="n1-standard-4", gpu_spec="1xT4"
            ),
            log_level="debug",
        ),
    )


def test_a_wrong_field_falls_back_alone() -> None:
    check(
        {
            "limits": {"maxJobs": "many", "maxCostPerHour": 3},
            "logLevel": "loud",
            "experimentFiles": ["a.json"],
        },
        Settings(experiment_files=("a.json",), limits=UserLimits(max_cost_per_hour=3.0)),
        'caliban.limits.maxJobs must be a whole number from 1 on, not "many"',
        'caliban.logLevel must be one of error, warning, info, debug, not "loud"',
    )


@pytest.mark.parametrize("value", [0, -1, True, 1.5, "5", []])
def test_what_no_count_is(value: Any) -> None:
    settings, problems = parse_settings({"limits": {"maxJobs": value}})
    assert settings == Settings()
    assert len(problems) == 1


@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf"), True, "1"])
def test_what_no_amount_is(value: Any) -> None:
    settings, problems = parse_settings({"limits": {"maxCostPerHour": value}})
    assert settings == Settings()
    assert len(problems) == 1


@pytest.mark.parametrize("raw", [5, "text", [1], True])
def test_settings_that_are_no_object(raw: Any) -> None:
    settings, (problem,) = parse_settings(raw)
    assert settings == Settings()
    assert problem.startswith("caliban must be an object, not ")


def test_a_part_that_is_no_object() -> None:
    check({"limits": 5}, Settings(), "caliban.limits must be an object, not 5")


def test_an_unknown_key_is_named_with_its_likeness() -> None:
    check(
        {"experimentFile": []},
        Settings(),
        "There is no setting caliban.experimentFile; did you mean caliban.experimentFiles?",
    )
    check({"limits": {"x": 1}}, Settings(), "There is no setting caliban.limits.x")


def test_keys_of_clients_are_no_mistakes() -> None:
    check(
        {"trusted": True, "confirms": True, "trace": {"server": "verbose"}, "server": {"path": "x"}},
        Settings(),
    )


def test_a_long_value_is_shown_shortened() -> None:
    _, (problem,) = parse_settings({"logLevel": "x" * 1000})
    assert len(problem) < 120


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({"caliban": {"logLevel": "info"}}, {"logLevel": "info"}),
        ({"logLevel": "info"}, {"logLevel": "info"}),
        ({"caliban": None}, {}),
        ({"caliban": 5}, {}),
        (None, {}),
        ([], {}),
    ],
)
def test_the_section_is_found_wrapped_and_bare(raw: Any, expected: dict[str, Any]) -> None:
    assert section(raw) == expected


def test_what_is_laid_over_holds_key_by_key_but_null_says_nothing() -> None:
    base: dict[str, Any] = {"limits": {"maxJobs": 1, "maxCostPerHour": 2}, "logLevel": "info"}
    over: dict[str, Any] = {
        "limits": {"maxJobs": 3, "maxCostPerHour": None},
        "logLevel": None,
        "experimentFiles": [],
    }
    assert merged(base, over) == {
        "limits": {"maxJobs": 3, "maxCostPerHour": 2},
        "logLevel": "info",
        "experimentFiles": [],
    }
