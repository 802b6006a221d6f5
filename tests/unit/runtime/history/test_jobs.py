"""The states of jobs, from QUEUED to a final one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from support.histories import NOON, Clock, add_launch, record_of

from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState


def test_the_life_of_a_job(history: History, clock: Clock) -> None:
    group = add_launch(history)
    job_id = f"{group.name}_2"
    planned = record_of(history, job_id)
    assert (planned.state, planned.index, planned.created, planned.started) == (
        JobState.QUEUED,
        2,
        NOON,
        None,
    )
    assert (planned.args, planned.parameters) == (("--lr", "2"), {"lr": 2})

    clock.now += timedelta(seconds=1)
    history.jobs.start(job_id, name="container")
    running = record_of(history, job_id)
    assert (running.state, running.name, running.started) == (JobState.RUNNING, "container", clock.now)

    clock.now += timedelta(seconds=1)
    history.jobs.finish(
        job_id, JobState.FAILED, exit_code=3, seconds=1.5, metrics={"accuracy": 0.5}, error="Exit code 3"
    )
    ended = record_of(history, job_id)
    assert (ended.state, ended.exit_code, ended.seconds, ended.ended) == (JobState.FAILED, 3, 1.5, clock.now)
    assert (ended.metrics, ended.error) == ({"accuracy": 0.5}, "Exit code 3")
    assert [job.state for job in history.jobs.of(group.name)] == [JobState.QUEUED, JobState.FAILED]


@pytest.mark.parametrize("state", JobState)
def test_a_final_state_stands(history: History, state: JobState) -> None:
    group = add_launch(history)
    history.jobs.finish(f"{group.name}_1", state)
    history.jobs.finish(f"{group.name}_2", JobState.SUCCEEDED)
    assert bool(history.groups.unfinished("local")) != state.finished

    history.jobs.cancel(f"{group.name}_1")
    history.jobs.finish(f"{group.name}_1", JobState.SUCCEEDED)
    assert record_of(history, f"{group.name}_1").state == (state if state.finished else JobState.SUCCEEDED)


def test_a_job_stopped_on_purpose_did_not_fail(history: History) -> None:
    group = add_launch(history)
    for index in (1, 2):
        history.jobs.start(f"{group.name}_{index}")
        history.jobs.cancel(f"{group.name}_{index}")
    history.jobs.finish(f"{group.name}_1", JobState.FAILED, exit_code=143)
    history.jobs.finish(f"{group.name}_2", JobState.SUCCEEDED, exit_code=0)
    assert [job.state for job in history.jobs.of(group.name)] == [JobState.CANCELLED, JobState.SUCCEEDED]


def test_a_launch_can_be_abandoned(history: History) -> None:
    group, other = add_launch(history, jobs=4), add_launch(history)
    history.jobs.finish(f"{group.name}_1", JobState.SUCCEEDED)
    history.jobs.start(f"{group.name}_2")
    assert history.jobs.abandon(group.name, error="it died", alive=[f"{group.name}_3"]) == 2
    assert [job.state.value for job in history.jobs.of(group.name)] == [
        "SUCCEEDED",
        "UNKNOWN",
        "QUEUED",
        "CANCELLED",
    ]
    assert history.jobs.abandon(group.name, error="again", alive=[f"{group.name}_3"]) == 0
    assert record_of(history, f"{group.name}_4").error == "it died"
    assert {job.state for job in history.jobs.of(other.name)} == {JobState.QUEUED}


def test_a_launch_that_cannot_be_expanded_leaves_no_jobs(history: History) -> None:
    group = history.groups.add(title="x", folder=Path("/x"), image=None, owner=None)

    def jobs() -> Iterator[JobSpec]:
        yield JobSpec(index=1, job_id="x_1", args=())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        history.jobs.add(group.name, jobs())
    assert history.jobs.of(group.name) == []
    history.jobs.add(group.name, [JobSpec(index=1, job_id="x_1", args=())])


def test_many_threads_share_a_history(history: History) -> None:
    group = add_launch(history, jobs=40)

    def finish(first: int) -> None:
        for index in range(first, 41, 4):
            history.jobs.start(f"{group.name}_{index}")
            history.jobs.finish(f"{group.name}_{index}", JobState.SUCCEEDED)

    threads = [threading.Thread(target=finish, args=(first,)) for first in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {job.state for job in history.jobs.of(group.name)} == {JobState.SUCCEEDED}
