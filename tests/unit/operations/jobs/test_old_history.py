"""A history file that the version before typed details wrote: local runs, both services, jobs submitted again.

`data/history/before_typed_details.sql` is a dump of that file, and the JSON beside it holds the answers of that version.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from caliban_ls.operations.cloud.resubmit import resubmit
from caliban_ls.operations.cloud.resume import resume
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.serialization import to_json
from caliban_ls.operations.jobs.export import export
from caliban_ls.operations.jobs.status import status
from caliban_ls.operations.schemas.cloud import ResubmitArguments, ResumeArguments
from caliban_ls.operations.schemas.jobs import ExportArguments, StatusArguments
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.history.details import CloudDetails, LocalDetails, from_json
from caliban_ls.runtime.history.details import to_json as written
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History

DATA = Path(__file__).parents[2] / "data" / "history"
EXPECTED: dict[str, Any] = json.loads((DATA / "before_typed_details.json").read_text())
NAMES = [group["name"] for group in EXPECTED["status"]["groups"]]


def no_engine() -> Engine:
    raise AssertionError("the history alone answers")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    with closing(sqlite3.connect(tmp_path / "history.sqlite3")) as connection:
        connection.executescript((DATA / "before_typed_details.sql").read_text())
    return tmp_path


@pytest.fixture
def context(state: Path) -> Context:
    return Context(folder=Path("/home/me/digits"), engine=no_engine, environment={"CALIBAN_HOME": str(state)})


def test_status_is_what_it_was(context: Context) -> None:
    shown = to_json(status(StatusArguments(offline=True), context))
    assert {key: shown[key] for key in EXPECTED["status"]} == EXPECTED["status"]


@pytest.mark.parametrize("name", NAMES)
def test_the_command_of_a_job_is_what_it_was(name: str, context: Context) -> None:
    (group,) = status(StatusArguments(offline=True, reference=f"{name}/1"), context).groups
    assert group.jobs[0].command == EXPECTED["commands"][name]


def test_the_table_is_what_it_was(context: Context) -> None:
    assert to_json(export(ExportArguments(), context)) == EXPECTED["export"]


def test_a_submission_that_was_cut_short_resumes_as_before(context: Context) -> None:
    plan = to_json(resume(ResumeArguments(group=NAMES[1], dry_run=True), context))
    assert {key: plan[key] for key in EXPECTED["resume"]} == EXPECTED["resume"]


def test_jobs_are_submitted_again_as_before(context: Context) -> None:
    plan = to_json(resubmit(ResubmitArguments(references=(NAMES[1],), dry_run=True), context))
    assert {key: plan[key] for key in EXPECTED["resubmit"]} == EXPECTED["resubmit"]


def test_the_details_have_the_keys_and_values_of_before(state: Path) -> None:
    with closing(sqlite3.connect(state / "history.sqlite3")) as connection:
        rows = connection.execute("SELECT backend, details FROM groups WHERE details != '{}'").fetchall()
    assert {backend for backend, _ in rows} == {"local", "vertex", "ai-platform"}
    for backend, text in rows:
        assert json.loads(written(from_json(text, local=backend == "local"))) == json.loads(text)


def test_a_launch_without_details_has_defaults(state: Path) -> None:
    with closing(History(state, warn=pytest.fail, clock=utc_now)) as history:
        group = history.groups.find("first version")
    assert group is not None
    assert (group.details, group.cloud) == (LocalDetails(), CloudDetails())
