"""`run`: a module, or a sweep of it, in local containers, with a record in the history."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeAlias

from caliban_ls import experiment, images, models
from caliban_ls.context import Context, Watcher
from caliban_ls.errors import MissingError, UsageError
from caliban_ls.files import read_experiment, read_project
from caliban_ls.project import Project
from caliban_ls.runtime import local, owner
from caliban_ls.runtime.base import ContainerSpec, Engine, JobResult, JobSpec, JobState, Stream
from caliban_ls.runtime.history import History, job_id_of, launch_name, state_folder, utc_now
from caliban_ls.runtime.orphans import sweep_orphans
from caliban_ls.runtime.recorder import Recorder
from caliban_ls.surroundings import equipped, survey

_AT_MOST = 100_000  # jobs of one local run

_Combinations: TypeAlias = Callable[[], Iterable[tuple[int, dict[str, Any]]]]
"""Makes the numbered combinations of a sweep anew; they are read twice, and never all held."""


def run(arguments: models.RunArguments, context: Context) -> models.RunResult:
    """Run the project's module in local containers: once, or once for each job of a sweep."""
    if arguments.jobs < 1:
        raise UsageError("--jobs takes a number from 1")
    combinations = _combinations(arguments, context)
    title = arguments.name or context.folder.name
    project = read_project(context)
    if arguments.dry_run:
        return _planned(arguments, project, combinations, title, context)
    with _recorder(context) as recorder:
        engine = open_engine(context)
        around = survey(arguments, project, context, engine)
        image = arguments.image_id
        if image is None:
            image = images.ensure(arguments, project, around.mode, context).tag
        me = owner.this_owner()
        group = recorder.begin(title=title, folder=context.folder, image=image, owner=me)
        recorder.planned(group, _jobs(arguments, combinations, group))
        results = _Results(context.watcher, recorder)
        labels = {owner.OWNER: me, owner.PROJECT: str(context.folder)}
        container = ContainerSpec(image=image, args=(), name="", labels=labels)
        sweep = local.Sweep(group=group, container=equipped(container, around))
        jobs = _jobs(arguments, combinations, group)
        local.run_jobs(
            jobs, sweep, engine=engine, at_once=arguments.jobs, watcher=results, cancel=context.cancel
        )
        return models.RunResult(group=group, image=image, jobs=results.in_order())


def _planned(
    arguments: models.RunArguments,
    project: Project,
    combinations: _Combinations,
    title: str,
    context: Context,
) -> models.RunResult:
    """Say what would run. No engine is asked, so the image is the one for a machine without a GPU, unless --gpu."""
    image = arguments.image_id
    if image is None:
        image = images.plan_for(arguments, project, "gpu" if arguments.gpu else "cpu", context).tag
    group = launch_name(title, utc_now())
    planned = tuple(_run_job(job, JobState.PLANNED) for job in _jobs(arguments, combinations, group))
    return models.RunResult(group=group, image=image, jobs=planned)


def _combinations(arguments: models.RunArguments, context: Context) -> _Combinations:
    """Return the combinations that a run is for, each with its 1-based index; without a sweep, an empty one.

    Raises:
        UsageError: there is no such job, or there are more than one local run takes.
    """
    if arguments.experiment_config is None:
        if arguments.index is not None or arguments.block is not None:
            raise UsageError("--index and --block choose from a sweep", hint="Add --experiment_config FILE.")
        return lambda: [(1, {})]
    sweep = read_experiment(arguments.experiment_config, arguments.block, context)
    count = sweep.count or 0
    if arguments.index is not None:
        try:
            chosen = (arguments.index, experiment.combination(sweep, arguments.index))
        except IndexError:
            raise UsageError(f"There is no job {arguments.index}; the sweep has {count}") from None
        return lambda: [chosen]
    if count > _AT_MOST:
        raise UsageError(
            f"{count:,} jobs are more than one local run takes ({_AT_MOST:,})",
            hint="Run a part of it with --block or --index.",
        )
    return lambda: enumerate(experiment.expand(sweep), start=1)


def _jobs(arguments: models.RunArguments, combinations: _Combinations, group: str) -> Iterator[JobSpec]:
    """Yield the jobs of a run: the user's own arguments first, then those of the sweep."""
    for index, parameters in combinations():
        yield JobSpec(
            index=index,
            job_id=job_id_of(group, index),
            args=(*arguments.args, *experiment.arguments(parameters)),
            parameters=parameters,
        )


class _Results:
    """Keeps how each job ended, passing everything on to the face and to the history."""

    def __init__(self, watcher: Watcher, recorder: Recorder) -> None:
        self._watcher = watcher
        self._recorder = recorder
        self._ended: list[JobResult] = []

    def started(self, job: JobSpec) -> None:
        """Pass on that a job starts."""
        self._recorder.started(job)
        self._watcher.started(job)

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Pass on what a job printed."""
        self._watcher.output(job, stream, chunk)

    def finished(self, result: JobResult) -> None:
        """Keep how a job ended."""
        self._ended.append(result)
        self._recorder.finished(result)
        self._watcher.finished(result)

    def in_order(self) -> tuple[models.RunJob, ...]:
        """Return the jobs by their index."""
        ended = sorted(self._ended, key=lambda result: result.job.index)
        return tuple(_run_job(result.job, result.state, result) for result in ended)


def _run_job(job: JobSpec, state: JobState, result: JobResult | None = None) -> models.RunJob:
    planned = models.RunJob(index=job.index, job_id=job.job_id, args=job.args, state=state.value)
    if result is None:
        return planned
    return replace(
        planned,
        exit_code=result.exit_code,
        seconds=None if result.seconds is None else round(result.seconds, 3),
        metrics=dict(result.metrics),
        error=result.error,
    )


@contextmanager
def _recorder(context: Context) -> Iterator[Recorder]:
    """Open the history for the time of a run; without one the run goes on, and the user reads why."""

    def warn(message: str) -> None:
        context.report(message, None)

    folder = _state_folder(context)
    recorder = Recorder(lambda: History(folder, warn=warn, clock=utc_now), warn=warn, clock=utc_now)
    try:
        yield recorder
    finally:
        recorder.close()


def open_engine(context: Context) -> Engine:
    """Open the engine, and clear away what a killed process of ours left on it."""
    engine = context.engine()
    history = None
    with suppress(MissingError):
        history = History(
            _state_folder(context), warn=lambda message: context.report(message, None), clock=utc_now
        )
    try:
        for orphan in sweep_orphans(engine, history):
            context.report(f"Removed {orphan.name}, left by a caliban that was killed", None)
    finally:
        if history is not None:
            history.close()
    return engine


def _state_folder(context: Context) -> Path:
    return state_folder(context.environment, Path.home(), sys.platform)
