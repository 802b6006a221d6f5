"""Explain a failed connection to Google: which host wasn't reached, why, and what to do. No network.

Messages use the innermost reason, because the libraries wrap it in words for programs.
"""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import IncompleteRead

from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker.errors import causes
from caliban_ls.runtime.google.errors import PROXY_LOGIN, NoAnswer, Unreachable

_NOT_YET, _EXPIRED, _WRONG_NAME = 9, 10, 62  # of OpenSSL

_PROXY_NAMED = "HTTPS_PROXY or the system's settings name it; is it right, and is this machine online?"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way to a host.

    Attributes:
        host: with its port, if that isn't the usual one.
        proxy: in between, as host and port, without a login; None for none.
        bundle: the variable that names the trusted certificates, None for none.
    """

    host: str
    proxy: str | None = None
    bundle: str | None = None


def not_reached(error: BaseException, way: Way) -> Unreachable:
    """Explain a failure before the request was sent.

    Args:
        error: from the libraries.
        way: to the host.
    """
    found = list(causes(error))
    for cause in found:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, way, at_proxy=_is_the_proxys(found))
        refused = re.search(r"Tunnel connection failed: (\d+) ?([\w -]*)", str(cause))
        if refused:
            return _tunnel(int(refused[1]), refused[2], way)
    place = f"the proxy {way.proxy}" if way.proxy else way.host
    for cause in found:
        if isinstance(cause, socket.gaierror):
            return Unreachable(f"{place} isn't found ({cause.strerror})", hint=_name_hint(way))
        if isinstance(cause, ConnectionRefusedError):
            return Unreachable(f"{place} refuses the connection", hint=_refused_hint(way))
        if isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError)):
            break
        if isinstance(cause, ssl.SSLError):
            reason = shortened(str(cause.reason or cause), 200)
            hint = (
                "HTTPS_PROXY names it: should that begin with http:// instead of https://?"
                if way.proxy
                else "Is the address right, and does no proxy answer in its place?"
            )
            return Unreachable(f"{place} speaks no TLS as it should ({reason})", hint=hint, passing=False)
        if isinstance(cause, TimeoutError) or "timed out" in str(cause):
            return Unreachable(f"{place} doesn't answer", hint=_refused_hint(way))
    reason = _innermost(found)
    return Unreachable(
        f"the connection to {place} ended before anything was sent ({reason})", hint=_refused_hint(way)
    )


def no_answer(error: BaseException) -> NoAnswer:
    """Explain a failure after the request was sent."""
    found = list(causes(error))
    if any(isinstance(cause, IncompleteRead) or "IncompleteRead" in str(cause) for cause in found):
        return NoAnswer("its answer broke off in the middle", sent=True)
    if any(isinstance(cause, TimeoutError) for cause in found) or "timed out" in str(error):
        return NoAnswer("its answer took too long", sent=True)
    return NoAnswer(f"the connection ended ({_innermost(found)})", sent=True)


def _certificate(cause: ssl.SSLCertVerificationError, way: Way, *, at_proxy: bool) -> Unreachable:
    place = f"the proxy {way.proxy}" if at_proxy else way.host
    if cause.verify_code in {_EXPIRED, _NOT_YET}:
        hint = "Is this machine's clock right? If so, who runs the proxy or the network has to renew it."
    elif cause.verify_code == _WRONG_NAME:
        hint = "Something answers in its place, as a login page or a proxy does; is the address right?"
    elif way.bundle:
        hint = (
            f"Something between here and Google reads along, as companies' proxies do. {way.bundle} names the"
            " certificates that are trusted; add that of its authority, as PEM."
        )
    else:
        hint = (
            "Something between here and Google reads along, as companies' proxies do. If you trust it, name a file"
            " with its authority's certificate in REQUESTS_CA_BUNDLE, as PEM."
        )
    reason = shortened(cause.verify_message.rstrip("."), 200)
    return Unreachable(f"the certificate of {place} can't be verified: {reason}", hint=hint, passing=False)


def _tunnel(status: int, words: str, way: Way) -> Unreachable:
    """Explain why a proxy doesn't connect to a host."""
    if status == 407:  # noqa: PLR2004  # of HTTP
        return Unreachable(f"the proxy {way.proxy} wants a login (407)", hint=PROXY_LOGIN, passing=False)
    reason = f"{status} {shortened(words, 100)}".rstrip()
    if status >= 500:  # noqa: PLR2004  # of HTTP
        return Unreachable(
            f"the proxy {way.proxy} doesn't reach {way.host} ({reason})", hint=_name_hint(way, via=True)
        )
    hint = f"Who runs the proxy has to allow {way.host}; if it can be reached without, name it in NO_PROXY."
    return Unreachable(
        f"the proxy {way.proxy} doesn't lead to {way.host} ({reason})", hint=hint, passing=False
    )


def _is_the_proxys(found: Sequence[BaseException]) -> bool:
    """Return whether the connection to the proxy itself failed."""
    return any(type(cause).__name__ == "ProxyError" for cause in found)


def _name_hint(way: Way, *, via: bool = False) -> str:
    if way.proxy and not via:
        return _PROXY_NAMED
    region = re.match(r"([a-z0-9-]+)-aiplatform\.", way.host)
    online = "is the proxy online?" if via else "is this machine online?"
    return f"Is the region {region[1]} right, and {online}" if region else online.capitalize()


def _refused_hint(way: Way) -> str:
    if way.proxy:
        return _PROXY_NAMED
    if not way.host.endswith("googleapis.com"):
        return "Is the address right, and does something listen there?"
    return "Does a firewall stand between? If there is a proxy, name it in HTTPS_PROXY."


def _innermost(found: Sequence[BaseException]) -> str:
    """Return the innermost message of a failure, which is the plainest."""
    spoken = [cause.strerror for cause in found if isinstance(cause, OSError) and cause.strerror]
    return shortened(str(spoken[-1] if spoken else found[-1]), 200) or "the connection ended"
