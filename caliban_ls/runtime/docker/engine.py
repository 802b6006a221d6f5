"""The Docker engine as an `Engine`: `api` asks it, `image_calls` and `container_calls` say what.

Owns how the API is spoken: time limits, cancelling, and the errors of an engine. Knows nothing of sweeps, owners or
histories.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from caliban_ls.runtime.docker.container_calls import ContainerCalls
from caliban_ls.runtime.docker.endpoint import Endpoint, configuration_folder, resolve_endpoint
from caliban_ls.runtime.docker.image_calls import ImageCalls


class DockerEngine(ImageCalls, ContainerCalls):
    """An `Engine` behind an address. Safe to use from several threads at once."""


def open_engine(endpoint: Endpoint) -> DockerEngine:
    """Return the engine once it has answered.

    Raises:
        EngineUnavailable: nothing answers there; the message names the address and the hint the mend.
    """
    engine = DockerEngine(endpoint)
    engine.probe()
    return engine


def open_local_engine(environment: Mapping[str, str]) -> DockerEngine:
    """Return the engine that this machine's settings name, once it has answered.

    Args:
        environment: the process's variables; see `runtime.endpoint` for those that count.

    Raises:
        MissingError: a Docker context is named that doesn't exist.
        EngineUnavailable: nothing answers.
    """
    folder = configuration_folder(environment, Path.home())
    return open_engine(resolve_endpoint(environment, folder, sys.platform))
