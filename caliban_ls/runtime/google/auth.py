"""Find and open credentials of every kind, for requests to Google's APIs.

Imports `google.auth` inside functions only. A token leaves this module only in an `Identity`.
"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caliban_ls.core import processes
from caliban_ls.core.errors import MissingError
from caliban_ls.core.text import shortened
from caliban_ls.runtime.google.credentials import PROJECT_KEY, find_credentials

if TYPE_CHECKING:
    from google.auth.credentials import Credentials  # for annotations only, never at run time

SCOPE = "https://www.googleapis.com/auth/cloud-platform"

_GCLOUD_SECONDS = 30

_GCLOUD_MEND = "Log in again: gcloud auth login"

_MACHINES_ADDRESS = "169.254.169.254"
"""The metadata server, from which a machine at Google gets its account."""

_MACHINE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Identity:
    """The account that requests are made as.

    Attributes:
        credentials: google-auth's.
        source: their origin, for messages.
        mend: the hint for when they give no access.
        refreshing: held while they are renewed.
    """

    credentials: Credentials
    source: str
    mend: str
    refreshing: threading.Lock = field(default_factory=threading.Lock)


def find_identity(
    environment: Mapping[str, str],
    home: Path,
    folder: Path,
    *,
    cloud_key: str | None,
    project_key: str | None,
) -> Identity:
    """Return the identity for requests to Google.

    Looks in google-auth's order: a key named by the flag, the variable or the project's config; then
    `gcloud auth application-default login`; then gcloud's own login; then, at Google, the machine's account.

    Args:
        environment: the process's variables.
        home: the user's home folder.
        folder: the project.
        cloud_key: the file that a flag names, None for none.
        project_key: the file that the project's config names, to which the user has agreed.

    Raises:
        MissingError: there are no credentials, or they can't be read.
    """
    if cloud_key is not None:
        return _from_file((folder / Path(cloud_key).expanduser()), "--cloud_key")
    found = find_credentials(environment, home, folder, project_key)
    if found is not None:
        return _from_file(found.path, found.source, only_keys=found.source == PROJECT_KEY)
    return _from_gcloud(environment) or _from_machine(environment)


def _from_file(path: Path, source: str, *, only_keys: bool = False) -> Identity:
    """Return the identity of a credentials file: a key, a user's, another cloud's, or an impersonation.

    Args:
        path: the file.
        source: what names it, for messages.
        only_keys: whether it must be a service account's key. The other kinds name addresses and programs, and a
            project mustn't choose those.
    """
    from google.auth.exceptions import GoogleAuthError
    from google.oauth2 import service_account

    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        with warnings.catch_warnings():
            # google-auth warns of files from strangers; the user chose this one.
            warnings.simplefilter("ignore", DeprecationWarning)
            if only_keys:
                credentials = service_account.Credentials.from_service_account_info(read, scopes=[SCOPE])
            else:
                credentials = _opened(read)
    except OSError as error:
        raise MissingError(
            f"The credentials {path} (from {source}) can't be read: {error.strerror or error}",
            hint="Correct the path, or run `gcloud auth application-default login`.",
        ) from error
    # google-auth raises these when the content has another shape than it expects.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, GoogleAuthError) as error:
        kind = "a service account's key" if only_keys else "credentials of Google's"
        raise MissingError(
            f"{path} (from {source}) doesn't hold {kind}",
            hint="It should be a service account's key as JSON, or what gcloud writes.",
        ) from error
    account = getattr(credentials, "service_account_email", None)
    return Identity(credentials, source, _mend(read, account))


def _opened(read: dict[str, Any]) -> Any:  # noqa: ANN401 - one of many classes
    """Return the credentials of a file's content. Makes no request."""
    import google.auth

    if read.get("type") != "external_account":
        credentials, _ = google.auth.load_credentials_from_dict(read, scopes=[SCOPE])
        return credentials
    # google-auth's own loader requests a token and a project at once, without a time limit.
    if read.get("subject_token_type") == "urn:ietf:params:aws:token-type:aws4_request":
        from google.auth.aws import Credentials as Aws

        return Aws.from_info(read, scopes=[SCOPE])
    if read.get("credential_source", {}).get("executable") is not None:
        from google.auth.pluggable import Credentials as Program

        return Program.from_info(read, scopes=[SCOPE])
    from google.auth.identity_pool import Credentials as Pool

    return Pool.from_info(read, scopes=[SCOPE])


def _mend(read: Mapping[str, Any], account: str | None) -> str:
    """Return the hint for when the credentials of a file's content give no access."""
    kind = read["type"]
    if kind == "service_account":
        return (
            "Is the key still there? `gcloud iam service-accounts keys create FILE"
            f" --iam-account={account}` makes another."
        )
    if kind == "impersonated_service_account":
        return (
            f"You need roles/iam.serviceAccountTokenCreator on {account}; or log in again:"
            f" gcloud auth application-default login --impersonate-service-account={account}"
        )
    if kind == "external_account":
        return "Is the token that its credential_source names there and fresh, and does the pool's provider take it?"
    return "Log in again: gcloud auth application-default login"


def _from_gcloud(environment: Mapping[str, str]) -> Identity | None:
    """Return the identity of gcloud's login, None without one.

    Raises:
        MissingError: the login has expired.
    """
    gcloud = processes.find_program("gcloud", environment)
    if gcloud is None:
        return None

    def ask() -> dict[str, Any] | str:
        command = [gcloud, "config", "config-helper", "--format=json", "--min-expiry=5m"]
        try:
            done = processes.run(command, environment, _GCLOUD_SECONDS)
            if done.returncode != 0:
                return done.stderr.strip().partition("\n")[0]
            read: dict[str, Any] = json.loads(done.stdout)
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            return type(error).__name__
        return read if read.get("credential", {}).get("access_token") else "it knows of none"

    first = ask()
    if isinstance(first, str):
        if "auth tokens" not in first:  # There is no login, or gcloud doesn't run.
            return None
        reason = shortened(first.partition(") ")[2] or first, 200)
        raise MissingError(f"gcloud gives no token: {reason}", hint=_GCLOUD_MEND)
    return Identity(_gcloud_credentials(first, ask), "gcloud auth login", _GCLOUD_MEND)


def _gcloud_credentials(first: dict[str, Any], ask: Callable[[], dict[str, Any] | str]) -> Credentials:
    """Return credentials that get their tokens from gcloud."""
    from google.auth.credentials import Credentials
    from google.auth.exceptions import RefreshError

    class OfGcloud(Credentials):
        def refresh(self, _request: object) -> None:
            said = ask()
            if isinstance(said, str):
                raise RefreshError(f"gcloud gives no token: {said}")
            take(self, said)

    def take(credentials: Credentials, said: dict[str, Any]) -> None:
        credentials.token = said["credential"]["access_token"]
        end = str(said["credential"].get("token_expiry", ""))
        with suppress(ValueError):
            # google-auth compares with UTC times without a zone.
            credentials.expiry = datetime.fromisoformat(end.replace("Z", "+00:00")).replace(tzinfo=None)

    made: Credentials = OfGcloud()  # type: ignore[no-untyped-call]  # its base has no types
    take(made, first)
    return made


def _from_machine(environment: Mapping[str, str]) -> Identity:
    """Return the account of this machine, if it runs at Google."""
    import google.auth
    from google.auth.exceptions import GoogleAuthError

    # Elsewhere google-auth takes ten seconds to find out, so look first.
    if not environment.get("NO_GCE_CHECK") and _is_googles(environment):
        with suppress(GoogleAuthError, OSError):
            credentials, _ = google.auth.default(scopes=[SCOPE])
            mend = "Give this machine a service account with the scope cloud-platform, or name a key: --cloud_key"
            return Identity(credentials, "this machine's own account", mend)
    raise MissingError(
        "There are no Google credentials here",
        hint="Run `gcloud auth application-default login`, or name a service account's key with --cloud_key.",
    )


def _is_googles(environment: Mapping[str, str]) -> bool:
    """Return whether something listens at the address of the metadata server."""
    host, _, port = environment.get("GCE_METADATA_IP", _MACHINES_ADDRESS).partition(":")
    with suppress(OSError, ValueError):
        socket.create_connection((host, int(port or 80)), timeout=_MACHINE_SECONDS).close()
        return True
    return False
