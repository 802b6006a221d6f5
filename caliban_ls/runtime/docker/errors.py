"""What a connection to the engine that failed means for a person, whichever layers have wrapped the reason."""

from __future__ import annotations

from collections.abc import Iterator
from http.client import IncompleteRead

from caliban_ls.core.errors import EngineUnavailable
from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker.endpoint import Endpoint


def unavailable(endpoint: Endpoint, error: BaseException) -> EngineUnavailable:
    """Return what a failed connection means for a person."""
    place = f"No Docker engine answers at {endpoint.address} (from {endpoint.source})"
    found = list(causes(error))
    if any(isinstance(cause, PermissionError) for cause in found):
        return EngineUnavailable(
            f"{place}: permission denied",
            hint="Add yourself to the group of the socket (`sudo usermod -aG docker $USER`) and log in again.",
        )
    if any("paramiko" in str(cause) for cause in found):
        return EngineUnavailable(
            f"{place}: addresses of ssh need the package paramiko",
            hint="Install paramiko beside caliban-ls (`pipx inject caliban-ls paramiko`).",
        )
    reasons = [cause for cause in found if isinstance(cause, OSError) and cause.strerror]
    if not reasons and any(isinstance(cause, IncompleteRead) for cause in found):
        return EngineUnavailable(f"{place}: the connection broke off")
    reason = reasons[-1].strerror if reasons else str(found[-1])
    return EngineUnavailable(f"{place}: {shortened(str(reason), 200)}")


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and those inside it, outermost first; the SDK's layers wrap each other as arguments."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        cause = waiting.pop(0)
        if cause in seen:
            continue
        seen.append(cause)
        yield cause
        inner = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting.extend(item for item in inner if isinstance(item, BaseException))
