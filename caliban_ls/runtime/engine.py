"""What every place that builds and runs has in common: job states, specifications, and the protocols.

Knows no SDK. Every blocking call takes a `CancelToken`; an adapter translates its SDK's exceptions to
`CalibanError` where it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.runtime.jobs import Output, Report, Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePlan:
    """An image before it is built; equal inputs give an equal tag on any machine.

    Attributes:
        tag: `caliban/PROJECT:DIGEST`, the digest being that of the steps in plain form, the files' bytes and
            modes, the platform and the base image's name as written.
        dockerfile: the text in plain form.
        buildkit: the text in BuildKit's form, with its mounts.
        dockerfile_name: where the context holds it, a path that no file of the project has.
        base_image: its first FROM.
        platform: `linux/amd64` and the like, or None for the engine's own.
        build_args: of the user's own Dockerfile.
        addresses: of the indexes that its packages come from, as far as the project names them.
        secrets: files of the context that should be in no image, and what each holds, in words.
        size: bytes of all files of the context.
        largest: the ten largest entries of the context, `(path, bytes)`, largest first.
        context: makes the tar stream anew, around a Dockerfile's text.
    """

    tag: str
    dockerfile: str
    buildkit: str
    dockerfile_name: str
    base_image: str
    platform: str | None
    build_args: Mapping[str, str] = field(default_factory=dict)
    addresses: tuple[str, ...] = ()
    secrets: tuple[tuple[str, str], ...] = ()
    size: int
    largest: tuple[tuple[str, int], ...]
    context: Callable[[str], Iterator[bytes]]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildInputs:
    """What a build may use of this machine, and no image, cache key or log may hold.

    Attributes:
        secrets: content by name; see `dockerfile.SECRET_FILES`.
        needed: in words, which of them the build can't do without; empty when it could.
        proxies: the variables of proxies, which builders keep out of images by themselves.
        host_network: a proxy or an index listens on this machine's loopback only, where a build on a network
            of its own wouldn't find it.
    """

    secrets: Mapping[str, bytes] = field(default_factory=dict)
    needed: tuple[str, ...] = ()
    proxies: Mapping[str, str] = field(default_factory=dict)
    host_network: bool = False


@dataclass(frozen=True, slots=True)
class Login:
    """A name and a password for a registry."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A file or folder of the engine's machine that a container sees; both paths absolute."""

    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerSpec:
    """One container.

    Attributes:
        image: tag or id.
        args: appended to the entrypoint.
        name: unique container name.
        labels: who owns it and what it is; see `runtime.owner`.
        user: `UID:GID`, or None for the image's own.
        groups: ids of further groups that the user is in.
        environment: variables set inside.
        entrypoint: what is started instead of the image's own; None leaves that.
        workdir: where it starts, None for the image's own.
        mounts: what it sees of the machine.
        gpus: True for all GPUs of the engine's machine, or the ids of some.
        ports: published on the loopback only, each under its own number.
        terminal: whether it has a terminal.
        stdin: whether it reads what is typed.
        account: what the user is called inside, where the image has no name for its uid.
        run_args: flags of `docker run` that the user wants besides; see `runtime.run_args`.
    """

    image: str
    args: tuple[str, ...]
    name: str
    labels: Mapping[str, str]
    user: str | None = None
    groups: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    entrypoint: tuple[str, ...] | None = None
    workdir: str | None = None
    mounts: tuple[Mount, ...] = ()
    gpus: bool | tuple[str, ...] = False
    ports: tuple[int, ...] = ()
    terminal: bool = False
    stdin: bool = False
    account: str | None = None
    run_args: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exit:
    """How a container's process ended.

    Attributes:
        code: its exit code; 128 and a signal's number when a signal ended it.
        out_of_memory: whether the kernel killed it, or a process of it, because memory ran out.
    """

    code: int
    out_of_memory: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerInfo:
    """A container of ours that the engine knows; `started` is a time of UTC, empty when it never was."""

    id: str
    name: str
    labels: Mapping[str, str]
    running: bool
    exit_code: int | None
    environment: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    started: str = ""


class Line(Protocol):
    """A connection to the input and output of a program in a container."""

    def send(self, data: bytes) -> None:
        """Pass on what was typed."""
        ...

    def end_input(self) -> None:
        """Say that no more input comes; what the program says still arrives."""
        ...

    def resize(self, rows: int, columns: int) -> None:
        """Tell the program's terminal its size."""
        ...

    def output(self) -> Iterator[tuple[Stream, bytes]]:
        """Yield what the program says, until it ends. A terminal has stdout alone."""
        ...


Talk = Callable[[Line], None]
"""Talks over a line until the program ends; see `interactive.Console`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineInfo:
    """What an engine says of itself.

    Attributes:
        address: where it answers.
        version: its own, `28.2.2`.
        platform: `linux/x86_64` and the like.
        root: the folder that holds its images, on its own machine.
        system: the operating system's name, `Debian GNU/Linux 12` or `Docker Desktop`.
        rootless: whether it runs as an ordinary user, so that uids inside aren't those outside.
        runtimes: names of what can run its containers, `nvidia` among them where its toolkit is set up.
        devices: names of CDI devices, `nvidia.com/gpu=0` and the like; engines before 28.2 don't tell.
    """

    address: str
    version: str
    platform: str
    root: str
    system: str = ""
    rootless: bool = False
    runtimes: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()


class Engine(Protocol):
    """A container engine. Methods block; callers decide which thread."""

    def describe(self) -> EngineInfo:
        """Return what the engine says of itself.

        Raises:
            EngineUnavailable: the engine went away.
        """
        ...

    def builder(self) -> str:
        """Return in words what builds images here."""
        ...

    def image_id(self, reference: str) -> str | None:
        """Return the id of an image that the engine has, or None."""
        ...

    def build(
        self,
        plan: ImagePlan,
        inputs: BuildInputs,
        *,
        no_cache: bool,
        report: Report,
        cancel: CancelToken,
    ) -> str:
        """Build, tag and return the image's id; a cancelled or failed build leaves no container.

        Raises:
            MissingError: the build needs a secret, and there is no builder that keeps one.
            BuildFailed: a step failed, the base image can't be had, or the context is refused.
            EngineUnavailable: the engine went away.
            Cancelled: the token was set.
        """
        ...

    def pull(self, reference: str, *, report: Report, cancel: CancelToken) -> str | None:
        """Fetch an image from its registry and return its id; None when no registry gives it.

        Raises:
            EngineUnavailable: the engine went away.
            Cancelled: the token was set.
        """
        ...

    def published(self, reference: str, login: Login | None) -> str | None:
        """Return the digest under which a registry has an image; None when it hasn't, or doesn't say.

        Raises:
            EngineUnavailable: the engine went away.
        """
        ...

    def push(
        self, source: str, reference: str, login: Login | None, *, report: Report, cancel: CancelToken
    ) -> str:
        """Give an image a second name and send it to the registry of that name; return its digest there.

        Args:
            source: tag or id of an image that the engine has.
            reference: full name, with a tag.
            login: for the registry; None for what the user's Docker configuration says of it.
            report: gets the amount sent.
            cancel: ends the upload.

        Raises:
            PushFailed: the registry doesn't take it.
            MissingError: the registry has no such repository.
            EngineUnavailable: the engine went away.
            Cancelled: the token was set.
        """
        ...

    def run(self, spec: ContainerSpec, *, output: Output, cancel: CancelToken) -> Exit:
        """Run a container to its end, hand out its output live and whole, remove it, say how it ended.

        Output comes from one thread, in order for each stream. What `output` raises ends the container
        and is passed on.

        Raises:
            FailedError: the engine refused to create or start it, or another program removed it.
            EngineUnavailable: the engine went away.
            Cancelled: the token was set; the container is stopped (terminate, then kill) and removed.
        """
        ...

    def containers(self, labels: Mapping[str, str]) -> list[ContainerInfo]:
        """Return all containers, running or not, that carry these labels; an empty value stands for any."""
        ...

    def remove(self, container: str) -> None:
        """Stop and remove a container; one that is gone already is no error."""
        ...

    def interact(self, spec: ContainerSpec, *, talk: Talk, cancel: CancelToken) -> Exit:
        """Run a container with its input connected, remove it, and return how it ended.

        Raises:
            FailedError, EngineUnavailable, Cancelled: as `run` does.
        """
        ...

    def execute(
        self, container: str, command: tuple[str, ...], *, terminal: bool, talk: Talk, cancel: CancelToken
    ) -> Exit:
        """Start another program in a running container, and talk with it to its end.

        Raises:
            FailedError: the container isn't running.
            EngineUnavailable: the engine went away.
            Cancelled: the token was set; the program may go on, its terminal is gone.
        """
        ...

    def start(self, spec: ContainerSpec) -> str:
        """Start a container without waiting for its end, and return its id.

        Raises:
            PortTaken: one of its ports is in use.
            FailedError: the engine refused to create or start it.
            EngineUnavailable: the engine went away.
        """
        ...

    def follow(self, container: str, *, output: Output, cancel: CancelToken) -> Exit:
        """Hand out what a started container says, from its beginning, and say how it ended.

        Raises:
            FailedError: another program removed it.
            EngineUnavailable: the engine went away.
            Cancelled: the token was set; the container goes on.
        """
        ...
