"""Open the clients of Google's services, with the identity that a launch or a command uses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from caliban_ls.analysis.config.project import Project
from caliban_ls.core import packages
from caliban_ls.core.errors import CalibanError, UsageError
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.runtime.backends.backend import JobClient
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.google.auth import Identity, find_identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.credentials import find_credentials
from caliban_ls.runtime.google.retries import Patience, RetryingClient
from caliban_ls.runtime.history.records import JobGroup


def job_client_for(group: JobGroup, google: Google) -> JobClient:
    """Return the client for the jobs of a launch."""
    return backend_of(group.backend).client(google, group.project or "", group.region or "")


def find_identity_of(cloud_key: str | None, project: Project, context: Context) -> Identity:
    """Return the identity for requests of a command. Call `trust.require` before: the project may name a key.

    Raises:
        MissingError: there are no credentials.
    """
    return find_identity(
        context.environment,
        Path.home(),
        context.folder,
        cloud_key=cloud_key,
        project_key=project.cloud_key,
    )


def find_identity_for(group: JobGroup, cloud_key: str | None, context: Context) -> Identity:
    """Return the identity for requests about a launch: the one it was submitted with, or the project's current one.

    This asks no question: where the user hasn't agreed to the project's key, it takes the user's own credentials.

    Args:
        group: the launch.
        cloud_key: a key file that a flag names, which comes first.
        context: of the command.

    Raises:
        MissingError: there are no credentials.
    """
    if cloud_key is not None:
        return find_identity_of(cloud_key, Project(), context)
    there, project = context, Project()
    if group.folder.is_dir():
        there = replace(context, folder=group.folder)
        with suppress(UsageError):  # A config with mistakes doesn't hinder looking after running jobs.
            found = read_project(there)
            if trust.is_agreed(trust.demands(found, there.folder), there):
                project = found
    return find_identity_of(group.cloud.cloud_key, project, there)


def are_credentials_at_hand(group: JobGroup, cloud_key: str | None, context: Context) -> bool:
    """Return whether there are credentials for a launch that need no program and no network to be found."""
    if cloud_key is not None or group.cloud.cloud_key is not None:
        return True
    folder = group.folder if group.folder.is_dir() else context.folder
    return find_credentials(context.environment, Path.home(), folder, None) is not None


@contextmanager
def open_retrying_client(
    identity: Identity, context: Context, patience: Patience
) -> Iterator[RetryingClient]:
    """Open the services for the time of the body, with retries while they are busy or silent.

    Raises:
        MissingError: a package for these requests can't be imported.
    """
    packages.require(packages.GOOGLE)
    google = RetryingClient(
        identity, context.environment, patience=patience, report=context.report, cancel=context.cancel
    )
    try:
        yield google
    finally:
        google.close()


@contextmanager
def open_google(identity: Identity, context: Context) -> Iterator[Google]:
    """Open the services for the time of the body, and fetch a token for them meanwhile.

    Raises:
        MissingError: a package for these requests can't be imported.
    """
    packages.require(packages.GOOGLE)
    google = Google(identity, context.environment)
    threading.Thread(target=_renew, args=(google,), daemon=True).start()
    try:
        yield google
    finally:
        google.close()


def _renew(google: Google) -> None:
    """Fetch a token ahead of the first request; if that fails, the request reports why."""
    with suppress(CalibanError):
        google.token()
