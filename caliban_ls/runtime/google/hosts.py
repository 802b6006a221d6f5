"""Decide which hosts a token may go to. Every request with a token passes `require_allowed`.

An address is matched as a whole, by a pattern that no two programs read differently. So a host that this module
allows is the host that the HTTP client connects to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from ipaddress import ip_address

from caliban_ls.core.errors import UsageError
from caliban_ls.core.visible import visible_line

OVERRIDE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_"
"""Variables of gcloud that begin so name another address for a service: https, or http on this machine."""

_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[^\s\\?#]*)?"
)

_GOOGLES = re.compile(r"(?:[a-z0-9-]+\.)+googleapis\.com")


REGION = re.compile(r"[a-z]+-[a-z]+[0-9]+")
"""The spelling of Google's regions. A region becomes part of the host's name that a token is sent to."""


def regional_address(region: str, service: str) -> str:
    """Return the address of a service in a region.

    Raises:
        UsageError: the region isn't spelled like one, so no token may be sent there.
    """
    require_region(region)
    return f"https://{region}-{service}.googleapis.com/"


def require_region(region: str) -> None:
    """Check the spelling of a region.

    Raises:
        UsageError: it isn't spelled like a region.
    """
    if REGION.fullmatch(region) is None:
        raise UsageError(
            f"{region!r} is no region, and nothing is sent there",
            hint="Regions look like us-central1; `caliban catalog regions` lists them.",
        )


def endpoint(name: str, address: str, environment: Mapping[str, str]) -> str:
    """Return the address of a service, which gcloud's variable for the service overrides.

    Args:
        name: of the API, such as `aiplatform`.
        address: of the service at Google.
        environment: the process's variables.

    Raises:
        UsageError: the variable has neither an https address nor one of this machine.
    """
    chosen = environment.get(f"{OVERRIDE}{name.upper()}")
    if not chosen:
        return address
    if origin_of(chosen) is None:
        raise UsageError(
            f"{OVERRIDE}{name.upper()} is {visible_line(chosen)}, where no token is sent to",
            hint="It may be an https address, or http to this machine: https://HOST:PORT/",
        )
    return chosen if chosen.endswith("/") else f"{chosen}/"


def origin_of(address: str) -> str | None:
    """Return scheme, host and port of an address, None unless it is https, or http to this machine."""
    found = _ADDRESS.fullmatch(address)
    if found is None or (found["scheme"] == "http" and not is_loopback(found["host"])):
        return None
    port = found["port"] or ("443" if found["scheme"] == "https" else "80")
    return f"{found['scheme']}://{found['host'].lower()}:{int(port)}"


def overridden_origins(environment: Mapping[str, str]) -> frozenset[str]:
    """Return the origins that the user's own variables name for services."""
    named = (origin_of(value) for name, value in environment.items() if name.startswith(OVERRIDE))
    return frozenset(origin for origin in named if origin is not None)


def require_allowed(uri: str, others: frozenset[str]) -> None:
    """Check an address before a token goes there.

    Args:
        uri: the request's address, its query left out or not.
        others: origins besides Google's, by `overridden_origins`.

    Raises:
        UsageError: it is neither Google's nor one of these.
    """
    address = uri.partition("?")[0]
    origin = origin_of(address)
    found = _ADDRESS.fullmatch(address)
    googles = (
        found is not None and _GOOGLES.fullmatch(found["host"].lower()) and found["port"] in (None, "443")
    )
    if origin is None or not (googles or origin in others):
        raise UsageError(
            f"No token is sent to {visible_line(address)}, which isn't an address of Google's",
            hint=f"Check the region, and the variables {OVERRIDE}….",
        )


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name or number."""
    with suppress(ValueError):
        return ip_address(host.strip("[]")).is_loopback
    return host.lower() == "localhost"
