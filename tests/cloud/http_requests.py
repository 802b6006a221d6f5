"""Plain requests to the stand-in, made without Google's libraries."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud.emulator.server import Emulator


@dataclass(frozen=True)
class Said:
    """What came back."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])


def say(emulator: Emulator, verb: str, path: str, body: Any = None, *, token: str | None = None) -> Said:
    """Send one request with a token of its own, unless another is given."""
    data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{emulator.url}{path}", data, method=verb)  # noqa: S310  # http
    request.add_header("Authorization", f"Bearer {token or emulator.tokens.issue()}")
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=60) as answer:
            return Said(answer.status, json.load(answer), dict(answer.headers))
    except urllib.error.HTTPError as error:
        with error:
            return Said(error.code, json.load(error), dict(error.headers))
