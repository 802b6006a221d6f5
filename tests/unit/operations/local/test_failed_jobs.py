"""Which jobs `run --rerun_failed` runs again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NoReturn

import pytest

from caliban_ls.core.errors import EngineUnavailable, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.selected_jobs import Work
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.local.failed_jobs import find_failed_jobs
from caliban_ls.operations.local.rerun import as_before
from caliban_ls.operations.schemas.containers import RunArguments
from caliban_ls.runtime.history.details import LocalDetails
from caliban_ls.runtime.history.records import JobGroup, job_id_of
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState

OK, BAD = JobState.SUCCEEDED, JobState.FAILED
CREATED = datetime(2026, 1, 1, tzinfo=timezone.utc)


class Past:
    """A history in which groups were run one after the other."""

    def __init__(self, history: History, context: Context, said: list[str]) -> None:
        self.history = history
        self.context = context
        self.said = said

    def ran(
        self,
        flag: str,
        *states: JobState,
        numbers: Iterable[int] | None = None,
        title: str = "p",
        elsewhere: bool = False,
    ) -> JobGroup:
        """Add a group whose jobs got `flag NUMBER` (1, 2 and so on) and ended so."""
        folder = self.context.folder / "elsewhere" if elsewhere else self.context.folder
        group = self.history.groups.add(title=title, folder=folder, image=None, owner=None)
        values = list(numbers or range(1, len(states) + 1))
        self.history.jobs.add(
            group.name,
            (
                JobSpec(index=index, job_id=job_id_of(group.name, index), args=(flag, str(value)))
                for index, value in enumerate(values, 1)
            ),
        )
        for index, state in enumerate(states, 1):
            self.history.jobs.finish(job_id_of(group.name, index), state)
        return group

    def again(self, name: str | None = None, sweep: Work | None = None) -> tuple[str, list[tuple[str, ...]]]:
        """Return the group that is chosen, and the arguments of the jobs that run again."""
        found = find_failed_jobs(name, sweep, self.context)
        jobs = [args for _, args, _ in found.work()]
        assert found.total == len(jobs)
        return found.group.name, jobs


def sweep(flag: str, count: int) -> Work:
    jobs: list[tuple[int, tuple[str, ...], dict[str, Any]]] = [
        (index, (flag, str(index)), {}) for index in range(1, count + 1)
    ]
    return lambda: jobs


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    said: list[str] = []

    def absent() -> NoReturn:
        raise EngineUnavailable("None")

    def report(line: str, _fraction: float | None = None) -> None:
        said.append(line)

    context = Context(
        folder=tmp_path / "p",
        engine=absent,
        report=report,
        environment={"CALIBAN_HOME": str(tmp_path / "state")},
    )
    with open_history(context) as history:
        yield Past(history, context, said)


def test_the_newest_group_of_the_folder_is_named(past: Past) -> None:
    past.ran("--n", BAD)
    newest = past.ran("--m", OK, BAD, BAD)
    past.ran("--n", BAD, elsewhere=True)
    assert past.again() == (newest.name, [("--m", "2"), ("--m", "3")])
    assert past.said == [f"Running again what didn't succeed in {newest.name}: 2 jobs"]


def test_a_sweep_means_the_newest_group_that_ran_it(past: Past) -> None:
    past.ran("--n", BAD, BAD, OK)
    wanted = past.ran("--n", OK, BAD, OK)
    past.ran("--n", BAD, numbers=[9])
    past.ran("--m", OK, OK)
    assert past.again(sweep=sweep("--n", 3)) == (wanted.name, [("--n", "2")])


def test_a_group_with_other_jobs_besides_comes_after_those_without(past: Past) -> None:
    past.ran("--n", BAD)
    past.ran("--n", BAD, BAD, BAD)
    name, jobs = past.again(sweep=sweep("--n", 2))
    assert (name, jobs) == (past.history.groups.newest()[1].name, [("--n", "1")])
    assert past.again(sweep=sweep("--n", 3))[0] == past.history.groups.newest()[0].name


def test_a_sweep_that_no_group_ran(past: Past) -> None:
    group = past.ran("--n", BAD)
    with pytest.raises(UsageError, match="No group of this folder ran a job of this sweep") as refused:
        past.again(sweep=sweep("--other", 2))
    assert group.name in refused.value.hint


def test_an_older_group_with_failed_jobs_is_named(past: Past) -> None:
    older = past.ran("--n", BAD, BAD)
    newest = past.ran("--m", OK)
    assert past.again() == (newest.name, [])
    assert past.said == [
        f"Every job of {newest.name} succeeded; there is nothing to run again",
        f"2 jobs of {older.name} didn't succeed: --name {older.name} runs them again",
    ]
    past.said.clear()
    past.ran("--n", OK, OK)
    past.again()
    assert len(past.said) == 1, "they have succeeded since"


def test_a_name_that_no_group_has(past: Past) -> None:
    here = past.ran("--n", BAD)
    other = past.ran("--n", BAD, title="other", elsewhere=True)
    with pytest.raises(UsageError, match="No group has the name nosuch") as refused:
        past.again("nosuch")
    assert here.name in refused.value.hint
    with pytest.raises(UsageError, match="isn't a group of this folder") as refused:
        past.again("other")
    assert str(other.folder) in refused.value.hint
    assert past.again(here.name)[0] == past.again("p")[0] == here.name


def test_nothing_has_been_run_here(past: Past) -> None:
    past.ran("--n", BAD, elsewhere=True)
    with pytest.raises(UsageError, match="Nothing has been run in this folder so far"):
        past.again()


def test_masked_arguments_need_the_sweep(past: Past) -> None:
    group = past.ran("--api_key", BAD)
    with pytest.raises(UsageError, match="look like credentials"):
        past.again()
    assert past.again(sweep=sweep("--api_key", 1)) == (group.name, [("--api_key", "1")])


def test_what_is_not_given_is_as_it_was() -> None:
    details = LocalDetails(module="a.b", extras=("x",), image_id="i", docker_run_args="-m 1g")
    group = JobGroup(
        name="t_1",
        title="t",
        backend="local",
        folder=Path("/p"),
        image=None,
        owner=None,
        created=CREATED,
        details=details,
    )
    again = as_before(RunArguments(name="t_1"), group)
    assert (again.module, again.extras, again.image_id, again.name) == ("a.b", ("x",), "i", "t")
    assert as_before(RunArguments(module="c"), group).image_id is None
