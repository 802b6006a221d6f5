"""Local sweeps, on an engine of processes."""

from __future__ import annotations

import signal

import pytest
from support.engine_contract import WAIT
from support.fake_engine import FakeEngine
from support.sweep_contract import Notes, SweepContract, jobs_of, sweep_of

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import EngineUnavailable
from caliban_ls.runtime.engine import ContainerSpec, Exit
from caliban_ls.runtime.jobs import JobSpec, JobState
from caliban_ls.runtime.local.runner import Sweep, container_spec, explain, run_jobs, shared_gpus, this_user


class TestFakeSweeps(SweepContract):
    """The contract, in processes."""

    @pytest.fixture
    def engine(self) -> FakeEngine:
        return FakeEngine("tools")

    @pytest.fixture
    def image(self) -> str:
        return "tools"


def test_the_engine_goes_away() -> None:
    engine = FakeEngine("tools")
    notes = Notes(engine.go_away, after=2)
    with pytest.raises(EngineUnavailable):
        run_jobs(
            jobs_of("g", WAIT, WAIT, "exit 0"),
            sweep_of("g", "tools"),
            engine=engine,
            at_once=2,
            watcher=notes,
            cancel=CancelToken(),
        )
    assert notes.states() == [JobState.UNKNOWN, JobState.UNKNOWN, JobState.CANCELLED]
    assert notes.results[1].error == "No engine answers"


def test_jobs_that_cannot_be_made() -> None:
    def jobs() -> object:
        yield from jobs_of("g", "exit 0")
        raise ZeroDivisionError

    notes = Notes()
    with pytest.raises(ZeroDivisionError):
        run_jobs(
            jobs(),  # type: ignore[arg-type]  # a generator, as the sweep's own
            sweep_of("g", "tools"),
            engine=FakeEngine("tools"),
            at_once=1,
            watcher=notes,
            cancel=CancelToken(),
        )
    assert notes.states() == [JobState.SUCCEEDED]


def test_the_container_of_a_job() -> None:
    job = JobSpec(index=3, job_id="digits_20260301_142536_000001_3", args=("--lr", "0.1"))
    sweep = Sweep(
        group="digits_20260301_142536_000001",
        container=ContainerSpec(
            image="sha256:1",
            args=("run",),
            name="",
            labels={"caliban.owner": "me", "caliban.project": "digits"},
            user="1000:1000",
            environment={"USER": "ada"},
        ),
    )
    spec = container_spec(job, sweep)
    assert (spec.name, spec.image, spec.args) == (job.job_id, "sha256:1", ("run", "--lr", "0.1"))
    assert (spec.user, spec.environment) == ("1000:1000", {"USER": "ada"})
    assert spec.labels == {
        "caliban.kind": "run",
        "caliban.owner": "me",
        "caliban.group": "digits_20260301_142536_000001",
        "caliban.job": job.job_id,
        "caliban.project": "digits",
    }


@pytest.mark.parametrize(
    ("end", "sentence"),
    [
        (Exit(0), None),
        (Exit(0, out_of_memory=True), None),
        (Exit(1), "Exit code 1"),
        (Exit(126), "Its command can't be executed in the image (exit code 126)"),
        (Exit(127), "Command not found in the image (exit code 127)"),
        (Exit(128), "Exit code 128"),
        (Exit(137), "Ended by the signal SIGKILL (exit code 137)"),
        (Exit(137, out_of_memory=True), "Killed: out of memory (exit code 137)"),
        (Exit(139), "Ended by the signal SIGSEGV (exit code 139)"),
        (Exit(255), "Exit code 255"),
    ],
)
def test_exits_in_words(end: Exit, sentence: str | None) -> None:
    assert explain(end) == sentence


def test_jobs_run_as_their_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 1000)
    monkeypatch.setattr("os.getgid", lambda: 100)
    assert this_user() == "1000:100"


def test_the_interrupt_handler_is_pythons_own() -> None:
    # The contract's keyboard test relies on it.
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("gpus", "slots", "expected"),
    [
        ("abcd", 2, ["ac", "bd"]),
        ("abcd", 4, ["a", "b", "c", "d"]),
        ("abc", 2, ["ac", "b"]),
        ("ab", 3, ["a", "b", "a"]),
        ("a", 1, ["a"]),
    ],
)
def test_gpus_are_shared_out(gpus: str, slots: int, expected: list[str]) -> None:
    assert ["".join(shared_gpus(tuple(gpus), slots, slot)) for slot in range(slots)] == expected
