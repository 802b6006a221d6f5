"""A history that can't be written: nothing is sent that isn't written down, and what was sent is found again.

The real program each time, so that what it says and how it ends are what a user meets.
"""

from __future__ import annotations

import json
import os
import resource
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cloud.emulator.faults import Faults
from cloud.emulator.server import Emulator
from support.cloud_launches import IMAGE, Launches

from caliban_ls.operations.jobs import stop
from caliban_ls.operations.jobs.status import status
from caliban_ls.operations.schemas.jobs import StatusArguments, StopArguments
from caliban_ls.runtime.backends import submitter
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.schema import FILE_NAME

JOBS = 60

SUBMIT = (
    "cloud",
    "--yes",
    "--nogpu",
    "--image_tag",
    IMAGE,
    "--experiment_config",
    "experiment.json",
    "train.py",
)


@pytest.fixture
def launches(emulator: Emulator, tmp_path: Path) -> Launches:
    launches = Launches(tmp_path / "digits", emulator, "vertex")
    (launches.folder / "experiment.json").write_text(json.dumps({"n": list(range(JOBS))}))
    return launches


def begin(
    launches: Launches, *argv: str, largest_file: int | None = None, powerless: bool = False
) -> subprocess.Popen[str]:
    """Start the program.

    Args:
        launches: whose it is.
        argv: its arguments.
        largest_file: bytes that a file may have, as on a disk that is full.
        powerless: whether permissions bind it even if root runs the tests.
    """
    prefix = []
    if powerless and os.geteuid() == 0:
        drop = "-dac_override,-dac_read_search"
        prefix = ["setpriv", f"--bounding-set={drop}", f"--inh-caps={drop}"]

    def limit() -> None:
        if largest_file is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

    return subprocess.Popen(
        [*prefix, sys.executable, "-m", "caliban_ls", *argv],
        cwd=launches.folder,
        env={**os.environ, **launches.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509  # nothing of it takes a lock
    )


def end(process: subprocess.Popen[str], code: int) -> str:
    """Wait for the program's end, and return what it said for people."""
    try:
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == code, said
    assert "Traceback" not in said
    return said


def all_are_there_once(launches: Launches) -> None:
    made = Counter(
        job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"][1] for job in launches.there().values()
    )
    assert made == Counter({str(n): 1 for n in range(JOBS)})


@pytest.mark.parametrize("bytes_left", [0, 20_000, 100_000])
def test_on_a_full_disk_nothing_is_sent(launches: Launches, bytes_left: int) -> None:
    said = end(begin(launches, *SUBMIT, largest_file=bytes_left), 3)
    assert "error[missing]: The history" in said
    assert "Free its disk" in said
    assert launches.there() == {}
    end(begin(launches, *SUBMIT), 0)
    all_are_there_once(launches)


@pytest.mark.parametrize("bytes_left", [400_000, 800_000])
def test_a_disk_that_fills_up_ends_the_sending(launches: Launches, bytes_left: int) -> None:
    said = end(begin(launches, *SUBMIT, largest_file=bytes_left), 3)
    assert "error[missing]: The history" in said
    assert 0 < len(launches.there()) < JOBS
    end(begin(launches, "resume", "--yes"), 0)
    all_are_there_once(launches)


def test_in_a_state_folder_that_is_read_only_nothing_is_sent(launches: Launches) -> None:
    launches.submit(1)
    before = len(launches.there())
    (launches.folder / "experiment.json").write_text(json.dumps({"n": list(range(JOBS))}))
    files = [launches.state, *launches.state.iterdir()]
    for file in files:
        file.chmod(0o500 if file.is_dir() else 0o400)
    try:
        for argv in (SUBMIT, ("resubmit", "--yes"), ("stop", "--all", "--yes"), ("status", "--refresh")):
            said = end(begin(launches, *argv, powerless=True), 3)
            assert "mend its permissions" in said
    finally:
        for file in files:
            file.chmod(0o700)
    assert len(launches.there()) == before
    assert launches.calls("cancel") == 0


def test_while_another_holds_the_history_nothing_is_sent(launches: Launches) -> None:
    launches.submit(1)
    (launches.folder / "experiment.json").write_text(json.dumps({"n": list(range(JOBS))}))
    with sqlite3.connect(launches.state / FILE_NAME, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        said = end(begin(launches, *SUBMIT), 3)
        assert "database is locked" in said
        assert len(launches.there()) == 1
        # Reading doesn't wait.
        end(begin(launches, "status"), 0)
        other.execute("ROLLBACK")
    other.close()


def test_a_lock_in_the_middle_ends_the_sending_and_resume_goes_on(launches: Launches) -> None:
    launches.emulator.faults = Faults(latency=0.1)
    process = begin(launches, *SUBMIT)
    wait_until(lambda: len(launches.there()) >= 5)
    other = sqlite3.connect(launches.state / FILE_NAME, isolation_level=None, timeout=30)
    other.execute("BEGIN IMMEDIATE")
    said = end(process, 3)
    assert "database is locked" in said
    assert len(launches.there()) < JOBS
    other.execute("ROLLBACK")
    other.close()
    end(begin(launches, "resume", "--yes"), 0)
    all_are_there_once(launches)


def test_a_damaged_history_is_kept_aside(launches: Launches) -> None:
    launches.submit(2)
    file = launches.state / FILE_NAME
    file.with_name(f"{FILE_NAME}-wal").unlink(missing_ok=True)
    damaged = b"no database any more " * 1000
    file.write_bytes(damaged)
    said = end(begin(launches, "status", "--refresh"), 0)
    (aside,) = launches.state.glob(f"{FILE_NAME}.damaged-*")
    assert f"is kept as {aside}; a new one begins" in said
    assert aside.read_bytes() == damaged
    assert "Nothing has been run" in said or launches.jobs("digits") == []
    (launches.folder / "experiment.json").write_text(json.dumps({"n": list(range(JOBS))}))
    end(begin(launches, *SUBMIT), 0)
    assert len(launches.there()) == 2 + JOBS
    assert aside.read_bytes() == damaged


def test_a_history_that_is_damaged_in_the_middle_makes_no_job_twice(launches: Launches) -> None:
    launches.emulator.faults = Faults(latency=0.1)
    process = begin(launches, *SUBMIT)
    wait_until(lambda: len(launches.there()) >= 5)
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        with (launches.state / name).open("r+b") as file:
            file.write(b"?" * (launches.state / name).stat().st_size)
    # It may notice or not: what it has read of the file, it needn't read again. The next process to open it does.
    _, said = process.communicate(timeout=120)
    assert "Traceback" not in said
    assert process.returncode == 0 or "was damaged" in said or "can't be used" in said
    made = Counter(job["displayName"] for job in launches.there().values())
    assert set(made.values()) == {1}
    _, said = begin(launches, "status").communicate(timeout=120)
    assert "was damaged" in said
    assert len(list(launches.state.glob(f"{FILE_NAME}.damaged-*"))) == 1
    end(begin(launches, "status"), 0)


def test_a_clock_that_was_set_back_costs_nothing_and_loses_nothing(
    launches: Launches, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = launches.submit(3)
    tomorrow = (utc_now() + timedelta(days=1)).isoformat()
    launches.move(group, "RUNNING")
    status(StatusArguments(refresh=True), launches.context())
    launches.write(
        "UPDATE jobs SET created = ?, started = CASE WHEN number = 1 THEN ? END", tomorrow, tomorrow
    )
    launches.write("UPDATE groups SET created = ?", tomorrow)
    (shown,) = status(StatusArguments(), launches.context()).groups
    assert shown.hours == 0
    assert shown.cost is not None
    assert (shown.cost.so_far, shown.jobs[0].seconds) == (0, None)
    end(begin(launches, "status"), 0)
    # One that may be on its way is looked for as long as ever, and not as long as the clock says.
    gone = launches.there().pop(str(launches.jobs(group)[2].name))
    launches.write("UPDATE jobs SET state = 'UNKNOWN', name = NULL, doubted = ? WHERE number = 3", tomorrow)
    monkeypatch.setattr(submitter, "TIMING", submitter.Timing(doubt=4.0))
    began = time.monotonic()
    done = stop.stop(StopArguments(references=(group,)), launches.context())
    assert time.monotonic() - began >= 4
    assert len(done.stopped) == 3
    assert gone["name"] not in launches.there()
    assert launches.states(group)[1:] == ["CANCELLED", "CANCELLED"]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)
