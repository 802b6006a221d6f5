"""Estimate a submission's hardware, price and limits from flags, environment, project config and settings.

The first of these that has a value decides, otherwise a default. Code lenses, hovers, checks and plans all use
this estimate, so that they agree. Pure: the environment is an argument.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from caliban_ls.analysis.backend_names import backend_named
from caliban_ls.analysis.config.project import Limits, Project
from caliban_ls.analysis.config.settings import Defaults, Settings, UserLimits
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.overrides import both, read_force
from caliban_ls.core.errors import UsageError

if TYPE_CHECKING:
    from caliban_ls.analysis.hardware import Accelerator, HardwareChoice, Kind, Mode, Price, Request
    from caliban_ls.analysis.rules.overrides import Force

_Number = TypeVar("_Number", int, float)

MAX_JOBS = 100
"""The most jobs of one submission, where no limit is set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HardwareFlags:
    """The flags of a submission that choose its hardware, named as on the command line; by default none is given."""

    gpu: bool = False
    nogpu: bool = False
    gpu_spec: str | None = None
    tpu_spec: str | None = None
    backend: str | None = None
    region: str | None = None
    machine_type: str | None = None
    spot: bool = False
    flex_start: bool = False
    force: Force = False


@dataclass(frozen=True, eq=False)
class CostEstimate:
    """The hardware, price and limits of a project's submissions without any flag. Looked up at the first use.

    Attributes:
        project: its config.
        settings: the user's.
        environment: the process's variables.
    """

    project: Project = field(default_factory=Project)
    settings: Settings = field(default_factory=Settings)
    environment: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def request(self) -> Request | None:
        """The hardware that is asked for, None where a value can't be read."""
        try:
            return request_of(HardwareFlags(), self.project, self.settings.defaults, self.environment)
        except UsageError:
            return None

    @cached_property
    def choice(self) -> HardwareChoice | None:
        """The hardware that each job would run on, None where it isn't available."""
        from caliban_ls.analysis import hardware

        if self.request is None or any(
            problem.severity is Severity.ERROR for problem in hardware.check_request(self.request)
        ):
            return None
        return hardware.resolve(self.request)

    @cached_property
    def price(self) -> Price | None:
        """The price of one job, None if it isn't known."""
        from caliban_ls.analysis import hardware

        return hardware.price(self.choice) if self.choice is not None else None

    @property
    def hourly(self) -> float | None:
        """The cost of one job in US dollars an hour, None if it isn't known."""
        cost = self.price.effective if self.price is not None else None
        return None if cost is None else cost.total

    def cost_of(self, count: int) -> float | None:
        """Return the cost of several jobs at once in US dollars an hour; infinite beyond floats, None if not known."""
        if self.hourly is None:
            return None
        try:
            return self.hourly * count
        except OverflowError:
            return math.inf

    @property
    def limits(self) -> Limits:
        """The lower of each limit in the settings and the project config, None where neither has one."""
        return lower_limits(self.settings.limits, self.project.limits)

    @property
    def most_jobs(self) -> int:
        """The most jobs of one submission, without a flag that sets another limit."""
        return jobs_allowed(self.settings.limits, self.project.limits)


def request_of(
    flags: HardwareFlags, project: Project, defaults: Defaults, environment: Mapping[str, str]
) -> Request:
    """Return the hardware that is asked for: each part from the first of flags, environment, config and settings.

    Args:
        flags: the flags of the command.
        project: the project's config.
        defaults: from the user's settings.
        environment: the process's variables.

    Raises:
        UsageError: flags exclude each other, or a value can't be read.
    """
    from caliban_ls.analysis.hardware import Request

    cloud = project.cloud
    if flags.gpu and flags.nogpu:
        raise UsageError("--gpu and --nogpu exclude each other")
    if flags.nogpu and flags.gpu_spec is not None:
        raise UsageError("--nogpu and --gpu_spec exclude each other", hint="Leave one of the two out.")
    wants_gpu = flags.gpu or flags.gpu_spec is not None
    mode: Mode | None = "gpu" if wants_gpu else "cpu" if flags.nogpu else project.default_mode
    # A spec of one kind in a flag replaces a spec of the other kind in the config.
    is_given = flags.gpu_spec is not None or flags.tpu_spec is not None
    gpu = flags.gpu_spec if is_given else None if flags.nogpu else cloud.gpu_spec
    tpu = flags.tpu_spec if is_given else cloud.tpu_spec
    if not is_given and gpu is None and tpu is None and mode != "cpu":
        gpu = defaults.gpu_spec
    backend = flags.backend or cloud.backend or defaults.backend
    return Request(
        backend=None if backend is None else backend_named(backend),
        region=flags.region or environment.get("REGION") or cloud.region or defaults.region,
        machine_type=flags.machine_type or cloud.machine_type or defaults.machine_type,
        gpu_spec=_accelerator(gpu, "gpu"),
        tpu_spec=_accelerator(tpu, "tpu"),
        spot=flags.spot or cloud.spot,
        flex_start=flags.flex_start or cloud.flex_start,
        mode=mode,
        force=both(read_force(flags.force), cloud.force),
    )


def lower_limits(own: UserLimits, theirs: Limits) -> Limits:
    """Return a user's limits, lowered but never raised by a project's; None where neither has one."""
    return Limits(
        max_jobs=_lower(own.max_jobs, theirs.max_jobs),
        max_cost_per_hour=_lower(own.max_cost_per_hour, theirs.max_cost_per_hour),
    )


def jobs_allowed(own: UserLimits, theirs: Limits) -> int:
    """Return the most jobs of a submission; a project's limit can lower the default but not raise it."""
    allowed = MAX_JOBS if own.max_jobs is None else own.max_jobs
    return allowed if theirs.max_jobs is None else min(allowed, theirs.max_jobs)


def _lower(own: _Number | None, theirs: _Number | None) -> _Number | None:
    known = [limit for limit in (own, theirs) if limit is not None]
    return min(known) if known else None


def _accelerator(text: str | None, kind: Kind) -> Accelerator | None:
    from caliban_ls.analysis import hardware

    if text is None:
        return None
    read = hardware.parse_spec(text, kind)
    if isinstance(read, hardware.SpecProblem):
        raise UsageError(
            f"--{kind}_spec {text}: {read.message}", hint="Write NUMxTYPE, such as 2xT4 or 8xV3."
        )
    return read.accelerator
