"""Arguments and results of doctor, trust and init."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from caliban_ls.operations.schemas.fields import option


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorArguments:
    """No arguments: the command checks everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustArguments:
    """No arguments: the command reads the config of the working folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitArguments:
    """The name of the experiment to write into the working folder."""

    name: str | None = option(None, "Write NAME.experiment.json instead of experiment.json.", metavar="NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorCheck:
    """The result of one check, with a remedy if it found a problem."""

    name: str
    status: Literal["ok", "warning", "failure"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorResult:
    """The results of all checks."""

    checks: tuple[DoctorCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitResult:
    """The files that were written, relative to the folder, and those that existed and were left alone."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustResult:
    """The keys of the config that the user has agreed to, with their values; empty if none needs it."""

    agreed: dict[str, Any]
