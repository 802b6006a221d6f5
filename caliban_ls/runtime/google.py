"""Google's APIs from this machine: where they are, over which wire they are asked, and for how long.

Owns addresses, connections, time limits and the renewal of tokens; who asks is `identity`'s, what an error means
`refusals`', and which request means what each service's own module's. The only importer of `googleapiclient`, and
only inside functions.

Requests are made by googleapiclient from the discovery documents that come with it, and sent by `requests`
instead of its usual httplib2: that one sends a request again when the connection ends without an answer, and a
request that makes a job must never be sent again by anybody but us.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from caliban_ls.errors import MissingError, UsageError
from caliban_ls.runtime.identity import Identity
from caliban_ls.runtime.refusals import NoAnswer, translated
from caliban_ls.text import shortened

if TYPE_CHECKING:
    import requests  # for annotations only, never at run time

REQUEST_SECONDS = 60.0
"""How long one request may take, from its first byte to the last one of its answer."""

_CONNECT_SECONDS = 10.0

_OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"


class Google:
    """The services, asked as somebody. Safe to use from several threads; each has connections of its own."""

    def __init__(self, identity: Identity, environment: Mapping[str, str]) -> None:
        self.identity = identity
        self._environment = environment
        self._resources: dict[str, Any] = {}
        self._building = threading.Lock()
        self._local = threading.local()
        self._wires: list[_Wire] = []

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
        from googleapiclient.errors import HttpError

        try:
            answer: dict[str, Any] = request.execute(http=self._wire)
        except HttpError as error:
            raise translated(int(error.resp.status), dict(error.resp), bytes(error.content)) from error
        except ValueError as error:  # JSON that is none
            raise NoAnswer("its answer was cut short", sent=True) from error
        return answer

    def token(self) -> str:
        """Return an access token that is good for some minutes.

        Raises:
            MissingError: the credentials give none.
            NoAnswer: who gives it didn't answer.
        """
        self._wire.renew()
        return str(self.identity.credentials.token)

    def hang_up(self) -> None:
        """End every request that is under way, as a user does who won't wait."""
        for wire in list(self._wires):
            wire.hang_up()

    def close(self) -> None:
        """Close all connections."""
        for wire in self._wires:
            wire.close()

    @property
    def _wire(self) -> _Wire:
        wire: _Wire | None = getattr(self._local, "wire", None)
        if wire is None:
            wire = self._local.wire = _Wire(self.identity)
            self._wires.append(wire)
        return wire


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


class _Wire:
    """The connections of one thread, in the form in which googleapiclient takes what sends its requests."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._sockets: set[socket.socket] = set()

    @cached_property
    def _session(self) -> requests.Session:
        import requests
        from requests.adapters import HTTPAdapter
        from urllib3.connection import HTTPConnection, HTTPSConnection
        from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

        sockets = self._sockets

        def remembering(kind: type[Any]) -> type[Any]:
            class Remembering(kind):  # type: ignore[misc]  # one of two classes
                """Tells where its socket is, so that a timer can end what takes too long."""

                def connect(self) -> None:
                    super().connect()
                    sockets.add(self.sock)

                def close(self) -> None:
                    sockets.discard(self.sock)
                    super().close()

            return Remembering

        adapter = HTTPAdapter(pool_connections=4, pool_maxsize=1, max_retries=0)
        pools: dict[str, type[Any]] = {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": remembering(HTTPConnection)}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": remembering(HTTPSConnection)}),
        }
        adapter.poolmanager.pool_classes_by_scheme = pools
        session = requests.Session()
        session.mount("https://", adapter)
        session.mount("http://", adapter)
        return session

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_others: object,
    ) -> tuple[Any, bytes]:
        """Send one request with a token, and once more with a fresh one if the first isn't taken any more."""
        from httplib2 import Response

        for attempt in (1, 2):
            self.renew(anew=attempt > 1)
            signed = {**(headers or {})}
            self._identity.credentials.apply(signed)
            status, found, content = self._send(method, uri, body, signed)
            if status != HTTPStatus.UNAUTHORIZED:  # such a request was looked at by nobody
                break
        return Response({**found, "status": str(status)}), content

    def renew(self, *, anew: bool = False) -> None:
        """See to it that there is a token that is good.

        Raises:
            MissingError: the credentials give none.
            NoAnswer: who gives it didn't answer.
        """
        import google.auth.transport.requests
        from google.auth.exceptions import GoogleAuthError, RefreshError, TransportError

        credentials = self._identity.credentials
        with self._identity.refreshing:
            if credentials.valid and not anew:
                return
            try:
                with self._limit():
                    credentials.refresh(google.auth.transport.requests.Request(self._session))
            except TransportError as error:
                raise NoAnswer(_reason(error), sent=False) from error
            except (RefreshError, GoogleAuthError) as error:
                raise MissingError(
                    f"The credentials of {self._identity.source} give no access: {shortened(str(error.args[0]), 200)}",
                    hint="`gcloud auth application-default login` renews a person's; a key may have been deleted.",
                ) from error

    def hang_up(self) -> None:
        """End what is under way, from another thread."""
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def _send(
        self, method: str, uri: str, body: bytes | str | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        import requests

        try:
            with self._limit():
                answer = self._session.request(
                    method,
                    uri,
                    data=body,
                    headers=headers,
                    timeout=(_CONNECT_SECONDS, REQUEST_SECONDS),
                    allow_redirects=False,
                )
        except (requests.exceptions.ConnectTimeout, requests.exceptions.ProxyError) as error:
            raise NoAnswer(_reason(error), sent=False) from error
        except requests.exceptions.ConnectionError as error:
            raise NoAnswer(_reason(error), sent=not _is_before_sending(error)) from error
        except requests.exceptions.RequestException as error:
            raise NoAnswer(_reason(error), sent=True) from error
        found = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status_code, found, answer.content

    @contextmanager
    def _limit(self) -> Iterator[None]:
        """End the body's connections when it takes too long altogether; each read has a limit of its own."""
        timer = threading.Timer(REQUEST_SECONDS, self.hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _is_before_sending(error: Exception) -> bool:
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    return any(isinstance(cause, NewConnectionError | NameResolutionError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an exception and what it was made of."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in seen:
            continue
        seen.append(cause)
        yield cause
        inner = (*cause.args, getattr(cause, "reason", None), cause.__cause__)
        waiting += [item for item in inner if isinstance(item, BaseException)]


def _reason(error: Exception) -> str:
    """Return the innermost words of a failure, which are a person's; those around it are programs'."""
    causes = list(_causes(error))
    spoken = [cause for cause in causes if isinstance(cause, OSError) and cause.strerror]
    return shortened(str(spoken[-1].strerror if spoken else causes[-1]), 200) or "the connection ended"
