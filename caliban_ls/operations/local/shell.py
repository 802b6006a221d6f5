"""`shell`, `attach` and `containers`: a person inside the project's image, and what of ours lives now."""

from __future__ import annotations

import getpass
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from caliban_ls.core import processes
from caliban_ls.core.errors import MissingError, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.state import open_engine, open_history
from caliban_ls.operations.local import image as project_image
from caliban_ls.operations.local.container_options import Surroundings, equipped, is_here, survey
from caliban_ls.operations.local.home_folder import HomeAccess, home_access, home_folder, home_mounts
from caliban_ls.operations.schemas import containers as schemas_containers
from caliban_ls.runtime.engine import ContainerInfo, ContainerSpec, Engine, Mount
from caliban_ls.runtime.images.dockerfile import WORKDIR
from caliban_ls.runtime.local import owner
from caliban_ls.runtime.local.console import Console

SHELLS = ("bash", "zsh", "fish", "sh")

URL = "caliban.url"
"""The label of a container that answers HTTP: where, without its token."""

TOKEN = "JUPYTER_TOKEN"  # noqa: S105  # a name, no token
"""The variable that holds a notebook's token; Jupyter's own name for it."""

_FIRST_OF = (
    'for shell in "$@"; do if command -v "$shell" >/dev/null 2>&1; then exec "$shell"; fi; done; exit 127'
)


def shell(arguments: schemas_containers.ShellArguments, context: Context) -> schemas_containers.ShellResult:
    """Open a shell in the project's image, on the project's folder, or run one command there.

    Raises:
        UsageError: the shell isn't one.
        MissingError: the engine can't mount folders of this machine.
    """
    if arguments.shell is not None and arguments.shell not in SHELLS:
        raise UsageError(f"There is no shell {arguments.shell}", hint=f"There are {', '.join(SHELLS)}.")
    engine = open_engine(context)
    project = read_project(context)
    around = survey(arguments, project, context, engine)
    wanted = arguments.shell or Path(context.environment.get("SHELL", "")).name
    home = home_access(arguments, context)
    packages = ("zsh",) if wanted == "zsh" and home != "none" else ()
    if arguments.image_id is not None:
        image = project_image.given(arguments.image_id, engine)
    else:
        image = project_image.ensure(arguments, project, around.mode, context, packages=packages).tag
    if context.opens_terminals:
        # The image is there, so that the terminal opens at once: what a build says and asks was said and asked here.
        return schemas_containers.ShellResult(terminal=_terminal("shell", _flags(arguments, home), context))
    console = Console()
    if arguments.command:
        entrypoint = ("/bin/sh", "-c", 'exec "$@"', "sh")
        args = arguments.command
    else:
        entrypoint = ("/bin/sh", "-c", _FIRST_OF, "sh")
        args = tuple(dict.fromkeys((*([wanted] if wanted in SHELLS else []), "bash", "sh")))
    spec = replace(
        on_the_folder(image, "shell", around, engine, context, home=home),
        entrypoint=entrypoint,
        args=args,
        terminal=console.terminal,
        stdin=True,
    )
    ended = engine.interact(spec, talk=console.talk, cancel=context.cancel)
    return schemas_containers.ShellResult(exit_code=ended.code)


def attach(arguments: schemas_containers.AttachArguments, context: Context) -> schemas_containers.ShellResult:
    """Open another shell in a container of ours that runs.

    Raises:
        UsageError: there is no such container.
    """
    engine = context.engine()  # a container that a killed process left can be looked into
    container = find_container(engine, arguments.container)
    if context.opens_terminals:
        return schemas_containers.ShellResult(terminal=_terminal("attach", (container.name,), context))
    console = Console()
    command = ("/bin/sh", "-c", _FIRST_OF, "sh", "bash", "sh")
    ended = engine.execute(
        container.id, command, terminal=console.terminal, talk=console.talk, cancel=context.cancel
    )
    return schemas_containers.ShellResult(exit_code=ended.code)


def containers(
    _arguments: schemas_containers.ContainersArguments, context: Context
) -> schemas_containers.ContainersResult:
    """List the shells, notebooks and runs that live now."""
    live = sorted(_live(context.engine()), key=lambda container: container.name)
    return schemas_containers.ContainersResult(
        containers=tuple(
            schemas_containers.Container(
                id=container.id[:12],
                kind=container.labels[owner.KIND],
                name=container.name,
                url=_url(container),
                folder=container.labels.get(owner.PROJECT, ""),
                image=container.image,
                started=container.started,
                job=container.labels.get(owner.JOB),
            )
            for container in live
        )
    )


def stop_container(arguments: schemas_containers.StopContainerArguments, context: Context) -> None:
    """Stop and remove a container of ours; a job in it was stopped then, and didn't fail.

    Raises:
        UsageError: there is no such container.
    """
    engine = context.engine()
    container = find_container(engine, arguments.container)
    if job := container.labels.get(owner.JOB):
        with suppress(MissingError), open_history(context) as history:
            history.jobs.cancel(job)
    engine.remove(container.id)


def find_container(engine: Engine, reference: str) -> ContainerInfo:
    """Return the container of ours that a name, an id or the beginning of an id stands for.

    Raises:
        UsageError: there is none, or there are several.
    """
    live = list(_live(engine))
    found = [container for container in live if reference in {container.name, container.id}]
    if not found and reference:
        found = [container for container in live if container.id.startswith(reference)]
    if len(found) == 1:
        return found[0]
    names = ", ".join(sorted(container.name for container in live)[:5])
    hint = f"There are {names}." if names else "None of caliban's runs now."
    raise UsageError(
        f"{'Several containers are' if found else 'There is no container'} {reference}", hint=hint
    )


def on_the_folder(
    image: str,
    kind: str,
    around: Surroundings,
    engine: Engine,
    context: Context,
    *,
    home: HomeAccess,
) -> ContainerSpec:
    """Return a container that works on the project's folder itself.

    Args:
        image: tag or id.
        kind: what it is for, as its label and its name say.
        around: what it gets of the machine.
        engine: what will run it.
        context: of the command.
        home: what it may do with the user's home folder, which is mounted at its own path.

    Raises:
        MissingError: the engine is on another machine, which hasn't the folder.
    """
    info = engine.describe()
    if not is_here(info):
        raise MissingError(
            f"The engine at {info.address} is on another machine, which hasn't this folder",
            hint=f"Use the engine of this machine for {kind}s, or run caliban over there.",
        )
    name = _user_name(around.environment["USER"])
    environment = {"USER": name, "LOGNAME": name}
    mounts = [Mount(source=str(context.folder), target=WORKDIR), *home_mounts(home, context)]
    if home != "none":
        environment["HOME"] = str(home_folder(context))
    spec = ContainerSpec(
        image=image,
        args=(),
        name=f"caliban_{kind}_{secrets.token_hex(4)}",
        labels={
            owner.KIND: kind,
            owner.OWNER: owner.this_owner(),
            owner.PROJECT: str(context.folder),
        },
        environment=environment,
        workdir=WORKDIR,
        mounts=tuple(mounts),
        account=name,
    )
    return equipped(spec, around)


def _user_name(default: str) -> str:
    """Return what the user is called here; not every uid has a name, and not every name is one for passwd."""
    with suppress(KeyError, OSError):
        name = getpass.getuser()
        if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", name):
            return name
    return default


def _live(engine: Engine) -> Iterator[ContainerInfo]:
    return (container for container in engine.containers({owner.KIND: ""}) if container.running)


def _url(container: ContainerInfo) -> str | None:
    address = container.labels.get(URL)
    token = container.environment.get(TOKEN)
    return address if address is None or token is None else f"{address}?token={token}"


def _terminal(command: str, words: tuple[str, ...], context: Context) -> schemas_containers.Terminal:
    """Return the terminal that an editor is to open, which runs the same command."""
    return schemas_containers.Terminal(
        name=f"caliban {command}: {words[0] if command == 'attach' else context.folder.name}",
        argv=processes.own_command(command, *words),
        cwd=str(context.folder),
        env={},
    )


def _flags(arguments: schemas_containers.ShellArguments, home: HomeAccess) -> tuple[str, ...]:
    """Return arguments as the command line takes them; the terminal needn't ask about the home folder again."""
    words = [f"--{name}" for name in ("nogpu", "gpu") if getattr(arguments, name)] + [f"--home={home}"]
    for extra in arguments.extras:
        words += ["--extras", extra]
    for name in ("image_id", "docker_run_args", "shell"):
        if (value := getattr(arguments, name)) is not None:
            words.append(f"--{name}={value}")
    return (*words, *(("--", *arguments.command) if arguments.command else ()))
