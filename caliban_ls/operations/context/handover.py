"""Hand a launch's jobs to a process in the background, on its standard input; it answers with the launch's name."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.selected_jobs import Work

if TYPE_CHECKING:
    import subprocess


NAME_PIPE = "CALIBAN_TELL_FD"
"""The variable with the number of the pipe on which the background process sends its launch's name."""


def is_background(environment: Mapping[str, str]) -> bool:
    """Return whether another caliban started this process to run jobs in the background."""
    return NAME_PIPE in environment


def read_jobs(context: Context) -> tuple[int, Work]:
    """Read the jobs that `hand_over` writes from standard input; return how many, and what yields them.

    Raises:
        UsageError: there is no standard input.
    """
    jobs = [
        (index, tuple(args), parameters)
        for index, args, parameters in map(json.loads, context.stdin().splitlines())
    ]
    return len(jobs), lambda: jobs


def send_name(group: str, environment: Mapping[str, str]) -> None:
    """Send the launch's name to the process that waits for it: its jobs are in the history now."""
    if is_background(environment):
        with suppress(OSError):
            descriptor = int(environment[NAME_PIPE])
            os.write(descriptor, group.encode())
            os.close(descriptor)


def hand_over(process: subprocess.Popen[bytes], work: Work) -> None:
    """Write jobs to a process that reads them with `read_jobs`."""
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    with suppress(BrokenPipeError), process.stdin as pipe:
        for index, args, parameters in work():
            pipe.write(json.dumps([index, args, parameters]).encode() + b"\n")
