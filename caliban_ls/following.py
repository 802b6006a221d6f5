"""`status`, `logs` and `stop`: jobs of this machine's history, whoever runs them."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

from caliban_ls import models
from caliban_ls.context import Context
from caliban_ls.errors import CalibanError, EngineUnavailable, UsageError
from caliban_ls.records import open_engine, open_history, state_folder_of
from caliban_ls.runtime import owner
from caliban_ls.runtime.base import Engine, JobSpec, JobState
from caliban_ls.runtime.history import Group, History, JobRecord
from caliban_ls.runtime.logs import log_file
from caliban_ls.runtime.orphans import OWNER_DIED
from caliban_ls.shells import find_container

_ANSWER = 64 * 1024  # bytes of a log in one answer

_CHUNK = 256 * 1024  # bytes of a log that are read at once

_LOOK_SECONDS = 0.2  # between two looks at what somebody else does

_OWNER_SECONDS = 10  # that the process of a job may take to see that it was stopped


def status(arguments: models.StatusArguments, context: Context) -> models.StatusResult:
    """Return launches with their jobs, the newest first; of one launch or job when one is named.

    Raises:
        UsageError: there is no such launch or job.
    """
    with open_history(context) as history:
        _find_out_about_the_dead(history, context)
        if arguments.reference is None:
            groups = history.groups(limit=arguments.limit)
            return models.StatusResult(
                groups=tuple(_group(group, history.jobs(group.name)) for group in groups)
            )
        group, jobs = _find(arguments.reference, history)
        return models.StatusResult(groups=(_group(group, jobs),))


def logs(arguments: models.LogsArguments, context: Context) -> models.LogsResult:
    """Return the output of a job, or hand it out as it comes.

    Raises:
        UsageError: there is no such job, or several.
    """
    with open_history(context) as history:
        _, jobs = _find(arguments.job, history)
        if len(jobs) != 1:
            raise UsageError(
                f"{arguments.job} has {len(jobs)} jobs",
                hint=f"Name one of them, {jobs[0].group}/{jobs[0].index} and so on." if jobs else "",
            )
        (job,) = jobs
        path = log_file(state_folder_of(context), job.group, job.index)
        if arguments.follow or context.streams:
            end = _hand_out(job, path, arguments, history, context)
            return models.LogsResult(job=job.job_id, text="", offset=end)
        return _piece(job, path, arguments.offset)


def stop(arguments: models.StopArguments, context: Context) -> models.StopResult:
    """Stop jobs, launches and containers; what has ended already is told, and no error.

    Raises:
        UsageError: something that is named isn't there.
        EngineUnavailable: what runs can't be reached.
    """
    if not arguments.references:
        raise UsageError(
            "Stop what?", hint="Name a job, a group or a container; `caliban status` lists them."
        )
    stopped: list[str] = []
    ended: list[str] = []
    engine = open_engine(context)
    with open_history(context) as history:
        for reference in arguments.references:
            try:
                group, jobs = _find(reference, history)
            except UsageError:
                container = find_container(engine, reference)
                engine.remove(container.id)
                stopped.append(container.name)
                continue
            for job in jobs:
                if job.state.finished:
                    ended.append(job.job_id)
                else:
                    stopped.append(job.job_id)
            _stop_jobs([job for job in jobs if not job.state.finished], group, engine, history)
    return models.StopResult(stopped=tuple(stopped), ended=tuple(ended))


def _stop_jobs(jobs: list[JobRecord], group: Group, engine: Engine, history: History) -> None:
    """Stop jobs that haven't ended: those that wait never start, those that run are ended."""
    for job in jobs:
        history.cancel_job(job.job_id)
    for job in jobs:
        if job.state is JobState.QUEUED:
            history.finish_job(job.job_id, JobState.CANCELLED, error="It was stopped before it started")
    names = {job.job_id for job in jobs}
    alive = group.owner is not None and not owner.is_dead(group.owner)
    deadline = time.monotonic() + (_OWNER_SECONDS if alive else 0)
    while True:
        for container in engine.containers({owner.GROUP: group.name}):
            if container.labels.get(owner.JOB) in names:
                engine.remove(container.id)
        # One that was about to start may have a container only now; its process tells the history of its end.
        going = [job for job in history.jobs(group.name) if job.job_id in names and not job.state.finished]
        if not going or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
    for job in jobs:
        # What its own process wrote stands.
        history.finish_job(job.job_id, JobState.CANCELLED, error="It was stopped")


def _find(reference: str, history: History) -> tuple[Group, list[JobRecord]]:
    """Return a launch and those of its jobs that are meant.

    Raises:
        UsageError: there is neither a launch nor a job of that name.
    """
    group = history.group(reference)
    if group is not None:
        return group, history.jobs(group.name)
    job = history.job(reference)
    group = None if job is None else history.group(job.group)
    if job is None or group is None:
        known = ", ".join(known.name for known in history.groups(limit=3))
        hint = f"The newest launches are {known}." if known else "Nothing has been run here so far."
        raise UsageError(f"There is no job or group {reference}", hint=hint)
    return group, [job]


def _find_out_about_the_dead(history: History, context: Context) -> None:
    """Let the history tell how jobs ended whose process was killed, as far as the engine can be asked."""
    dead = [
        group
        for group in history.unfinished_groups("local")
        if group.owner is not None and owner.is_dead(group.owner)
    ]
    if dead:
        with suppress(EngineUnavailable):
            open_engine(context)


def _group(group: Group, jobs: list[JobRecord]) -> models.StatusGroup:
    lost = group.owner is not None and owner.is_dead(group.owner)
    return models.StatusGroup(
        name=group.name,
        backend=group.backend,
        folder=str(group.folder),
        created=group.created.isoformat(),
        jobs=tuple(_job(job, lost=lost) for job in jobs),
    )


def _job(job: JobRecord, *, lost: bool) -> models.StatusJob:
    unknown = lost and not job.state.finished
    return models.StatusJob(
        job_id=job.job_id,
        index=job.index,
        name=job.name,
        state=JobState.UNKNOWN.value if unknown else job.state.value,
        args=job.args,
        created=job.created.isoformat(),
        exit_code=job.exit_code,
        seconds=job.seconds,
        metrics=dict(job.metrics),
        error=OWNER_DIED if unknown else job.error,
    )


def _piece(job: JobRecord, path: Path, offset: int | None) -> models.LogsResult:
    """Return a piece of a log: its end, or what follows an offset."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - _ANSWER) if offset is None else offset
            file.seek(start)
            data = file.read(_ANSWER)
    except OSError as error:
        raise _no_log(job, error) from error
    return models.LogsResult(job=job.job_id, text=data.decode(errors="replace"), offset=start + len(data))


def _hand_out(
    job: JobRecord, path: Path, arguments: models.LogsArguments, history: History, context: Context
) -> int:
    """Hand out a log to its end, and if it is followed, until its job has ended; return where it ended."""
    spec = JobSpec(index=job.index, job_id=job.job_id, args=job.args)
    position = arguments.offset or 0
    over = not arguments.follow
    while True:
        # The job's end is looked for first: what is read after it is all there is.
        over = over or _is_over(job, history)
        try:
            with path.open("rb") as file:
                file.seek(position)
                while chunk := file.read(_CHUNK):
                    context.cancel.check()
                    position += len(chunk)
                    context.watcher.output(spec, "stdout", chunk)
        except FileNotFoundError as error:
            if over:
                raise _no_log(job, error) from error
        except OSError as error:
            raise _no_log(job, error) from error
        if over:
            return position
        if context.cancel.wait(_LOOK_SECONDS):
            context.cancel.check()


def _is_over(job: JobRecord, history: History) -> bool:
    now = history.job(job.job_id)
    group = history.group(job.group)
    lost = group is not None and group.owner is not None and owner.is_dead(group.owner)
    return now is None or now.state.finished or lost


def _no_log(job: JobRecord, error: OSError) -> CalibanError:
    if isinstance(error, FileNotFoundError):
        why = (
            "It hasn't said anything yet."
            if not job.state.finished
            else "It never ran, or its log was removed."
        )
        return UsageError(f"There is no output of {job.job_id}", hint=why)
    return UsageError(f"The output of {job.job_id} can't be read: {error.strerror or error}")
