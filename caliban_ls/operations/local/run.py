"""`run`: a module, or a sweep of it, in local containers, with a record in the history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.rules.overrides import read_force
from caliban_ls.core.errors import Cancelled, UsageError
from caliban_ls.operations.context.context import Context, JobListener
from caliban_ls.operations.context.handover import is_background, read_jobs, send_name
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.context.launch_details import details_of
from caliban_ls.operations.context.selected_jobs import Work, jobs_of, work_of
from caliban_ls.operations.context.state import open_engine, open_history, state_folder_of
from caliban_ls.operations.context.which_module import module_of, unused_config
from caliban_ls.operations.local import background, rerun
from caliban_ls.operations.local import image as project_image
from caliban_ls.operations.local.container_options import Surroundings, equipped, survey
from caliban_ls.operations.local.failed_jobs import find_failed_jobs
from caliban_ls.operations.schemas import containers
from caliban_ls.runtime.docker.gpus import ALL_BY_CDI
from caliban_ls.runtime.engine import ContainerSpec, Engine
from caliban_ls.runtime.history.job_logs import JobLogs
from caliban_ls.runtime.history.masking import masked_args
from caliban_ls.runtime.history.recorder import Recorder
from caliban_ls.runtime.history.records import launch_name, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobResult, JobSpec, JobState, Stream
from caliban_ls.runtime.local import owner, runner


def run(arguments: containers.RunArguments, context: Context) -> containers.RunResult:
    """Run the project's module in local containers: once, or once for each job of a sweep."""
    read_force(arguments.force, ("CAL5",))
    if arguments.jobs < 1:
        raise UsageError("--jobs takes a number from 1")
    if arguments.job is not None:
        arguments, context = rerun.here(arguments, context)
    background_run = is_background(context.environment)
    if background_run:
        context = replace(context, listener=JobListener())  # no terminal shows it; the logs are kept
    project = read_project(context)
    if background_run:
        total, work = read_jobs(context)
    else:
        total, work, overridden = work_of(arguments, project, context)
        for line in overridden:
            context.report(line, None)
    if arguments.rerun_failed:
        given = work if arguments.experiment_config else None
        failed = find_failed_jobs(arguments.name, given, context)
        total, work = failed.total, failed.work
        if not total:
            return containers.RunResult(group=failed.group.name, image="", jobs=())
        arguments = rerun.as_before(arguments, failed.group)
    if arguments.image_id is None and not background_run:
        module_of(arguments, project, context)  # before an engine is needed
    for line in unused_config(arguments.experiment_config, context):
        context.report(line, None)
    title = arguments.name or context.folder.name
    if arguments.dry_run:
        return _planned(arguments, project, work, title, context)
    if arguments.detach:
        return _detached(arguments, project, work, title, context)
    with _recorder(context) as recorder:
        engine = open_engine(context)
        around = survey(arguments, project, context, engine)
        image = _image(arguments, project, around, engine, context)
        me = owner.this_owner()
        group = recorder.begin(
            title=title,
            folder=context.folder,
            image=image,
            owner=me,
            details=details_of(arguments, project),
        )
        recorder.planned(group, jobs_of(work, group))
        send_name(group, context.environment)
        logs = JobLogs(state_folder_of(context), group, warn=lambda line: context.report(line, None))
        results = _Results(context, recorder, logs, total)
        labels = {owner.OWNER: me, owner.PROJECT: str(context.folder)}
        container = ContainerSpec(image=image, args=(), name="", labels=labels)
        at_once = min(arguments.jobs, total)
        sweep = runner.Sweep(
            group=group, container=equipped(container, around), gpus=_to_share(around, at_once, context)
        )
        try:
            runner.run_jobs(
                jobs_of(work, group),
                sweep,
                engine=engine,
                at_once=at_once,
                watcher=results,
                cancel=context.cancel,
            )
        except Cancelled:
            raise Cancelled(
                f"{group} was stopped: {results.summary()}",
                hint=f"`caliban run --rerun_failed --name {group}` runs the jobs that didn't succeed.",
            ) from None
        return containers.RunResult(group=group, image=image, jobs=results.in_order())


def _image(
    arguments: containers.RunArguments,
    project: Project,
    around: Surroundings,
    engine: Engine,
    context: Context,
) -> str:
    if arguments.image_id is not None:
        return project_image.given(arguments.image_id, engine)
    return project_image.ensure(arguments, project, around.mode, context).tag


def _to_share(around: Surroundings, at_once: int, context: Context) -> tuple[str, ...]:
    """Return the GPUs that jobs share which run at once; a job that runs alone has all of them."""
    gpus = around.gpus if isinstance(around.gpus, tuple) else ()
    if at_once == 1 or not gpus or gpus == (ALL_BY_CDI,):
        return ()
    if at_once > len(gpus):
        context.report(f"{at_once} jobs at once share {len(gpus)} GPUs", None)
    return gpus


def _planned(
    arguments: containers.RunArguments, project: Project, work: Work, title: str, context: Context
) -> containers.RunResult:
    """Say what would run. No engine is asked, so the image is the one for a machine without a GPU, unless --gpu."""
    image = arguments.image_id
    if image is None:
        image = project_image.plan_for(arguments, project, "gpu" if arguments.gpu else "cpu", context).tag
    group = launch_name(title, utc_now())
    planned = tuple(_run_job(job, JobState.PLANNED) for job in jobs_of(work, group))
    return containers.RunResult(group=group, image=image, jobs=planned)


def _detached(
    arguments: containers.RunArguments, project: Project, work: Work, title: str, context: Context
) -> containers.RunResult:
    """Have a process of its own run the jobs, and return once it has written them down."""
    engine = open_engine(context)
    around = survey(arguments, project, context, engine)
    image = _image(arguments, project, around, engine, context)
    group = background.launch(
        work=work,
        image=image,
        title=title,
        gpu=bool(around.gpus),
        jobs=arguments.jobs,
        docker_run_args=arguments.docker_run_args,
        context=context,
    )
    with open_history(context) as history:
        history.groups.describe(group, details_of(arguments, project))
    queued = tuple(_run_job(job, JobState.QUEUED) for job in jobs_of(work, group))
    return containers.RunResult(group=group, image=image, jobs=queued)


class _Results:
    """Keeps how each job ended, passing everything on to the face, to the history and to the logs."""

    def __init__(self, context: Context, recorder: Recorder, logs: JobLogs, total: int) -> None:
        self._context = context
        self._watcher: JobListener = context.listener
        self._recorder = recorder
        self._logs = logs
        self._total = total
        self._running = 0
        self._ended: list[JobResult] = []

    def may_start(self, job: JobSpec) -> bool:
        """Return whether a job may start: the user hasn't stopped it before its turn."""
        return self._recorder.may_start(job)

    def started(self, job: JobSpec) -> None:
        """Pass on that a job starts."""
        self._running += 1
        self._watcher.started(job)

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Pass on what a job printed."""
        self._logs.write(job.index, chunk)
        self._watcher.output(job, stream, chunk)

    def finished(self, result: JobResult) -> None:
        """Keep how a job ended; one that the user stopped didn't fail."""
        self._logs.finish(result.job.index)
        self._running -= result.exit_code is not None or result.seconds is not None
        stopped = self._recorder.state_of(result.job.job_id) in {JobState.CANCELLING, JobState.CANCELLED}
        if stopped and result.state is JobState.FAILED:
            result = replace(result, state=JobState.CANCELLED, error="It was stopped")
        self._ended.append(result)
        self._recorder.finished(result)
        self._watcher.finished(result)
        if self._total > 1:
            failed = sum(ended.state is JobState.FAILED for ended in self._ended)
            said = f"{len(self._ended)} of {self._total} jobs done, {self._running} running, {failed} failed"
            self._context.report(said, len(self._ended) / self._total)

    def summary(self) -> str:
        """Return how many jobs ended in which state."""
        counts = Counter(result.state.value for result in self._ended)
        return ", ".join(f"{count:,} {state}" for state, count in counts.items())

    def in_order(self) -> tuple[containers.RunJob, ...]:
        """Return the jobs by their index."""
        ended = sorted(self._ended, key=lambda result: result.job.index)
        return tuple(_run_job(result.job, result.state, result) for result in ended)


def _run_job(job: JobSpec, state: JobState, result: JobResult | None = None) -> containers.RunJob:
    args = masked_args(job.args)
    planned = containers.RunJob(index=job.index, job_id=job.job_id, args=args, state=state.value)
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

    folder = state_folder_of(context)
    recorder = Recorder(lambda: History(folder, warn=warn, clock=utc_now), warn=warn, clock=utc_now)
    try:
        yield recorder
    finally:
        recorder.close()
