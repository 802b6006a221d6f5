"""Select the jobs of a command: a single one, or those of a sweep or of a part of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import starmap
from typing import Any, Protocol, TypeAlias

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.core.errors import UsageError
from caliban_ls.core.text import spoken_number
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import experiment_text, sweep_of
from caliban_ls.operations.context.script_errors import LaunchArguments, refuse_mistakes
from caliban_ls.runtime.history.records import job_id_of
from caliban_ls.runtime.jobs import JobSpec

_AT_MOST = 100_000  # jobs of one launch

Work: TypeAlias = Callable[[], Iterable[tuple[int, tuple[str, ...], dict[str, Any]]]]
"""Yields the jobs of a launch: index, arguments, parameters. It is called twice, so that they need not all be in memory."""


class SweepArguments(LaunchArguments, Protocol):
    """The arguments that `run` and `cloud` share."""

    @property
    def index(self) -> int | None:
        """The one combination to run."""

    @property
    def block(self) -> str | None:
        """JSON pointer of the one block to run."""


def work_of(
    arguments: SweepArguments, project: Project, context: Context
) -> tuple[int, Work, tuple[str, ...]]:
    """Return how many jobs a launch has, what yields them, and the findings that `--force` overrides, a sentence each.

    Raises:
        UsageError: there is no such job, or there are more than one launch takes.
        InvalidDocument: the sweep has errors, or its script would stop at what it sets.
    """

    def job(index: int, parameters: dict[str, Any]) -> tuple[int, tuple[str, ...], dict[str, Any]]:
        # The user's own arguments come first, then those of the sweep.
        return index, (*arguments.args, *sweeps.arguments(parameters)), parameters

    if arguments.experiment_config is None:
        if arguments.index is not None or arguments.block is not None:
            raise UsageError("--index and --block choose from a sweep", hint="Add --experiment_config FILE.")
        return 1, lambda: [job(1, {})], ()
    document = jsondoc.parse(experiment_text(arguments.experiment_config, context))
    sweep = sweep_of(arguments.experiment_config, document, arguments.block)
    count = sweep.count or 0
    if arguments.index is not None:
        try:
            chosen = job(arguments.index, sweeps.combination(sweep, arguments.index))
        except IndexError:
            raise UsageError(f"There is no job {arguments.index}; the sweep has {count}") from None
        sweep = _around(sweep, arguments.index)
        return 1, lambda: [chosen], refuse_mistakes(arguments, project, document, sweep, context)
    if count > _AT_MOST:
        raise UsageError(
            f"{spoken_number(count)} jobs are more than one launch takes ({_AT_MOST:,})",
            hint="Run a part of it with --block or --index.",
        )
    overridden = refuse_mistakes(arguments, project, document, sweep, context)
    return count, lambda: starmap(job, enumerate(sweeps.expand(sweep), start=1)), overridden


def _around(sweep: sweeps.Experiment, index: int) -> sweeps.Experiment:
    """Return a sweep of the one block that has this job."""
    before = 0
    for block in sweep.blocks:
        before += block.count or 0
        if index <= before:
            return sweeps.Experiment((block,), block.count, ())
    return sweep


def jobs_of(work: Work, group: str) -> Iterator[JobSpec]:
    """Yield the jobs of a launch."""
    for index, args, parameters in work():
        yield JobSpec(index=index, job_id=job_id_of(group, index), args=args, parameters=parameters)
