"""Where the container engine is: found as the `docker` command finds it, once, for all that talk to it.

Owns the order in which DOCKER_HOST, the docker contexts and the default socket count. Reads Docker's
configuration folder; knows neither the SDK nor whether an engine answers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caliban_ls.core.errors import MissingError

DEFAULT = "the default"
"""The source of an address that nothing names."""

DEFAULT_ADDRESS = "unix:///var/run/docker.sock"
DEFAULT_ADDRESS_ON_WINDOWS = "npipe:////./pipe/docker_engine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls:
    """The certificates of a connection; None where a file isn't there.

    Attributes:
        authority: signs the engine's certificate.
        certificate: says who we are.
        key: of our certificate.
        verify: whether the engine's certificate is checked.
    """

    authority: Path | None
    certificate: Path | None
    key: Path | None
    verify: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An engine's address.

    Attributes:
        address: `unix:///…`, `tcp://…`, `ssh://…` or `npipe://…`.
        source: who said so, for people: "DOCKER_HOST", "the docker context `lab`", "the default".
        tls: None for a connection without TLS.
    """

    address: str
    source: str
    tls: Tls | None = None


def configuration_folder(environment: Mapping[str, str], home: Path) -> Path:
    """Return the folder of Docker's own configuration."""
    return Path(environment.get("DOCKER_CONFIG") or home / ".docker")


def resolve_endpoint(environment: Mapping[str, str], folder: Path, platform: str) -> Endpoint:
    """Return where the engine is.

    DOCKER_HOST beats DOCKER_CONTEXT, that beats the current context of `config.json`, that beats the
    default socket: the order of Docker's command line
    (https://docs.docker.com/engine/manage-resources/contexts/).

    Args:
        environment: the process's variables.
        folder: Docker's configuration folder; it needn't exist.
        platform: as `sys.platform` has it.

    Raises:
        MissingError: the chosen context doesn't exist or can't be read.
    """
    if host := environment.get("DOCKER_HOST", "").strip():
        return Endpoint(address=host, source="DOCKER_HOST", tls=_tls_of_environment(environment, folder))
    name, source = environment.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not name:
        name, source = _current_context(folder), str(folder / "config.json")
    if name in {"", "default"}:
        address = DEFAULT_ADDRESS_ON_WINDOWS if platform == "win32" else DEFAULT_ADDRESS
        return Endpoint(address=address, source=DEFAULT)
    return _context(name, source, folder)


def _tls_of_environment(environment: Mapping[str, str], folder: Path) -> Tls | None:
    """Return what DOCKER_TLS_VERIFY and DOCKER_CERT_PATH say."""
    if not (environment.get("DOCKER_TLS_VERIFY") or environment.get("DOCKER_TLS")):
        return None
    certificates = Path(environment.get("DOCKER_CERT_PATH") or folder)
    return _tls(certificates, verify=bool(environment.get("DOCKER_TLS_VERIFY")))


def _tls(folder: Path, *, verify: bool) -> Tls:
    """Return the certificates of a folder, by the names that Docker gives them."""

    def existing(name: str) -> Path | None:
        return folder / name if (folder / name).is_file() else None

    return Tls(
        authority=existing("ca.pem"),
        certificate=existing("cert.pem"),
        key=existing("key.pem"),
        verify=verify,
    )


def _current_context(folder: Path) -> str:
    """Return the name of the current context, empty when none was chosen."""
    config = _json_object(folder / "config.json") or {}
    name = config.get("currentContext", "")
    return name if isinstance(name, str) else ""


def _context(name: str, source: str, folder: Path) -> Endpoint:
    """Return the endpoint of a context, which Docker files under the digest of its name."""
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = _json_object(folder / "contexts" / "meta" / digest / "meta.json")
    if meta is None:
        raise MissingError(
            f"There is no docker context `{name}`, which {source} names",
            hint="`docker context ls` shows those that exist; `docker context use NAME` chooses one.",
        )
    endpoints = meta.get("Endpoints")
    engine = endpoints.get("docker") if isinstance(endpoints, dict) else None
    address = engine.get("Host") if isinstance(engine, dict) else None
    if not isinstance(engine, dict) or not isinstance(address, str) or not address:
        raise MissingError(
            f"The docker context `{name}` names no engine",
            hint=f"`docker context inspect {name}` shows what it says.",
        )
    certificates = folder / "contexts" / "tls" / digest / "docker"
    verify = engine.get("SkipTLSVerify") is not True
    return Endpoint(
        address=address,
        source=f"the docker context `{name}`",
        tls=_tls(certificates, verify=verify) if certificates.is_dir() else None,
    )


def _json_object(file: Path) -> dict[str, Any] | None:
    """Return a file of Docker's configuration, None when there is no such file.

    A damaged file is an error and not a reason to take the default: that may be another machine's engine.
    """
    try:
        value = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise MissingError(
            f"Docker's configuration {file} can't be read: {error}",
            hint="Mend or remove the file, or set DOCKER_HOST.",
        ) from error
    return value if isinstance(value, dict) else {}
