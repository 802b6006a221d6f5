"""Send a command's progress and its containers' output to the client.

Any thread can report; the event loop sends, a few times a second at most and always the last report.
"""

from __future__ import annotations

import asyncio
import codecs
import threading
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any, Final, cast

from lsprotocol import types as lsp
from pygls.capabilities import get_capability
from pygls.lsp.server import LanguageServer

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.lsp.pygls_adapter import StdioServer
from caliban_ls.operations.context.context import JobListener
from caliban_ls.runtime.history.masking import masked_args
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState, Report, Stream

REPORT_INTERVAL: Final = 0.1
OUTPUT_INTERVAL: Final = 0.05
"""The least seconds between two messages."""

MOST_UNSENT: Final = 8 * 2**20
"""Bytes of output that may wait for a client to read them."""

LOG: Final = "caliban-ls/log"
JOB: Final = "caliban-ls/job"


@contextmanager
def progress(
    ls: LanguageServer, title: str, token: lsp.ProgressToken | None, cancel: Callable[[], Any]
) -> Iterator[Report]:
    """Show a progress bar while the body runs; yield a function that reports from any thread.

    Without a token in the request, the server creates one and doesn't wait for the client's answer. `cancel` is
    called on the loop when the user presses the bar's button.
    """
    bar = _ProgressBar(ls, title, cancel)
    if token is not None:
        bar.begin(token)
    elif get_capability(ls.client_capabilities, "window.work_done_progress", False):
        bar.ask_for_token()
    try:
        yield bar.report
    finally:
        bar.end()


class OutputLog(JobListener):
    """Jobs' output as `caliban-ls/log` notifications: text, whole characters, in order.

    `offset` counts the UTF-8 bytes of a job's text that were sent before. A client that gave its call a token gets it
    back with each notification, and with `caliban-ls/job`, for each job that starts or ends.
    """

    def __init__(self, ls: StdioServer, cancel: CancelToken, token: lsp.ProgressToken | None = None) -> None:
        self._ls = ls
        self._cancel = cancel
        self._token = token
        self._lock = threading.Lock()
        self._waiting: list[tuple[str, str, bytes] | dict[str, Any]] = []
        self._waiting_bytes = 0
        self._decoders: dict[tuple[str, str], codecs.IncrementalDecoder] = {}
        self._sent: dict[str, int] = {}
        self._throttle = _Throttle(self.flush, OUTPUT_INTERVAL)

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Take a piece of output; a job that prints faster than the client reads waits here."""
        with self._lock:
            self._waiting.append((job.job_id, stream, chunk))
            self._waiting_bytes += len(chunk)
        self._throttle.request()
        while self._waiting_bytes + self._ls.backlog > MOST_UNSENT and not self._cancel.wait(OUTPUT_INTERVAL):
            pass

    def started(self, job: JobSpec) -> None:
        """Notify the client that a job runs."""
        self._notify({**_named(job), "state": JobState.RUNNING.value})

    def finished(self, result: JobResult) -> None:
        """Notify the client of a job's end."""
        seconds = None if result.seconds is None else round(result.seconds, 3)
        end = {"exit_code": result.exit_code, "seconds": seconds, "error": result.error}
        self._notify(
            {**_named(result.job), "state": result.state.value, **end, "metrics": dict(result.metrics)}
        )

    def _notify(self, news: dict[str, Any]) -> None:
        if self._token is not None:
            with self._lock:
                self._waiting.append(news)
            self._throttle.request()

    def flush(self) -> None:
        """Send everything that waits, in order."""
        with self._lock:
            waiting, self._waiting, self._waiting_bytes = self._waiting, [], 0
        for is_news, pieces in groupby(waiting, lambda one: isinstance(one, dict)):
            if is_news:
                for news in pieces:
                    self._ls.protocol.notify(JOB, {"token": self._token, **cast("dict[str, Any]", news)})
            else:
                self._send_output(cast("Iterator[tuple[str, str, bytes]]", pieces))

    def _send_output(self, chunks: Iterable[tuple[str, str, bytes]]) -> None:
        texts: dict[str, list[str]] = {}
        for job, stream, chunk in chunks:
            decoder = self._decoders.setdefault(
                (job, stream), codecs.getincrementaldecoder("utf-8")("replace")
            )
            texts.setdefault(job, []).append(decoder.decode(chunk))
        for job, pieces in texts.items():
            self._send(job, "".join(pieces))

    def close(self) -> None:
        """Send everything that waits, also an incomplete last character."""
        self.flush()
        for (job, _), decoder in self._decoders.items():
            self._send(job, decoder.decode(b"", final=True))

    def _send(self, job: str, text: str) -> None:
        if text:
            offset = self._sent.get(job, 0)
            self._sent[job] = offset + len(text.encode())
            token = {} if self._token is None else {"token": self._token}
            self._ls.protocol.notify(LOG, {"job": job, "offset": offset, "text": text, **token})


def _named(job: JobSpec) -> dict[str, Any]:
    return {"job": job.job_id, "index": job.index, "args": list(masked_args(job.args))}


class _Throttle:
    """Calls a function on the loop soon after a request from any thread, but never twice within an interval."""

    def __init__(self, callback: Callable[[], None], interval: float) -> None:
        self._callback = callback
        self._interval = interval
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._requested = False
        self._last = -interval

    def request(self) -> None:
        """Have the function called, unless that is pending already."""
        with self._lock:
            requested, self._requested = self._requested, True
        if not requested:
            with suppress(RuntimeError):  # The loop is closed: the client is gone.
                self._loop.call_soon_threadsafe(self._wait)

    def _wait(self) -> None:
        self._loop.call_later(max(0.0, self._last + self._interval - self._loop.time()), self._call)

    def _call(self) -> None:
        with self._lock:
            self._requested = False
        self._last = self._loop.time()
        self._callback()


class _ProgressBar:
    """One progress bar, from before the client knows its token until after it is gone."""

    def __init__(self, ls: LanguageServer, title: str, cancel: Callable[[], Any]) -> None:
        self._ls = ls
        self._title = title
        self._cancel = cancel
        self._token: lsp.ProgressToken | None = None
        self._news: str | None = None
        self._percentage = 0
        self._ended = False
        self._throttle = _Throttle(self._send, REPORT_INTERVAL)

    def ask_for_token(self) -> None:
        """Have the client make a bar, which begins with a positive answer."""
        token = str(uuid.uuid4())

        def answered(answer: Future[Any]) -> None:
            if answer.cancelled() or answer.exception() is not None:
                return
            self.begin(token)
            if self._ended:
                # The work ended before the client answered; its bar must end as well.
                self.end()

        asked = self._ls.protocol.send_request(
            lsp.WINDOW_WORK_DONE_PROGRESS_CREATE, lsp.WorkDoneProgressCreateParams(token=token)
        )
        asked.add_done_callback(answered)

    def begin(self, token: lsp.ProgressToken) -> None:
        # Clients drop percentages, and some the messages beside them, when the first message has none.
        value = lsp.WorkDoneProgressBegin(title=self._title, cancellable=True, percentage=0)
        self._ls.work_done_progress.begin(token, value)
        self._ls.work_done_progress.tokens[token].add_done_callback(lambda _: self._cancel())
        self._token = token
        self._send()

    def report(self, message: str, fraction: float | None = None) -> None:
        """Report progress from any thread; the bar never goes back."""
        if fraction is not None:
            self._percentage = max(self._percentage, min(100, int(fraction * 100)))
        self._news = message or self._news
        self._throttle.request()

    def end(self) -> None:
        self._send()
        self._ended = True
        if self._token is not None:
            self._ls.work_done_progress.end(self._token, lsp.WorkDoneProgressEnd())
            # pygls never forgets a token by itself.
            self._ls.work_done_progress.tokens.pop(self._token, None)

    def _send(self) -> None:
        if self._token is not None and self._news is not None and not self._ended:
            message, self._news = self._news, None
            value = lsp.WorkDoneProgressReport(message=message, percentage=self._percentage, cancellable=True)
            self._ls.work_done_progress.report(self._token, value)
