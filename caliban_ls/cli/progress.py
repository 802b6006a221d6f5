"""Progress and the output of jobs in a terminal, while a command works.

Everything that isn't the result goes to stderr. rich is imported when the first bar is drawn.
"""

from __future__ import annotations

import shlex
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from caliban_ls.cli.questions import is_interactive, typed_line
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.operations.context.context import JobListener
from caliban_ls.runtime.history.masking import masked_args

if TYPE_CHECKING:
    from rich.progress import Progress

    from caliban_ls.runtime.jobs import JobResult, JobSpec, Stream

_REASONS = 1000  # that are remembered, so that each is shown once


class TerminalProgress(JobListener):
    """Progress and job output while a command works. Its methods may be called from any thread.

    Lines go to stderr; a bar is drawn under them when that is a terminal. Jobs print to the process's own
    stdout and stderr, unless stdout is reserved for one JSON document. When several jobs run at once, each
    line begins with its job's index.
    """

    def __init__(self, *, as_json: bool, several: bool, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._lock = threading.Lock()
        self._as_json = as_json
        self._several = several
        self._bar: Progress | None = None
        self._partial: dict[tuple[int, Stream], bytes] = {}
        self._first_with: dict[str, int] = {}  # a reason, and the first job that ended for it

    def report(self, message: str, fraction: float | None = None) -> None:
        """Show one line of progress, and move the bar when there is a fraction."""
        with self._lock:
            if sys.stderr.isatty() and fraction is not None:
                self._draw(message, fraction)
            else:
                self._end_bar()
                sys.stderr.write(f"{message}\n" if message else "")
                sys.stderr.flush()

    def ask(self, question: str, action: str) -> bool:
        """Ask a yes-or-no question in the terminal; return False without a terminal."""
        if not is_interactive():
            return False
        return self._answer(f"{question}\n{action}? [y/N] ").lower() in {"y", "yes"}

    def insist(self, question: str, word: str) -> bool:
        """Ask the user to type a word in the terminal; return False for another word or without a terminal."""
        if not is_interactive():
            return False
        return self._answer(f"{question}\nType {word} to go on: ") == word

    def started(self, job: JobSpec) -> None:
        """Print the job that starts, if there are several."""
        if self._several:
            self.report(f"[{job.index}] {shlex.join(masked_args(job.args))}")

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Print the output of a job."""
        target = sys.stderr if self._as_json or stream == "stderr" else sys.stdout
        if not self._several:
            self._write(target, chunk)
            return
        *lines, rest = (self._partial.pop((job.index, stream), b"") + chunk).split(b"\n")
        self._partial[job.index, stream] = rest
        self._write(target, b"".join(b"[%d] %s\n" % (job.index, line) for line in lines))

    def finished(self, result: JobResult) -> None:
        """Print a last line without an end, and the state in which the job ended."""
        streams: tuple[Stream, ...] = ("stdout", "stderr")
        for stream in streams:
            if self._partial.get((result.job.index, stream)):
                self.output(result.job, stream, b"\n")
        if result.error is not None:
            prefix = f"[{result.job.index}] " if self._several else ""
            first = self._first_with.get(result.error)
            if first is None and len(self._first_with) < _REASONS:
                self._first_with[result.error] = result.job.index
            reason = result.error if first is None else f"as job {first}"
            self.report(f"{prefix}{result.state.value}: {reason}")

    def close(self) -> None:
        """Remove the bar."""
        with self._lock:
            self._end_bar()

    def _answer(self, question: str) -> str:
        """Ask a question and return the line that the user types, without blanks around it.

        Raises:
            Cancelled: the user stopped it instead.
        """
        with self._lock:
            self._end_bar()
            sys.stderr.write(question)
            sys.stderr.flush()
            line = ""
            try:
                line = typed_line(self._cancel)
            finally:
                if not line:  # the cursor still stands behind the question
                    sys.stderr.write("\n")
                    sys.stderr.flush()
        return line.strip()

    def _end_bar(self) -> None:
        """Remove the bar before other output; the next fraction draws a new one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _write(self, target: TextIO, data: bytes) -> None:
        with self._lock:
            self._end_bar()
            target.flush()
            target.buffer.write(data)
            target.buffer.flush()

    def _draw(self, message: str, fraction: float) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

            columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.add_task("", total=1.0)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=fraction, description=message)


@contextmanager
def terminal_progress(*, as_json: bool, several: bool, cancel: CancelToken) -> Iterator[TerminalProgress]:
    """Show progress while the body runs.

    Args:
        as_json: whether stdout is reserved for one JSON document.
        several: whether several jobs may print at once.
        cancel: ends a question without an answer.
    """
    shown = TerminalProgress(as_json=as_json, several=several, cancel=cancel)
    try:
        yield shown
    finally:
        shown.close()
