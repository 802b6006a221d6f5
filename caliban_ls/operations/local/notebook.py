"""`notebook`: Jupyter in the project's image, on the project's folder, for this machine alone."""

from __future__ import annotations

import http.client
import re
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError, Cancelled, FailedError, PortTaken, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.state import open_engine
from caliban_ls.operations.local import image as project_image
from caliban_ls.operations.local.container_options import survey
from caliban_ls.operations.local.home_folder import home_access
from caliban_ls.operations.local.shell import TOKEN, URL, on_the_folder
from caliban_ls.operations.schemas import containers
from caliban_ls.runtime.engine import ContainerSpec, Engine
from caliban_ls.runtime.jobs import Stream
from caliban_ls.runtime.local import owner

FIRST_PORT = 8888

_PORTS = 100  # that are tried, one after the other

_READY_SECONDS = 120  # a cold disk, a large image

_ASK_SECONDS = 0.2

_SAID_AT_MOST = 20  # lines of a server that didn't come up


def notebook(arguments: containers.NotebookArguments, context: Context) -> containers.NotebookResult:
    """Start Jupyter, and tell where once it answers.

    In a terminal it lives until Ctrl-C, in an editor as long as that; with `detach` until it is stopped.

    Raises:
        UsageError: the version is none, or the port is taken.
        FailedError: Jupyter didn't come up; the message has its last lines.
    """
    package = "jupyterlab" if arguments.lab else "notebook"
    version = arguments.jupyter_version
    if version is not None and not re.fullmatch(r"[0-9][0-9A-Za-z.]*", version):
        raise UsageError(f"{version!r} isn't a version of Jupyter", hint="It is a number such as 4.2 or 7.")
    if arguments.port is not None:
        _check(arguments.port)  # before an image is built for it
    engine = open_engine(context)
    project = read_project(context)
    around = survey(arguments, project, context, engine)
    home = home_access(arguments, context)
    if arguments.image_id is not None:
        image = project_image.given(arguments.image_id, engine)
    else:
        jupyter = package if version is None else f"{package}=={_pinned(version)}"
        image = project_image.ensure(arguments, project, around.mode, context, jupyter=jupyter).tag
    token = secrets.token_hex(24)
    spec = on_the_folder(image, "notebook", around, engine, context, home=home)
    detached = {owner.DETACH: "1"} if arguments.detach else {}
    spec = replace(
        spec,
        entrypoint=("python", "-m", "jupyter", "lab" if arguments.lab else "notebook"),
        environment={**spec.environment, TOKEN: token},
        labels={**spec.labels, **detached},
    )
    port, container = _start(engine, spec, arguments.port)
    log = _JupyterLog(engine, container, context)
    try:
        _wait_until_ready(port, token, log, context.cancel)
    except BaseException:
        with suppress(CalibanError):  # what went wrong before is the news
            engine.remove(container)
        raise
    result = containers.NotebookResult(
        url=f"http://127.0.0.1:{port}/?token={token}", token=token, port=port, container=spec.name
    )
    if arguments.detach:
        log.let_go()
    elif context.at_end is not None:
        context.at_end(lambda: engine.remove(container))
    else:
        _stay(result, engine, container, log, context)
    return result


def _pinned(version: str) -> str:
    """Return a version as pip takes it: `7` is any 7, `7.2.1` only that."""
    whole = re.fullmatch(r"\d+\.\d+\.\w+", version)
    return version if whole else f"{version}.*"


def _start(engine: Engine, spec: ContainerSpec, wanted: int | None) -> tuple[int, str]:
    """Start the container on the port that is wanted, or else on the first free one."""
    for port in _ports(wanted):
        root = ("--allow-root",) if spec.user is None or spec.user.startswith("0:") else ()
        # Inside, every address is the container's own; outside, the port is published on the loopback only.
        flags = ("--ip=0.0.0.0", f"--port={port}", "--no-browser", *root)
        labels = {**spec.labels, URL: f"http://127.0.0.1:{port}/"}
        try:
            return port, engine.start(replace(spec, args=flags, ports=(port,), labels=labels))
        except PortTaken:
            if wanted is not None:
                raise _taken(wanted) from None
    raise FailedError(
        f"No port from {FIRST_PORT} to {FIRST_PORT + _PORTS - 1} is free",
        hint="Name another one with --port.",
    )


def _ports(wanted: int | None) -> Iterator[int]:
    """Yield the ports to try."""
    if wanted is not None:
        yield wanted
    else:
        yield from filter(_is_free, range(FIRST_PORT, FIRST_PORT + _PORTS))


def _check(port: int) -> None:
    """Refuse a port that was asked for and can't be had."""
    if not 0 < port < 2**16:
        raise UsageError(f"{port} isn't a port", hint="Ports are numbers from 1 to 65535.")
    if not _is_free(port):
        raise _taken(port)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _taken(port: int) -> UsageError:
    return UsageError(
        f"Port {port} is taken",
        hint="`caliban containers` lists ours; without --port the first free one is used.",
    )


def _wait_until_ready(port: int, token: str, log: _JupyterLog, cancel: CancelToken) -> None:
    """Return once the server answers those who know the token."""
    deadline = time.monotonic() + _READY_SECONDS
    while not _answers(port, token):
        log.check()
        if log.ended():
            raise FailedError(f"Jupyter didn't come up:{log.said()}")
        if time.monotonic() > deadline:
            raise FailedError(f"Jupyter didn't answer within {_READY_SECONDS} s:{log.said()}")
        if cancel.wait(_ASK_SECONDS):
            cancel.check()


def _answers(port: int, token: str) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/api/status", headers={"Authorization": f"token {token}"})
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stay(
    result: containers.NotebookResult, engine: Engine, container: str, log: _JupyterLog, context: Context
) -> None:
    """Stay with a notebook until the user stops it, then remove it."""
    context.report(f"Jupyter answers at {result.url}\nCtrl-C stops it.", None)
    log.show()
    log.wait()
    engine.remove(container)
    context.cancel.check()
    raise FailedError(f"Jupyter ended:{log.said()}")


class _JupyterLog:
    """What the server says, read on a thread of its own, so that it never waits for a reader."""

    def __init__(self, engine: Engine, container: str, context: Context) -> None:
        self._context = context
        self._lines: deque[str] = deque(maxlen=_SAID_AT_MOST)
        self._partial = ""
        self._shown = False
        self._failure: CalibanError | None = None
        self._stop = CancelToken()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(engine, container), daemon=True)
        self._thread.start()

    def ended(self) -> bool:
        """Return whether the server has ended."""
        return self._ended.is_set()

    def said(self) -> str:
        """Return its last lines, each on a line of its own."""
        with self._lock:
            return "".join(f"\n    {line}" for line in self._lines)

    def show(self) -> None:
        """From now on, show its lines."""
        self._shown = True

    def wait(self) -> None:
        """Return when the server has ended or the user wants it to."""
        with self._context.cancel.on_set(self._stop.set):
            self._ended.wait()
        self.check()

    def check(self) -> None:
        """Raise the error that ended the reading: the engine went away, or the container was removed."""
        if self._failure is not None and not self._stop.is_set():
            raise self._failure

    def let_go(self) -> None:
        """Read no more; the server goes on."""
        self._stop.set()

    def _read(self, engine: Engine, container: str) -> None:
        try:
            engine.follow(container, output=self._take, cancel=self._stop)
        except Cancelled:
            pass
        except CalibanError as error:
            self._failure = error
        finally:
            self._ended.set()

    def _take(self, _stream: Stream, chunk: bytes) -> None:
        *lines, self._partial = (self._partial + chunk.decode(errors="replace")).split("\n")
        with self._lock:
            self._lines.extend(lines)
        if self._shown:
            for line in lines:
                self._context.report(line, None)
