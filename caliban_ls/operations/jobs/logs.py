"""`logs`: show a job's output, so far or as it comes, on this machine or in the cloud."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from caliban_ls.core.errors import CalibanError, Cancelled, ServiceError, UsageError
from caliban_ls.operations.context.clients import find_identity_for, job_client_for, open_retrying_client
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD, find_job, is_lost
from caliban_ls.operations.context.state import open_history, state_folder_of
from caliban_ls.operations.jobs import refresh
from caliban_ls.operations.schemas.jobs import LogsArguments, LogsResult
from caliban_ls.runtime.backends import job_sync
from caliban_ls.runtime.backends.backend import JobClient
from caliban_ls.runtime.google.cloud_logging import PACE, JobLog, Pace, text_of
from caliban_ls.runtime.google.retries import Patience
from caliban_ls.runtime.history.job_logs import log_file
from caliban_ls.runtime.history.records import JobGroup, JobRecord
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec

PATIENCE = Patience(whole=120.0)

_ANSWER = 64 * 1024  # bytes of a log in one answer

_CHUNK = 256 * 1024  # bytes of a log that are read at once

_LOOK_SECONDS = 0.2  # between two looks at the log file and the history


def logs(arguments: LogsArguments, context: Context, pace: Pace = PACE) -> LogsResult:
    """Return a piece of a job's output, or pass all of it to the listener, until the job ends if it is followed.

    Raises:
        UsageError: there is no such job, or the reference names several.
        ServiceError: the service of a cloud job doesn't give its output.
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
            text, end = _cloud_output(group, job, arguments, history, context, pace=pace)
        else:
            text, end = _local_output(job, arguments, history, context)
    return LogsResult(job=job.job_id, text=text, offset=end)


def _cloud_output(
    group: JobGroup,
    job: JobRecord,
    arguments: LogsArguments,
    history: History,
    context: Context,
    *,
    pace: Pace,
) -> tuple[str, int]:
    """Return a piece of a cloud job's output and where it ends; no text where all went to the listener."""
    if job.name is None:
        why = "It was never sent." if job.state.finished else f"It is {job.state.value}."
        raise UsageError(f"There is no output of {job.job_id}", hint=why)
    identity = find_identity_for(group, arguments.cloud_key, context)
    with open_retrying_client(identity, context, PATIENCE) as google:
        log = JobLog(google, group.project or "", job.name)
        if not (arguments.follow or context.streams):
            return _piece_of_cloud(log, arguments.offset)
        lines: Iterable[str] = map(text_of, log.entries())
        if arguments.follow:
            service = job_client_for(group, google)
            lines = log.follow(
                is_over=lambda: _has_cloud_job_ended(job, service, history), cancel=context.cancel, pace=pace
            )
        return "", _pass_on_lines(job, lines, arguments.offset or 0, context)


def _local_output(
    job: JobRecord, arguments: LogsArguments, history: History, context: Context
) -> tuple[str, int]:
    """Return a piece of a local job's output and where it ends; no text where all went to the listener."""
    path = log_file(state_folder_of(context), job.group, job.index)
    if arguments.follow or context.streams:
        return "", _pass_on(job, path, arguments, history, context)
    return _piece(job, path, arguments.offset, history)


def _pass_on_lines(job: JobRecord, lines: Iterable[str], offset: int, context: Context) -> int:
    """Pass on the output behind an offset; return where it ended."""
    spec = JobSpec(index=job.index, job_id=job.job_id, args=job.args)
    position = 0
    for line in lines:
        context.cancel.check()
        data = line.encode(errors="replace")
        # The service knows no byte offsets, so that the lines before the offset are read and counted.
        rest = data[max(0, offset - position) :]
        position += len(data)
        if rest:
            context.listener.output(spec, "stdout", rest)
    return max(position, offset)


def _piece_of_cloud(log: JobLog, offset: int | None) -> tuple[str, int]:
    """Return the end of a log, or a piece from an offset on, and where it ends."""
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
    return piece.decode(errors="replace"), max(position, offset or 0)


def _has_cloud_job_ended(job: JobRecord, service: JobClient, history: History) -> bool:
    """Return whether a job has ended or is gone, asking its service as long as the history doesn't know."""
    if waiting := job_sync.open_jobs(history, job.group, job.job_id):
        # Reading the output goes on when the job's state can't be read.
        with suppress(ServiceError):
            refresh.write(refresh.ask(waiting, job.group, service), history)
    now = history.jobs.find(job.job_id)
    return now is None or now.state.finished or now.gone is not None


def _piece(job: JobRecord, path: Path, offset: int | None, history: History) -> tuple[str, int]:
    """Return the end of a log, or a piece from an offset on, and where it ends."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            start = max(0, size - _ANSWER) if offset is None else offset
            file.seek(start)
            data = file.read(_ANSWER)
    except OSError as error:
        raise _no_log(job, error, history) from error
    return data.decode(errors="replace"), start + len(data)


def _pass_on(job: JobRecord, path: Path, arguments: LogsArguments, history: History, context: Context) -> int:
    """Pass on a log to its end, and if it is followed, until its job has ended; return where it ended."""
    spec = JobSpec(index=job.index, job_id=job.job_id, args=job.args)
    position = arguments.offset or 0
    over = not arguments.follow
    while True:
        # Look for the job's end before reading: after its end the log is whole.
        over = over or _has_ended(job, history)
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


def _has_ended(job: JobRecord, history: History) -> bool:
    now = history.jobs.find(job.job_id)
    return now is None or now.state.finished or _is_lost(job, history)


def _is_lost(job: JobRecord, history: History) -> bool:
    """Return whether the process that ran a job has died, so that no more output comes."""
    group = history.groups.find(job.group)
    return group is not None and is_lost(group)


def _no_log(job: JobRecord, error: OSError, history: History) -> CalibanError:
    if isinstance(error, FileNotFoundError):
        if job.state.finished:
            why = "It never ran, or its log was removed."
        elif _is_lost(job, history):
            why = "The process that ran it was killed before the job printed anything."
        else:
            why = "It hasn't printed anything yet."
        return UsageError(f"There is no output of {job.job_id}", hint=why)
    return UsageError(f"The output of {job.job_id} can't be read: {error.strerror or error}")
