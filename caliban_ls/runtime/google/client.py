"""Make requests of Google's APIs and understand their answers.

googleapiclient builds requests from its discovery documents, `transport` sends them, `auth` has the account, and
`errors` explains failures. Knows no service; the modules of each do. Imports `googleapiclient` inside functions only.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.errors import object_of, translated
from caliban_ls.runtime.google.hosts import endpoint, overridden_origins
from caliban_ls.runtime.google.transport import Connection


class Google:
    """Makes requests as one account. Safe to use from several threads; each has connections of its own."""

    def __init__(self, identity: Identity, environment: Mapping[str, str]) -> None:
        self.identity = identity
        self._environment = environment
        self._resources: dict[str, Any] = {}
        self._building = threading.Lock()
        self._local = threading.local()
        self._connections: list[Connection] = []

    def methods(self, name: str, version: str, address: str, *path: str) -> Any:  # noqa: ANN401 - made at run time
        """Return the methods of a service's resource, built by googleapiclient from its discovery document.

        Args:
            name: of the API, such as `aiplatform`.
            version: of the API.
            address: of the service, unless the environment has another.
            path: of the resource, from the service's root.

        Raises:
            UsageError: the environment has an address that no token may be sent to.
        """
        base = endpoint(name, address, self._environment)
        key = " ".join((base, name, *path))
        with self._building:
            if key not in self._resources:
                from googleapiclient.discovery import build_from_document
                from googleapiclient.discovery_cache import get_static_doc

                document = json.loads(get_static_doc(name, version))
                found = build_from_document(
                    document, http=self._connection, client_options={"api_endpoint": base}
                )
                for step in path:
                    found = getattr(found, step)()
                self._resources[key] = found
            return self._resources[key]

    def ask(self, request: Any) -> dict[str, Any]:  # noqa: ANN401 - googleapiclient's, made at run time
        """Send a request once and return its answer.

        Raises:
            NoAnswer: no answer came, or none that makes sense.
            Busy: the request may be sent again later.
            OverQuota: a quota is too small.
            Refused: anything else.
        """
        # googleapiclient's `execute` would accept any reply, even a login page.
        status, headers, content = self._connection.request(
            str(request.uri), str(request.method), request.body, request.headers
        )
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise translated(status, headers, content)
        return {} if status == HTTPStatus.NO_CONTENT else object_of(content)

    def token(self) -> str:
        """Return an access token that is good for some minutes.

        Raises:
            MissingError: the credentials give none.
            NoAnswer: the token server didn't answer.
        """
        return self._connection.renew()

    def hang_up(self) -> None:
        """End every request that is under way, so that a user needn't wait for it."""
        for connection in list(self._connections):
            connection.hang_up()

    def close(self) -> None:
        """Close all connections."""
        for connection in self._connections:
            connection.close()

    @property
    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = Connection(
                self.identity, overridden_origins(self._environment)
            )
            self._connections.append(connection)
        return connection


def enumerated(name: str, version: str, schema: str, key: str) -> frozenset[str]:
    """Return the values that a key of a request may have, by the service's discovery document. Slow."""
    from googleapiclient.discovery_cache import get_static_doc

    document = json.loads(get_static_doc(name, version))
    return frozenset(document["schemas"][schema]["properties"][key]["enum"])
