"""Run the jobs of a sweep in containers on an engine, several at a time.

Owns the life of a local sweep: the order of jobs, the meaning of exit codes, and what happens when the user stops it
or the engine goes away. Knows engines by their protocol only, and no history: it reports to a `Watcher`.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Protocol

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError, Cancelled, EngineUnavailable
from caliban_ls.runtime.engine import ContainerSpec, Engine, Exit
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState, Stream
from caliban_ls.runtime.local import owner
from caliban_ls.runtime.local.last_line import LastWords
from caliban_ls.runtime.local.metrics import MetricsReader


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """What the jobs of one launch have in common.

    Attributes:
        group: the name of the launch.
        container: what each job runs in, but for its name and its arguments; its labels say whose it is.
        gpus: ids of the GPUs that the jobs share; empty where they can't be given out one by one.
    """

    group: str
    container: ContainerSpec
    gpus: tuple[str, ...] = ()


class Watcher(Protocol):
    """Receives the events of jobs: from several threads, but never two at once.

    What it raises stops the sweep and is passed on.
    """

    def may_start(self, job: JobSpec) -> bool:
        """Return whether a job is still wanted whose turn has come."""
        ...

    def started(self, job: JobSpec) -> None:
        """Take note that a job's container is about to run."""
        ...

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Take output as it comes. A job doesn't wait for that; what is taken late is still whole."""
        ...

    def finished(self, result: JobResult) -> None:
        """Take note of how a job ended; every job ends once, also one that never started."""
        ...


def run_jobs(
    jobs: Iterable[JobSpec],
    sweep: Sweep,
    *,
    engine: Engine,
    at_once: int,
    watcher: Watcher,
    cancel: CancelToken,
) -> None:
    """Run jobs to their end, each in a container of its own, and report to the watcher.

    A job that fails stops no other. The jobs are read as they start, and nothing is kept of those that
    ended, so that memory stays flat for any number of them. Ctrl-C (KeyboardInterrupt, on the main thread)
    counts as cancelling; one after a cancelling, the second Ctrl-C say, gives up on cleaning.

    Args:
        jobs: in the order in which they start.
        sweep: what they have in common.
        engine: runs them; used from several threads.
        at_once: how many run at a time, at least 1.
        watcher: gets the events of each.
        cancel: stops and removes what runs; the rest ends as CANCELLED.

    Raises:
        Cancelled: jobs were cut short by the token or by Ctrl-C.
        EngineUnavailable: the engine went away; what ran ends as UNKNOWN, the rest as CANCELLED.
    """
    work = _Work(jobs, sweep, engine, watcher, threads=max(1, at_once))
    with cancel.on_set(work.stop.set):
        try:
            work.run()
        except KeyboardInterrupt:
            if work.stop.is_set():
                raise  # It was the second: the user no longer wants to wait.
            work.stop.set()
            work.run()
    work.finish()


def shared_gpus(gpus: tuple[str, ...], slots: int, slot: int) -> tuple[str, ...]:
    """Return the GPUs of one of the slots in which jobs run at once.

    Args:
        gpus: their ids.
        slots: how many jobs run at once, at least 1.
        slot: which of them, from 0.
    """
    return gpus[slot::slots] if slots <= len(gpus) else (gpus[slot % len(gpus)],)


def container_spec(job: JobSpec, sweep: Sweep, gpus: tuple[str, ...] = ()) -> ContainerSpec:
    """Return the container that a job runs in, with some GPUs instead of all if they are named."""
    return replace(
        sweep.container,
        gpus=gpus or sweep.container.gpus,
        args=(*sweep.container.args, *job.args),
        name=job.job_id,
        labels={
            **sweep.container.labels,
            owner.KIND: "run",
            owner.GROUP: sweep.group,
            owner.JOB: job.job_id,
        },
    )


def this_user() -> str | None:
    """Return the caller's `UID:GID`, so that what jobs write belongs to them; None where there is none."""
    return f"{os.getuid()}:{os.getgid()}" if hasattr(os, "getuid") else None


def explain(end: Exit, last_words: str = "") -> str | None:
    """Return one sentence about an exit that wasn't a success; what the job said last is its reason if nothing else is.

    Codes by the convention of shells and of Docker:
    https://docs.docker.com/engine/containers/run/#exit-status.
    """
    if end.code == 0:
        return None
    if end.out_of_memory:
        return f"Killed: out of memory (exit code {end.code})"
    if end.code == 126:  # noqa: PLR2004  # see above
        return "Its command can't be executed in the image (exit code 126)"
    if end.code == 127:  # noqa: PLR2004  # see above
        return "Command not found in the image (exit code 127)"
    with suppress(ValueError):
        number = signal.Signals(end.code - 128)
        return f"Ended by the signal {number.name} (exit code {end.code})"
    return f"Exit code {end.code}: {last_words}" if last_words else f"Exit code {end.code}"


class _Work:
    """What the threads of a sweep share."""

    def __init__(
        self, jobs: Iterable[JobSpec], sweep: Sweep, engine: Engine, watcher: Watcher, *, threads: int
    ) -> None:
        self.stop = CancelToken()
        self._threads = [
            threading.Thread(
                target=self._attend,
                args=(shared_gpus(sweep.gpus, threads, number) if sweep.gpus else (),),
                name=f"job-{number}",
                daemon=True,
            )
            for number in range(threads)
        ]
        self._busy = threads
        self._idle = threading.Event()
        self._jobs: Iterator[JobSpec] = iter(jobs)
        self._sweep = sweep
        self._engine = engine
        self._watcher = watcher
        self._lock = threading.Lock()
        self._failure: BaseException | None = None
        self._cut_short = False

    def run(self) -> None:
        """Start the threads that haven't been, and wait until all are through.

        Not by joining them: before Python 3.13 a join that Ctrl-C interrupts takes its thread for ended.
        """
        for thread in self._threads:
            if thread.ident is None:
                thread.start()
        self._idle.wait()

    def finish(self) -> None:
        """End the jobs that never started, and raise what stopped the sweep."""
        if self._failure is None or isinstance(self._failure, CalibanError):
            for job in self._jobs:
                self._end(JobResult(job=job, state=JobState.CANCELLED, error="It never started"))
        if self._failure is not None:
            raise self._failure
        if self._cut_short:
            raise Cancelled("Stopped as asked")

    def _attend(self, gpus: tuple[str, ...]) -> None:
        """Run one job after the other until there are no more, or the sweep stops."""
        try:
            while not self.stop.is_set():
                with self._lock:
                    job = next(self._jobs, None)
                if job is None:
                    break
                self._run_job(job, gpus)
        except BaseException as error:  # noqa: BLE001  # `finish` raises it again, on the caller's thread
            with self._lock:
                self._failure = self._failure or error
            self.stop.set()
        finally:
            with self._lock:
                self._busy -= 1
                if self._busy == 0:
                    self._idle.set()

    def _run_job(self, job: JobSpec, gpus: tuple[str, ...]) -> None:
        """Run one job to its end and tell how it ended."""
        with self._lock:
            wanted = self._watcher.may_start(job)
        if not wanted:
            self._end(JobResult(job=job, state=JobState.CANCELLED, error="It was stopped before it started"))
            return
        metrics, last_words = MetricsReader(), LastWords()

        def output(stream: Stream, chunk: bytes) -> None:
            if stream == "stdout":
                metrics.feed(chunk)
            last_words.feed(stream, chunk)
            with self._lock:
                self._watcher.output(job, stream, chunk)

        with self._lock:
            self._watcher.started(job)
        began = time.monotonic()
        end: Exit | None = None
        lost: EngineUnavailable | None = None
        try:
            end = self._engine.run(container_spec(job, self._sweep, gpus), output=output, cancel=self.stop)
        except Cancelled:
            state, error = JobState.CANCELLED, "It was stopped"
        except EngineUnavailable as gone:
            lost, state, error = gone, JobState.UNKNOWN, str(gone)
        except CalibanError as refused:
            state, error = JobState.FAILED, f"{refused}. {refused.hint}".removesuffix(". ")
        else:
            state = JobState.SUCCEEDED if end.code == 0 else JobState.FAILED
        self._end(
            JobResult(
                job=job,
                state=state,
                exit_code=end.code if end else None,
                seconds=time.monotonic() - began,
                metrics=metrics.metrics(),
                error=explain(end, last_words.said(job.args)) if end else error,
            )
        )
        if lost is not None:
            raise lost

    def _end(self, result: JobResult) -> None:
        """Tell the watcher how a job ended."""
        with self._lock:
            self._cut_short |= result.state is JobState.CANCELLED and self.stop.is_set()
            self._watcher.finished(result)
