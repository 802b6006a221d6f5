"""Jobs and groups of a long history are found by what they say, however old they are; what isn't listed is counted."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.program import caliban

from caliban_ls.operations.context.context import Context
from caliban_ls.operations.jobs.status import status
from caliban_ls.operations.schemas.jobs import StatusArguments, StatusResult
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState

TITLES = [f"night {number}" for number in range(28)] + ["Größe, a/b", "newest"]
JOBS_EACH = 10


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """A folder with 300 jobs in 30 groups; the newest group is the last title."""
    history = History(tmp_path / "state", warn=print, clock=utc_now)
    for place, title in enumerate(TITLES):
        group = history.groups.add(title=title, folder=tmp_path, image=None, owner=None)
        specs = [
            JobSpec(
                index=index,
                job_id=f"{group.name}_{index}",
                args=("--rate", f"0.{place:02}{index:02}", "--say", "ein ß"),
                parameters={},
            )
            for index in range(1, JOBS_EACH + 1)
        ]
        history.jobs.add(group.name, specs)
        history.jobs.finish(specs[0].job_id, JobState.FAILED, error="Out of luck")
    history.close()
    environment = {"CALIBAN_HOME": str(tmp_path / "state")}
    return Context(folder=tmp_path, engine=_no_engine, environment=environment)


def _no_engine() -> Engine:
    raise AssertionError("what is written down needs no engine")


def titles(result: StatusResult) -> list[str]:
    return [group.title for group in result.groups]


def asked(context: Context, text: str, **more: object) -> StatusResult:
    return status(StatusArguments(**{"offline": True, "limit": 2, "jobs": 3, "text": text, **more}), context)  # type: ignore[arg-type]


def test_a_job_of_the_oldest_group_is_found_by_a_part_of_its_arguments(context: Context) -> None:
    found = asked(context, "rate 0.0009")
    assert titles(found) == ["night 0"]
    assert [job.index for job in found.groups[0].jobs] == [9]
    assert (found.groups[0].count, found.more) == (1, 0)


@pytest.mark.parametrize("text", ["night 3", "NIGHT 3", "night_3_"])
def test_jobs_are_found_by_the_title_and_the_name_of_their_group(context: Context, text: str) -> None:
    found = asked(context, text)
    assert titles(found) == ["night 3"]
    assert (found.groups[0].count, len(found.groups[0].jobs)) == (JOBS_EACH, 3)


@pytest.mark.parametrize("text", ["Größe", "GRößE", "a/b"])
def test_a_title_is_found_that_no_name_of_a_container_could_have(context: Context, text: str) -> None:
    assert titles(asked(context, text)) == ["Größe, a/b"]


def test_what_the_limit_leaves_out_is_counted(context: Context) -> None:
    everything = asked(context, "")
    assert (titles(everything), everything.more) == (["newest", "Größe, a/b"], 28)
    nights = asked(context, "night")
    assert (titles(nights), nights.more) == (["night 27", "night 26"], 26)
    failed = asked(context, "night 2", state=("FAILED",))
    assert (titles(failed), failed.more) == (["night 27", "night 26"], 7)
    assert asked(context, "", limit=30).more == 0
    assert asked(context, "", backend="vertex").more == 0
    assert asked(context, "", reference="night 3").more == 0


def test_the_command_line_says_that_older_groups_are_left_out(tmp_path: Path, context: Context) -> None:
    shown = caliban("status", "--offline", folder=tmp_path, environment=dict(context.environment))
    assert shown.stdout.splitlines()[-1].startswith("10 older groups aren't listed; --limit")
    found = caliban(
        "status", "--offline", "--text", "night 3", folder=tmp_path, environment=dict(context.environment)
    )
    assert "night_3_" in found.stdout
    assert "older" not in found.stdout
