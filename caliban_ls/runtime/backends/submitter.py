"""Send the jobs of a launch to a service: many at once, each exactly once, as fast as the service allows.

A request may end without an answer. If the service takes no job id twice, the request is simply repeated. Vertex AI has
no such ids: there the job is looked for by its label until more time has passed than a request can take, and only then
sent again. A job that the service creates even later would exist twice; nothing can rule that out.

If no request has reached the service yet, one that can't ends the launch: the address, the network or a certificate is
wrong. If the network fails later, sending waits a minute for it.

Knows the journal and the service's protocol. The caller has confirmed the plan.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError, ServiceError
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import JobClient, RemoteJob
from caliban_ls.runtime.backends.launch_journal import Journal, Unsent
from caliban_ls.runtime.google.errors import Busy, NoAnswer, Refused
from caliban_ls.runtime.google.transport import REQUEST_SECONDS
from caliban_ls.runtime.jobs import Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The limits of sending; all but the first are seconds.

    Attributes:
        at_once: requests that are under way together.
        doubt: after sending a job that got no answer, how long to look for it before sending it again.
        look: between two looks for such jobs.
        first_wait: after a refusal that names no time; each further one doubles it.
        longest_wait: the most that doubling leads to.
        patience: without any useful answer, until giving up.
        absence: without the network, if it was there before, until giving up.
        farewell: for the requests that are under way when the user stops sending.
    """

    at_once: int = 20
    doubt: float = 2 * REQUEST_SECONDS
    look: float = 3.0
    first_wait: float = 1.0
    longest_wait: float = 64.0
    patience: float = 900.0
    absence: float = 60.0
    farewell: float = 5.0


TIMING = Timing()

_WORD_SECONDS = 0.5  # between two lines of progress

_FEW = 10  # jobs in doubt that are looked for one by one; more are looked for in a list of all


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of sending.

    Attributes:
        sent: jobs that the service has, from this call or before.
        planned: jobs that it doesn't have.
        doubtful: jobs that it may or may not have.
        failure: why sending ended early, None if it didn't or the user stopped it.
    """

    sent: int
    planned: int
    doubtful: int
    failure: CalibanError | None


def send(
    group: str,
    service: JobClient,
    journal: Journal,
    *,
    resumed: bool,
    report: Report,
    cancel: CancelToken,
    clock: Callable[[], datetime],
    hang_up: Callable[[], object],
    timing: Timing = TIMING,
) -> Outcome:
    """Send the jobs of a launch that aren't sent. This process must have reserved the launch, see `Journal.take`.

    Args:
        group: the launch.
        service: takes the jobs.
        journal: of the launch.
        resumed: whether another process began, so that the service may have jobs that aren't recorded as sent.
        report: shows progress.
        cancel: ends sending; the jobs that aren't sent stay so.
        clock: the time of day, UTC.
        hang_up: ends the requests that are under way.
        timing: the limits.
    """
    work = _Sending(group, service, journal, report, clock, timing)
    work.add(journal.unsent(group), look_first=resumed)
    threads = [
        threading.Thread(target=work.work, daemon=True) for _ in range(min(timing.at_once, work.total))
    ]
    for thread in threads:
        thread.start()
    try:
        with cancel.on_set(work.stop):
            work.watch()
    finally:
        work.stop()
        deadline = time.monotonic() + timing.farewell
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            hang_up()
            for thread in threads:
                thread.join()
    if work.bug is not None:
        raise work.bug
    return work.outcome()


@dataclass(slots=True)
class _Sending:
    """State that the threads share. They hold the lock for every field with an underscore."""

    group: str
    service: JobClient
    journal: Journal
    report: Report
    clock: Callable[[], datetime]
    timing: Timing
    total: int = 0
    bug: BaseException | None = None
    _waiting: deque[str] = field(default_factory=deque)
    _doubts: dict[str, tuple[str, float]] = field(default_factory=dict)  # label and deadline, by job id
    _busy: int = 0
    _sent: int = 0
    _accepted: bool = False  # whether the service took a job; until then one is sent at a time
    _blind: CalibanError | None = None  # why jobs in doubt can't be looked for
    _over: bool = False
    _failure: CalibanError | None = None
    _pause_ends: float = 0.0
    _pauses: int = 0
    _last_news: float = field(default_factory=time.monotonic)
    _silence: NoAnswer | None = None  # the last one
    _reached: bool = False  # whether any request got as far as the service
    _absent_since: float | None = None  # since when none does any more
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def add(self, job_ids: Iterable[str], *, look_first: bool) -> None:
        """Add jobs to send; with `look_first`, look for those that were sent before without an answer."""
        ids = list(job_ids)
        self.total = len(ids)
        if not look_first:
            self._waiting.extend(ids)
            return
        now = self.clock()
        for job_id in ids:
            job = self.journal.job(job_id)
            if job is None:
                continue
            if job.doubted is None or self.service.keyed:
                self._waiting.append(job_id)
            else:
                # A clock that was set back must make the wait neither endless nor zero.
                since = min(max(0.0, (now - job.doubted).total_seconds()), self.timing.doubt)
                self._doubt(job, self.timing.doubt - since)
        # After a power cut, a job may have been sent that isn't even in doubt.
        self._look(everything=True)

    def work(self) -> None:
        """Send one job after the other until none is left."""
        while (job_id := self._next()) is not None:
            try:
                self._send(job_id)
            except CalibanError as error:
                self._fail(error)
            except BaseException as error:  # noqa: BLE001 - `send` raises it
                self.bug = error
                self.stop()
            finally:
                with self._changed:
                    self._busy -= 1
                    self._changed.notify_all()

    def watch(self) -> None:
        """Look for the jobs in doubt and report progress, until nothing is left to do."""
        reported = ""
        next_look = next_word = 0.0
        while True:
            with self._changed:
                if self._over or not self._is_going():
                    return
                line = self._progress()
                doubts = bool(self._doubts) and self._blind is None
                silent = time.monotonic() - self._last_news
            if line != reported and time.monotonic() >= next_word:
                self.report(line, self._sent / self.total if self.total else None)
                reported = line
                next_word = time.monotonic() + _WORD_SECONDS
            if silent > self.timing.patience:
                why = self._silence.reason if self._silence else "nothing came"
                self._fail(NoAnswer(f"{why}, for {silent / 60:.0f} minutes", sent=True))
                return
            if doubts and time.monotonic() >= next_look:
                began = time.monotonic()
                self._look_again()
                # A long list takes time, and part of the requests that a project is allowed.
                next_look = time.monotonic() + max(self.timing.look, 5 * (time.monotonic() - began))
            with self._changed:
                if not self._over:
                    self._changed.wait(min(0.2, self.timing.look))

    def stop(self) -> None:
        """Send nothing more."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def outcome(self) -> Outcome:
        """Return the result."""
        left = self.journal.unsent(self.group)
        # A stopped job in doubt isn't counted: `stop` looks for it.
        doubtful = len(self.journal.doubtful(self.group))
        return Outcome(
            sent=self._sent,
            planned=len(left) - doubtful,
            doubtful=doubtful,
            failure=self._failure or (self._blind if doubtful else None),
        )

    def _next(self) -> str | None:
        """Wait until a job may be sent and return it; None when nothing is left."""
        with self._changed:
            while not self._over:
                pause = self._pause_ends - time.monotonic()
                # A mistake in one job is in all: send the first alone, and look for it alone.
                alone = self._busy or (self._doubts and self._blind is None)
                if self._waiting and pause <= 0 and (self._accepted or not alone):
                    self._busy += 1
                    return self._waiting.popleft()
                if not self._is_going():
                    break
                self._changed.wait(min(pause, 0.5) if pause > 0 else 0.5)
            self._changed.notify_all()
            return None

    def _is_going(self) -> bool:
        """Return whether there is something left to do; under the lock."""
        return bool(self._waiting or self._busy or (self._doubts and self._blind is None))

    def _send(self, job_id: str) -> None:
        job = self.journal.job(job_id)
        if job is None or not self.journal.sending(job_id, self.clock()):
            return  # The user stopped it in the meantime.
        try:
            made = self.service.create(job.body)
        except Busy as busy:
            self._not_sent(job)
            self._again(job_id, busy.wait)
            self._heard()
        except NoAnswer as silence:
            if not silence.sent:
                self._not_sent(job, str(silence))
                self._absent(silence)
                self._again(job_id, None)
                return
            self._present(silence)
            self.journal.in_doubt(job_id, str(silence))
            if self.service.keyed:
                self._again(job_id, None)
            else:
                self._doubt(job, self.timing.doubt)
        except CalibanError as error:
            if _is_for_good(error) and job.doubted is None:
                self.journal.refused(job_id, str(error), self.clock())
            else:
                self._not_sent(job, str(error))
            raise
        else:
            self._made(job_id, made)

    def _not_sent(self, job: Unsent, error: str | None = None) -> None:
        """Record that a request did nothing. An earlier one without an answer may still have created the job."""
        if job.doubted is None:
            self.journal.not_sent(job.job_id, error)
        else:
            self.journal.in_doubt(job.job_id, error or "Google didn't answer an earlier request")

    def _absent(self, silence: NoAnswer) -> None:
        """Note that a request couldn't reach the service; raise the error if waiting won't help."""
        now = time.monotonic()
        with self._changed:
            self._silence = silence
            if self._absent_since is None:
                self._absent_since = now
            lasting = not silence.passing or now - self._absent_since >= self.timing.absence
            if self._reached and not lasting:
                return
        raise silence

    def _present(self, silence: NoAnswer | None = None) -> None:
        """Note that a request reached the service."""
        with self._changed:
            self._reached = True
            self._absent_since = None
            self._silence = silence

    def _made(self, job_id: str, made: RemoteJob) -> None:
        if self.journal.sent(job_id, made):
            # The user stopped it while it was on its way. `stop` cancels it too, and retries.
            with suppress(ServiceError):
                self.service.cancel(made.name)
        with self._changed:
            self._sent += 1
            self._accepted = True
            self._pauses = 0
            self._changed.notify_all()
        self._heard()

    def _heard(self) -> None:
        self._present()
        with self._changed:
            self._last_news = max(self._last_news, time.monotonic())

    def _again(self, job_id: str, wait: float | None) -> None:
        """Put a job back into the queue, and make all threads wait before the next one."""
        with self._changed:
            self._waiting.appendleft(job_id)
            now = time.monotonic()
            if wait is not None:  # A pause that the service asked for doesn't count as silence.
                self._last_news = max(self._last_news, now + wait)
            if wait is None and self._pause_ends <= now:
                longest = min(self.timing.longest_wait, self.timing.first_wait * 2**self._pauses)
                if self._absent_since is not None:
                    # Try often, and once more at the very end.
                    end = self._absent_since + self.timing.absence
                    longest = min(longest, self.timing.absence / 10, max(0.0, end - now))
                wait = longest * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
                self._pauses += 1
            if wait is not None:
                self._pause_ends = max(self._pause_ends, now + wait)
            self._changed.notify_all()

    def _doubt(self, job: Unsent, seconds: float) -> None:
        label = job.body["labels"][labels.JOB]
        with self._changed:
            self._doubts[job.job_id] = (label, time.monotonic() + seconds)
            self._changed.notify_all()

    def _look_again(self) -> None:
        """Look for the jobs in doubt. If that isn't allowed they stay so, and the others are sent."""
        try:
            self._look(everything=False)
            self._present()
        except Busy:
            return
        except NoAnswer as silence:
            if silence.sent:
                self._present(silence)
                return
            try:
                self._absent(silence)
            except NoAnswer as error:
                self._fail(error)
        except CalibanError as error:
            with self._changed:
                self._blind = error
                self._changed.notify_all()

    def _look(self, *, everything: bool) -> None:
        """Look for jobs that may have been created; send those again that weren't found for long enough."""
        began = time.monotonic()
        with self._changed:
            doubts = dict(self._doubts)
        if everything or len(doubts) > _FEW:
            made = list(self.service.find(self.group_label))
        else:
            made = [job for label, _ in doubts.values() for job in self.service.find(self.group_label, label)]
        found = {job.labels.get(labels.JOB): job for job in made}
        if found:
            with self._changed:
                self._accepted = True  # it took a job of this launch
        for job_id, (label, deadline) in doubts.items():
            if label in found:
                self._made(job_id, found[label])
            elif began >= deadline:
                self.journal.not_sent(job_id)
            else:
                continue
            with self._changed:
                del self._doubts[job_id]
                if label not in found:
                    self._waiting.append(job_id)
                self._changed.notify_all()
        if everything:
            self._take_unwritten(found)

    def _take_unwritten(self, found: dict[str | None, RemoteJob]) -> None:
        """Record the jobs that the service has and the journal calls unsent."""
        waiting = []
        for job_id in self._waiting:
            job = self.journal.job(job_id) if found else None
            made = found.get(job.body["labels"][labels.JOB]) if job else None
            if made is None:
                waiting.append(job_id)
            else:
                self._made(job_id, made)
        self._waiting = deque(waiting)

    @property
    def group_label(self) -> str:
        """The value of the label that the jobs of the launch share."""
        return labels.group_value(self.group)

    def _fail(self, error: CalibanError) -> None:
        with self._changed:
            self._failure = self._failure or error
            self._over = True
            self._changed.notify_all()

    def _progress(self) -> str:
        """Return the progress in words; under the lock."""
        line = f"{self._sent} of {self.total} jobs sent"
        now = time.monotonic()
        pause = self._pause_ends - now
        why = f"; {self._silence}" if self._silence else ""
        if self._absent_since is not None:
            rest = max(0, math.ceil(self._absent_since + self.timing.absence - now))
            line += f"{why}; trying again for {rest} s; Ctrl-C stops, `caliban resume {self.group}` goes on"
        elif pause >= 1 and self._waiting:
            line += f"{why}; trying again in" if why else "; Google asks for patience, going on in"
            line += f" {math.ceil(pause)} s"
        if self._doubts:
            line += "" if self._absent_since is not None or pause >= 1 else why
            line += f"; looking for {len(self._doubts)} without an answer"
        return line


def _is_for_good(error: CalibanError) -> bool:
    """Return whether the same request would always be refused, even with more permissions or quota."""
    # Vertex AI also answers so when the right to act as a service account is missing, which can be granted.
    return (
        isinstance(error, Refused)
        and error.status == HTTPStatus.BAD_REQUEST
        and "permission" not in str(error).lower()
    )
