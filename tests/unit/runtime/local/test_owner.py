"""Which processes are known to be dead, and what becomes of what they left."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.fake_engine import FakeEngine

from caliban_ls.runtime.engine import ContainerInfo
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, JobState
from caliban_ls.runtime.local.orphans import Orphan, lost_state, sweep_orphans
from caliban_ls.runtime.local.owner import is_dead, this_owner

PROGRAM = "from caliban_ls.runtime.local.owner import this_owner; print(this_owner(), flush=True); input()"


@contextmanager
def other_process() -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Another process, as owner and as process."""
    argv = [sys.executable, "-c", PROGRAM]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().rstrip("\n"), process
        finally:
            process.kill()


@pytest.fixture(scope="module")
def dead() -> str:
    """An owner that was killed."""
    with other_process() as (owner, _):
        pass
    return owner


def test_a_process_knows_itself() -> None:
    assert not is_dead(this_owner())
    assert str(os.getpid()) in this_owner().split(" ")


def test_a_living_process_becomes_a_dead_one() -> None:
    with other_process() as (owner, process):
        assert not is_dead(owner)
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(owner), "as a zombie"
    assert is_dead(owner), "and when its number is free"


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        (0, "elsewhere/-/0", False),
        (1, "another-boot", True),
        (2, "pid:[1]", False),
        (3, "x", False),
        (4, "1", True),
        (4, "-", False),
    ],
    ids=["machine", "boot", "namespace", "no number", "reused number", "unknown start"],
)
def test_a_process_is_told_by_all_its_marks(field: int, value: str, expected: object) -> None:
    marks = this_owner().split(" ")
    marks[field] = value
    assert is_dead(" ".join(marks)) is expected


@pytest.mark.parametrize("label", ["", "x", "a b c d", "a b c d e f", " " * 9])
def test_labels_of_others_are_no_dead_processes(label: str) -> None:
    assert not is_dead(label)


def test_without_proc_the_system_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("caliban_ls.runtime.local.owner._PROC", tmp_path)
    answer = "import sys; print('Sun Mar  1 12:00:00 2026' if sys.argv[-1] != '1' else '')"
    run = subprocess.run
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda argv, **options: run([sys.executable, "-c", answer, *argv[1:]], **options),
    )
    owner = this_owner()
    assert owner.endswith(f" - - {os.getpid()} Sun Mar  1 12:00:00 2026")
    assert not is_dead(owner)
    assert is_dead(owner.replace("Sun", "Mon"))
    assert is_dead(owner.replace(f" {os.getpid()} ", " 1 "))


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path, warn=print, clock=utc_now)
    yield history
    history.close()


def left_behind(engine: FakeEngine, owner: str, name: str, *, code: int | None = None, **labels: str) -> None:
    """A container that runs, or one that ended with a code."""
    all_labels = {
        "caliban.kind": "run",
        "caliban.owner": owner,
        "caliban.job": name,
        **{f"caliban.{label}": value for label, value in labels.items()},
    }
    engine.left_behind.append(
        ContainerInfo(id=f"id-{name}", name=name, labels=all_labels, running=code is None, exit_code=code)
    )


@pytest.fixture
def launch(history: History) -> Callable[[str | None, int], list[str]]:
    """Writes down a launch of an owner and returns its job ids."""

    def write(owner: str | None, jobs: int) -> list[str]:
        group = history.groups.add(title="g", folder=Path("/g"), image=None, owner=owner)
        ids = [f"{group.name}_{index}" for index in range(1, jobs + 1)]
        history.jobs.add(
            group.name, (JobSpec(index=index, job_id=name, args=()) for index, name in enumerate(ids, 1))
        )
        return ids

    return write


def states_of(history: History, ids: list[str]) -> list[tuple[str, int | None, str | None]]:
    records = [history.jobs.find(name) for name in ids]
    return [(record.state.value, record.exit_code, record.error) for record in records if record is not None]


KILLED = "The process that ran it was killed"


def test_what_a_dead_process_left_is_ended(
    dead: str, history: History, launch: Callable[[str | None, int], list[str]]
) -> None:
    ids = launch(dead, 6)
    for name in ids[:5]:
        history.jobs.start(name)
    history.jobs.cancel(ids[4])
    engine = FakeEngine()
    left_behind(engine, dead, ids[0], code=0)
    left_behind(engine, dead, ids[1], code=3)
    left_behind(engine, dead, ids[2])
    left_behind(engine, dead, ids[3], detach="1")
    assert sweep_orphans(engine, history) == [
        Orphan(name=ids[0], job=True, state=JobState.SUCCEEDED, exit_code=0),
        Orphan(name=ids[1], job=True, state=JobState.FAILED, exit_code=3),
        Orphan(name=ids[2], job=True, state=JobState.UNKNOWN, exit_code=None),
    ]
    assert states_of(history, ids) == [
        ("SUCCEEDED", 0, None),
        ("FAILED", 3, "Exit code 3"),
        ("UNKNOWN", None, KILLED),
        ("RUNNING", None, None),
        ("CANCELLED", None, KILLED),
        ("CANCELLED", None, KILLED),
    ]
    assert [container.name for container in engine.left_behind] == [ids[3]]
    assert sweep_orphans(engine, history) == []


def test_what_outlived_its_process_ends_when_it_has_ended(
    dead: str, history: History, launch: Callable[[str | None, int], list[str]]
) -> None:
    ids = launch(None, 2)
    engine = FakeEngine()
    left_behind(engine, dead, ids[0], code=0, detach="1")
    left_behind(engine, dead, ids[1], detach="1")
    assert [orphan.name for orphan in sweep_orphans(engine, history)] == [ids[0]]
    assert states_of(history, ids) == [("SUCCEEDED", 0, None), ("QUEUED", None, None)]


@pytest.mark.parametrize(
    "owner", [this_owner(), "elsewhere - - 1 1", ""], ids=["this process", "another machine", "unknown"]
)
def test_what_belongs_to_others_is_left_alone(
    owner: str, history: History, launch: Callable[[str | None, int], list[str]]
) -> None:
    ids = launch(owner, 2)
    engine = FakeEngine()
    left_behind(engine, owner, ids[0])
    left_behind(engine, owner, ids[1], code=0)
    assert sweep_orphans(engine, history) == []
    assert len(engine.left_behind) == 2
    assert states_of(history, ids) == [("QUEUED", None, None)] * 2


def test_shells_go_too_and_no_job_is_told_to_have_ended(dead: str, history: History) -> None:
    engine = FakeEngine()
    left_behind(engine, dead, "x", kind="shell")
    (orphan,) = sweep_orphans(engine, history)
    assert orphan.name == "x"
    assert engine.left_behind == []


def test_without_a_history_containers_are_removed_all_the_same(dead: str) -> None:
    engine = FakeEngine()
    left_behind(engine, dead, "x", code=1)
    assert len(sweep_orphans(engine, None)) == 1
    assert engine.left_behind == []


@pytest.mark.parametrize("state", JobState)
def test_a_dead_process_s_jobs_read_as_they_are_written(
    state: JobState, dead: str, history: History, launch: Callable[[str | None, int], list[str]]
) -> None:
    (name,) = launch(dead, 1)
    history.jobs.finish(name, state)
    sweep_orphans(FakeEngine(), history)
    assert history.jobs.state_of(name) is lost_state(state)
