"""Images on a Docker engine: build, pull, push, and look one up."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import (
    BuildFailed,
    EngineUnavailable,
    MissingError,
    PushFailed,
)
from caliban_ls.runtime.docker import buildkit
from caliban_ls.runtime.docker.buildkit import NoBaseImage
from caliban_ls.runtime.docker.classic_builder import BuildLog, upload
from caliban_ls.runtime.docker.payloads import (
    explanation,
    repository_and_tag,
)
from caliban_ls.runtime.docker.push_log import PushLog
from caliban_ls.runtime.docker.streams import Raw, hang_up, unhurried
from caliban_ls.runtime.engine import (
    BuildInputs,
    ImagePlan,
    Login,
)
from caliban_ls.runtime.jobs import Report

if TYPE_CHECKING:
    from docker import APIClient  # for annotations only, never at run time

from caliban_ls.runtime.docker.api import CALL_SECONDS, EngineApi


class ImageCalls(EngineApi):
    """What an `Engine` does with images."""

    def image_id(self, reference: str) -> str | None:
        """See `Engine.image_id`: one call."""
        seen = self._ask_briefly(f"/images/{quote(reference, safe='')}/json")
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
            self.probe()  # An engine that shuts down has killed the step; it answers no new request.
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
    """Return the headers by which the engine logs in at the registry of an image."""
    from docker import auth

    if login is not None:
        config: Any = {"username": login.user, "password": login.password}
    else:
        registry, _ = auth.resolve_repository_name(reference)
        config = auth.resolve_authconfig(client._auth_configs, registry) or {}  # type: ignore[attr-defined]  # noqa: SLF001  # the SDK's own `push` reads it too
    return {"X-Registry-Auth": auth.encode_header(config).decode()}
