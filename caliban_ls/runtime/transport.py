"""The wire to Google: connections of one thread, with a token on each request and a time limit on everything.

googleapiclient's usual transport, httplib2, sends a request again when the connection ends without an answer; one
that makes a job must never be sent again by anybody but us. So urllib3 sends it, once.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from caliban_ls.errors import MissingError
from caliban_ls.runtime.identity import Identity
from caliban_ls.runtime.refusals import NoAnswer
from caliban_ls.text import shortened

if TYPE_CHECKING:
    from urllib3 import PoolManager  # for annotations only, never at run time

REQUEST_SECONDS = 60.0
"""How long one request may take, from its first byte to the last one of its answer."""

_CONNECT_SECONDS = 10.0


class Wire:
    """The connections of one thread, in the form in which googleapiclient takes what sends its requests."""

    def __init__(self, identity: Identity) -> None:
        self._identity = identity
        self._sockets: set[socket.socket] = set()
        self._ways: dict[str, PoolManager] = {}

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        **_others: object,
    ) -> tuple[Any, bytes]:
        """Send one request with a token, and once more with a fresh one if the first isn't taken any more.

        Raises:
            NoAnswer: nothing came back.
            MissingError: the credentials give no token.
        """
        from httplib2 import Response

        stale: str | None = None
        while True:
            token = self.renew(stale)
            signed = {**(headers or {})}
            self._identity.credentials.apply(signed, token=token)
            status, found, content = self._send(method, uri, body, signed)
            if status != HTTPStatus.UNAUTHORIZED:
                return Response({**found, "status": str(status)}), content
            # A request with a token that isn't taken was looked at by nobody.
            if stale is not None:
                raise self._no_access("Google takes none of their tokens")
            stale = token

    def renew(self, stale: str | None = None) -> str:
        """Return a token that is good for some minutes, and isn't one that wasn't taken.

        Raises:
            MissingError: the credentials give none.
            NoAnswer: who gives it didn't answer.
        """
        credentials = self._identity.credentials
        with self._identity.refreshing:
            if not credentials.valid or credentials.token == stale:
                self._refresh()
            return str(credentials.token)

    def hang_up(self) -> None:
        """End what is under way, from another thread."""
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        for way in self._ways.values():
            way.clear()

    def _refresh(self) -> None:
        from google.auth.exceptions import GoogleAuthError, TransportError
        from google.auth.transport import urllib3 as transport

        def ask(url: str, *args: Any, **options: Any) -> Any:  # noqa: ANN401 - google-auth calls it
            return transport.Request(self._way(url))(url, *args, **options)

        try:
            with self._limit():
                self._identity.credentials.refresh(ask)
        except TransportError as error:
            raise NoAnswer(_reason(error), sent=False) from error
        except GoogleAuthError as error:
            raise self._no_access(_refusal(error)) from error

    def _no_access(self, reason: str) -> MissingError:
        return MissingError(
            f"The credentials of {self._identity.source} give no access: {reason}", hint=self._identity.mend
        )

    def _send(
        self, method: str, uri: str, body: bytes | str | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Send a request, once, and return status, headers and body of the answer."""
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProxyError

        try:
            with self._limit():
                answer = self._way(uri).request(
                    method, uri, body=body, headers=dict(headers), retries=False, redirect=False
                )
                content = answer.data
        except (ConnectTimeoutError, NewConnectionError, ProxyError) as error:
            raise NoAnswer(_reason(error), sent=False) from error
        except (HTTPError, OSError) as error:
            raise NoAnswer(_reason(error), sent=True) from error
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, content

    def _way(self, uri: str) -> PoolManager:
        """Return the connections that lead to an address, through a proxy if the environment names one."""
        from urllib3 import PoolManager, ProxyManager, Timeout

        parts = urlsplit(uri)
        if parts.netloc not in self._ways:
            options: dict[str, Any] = {
                "timeout": Timeout(connect=_CONNECT_SECONDS, read=REQUEST_SECONDS),
                "retries": False,
                "ca_certs": _authorities(),
            }
            proxy = urllib.request.getproxies().get(parts.scheme)
            if proxy is None or urllib.request.proxy_bypass(parts.hostname or ""):
                way = PoolManager(**options)
            else:
                way = ProxyManager(proxy if "://" in proxy else f"http://{proxy}", **options)
            way.pool_classes_by_scheme = self._pools()
            self._ways[parts.netloc] = way
        return self._ways[parts.netloc]

    def _pools(self) -> dict[str, type[Any]]:
        """Return pools whose connections tell where their sockets are, so that what takes too long can be ended."""
        from urllib3.connection import HTTPConnection, HTTPSConnection
        from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

        sockets = self._sockets

        def remembering(kind: type[Any]) -> type[Any]:
            class Remembering(kind):  # type: ignore[misc]  # one of two classes
                def connect(self) -> None:
                    super().connect()
                    sockets.add(self.sock)

                def close(self) -> None:
                    sockets.discard(self.sock)
                    super().close()

            return Remembering

        return {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": remembering(HTTPConnection)}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": remembering(HTTPSConnection)}),
        }

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


def _authorities() -> str:
    """Return the file of the certificates that are trusted: the user's choice, or Mozilla's."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if os.environ.get(name):
            return os.environ[name]
    import certifi

    return certifi.where()


def _refusal(error: Exception) -> str:
    """Return why there is no token, in the words of who doesn't give it if there are any."""
    for said in error.args:
        with suppress(ValueError, LookupError, TypeError):
            return shortened(str(json.loads(said)["error"]["message"]), 200)
    first = error.args[0] if error.args else error
    while isinstance(first, BaseException) and first.args:
        first = first.args[0]
    return shortened(" ".join(str(first).split()), 200)


def _reason(error: Exception) -> str:
    """Return the innermost words of a failure, which are a person's; those around it are programs'."""
    causes = list(_causes(error))
    spoken = [cause for cause in causes if isinstance(cause, OSError) and cause.strerror]
    said = str(spoken[-1].strerror if spoken else causes[-1])
    return shortened(said, 200) or "the connection ended"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and what it was made of."""
    seen: list[BaseException] = []
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop()
        if cause is None or cause in seen:
            continue
        seen.append(cause)
        yield cause
        inner = (*cause.args, getattr(cause, "reason", None), cause.__cause__)
        waiting += [item for item in inner if isinstance(item, BaseException)]
