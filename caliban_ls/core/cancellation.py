"""A token that asks blocking work to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from caliban_ls.core.errors import Cancelled


class CancelToken:
    """Set once, from any thread. Blocking code watches it, or registers a function that wakes it."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._announced = False
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    def is_set(self) -> bool:
        """Return whether the work was asked to stop."""
        return self._announced or self._event.is_set()

    def announce(self) -> None:
        """Say that `set` follows at once; takes no lock, so that the handler of a signal may call it."""
        self._announced = True

    def wait(self, seconds: float) -> bool:
        """Sleep until cancelled or for some seconds; return whether it is cancelled."""
        return self._event.wait(seconds)

    def check(self) -> None:
        """Raise `Cancelled` if the work was asked to stop."""
        if self.is_set():
            raise Cancelled("Stopped as asked")

    def set(self) -> None:
        """Ask the work to stop, and run what was registered, once."""
        with self._lock:
            if self._event.is_set():
                return
            self._event.set()
            callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback()

    @contextmanager
    def on_set(self, callback: Callable[[], object]) -> Iterator[None]:
        """While the body runs, call back on cancellation; at once when it is cancelled already.

        The callback runs on the canceller's thread: it wakes the worker (closes a socket, say) and returns.
        """
        with self._lock:
            cancelled = self._event.is_set()
            if not cancelled:
                self._callbacks.append(callback)
        if cancelled:
            callback()
        try:
            yield
        finally:
            with self._lock:
                if callback in self._callbacks:
                    self._callbacks.remove(callback)
