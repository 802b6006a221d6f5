"""Jobs are sent once each, with any failure on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from cloud.emulator.faults import Faults
from cloud.emulator.server import Emulator

from caliban_ls.analysis.hardware import Request, resolve
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.ai_platform import AiPlatformJobs
from caliban_ls.runtime.backends.backend import JobClient, JobRequest
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.backends.submitter import Outcome, Timing, send
from caliban_ls.runtime.backends.vertex import VertexJobs
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.history.records import JobGroup, job_id_of, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState

QUICK = Timing(doubt=2.0, look=0.2, first_wait=0.05, longest_wait=0.2, patience=20.0, farewell=0.5)

Backend = Literal["vertex", "ai-platform"]


@pytest.fixture(params=["vertex", "ai-platform"])
def backend(request: pytest.FixtureRequest) -> Backend:
    chosen: Backend = request.param
    return chosen


@pytest.fixture
def service(google: Google, backend: Backend) -> JobClient:
    return (
        VertexJobs(google, "my-project", "us-central1")
        if backend == "vertex"
        else AiPlatformJobs(google, "my-project")
    )


def begin(journal: Journal, backend: Backend, count: int, *, name: str = "g_1", **flags: str) -> str:
    """Write down a launch of some jobs."""
    group = JobGroup(
        name=name,
        title="g",
        backend=backend,
        folder=Path("/p"),
        image="i",
        owner=None,
        created=utc_now(),
        project="my-project",
        region="us-central1",
    )
    choice = resolve(Request(backend=backend))

    def jobs() -> Iterator[tuple[JobSpec, Any]]:
        for index in range(1, count + 1):
            job_id = job_id_of(name, index)
            args = (
                "--n",
                str(index),
                *(word for flag, value in flags.items() for word in (f"--{flag}", value)),
            )
            ours = {labels.GROUP: labels.group_value(name), labels.JOB: f"key-{name}-{index}"}
            job = JobRequest(job_id=job_id, image="r/i:t", args=args, labels=ours, choice=choice)
            yield JobSpec(index=index, job_id=job_id, args=args), backend_of(backend).body(job)

    journal.begin(group, jobs())
    return name


def sent(
    group: str,
    service: JobClient,
    journal: Journal,
    google: Google,
    *,
    resumed: bool = False,
    cancel: CancelToken | None = None,
    timing: Timing = QUICK,
    lines: list[str] | None = None,
) -> Outcome:
    journal.take(group)
    try:
        return send(
            group,
            service,
            journal,
            resumed=resumed,
            report=lambda line, _: lines.append(line) if lines is not None else None,
            cancel=cancel or CancelToken(),
            clock=utc_now,
            hang_up=google.hang_up,
            timing=timing,
        )
    finally:
        journal.leave(group)


def keys(emulator: Emulator) -> Counter[str]:
    """How often each job was made."""
    jobs = [*emulator.vertex.jobs.values(), *emulator.ai_platform.jobs.values()]
    return Counter(job["labels"][labels.JOB] for job in jobs)


def expected(group: str, count: int) -> Counter[str]:
    return Counter({f"key-{group}-{index}": 1 for index in range(1, count + 1)})


def test_all_are_sent_many_at_once(
    emulator: Emulator,
    google: Google,
    service: JobClient,
    backend: Backend,
    journal: Journal,
    history: History,
) -> None:
    emulator.faults = Faults(latency=0.05)
    group = begin(journal, backend, 40)
    assert sent(group, service, journal, google) == Outcome(sent=40, planned=0, doubtful=0, failure=None)
    assert keys(emulator) == expected(group, 40)
    assert 8 <= emulator.most_at_once <= 20
    assert {job.state for job in history.jobs.of(group)} == {JobState.QUEUED}
    names = {job.name for job in history.jobs.of(group)}
    assert names == {*emulator.vertex.jobs, *emulator.ai_platform.jobs}
    assert emulator.refused == []


def test_whatever_goes_wrong_each_is_there_once(
    emulator: Emulator, google: Google, service: JobClient, backend: Backend, journal: Journal
) -> None:
    emulator.faults = Faults(busy=0.2, unavailable=0.1, lost=0.1, reset=0.05, late=1.0, hidden=0.5)
    group = begin(journal, backend, 300)
    lines: list[str] = []
    outcome = sent(group, service, journal, google, lines=lines)
    assert outcome == Outcome(sent=300, planned=0, doubtful=0, failure=None)
    assert keys(emulator) == expected(group, 300)
    if backend == "vertex":
        assert any("without an answer" in line for line in lines)


@pytest.mark.parametrize("backend", ["vertex"], indirect=True)
def test_what_is_left_is_sent_while_a_job_in_doubt_is_looked_for(
    backend: Backend, service: JobClient, journal: Journal, google: Google
) -> None:
    group = begin(journal, backend, 3)
    first, second = (job_id_of(group, index) for index in (1, 2))
    for job_id in (first, second):
        assert journal.sending(job_id, utc_now())
    made = journal.job(first)
    assert made is not None
    journal.sent(first, service.create(made.body))
    journal.in_doubt(second, "the process was killed")
    lines: list[str] = []
    outcome = sent(group, service, journal, google, resumed=True, lines=lines)
    assert (outcome.sent, outcome.doubtful, outcome.failure) == (2, 0, None)
    assert any(line.startswith("1 of 2 jobs sent") and "looking for 1" in line for line in lines), lines
