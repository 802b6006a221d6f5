"""Arguments and results of the commands: frozen dataclasses that both faces are made from.

A field's metadata says how the command line spells it; on the wire every field is its own name, except
that a document's path is given as `uri`. Results are what `--json` prints and what editors get.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from caliban_ls.operations.schemas.fields import option, positional


@dataclass(frozen=True, kw_only=True)
class ImageArguments:
    """What every image is asked for.

    These argument types have no slots: `run` takes what builds and what containers take, and Python lays out no
    class on two that have.
    """

    nogpu: bool = option(False, "The mode is CPU; no GPU is looked for.")
    gpu: bool = option(False, "The mode is GPU; containers get the GPUs of this machine, or don't start.")
    extras: tuple[str, ...] = option((), "An extra of the project's package to install.", short="e")


@dataclass(frozen=True, kw_only=True)
class ContainerArguments(ImageArguments):
    """What every container is asked for."""

    image_id: str | None = option(None, "Use this image; nothing is built.", metavar="IMAGE")
    docker_run_args: str | None = option(
        None, "More flags of `docker run`, in one word: '--memory 2g -e A=1'.", metavar="ARGS"
    )


@dataclass(frozen=True, kw_only=True)
class BuildArguments(ImageArguments):
    """What goes into an image."""

    module: str | None = positional(
        "trainer.train, trainer/train.py, train.py or script.sh; the config's `module` when left out.",
        metavar="MODULE",
    )
    dir: tuple[str, ...] = option((), "A folder that travels beside the module's own.", short="d")
    no_cache: bool = option(False, "Take the base image afresh and run every step.")


@dataclass(frozen=True, kw_only=True)
class RunArguments(BuildArguments, ContainerArguments):
    """What to run in local containers."""

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
        False, "Run what didn't succeed in the newest group, of this sweep or of --name where one is given."
    )
    job: str | None = option(
        None, "Run this job of the history, wherever it ran: its id, or GROUP/INDEX.", metavar="JOB"
    )
    force: bool | tuple[str, ...] = option(
        False,
        "Override what the script would refuse: all of it, or the findings of these codes.",
        metavar="CODE",
        codes=True,
    )
    detach: bool = option(False, "Return once the jobs are on their way; `caliban status` follows them.")


@dataclass(frozen=True, kw_only=True)
class FolderArguments(ContainerArguments):
    """What a container on the project's folder is asked for."""

    bare: bool = option(False, "Leave the home folder out; only the working folder is mounted.")


@dataclass(frozen=True, kw_only=True)
class ShellArguments(FolderArguments):
    """A shell, or one command."""

    shell: str | None = option(None, "bash, zsh, fish or sh; your own when left out.", metavar="SHELL")
    command: tuple[str, ...] = positional(
        "Run this instead of a shell.", metavar="COMMAND", default=(), rest=True
    )


@dataclass(frozen=True, kw_only=True)
class NotebookArguments(FolderArguments):
    """Which Jupyter, and where."""

    port: int | None = option(
        None, "The port; the first free one from 8888 when left out.", short="p", metavar="PORT"
    )
    jupyter_version: str | None = option(None, "The version of Jupyter.", short="jv", metavar="VERSION")
    lab: bool = option(False, "Start JupyterLab instead of the classic notebook.")
    detach: bool = option(False, "Return at once; the notebook lives until it is stopped.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainersArguments:
    """Nothing to say: all of ours are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachArguments:
    """Which container to open a shell in."""

    container: str = positional("Its name or id, as `caliban containers` lists them.", metavar="CONTAINER")


@dataclass(frozen=True, slots=True, kw_only=True)
class StopContainerArguments:
    """Which container to stop."""

    container: str = positional("Its name or id.", metavar="CONTAINER")


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image: its id, its tag, whether it was there already, and the seconds that it took."""

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
    """A terminal to open: its name, what runs in it, where, and with which variables besides the usual ones."""

    name: str
    argv: tuple[str, ...]
    cwd: str
    env: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellResult:
    """A terminal that an editor is to open, or the exit code of a shell that was here."""

    terminal: Terminal | None = None
    exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookResult:
    """Where a notebook answers, the token that it asks for, and the name of its container."""

    url: str
    token: str
    port: int
    container: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of ours: `kind` is shell, notebook or run; `started` is a time of UTC, `job` a run's job."""

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
    """What of ours lives now."""

    containers: tuple[Container, ...]
