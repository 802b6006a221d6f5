"""Record a local launch in the history, without ever failing the launch.

A local run matters more than its record: if the history can't be written, the user gets one warning and the jobs go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.history.details import LocalDetails
from caliban_ls.runtime.history.records import launch_name
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState

Answer = TypeVar("Answer")


class Recorder:
    """Records a launch and its jobs as long as that works. For one thread at a time."""

    def __init__(
        self,
        open_history: Callable[[], History],
        *,
        warn: Callable[[str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._warn = warn
        self._clock = clock
        self._history: History | None = None
        try:
            self._history = open_history()
        except MissingError as error:
            self._give_up(error)

    def begin(
        self,
        *,
        title: str,
        folder: Path,
        image: str | None,
        owner: str | None,
        details: LocalDetails | None = None,
    ) -> str:
        """Record a local launch and return its name; it has one even if nothing can be recorded."""
        group = self._note(
            lambda history: history.groups.add(
                title=title, folder=folder, image=image, owner=owner, details=details
            )
        )
        return launch_name(title, self._clock()) if group is None else group.name

    def planned(self, group: str, jobs: Iterable[JobSpec]) -> None:
        """Record the jobs that are going to run."""
        self._note(lambda history: history.jobs.add(group, jobs))

    def state_of(self, job_id: str) -> JobState | None:
        """Return a job's recorded state, which another process may have set; None where there is none."""
        return self._note(lambda history: history.jobs.state_of(job_id))

    def may_start(self, job: JobSpec) -> bool:
        """Record that a job runs, in the container that has its id as name; False if it was stopped before."""
        return self._note(lambda history: history.jobs.start(job.job_id, name=job.job_id)) is not False

    def finished(self, result: JobResult) -> None:
        """Record how a job ended."""
        self._note(
            lambda history: history.jobs.finish(
                result.job.job_id,
                result.state,
                exit_code=result.exit_code,
                seconds=result.seconds,
                metrics=result.metrics,
                error=result.error,
            )
        )

    def close(self) -> None:
        """Close the history."""
        if self._history is not None:
            self._history.close()
            self._history = None

    def _note(self, write: Callable[[History], Answer]) -> Answer | None:
        """Write to the history, unless that failed before."""
        if self._history is None:
            return None
        try:
            return write(self._history)
        except MissingError as error:
            self.close()
            self._give_up(error)
            return None

    def _give_up(self, error: MissingError) -> None:
        """Warn once that there will be no record."""
        self._warn(f"{error}; the jobs run without a record. {error.hint}")
