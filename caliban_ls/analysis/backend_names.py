"""The names of the services that run cloud jobs, as flags, configs and the history spell them.

`hardware.catalog` has the hardware of each, `runtime.backends.registry` makes their requests; tests hold both to these
names. A module by itself because every command reads it: importing the catalogue takes longer than a whole check.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, Literal

from caliban_ls.core.errors import UsageError

BackendName = Literal["vertex", "ai-platform"]

TITLES: Final[Mapping[BackendName, str]] = {
    "vertex": "Vertex AI",
    "ai-platform": "AI Platform Training",
}
"""What people call each service; the default one is first."""

BACKENDS: Final = tuple(TITLES)

DEFAULT_BACKEND: Final = BACKENDS[0]

CLOSED_BACKEND: Final[BackendName] = "ai-platform"
"""The service that takes no more jobs, as an example of the rule about it."""

EITHER: Final = " or ".join(BACKENDS)
"""The names in words, for help."""


def backend_named(text: str) -> BackendName:
    """Return a backend by its name.

    Raises:
        UsageError: no backend has this name.
    """
    for name in BACKENDS:
        if name == text:
            return name
    raise unknown_backend(text, BACKENDS)


def unknown_backend(text: str, known: Iterable[str]) -> UsageError:
    """Return the error for a name that isn't among the known ones."""
    *others, last = known
    return UsageError(f"There is no backend {text}", hint=f"There are {', '.join(others)} and {last}.")
