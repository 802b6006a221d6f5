"""What caliban can do, once for every face: one function per command, and the table that faces read.

Knows neither argparse nor LSP nor an SDK. A function takes its arguments (a frozen dataclass) and a
`Context`, and returns its result (a frozen dataclass, or None for "nothing to say").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from caliban_ls.cancel import CancelToken
from caliban_ls.runtime.base import Engine, Output, Report


def _silent(_message: str, _fraction: float | None = None) -> None:
    """Report nothing."""


def _discard(_stream: str, _chunk: bytes) -> None:
    """Keep no output."""


def _no_buffer(_path: Path) -> str | None:
    """Say that no editor has the file open."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything that a command may touch besides its arguments.

    Attributes:
        folder: absolute path of the project that the command works on.
        engine: opens the container engine; raises `EngineUnavailable`.
        report: progress for people.
        output: takes the output of containers as it comes.
        cancel: watched by everything that blocks.
        buffer: the text of a file that an editor has open, None when it isn't.
    """

    folder: Path
    engine: Callable[[], Engine]
    report: Report = _silent
    output: Output = _discard
    cancel: CancelToken = field(default_factory=CancelToken)
    buffer: Callable[[Path], str | None] = _no_buffer


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row of the table.

    Attributes:
        name: the command line's word; editors know it as `caliban-ls.NAME`.
        title: what progress shows while it works ("Building the image").
        arguments: frozen dataclass, JSON object keys in lower_snake_case.
        run: the function.
        trusted: whether it runs or sends something, so that an editor must have allowed it.
    """

    name: str
    title: str
    arguments: type
    run: Callable[[Any, Context], Any]
    trusted: bool = False


COMMANDS: tuple[Command, ...] = ()
