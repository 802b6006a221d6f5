"""Repeat requests until they are answered: many at once, waiting when a service asks for it.

Only for requests that change nothing, or that may be carried out twice, such as a cancel. `backends.submitter` sends
those that create jobs. A host that no request has reached so far is given up at once.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Collection, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.errors import Busy, NoAnswer
from caliban_ls.runtime.jobs import Report

Item = TypeVar("Item", bound=Hashable)
Answer = TypeVar("Answer")

AT_ONCE = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Limits of waiting, in seconds.

    Attributes:
        whole: without any useful answer, until giving up.
        first_wait: after a failure that names no time; each further failure doubles it.
        longest_wait: the most that doubling leads to.
    """

    whole: float
    first_wait: float = 0.5
    longest_wait: float = 32.0


class RetryingClient(Google):
    """Repeats requests while a service is busy or silent. Safe to use from several threads, which wait together."""

    def __init__(
        self,
        identity: Identity,
        environment: Mapping[str, str],
        *,
        patience: Patience,
        report: Report,
        cancel: CancelToken,
    ) -> None:
        super().__init__(identity, environment)
        self._patience = patience
        self._report = report
        self._cancel = cancel
        self._lock = threading.Lock()
        self._pause_ends = 0.0
        self._pauses = 0
        self._last_news = time.monotonic()
        self._reached: set[str] = set()

    def ask(self, request: Any) -> dict[str, Any]:  # noqa: ANN401 - googleapiclient's, made at run time
        """Send a request until there is an answer, and return it.

        Raises:
            NoAnswer: no answer came for `Patience.whole` seconds.
            Busy: the service was busy for as long.
            OverQuota: a quota is too small.
            Refused: anything else.
            Cancelled: the user stopped waiting.
        """
        host = urlsplit(request.uri).netloc
        while True:
            self._wait()
            try:
                with self._cancel.on_set(self.hang_up):
                    answer = super().ask(request)
            except Busy as busy:
                self._cancel.check()
                self._reached.add(host)
                if not self._pause(busy.wait, "Google asks for patience, going on"):
                    raise
                continue
            except NoAnswer as silence:
                self._cancel.check()
                if silence.sent:
                    self._reached.add(host)
                elif host not in self._reached or not silence.passing:
                    raise
                if not self._pause(None, f"{silence}; trying again"):
                    raise
                continue
            with self._lock:
                self._reached.add(host)
                self._last_news = time.monotonic()
                self._pauses = 0
            return answer

    def _wait(self) -> None:
        while True:
            self._cancel.check()
            with self._lock:
                rest = self._pause_ends - time.monotonic()
            if rest <= 0:
                return
            self._cancel.wait(min(rest, 0.5))

    def _pause(self, asked: float | None, why: str) -> bool:
        """Make all threads wait, and report why; return False if it is time to give up."""
        with self._lock:
            now = time.monotonic()
            if asked is None:
                if self._pause_ends > now:
                    return True
                longest = min(self._patience.longest_wait, self._patience.first_wait * 2**self._pauses)
                asked = longest * random.uniform(0.5, 1.0)  # noqa: S311  # no secret
                self._pauses += 1
            if now + asked - self._last_news > self._patience.whole:
                return False
            self._pause_ends = max(self._pause_ends, now + asked)
        if asked >= 1:
            self._report(f"{why} in {asked:.0f} s", None)
        return True


def each(
    items: Collection[Item], ask: Callable[[Item], Answer], *, at_once: int = AT_ONCE
) -> dict[Item, Answer | CalibanError]:
    """Return the answer for each of many items, or its error; asks for several at once."""

    def answer(item: Item) -> Answer | CalibanError:
        try:
            return ask(item)
        except CalibanError as error:
            return error

    if not items:
        return {}
    with ThreadPoolExecutor(min(at_once, len(items)), thread_name_prefix="caliban-asks") as pool:
        return dict(zip(items, pool.map(answer, items), strict=True))
