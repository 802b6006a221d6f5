"""Hand a launch's work to a process in the background, and tell its parent when it has started."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import subprocess


TELL = "CALIBAN_TELL_FD"
"""The variable with the number of the pipe on which the background process tells its launch's name."""


def is_background(environment: Mapping[str, str]) -> bool:
    """Return whether this process was started by `launch`."""
    return TELL in environment


def read_work(text: str) -> list[tuple[int, tuple[str, ...], dict[str, Any]]]:
    """Return the jobs that `launch` handed over."""
    return [
        (index, tuple(args), parameters) for index, args, parameters in map(json.loads, text.splitlines())
    ]


def tell(group: str, environment: Mapping[str, str]) -> None:
    """Tell the process that waits that the jobs are written down."""
    if is_background(environment):
        with suppress(OSError):
            descriptor = int(environment[TELL])
            os.write(descriptor, group.encode())
            os.close(descriptor)


def hand_over(
    process: subprocess.Popen[bytes], work: Iterable[tuple[int, tuple[str, ...], dict[str, Any]]]
) -> None:
    """Write the work to a process that waits for it."""
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    with suppress(BrokenPipeError), process.stdin as pipe:
        for index, args, parameters in work:
            pipe.write(json.dumps([index, args, parameters]).encode() + b"\n")
