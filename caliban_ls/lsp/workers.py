"""The threads that run commands and look through files, and how they are stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError
from caliban_ls.lsp.pygls_adapter import STOP_SECONDS

log = logging.getLogger(__name__)

_AT_ONCE = 32  # commands; more wait for their turn


class Workers:
    """Threads for commands, and a way to stop them. pygls' own threads must never be used: they read stdin."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="caliban")
        self._running: dict[asyncio.Future[Any], CancelToken] = {}
        self._at_end: list[Callable[[], object]] = []

    def at_end(self, do: Callable[[], object]) -> None:
        """Have something done when everything stops, such as removing a container that lives as long as this."""
        self._at_end.append(do)

    def __len__(self) -> int:
        return len(self._running)

    async def run(self, function: Callable[[], Any], cancel: CancelToken) -> Any:  # noqa: ANN401 - its result
        """Return what a function returns. When that is cancelled, so is the work, which then gets a moment."""
        work = asyncio.get_running_loop().run_in_executor(self._pool, function)
        self._running[work] = cancel
        work.add_done_callback(self._done)
        try:
            return await asyncio.shield(work)
        except asyncio.CancelledError:
            _set(cancel)
            await asyncio.wait({work}, timeout=STOP_SECONDS)
            raise

    async def stop(self, seconds: float) -> None:
        """Ask everything to stop, and wait until it does or the time is over."""
        running = dict(self._running)
        for cancel in running.values():
            _set(cancel)
        loop = asyncio.get_running_loop()
        last = [loop.run_in_executor(self._pool, partial(_do, do)) for do in self._at_end]
        self._at_end.clear()
        if running or last:
            await asyncio.wait([*running, *last], timeout=max(0.0, seconds))
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self, work: asyncio.Future[Any]) -> None:
        cancel = self._running.pop(work)
        error = None if work.cancelled() else work.exception()
        if cancel.is_set() and error is not None and not isinstance(error, CalibanError):
            # The request may be answered already, so that nobody else would ever say this.
            log.error("A cancelled command failed", exc_info=error)


def _do(do: Callable[[], object]) -> None:
    """Do a last thing; nobody is left to be told that it failed."""
    try:
        do()
    except CalibanError as error:
        log.warning("%s", error)


def _set(cancel: CancelToken) -> None:
    try:
        cancel.set()
    except Exception:
        log.exception("A command couldn't be woken to be cancelled")
