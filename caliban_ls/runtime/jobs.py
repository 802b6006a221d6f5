"""A job, wherever it runs: its command, its states and its result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

Report = Callable[[str, float | None], None]
"""Progress for people: one line, and how much is done (0 to 1) or None. Callable from any thread.

An empty line says that what was shown is over: nothing may be drawn any more where others are about to write.
"""

Stream = Literal["stdout", "stderr"]
Output = Callable[[Stream, bytes], None]
"""Takes a job's output as it comes; chunks may split lines and UTF-8 sequences."""


class JobState(str, Enum):
    """What a job is doing, whichever backend runs it."""

    PLANNED = "PLANNED"
    SUBMITTING = "SUBMITTING"
    QUEUED = "QUEUED"
    PREPARING = "PREPARING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLING = "CANCELLING"
    CANCELLED = "CANCELLED"
    UNKNOWN = "UNKNOWN"

    @property
    def finished(self) -> bool:
        """Whether the state is final."""
        return self in FINAL_STATES


FINAL_STATES = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
"""States that never change again."""

UNSENT_STATES = frozenset({JobState.PLANNED, JobState.SUBMITTING, JobState.UNKNOWN})
"""States of a cloud job while its service isn't known to have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    """One job of a sweep.

    Attributes:
        index: 1-based place in its sweep.
        job_id: unique name, fixed when the job is planned: `NAME_TIMESTAMP_INDEX`.
        args: what follows the image's entrypoint, exactly.
        parameters: the combination that the arguments stand for.
    """

    index: int
    job_id: str
    args: tuple[str, ...]
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResult:
    """How a job ended.

    Attributes:
        job: what ran.
        state: a finished state.
        exit_code: the process's own code, None when it never ran.
        seconds: wall time from start to end, None when it never ran.
        metrics: the numbers of the last line of its stdout that is a JSON object of numbers.
        error: one sentence for people when it didn't succeed.
    """

    job: JobSpec
    state: JobState
    exit_code: int | None = None
    seconds: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
