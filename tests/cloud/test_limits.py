"""Nothing is built or sent that wasn't allowed: limits of jobs and of money, and who may pass them."""

from __future__ import annotations

import itertools
import json
import re
from typing import Any
from unittest.mock import ANY

import pytest
from support.cloud_project import Desk
from support.pseudo_terminal import PseudoTerminal

from caliban_ls.analysis.config.settings import Settings, UserLimits
from caliban_ls.core.errors import CalibanError, NotConfirmed, OverLimit
from caliban_ls.operations.cloud import submit
from caliban_ls.operations.schemas.cloud import SubmitArguments

JOB_HOUR = 0.8663  # US dollars: n1-standard-8 with a T4 in us-central1, disk and fee in it
UNKNOWN: dict[str, Any] = {"machine_type": "g4-standard-48"}
"""Hardware that no price is known of."""


def check(desk: Desk, expected: type[CalibanError] | None, answer: str | None = None, **flags: Any) -> None:
    """Submit three jobs, which are sent or refused."""
    desk.sweep(3)
    if expected is None:
        submit.cloud(desk.arguments(**flags), desk.context(answer))
        assert sum(desk.keys().values()) == 3
        return
    with pytest.raises(expected, match="Nothing was built or sent") as refused:
        submit.cloud(desk.arguments(**flags), desk.context(answer))
    assert refused.value.exit_code == 2
    if expected is OverLimit:
        assert ("--max_jobs" if "max_jobs" in flags else "--max_cost_per_hour") in str(refused.value)
    assert not desk.emulator.calls
    assert not desk.emulator.tokens.given
    assert not desk.history()


SITUATIONS = list(
    itertools.product(
        ("none", "jobs", "cost", "unknown price"), ("over", "within"), (None, "y", "3", "4"), ("", "--yes")
    )
)


@pytest.mark.parametrize(
    ("limit", "where", "answer", "yes"),
    SITUATIONS,
    ids=lambda value: str(value).lower(),
)
def test_each_limit_in_each_situation(
    desk: Desk, limit: str, where: str, answer: str | None, yes: str
) -> None:
    """`answer` is what is typed: nothing (no terminal), y, the number of jobs, another number."""
    expected: type[CalibanError] | None
    over = where == "over"
    flags_of: dict[str, dict[str, Any]] = {
        "none": {},
        "jobs": {"max_jobs": 2 if over else 3},
        "cost": {"max_cost_per_hour": 3 * JOB_HOUR - 0.01 if over else 3 * JOB_HOUR + 0.01},
        "unknown price": {**UNKNOWN, "max_cost_per_hour": 1e9} if over else UNKNOWN,
    }
    flags = flags_of[limit]
    if limit != "none" and over:
        expected = None if answer == "3" else OverLimit
    else:
        expected = None if yes or answer == "y" else NotConfirmed
    check(desk, expected, answer, yes=bool(yes), **flags)


@pytest.mark.parametrize(
    ("own", "projects", "most"),
    [
        (None, None, 100),
        (None, 1000, 100),  # a project raises nothing
        (None, 5, 5),
        (120, None, 120),
        (120, 110, 110),
        (110, 1000, 110),
    ],
)
def test_a_project_lowers_its_users_limit_and_never_raises_it(
    desk: Desk, own: int | None, projects: int | None, most: int
) -> None:
    desk.config(limits={} if projects is None else {"max_jobs": projects})
    context = desk.context(settings=Settings(limits=UserLimits(max_jobs=own)))
    desk.sweep(most + 1)
    with pytest.raises(OverLimit):
        submit.cloud(desk.arguments(yes=True), context)
    assert not desk.emulator.calls
    desk.sweep(most)
    assert len(submit.cloud(desk.arguments(yes=True), context).jobs) == most


@pytest.mark.parametrize(
    ("own", "projects", "flags", "allowed_by"),
    [
        ({}, {}, {}, []),
        ({}, {"max_jobs": 2}, {}, [{"max_jobs": 3}]),
        ({}, {}, {"max_jobs": 1}, [{"max_jobs": 3}]),
        ({"max_jobs": 2}, {}, {}, [None]),
        ({"max_jobs": 5}, {"max_jobs": 2}, {}, [{"max_jobs": 3}]),
        ({}, {"max_cost_per_hour": 1}, {}, [{"max_cost_per_hour": pytest.approx(3 * JOB_HOUR, abs=1e-3)}]),
        ({"max_cost_per_hour": 1}, {}, {}, [None]),
        ({}, {"max_cost_per_hour": 1e9}, UNKNOWN, [None]),
        ({}, {"max_jobs": 1}, {"max_cost_per_hour": 1}, [{"max_jobs": 3}, {"max_cost_per_hour": ANY}]),
    ],
)
def test_a_plan_says_what_allows_it_once_the_count_was_typed(
    desk: Desk,
    own: dict[str, Any],
    projects: dict[str, Any],
    flags: dict[str, Any],
    allowed_by: list[dict[str, float] | None],
) -> None:
    desk.sweep(3)
    desk.config(limits=projects)
    context = desk.context(settings=Settings(limits=UserLimits(**own)), confirmed=True)
    plan = submit.plan(desk.arguments(**flags), context)
    assert [excess.allowed_by for excess in plan.over_limits] == allowed_by
    assert all((excess.hint == "") is (excess.allowed_by is not None) for excess in plan.over_limits)
    if plan.over_limits:
        with pytest.raises(OverLimit, match=re.escape(plan.over_limits[0].message)):
            submit.submit(SubmitArguments(plan_id=plan.plan_id), context)
    assert not desk.emulator.calls
    if None not in allowed_by:
        merged = {name: value for one in plan.over_limits for name, value in (one.allowed_by or {}).items()}
        again = submit.plan(desk.arguments(**{**flags, **merged}), context)
        assert again.plan_id == plan.plan_id, "a limit is no part of what is planned"
        assert not again.over_limits
        assert len(submit.submit(SubmitArguments(plan_id=again.plan_id), context).jobs) == 3


def test_a_dry_run_tells_what_is_over_a_limit(desk: Desk) -> None:
    desk.sweep(3)
    argv = ["cloud", "--dry_run", "--max_jobs=2", "--image_tag=r/i:t", "--experiment_config=experiment.json"]
    done = desk.caliban(*argv, "train.py")
    assert done.returncode == 0, done.stderr
    assert "limit    3 jobs are more than 2 (--max_jobs)" in done.stdout + done.stderr
    (excess,) = json.loads(desk.caliban(*argv, "--json", "train.py").stdout)["over_limits"]
    assert excess["message"] == "3 jobs are more than 2 (--max_jobs)"


def test_the_users_own_limit_lies_in_the_state_folder(desk: Desk) -> None:
    desk.sweep(3)
    desk.config(limits={"max_cost_per_hour": 1000})
    desk.state.mkdir()
    (desk.state / "config.json").write_text(json.dumps({"limits": {"maxCostPerHour": 1}}))
    with pytest.raises(OverLimit, match=r"2\.60 USD an hour is more than 1"):
        submit.cloud(desk.arguments(yes=True), desk.context())
    (desk.state / "config.json").write_text("{")
    answer = desk.caliban("cloud", "--yes", "--image_tag=r/i:t", "train.py")
    assert answer.returncode == 3
    assert "config.json can't be read" in answer.stderr
    assert not desk.emulator.calls


@pytest.mark.parametrize(
    ("flags", "typed", "code"),
    [([], "y", 0), ([], "n", 2), (["--max_jobs", "1"], "2", 0), (["--max_jobs", "1", "--yes"], "y", 2)],
)
def test_at_a_terminal(desk: Desk, flags: list[str], typed: str, code: int) -> None:
    desk.sweep(2)
    argv = ["cloud", *flags, "--image_tag=r/i:t", "--experiment_config=experiment.json", "train.py"]
    with PseudoTerminal(*argv, folder=desk.folder, environment=desk.environment) as terminal:
        shown = terminal.wait_for("Type 2 to go on: " if flags else "Submit these 2 jobs? [y/N] ")
        assert "2 jobs on n1-standard-8 with 1xT4 in us-central1, project my-project" in shown
        assert "0.87 USD an hour each, 1.73 all at once" in shown
        terminal.type(f"{typed}\n")
        assert terminal.exit_code() == code, terminal.seen
    assert sum(desk.keys().values()) == (0 if code else 2)
