"""Which of Google's services has the jobs of a launch, and as whom it is asked."""

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
from caliban_ls.runtime.backends.ai_platform import AiPlatform
from caliban_ls.runtime.backends.base import Service
from caliban_ls.runtime.backends.vertex import Vertex
from caliban_ls.runtime.google.auth import Identity, find_identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.credentials import find_credentials
from caliban_ls.runtime.google.retries import Patience, PatientGoogle
from caliban_ls.runtime.history.records import JobGroup


def service_for(group: JobGroup, google: Google) -> Service:
    """Return the service that has the jobs of a launch."""
    project = group.project or ""
    if group.backend == "ai-platform":
        return AiPlatform(google, project)
    return Vertex(google, project, group.region or "")


def find_identity_of(cloud_key: str | None, project: Project, context: Context) -> Identity:
    """Return whom Google is asked as; a key of the project's needs agreement before.

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
    """Return whom Google is asked as about a launch: as it was submitted, or as its project says by now.

    Nobody is asked for an agreement to the project's key: without one, the user's own credentials are taken.

    Args:
        group: the launch.
        cloud_key: a key's file that a flag names, which comes first.
        context: of the command.

    Raises:
        MissingError: there are no credentials.
    """
    if cloud_key is not None:
        return find_identity_of(cloud_key, Project(), context)
    there, project = context, Project()
    if group.folder.is_dir():
        there = replace(context, folder=group.folder)
        with suppress(UsageError):  # A config with mistakes keeps nobody from looking after running jobs.
            found = read_project(there)
            if trust.is_agreed(trust.demands(found, there.folder), there):
                project = found
    return find_identity_of(group.cloud.cloud_key, project, there)


def are_credentials_at_hand(group: JobGroup, cloud_key: str | None, context: Context) -> bool:
    """Return whether there are credentials for a launch that no program and no network has to be asked for."""
    if cloud_key is not None or group.cloud.cloud_key is not None:
        return True
    folder = group.folder if group.folder.is_dir() else context.folder
    return find_credentials(context.environment, Path.home(), folder, None) is not None


@contextmanager
def open_patient(identity: Identity, context: Context, patience: Patience) -> Iterator[PatientGoogle]:
    """Open the services, which are asked again while they are busy or silent, for the time of the body.

    Raises:
        MissingError: a package that asking them takes can't be imported.
    """
    packages.require(packages.GOOGLE)
    google = PatientGoogle(
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
        MissingError: a package that asking them takes can't be imported.
    """
    packages.require(packages.GOOGLE)
    google = Google(identity, context.environment)
    threading.Thread(target=_renew, args=(google,), daemon=True).start()
    try:
        yield google
    finally:
        google.close()


def _renew(google: Google) -> None:
    """Have a token ready for the first request, which says what is wrong if there is none."""
    with suppress(CalibanError):
        google.token()
