"""A job of the history once more: on this machine, or as words for a command line.

Knows what is written down of launches, and nothing of engines or services.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

from caliban_ls.core.errors import MissingError, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD, find_job
from caliban_ls.operations.context.launch_details import accelerator_of
from caliban_ls.operations.context.state import open_history
from caliban_ls.operations.schemas import containers
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.history.masking import MASK
from caliban_ls.runtime.history.records import JobGroup, JobRecord


def here(arguments: containers.RunArguments, context: Context) -> tuple[containers.RunArguments, Context]:
    """Return the arguments and the context with which `run` runs a job of the history once more.

    What is said besides the job comes before what is written down; arguments follow those of the job.

    Raises:
        UsageError: there is no such job, or its arguments can't be known.
        MissingError: its project is gone.
    """
    if arguments.experiment_config is not None or arguments.rerun_failed:
        raise UsageError("--job is one job, with all its arguments", hint="Leave out what chooses others.")
    with open_history(context) as history:
        group, job = find_job(str(arguments.job), history)
    if any(MASK in word for word in job.args):
        raise UsageError(
            f"Arguments of {job.job_id} look like credentials, so that they aren't written down",
            hint="Run the module with its arguments behind --.",
        )
    if not group.folder.is_dir():
        raise MissingError(
            f"The folder of {job.job_id} is gone: {group.folder}", hint="Put the project back there."
        )
    details, local = group.details, group.local
    again = replace(
        arguments,
        job=None,
        module=arguments.module or details.module,
        dir=arguments.dir or details.dir,
        extras=arguments.extras or details.extras,
        image_id=arguments.image_id or local.image_id,
        docker_run_args=arguments.docker_run_args or local.docker_run_args,
        args=(*job.args, *arguments.args),
        name=arguments.name or group.title,
    )
    return again, replace(context, folder=group.folder)


def as_before(arguments: containers.RunArguments, group: JobGroup) -> containers.RunArguments:
    """Return the arguments with which `run` runs jobs of a group again: what isn't given is as it was in the group."""
    details, local = group.details, group.local
    named = arguments.module is not None
    return replace(
        arguments,
        module=arguments.module or details.module,
        dir=arguments.dir or details.dir,
        extras=arguments.extras or details.extras,
        image_id=arguments.image_id if named else arguments.image_id or local.image_id,
        docker_run_args=arguments.docker_run_args or local.docker_run_args,
        name=group.title,
    )


def command_of(job: JobRecord, group: JobGroup) -> str:
    """Return the command line that runs a job once more where it ran, in its folder; masked words stay masked."""
    details = group.details
    alike: dict[str, Any] = {
        "module": details.module,
        "dir": details.dir,
        "extras": details.extras,
        "nogpu": details.mode == "cpu",
        "name": None if group.title == group.folder.name else group.title,
        "args": job.args,
    }
    if group.backend not in CLOUD:
        run = containers.RunArguments(
            **alike,
            gpu=details.mode == "gpu",
            image_id=group.local.image_id,
            docker_run_args=group.local.docker_run_args,
        )
        return spelled("run", run)
    there = group.cloud
    accelerator = accelerator_of(there)
    spec = str(accelerator) if accelerator else None
    kind = accelerator.kind if accelerator else None
    cloud = CloudArguments(
        **alike,
        image_tag=group.image,
        backend=group.backend,
        project_id=group.project,
        region=group.region,
        machine_type=there.machine_type,
        gpu_spec=spec if kind == "gpu" else None,
        tpu_spec=spec if kind == "tpu" else None,
        spot=there.spot,
        flex_start=there.flex_start,
        timeout=None if there.timeout is None else f"{there.timeout}s",
        service_account=there.service_account,
        cloud_key=there.cloud_key,
    )
    return spelled("cloud", cloud)


def spelled(command: str, arguments: Any) -> str:  # noqa: ANN401 - any command's arguments
    """Return the command line that says a command's arguments."""
    return shlex.join(["caliban", command, *_words(arguments)])


def _words(arguments: Any) -> Iterator[str]:  # noqa: ANN401 - any command's arguments
    """Yield flags, then what stands by its place, then what is passed on untouched."""
    positional: list[str] = []
    rest: list[str] = []
    for field in fields(arguments):
        value = getattr(arguments, field.name)
        if value in (field.default, None):
            continue
        if field.metadata.get("rest"):
            rest += ["--", *value]
        elif field.metadata.get("positional"):
            positional += value if isinstance(value, tuple) else [str(value)]
        elif value is True:
            yield f"--{field.metadata.get('flag') or field.name}"
        else:
            for one in value if isinstance(value, tuple) else (value,):
                yield f"--{field.metadata.get('flag') or field.name}={one}"
    yield from positional
    yield from rest
