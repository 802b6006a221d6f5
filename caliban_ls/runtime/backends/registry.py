"""Every backend by its name. CONTRIBUTING.md lists the files that a new backend takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from caliban_ls.analysis.backend_names import BackendName, backend_named
from caliban_ls.runtime.backends.ai_platform import AiPlatform
from caliban_ls.runtime.backends.backend import Backend
from caliban_ls.runtime.backends.vertex import Vertex

REGISTRY: Final[Mapping[BackendName, Backend]] = {"vertex": Vertex(), "ai-platform": AiPlatform()}


def backend_of(name: str) -> Backend:
    """Return a backend by its name, as flags, configs and the history have it.

    Raises:
        UsageError: no backend has this name.
    """
    return REGISTRY[backend_named(name)]
