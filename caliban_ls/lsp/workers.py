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

_AT_ONCE = 32  # commands; others wait


class Workers:
    """Threads for commands, and a way to stop them. The threads of pygls can't be used: they read stdin."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="caliban")
        self._running: dict[asyncio.Future[Any], CancelToken] = {}
        self._at_end: list[Callable[[], object]] = []

    def at_end(self, do: Callable[[], object]) -> None:
        """Call a function when everything stops, for example to remove a container that lives as long as the server."""
        self._at_end.append(do)

    def __len__(self) -> int:
        return len(self._running)

    async def run(self, function: Callable[[], Any], cancel: CancelToken) -> Any:  # noqa: ANN401 - its result
        """Run a function on a thread and return its result. Cancelling this cancels the function, which gets a moment."""
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
        """Cancel everything, and wait until it has stopped or the time is over."""
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
            # The request may have its answer already, so this is the only report.
            log.error("A cancelled command failed", exc_info=error)


def _do(do: Callable[[], object]) -> None:
    """Call a function at the end; its failure can only be logged."""
    try:
        do()
    except CalibanError as error:
        log.warning("%s", error)


def _set(cancel: CancelToken) -> None:
    try:
        cancel.set()
    except Exception:
        log.exception("A command couldn't be woken to be cancelled")
