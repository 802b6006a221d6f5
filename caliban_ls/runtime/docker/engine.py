"""The Docker engine through its API: build an image, run a container to its end, find and remove ours.

The only importer of `docker`, and only inside functions, since that import takes as long as a whole
`caliban check`. Owns how the API is spoken: time limits, cancelling, what an engine's errors mean.
Knows nothing of sweeps, owners or histories.

Every operation has a client of its own, because docker's clients are sessions that threads can't share.
One costs less than a millisecond once the engine's API version is known.
"""

from __future__ import annotations

import io
import json
import os
import re
import sys
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import (
    BuildFailed,
    CalibanError,
    EngineUnavailable,
    FailedError,
    MissingError,
    PortTaken,
    PushFailed,
)
from caliban_ls.runtime.docker import buildkit, unix_socket
from caliban_ls.runtime.docker.buildkit import NoBaseImage
from caliban_ls.runtime.docker.classic_builder import BuildLog, upload
from caliban_ls.runtime.docker.endpoint import Endpoint, configuration_folder, resolve_endpoint
from caliban_ls.runtime.docker.errors import unavailable
from caliban_ls.runtime.docker.output_buffer import read_ahead
from caliban_ls.runtime.docker.payloads import (
    archive_of,
    container_config,
    container_info,
    explanation,
    refused,
    repository_and_tag,
)
from caliban_ls.runtime.docker.push_log import PushLog
from caliban_ls.runtime.docker.streams import HijackedLine, Raw, hang_up, reader_of, unhurried
from caliban_ls.runtime.engine import (
    BuildInputs,
    ContainerInfo,
    ContainerSpec,
    EngineInfo,
    Exit,
    ImagePlan,
    Login,
    Talk,
)
from caliban_ls.runtime.jobs import Output, Report, Stream

if TYPE_CHECKING:
    from docker import APIClient  # for annotations only, never at run time
    from docker.tls import TLSConfig

PROBE_SECONDS = 10
"""How long an engine may take for its first answer."""

CALL_SECONDS = 60
"""How long one call may take: a busy engine needs a while to create a container of a large image."""

GRACE_SECONDS = 4
"""How long a container may take to end after SIGTERM, before SIGKILL."""


def open_engine(endpoint: Endpoint) -> DockerEngine:
    """Return the engine once it has answered.

    Raises:
        EngineUnavailable: nothing answers there; the message names the address and the hint the mend.
    """
    engine = DockerEngine(endpoint)
    engine.probe()
    return engine


def open_local_engine(environment: Mapping[str, str]) -> DockerEngine:
    """Return the engine that this machine's settings name, once it has answered.

    Args:
        environment: the process's variables; see `runtime.endpoint` for those that count.

    Raises:
        MissingError: a Docker context is named that doesn't exist.
        EngineUnavailable: nothing answers.
    """
    folder = configuration_folder(environment, Path.home())
    return open_engine(resolve_endpoint(environment, folder, sys.platform))


class DockerEngine:
    """An `Engine` behind an address. Safe to use from several threads at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._api_version: str | None = None
        self._logging_driver: str | None = None

    def probe(self) -> None:
        """Raise `EngineUnavailable` unless the engine answers."""
        if self._glance("/_ping") is None:
            with self._client():
                pass

    def describe(self) -> EngineInfo:
        """See `Engine.describe`."""
        with self._client() as client, self._translated():
            info = client.info()
        return EngineInfo(
            address=self.endpoint.address,
            version=str(info.get("ServerVersion", "unknown")),
            platform=f"{info.get('OSType', 'unknown')}/{info.get('Architecture', 'unknown')}",
            root=str(info.get("DockerRootDir", "")),
            system=str(info.get("OperatingSystem", "")),
            rootless="name=rootless" in (info.get("SecurityOptions") or ()),
            runtimes=tuple(info.get("Runtimes") or ()),
            devices=tuple(str(device.get("ID")) for device in info.get("DiscoveredDevices") or ()),
        )

    def image_id(self, reference: str) -> str | None:
        """See `Engine.image_id`: one call."""
        seen = self._glance(f"/images/{quote(reference, safe='')}/json")
        if seen is not None:
            return str(seen["Id"]) if seen else None
        from docker.errors import NotFound

        with self._client() as client, self._translated():
            try:
                return str(client.inspect_image(reference)["Id"])  # type: ignore[no-untyped-call]  # so in its stubs
            except NotFound:
                return None

    def build(
        self,
        plan: ImagePlan,
        inputs: BuildInputs,
        *,
        no_cache: bool,
        report: Report,
        cancel: CancelToken,
    ) -> str:
        """See `Engine.build`. `no_cache` also asks the registry for a newer base image."""
        cancel.check()
        self.probe()
        docker = buildkit.find_docker(os.environ)
        if docker is None and inputs.needed:
            raise MissingError(
                f"The build needs {' and '.join(inputs.needed)}, and this machine's builder would write that into the image",
                hint="Install Docker's command line with its plugin buildx, which gives secrets to a build only.",
            )
        if docker is None and "authorities" in inputs.secrets:
            report(
                "This machine's builder can't be lent your certificates: the build has the image's own", None
            )
        once = partial(
            self._build_once, docker, plan, inputs, no_cache=no_cache, report=report, cancel=cancel
        )
        try:
            return once(pull=no_cache)
        except NoBaseImage:
            # A home-made base image is in no registry, so there is nothing newer to be had.
            if not no_cache or self.image_id(plan.base_image) is None:
                raise
            report(f"No registry has {plan.base_image}; building on the engine's own copy", None)
            return once(pull=False)

    def builder(self) -> str:
        """See `Engine.builder`."""
        docker = buildkit.find_docker(os.environ)
        return "the engine's classic builder" if docker is None else f"BuildKit, through {docker}"

    def pull(self, reference: str, *, report: Report, cancel: CancelToken) -> str | None:
        """See `Engine.pull`."""
        cancel.check()
        repository, tag = repository_and_tag(reference)
        with self._client() as client:
            with self._translated():
                response = client.post(
                    f"{client.base_url}/v{client.api_version}/images/create",
                    params={"fromImage": repository, "tag": tag},
                    stream=True,
                    timeout=CALL_SECONDS,
                )
            if not response.ok:
                return None
            report(f"Pulling {reference}", None)
            failed = False
            for event in self._followed(client, response, cancel):
                failed |= "error" in event
        return None if failed else self.image_id(reference)

    def published(self, reference: str, login: Login | None) -> str | None:
        """See `Engine.published`."""
        with self._client() as client, self._translated():
            response = client.get(
                f"{client.base_url}/v{client.api_version}/distribution/{reference}/json",
                headers=_registry_headers(client, reference, login),
                timeout=CALL_SECONDS,
            )
        return str(response.json()["Descriptor"]["digest"]) if response.ok else None

    def push(
        self, source: str, reference: str, login: Login | None, *, report: Report, cancel: CancelToken
    ) -> str:
        """See `Engine.push`."""
        cancel.check()
        repository, tag = repository_and_tag(reference)
        log = PushLog(reference, report)
        with self._client() as client:
            with self._translated():
                client.tag(source, repository, tag, force=True)
                response = client.post(
                    f"{client.base_url}/v{client.api_version}/images/{repository}/push",
                    params={"tag": tag},
                    headers=_registry_headers(client, reference, login),
                    stream=True,
                    timeout=CALL_SECONDS,
                )
            if not response.ok:
                raise PushFailed(f"{reference} wasn't pushed: {explanation(response.content)}")
            for event in self._followed(client, response, cancel):
                log.add(event)
        return log.result()

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
                    raise FailedError("The container was removed by somebody else")
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

    def _glance(self, target: str) -> dict[str, Any] | None:
        """Ask one quick question without loading the SDK, where the address is a Unix socket.

        Returns:
            The JSON object of the answer; an empty one for an answer that is none or "not found". None where
            only the SDK can ask.
        """
        path = unix_socket.socket_path(self.endpoint.address)
        if path is None:
            return None
        try:
            status, body = unix_socket.get(path, target, PROBE_SECONDS)
        except (OSError, HTTPException) as error:
            raise unavailable(self.endpoint, error) from error
        if status == HTTPStatus.NOT_FOUND:
            return {}
        if status != HTTPStatus.OK:
            raise refused(explanation(body))
        answer: dict[str, Any] = json.loads(body) if body.startswith(b"{") else {}
        return answer

    @contextmanager
    def _client(self) -> Iterator[APIClient]:
        """Open a client for one operation of one thread."""
        with self._translated():
            client = self._connect()
        try:
            yield client
        finally:
            client.close()

    def _connect(self) -> APIClient:
        """Return a client; the first asks the engine for its API version, which proves that it answers."""
        from docker import APIClient

        if self._api_version is None:
            # Where nobody listens on a socket, the SDK would leak one on its way to say so.
            self._glance("/_ping")
        try:
            client = APIClient(
                base_url=self.endpoint.address,
                version=self._api_version,
                timeout=PROBE_SECONDS,
                tls=_tls_config(self.endpoint),
                use_ssh_client=self.endpoint.address.startswith("ssh://"),
            )
        except ValueError as error:  # The address can't be taken apart.
            raise unavailable(self.endpoint, error) from error
        self._api_version = client.api_version
        client.timeout = CALL_SECONDS
        return client

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Turn whatever the SDK raises into an error of ours. Callbacks are never called in here."""
        from docker.errors import APIError, DockerException
        from requests.exceptions import RequestException
        from urllib3.exceptions import HTTPError

        try:
            yield
        except CalibanError:
            raise
        except APIError as error:
            raise refused(str(error.explanation or error)) from error
        except (DockerException, RequestException, HTTPError, OSError) as error:
            raise unavailable(self.endpoint, error) from error

    def _build_once(
        self,
        docker: str | None,
        plan: ImagePlan,
        inputs: BuildInputs,
        *,
        no_cache: bool,
        pull: bool,
        report: Report,
        cancel: CancelToken,
    ) -> str:
        """Build by BuildKit where its command line is, else by the engine's classic builder."""
        try:
            if docker is None:
                with self._client() as client:
                    return self._build_classic(
                        client, plan, inputs, no_cache=no_cache, pull=pull, report=report, cancel=cancel
                    )
            return buildkit.build(
                docker,
                self.endpoint,
                plan,
                inputs,
                no_cache=no_cache,
                pull=pull,
                report=report,
                cancel=cancel,
                environment=os.environ,
            )
        except BuildFailed:
            self.probe()  # An engine that is going has killed the step; it answers nobody new already.
            raise

    def _build_classic(
        self,
        client: APIClient,
        plan: ImagePlan,
        inputs: BuildInputs,
        *,
        no_cache: bool,
        pull: bool,
        report: Report,
        cancel: CancelToken,
    ) -> str:
        """Send the context, follow the builder's events, return the image's id."""
        log = BuildLog(plan, report)
        with self._translated():
            response = client.post(
                f"{client.base_url}/v{client.api_version}/build",
                params=_build_parameters(client, plan, inputs, no_cache=no_cache, pull=pull),
                headers={"Content-Type": "application/x-tar"},
                data=upload(plan, report, cancel),
                stream=True,
                timeout=CALL_SECONDS,
            )
            if not response.ok:
                raise BuildFailed(f"The Docker engine refused the build: {explanation(response.content)}")
        for event in self._followed(client, response, cancel):
            log.add(event)
        return log.result(self.endpoint)

    def _followed(self, client: APIClient, response: Raw, cancel: CancelToken) -> Iterator[dict[str, Any]]:
        """Yield the events of something that the engine does, however long it is silent, until it is done.

        Raises:
            EngineUnavailable: the engine went away.
            Cancelled: the token was set; the engine, whose client has gone, ends what it was doing.
        """
        with self._translated():
            attached = client._get_raw_response_socket(response)  # type: ignore[attr-defined]  # noqa: SLF001  # no public way
            connection = unhurried(client, attached)
        try:
            with cancel.on_set(lambda: hang_up(connection)):
                yield from self._events(response)
        except EngineUnavailable:
            cancel.check()  # Hanging up is how it is cancelled; the reader sees a lost connection.
            raise
        finally:
            hang_up(connection)  # first, since closing a response waits for the step that is running
            response.close()
        cancel.check()

    def _events(self, response: Raw) -> Iterator[dict[str, Any]]:
        """Yield the builder's events as they come, one JSON object a line."""
        with self._translated():
            for line in response.iter_lines(chunk_size=64 * 1024):
                with suppress(ValueError):  # An engine that ends may end in mid-line.
                    event = json.loads(line)
                    yield event

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
        quick or the engine busy, its first lines would be told twice.
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
                    raise FailedError("The container was removed by somebody else while it ran") from error
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
                if error.status_code != 409:  # noqa: PLR2004  # conflict: somebody else is removing it
                    raise
                client.wait(container, timeout=CALL_SECONDS, condition="removed")


def _build_parameters(
    client: APIClient, plan: ImagePlan, inputs: BuildInputs, *, no_cache: bool, pull: bool
) -> dict[str, str]:
    """Return the query of a build by the classic builder."""
    parameters = {"t": plan.tag, "dockerfile": plan.dockerfile_name, "rm": "1", "forcerm": "1"}
    if no_cache:
        parameters["nocache"] = "1"
    if pull:
        parameters["pull"] = "1"
    if plan.platform is not None:
        parameters["platform"] = plan.platform
    if inputs.host_network:
        parameters["networkmode"] = "host"
    # As Docker's command line does; the builder leaves these names out of its cache keys.
    proxies = client._proxy_configs.get_environment() or {}  # type: ignore[attr-defined]  # noqa: SLF001  # the SDK's own `build` reads it too
    if arguments := {**proxies, **inputs.proxies, **plan.build_args}:
        parameters["buildargs"] = json.dumps(arguments)
    return parameters


def _registry_headers(client: APIClient, reference: str, login: Login | None) -> dict[str, str]:
    """Return what the engine is told of how to log in at the registry of an image."""
    from docker import auth

    if login is not None:
        config: Any = {"username": login.user, "password": login.password}
    else:
        registry, _ = auth.resolve_repository_name(reference)
        config = auth.resolve_authconfig(client._auth_configs, registry) or {}  # type: ignore[attr-defined]  # noqa: SLF001  # the SDK's own `push` reads it too
    return {"X-Registry-Auth": auth.encode_header(config).decode()}


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


def _tls_config(endpoint: Endpoint) -> TLSConfig | bool:
    """Return the SDK's form of an endpoint's certificates."""
    from docker.tls import TLSConfig

    tls = endpoint.tls
    if tls is None:
        return False
    pair = (str(tls.certificate), str(tls.key)) if tls.certificate and tls.key else None
    authority = str(tls.authority) if tls.authority else None
    return TLSConfig(client_cert=pair, ca_cert=authority, verify=tls.verify)
