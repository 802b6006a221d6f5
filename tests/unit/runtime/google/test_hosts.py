"""A token goes to Google's hosts and to those that the user's own variables name, and nowhere else."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.google.hosts import (
    OVERRIDE,
    endpoint,
    origin_of,
    overridden_origins,
    regional_address,
    require_allowed,
)
from caliban_ls.runtime.google.transport import _proxy_for

OTHERS = overridden_origins(
    {f"{OVERRIDE}AIPLATFORM": "http://127.0.0.1:8000/", f"{OVERRIDE}ML": "https://own.example/x"}
)


@pytest.mark.parametrize(
    "uri",
    [
        "https://us-central1-aiplatform.googleapis.com/v1/projects/p/locations/us-central1/customJobs?alt=json",
        "https://logging.googleapis.com/v2/entries:list",
        "https://logging.googleapis.com:443/v2/entries:list",
        "http://127.0.0.1:8000/v1/x?filter=a%20b",
        "https://own.example/x/y",
    ],
)
def test_these_get_a_token(uri: str) -> None:
    require_allowed(uri, OTHERS)


HOSTILE = [
    "https://127.0.0.1:18443#us-central1-aiplatform.googleapis.com/v1",
    "https://evil.example?x-aiplatform.googleapis.com/v1",
    "https://evil.example/x-aiplatform.googleapis.com/v1",
    "https://evil.example\\@logging.googleapis.com/v1",
    "https://logging.googleapis.com\\@evil.example/v1",
    "https://u:p@logging.googleapis.com/v1",
    "https://logging.googleapis.com@evil.example/v1",
    "https://logging.googleapis.com.evil.example/v1",
    "https://evilgoogleapis.com/v1",
    "https://googleapis.com.evil/v1",
    "https://logging.googleapis.com:8443/v1",
    "http://logging.googleapis.com/v1",
    "http://evil.example\\@127.0.0.1:8000/",
    "http://127.0.0.1:8001/",
    "http://127.0.0.1.evil.example:8000/",
    "https://own.example.evil/x",
    "https://own.example:444/x",
    "https://logging.googleapis.com\u3002evil.example/",
    "https://logging.googleapis.com\n.evil.example/",
    " https://logging.googleapis.com/v1",
    "ftp://logging.googleapis.com/",
    "",
]


@pytest.mark.parametrize("uri", HOSTILE)
def test_these_get_none(uri: str) -> None:
    with pytest.raises(UsageError, match="No token is sent"):
        require_allowed(uri, OTHERS)


PIECES = [
    "https://",
    "http://",
    "a.googleapis.com",
    "evil.example",
    "127.0.0.1",
    "[::1]",
    "localhost",
    ":443",
    ":8000",
    "@",
    "\\",
    "/",
    "?",
    "#",
    "u:p@",
    ".",
    "%2e",
    "\t",
    " ",
    "\u3002",
    "%",
    "..",
    "//",
]


@given(st.lists(st.sampled_from(PIECES), max_size=7).map("".join))
def test_the_http_client_reads_the_same_host(uri: str) -> None:
    try:
        require_allowed(uri, OTHERS)
    except UsageError:
        return
    try:
        read = parse_url(uri)
    except LocationParseError:
        return
    assert f"{read.scheme}://{read.host}" in {"http://127.0.0.1", "https://own.example"} or str(
        read.host
    ).endswith(".googleapis.com")


@pytest.mark.parametrize(
    ("chosen", "origin"),
    [
        ("https://own.example", "https://own.example:443"),
        ("https://OWN.example:8443/base", "https://own.example:8443"),
        ("http://localhost:1/", "http://localhost:1"),
        ("http://[::1]:1/", "http://[::1]:1"),
        ("http://evil.example/", None),
        ("http://evil.example\\@127.0.0.1/", None),
        ("http://u@127.0.0.1/", None),
        ("own.example", None),
    ],
)
def test_overrides_are_https_or_this_machine(chosen: str, origin: str | None) -> None:
    assert origin_of(chosen) == origin
    variables = {f"{OVERRIDE}LOGGING": chosen}
    assert overridden_origins(variables) == ({origin} if origin else set())
    if origin is None:
        with pytest.raises(UsageError, match="no token is sent"):
            endpoint("logging", "https://logging.googleapis.com/", variables)
    else:
        assert endpoint("logging", "https://logging.googleapis.com/", variables).startswith(chosen)


@pytest.mark.parametrize(
    "region", ["127.0.0.1:18443#us-central1", "us-central1/", "x?y", "evil.example/x", "US-central1", ""]
)
def test_a_region_becomes_no_other_host(region: str) -> None:
    with pytest.raises(UsageError):
        regional_address(region, "aiplatform")


def test_no_proxy_reads_what_goes_to_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert _proxy_for(urlsplit("http://127.0.0.1:8000/")) is None
    assert _proxy_for(urlsplit("http://[::1]:8000/")) is None
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    proxy = _proxy_for(urlsplit("https://logging.googleapis.com/"))
    assert proxy is not None
    assert proxy.hostname == "proxy.example"
