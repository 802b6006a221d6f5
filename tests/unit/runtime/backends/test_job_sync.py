"""What services say of jobs becomes what is written down, and nothing that is final is ever changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from caliban_ls.runtime.backends import job_sync, labels
from caliban_ls.runtime.backends.backend import RemoteJob
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.google.timestamps import moment
from caliban_ls.runtime.history.counts import count_jobs
from caliban_ls.runtime.history.records import JobGroup
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState

NOON = datetime(2026, 3, 1, 12, tzinfo=timezone.utc)


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path, warn=pytest.fail, clock=lambda: NOON)
    group = JobGroup(
        name="g_1",
        title="g",
        backend="vertex",
        folder=Path("/p"),
        image=None,
        owner=None,
        created=NOON,
    )
    jobs = (
        (
            JobSpec(index=index, job_id=f"g_1_{index}", args=()),
            {
                "labels": {labels.GROUP: "g_1", labels.JOB: f"key-{index}"},
                "jobSpec": {"workerPoolSpecs": [{"containerSpec": {}}]},
            },
        )
        for index in (1, 2, 3)
    )
    Journal(history).begin(group, jobs)
    yield history
    history.close()


def put(history: History, state: str, name: str | None) -> None:
    with history.transaction() as connection:
        connection.execute("UPDATE jobs SET state = ?, name = ? WHERE number = 1", (state, name))


def made(state: JobState, name: str = "n/1", label: str = "key-1", **more: str) -> RemoteJob:
    return RemoteJob(name=name, labels={labels.JOB: label}, state=state, **more)


@pytest.mark.parametrize(
    ("before", "name", "reported", "after"),
    [
        ("QUEUED", "n/1", "RUNNING", "RUNNING"),
        ("RUNNING", "n/1", "QUEUED", "QUEUED"),
        ("RUNNING", "n/1", "SUCCEEDED", "SUCCEEDED"),
        ("SUCCEEDED", "n/1", "RUNNING", "SUCCEEDED"),
        ("FAILED", "n/1", "SUCCEEDED", "FAILED"),
        ("CANCELLED", "n/1", "RUNNING", "CANCELLED"),
        ("RUNNING", "n/1", "UNKNOWN", "RUNNING"),
        # The user's wish was carried there: what is said there holds.
        ("CANCELLING", "n/1", "RUNNING", "RUNNING"),
        # It wasn't yet, so that it is still to be carried there.
        ("CANCELLING", None, "RUNNING", "CANCELLING"),
        ("CANCELLING", None, "FAILED", "FAILED"),
        ("PLANNED", None, "QUEUED", "QUEUED"),
        ("SUBMITTING", None, "QUEUED", "QUEUED"),
        ("UNKNOWN", None, "RUNNING", "RUNNING"),
    ],
)
def test_what_is_written_down(
    history: History, before: str, name: str | None, reported: str, after: str
) -> None:
    put(history, before, name)
    job_sync.write(history, {"g_1_1": made(JobState(reported))}, NOON)
    job = history.jobs.find("g_1_1")
    assert job is not None
    assert (job.state.value, job.name) == (after, "n/1")


def test_a_job_that_is_gone_keeps_its_state_until_it_is_seen_again(history: History) -> None:
    job_sync.write(history, {"g_1_1": made(JobState.RUNNING, started="2026-03-01T11:00:00Z")}, NOON)
    history.cloud_jobs.mark_gone(["g_1_1", "g_1_9"], NOON + timedelta(hours=1))
    job = history.jobs.find("g_1_1")
    assert job is not None
    assert (job.state, job.gone) == (JobState.RUNNING, NOON + timedelta(hours=1))
    late = NOON + timedelta(hours=9)
    assert count_jobs(history, ["g_1"], late)["g_1"].seconds == pytest.approx(3600)
    job_sync.write(history, {"g_1_1": made(JobState.RUNNING)}, late)
    job = history.jobs.find("g_1_1")
    assert job is not None
    assert (job.gone, job.started) == (None, NOON - timedelta(hours=1))
    assert count_jobs(history, ["g_1"], late)["g_1"].seconds == pytest.approx(10 * 3600)


def test_jobs_are_recognised_by_their_label(history: History) -> None:
    put(history, "RUNNING", "n/1")
    listed = [
        made(JobState.RUNNING, "n/7"),
        made(JobState.RUNNING, "n/1"),
        made(JobState.QUEUED, "n/2", "key-2"),
        made(JobState.QUEUED, "n/9", "another's"),
    ]
    seen = job_sync.match_jobs(job_sync.open_jobs(history, "g_1"), listed)
    assert {job_id: one.name for job_id, one in seen.found.items()} == {"g_1_1": "n/1", "g_1_2": "n/2"}
    assert {job_id: [one.name for one in others] for job_id, others in seen.others.items()} == {
        "g_1_1": ["n/7"]
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T12:00:00Z", NOON),
        ("2026-03-01t12:00:00z", NOON),
        ("2026-03-01T12:00:00.5Z", NOON + timedelta(seconds=0.5)),
        ("2026-03-01T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        ("2026-03-01T14:00:00+02:00", NOON),
        ("2026-13-01T12:00:00Z", None),
        ("2026-03-01T12:00:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_moments(text: str | None, expected: datetime | None) -> None:
    assert moment(text) == expected


def test_what_is_stopped_before_it_is_sent(history: History) -> None:
    journal = Journal(history)
    assert journal.sending("g_1_2", NOON)
    assert journal.take_out(["g_1_1", "g_1_2", "g_1_9"], NOON) == {"g_1_2"}
    assert [job.state.value for job in history.jobs.of("g_1")] == ["CANCELLED", "CANCELLING", "PLANNED"]
    assert not journal.sending("g_1_1", NOON)
    assert journal.unsent("g_1") == ["g_1_3"]
    assert journal.sent("g_1_2", made(JobState.QUEUED, "n/2", "key-2"))
    assert [job.state.value for job in history.jobs.of("g_1")] == ["CANCELLED", "CANCELLING", "PLANNED"]
    assert journal.sending("g_1_3", NOON)
    assert not journal.sent("g_1_3", made(JobState.QUEUED, "n/3", "key-3"))


def test_what_is_stopped_on_its_way_and_never_arrives(history: History) -> None:
    journal = Journal(history)
    journal.sending("g_1_1", NOON)
    journal.take_out(["g_1_1"], NOON)
    journal.in_doubt("g_1_1", "No answer came")
    assert history.jobs.state_of("g_1_1") is JobState.CANCELLING
    journal.not_sent("g_1_1")
    assert history.jobs.state_of("g_1_1") is JobState.CANCELLED
