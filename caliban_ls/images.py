"""The project's image: what goes into it by the project config and the flags, and the building of it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from caliban_ls import models
from caliban_ls.context import Context
from caliban_ls.errors import UsageError
from caliban_ls.files import read_project
from caliban_ls.project import Project
from caliban_ls.runtime.base import Engine, ImagePlan
from caliban_ls.runtime.image import ImageOptions, Mode, plan_image

_LARGE = 100_000_000  # bytes that are worth a word before they are sent to the engine


def build(arguments: models.BuildArguments, context: Context) -> models.BuildResult:
    """Build the project's image, unless the engine has it already."""
    started = time.monotonic()
    project = read_project(context)
    plan = plan_for(arguments, project, mode_of(arguments, project), context)
    image_id, cached = ensure(context.engine(), plan, context, no_cache=arguments.no_cache)
    seconds = round(time.monotonic() - started, 3)
    return models.BuildResult(image_id=image_id, tag=plan.tag, cached=cached, seconds=seconds)


def mode_of(arguments: models.ImageArguments, project: Project) -> Mode:
    """Return the mode of an image that is only built: no device is looked for."""
    if arguments.gpu and arguments.nogpu:
        raise UsageError("--gpu and --nogpu exclude each other")
    return "gpu" if arguments.gpu else "cpu" if arguments.nogpu else project.default_mode or "cpu"


def plan_for(arguments: models.BuildArguments, project: Project, mode: Mode, context: Context) -> ImagePlan:
    """Plan the image of a module; reads the project's files, asks no engine."""
    module = arguments.module or project.module
    if module is None:
        raise UsageError(
            "Which MODULE? None is given, and the project config names none",
            hint='Say `caliban build trainer.train`, or set "module" in .calibanconfig.json.',
        )
    options = ImageOptions(
        base_image=project.base_image,
        apt_packages=project.apt_packages,
        extras=arguments.extras or project.extras,
        dirs=arguments.dir or project.dirs,
        python_version=".".join(map(str, sys.version_info[:2])),
        left_out=_inside(context.folder, [project.cloud_key]),
    )
    plan = plan_image(folder=context.folder, module=module, mode=mode, options=options, cancel=context.cancel)
    if plan.size > _LARGE:
        largest = ", ".join(f"{name} {_megabytes(size)}" for name, size in plan.largest[:3])
        context.report(
            f"{_megabytes(plan.size)} go into the image ({largest}); .dockerignore keeps files out", None
        )
    return plan


def _inside(folder: Path, files: Iterable[str | None]) -> tuple[str, ...]:
    """Return the paths of those files that lie in a folder, relative to it, as images name them."""
    paths = (
        Path(os.path.relpath(folder / Path(file).expanduser(), folder)) for file in files if file is not None
    )
    return tuple(path.as_posix() for path in paths if ".." not in path.parts)


def ensure(engine: Engine, plan: ImagePlan, context: Context, *, no_cache: bool) -> tuple[str, bool]:
    """Return the image's id, and whether the engine had it already."""
    if not no_cache:
        image_id = engine.image_id(plan.tag)
        if image_id is not None:
            return image_id, True
    return engine.build(plan, no_cache=no_cache, report=context.report, cancel=context.cancel), False


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
