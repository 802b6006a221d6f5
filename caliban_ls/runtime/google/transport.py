"""Connections to Google, with a token on each request and a time limit on everything.

googleapiclient's usual transport, httplib2, sends a request again when the connection ends without an answer. A request
that creates a job must never be repeated unnoticed, so urllib3 sends each request exactly once.
"""

from __future__ import annotations

import json
import os
import socket
import ssl
import threading
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

from caliban_ls.core.errors import MissingError
from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker.errors import causes
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.connection_errors import Way, no_answer, not_reached
from caliban_ls.runtime.google.errors import Busy, NoAnswer, translated, web_page
from caliban_ls.runtime.google.hosts import is_loopback, require_allowed

if TYPE_CHECKING:
    from urllib3 import PoolManager  # for annotations only, never at run time

REQUEST_SECONDS = 60.0
"""The longest time from a request's first byte to the last byte of its answer."""

_CONNECT_SECONDS = 10.0


class Connection:
    """The connections of one thread."""

    def __init__(self, identity: Identity, others: frozenset[str] = frozenset()) -> None:
        """Make no connection yet. `others` are origins besides Google's that a token may go to."""
        self._identity = identity
        self._others = others
        self._sockets: set[socket.socket] = set()
        self._pools: dict[str, tuple[PoolManager, Way]] = {}
        self._sent = False  # whether any byte of the request has left

    def request(
        self, uri: str, method: str, body: bytes | str | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes]:
        """Send one request with a token, and once more with a fresh one if the service refuses the first.

        Returns:
            Status, headers in small letters, and body of the answer.

        Raises:
            NoAnswer: no answer came.
            Busy: the token server asks to wait.
            MissingError: the credentials give no token.
            UsageError: no token may go to this address.
        """
        require_allowed(uri, self._others)
        stale: str | None = None
        while True:
            token = self.renew(stale)
            signed = {**headers}
            self._identity.credentials.apply(signed, token=token)
            answer = self._exchange(method, uri, body, signed)
            if answer.status != HTTPStatus.UNAUTHORIZED:
                found = {name.lower(): value for name, value in answer.headers.items()}
                return answer.status, found, answer.data
            # A service that refuses the token hasn't carried out the request.
            if stale is not None:
                raise self._no_access("Google takes none of their tokens")
            stale = token

    def renew(self, stale: str | None = None) -> str:
        """Return a token that is good for some minutes, and isn't the stale one that a service refused.

        Raises:
            MissingError: the credentials give none.
            NoAnswer: the token server didn't answer.
        """
        credentials = self._identity.credentials
        with self._identity.refreshing:
            if not credentials.valid or credentials.token == stale:
                self._refresh()
            return str(credentials.token)

    def hang_up(self) -> None:
        """End the requests that are under way, from another thread."""
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connections."""
        for pool, _ in self._pools.values():
            pool.clear()
        # urllib3 closes connections when their pool is collected, but an error's frames may hold it for long.
        for connection in list(self._sockets):
            with suppress(OSError):
                connection.close()
        self._sockets.clear()

    def _refresh(self) -> None:
        """Renew the token. If that fails, the request that needs it isn't sent."""
        from google.auth.exceptions import GoogleAuthError

        last: int | None = None

        def ask(
            url: str,
            method: str = "GET",
            body: bytes | None = None,
            headers: Mapping[str, str] | None = None,
            timeout: float | None = None,
            **_others: object,
        ) -> Any:  # noqa: ANN401 - google-auth takes what urllib3 gives
            nonlocal last
            try:
                answer = self._exchange(method, url, body, headers or {}, timeout)
            except NoAnswer as silence:
                raise _unsent(silence) from silence
            last = answer.status
            page = web_page(answer.data)
            if (
                answer.status == HTTPStatus.TOO_MANY_REQUESTS
                or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR
            ):
                failure = translated(answer.status, answer.headers, answer.data)
                raise _unsent(failure) if isinstance(failure, NoAnswer) else failure
            if page and answer.status == HTTPStatus.OK:
                raise NoAnswer(f"{page} came in place of a token", sent=False)
            return answer

        try:
            self._identity.credentials.refresh(ask)
        except GoogleAuthError as error:
            for cause in causes(error):
                if isinstance(cause, (NoAnswer, Busy)):
                    raise cause from error
            if last == HTTPStatus.OK:
                raise NoAnswer("what came in place of a token is none", sent=False) from error
            raise self._no_access(_refusal(error)) from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            # google-auth raises these when the answer has another shape than it expects.
            raise NoAnswer("what came in place of a token is none", sent=False) from error

    def _no_access(self, reason: str) -> MissingError:
        return MissingError(
            f"The credentials of {self._identity.source} give no access: {reason}", hint=self._identity.mend
        )

    def _exchange(
        self,
        method: str,
        uri: str,
        body: bytes | str | None,
        headers: Mapping[str, str],
        seconds: float | None = None,
    ) -> Any:  # noqa: ANN401 - urllib3's response
        """Send a request, once, and return its whole answer.

        Raises:
            Unreachable: no byte of the request has left, so it wasn't carried out.
            NoAnswer: the request has left, and may have been carried out.
        """
        from urllib3.exceptions import HTTPError

        pool, way = self._pool(uri)
        self._sent = False
        limit: dict[str, Any] = {} if seconds is None else {"timeout": seconds}
        try:
            with self._limit():
                return pool.request(
                    method, uri, body=body, headers=dict(headers), retries=False, redirect=False, **limit
                )
        except (HTTPError, OSError) as error:
            raise (no_answer(error) if self._sent else not_reached(error, way)) from error

    def _pool(self, uri: str) -> tuple[PoolManager, Way]:
        """Return the connections to an address, through the environment's proxy if it names one.

        Raises:
            MissingError: the proxy or the certificates of the environment can't be used.
        """
        from urllib3 import PoolManager, ProxyManager, Timeout, make_headers

        parts = urlsplit(uri)
        if parts.netloc not in self._pools:
            variable, trusted = _authorities()
            options: dict[str, Any] = {
                "timeout": Timeout(connect=_CONNECT_SECONDS, read=REQUEST_SECONDS),
                "retries": False,
                **trusted,
            }
            proxy = _proxy_for(parts)
            if proxy is None:
                pool = PoolManager(**options)
            else:
                login = (
                    f"{unquote(proxy.username)}:{unquote(proxy.password or '')}" if proxy.username else None
                )
                address = f"{proxy.scheme}://{_place(proxy)}"
                pool = ProxyManager(address, proxy_headers=make_headers(proxy_basic_auth=login), **options)
            pool.pool_classes_by_scheme = self._kinds_of_pools()
            way = Way(host=parts.netloc, proxy=_place(proxy) if proxy else None, bundle=variable)
            self._pools[parts.netloc] = pool, way
        return self._pools[parts.netloc]

    def _kinds_of_pools(self) -> dict[str, type[Any]]:
        """Return pools whose connections record their sockets, and when a request begins to leave."""
        from urllib3.connection import HTTPConnection, HTTPSConnection
        from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

        owner = self

        def remembering(kind: type[Any]) -> type[Any]:
            class Remembering(kind):  # type: ignore[misc]  # one of two classes
                def connect(self) -> None:
                    super().connect()
                    owner._sockets.add(self.sock)

                def request(self, *args: object, **options: object) -> None:
                    # The connection stands, through proxy and TLS; from here on the request may arrive.
                    if self.sock is None:
                        self.connect()
                    owner._sent = True
                    super().request(*args, **options)

                def close(self) -> None:
                    owner._sockets.discard(self.sock)
                    super().close()

            return Remembering

        return {
            "http": type("Pool", (HTTPConnectionPool,), {"ConnectionCls": remembering(HTTPConnection)}),
            "https": type("Pool", (HTTPSConnectionPool,), {"ConnectionCls": remembering(HTTPSConnection)}),
        }

    @contextmanager
    def _limit(self) -> Iterator[None]:
        """End the body's connections when it takes too long in total; each read has a limit of its own."""
        timer = threading.Timer(REQUEST_SECONDS, self.hang_up)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()


def _unsent(silence: NoAnswer) -> NoAnswer:
    """Return a failure to get a token as a failure before the request that needs it was sent."""
    return NoAnswer(f"{silence.reason} (when asked for a token)", sent=False) if silence.sent else silence


def _proxy_for(target: SplitResult) -> SplitResult | None:
    """Return the proxy that the environment names for an address, None for none.

    Raises:
        MissingError: the proxy can't be used.
    """
    named = urllib.request.getproxies().get(target.scheme)
    if target.scheme == "http" and is_loopback(target.hostname or ""):
        return None  # a proxy would read the token
    if not named or urllib.request.proxy_bypass(target.hostname or ""):
        return None
    variable = f"{target.scheme.upper()}_PROXY"
    try:
        proxy = urlsplit(named if "://" in named else f"http://{named}")
        usable = proxy.scheme in {"http", "https"} and bool(proxy.hostname) and proxy.port != 0
    except ValueError:  # no port, or no address
        usable = False
    if not usable:
        raise MissingError(
            f"{variable} names a proxy that can't be used",
            hint="Write it as http://HOST:PORT or https://HOST:PORT.",
        )
    return proxy


def _place(proxy: SplitResult) -> str:
    """Return the host and port of a proxy, without its login."""
    return proxy.netloc.rpartition("@")[2]


def _authorities() -> tuple[str | None, dict[str, str]]:
    """Return the variable that names the trusted certificates, if one does, and urllib3's option for them.

    Raises:
        MissingError: the named certificates can't be read.
    """
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        chosen = os.environ.get(name)
        if not chosen:
            continue
        if Path(chosen).is_dir():
            return name, {"ca_cert_dir": chosen}
        try:
            ssl.create_default_context(cafile=chosen)
        except OSError as error:
            reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else error.strerror or error
            raise MissingError(
                f"{name} names {chosen}, from which no certificates can be read: {reason}",
                hint=f"Correct the path, or unset {name}.",
            ) from error
        return name, {"ca_certs": chosen}
    import certifi

    return None, {"ca_certs": certifi.where()}


def _refusal(error: Exception) -> str:
    """Return why there is no token, in the token server's words if it gave any."""
    for word in error.args:
        if isinstance(word, str) and (page := web_page(word.encode())):
            return f"{page} came in place of a token"
    for word in error.args:
        with suppress(ValueError, LookupError, TypeError):
            return shortened(str(json.loads(word)["error"]["message"]), 200)
    first = error.args[0] if error.args else error
    while isinstance(first, BaseException) and first.args:
        first = first.args[0]
    return shortened(" ".join(str(first).split()), 200)
