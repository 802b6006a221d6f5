"""Arguments and results of doctor, trust and init."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from caliban_ls.operations.schemas.fields import option


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorArguments:
    """Nothing to say: everything is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustArguments:
    """Nothing to say: the config of the working folder is meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InitArguments:
    """What to call the experiment that is written into the working folder."""

    name: str | None = option(None, "Write NAME.experiment.json instead of experiment.json.", metavar="NAME")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorCheck:
    """One thing that was looked at, and how to mend it if it isn't well."""

    name: str
    status: Literal["ok", "warning", "failure"]
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DoctorResult:
    """Everything that was looked at."""

    checks: tuple[DoctorCheck, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitResult:
    """The files that were written, relative to the folder; those that existed are left alone."""

    written: tuple[str, ...]
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustResult:
    """What is agreed to from now on: key of the config to value; nothing where the config wants nothing."""

    agreed: dict[str, Any]
