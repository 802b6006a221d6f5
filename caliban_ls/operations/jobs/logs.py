"""`logs`: what a job printed, so far or as it comes, on this machine or in the cloud."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from caliban_ls.core.errors import CalibanError, Cancelled, ServiceError, UsageError
from caliban_ls.operations.context.clients import find_identity_for, open_patient, service_for
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD, find_job
from caliban_ls.operations.context.state import open_history, state_folder_of
from caliban_ls.operations.jobs import refresh
from caliban_ls.operations.schemas.jobs import LogsArguments, LogsResult
from caliban_ls.runtime.backends import job_sync
from caliban_ls.runtime.backends.base import Service
from caliban_ls.runtime.google.cloud_logging import PACE, JobLog, Pace, text_of
from caliban_ls.runtime.google.retries import Patience
from caliban_ls.runtime.history.job_logs import log_file
from caliban_ls.runtime.history.records import JobRecord
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec
from caliban_ls.runtime.local import owner

PATIENCE = Patience(whole=120.0)

_ANSWER = 64 * 1024  # bytes of a log in one answer

_CHUNK = 256 * 1024  # bytes of a log that are read at once

_LOOK_SECONDS = 0.2  # between two looks at what somebody else does


def logs(arguments: LogsArguments, context: Context, pace: Pace = PACE) -> LogsResult:
    """Return the output of a job, or hand it out as it comes.

    Raises:
        UsageError: there is no such job, or several.
        ServiceError: its service doesn't give it.
        Cancelled: the user stopped reading; the job goes on.
    """
    try:
        return _logs(arguments, context, pace)
    except Cancelled:
        raise Cancelled(f"No longer reading {arguments.job}; this stopped no job") from None


def _logs(arguments: LogsArguments, context: Context, pace: Pace) -> LogsResult:
    if arguments.offset is not None and arguments.offset < 0:
        raise UsageError("--offset takes a number that isn't negative")
    with open_history(context) as history:
        group, job = find_job(arguments.job, history)
        if group.backend in CLOUD:
            if job.name is None:
                why = "It was never sent." if job.state.finished else f"It is {job.state.value}."
                raise UsageError(f"There is no output of {job.job_id}", hint=why)
            identity = find_identity_for(group, arguments.cloud_key, context)
            with open_patient(identity, context, PATIENCE) as google:
                log = JobLog(google, group.project or "", job.name)
                if not (arguments.follow or context.streams):
                    return _piece_of_cloud(job, log, arguments.offset)
                lines: Iterable[str] = map(text_of, log.entries())
                if arguments.follow:
                    service = service_for(group, google)
                    lines = log.follow(
                        is_over=lambda: _is_over_there(job, service, history),
                        cancel=context.cancel,
                        pace=pace,
                    )
                end = _hand_out_lines(job, lines, arguments.offset or 0, context)
        else:
            path = log_file(state_folder_of(context), job.group, job.index)
            if not (arguments.follow or context.streams):
                return _piece(job, path, arguments.offset, history)
            end = _hand_out(job, path, arguments, history, context)
    return LogsResult(job=job.job_id, text="", offset=end)


def _hand_out_lines(job: JobRecord, lines: Iterable[str], offset: int, context: Context) -> int:
    """Hand out what comes behind an offset; return where it ended."""
    spec = JobSpec(index=job.index, job_id=job.job_id, args=job.args)
    position = 0
    for line in lines:
        context.cancel.check()
        data = line.encode(errors="replace")
        # What was read before is counted and passed over: the service knows no bytes.
        rest = data[max(0, offset - position) :]
        position += len(data)
        if rest:
            context.listener.output(spec, "stdout", rest)
    return max(position, offset)


def _piece_of_cloud(job: JobRecord, log: JobLog, offset: int | None) -> LogsResult:
    """Return a piece of a log: its end, or what follows an offset."""
    held = bytearray()
    position = 0
    for entry in log.entries():
        data = text_of(entry).encode(errors="replace")
        held += data[max(0, (offset or 0) - position) :]
        position += len(data)
        if offset is not None and len(held) > _ANSWER:
            position = offset + _ANSWER
            break
        if offset is None and len(held) > 2 * _ANSWER:
            del held[:-_ANSWER]
    piece = bytes(held[-_ANSWER:] if offset is None else held[:_ANSWER])
    return LogsResult(job=job.job_id, text=piece.decode(errors="replace"), offset=max(position, offset or 0))


def _is_over_there(job: JobRecord, service: Service, history: History) -> bool:
    """Return whether a job has ended or is gone, asking its service as long as the history doesn't know."""
    if waiting := job_sync.open_jobs(history, job.group, job.job_id):
        # Not to be told of the job's end is no reason to stop reading what it prints.
        with suppress(ServiceError):
            refresh.write(refresh.ask(waiting, job.group, service), history)
    now = history.jobs.find(job.job_id)
    return now is None or now.state.finished or now.gone is not None


def _piece(job: JobRecord, path: Path, offset: int | None, history: History) -> LogsResult:
    """Return a piece of a log: its end, or what follows an offset."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - _ANSWER) if offset is None else offset
            file.seek(start)
            data = file.read(_ANSWER)
    except OSError as error:
        raise _no_log(job, error, history) from error
    return LogsResult(job=job.job_id, text=data.decode(errors="replace"), offset=start + len(data))


def _hand_out(
    job: JobRecord, path: Path, arguments: LogsArguments, history: History, context: Context
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
                    context.listener.output(spec, "stdout", chunk)
        except FileNotFoundError as error:
            if over:
                raise _no_log(job, error, history) from error
        except OSError as error:
            raise _no_log(job, error, history) from error
        if over:
            return position
        if context.cancel.wait(_LOOK_SECONDS):
            context.cancel.check()


def _is_over(job: JobRecord, history: History) -> bool:
    now = history.jobs.find(job.job_id)
    return now is None or now.state.finished or _is_lost(job, history)


def _is_lost(job: JobRecord, history: History) -> bool:
    """Return whether the process that ran a job has died, so that no more output comes."""
    group = history.groups.find(job.group)
    return group is not None and group.owner is not None and owner.is_dead(group.owner)


def _no_log(job: JobRecord, error: OSError, history: History) -> CalibanError:
    if isinstance(error, FileNotFoundError):
        if job.state.finished:
            why = "It never ran, or its log was removed."
        elif _is_lost(job, history):
            why = "The process that ran it was killed before the job printed anything."
        else:
            why = "It hasn't said anything yet."
        return UsageError(f"There is no output of {job.job_id}", hint=why)
    return UsageError(f"The output of {job.job_id} can't be read: {error.strerror or error}")
