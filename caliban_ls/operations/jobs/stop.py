"""`stop`: end jobs, launches and containers, wherever they run.

Stopping a local job removes its container. A cloud job that isn't sent yet never is; one that runs is cancelled at its
service; and `stop` waits for one whose request got no answer, so that it doesn't run unnoticed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus

from caliban_ls.core.errors import CalibanError, Cancelled, EngineUnavailable, NotConfirmed, UsageError
from caliban_ls.operations.context.clients import find_identity_for, job_client_for, open_retrying_client
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD, find_jobs
from caliban_ls.operations.context.state import open_engine, open_history
from caliban_ls.operations.jobs import refresh
from caliban_ls.operations.local.shell import find_container
from caliban_ls.operations.schemas.jobs import StopArguments, StopFailure, StopResult
from caliban_ls.runtime.backends import job_sync, submitter
from caliban_ls.runtime.backends.backend import JobClient
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.google.errors import Refused
from caliban_ls.runtime.google.retries import Patience, each
from caliban_ls.runtime.history.cloud_jobs import OpenJob
from caliban_ls.runtime.history.records import JobGroup, JobRecord, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState
from caliban_ls.runtime.local import owner

PATIENCE = Patience(whole=180.0)

_LOOK_SECONDS = 0.2  # between two looks at containers and the history

_ASK_SECONDS = 2.0  # between two requests to a service

_OWNER_SECONDS = 10  # for the process of a local job to notice that it was stopped


@dataclass(slots=True)
class _Selection:
    """The jobs to stop, by the name of their launch, and the containers."""

    groups: dict[str, JobGroup] = field(default_factory=dict)
    jobs: dict[str, dict[str, JobRecord]] = field(default_factory=dict)
    containers: list[str] = field(default_factory=list)

    def add(self, group: JobGroup, jobs: Collection[JobRecord]) -> None:
        """Add jobs of a launch; one that is named twice counts once."""
        self.groups[group.name] = group
        self.jobs.setdefault(group.name, {}).update((job.job_id, job) for job in jobs)

    def unfinished(self, *, cloud: bool) -> list[JobRecord]:
        """Return the jobs that haven't ended, of Google's services or of this machine."""
        return [
            job
            for name, jobs in self.jobs.items()
            if (self.groups[name].backend in CLOUD) == cloud
            for job in jobs.values()
            if not job.state.finished
        ]


@dataclass(slots=True)
class _StopOutcome:
    """How stopping ended, by job id or container name; `failed` has the reasons."""

    stopped: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, part: _StopOutcome) -> None:
        """Add the outcome of some of the jobs."""
        self.stopped += part.stopped
        self.ended += part.ended
        self.failed |= part.failed


@dataclass(frozen=True, slots=True)
class _CloudStop:
    """Stopping jobs of one launch in the cloud."""

    group: JobGroup
    service: JobClient
    history: History
    context: Context
    done: _StopOutcome

    def open(self, job_ids: Collection[str]) -> list[OpenJob]:
        """Return those of the jobs whose end isn't known."""
        return _open(job_ids, self.group, self.history)

    def ask(self, jobs: Collection[OpenJob]) -> refresh.ServiceReport:
        """Ask the service about jobs, write its report to the history, and return it."""
        report = refresh.ask(jobs, self.group.name, self.service)
        refresh.write(report, self.history)
        return report


def stop(arguments: StopArguments, context: Context) -> StopResult:
    """Stop jobs, launches and containers. A job that has ended already is listed as such, and is no error.

    Raises:
        UsageError: a job, group or container that is named doesn't exist.
        NotConfirmed: the user said no.
        EngineUnavailable: no engine answers, so that no local job can be stopped.
        MissingError: there are no credentials to stop cloud jobs with.
    """
    if bool(arguments.references) == arguments.all:
        raise UsageError(
            "Stop what?",
            hint="Name jobs, groups or containers; `caliban status` lists them. --all alone means all jobs.",
        )
    done = _StopOutcome()
    failure: CalibanError | None = None
    with open_history(context) as history:
        chosen = _choose(arguments, history)
        engine, containers = None, []
        if chosen.containers or chosen.unfinished(cloud=False):
            try:
                engine = context.engine()  # not swept yet: what a killed process left can be named, too
                containers = [find_container(engine, reference) for reference in chosen.containers]
            except EngineUnavailable as error:
                # Cloud jobs are stopped all the same.
                if not chosen.unfinished(cloud=True):
                    raise
                failure = error
                done.failed |= {reference: str(error) for reference in chosen.containers}
        _confirm(chosen, arguments, context)
        if engine is not None:
            for container in containers:
                engine.remove(container.id)
                done.stopped.append(container.name)
        for name, group in chosen.groups.items():
            jobs = list(chosen.jobs[name].values())
            done.ended += [job.job_id for job in jobs if job.state.finished]
            going = [job for job in jobs if not job.state.finished]
            try:
                if not going:
                    continue
                if group.backend in CLOUD:
                    part = _stop_cloud(going, group, history, arguments.cloud_key, context)
                else:
                    part = _stop_local(going, group, open_engine(context), history)
            except Cancelled:
                raise
            except CalibanError as error:
                # The other launches are stopped all the same.
                failure = failure or error
                part = _so_far(going, str(error), history)
            done.add(part)
        if failure is not None and not done.stopped:
            raise failure
    return StopResult(
        stopped=tuple(done.stopped),
        ended=tuple(done.ended),
        failed=tuple(StopFailure(job=job, error=why) for job, why in done.failed.items()),
    )


def _so_far(jobs: Collection[JobRecord], why: str, history: History) -> _StopOutcome:
    """Return the outcome of jobs when stopping them failed midway."""
    done = _StopOutcome()
    for job in jobs:
        if history.jobs.state_of(job.job_id) is JobState.CANCELLED:
            done.stopped.append(job.job_id)
        else:
            done.failed[job.job_id] = why
    return done


def _choose(arguments: StopArguments, history: History) -> _Selection:
    chosen = _Selection()
    if arguments.all:
        for backend in ("local", *CLOUD):
            for group in history.groups.unfinished(backend):
                chosen.add(group, [job for job in history.jobs.of(group.name) if not job.state.finished])
        return chosen
    for reference in arguments.references:
        try:
            chosen.add(*find_jobs(reference, history))
        except UsageError:
            chosen.containers.append(reference)
    return chosen


def _confirm(chosen: _Selection, arguments: StopArguments, context: Context) -> None:
    """Ask the user before stopping jobs in the cloud, or all jobs.

    Where the user can't be asked, jobs that are named are stopped, since a job that goes on costs money; `--all` isn't.

    Raises:
        NotConfirmed: the user said no.
    """
    cloud = len(chosen.unfinished(cloud=True))
    here = len(chosen.unfinished(cloud=False)) if arguments.all else 0
    if arguments.yes or context.confirmed or not cloud + here:
        return
    if not context.can_ask and not arguments.all:
        return
    groups = ", ".join(list(chosen.groups)[:3]) + (" and others" if len(chosen.groups) > 3 else "")  # noqa: PLR2004
    count = "1 job" if cloud + here == 1 else f"{cloud + here:,} jobs"
    if not context.ask(
        f"{count} of {groups} would be stopped, and can't be taken up again.", f"Stop {count}"
    ):
        raise NotConfirmed("Nothing was stopped: you didn't confirm it", hint="--yes confirms.")


def _stop_cloud(
    jobs: list[JobRecord], group: JobGroup, history: History, cloud_key: str | None, context: Context
) -> _StopOutcome:
    """Stop jobs of a launch in the cloud."""
    done = _StopOutcome()
    journal = Journal(history)
    ids = {job.job_id for job in jobs}
    doubtful = journal.take_out(ids, utc_now())
    journal.forget(group.name)
    over: set[str] = set()
    going = _open(ids, group, history)
    if going:
        with open_retrying_client(find_identity_for(group, cloud_key, context), context, PATIENCE) as google:
            there = _CloudStop(group, job_client_for(group, google), history, context, done)
            report = _cancel(going, there)
            # The process that sends may have ended jobs in doubt a moment ago; those count as stopped.
            over = {job_id for job_id, remote in report.found.items() if remote.state.finished} - doubtful
            doubtful -= report.known
            if doubtful:
                _wait_for_doubtful(doubtful, journal, there)
            # Ask once more about those that had ended by themselves, and those that ended at once.
            if left := there.open(ids):
                _ask_quietly(lambda: there.ask(left), context)
    for job in history.jobs.of(group.name):
        if job.job_id not in ids or job.job_id in done.failed:
            continue
        if job.gone and not job.state.finished:
            history.jobs.finish(
                job.job_id, JobState.CANCELLED, error="Google no longer knew it when it was stopped"
            )
        ended = (
            job.job_id in over or job.gone is not None or job.state in {JobState.SUCCEEDED, JobState.FAILED}
        )
        (done.ended if ended else done.stopped).append(job.job_id)
    return done


def _open(job_ids: Collection[str], group: JobGroup, history: History) -> list[OpenJob]:
    """Return those of the jobs whose end isn't known."""
    return [job for job in job_sync.open_jobs(history, group.name) if job.job_id in job_ids]


def _cancel(jobs: Collection[OpenJob], there: _CloudStop) -> refresh.ServiceReport:
    """Cancel at a service those jobs that it has and that go on; return its report from before."""
    report = there.ask(jobs)
    # The service may have one job twice, under two names.
    names: dict[str, str] = {}
    for job_id, remote in report.found.items():
        both = (remote, *report.others.get(job_id, ()))
        names |= {one.name: job_id for one in both if not one.state.finished}
    if len(names) > 1:
        there.context.report(f"{there.group.name}: stopping {len(names):,} jobs", None)
    stopping = set()
    for name, answer in each(names, lambda name: _cancel_one(name, there.service)).items():
        if isinstance(answer, Cancelled):
            raise answer
        if isinstance(answer, CalibanError):
            there.done.failed[names[name]] = str(answer)
        elif answer:
            stopping.add(names[name])
    there.history.cloud_jobs.mark_stopping(stopping - set(there.done.failed))
    return report


def _cancel_one(name: str, service: JobClient) -> bool:
    """Cancel a job at its service; return whether it still ran."""
    try:
        service.cancel(name)
    except Refused as error:
        if error.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
            raise
        # It may have ended in the meantime, or have been deleted.
        try:
            if not service.get(name).state.finished:
                raise
        except Refused as missing:
            if missing.status != HTTPStatus.NOT_FOUND:
                raise
        return False
    return True


def _wait_for_doubtful(doubtful: set[str], journal: Journal, there: _CloudStop) -> None:
    """Wait for jobs whose request got no answer, and cancel each as soon as its service has it.

    A job that doesn't turn up for longer than a request can take was never made.
    """
    begun, now = time.monotonic(), utc_now()
    window = submitter.TIMING.doubt
    while waiting := there.open(doubtful):
        if turned_up := [job for job in waiting if job.name is not None]:
            # The process that sent it may cancel it too, which does no harm.
            doubtful = doubtful - _cancel(turned_up, there).known
            continue
        if there.ask(waiting).found:
            continue
        for job in waiting:
            # A clock that was set back since then must not make the wait endless, nor none at all.
            before = (now - job.doubted).total_seconds() if job.doubted else window
            if min(max(0.0, before), window) + time.monotonic() - begun >= window:
                journal.not_sent(job.job_id, "It was stopped, and its service never had it")
        there.context.report(
            f"{there.group.name}: looking for {len(waiting)} jobs whose requests got no answer", None
        )
        if there.context.cancel.wait(_ASK_SECONDS):
            there.context.cancel.check()


def _ask_quietly(ask: Callable[[], object], context: Context) -> None:
    """Ask a service, and only report when that fails: the jobs are stopped already."""
    try:
        ask()
    except Cancelled:
        raise
    except CalibanError as error:
        context.report(f"The state of the jobs can't be read: {error}", None)


def _stop_local(jobs: list[JobRecord], group: JobGroup, engine: Engine, history: History) -> _StopOutcome:
    """Stop jobs that haven't ended: those that wait never start, and the containers of those that run are removed."""
    for job in jobs:
        history.jobs.cancel(job.job_id)
    for job in jobs:
        if job.state is JobState.QUEUED:
            history.jobs.finish(job.job_id, JobState.CANCELLED, error="It was stopped before it started")
    names = {job.job_id for job in jobs}
    alive = group.owner is not None and not owner.is_dead(group.owner)
    deadline = time.monotonic() + (_OWNER_SECONDS if alive else 0)
    while True:
        for container in engine.containers({owner.GROUP: group.name}):
            if container.labels.get(owner.JOB) in names:
                engine.remove(container.id)
        # A job that was about to start may have a container only now; its process writes its end to the history.
        going = [job for job in history.jobs.of(group.name) if job.job_id in names and not job.state.finished]
        if not going or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
    for job in jobs:
        # If its own process has written its end, that stands.
        history.jobs.finish(job.job_id, JobState.CANCELLED, error="It was stopped")
    return _StopOutcome(stopped=[job.job_id for job in jobs])
