"""Arguments and results of build, run, shell, notebook and the commands about containers."""

from __future__ import annotations

from dataclasses import dataclass, field

from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, kw_only=True)
class ImageArguments:
    """Arguments of every command that needs an image.

    These types have no slots: `RunArguments` inherits from two of them, and Python allows only one base with slots.
    """

    nogpu: bool = option(False, "Use CPU mode; ignore GPUs.")
    gpu: bool = option(False, "Use GPU mode; containers get the GPUs of this machine, or don't start.")
    extras: tuple[str, ...] = option((), "An extra of the project's package to install.", short="e")


@dataclass(frozen=True, kw_only=True)
class ContainerArguments(ImageArguments):
    """Arguments of every command that starts a container."""

    image_id: str | None = option(None, "Use this image and build nothing.", metavar="IMAGE")
    docker_run_args: str | None = option(
        None, "More flags of `docker run`, in one word: '--memory 2g -e A=1'.", metavar="ARGS"
    )


@dataclass(frozen=True, kw_only=True)
class BuildArguments(ImageArguments):
    """The contents of an image."""

    module: str | None = positional(
        "trainer.train, trainer/train.py, train.py or script.sh; by default the config's `module`.",
        metavar="MODULE",
    )
    dir: tuple[str, ...] = option((), "A folder to copy into the image, besides the module's own.", short="d")
    no_cache: bool = option(False, "Pull the base image again and run every step.")


@dataclass(frozen=True, kw_only=True)
class RunArguments(BuildArguments, ContainerArguments):
    """A module, or a sweep of it, to run in local containers."""

    args: tuple[str, ...] = positional("Passed to the job, untouched.", metavar="ARGS", default=(), rest=True)
    experiment_config: str | None = option(
        None, "The sweep to run: FILE or stdin.", metavar="FILE", document=True
    )
    dry_run: bool = option(False, "Show what would run; touch nothing.")
    jobs: int = option(1, "Run up to N jobs at once.", metavar="N")
    name: str | None = option(None, "Name of the group of jobs.", metavar="NAME")
    index: int | None = option(None, "Run only this combination of the sweep (1 is the first).", metavar="N")
    block: str | None = option(
        None, "Run one block of the sweep only, by its JSON pointer.", metavar="POINTER"
    )
    rerun_failed: bool = option(
        False,
        "Run the jobs again that didn't succeed in the newest group, of this sweep or of --name if given.",
    )
    job: str | None = option(
        None, "Run this job of the history, wherever it ran: its id, or GROUP/INDEX.", metavar="JOB"
    )
    force: bool | tuple[str, ...] = option(
        False,
        "Run although the script would refuse flags: all findings, or those of these codes.",
        metavar="CODE",
        codes=True,
    )
    detach: bool = option(False, "Return once the jobs have started; `caliban status` follows them.")


@dataclass(frozen=True, kw_only=True)
class FolderArguments(ContainerArguments):
    """Arguments of every command that mounts the project's folder."""

    home: str | None = option(
        None,
        "Mount your home folder full, read-only, or none of it; you are asked once for each project.",
        metavar="full|read-only|none",
    )
    bare: bool = option(False, "Mount no home folder: the same as --home none.")


@dataclass(frozen=True, kw_only=True)
class ShellArguments(FolderArguments):
    """A shell, or one command."""

    shell: str | None = option(None, "bash, zsh, fish or sh; by default your own.", metavar="SHELL")
    command: tuple[str, ...] = positional(
        "Run this instead of a shell.", metavar="COMMAND", default=(), rest=True
    )


@dataclass(frozen=True, kw_only=True)
class NotebookArguments(FolderArguments):
    """The version of Jupyter, and its port."""

    port: int | None = option(
        None, "The port; by default the first free one from 8888.", short="p", metavar="PORT"
    )
    jupyter_version: str | None = option(None, "The version of Jupyter.", short="jv", metavar="VERSION")
    lab: bool = option(False, "Start JupyterLab instead of the classic notebook.")
    detach: bool = option(False, "Return at once; the notebook lives until it is stopped.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersArguments:
    """No arguments: the command lists all of Caliban's containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachArguments:
    """The container to open a shell in."""

    container: str = positional("Its name or id, as `caliban containers` lists them.", metavar="CONTAINER")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContainerArguments:
    """The container to stop."""

    container: str = positional("Its name or id.", metavar="CONTAINER")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image: its id, its tag, whether it existed already, and the seconds of the build."""

    image_id: str
    tag: str
    cached: bool
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunJob:
    """One job of a run; `exit_code`, `seconds` and `metrics` once it has ended."""

    index: int
    job_id: str
    args: tuple[str, ...]
    state: str
    exit_code: int | None = None
    seconds: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """The jobs of a run. With `dry_run` the state of each is PLANNED."""

    group: str
    image: str
    jobs: tuple[RunJob, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A terminal to open: its name, its program, its folder, and variables to add to the environment."""

    name: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellResult:
    """A terminal for the editor to open, or the exit code of a shell that ran in this terminal."""

    terminal: Terminal | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """A notebook's URL, token and port, and the name of its container."""

    url: str
    token: str
    port: int
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One of Caliban's containers: `kind` is shell, notebook or run; `started` is a UTC time, `job` a run's job."""

    id: str
    kind: str
    name: str
    url: str | None
    folder: str
    image: str
    started: str
    job: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersResult:
    """Caliban's running containers."""

    containers: tuple[Container, ...]
