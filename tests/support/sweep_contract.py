"""How a local sweep behaves on any engine, as tests that run on the real one and on the fake alike."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator

import pytest
from support.engine_contract import LABELS, WAIT

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import Cancelled
from caliban_ls.runtime.engine import ContainerSpec, Engine
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState, Stream
from caliban_ls.runtime.local import owner
from caliban_ls.runtime.local.owner import GROUP, OWNER, this_owner
from caliban_ls.runtime.local.runner import Sweep, run_jobs

PROJECT = LABELS["caliban.test"]


def jobs_of(group: str, *scripts: str) -> list[JobSpec]:
    """One job for each shell script."""
    return [
        JobSpec(index=index, job_id=f"{group}_{index}", args=(script,))
        for index, script in enumerate(scripts, start=1)
    ]


def sweep_of(group: str, image: str, **environment: str) -> Sweep:
    labels = {OWNER: this_owner(), owner.PROJECT: PROJECT}
    container = ContainerSpec(image=image, args=(), name="", labels=labels, environment=environment)
    return Sweep(group=group, container=container)


class Notes:
    """Keeps what a watcher is told, and acts once when so many jobs have written `ready`."""

    def __init__(self, when_ready: Callable[[], object] = lambda: None, *, after: int = 1) -> None:
        self.results: dict[int, JobResult] = {}
        self.text: dict[int, bytes] = {}
        self.unwanted: set[int] = set()
        self.running = 0
        self.most_at_once = 0
        self.ready: set[int] = set()
        self._after = after
        self._when_ready = when_ready
        self._telling = threading.Lock()

    def may_start(self, job: JobSpec) -> bool:
        return job.index not in self.unwanted

    def started(self, job: JobSpec) -> None:
        assert self._telling.acquire(blocking=False), "two threads told at once"
        assert job.index not in self.results
        self.running += 1
        self.most_at_once = max(self.most_at_once, self.running)
        self._telling.release()

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        assert self._telling.acquire(blocking=False), "two threads told at once"
        self.text[job.index] = self.text.get(job.index, b"") + chunk
        self._telling.release()
        if stream == "stdout" and b"ready\n" in self.text[job.index] and job.index not in self.ready:
            self.ready.add(job.index)
            if len(self.ready) == self._after:
                self._when_ready()

    def finished(self, result: JobResult) -> None:
        assert self._telling.acquire(blocking=False), "two threads told at once"
        assert result.job.index not in self.results, "a job ended twice"
        self.results[result.job.index] = result
        self.running -= result.seconds is not None
        self._telling.release()

    def states(self) -> list[JobState]:
        return [self.results[index].state for index in sorted(self.results)]


class SweepContract:
    """The tests. A subclass has the fixtures `engine`, `image` and `group`."""

    @pytest.fixture
    def group(self, request: pytest.FixtureRequest) -> str:
        name = "".join(letter if letter.isalnum() else "_" for letter in request.node.name)
        return f"caliban_ls_{name}_{PROJECT}"

    def test_every_job_ends_in_its_own_way(self, engine: Engine, image: str, group: str) -> None:
        notes = Notes()
        jobs = jobs_of(
            group,
            "echo training; echo '{\"accuracy\": 0.5}'",
            "echo oops >&2; exit 3",
            "kill -9 $$",
            "no-such-program",
            'echo "$WHO"',
        )
        run_jobs(
            jobs,
            sweep_of(group, image, WHO="somebody"),
            engine=engine,
            at_once=2,
            watcher=notes,
            cancel=CancelToken(),
        )
        ends = [(result.state, result.exit_code) for _, result in sorted(notes.results.items())]
        failed = JobState.FAILED
        assert ends == [
            (JobState.SUCCEEDED, 0),
            (failed, 3),
            (failed, 137),
            (failed, 127),
            (JobState.SUCCEEDED, 0),
        ]
        assert notes.results[1].metrics == {"accuracy": 0.5}
        assert notes.results[1].error is None
        assert notes.results[2].error == "Exit code 3: oops"
        assert notes.results[3].error == "Ended by the signal SIGKILL (exit code 137)"
        assert notes.results[4].error == "Command not found in the image (exit code 127)"
        assert notes.text[2] == b"oops\n"
        assert notes.text[5] == b"somebody\n"
        assert all((result.seconds or 0) > 0 for result in notes.results.values())
        assert engine.containers({GROUP: group}) == []

    @pytest.mark.parametrize("at_once", [1, 3])
    def test_so_many_at_once_and_no_more(self, engine: Engine, image: str, group: str, at_once: int) -> None:
        taken = 0

        def jobs() -> Iterator[JobSpec]:
            nonlocal taken
            for job in jobs_of(group, *["sleep 0.2"] * 6):
                taken += 1
                assert taken - len(notes.results) <= at_once, "read before its turn"
                yield job

        notes = Notes()
        run_jobs(
            jobs(),
            sweep_of(group, image),
            engine=engine,
            at_once=at_once,
            watcher=notes,
            cancel=CancelToken(),
        )
        assert notes.most_at_once == at_once
        assert notes.states() == [JobState.SUCCEEDED] * 6

    def check_cut_short(
        self, engine: Engine, image: str, group: str, notes: Notes, cancel: CancelToken
    ) -> None:
        with pytest.raises(Cancelled):
            run_jobs(
                jobs_of(group, "exit 0", WAIT, WAIT, "exit 0", "exit 0"),
                sweep_of(group, image),
                engine=engine,
                at_once=2,
                watcher=notes,
                cancel=cancel,
            )
        assert notes.ready == {2, 3}
        assert notes.states() == [JobState.SUCCEEDED, *[JobState.CANCELLED] * 4]
        assert [result.seconds is None for _, result in sorted(notes.results.items())][3:] == [True, True]
        assert engine.containers({GROUP: group}) == []

    def test_cancelled(self, engine: Engine, image: str, group: str) -> None:
        cancel = CancelToken()
        self.check_cut_short(engine, image, group, Notes(cancel.set, after=2), cancel)

    def test_interrupted_by_the_keyboard(self, engine: Engine, image: str, group: str) -> None:
        main = threading.main_thread().ident
        assert main is not None
        notes = Notes(lambda: signal.pthread_kill(main, signal.SIGINT), after=2)
        self.check_cut_short(engine, image, group, notes, CancelToken())

    def test_interrupted_again_while_it_stops(self, engine: Engine, image: str, group: str) -> None:
        main = threading.main_thread().ident
        assert main is not None
        cancel = CancelToken()

        def stop_twice() -> None:
            cancel.set()
            signal.pthread_kill(main, signal.SIGINT)

        with pytest.raises(KeyboardInterrupt):
            run_jobs(
                jobs_of(group, WAIT),
                sweep_of(group, image),
                engine=engine,
                at_once=1,
                watcher=Notes(stop_twice),
                cancel=cancel,
            )
        # Nobody waited for the cleaning, which goes on beside for as long as the process lives.
        while engine.containers({GROUP: group}):
            pass

    def test_a_job_that_was_stopped_before_its_turn(self, engine: Engine, image: str, group: str) -> None:
        notes = Notes()
        notes.unwanted = {2}
        run_jobs(
            jobs_of(group, "exit 0", "echo never", "exit 0"),
            sweep_of(group, image),
            engine=engine,
            at_once=1,
            watcher=notes,
            cancel=CancelToken(),
        )
        assert notes.states() == [JobState.SUCCEEDED, JobState.CANCELLED, JobState.SUCCEEDED]
        assert 2 not in notes.text

    def test_cancelled_before_it_begins(self, engine: Engine, image: str, group: str) -> None:
        cancel = CancelToken()
        cancel.set()
        notes = Notes()
        with pytest.raises(Cancelled):
            run_jobs(
                jobs_of(group, "exit 0", "exit 0"),
                sweep_of(group, image),
                engine=engine,
                at_once=2,
                watcher=notes,
                cancel=cancel,
            )
        assert notes.states() == [JobState.CANCELLED] * 2
        assert notes.text == {}

    def test_what_the_watcher_raises_stops_the_sweep(self, engine: Engine, image: str, group: str) -> None:
        def refuse() -> None:
            raise BrokenPipeError

        with pytest.raises(BrokenPipeError):
            run_jobs(
                jobs_of(group, WAIT, WAIT, WAIT),
                sweep_of(group, image),
                engine=engine,
                at_once=2,
                watcher=Notes(refuse, after=2),
                cancel=CancelToken(),
            )
        assert engine.containers({GROUP: group}) == []

    def test_what_the_engine_refuses_has_failed(self, engine: Engine, group: str) -> None:
        notes = Notes()
        run_jobs(
            jobs_of(group, "exit 0", "exit 0"),
            sweep_of(group, "caliban-ls-test:never-was"),
            engine=engine,
            at_once=1,
            watcher=notes,
            cancel=CancelToken(),
        )
        assert notes.states() == [JobState.FAILED] * 2
        assert "caliban-ls-test:never-was" in str(notes.results[1].error)
        assert notes.results[1].exit_code is None
