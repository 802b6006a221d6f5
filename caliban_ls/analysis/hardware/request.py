"""A request for hardware, its problems, and changes to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Literal

from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.hardware.catalog import Accelerator, Kind, Mode
from caliban_ls.analysis.rules.overrides import Force

Field = Literal["backend", "region", "machine_type", "gpu_spec", "tpu_spec", "spot", "flex_start"]
"""The keys of a request, as project configs and flags spell them."""

Changes = Mapping[Field, "str | bool | Accelerator | None"]
"""New values for keys; None removes the key. `str()` of an accelerator is the text to write."""


class Part(str, Enum):
    """A part of a request that can be wrong. The last two are parts of a spec."""

    BACKEND = "backend"
    REGION = "region"
    MACHINE_TYPE = "machine_type"
    SPOT = "spot"
    FLEX_START = "flex_start"
    ACCELERATOR = "accelerator"
    COUNT = "count"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """The hardware that flags, configs and settings ask for; None for parts that they leave out.

    Attributes:
        backend: the service; `DEFAULT_BACKEND` when left out.
        region: any text.
        machine_type: any text.
        gpu_spec: of kind "gpu".
        tpu_spec: of kind "tpu".
        spot: whether to use spot machines; no by default.
        flex_start: whether to wait until machines are free, which costs less; no by default.
        mode: whether jobs use GPUs; "gpu" by default.
        force: the findings to override: all, or those of some codes.
    """

    backend: BackendName | None = None
    region: str | None = None
    machine_type: str | None = None
    gpu_spec: Accelerator | None = None
    tpu_spec: Accelerator | None = None
    spot: bool | None = None
    flex_start: bool | None = None
    mode: Mode | None = None
    force: Force = False


@dataclass(frozen=True, slots=True)
class Alternative:
    """A change to a request after which it has no error.

    Attributes:
        title: as an instruction, "Use 2xT4".
        changes: the keys to write or to remove; the request may not have them yet.
    """

    title: str
    changes: Changes


@dataclass(frozen=True, slots=True)
class HardwareProblem:
    """A problem of a request, or a note on it.

    Attributes:
        field: its key, which is always a written one.
        part: the part of that key's value.
        code: of its rule.
        message: the mistake and its correction, without a full stop.
        severity: the rule's, unless the situation softens it.
        alternatives: best first.
    """

    field: Field
    part: Part
    code: str
    message: str
    severity: Severity
    alternatives: tuple[Alternative, ...] = ()


def applied(request: Request, changes: Changes) -> Request:
    """Return the request with some changes made."""
    values: dict[str, Any] = dict(changes.items())
    return replace(request, **values)


def alternative(changes: Changes) -> Alternative:
    """Return some changes with their title."""
    names = {"backend": "backend ", "region": "region ", "machine_type": "machine type "}
    switches = {"spot": "spot machines", "flex_start": "flex-start"}
    used = [
        switches.get(field, f"{names.get(field, '')}{value}")
        for field, value in changes.items()
        if value is not None
    ]
    removed = [field for field, value in changes.items() if value is None]
    steps = [f"{verb} {' and '.join(what)}" for verb, what in (("use", used), ("remove", removed)) if what]
    title = ", ".join(steps)
    return Alternative(title[:1].upper() + title[1:], changes)


def spec_field(kind: Kind) -> Field:
    """Return the key for GPUs or TPUs."""
    return "gpu_spec" if kind == "gpu" else "tpu_spec"
