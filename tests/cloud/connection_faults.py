"""What can go wrong between a program and one of Google's hosts, and what is to be said about each."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cloud.emulator.listener import Answer
from cloud.emulator.middleboxes import Between
from cloud.emulator.server import Emulator

UNSENT, SILENT, REFUSED, NO_ACCESS, BUSY = "unsent", "silent", "refused", "no access", "busy"
"""The meaning of a fault for the request: it certainly didn't leave, it may have, it was refused, …"""

JSON = {"Content-Type": "application/json; charset=UTF-8"}

HTML = {"Content-Type": "text/html"}

PAGE = b"<!DOCTYPE html>\n<html><head><title>Log in &amp; surf</title></head><body>Welcome</body></html>"


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        meaning: one of the words above.
        said: a part of the sentence about it, a regular expression in which HOST stands for the host.
        hint: a part of what is said to do.
        between: what stands before the host, None where it's the address that is wrong.
        address: where the host is looked for instead.
        proxy: that is named instead of the stand-in's.
    """

    meaning: str
    said: str
    hint: str
    between: Callable[[], Between] | None = None
    address: str | None = None
    proxy: str | None = None


def tunnelled(status: int) -> Callable[[], Between]:
    return lambda: Between(tunnel=status)


def certified(kind: str) -> Callable[[], Between]:
    return lambda: Between(certificate=kind)


def answered(
    status: int, body: bytes, headers: Mapping[str, str] = JSON, *, missing: int = 0
) -> Callable[[], Between]:
    return lambda: Between(answer=lambda: Answer(status, body, headers, missing))


def refused(status: int, message: str) -> Callable[[], Between]:
    return answered(status, error(status, message))


def error(status: int, message: str) -> bytes:
    return json.dumps({"error": {"code": status, "message": message, "status": "WRONG"}}).encode()


READS = "reads along"
AGAIN = "Try again in a few minutes"
PROXY_IS = "HTTPS_PROXY"
RIGHT = "is the address right"
NO_TLS = r"the certificate of HOST.* can't be verified: "

FAULTS: dict[str, Fault] = {
    "the name isn't found": Fault(
        UNSENT, r"\S*\.invalid isn't found \(", "this machine online", address="https://{label}.invalid/"
    ),
    "the connection is refused": Fault(
        UNSENT,
        r"127\.0\.0\.1:\d+ refuses the connection",
        RIGHT.capitalize(),
        address="http://127.0.0.1:{closed}/",
    ),
    "a reset before the request": Fault(
        UNSENT, r"the connection to .* ended before anything was sent", "", lambda: Between(cut=True)
    ),
    "a self-signed certificate": Fault(UNSENT, NO_TLS + "self[- ]signed", READS, certified("self-signed")),
    "an authority that isn't trusted": Fault(
        UNSENT, NO_TLS + "unable to get local issuer", READS, certified("a stranger's")
    ),
    "a whole chain that isn't trusted": Fault(
        UNSENT, NO_TLS + "self[- ]signed certificate in", READS, certified("a stranger's chain")
    ),
    "another host's certificate": Fault(UNSENT, NO_TLS + "Hostname mismatch", RIGHT, certified("another's")),
    "an expired certificate": Fault(
        UNSENT, NO_TLS + "certificate has expired", "clock", certified("expired")
    ),
    "a proxy that wants a login": Fault(
        UNSENT, r"the proxy 127\.0\.0\.1:\d+ wants a login \(407\)", "USER:PASSWORD", tunnelled(407)
    ),
    "a proxy that leads elsewhere": Fault(
        UNSENT,
        r"the proxy 127\.0\.0\.1:\d+ doesn't lead to HOST.* \(403 Forbidden\)",
        "NO_PROXY",
        tunnelled(403),
    ),
    "a proxy that reaches nothing": Fault(
        UNSENT,
        r"the proxy 127\.0\.0\.1:\d+ doesn't reach HOST.* \(502 Bad Gateway\)",
        "proxy online",
        tunnelled(502),
    ),
    "a proxy that refuses": Fault(
        UNSENT,
        r"the proxy 127\.0\.0\.1:\d+ refuses the connection",
        PROXY_IS,
        proxy="http://127.0.0.1:{closed}",
    ),
    "a proxy that isn't found": Fault(
        UNSENT,
        r"the proxy proxy\.invalid:3128 isn't found",
        PROXY_IS,
        proxy="http://me:secret@proxy.invalid:3128",
    ),
    "a reset after the request": Fault(
        SILENT,
        r"the connection ended \(",
        AGAIN,
        lambda: Between(answer=lambda: None),
    ),
    "half an answer": Fault(
        SILENT, "its answer broke off in the middle", AGAIN, answered(200, b'{"name": "pro', missing=50)
    ),
    "500": Fault(
        SILENT, "500, Internal error encountered", AGAIN, refused(500, "Internal error encountered.")
    ),
    "503": Fault(SILENT, r'503, a web page \("Log in & surf"\)', AGAIN, answered(503, PAGE, HTML)),
    "HTML for JSON": Fault(
        SILENT, r'a web page \("Log in & surf"\) came in place of', AGAIN, answered(200, PAGE, HTML)
    ),
    "an empty body": Fault(SILENT, "nothing came in place of its answer", AGAIN, answered(200, b"")),
    "no JSON": Fault(SILENT, "no JSON came in place of its answer", AGAIN, answered(200, b"\xff{")),
    "null": Fault(SILENT, "null came in place of its answer", AGAIN, answered(200, b"null")),
    "a list": Fault(SILENT, "a list came in place of its answer", AGAIN, answered(200, b"[{}]")),
    "a text": Fault(SILENT, "a text came in place of its answer", AGAIN, answered(200, b'"Welcome"')),
    "another shape": Fault(
        SILENT,
        r"its answer has no \w+ as it should",
        AGAIN,
        answered(200, b'{"name": 1, "jobId": [], "customJobs": {}, "jobs": "", "entries": {}, "error": 5}'),
    ),
    "401": Fault(NO_ACCESS, "Google takes none of their tokens", "keys create", refused(401, "Who is it?")),
    "403": Fault(REFUSED, "You may not", "an owner of the project", refused(403, "You may not.")),
    "404": Fault(REFUSED, "404 with a web page", "project's id and the region", answered(404, PAGE, HTML)),
    "429": Fault(BUSY, "Slow down", AGAIN, refused(429, "Slow down.")),
}


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of the loopback without a listener, reserved meanwhile."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@contextmanager
def standing(
    fault: Fault, host: str, service: str | None, emulator: Emulator, key: Path
) -> Iterator[dict[str, str]]:
    """Let something go wrong before a host for the time of the body; yields the variables that belong to it."""
    with closed_port() as closed:
        label = "us-cental1-aiplatform" if "aiplatform" in host else host.partition(".")[0]
        address, variables = "", {}
        if fault.address is not None:
            address = fault.address.format(label=label, closed=closed)
            if service is not None:
                variables[f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{service}"] = address
            variables |= dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,.invalid")
        if fault.proxy is not None:
            variables |= dict.fromkeys(("HTTPS_PROXY", "https_proxy"), fault.proxy.format(closed=closed))
        emulator.between = fault.between() if fault.between else Between()
        emulator.between.host = host
        before = key.read_text()
        if fault.address is not None and service is None:
            key.write_text(json.dumps({**json.loads(before), "token_uri": f"{address}token"}))
        try:
            yield variables
        finally:
            key.write_text(before)
            emulator.between = Between()
