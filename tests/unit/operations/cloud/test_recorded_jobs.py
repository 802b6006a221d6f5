"""A recorded launch becomes a plan again: with the same requests, or with those of a new launch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from caliban_ls.analysis.backend_names import BACKENDS, BackendName
from caliban_ls.analysis.hardware import Request, resolve
from caliban_ls.operations.cloud import plan_view
from caliban_ls.operations.cloud.recorded_jobs import RecordedPlan, recorded_jobs, recorded_plan
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, JobRequest
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.history.details import CloudDetails
from caliban_ls.runtime.history.records import JobGroup, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with closing(History(tmp_path, warn=pytest.fail, clock=utc_now)) as history:
        yield history


def written(backend: BackendName, index: int, *, group: str, key: str, image: str) -> Body:
    job = JobRequest(
        job_id=f"{group}_{index}",
        image=image,
        args=("--lr", f"0.{index}"),
        labels={
            labels.GROUP: group,
            labels.JOB: f"{key}-{index}",
            "job_name": labels.value_of(group[0]),
            "docker_image": labels.value_of(image.rpartition("/")[2]),
        },
        choice=resolve(Request(backend=backend)),
    )
    return backend_of(backend).body(job)


def launch(backend: BackendName, history: History) -> RecordedPlan:
    choice = resolve(Request(backend=backend))
    group = JobGroup(
        name="g_1",
        title="g",
        backend=backend,
        folder=Path("/p"),
        image="r/i:1",
        owner=None,
        created=utc_now(),
        project="p",
        region=choice.region,
        details=CloudDetails(
            plan_id="1", machine_type=choice.machine_type, accelerator=str(choice.accelerator), mode="gpu"
        ),
    )
    bodies = [(index, written(backend, index, group="g_1", key="k", image="r/i:1")) for index in (1, 2)]
    jobs = [
        (JobSpec(index=index, job_id=f"g_1_{index}", args=("--lr", f"0.{index}"), parameters={}), body)
        for index, body in bodies
    ]
    Journal(history).begin(group, jobs)
    return recorded_plan(group, recorded_jobs(history.jobs.of("g_1"), group, history))


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_launch_has_the_requests_and_hardware_that_it_was_sent_with(
    backend: BackendName, history: History
) -> None:
    plan = launch(backend, history)
    assert [body for _, body in plan.jobs()] == [
        written(backend, index, group="g_1", key="k", image="r/i:1") for index in (1, 2)
    ]
    choice = resolve(Request(backend=backend))
    assert replace(plan.choice, defaulted=choice.defaulted) == choice
    result = plan_view.result_of(plan)
    assert (result.group, result.count, result.backend) == ("g_1", 2, backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_jobs_of_a_new_launch_differ_in_id_labels_and_image_alone(
    backend: BackendName, history: History
) -> None:
    again = replace(
        launch(backend, history),
        group="h_2",
        title="h",
        key="l",
        image="r/i:2",
        own_image=True,
        repeats="g_1",
    )
    jobs = list(again.jobs())
    assert [job.job_id for job, _ in jobs] == ["h_2_1", "h_2_2"]
    assert [body for _, body in jobs] == [
        written(backend, index, group="h_2", key="l", image="r/i:2") for index in (1, 2)
    ]
