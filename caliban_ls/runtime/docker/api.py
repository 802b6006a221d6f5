"""Clients of the Docker engine's API, and errors of ours for what they raise.

`docker` is imported inside functions only, since that takes as long as a whole `caliban check`. Every operation has a
client of its own: a client is a session, and threads can't share one. It costs less than a millisecond once the engine's
API version is known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any

from caliban_ls.core.errors import (
    CalibanError,
)
from caliban_ls.runtime.docker import unix_socket
from caliban_ls.runtime.docker.endpoint import Endpoint
from caliban_ls.runtime.docker.errors import unavailable
from caliban_ls.runtime.docker.payloads import (
    explanation,
    refused,
)
from caliban_ls.runtime.engine import (
    EngineInfo,
)

if TYPE_CHECKING:
    from docker import APIClient  # for annotations only, never at run time
    from docker.tls import TLSConfig


PROBE_SECONDS = 10
"""How long an engine may take for its first answer."""

CALL_SECONDS = 60
"""How long one call may take: a busy engine needs a while to create a container of a large image."""


class EngineApi:
    """The API behind an address. Safe to use from several threads at once."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._api_version: str | None = None
        self._logging_driver: str | None = None

    def probe(self) -> None:
        """Raise `EngineUnavailable` unless the engine answers."""
        if self._ask_briefly("/_ping") is None:
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

    def _ask_briefly(self, target: str) -> dict[str, Any] | None:
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
            # Where no engine listens on the socket, the SDK would leak a connection before it raises.
            self._ask_briefly("/_ping")
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
        """Turn each exception of the SDK into a `CalibanError`. No callback is called in here."""
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


def _tls_config(endpoint: Endpoint) -> TLSConfig | bool:
    """Return the SDK's form of an endpoint's certificates."""
    from docker.tls import TLSConfig

    tls = endpoint.tls
    if tls is None:
        return False
    pair = (str(tls.certificate), str(tls.key)) if tls.certificate and tls.key else None
    authority = str(tls.authority) if tls.authority else None
    return TLSConfig(client_cert=pair, ca_cert=authority, verify=tls.verify)
