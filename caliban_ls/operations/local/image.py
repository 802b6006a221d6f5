"""The project's image: what goes into it by the project config and the flags, and the building of it."""

from __future__ import annotations

import os
import re
import shlex
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from caliban_ls.analysis.config.project import Project
from caliban_ls.core import project_files
from caliban_ls.core.errors import KeyInImage, MissingError, UsageError
from caliban_ls.core.project_files import printable
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.which_module import module_of
from caliban_ls.operations.schemas import containers
from caliban_ls.runtime.engine import Engine, ImagePlan
from caliban_ls.runtime.google import credentials
from caliban_ls.runtime.images.build_secrets import build_inputs, lent_network, lent_passwords
from caliban_ls.runtime.images.plan import ImageOptions, Mode, plan_image
from caliban_ls.runtime.images.secret_files import IN_ADDRESS

_PYTHON = "3.12"
"""For a project that asks for none. Not the one that runs this: a project gives the same image on every machine."""

_LONGEST = 2**20  # bytes of an ignore file that lines are added to

_LARGE = 100_000_000  # bytes that are worth a word before they are sent to the engine


def build(arguments: containers.BuildArguments, context: Context) -> containers.BuildResult:
    """Build the project's image, unless the engine has it already."""
    started = time.monotonic()
    project = read_project(context)
    trust.require(project, context)
    image = ensure(arguments, project, mode_of(arguments, project), context)
    seconds = round(time.monotonic() - started, 3)
    return containers.BuildResult(image_id=image.id, tag=image.tag, cached=image.cached, seconds=seconds)


@dataclass(frozen=True, slots=True)
class Image:
    """An image that the engine has: its id, its tag, and whether it was there already."""

    id: str
    tag: str
    cached: bool


def ensure(
    arguments: containers.ImageArguments,
    project: Project,
    mode: Mode,
    context: Context,
    *,
    packages: tuple[str, ...] = (),
    jupyter: str | None = None,
    platform: str | None = None,
) -> Image:
    """Return the project's image, built if the engine doesn't have it.

    Args:
        arguments: those of `build` name a program; without one, the image has only what the project needs
            installed.
        project: its config, to which the user has agreed (`trust.require`).
        mode: whether it is for a machine with a GPU.
        context: of the command.
        packages: Debian packages that it has besides.
        jupyter: the Jupyter that it has besides, as pip's requirement.
        platform: that it is for, None for the engine's own.

    Raises:
        NotAgreed: the build would get passwords or a network that the user hasn't agreed to.
        KeyInImage: a file with a key or a password would be in the image.
    """
    no_cache = isinstance(arguments, containers.BuildArguments) and arguments.no_cache
    plan_with = partial(
        _safe_plan,
        arguments,
        mode=mode,
        context=context,
        packages=packages,
        jupyter=jupyter,
        platform=platform,
    )
    plan = plan_with(project)
    engine = context.engine()
    found = None if no_cache else engine.image_id(plan.tag)
    if (
        found is None
        and project.gcloud_image is not None
        and not _can_have(project.gcloud_image, engine, context)
    ):
        context.report(f"{project.gcloud_image} can't be had, so the image goes without gcloud", None)
        plan = plan_with(replace(project, gcloud_image=None))
        found = None if no_cache else engine.image_id(plan.tag)
    if found is not None:
        return Image(found, plan.tag, cached=True)
    trust.require_all(_borrowed(plan, context), context)
    _mention_size(plan, context)
    key = _build_key(project, context)
    inputs = build_inputs(context.environment, Path.home(), plan.addresses, key)
    built = engine.build(plan, inputs, no_cache=no_cache, report=context.report, cancel=context.cancel)
    context.report("", None)
    return Image(built, plan.tag, cached=False)


def given(reference: str, engine: Engine) -> str:
    """Return an image that the user named, by its tag or id.

    Raises:
        MissingError: the engine hasn't got it.
    """
    named = re.fullmatch(r"[a-zA-Z0-9][\w.:/@-]*", reference, re.ASCII) and ".." not in reference
    if not named or engine.image_id(reference) is None:
        raise MissingError(
            f"The engine has no image {reference!r}",
            hint="`docker images` lists those that it has, and `docker pull` gets others; without --image_id"
            " the project's own is built.",
        )
    return reference


def mode_of(arguments: containers.ImageArguments, project: Project) -> Mode:
    """Return the mode of an image that is only built: no device is looked for."""
    if arguments.gpu and arguments.nogpu:
        raise UsageError("--gpu and --nogpu exclude each other")
    return "gpu" if arguments.gpu else "cpu" if arguments.nogpu else project.default_mode or "cpu"


def base_image_of(project: Project, context: Context) -> str:
    """Return the image that the project's own stands on.

    Raises:
        UsageError: the config or a file says something that can't be.
    """
    return _plan_without_program(project, context).base_image


def demands(project: Project, context: Context) -> dict[str, object]:
    """Return all that a project wants which needs agreement: what its config says, and passwords for a build."""
    wanted = trust.demands(project, context.folder)
    with suppress(UsageError):  # What can't be planned can't be built either, which says why.
        wanted |= _borrowed(_plan_without_program(project, context), context)
    return wanted


def plan_for(
    arguments: containers.ImageArguments,
    project: Project,
    mode: Mode,
    context: Context,
    *,
    packages: tuple[str, ...] = (),
    jupyter: str | None = None,
    platform: str | None = None,
) -> ImagePlan:
    """Plan the image; reads the project's files, asks no engine."""
    module, dirs = None, project.dirs
    if isinstance(arguments, containers.BuildArguments):
        module, dirs = module_of(arguments, project, context), arguments.dir or project.dirs
    options = replace(
        _options(project, context),
        extras=arguments.extras or project.extras,
        dirs=dirs if module is not None else (),
        more_packages=packages,
        jupyter=jupyter,
        platform=platform,
    )
    return plan_image(folder=context.folder, module=module, mode=mode, options=options, cancel=context.cancel)


def _plan_without_program(project: Project, context: Context) -> ImagePlan:
    return plan_image(
        folder=context.folder,
        module=None,
        mode=project.default_mode or "cpu",
        options=_options(project, context),
    )


def _borrowed(plan: ImagePlan, context: Context) -> dict[str, object]:
    """Return what a build would get of the user's: passwords for packages, and this machine's network."""
    found: dict[str, object] = {}
    if passwords := lent_passwords(context.environment, Path.home(), plan.addresses):
        found["passwords for packages"] = list(passwords)
    if reached := lent_network(context.environment):
        found["this machine's network in builds"] = list(reached)
    return found


def _options(project: Project, context: Context) -> ImageOptions:
    """Return what a config says of images."""
    return ImageOptions(
        base_image=project.base_image,
        apt_packages=project.apt_packages,
        python_version=_PYTHON,
        left_out=_inside(context.folder, [project.cloud_key, context.environment.get(credentials.VARIABLE)]),
        gcloud_image=project.gcloud_image,
        dockerfile=project.docker.dockerfile,
        build_args=project.docker.build_args,
    )


def _safe_plan(
    arguments: containers.ImageArguments,
    project: Project,
    *,
    mode: Mode,
    context: Context,
    packages: tuple[str, ...],
    jupyter: str | None,
    platform: str | None,
) -> ImagePlan:
    """Return a plan with no key in it; the user is offered to leave those out that are found."""
    plan_anew = partial(
        plan_for,
        arguments,
        project,
        mode,
        context,
        packages=packages,
        jupyter=jupyter,
        platform=platform,
    )
    plan = plan_anew()
    if not plan.secrets:
        return plan
    listed = "\n".join(f"    {printable(path)}: {words}" for path, words in plan.secrets)
    message = f"The image would hold what should be in none:\n{listed}"
    lines = [_ignore_line(path) for path, _ in plan.secrets]
    if any(words == IN_ADDRESS for _, words in plan.secrets):
        raise KeyInImage(
            message,
            hint="Take the password out of the address, and put it into your .netrc or PIP_EXTRA_INDEX_URL, which"
            f" lend it to a build only; a line !{lines[0][1:]} in .calibanignore says that it may travel.",
        )
    if context.ask(message, "Leave them out by .calibanignore"):
        _append(context.folder, ".calibanignore", lines)
        plan = plan_anew()
        if not plan.secrets:
            return plan
    raise KeyInImage(
        message,
        hint=f"Leave it out by a line {lines[0]} in .calibanignore; a line !{lines[0][1:]} says that it may travel.",
    )


def _append(folder: Path, name: str, lines: Iterable[str]) -> None:
    """Add lines to a text file of a project, which may not be there yet. A link isn't followed."""
    try:
        before = ""
        if project_files.status(folder, name, follow=False) is not None:
            with project_files.open_unlinked(folder, name) as file:
                before = project_files.read_some(file, _LONGEST).decode("utf-8", "surrogateescape")
        start = "\n" if before and not before.endswith("\n") else ""
        project_files.replace(folder, name, before + start + "".join(f"{line}\n" for line in lines))
    except OSError as error:
        raise UsageError(
            f"{name} can't be changed: {error.strerror or error}", hint="Add the lines yourself."
        ) from error


def _inside(folder: Path, files: Iterable[str | None]) -> tuple[str, ...]:
    """Return the paths of those files that lie in a folder, relative to it, as images name them."""
    paths = (
        Path(os.path.relpath(folder / Path(file).expanduser(), folder)) for file in files if file is not None
    )
    return tuple(path.as_posix() for path in paths if ".." not in path.parts)


def _can_have(image: str, engine: Engine, context: Context) -> bool:
    """Return whether the engine has an image, or can pull it."""
    if engine.image_id(image) is not None:
        return True
    return engine.pull(image, report=context.report, cancel=context.cancel) is not None


def _mention_size(plan: ImagePlan, context: Context) -> None:
    """Name what is large before it is sent to the engine."""
    if plan.size <= _LARGE:
        return
    largest = "".join(f"\n    {_megabytes(size):>8}  {name}" for name, size in plan.largest)
    first = shlex.quote(_ignore_line(plan.largest[0][0]))
    context.report(
        f"{_megabytes(plan.size)} go into the image. The largest:{largest}\n"
        f"  What the program doesn't need stays out by a line in .calibanignore: echo {first} >> .calibanignore",
        None,
    )


def _ignore_line(path: str) -> str:
    """Return the line of an ignore file that stands for just this path."""
    escaped = re.sub(r"([*?\[\\])", r"\\\1", path)
    # A line can't hold a line break, and its last space is dropped; `?` stands for any one character.
    visible = "".join(one if one.isprintable() or "\udc80" <= one <= "\udcff" else "?" for one in escaped)
    return "/" + re.sub(r"\s$", "?", visible)


def _build_key(project: Project, context: Context) -> Path | None:
    """Return the credentials that the build may use."""
    if not project.build_time_credentials:
        return None
    found = credentials.find_credentials(context.environment, Path.home(), context.folder, project.cloud_key)
    if found is None or not found.readable:
        raise MissingError(
            "build_time_credentials is set, and there are no Google credentials to be read"
            + (f" at {found.path} (from {found.source})" if found else ""),
            hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS.",
        )
    return found.path


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"
