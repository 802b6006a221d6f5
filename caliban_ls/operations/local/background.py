"""A run in the background: a process of its own, which goes on when the terminal or the editor is closed.

The process that starts it hands it the jobs on its standard input, and waits until it has written them down; so
no job is lost between the two, and none runs twice. Which image they run in has been settled before.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from caliban_ls.core import processes
from caliban_ls.core.errors import FailedError, UsageError
from caliban_ls.operations.context.context import Context

if TYPE_CHECKING:
    import subprocess

_TELL = "CALIBAN_TELL_FD"
"""The variable with the number of the pipe on which the background process tells its launch's name."""


def launch(
    *,
    work: Iterable[tuple[int, tuple[str, ...], dict[str, Any]]],
    image: str,
    title: str,
    gpu: bool,
    jobs: int,
    docker_run_args: str | None,
    context: Context,
) -> str:
    """Start a process that runs jobs, and return the name of their launch.

    Args:
        work: the jobs: index, arguments, parameters.
        image: what they run in.
        title: of the launch.
        gpu: whether they get GPUs.
        jobs: how many run at once.
        docker_run_args: the user's flags of `docker run`.
        context: of the command.

    Raises:
        FailedError: it ended before the jobs were written down; the message has its last words.
    """
    if os.name != "posix":
        raise UsageError(
            "--detach needs a system like Linux or macOS", hint="Leave it out; the run stays here."
        )
    reading, writing = os.pipe()
    command = ["run", "background", f"--image_id={image}", f"--name={title}"]
    command += [f"--jobs={jobs}", "--gpu" if gpu else "--nogpu"]
    if docker_run_args is not None:
        command.append(f"--docker_run_args={docker_run_args}")
    try:
        with tempfile.TemporaryFile() as said:
            process = processes.start_own(
                command,
                context.folder,
                {**context.environment, _TELL: str(writing)},
                said=said,
                kept=(writing,),
            )
            os.close(writing)
            writing = -1
            _hand_over(process, work)
            with open(reading, "rb", closefd=False) as told:
                name = told.read().decode()
            if not name:
                process.wait()
                said.seek(0)
                words = said.read()[-2000:].decode(errors="replace").strip()
                raise FailedError(f"The run in the background ended at its start:\n{words}")
            return name
    except OSError as error:
        raise FailedError(f"The run in the background can't be started: {error.strerror or error}") from error
    finally:
        os.close(reading)
        if writing >= 0:
            os.close(writing)


def is_background(environment: Mapping[str, str]) -> bool:
    """Return whether this process was started by `launch`."""
    return _TELL in environment


def read_work(text: str) -> list[tuple[int, tuple[str, ...], dict[str, Any]]]:
    """Return the jobs that `launch` handed over."""
    return [
        (index, tuple(args), parameters) for index, args, parameters in map(json.loads, text.splitlines())
    ]


def tell(group: str, environment: Mapping[str, str]) -> None:
    """Tell the process that waits that the jobs are written down."""
    if is_background(environment):
        with suppress(OSError):
            descriptor = int(environment[_TELL])
            os.write(descriptor, group.encode())
            os.close(descriptor)


def _hand_over(
    process: subprocess.Popen[bytes], work: Iterable[tuple[int, tuple[str, ...], dict[str, Any]]]
) -> None:
    assert process.stdin is not None  # noqa: S101  # a pipe was asked for
    with suppress(BrokenPipeError), process.stdin as pipe:
        for index, args, parameters in work:
            pipe.write(json.dumps([index, args, parameters]).encode() + b"\n")
