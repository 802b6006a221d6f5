"""Containers on a Docker engine: run one to its end, talk to it, start, follow, list and remove."""

from __future__ import annotations

import io
import re
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import (
    CalibanError,
    EngineUnavailable,
    FailedError,
    PortTaken,
)
from caliban_ls.runtime.docker.output_buffer import read_ahead
from caliban_ls.runtime.docker.payloads import (
    archive_of,
    container_config,
    container_info,
    explanation,
    refused,
)
from caliban_ls.runtime.docker.streams import HijackedLine, Raw, hang_up, reader_of, unhurried
from caliban_ls.runtime.engine import (
    ContainerInfo,
    ContainerSpec,
    Exit,
    Talk,
)
from caliban_ls.runtime.jobs import Output, Stream

if TYPE_CHECKING:
    from docker import APIClient  # for annotations only, never at run time

from caliban_ls.runtime.docker.api import CALL_SECONDS, EngineApi

GRACE_SECONDS = 4
"""How long a container may take to end after SIGTERM, before SIGKILL."""


class ContainerCalls(EngineApi):
    """What an `Engine` does with containers."""

    def run(self, spec: ContainerSpec, *, output: Output, cancel: CancelToken) -> Exit:
        """See `Engine.run`."""
        cancel.check()

        def serve(attached: Raw, connection: Raw) -> None:
            with read_ahead(self._frames(attached), hang_up=partial(hang_up, connection)) as frames:
                for stream, chunk in frames:
                    output(stream, chunk)

        with self._client() as client:
            container = self._create(client, spec)
            try:
                end = self._attend(client, container, serve, cancel)
            finally:
                self._remove(client, container)
        cancel.check()
        return end

    def interact(self, spec: ContainerSpec, *, talk: Talk, cancel: CancelToken) -> Exit:
        """See `Engine.interact`."""
        cancel.check()
        with self._client() as client:
            container = self._create(client, spec)
            try:
                self._name_user(client, container, spec)

                def serve(attached: Raw, connection: Raw) -> None:
                    resize = partial(self._resize, container)
                    if spec.terminal:
                        # Read as it is shown: what is far ahead of the eye would still come after a Ctrl-C.
                        talk(HijackedLine(connection, self._frames(attached, plain=True), resize))
                        return
                    with read_ahead(self._frames(attached), hang_up=partial(hang_up, connection)) as frames:
                        talk(HijackedLine(connection, frames, resize))

                end = self._attend(client, container, serve, cancel, stdin=spec.stdin)
            finally:
                self._remove(client, container)
        cancel.check()
        return end

    def execute(
        self, container: str, command: tuple[str, ...], *, terminal: bool, talk: Talk, cancel: CancelToken
    ) -> Exit:
        """See `Engine.execute`."""
        cancel.check()
        with self._client() as client:
            with self._translated():
                created: Any = client.exec_create(container, list(command), stdin=True, tty=terminal)
                program = str(created["Id"])
                attached: Any = client.exec_start(program, tty=terminal, socket=True)
                connection = unhurried(client, attached)
            resize = partial(self._resize_program, program)
            with cancel.on_set(partial(hang_up, connection)):
                try:
                    talk(HijackedLine(connection, self._frames(attached, plain=terminal), resize))
                except EngineUnavailable:
                    cancel.check()
                    raise
                finally:
                    hang_up(connection)
                    attached.close()
            cancel.check()
            with self._translated():
                ended: Any = client.exec_inspect(program)
        return Exit(int(ended["ExitCode"] or 0))

    def start(self, spec: ContainerSpec) -> str:
        """See `Engine.start`."""
        with self._client() as client:
            container = self._create(client, spec)
            try:
                self._name_user(client, container, spec)
                with self._translated():
                    client.start(container)
            except CalibanError as error:
                self._remove(client, container)
                if re.search("port is already allocated|address already in use", str(error)):
                    raise PortTaken(f"A port of {spec.ports} is in use") from error
                raise
        return container

    def follow(self, container: str, *, output: Output, cancel: CancelToken) -> Exit:
        """See `Engine.follow`. Asked for as a log, since attaching to what has just ended may wait for ever."""
        with self._client() as client:
            with self._translated():
                response = client.get(
                    f"{client.base_url}/v{client.api_version}/containers/{quote(container)}/logs",
                    params={"stdout": 1, "stderr": 1, "follow": 1},
                    stream=True,
                    timeout=CALL_SECONDS,
                )
                if response.status_code == HTTPStatus.NOT_FOUND:
                    raise FailedError("The container was removed by another program")
                if not response.ok:
                    raise refused(explanation(response.content))
                attached = client._get_raw_response_socket(response)  # type: ignore[attr-defined]  # noqa: SLF001  # no public way
                connection = unhurried(client, attached)
            with cancel.on_set(partial(hang_up, connection)):
                try:
                    for stream, chunk in self._frames(response.raw):
                        output(stream, chunk)
                    cancel.check()
                    return self._end(client, container)
                except EngineUnavailable:
                    cancel.check()
                    raise
                finally:
                    hang_up(connection)
                    response.close()

    def containers(self, labels: Mapping[str, str]) -> list[ContainerInfo]:
        """See `Engine.containers`."""
        from docker.errors import NotFound

        wanted = [f"{name}={value}" if value else name for name, value in labels.items()]
        found = []
        with self._client() as client, self._translated():
            for listed in client.containers(all=True, filters={"label": wanted}):
                with suppress(NotFound):  # It may be removed between the two calls.
                    found.append(container_info(client.inspect_container(listed["Id"])))
        return found

    def remove(self, container: str) -> None:
        """See `Engine.remove`."""
        with self._client() as client:
            self._stop(client, container)
            self._remove(client, container)

    def _create(self, client: APIClient, spec: ContainerSpec) -> str:
        """Create the container and return its id."""
        with self._translated():
            if self._logging_driver is None:
                self._logging_driver = str(client.info()["LoggingDriver"])
            config = container_config(spec, self._logging_driver)
            created = client.create_container_from_config(config, spec.name)  # type: ignore[no-untyped-call]  # so in its stubs
        return str(created["Id"])

    def _name_user(self, client: APIClient, container: str, spec: ContainerSpec) -> None:
        """Give the user a name in a container that is about to start, where its image has none for the uid."""
        if spec.account is None or spec.user is None:
            return
        uid, _, gid = spec.user.partition(":")
        home = spec.environment.get("HOME", "/")
        with self._translated():
            users = _read_file(client, container, "/etc/passwd")
            if users is None or any(line.split(":")[2:3] == [uid] for line in users.splitlines()):
                return
            entry = f"{spec.account}:x:{uid}:{gid or uid}::{home}:/bin/sh\n"
            ending = "" if not users or users.endswith("\n") else "\n"
            client.put_archive(container, "/etc", archive_of("passwd", users + ending + entry))

    def _resize(self, container: str, rows: int, columns: int) -> None:
        """Tell a container's terminal its size; one that has just ended doesn't care."""
        with suppress(CalibanError), self._client() as client, self._translated():
            client.resize(container, rows, columns)

    def _resize_program(self, program: str, rows: int, columns: int) -> None:
        """Tell the terminal of another program in a container its size."""
        with suppress(CalibanError), self._client() as client, self._translated():
            client.exec_resize(program, rows, columns)

    def _attend(
        self,
        client: APIClient,
        container: str,
        serve: Callable[[Raw, Raw], None],
        cancel: CancelToken,
        *,
        stdin: bool = False,
    ) -> Exit:
        """Start the container and stay with it to its end; `serve` gets what is attached and its connection.

        Attached before it starts, so that not a byte is missed. The log isn't asked for as well: where the job is
        quick or the engine busy, its first lines would come twice.
        """
        with self._translated():
            params = {"stdin": int(stdin), "stdout": 1, "stderr": 1, "stream": 1}
            attached = client.attach_socket(container, params=params)
            connection = unhurried(client, attached)
        stopper = threading.Thread(target=self._stop_from_aside, args=(container, connection), daemon=True)
        with cancel.on_set(stopper.start):
            try:
                cancel.check()
                with self._translated():
                    client.start(container)
                if cancel.is_set():
                    self._stop(client, container)  # The stopper may have come before the start.
                serve(attached, connection)
                return self._end(client, container)
            finally:
                hang_up(connection)
                attached.close()
                if stopper.ident is not None:
                    stopper.join()

    def _frames(self, attached: Raw, *, plain: bool = False) -> Iterator[tuple[Stream, bytes]]:
        """Yield the output of an attached container until it ends; a terminal's is plain, without frames.

        A frame is 8 bytes of header, the stream's number first and the payload's length last, and the
        payload (https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerAttach).
        """
        with self._translated():
            reader = reader_of(attached)
            if plain:
                while chunk := reader.read1(64 * 1024):
                    yield "stdout", chunk
                return
            while len(header := reader.read(8)) == 8:  # noqa: PLR2004  # the format's own number
                chunk = reader.read(int.from_bytes(header[4:], "big"))
                if chunk:
                    yield "stderr" if header[0] == 2 else "stdout", chunk  # noqa: PLR2004  # see above

    def _end(self, client: APIClient, container: str) -> Exit:
        """Return how a container ended whose output has ended; a job may close that and work on."""
        from docker.errors import NotFound
        from requests.exceptions import ConnectionError as ConnectionLost
        from requests.exceptions import Timeout

        with self._translated():
            while True:
                try:
                    # A wait that took too long says nothing about the engine; the next call does.
                    with suppress(ConnectionLost, Timeout):
                        client.wait(container, timeout=CALL_SECONDS)
                    state = client.inspect_container(container)["State"]
                except NotFound as error:
                    raise FailedError("The container was removed while it ran, by another program") from error
                if not state["Running"]:
                    return Exit(int(state["ExitCode"]), out_of_memory=bool(state.get("OOMKilled")))

    def _stop_from_aside(self, container: str, connection: Raw) -> None:
        """End a container that another thread attends; the end of its output tells that thread."""
        try:
            with self._client() as client:
                self._stop(client, container)
        except CalibanError:
            hang_up(connection)

    def _stop(self, client: APIClient, container: str) -> None:
        """Ask a container to end, then kill it. One that is gone is no error."""
        from docker.errors import NotFound

        with self._translated(), suppress(NotFound):
            client.stop(container, timeout=GRACE_SECONDS)

    def _remove(self, client: APIClient, container: str) -> None:
        """Kill and remove a container, its anonymous volumes too. One that is gone is no error."""
        from docker.errors import APIError, NotFound

        with self._translated(), suppress(NotFound):
            try:
                client.remove_container(container, force=True, v=True)
            except APIError as error:
                if error.status_code != 409:  # noqa: PLR2004  # conflict: another program is removing it
                    raise
                client.wait(container, timeout=CALL_SECONDS, condition="removed")


def _read_file(client: APIClient, container: str, path: str) -> str | None:
    """Return a text file of a container, None when it has no such file."""
    from docker.errors import NotFound

    try:
        chunks, _ = client.get_archive(container, path)
    except NotFound:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return None if file is None else file.read().decode(errors="surrogateescape")
