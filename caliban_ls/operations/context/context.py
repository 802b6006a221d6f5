"""What a command may touch besides its arguments, and who is told what jobs do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from caliban_ls.analysis.config.settings import Settings
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import UsageError

if TYPE_CHECKING:  # what runs nothing needn't load what runs are made of
    from caliban_ls.runtime.engine import Engine
    from caliban_ls.runtime.jobs import JobResult, JobSpec, Report, Stream


class JobListener:
    """Is told what jobs do, from several threads but never two at once. This one takes no notice."""

    def started(self, job: JobSpec) -> None:
        """Take note that a job is about to run."""

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Take output as it comes."""

    def finished(self, result: JobResult) -> None:
        """Take note of how a job ended."""


def _silent(_message: str, _fraction: float | None = None) -> None:
    """Report nothing."""


def _no_buffer(_path: Path) -> str | None:
    """Say that no editor has the file open."""
    return None


def _nobody_to_ask(_question: str, _action: str) -> bool:
    """Take silence for a no."""
    return False


def _no_stdin() -> str:
    raise UsageError("There is no standard input here", hint="Name a file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that a command may touch besides its arguments.

    Attributes:
        folder: absolute path of the project that the command works on.
        engine: opens the container engine; raises `EngineUnavailable`.
        report: progress for people.
        listener: is told what jobs do, their output included, as it comes.
        cancel: watched by everything that blocks.
        buffer: the text of a file that an editor has open, None when it isn't.
        ask: puts a question to the user, with the name of the action that a yes stands for; False for a no, and
            where there is nobody to ask.
        can_ask: whether there is somebody who can be asked.
        insist: like `ask`, for what is done seldom: the user has to type the second text; False for anything else.
        stdin: reads standard input whole; raises `UsageError` where there is none.
        opens_terminals: whether the face opens terminals by itself, so that nobody can be talked with here.
        at_end: takes what is to be done when the face ends, for what lives as long as that; None where a command
            stays until it is stopped.
        streams: whether the face can show a list without end, as a terminal does line by line.
        environment: the process's variables.
        confirmed: whether the face shows plans itself, so that nobody need be asked again.
        settings: the user's own.
    """

    folder: Path
    engine: Callable[[], Engine]
    report: Report = _silent
    listener: JobListener = field(default_factory=JobListener)
    cancel: CancelToken = field(default_factory=CancelToken)
    buffer: Callable[[Path], str | None] = _no_buffer
    ask: Callable[[str, str], bool] = _nobody_to_ask
    can_ask: bool = False
    insist: Callable[[str, str], bool] = _nobody_to_ask
    stdin: Callable[[], str] = _no_stdin
    opens_terminals: bool = False
    at_end: Callable[[Callable[[], object]], None] | None = None
    streams: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = False
    settings: Settings = field(default_factory=Settings)
