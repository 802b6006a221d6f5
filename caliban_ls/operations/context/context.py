"""The `Context`: all that a command may touch besides its arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from caliban_ls.analysis.config.settings import Settings
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import UsageError

if TYPE_CHECKING:  # commands that run nothing don't load the types of runs
    from caliban_ls.runtime.engine import Engine
    from caliban_ls.runtime.jobs import JobResult, JobSpec, Report, Stream


class JobListener:
    """Is called as jobs start, print and end, from several threads but never two at once. This one does nothing."""

    def started(self, job: JobSpec) -> None:
        """A job is about to run."""

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """A job has printed something; chunks may split lines and UTF-8 sequences."""

    def finished(self, result: JobResult) -> None:
        """A job has ended."""


def _silent(_message: str, _fraction: float | None = None) -> None:
    """Report nothing."""


def _no_buffer(_path: Path) -> str | None:
    """Return None: no editor has the file open."""
    return None


def _always_no(_question: str, _action: str) -> bool:
    """Answer no, since there is no user to ask."""
    return False


def _no_stdin() -> str:
    raise UsageError("There is no standard input here", hint="Name a file.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """All that a command may touch besides its arguments.

    Attributes:
        folder: absolute path of the project that the command works on.
        engine: opens the container engine; raises `EngineUnavailable`.
        report: progress for people.
        listener: is called as jobs start, print and end.
        cancel: watched by everything that blocks.
        buffer: the text of a file that an editor has open, None when it isn't.
        ask: asks the user a question, given the name of the action that a yes starts; False for a no, and where the
            user can't be asked.
        can_ask: whether the user can be asked.
        insist: like `ask`, for rare actions: the user has to type the second text; False for anything else.
        stdin: reads standard input whole; raises `UsageError` where there is none.
        opens_terminals: whether the face opens terminals itself, since it has none to talk to the user.
        at_end: registers a function to call when the face ends, to clean up a container that lives until then; None
            where the command itself stays until it is stopped.
        streams: whether the face can show a list without end, as a terminal does line by line.
        environment: the process's variables.
        confirmed: whether the face has shown the plan and the user confirmed it, so that no question is needed.
        settings: the user's own, as the editor has them.
    """

    folder: Path
    engine: Callable[[], Engine]
    report: Report = _silent
    listener: JobListener = field(default_factory=JobListener)
    cancel: CancelToken = field(default_factory=CancelToken)
    buffer: Callable[[Path], str | None] = _no_buffer
    ask: Callable[[str, str], bool] = _always_no
    can_ask: bool = False
    insist: Callable[[str, str], bool] = _always_no
    stdin: Callable[[], str] = _no_stdin
    opens_terminals: bool = False
    at_end: Callable[[Callable[[], object]], None] | None = None
    streams: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = False
    settings: Settings = field(default_factory=Settings)
