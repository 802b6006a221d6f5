"""What a container gets from the machine that it runs on: GPUs, the caller's user, and what the caller asks for."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from caliban_ls.core.errors import MissingError, UsageError
from caliban_ls.operations.context import trust
from caliban_ls.runtime.docker import gpus as gpu_rules
from caliban_ls.runtime.docker import run_flags
from caliban_ls.runtime.docker.gpus import Gpus
from caliban_ls.runtime.engine import ContainerSpec, Engine, EngineInfo, Mount
from caliban_ls.runtime.google import credentials
from caliban_ls.runtime.google.credentials import Credentials, find_credentials
from caliban_ls.runtime.local.runner import this_user

if TYPE_CHECKING:
    from caliban_ls.analysis.config.project import Project
    from caliban_ls.operations.context.context import Context
    from caliban_ls.operations.schemas.containers import ContainerArguments
    from caliban_ls.runtime.images.plan import Mode

USER_NAME = "caliban"
"""What programs in a container call a user whose uid the image doesn't know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Options that all containers of one command have in common.

    Attributes:
        mode: of the image.
        gpus: True for all, or the ids of those that can be given out one by one; False for none.
        user: `UID:GID` of the caller, None where there is none.
        groups: further groups of the caller.
        environment: variables.
        mounts: files and folders of the machine.
        run_args: flags of `docker run`, those of the project before the caller's own.
    """

    mode: Mode
    gpus: bool | tuple[str, ...] = False
    user: str | None = None
    groups: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    run_args: tuple[str, ...] = ()


def survey(arguments: ContainerArguments, project: Project, context: Context, engine: Engine) -> Surroundings:
    """Find out what containers of a command get.

    Raises:
        UsageError: flags contradict each other or can't be read.
        MissingError: a GPU is insisted on, and there is none.
        NotAgreed: the config wants what the user hasn't agreed to.
    """
    trust.require(project, context)
    words = (*project.docker.run_args, *run_flags.split(arguments.docker_run_args))
    run_flags.parse(words, context.environment)
    info = engine.describe()
    found = _find_gpus(arguments, project, context, info)
    key = _find_credentials(project, context, info)
    return Surroundings(
        mode="gpu" if found else "cpu",
        gpus=found,
        user=this_user(),
        environment={
            "USER": USER_NAME,
            "LOGNAME": USER_NAME,
            **({} if key is None else {credentials.VARIABLE: credentials.TARGET}),
        },
        mounts=() if key is None else (key.mount(),),
        run_args=words,
    )


def gpus_of(info: EngineInfo) -> Gpus:
    """Return the GPUs that an engine can give its containers."""
    return gpu_rules.judge(info, gpu_rules.devices_here() if is_here(info) and os.name == "posix" else None)


def is_here(info: EngineInfo) -> bool:
    """Return whether an engine sees the files of this machine, so that they can be mounted."""
    return info.address.startswith(("unix:", "npipe:"))


def _find_credentials(project: Project, context: Context, info: EngineInfo) -> Credentials | None:
    """Return the Google credentials that containers get; a line says why they get none that were meant."""
    found = find_credentials(context.environment, Path.home(), context.folder, project.cloud_key)
    if found is None:
        return None
    if not found.readable:
        context.report(
            f"No Google credentials are mounted: {found.path} (from {found.source}) can't be read", None
        )
        return None
    if not is_here(info):
        context.report("No Google credentials are mounted: the engine is on another machine", None)
        return None
    return found


def equipped(spec: ContainerSpec, surroundings: Surroundings) -> ContainerSpec:
    """Return a container with what the machine gives it; what it says itself stays."""
    return replace(
        spec,
        user=surroundings.user,
        groups=surroundings.groups,
        environment={**surroundings.environment, **spec.environment},
        mounts=(*spec.mounts, *surroundings.mounts),
        gpus=surroundings.gpus if spec.gpus is False else spec.gpus,
        run_args=(*surroundings.run_args, *spec.run_args),
    )


def _find_gpus(
    arguments: ContainerArguments, project: Project, context: Context, info: EngineInfo
) -> bool | tuple[str, ...]:
    """Return the GPUs to use: all or by id; False for none.

    Flags decide; then a config that says CPU; else it is what the machine has.
    """
    if arguments.gpu and arguments.nogpu:
        raise UsageError("--gpu and --nogpu exclude each other")
    if arguments.nogpu or (project.default_mode == "cpu" and not arguments.gpu):
        return False
    found = gpus_of(info)
    if found.usable:
        return found.ids or True
    if arguments.gpu:
        raise MissingError(f"--gpu, but {found.reason}", hint=f"{found.hint} --nogpu does without.")
    context.report(f"No GPU is used: {found.reason}", None)
    return False
