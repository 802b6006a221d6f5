"""A run in the background: a process of its own, which goes on when the terminal or the editor is closed.

The process that starts it hands it the jobs on its standard input, and waits until it has written them down; so
no job is lost between the two, and none runs twice. Which image they run in has been settled before.
"""

from __future__ import annotations

import os
import tempfile

from caliban_ls.core import processes
from caliban_ls.core.errors import FailedError, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.handover import NAME_PIPE, hand_over
from caliban_ls.operations.context.selected_jobs import Work


def launch(
    *,
    work: Work,
    image: str,
    title: str,
    gpu: bool,
    jobs: int,
    docker_run_args: str | None,
    context: Context,
) -> str:
    """Start a process that runs jobs, and return the name of their launch.

    Args:
        work: yields the jobs.
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
                {**context.environment, NAME_PIPE: str(writing)},
                said=said,
                kept=(writing,),
            )
            os.close(writing)
            writing = -1
            hand_over(process, work)
            with open(reading, "rb", closefd=False) as pipe:
                name = pipe.read().decode()
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
