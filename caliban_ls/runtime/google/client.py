"""Google's APIs from this machine: where they are, and how a request of theirs is made and understood.

Requests are made by googleapiclient from the discovery documents that come with it; `transport` sends them, `identity`
says who asks, and `refusals` what an error means. Which request is for what is each service's own module's
business. The only importer of `googleapiclient`, and only inside functions.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.errors import object_of, translated
from caliban_ls.runtime.google.transport import Connection

_OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"


class Google:
    """The services, asked as somebody. Safe to use from several threads; each has connections of its own."""

    def __init__(self, identity: Identity, environment: Mapping[str, str]) -> None:
        self.identity = identity
        self._environment = environment
        self._resources: dict[str, Any] = {}
        self._building = threading.Lock()
        self._local = threading.local()
        self._wires: list[Connection] = []

    def methods(self, name: str, version: str, address: str, *path: str) -> Any:  # noqa: ANN401 - made at run time
        """Return the methods of a service's resource, as googleapiclient makes them of its discovery document.

        Args:
            name: `aiplatform` and so on.
            version: of the API.
            address: where it is, unless the user's environment says otherwise.
            path: of the resource, from the service's root.

        Raises:
            UsageError: the environment says something that no token is sent to.
        """
        base = endpoint(name, address, self._environment)
        key = " ".join((base, name, *path))
        with self._building:
            if key not in self._resources:
                from googleapiclient.discovery import build_from_document
                from googleapiclient.discovery_cache import get_static_doc

                document = json.loads(get_static_doc(name, version))
                found = build_from_document(document, http=self._wire, client_options={"api_endpoint": base})
                for step in path:
                    found = getattr(found, step)()
                self._resources[key] = found
            return self._resources[key]

    def ask(self, request: Any) -> dict[str, Any]:  # noqa: ANN401 - googleapiclient's, made at run time
        """Send a request once and return its answer.

        Raises:
            NoAnswer: nothing came back, or nothing that makes sense.
            Busy: it may be sent again, later.
            OverQuota: a quota is too small.
            Refused: anything else.
        """
        # Its own `execute` isn't called: it takes any reply for an answer, a login page too.
        status, headers, content = self._wire.request(
            str(request.uri), str(request.method), request.body, request.headers
        )
        if status >= HTTPStatus.MULTIPLE_CHOICES:
            raise translated(status, headers, content)
        return {} if status == HTTPStatus.NO_CONTENT else object_of(content)

    def token(self) -> str:
        """Return an access token that is good for some minutes.

        Raises:
            MissingError: the credentials give none.
            NoAnswer: who gives it didn't answer.
        """
        return self._wire.renew()

    def hang_up(self) -> None:
        """End every request that is under way, as a user does who won't wait."""
        for wire in list(self._wires):
            wire.hang_up()

    def close(self) -> None:
        """Close all connections."""
        for wire in self._wires:
            wire.close()

    @property
    def _wire(self) -> Connection:
        wire: Connection | None = getattr(self._local, "wire", None)
        if wire is None:
            wire = self._local.wire = Connection(self.identity)
            self._wires.append(wire)
        return wire


REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
"""How Google spells regions. One becomes part of a host's name, to which a user's token is sent."""


def regional_address(region: str, service: str) -> str:
    """Return where a service is in a region.

    Raises:
        UsageError: the region is none by its spelling, so that no token is sent there.
    """
    require_region(region)
    return f"https://{region}-{service}.googleapis.com/"


def require_region(region: str) -> None:
    """Refuse what can't be a region.

    Raises:
        UsageError: it isn't spelled as regions are.
    """
    if REGION.fullmatch(region) is None:
        raise UsageError(
            f"{region!r} is no region, and nothing is sent there",
            hint="Regions look like us-central1; `caliban catalog regions` lists them.",
        )


def enumerated(name: str, version: str, schema: str, key: str) -> frozenset[str]:
    """Return the words that a key of a request may have, by the service's discovery document; reading it is slow."""
    from googleapiclient.discovery_cache import get_static_doc

    document = json.loads(get_static_doc(name, version))
    return frozenset(document["schemas"][schema]["properties"][key]["enum"])


def endpoint(name: str, address: str, environment: Mapping[str, str]) -> str:
    """Return where a service is: the address, or what gcloud's variable for it says.

    Raises:
        UsageError: the variable names something that isn't https, nor http to this machine.
    """
    chosen = environment.get(f"{_OVERRIDE}{name.upper()}")
    if not chosen:
        return address
    parts = urlsplit(chosen)
    local = False
    with suppress(ValueError):
        local = parts.hostname == "localhost" or ip_address(parts.hostname or "").is_loopback
    if parts.scheme == "https" or (parts.scheme == "http" and local):
        return chosen if chosen.endswith("/") else f"{chosen}/"
    raise UsageError(
        f"{_OVERRIDE}{name.upper()} is {chosen}, where no token is sent to",
        hint="It may be an https address, or http to this machine.",
    )
