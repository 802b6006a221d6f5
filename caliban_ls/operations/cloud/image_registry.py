"""Push the project's image to a registry that the service can pull from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from caliban_ls.core.errors import MissingError
from caliban_ls.operations.context.context import Context
from caliban_ls.runtime.docker.push_log import BrokenUpload
from caliban_ls.runtime.engine import Engine, Login
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.errors import NoAnswer, Refused, field_of

_TRIES = 4

_LOOK_SECONDS = 1.0  # between two looks at an operation

_LOOKS = 180

_GOOGLES = re.compile(r"(?:([a-z0-9-]+)-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io)")

_TOKEN_USER = "oauth2accesstoken"  # noqa: S105  # a name
"""The user name with which Google's registries take an access token as the password."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository of Artifact Registry."""

    location: str
    project: str
    name: str


def login_for(reference: str, google: Google) -> Login | None:
    """Return the login for an image's registry; None if Docker's own configuration has it.

    Only Google's registries get a token of Google's.
    """
    if _GOOGLES.fullmatch(reference.partition("/")[0]):
        return Login(_TOKEN_USER, google.token())
    return None


def repository_of(reference: str) -> Repository | None:
    """Return the repository of an image of Artifact Registry, None for other registries."""
    host, *path = reference.split("/")
    match = _GOOGLES.fullmatch(host)
    if match is None or match[1] is None or len(path) < 3:  # noqa: PLR2004  # project, repository, image
        return None
    return Repository(match[1], path[0], path[1])


def see_to_repository(reference: str, google: Google, context: Context, *, create: bool) -> None:
    """Check that an image's repository exists, before building the image.

    Args:
        reference: the image's full name.
        google: makes the requests.
        context: of the command.
        create: whether to create a missing repository.

    Raises:
        MissingError: the repository is missing, and `create` is False.
    """
    wanted = repository_of(reference)
    if wanted is None:
        return
    parent = f"projects/{wanted.project}/locations/{wanted.location}"
    methods = _methods(google, "repositories")
    try:
        field_of(google.ask(methods.get(name=f"{parent}/repositories/{wanted.name}")), "name", str, "")
    except Refused as refused:
        if refused.status == HTTPStatus.FORBIDDEN:  # an account may be allowed to push but not to look
            return
        if refused.status != HTTPStatus.NOT_FOUND:
            raise
        if not create:
            raise MissingError(
                f"There is no image repository {wanted.name} in {wanted.location} of {wanted.project}",
                hint="--create_repository makes it, as does: gcloud artifacts repositories create"
                f" {wanted.name} --repository-format=docker --location={wanted.location} --project={wanted.project}",
            ) from refused
        context.report(f"Making the image repository {wanted.name} in {wanted.location}", None)
        making = google.ask(
            methods.create(parent=parent, repositoryId=wanted.name, body={"format": "DOCKER"})
        )
        _wait_for(making, google, context)


def _wait_for(operation: dict[str, Any], google: Google, context: Context) -> None:
    """Wait until the registry has finished an operation.

    Raises:
        Refused: it failed.
        NoAnswer: it isn't finished after some minutes.
        Cancelled: the user stopped waiting.
    """
    for _ in range(_LOOKS):
        if operation.get("done"):
            if failure := field_of(operation, "error", dict, {}):
                raise Refused(HTTPStatus.BAD_REQUEST, field_of(failure, "message", str, "It failed"))
            return
        context.cancel.wait(_LOOK_SECONDS)
        context.cancel.check()
        name = field_of(operation, "name", str)
        operation = google.ask(_methods(google, "operations").get(name=name))
    raise NoAnswer("the image repository is still being made", sent=True)


def _methods(google: Google, resource: str) -> Any:  # noqa: ANN401 - made at run time
    address = "https://artifactregistry.googleapis.com/"
    return google.methods("artifactregistry", "v1", address, "projects", "locations", resource)


def publish(source: str, reference: str, engine: Engine, google: Google, context: Context) -> str:
    """Push an image unless the registry has it, and return its digest.

    Args:
        source: its name in the engine.
        reference: its full name in the registry.
        engine: has the image.
        google: gives the token for Google's registries.
        context: of the command.

    Raises:
        PushFailed: the registry refused it.
    """
    for attempt in range(1, _TRIES + 1):
        try:
            return engine.push(
                source, reference, login_for(reference, google), report=context.report, cancel=context.cancel
            )
        except BrokenUpload as broken:
            if attempt == _TRIES:
                raise
            context.report(f"{broken}; trying again", None)
            context.cancel.wait(2.0**attempt)
            context.cancel.check()
    raise AssertionError  # the loop returns or raises
