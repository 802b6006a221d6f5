"""A local launch is recorded, and goes on when it can't be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from support.histories import Clock, fill_disk, record_of

from caliban_ls.runtime.history.recorder import Recorder
from caliban_ls.runtime.history.records import job_id_of
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState


def launch_by(recorder: Recorder, jobs: int = 2) -> list[JobSpec]:
    name = recorder.begin(title="digits", folder=Path("/digits"), image=None, owner="me")
    specs = [
        JobSpec(index=index, job_id=job_id_of(name, index), args=("--lr", "1"))
        for index in range(1, jobs + 1)
    ]
    recorder.planned(name, specs)
    return specs


def test_a_recorder_writes_down_a_launch(
    open_history: Callable[[], History], clock: Clock, warnings: list[str]
) -> None:
    recorder = Recorder(open_history, warn=warnings.append, clock=clock)
    job, _ = launch_by(recorder)
    recorder.may_start(job)
    recorder.finished(JobResult(job=job, state=JobState.SUCCEEDED, exit_code=0, seconds=2, metrics={"a": 1}))
    recorder.close()
    record = record_of(open_history(), job.job_id)
    assert (record.state, record.name, record.metrics) == (JobState.SUCCEEDED, job.job_id, {"a": 1})
    assert (record.exit_code, record.seconds) == (0, 2)
    assert warnings == []


def test_a_launch_goes_on_without_a_history(tmp_path: Path, clock: Clock, warnings: list[str]) -> None:
    (tmp_path / "file").touch()

    def open_it() -> History:
        return History(tmp_path / "file" / "state", warn=warnings.append, clock=clock)

    recorder = Recorder(open_it, warn=warnings.append, clock=clock)
    job, _ = launch_by(recorder)
    assert job.job_id == "digits_20260301_120000_000000_1"
    recorder.may_start(job)
    recorder.finished(JobResult(job=job, state=JobState.SUCCEEDED))
    recorder.close()
    assert len(warnings) == 1
    assert "run without a record" in warnings[0]


def test_a_launch_goes_on_when_its_history_fails(
    open_history: Callable[[], History], clock: Clock, warnings: list[str]
) -> None:
    def open_it() -> History:
        history = open_history()
        fill_disk(history)
        return history

    recorder = Recorder(open_it, warn=warnings.append, clock=clock)
    jobs = launch_by(recorder, jobs=2000)
    recorder.may_start(jobs[0])
    recorder.planned("again", jobs)
    assert len(warnings) == 1
    assert "full" in warnings[0]
    assert open_history().groups.unfinished("local") == []
