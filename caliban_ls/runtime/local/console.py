"""A person's terminal, connected with a program in a container: keys, output, window size, and nothing left raw.

Owns the terminal of this process and knows no engine; what it talks with is a `Line`. On a machine without
terminals of this kind (Windows) input and output are passed on as they are.
"""

from __future__ import annotations

import os
import selectors
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from caliban_ls.runtime.engine import Line

_CHUNK = 64 * 1024

_WAKE, _QUIT = b"w", b"q"


class Console:
    """The terminal of this process, or the pipes that stand for it.

    Attributes:
        terminal: whether a person sits there: both input and output are a terminal.
    """

    def __init__(self) -> None:
        self.terminal = sys.stdin.isatty() and sys.stdout.isatty()

    def talk(self, line: Line) -> None:
        """Pass on everything in both directions until the program ends.

        Has to be called on the main thread where there is a terminal, since that hears of window sizes.
        """
        reading, writing = os.pipe()
        feeder = threading.Thread(target=self._feed, args=(line, reading), name="keys", daemon=True)
        try:
            with self._raw(), _on_resize(self.terminal, lambda: os.write(writing, _WAKE)):
                if self.terminal:
                    _tell_size(line)
                feeder.start()
                try:
                    self._show(line)
                finally:
                    os.write(writing, _QUIT)
                    feeder.join()
        finally:
            os.close(writing)
            os.close(reading)

    def _show(self, line: Line) -> None:
        for stream, chunk in line.output():
            target = sys.stderr if stream == "stderr" else sys.stdout
            target.flush()
            target.buffer.write(chunk)
            target.buffer.flush()

    def _feed(self, line: Line, control: int) -> None:
        """Send what is typed, until it ends or the program does."""
        keys = sys.stdin.fileno()
        with selectors.SelectSelector() as selector:
            selector.register(control, selectors.EVENT_READ)
            try:
                selector.register(keys, selectors.EVENT_READ)
            except (ValueError, OSError):  # closed, or nothing that can be waited for
                line.end_input()
            while True:
                ready = {key.fd for key, _ in selector.select()}
                if control in ready:
                    if _QUIT in os.read(control, _CHUNK):
                        return
                    _tell_size(line)
                if keys in ready:
                    typed = b""
                    with suppress(OSError):  # a terminal that was closed
                        typed = os.read(keys, _CHUNK)
                    if typed:
                        line.send(typed)
                    else:
                        selector.unregister(keys)
                        line.end_input()

    @contextmanager
    def _raw(self) -> Iterator[None]:
        """Hand every key on while the body runs, and give the terminal back as it was."""
        if not self.terminal or sys.platform == "win32":
            yield
            return
        import termios
        import tty

        keys = sys.stdin.fileno()
        before = termios.tcgetattr(keys)
        tty.setraw(keys, termios.TCSADRAIN)  # what was typed ahead stays
        try:
            yield
        finally:
            with suppress(termios.error):  # it was closed meanwhile
                termios.tcsetattr(keys, termios.TCSADRAIN, before)


def _tell_size(line: Line) -> None:
    columns, rows = shutil.get_terminal_size()
    with suppress(OSError):
        columns, rows = os.get_terminal_size(sys.stdout.fileno())
    line.resize(rows, columns)


@contextmanager
def _on_resize(terminal: bool, tell: Callable[[], object]) -> Iterator[None]:  # noqa: FBT001 - a yes or no
    """Tell when the window gets another size while the body runs."""
    if not terminal or not hasattr(signal, "SIGWINCH"):
        yield
        return
    before = signal.signal(signal.SIGWINCH, lambda _number, _frame: tell())
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, before)
