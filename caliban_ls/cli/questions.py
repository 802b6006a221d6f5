"""Read the line that the user types in answer to a question, until the work is cancelled."""

from __future__ import annotations

import os
import sys
import threading

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import Cancelled


def is_interactive() -> bool:
    """Return whether the process has a terminal on which to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def typed_line(cancel: CancelToken) -> str:
    """Return the next line that the user types; an empty one when the input ends.

    Another thread reads, since a signal doesn't end a read in Python. When the work is cancelled, the thread stays
    behind.

    Raises:
        Cancelled: the token was set, or the terminal is gone.
    """
    over = threading.Event()
    typed: list[bytes] = []

    def read() -> None:
        try:
            while not typed or not typed[-1].endswith(b"\n"):
                typed.append(os.read(sys.stdin.fileno(), 4096))
                if not typed[-1]:
                    typed[:] = [b""]
                    return
        except OSError:
            typed.clear()
        finally:
            over.set()

    with cancel.on_set(over.set):
        threading.Thread(target=read, name="keys", daemon=True).start()
        over.wait()
    cancel.check()  # a line after Ctrl-C is no answer
    if not typed:
        raise Cancelled("The terminal is gone")
    return b"".join(typed).decode(errors="replace")
