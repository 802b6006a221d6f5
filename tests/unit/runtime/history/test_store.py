"""What is written down, by many processes at once and on files in a bad state."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from caliban_ls.core.errors import MissingError
from caliban_ls.core.state_folder import state_folder
from caliban_ls.runtime.history import store as module
from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.history.recorder import Recorder
from caliban_ls.runtime.history.records import JobGroup, JobRecord, job_id_of, launch_name, utc_now
from caliban_ls.runtime.history.schema import FILE_NAME
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


class Clock:
    """Shows noon until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def open_history(tmp_path: Path, clock: Clock, warnings: list[str]) -> Iterator[Callable[[], History]]:
    """Opens the file of this test, as one more process would."""
    opened: list[History] = []

    def open_it() -> History:
        opened.append(History(tmp_path / "state", warn=warnings.append, clock=clock))
        return opened[-1]

    yield open_it
    for history in opened:
        history.close()


@pytest.fixture
def history(open_history: Callable[[], History]) -> History:
    return open_history()


def add_launch(
    history: History, title: str = "digits", *, owner: str | None = "me", jobs: int = 2
) -> JobGroup:
    group = history.add_group(
        title=title, backend="local", folder=Path("/home/me/digits"), image="sha256:1", owner=owner
    )
    history.add_jobs(
        group.name,
        (
            JobSpec(
                index=index,
                job_id=job_id_of(group.name, index),
                args=("--lr", str(index)),
                parameters={"lr": index},
            )
            for index in range(1, jobs + 1)
        ),
    )
    return group


def record_of(history: History, job_id: str) -> JobRecord:
    record = history.job(job_id)
    assert record is not None
    return record


@pytest.mark.parametrize(
    ("environment", "platform", "folder"),
    [
        ({}, "linux", "/home/me/.local/state/caliban"),
        ({"XDG_STATE_HOME": "/state"}, "linux", "/state/caliban"),
        ({"XDG_STATE_HOME": "relative"}, "linux", "/home/me/.local/state/caliban"),
        ({"XDG_STATE_HOME": "/state"}, "darwin", "/home/me/Library/Application Support/caliban"),
        ({"LOCALAPPDATA": "/local"}, "win32", "/local/caliban"),
        ({}, "win32", "/home/me/AppData/Local/caliban"),
        ({"CALIBAN_HOME": "/c", "XDG_STATE_HOME": "/state"}, "linux", "/c"),
        ({"CALIBAN_HOME": ""}, "linux", "/home/me/.local/state/caliban"),
    ],
)
def test_the_state_folder(environment: Mapping[str, str], platform: str, folder: str) -> None:
    assert state_folder(environment, Path("/home/me"), platform) == Path(folder)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("digits", "digits"),
        ("my digits (v2)", "my_digits_v2"),
        ("2024-run", "job_2024_run"),
        ("_x_", "x"),
        ("Größe", "Gr_e"),
        ("", "job"),
        ("---", "job"),
        ("x" * 200, "x" * 60),
    ],
)
def test_names_of_launches(title: str, name: str) -> None:
    moment = datetime(2026, 3, 1, 14, 25, 36, 42, tzinfo=timezone.utc)
    assert launch_name(title, moment) == f"{name}_20260301_142536_000042"
    assert job_id_of("digits_20260301_142536_000042", 7) == "digits_20260301_142536_000042_7"


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ("--api_key abc --lr 1", "--api_key *** --lr 1"),
        ("--api-key=abc --lr=1", "--api-key=*** --lr=1"),
        ("--hfToken abc", "--hfToken ***"),
        ("--WANDB_API_KEY abc", "--WANDB_API_KEY ***"),
        ("--apikey abc --accesskey=x", "--apikey *** --accesskey=***"),
        ("--db-password -x", "--db-password ***"),
        ("--client_secrets abc --passwd=a=b", "--client_secrets *** --passwd=***"),
        ("--use_token --lr 1", "--use_token --lr 1"),
        ("--token", "--token"),
        ("-token abc", "-token ***"),
        ("--tokenizer bert --max_tokens 5", "--tokenizer bert --max_tokens 5"),
        ("token abc", "token abc"),
    ],
)
def test_credentials_are_masked(args: str, shown: str) -> None:
    assert masked_args(args.split()) == tuple(shown.split())


def test_credentials_stay_out_of_the_file(history: History, tmp_path: Path) -> None:
    group = history.add_group(title="x", backend="local", folder=Path("/x"), image=None, owner=None)
    job = JobSpec(
        index=1,
        job_id="x_1",
        args=("--api_key", "hunter2", "--lr", "1"),
        parameters={"api_key": "hunter2", "lr": 1},
    )
    history.add_jobs(group.name, [job])
    assert record_of(history, "x_1").args == ("--api_key", "***", "--lr", "1")
    assert record_of(history, "x_1").parameters == {"api_key": "***", "lr": 1}
    assert masked_parameters(job.parameters)["api_key"] == "***"
    history.close()
    assert all(b"hunter2" not in file.read_bytes() for file in (tmp_path / "state").iterdir())


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
    history.start_job(job_id, name="container")
    running = record_of(history, job_id)
    assert (running.state, running.name, running.started) == (JobState.RUNNING, "container", clock.now)

    clock.now += timedelta(seconds=1)
    history.finish_job(
        job_id, JobState.FAILED, exit_code=3, seconds=1.5, metrics={"accuracy": 0.5}, error="Exit code 3"
    )
    ended = record_of(history, job_id)
    assert (ended.state, ended.exit_code, ended.seconds, ended.ended) == (JobState.FAILED, 3, 1.5, clock.now)
    assert (ended.metrics, ended.error) == ({"accuracy": 0.5}, "Exit code 3")
    assert [job.state for job in history.jobs(group.name)] == [JobState.QUEUED, JobState.FAILED]


@pytest.mark.parametrize("state", JobState)
def test_a_final_state_stands(history: History, state: JobState) -> None:
    group = add_launch(history)
    history.finish_job(f"{group.name}_1", state)
    history.finish_job(f"{group.name}_2", JobState.SUCCEEDED)
    assert bool(history.unfinished_groups("local")) != state.finished

    history.cancel_job(f"{group.name}_1")
    history.finish_job(f"{group.name}_1", JobState.SUCCEEDED)
    assert record_of(history, f"{group.name}_1").state == (state if state.finished else JobState.SUCCEEDED)


def test_a_job_stopped_on_purpose_did_not_fail(history: History) -> None:
    group = add_launch(history)
    for index in (1, 2):
        history.start_job(f"{group.name}_{index}")
        history.cancel_job(f"{group.name}_{index}")
    history.finish_job(f"{group.name}_1", JobState.FAILED, exit_code=143)
    history.finish_job(f"{group.name}_2", JobState.SUCCEEDED, exit_code=0)
    assert [job.state for job in history.jobs(group.name)] == [JobState.CANCELLED, JobState.SUCCEEDED]


def test_a_launch_can_be_abandoned(history: History) -> None:
    group, other = add_launch(history, jobs=4), add_launch(history)
    history.finish_job(f"{group.name}_1", JobState.SUCCEEDED)
    history.start_job(f"{group.name}_2")
    assert history.abandon(group.name, error="it died", alive=[f"{group.name}_3"]) == 2
    assert [job.state.value for job in history.jobs(group.name)] == [
        "SUCCEEDED",
        "CANCELLED",
        "QUEUED",
        "CANCELLED",
    ]
    assert record_of(history, f"{group.name}_4").error == "it died"
    assert {job.state for job in history.jobs(other.name)} == {JobState.QUEUED}


def test_launches_and_jobs_are_found(history: History, clock: Clock) -> None:
    old = add_launch(history)
    clock.now += timedelta(hours=1)
    new, other = add_launch(history), add_launch(history, "other")
    history.start_job(f"{new.name}_1", name="projects/p/jobs/77")
    assert [group.name for group in history.groups(limit=2)] == sorted([new.name, other.name], reverse=True)
    assert history.groups()[-1] == old
    assert history.group(old.name) == old
    assert history.group("digits") == new
    assert history.group("none") is None
    for reference in (f"{new.name}_1", f"{new.name}/1", "digits/1", "projects/p/jobs/77"):
        assert record_of(history, reference).job_id == f"{new.name}_1"
    for reference in ("digits/3", "digits/", "digits/x", "digits/²", "none/1", "", "/"):
        assert history.job(reference) is None


def test_a_launch_that_cannot_be_expanded_leaves_no_jobs(history: History) -> None:
    group = history.add_group(title="x", backend="local", folder=Path("/x"), image=None, owner=None)

    def jobs() -> Iterator[JobSpec]:
        yield JobSpec(index=1, job_id="x_1", args=())
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        history.add_jobs(group.name, jobs())
    assert history.jobs(group.name) == []
    history.add_jobs(group.name, [JobSpec(index=1, job_id="x_1", args=())])


def test_launches_of_one_moment_have_names_of_their_own(open_history: Callable[[], History]) -> None:
    names = [add_launch(open_history()).name for _ in range(3)]
    assert names == [f"digits_20260301_120000_00000{number}" for number in range(3)]


def test_many_processes_share_the_file(tmp_path: Path, open_history: Callable[[], History]) -> None:
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, timezone\n"
        "from caliban_ls.runtime.history.store import History\n"
        "history = History(Path(sys.argv[1]), warn=print, clock=lambda: datetime(2026, 3, 1, tzinfo=timezone.utc))\n"
        "for _ in range(20):\n"
        "    history.add_group(title='x', backend='local', folder=Path('/x'), image=None, owner=None)\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path / "state")]
    processes = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)]
    assert [process.communicate()[0] for process in processes] == [b""] * 4
    assert len({group.name for group in open_history().groups()}) == 80


def test_many_threads_share_a_history(history: History) -> None:
    group = add_launch(history, jobs=40)

    def finish(first: int) -> None:
        for index in range(first, 41, 4):
            history.start_job(f"{group.name}_{index}")
            history.finish_job(f"{group.name}_{index}", JobState.SUCCEEDED)

    threads = [threading.Thread(target=finish, args=(first,)) for first in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {job.state for job in history.jobs(group.name)} == {JobState.SUCCEEDED}


@pytest.mark.parametrize(
    "damage", [b"not a database, but long enough to have a header" * 99, b"SQLite format 3\0" * 99]
)
def test_a_damaged_file_is_set_aside(
    open_history: Callable[[], History], tmp_path: Path, warnings: list[str], damage: bytes
) -> None:
    file = tmp_path / "state" / FILE_NAME
    file.parent.mkdir()
    file.write_bytes(damage)
    add_launch(open_history())
    (warning,) = warnings
    aside = Path(warning.split(" is kept as ")[1].partition(";")[0])
    assert aside.read_bytes() == damage
    assert len(open_history().groups()) == 1
    assert len(warnings) == 1


def test_damage_that_shows_later(
    history: History, open_history: Callable[[], History], tmp_path: Path, warnings: list[str]
) -> None:
    add_launch(history, jobs=2000)
    history.close()
    file = tmp_path / "state" / FILE_NAME
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    file.write_bytes(content)
    again = open_history()
    with pytest.raises(MissingError, match="was damaged") as caught:
        again.groups()
    aside = Path(str(caught.value).split(" is kept as ")[1].partition(";")[0])
    assert aside.read_bytes() == content
    assert again.groups() == []
    assert warnings == []


def test_a_file_of_a_newer_program_is_left_alone(open_history: Callable[[], History], tmp_path: Path) -> None:
    open_history().close()
    file = tmp_path / "state" / FILE_NAME
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(MissingError, match="newer caliban"):
        open_history()
    assert file.read_bytes() == before


def test_a_file_that_is_locked_for_too_long(
    monkeypatch: pytest.MonkeyPatch, open_history: Callable[[], History], tmp_path: Path
) -> None:
    open_history().close()
    monkeypatch.setattr(module, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "state" / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(MissingError, match="locked") as caught:
        add_launch(open_history())
    assert "CALIBAN_HOME" in caught.value.hint
    assert open_history().groups() == [], "reading waits for no writer"
    holder.close()


def fill_disk(history: History) -> None:
    """Let SQLite find no page more."""
    pages = history._connection.execute("PRAGMA page_count").fetchone()[0]
    history._connection.execute(f"PRAGMA max_page_count = {pages}")


def test_a_full_disk(history: History) -> None:
    fill_disk(history)
    with pytest.raises(MissingError, match="full"):
        add_launch(history, jobs=2000)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingError, match="can't be used"):
        History(tmp_path / "file" / "state", warn=print, clock=utc_now)


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
    assert open_history().unfinished_groups("local") == []
