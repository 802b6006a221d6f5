"""Explain a failed connection to the engine, whichever layers have wrapped the reason, and say how to get one."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from http.client import IncompleteRead

from caliban_ls.core import processes
from caliban_ls.core.errors import EngineUnavailable
from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker.endpoint import DEFAULT, Endpoint


def unavailable(endpoint: Endpoint, error: BaseException) -> EngineUnavailable:
    """Return the error for people of a failed connection, with the way to an engine that answers."""
    place = f"No Docker engine answers at {endpoint.address} (from {endpoint.source})"
    found = list(causes(error))
    installed = processes.find_program("docker", os.environ) is not None
    hint = way_to_an_engine(endpoint, sys.platform, installed=installed)
    if any(isinstance(cause, PermissionError) for cause in found):
        return EngineUnavailable(f"{place}: permission denied", hint=_MAY_NOT)
    if any("paramiko" in str(cause) for cause in found):
        return EngineUnavailable(
            f"{place}: addresses of ssh need the package paramiko",
            hint="Install paramiko beside caliban-ls (`pipx inject caliban-ls paramiko`).",
        )
    reasons = [cause for cause in found if isinstance(cause, OSError) and cause.strerror]
    if not reasons and any(isinstance(cause, IncompleteRead) for cause in found):
        return EngineUnavailable(f"{place}: the connection broke off", hint=hint)
    reason = reasons[-1].strerror if reasons else str(found[-1])
    return EngineUnavailable(f"{place}: {shortened(str(reason), 200)}", hint=hint)


_MAY_NOT = "Add yourself to the group of the socket (`sudo usermod -aG docker $USER`) and log in again."


def way_to_an_engine(endpoint: Endpoint, platform: str, *, installed: bool) -> str:
    """Return how to get an engine that answers.

    Args:
        endpoint: where none does.
        platform: as `sys.platform` has it.
        installed: whether Docker's command is on the PATH.
    """
    if endpoint.source != DEFAULT:
        also = "" if installed else " Docker's command isn't installed on this machine."
        return f"Start that engine, or have {endpoint.source} name another.{also}"
    if platform in {"darwin", "win32"}:
        if installed:
            return (
                "Docker is installed here: start Docker Desktop, and wait until it says that its engine runs."
            )
        return "Docker isn't installed here: install Docker Desktop (https://docs.docker.com/desktop/) and start it."
    if installed:
        return (
            "Docker is installed here, but its engine doesn't run: `sudo systemctl start docker` starts it, and"
            " `sudo systemctl enable docker` starts it with the machine. If only its command is installed, install"
            " the engine: https://docs.docker.com/engine/install/."
        )
    return (
        "Docker isn't installed here: `sudo apt-get install docker.io` on Debian and Ubuntu, or see"
        " https://docs.docker.com/engine/install/. Then `sudo systemctl start docker`, and"
        " `sudo usermod -aG docker $USER` to use it without sudo."
    )


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
