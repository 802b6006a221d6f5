"""`stop`: jobs, launches and containers are ended, wherever they run.

A local job is ended by removing its container. Of a job for the cloud, what isn't sent yet never will be; what runs is
cancelled by its service; and what may be on its way is waited for, so that it doesn't run unseen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from http import HTTPStatus

from caliban_ls.core.errors import CalibanError, Cancelled, EngineUnavailable, NotConfirmed, UsageError
from caliban_ls.operations.context.clients import find_identity_for, open_patient, service_for
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD, find_jobs
from caliban_ls.operations.context.state import open_engine, open_history
from caliban_ls.operations.jobs import refresh
from caliban_ls.operations.local.shell import find_container
from caliban_ls.operations.schemas.jobs import StopArguments, StopFailure, StopResult
from caliban_ls.runtime.backends import job_sync, submitter
from caliban_ls.runtime.backends.base import Service
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

_LOOK_SECONDS = 0.2  # between two looks at what somebody else does here

_ASK_SECONDS = 2.0  # between two questions to a service

_OWNER_SECONDS = 10  # that the process of a local job may take to see that it was stopped


@dataclass(slots=True)
class _Chosen:
    """What is to be stopped: jobs by the name of their launch, and containers."""

    groups: dict[str, JobGroup] = field(default_factory=dict)
    jobs: dict[str, dict[str, JobRecord]] = field(default_factory=dict)
    containers: list[str] = field(default_factory=list)

    def add(self, group: JobGroup, jobs: Collection[JobRecord]) -> None:
        """Take jobs of a launch; one that is named twice is one all the same."""
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
class _Done:
    """What became of what was to be stopped."""

    stopped: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, part: _Done) -> None:
        """Take what became of some of it."""
        self.stopped += part.stopped
        self.ended += part.ended
        self.failed |= part.failed


@dataclass(frozen=True, slots=True)
class _There:
    """A launch in the cloud some of whose jobs are to be stopped, and what that takes."""

    group: JobGroup
    service: Service
    history: History
    context: Context
    done: _Done

    def open(self, job_ids: Collection[str]) -> list[OpenJob]:
        """Return those of some jobs whose end isn't known."""
        return _open(job_ids, self.group, self.history)

    def ask(self, jobs: Collection[OpenJob]) -> refresh.ServiceReport:
        """Return what the service says of jobs, written down."""
        told = refresh.ask(jobs, self.group.name, self.service)
        refresh.write(told, self.history)
        return told


def stop(arguments: StopArguments, context: Context) -> StopResult:
    """Stop jobs, launches and containers; what has ended already is told, and no error.

    Raises:
        UsageError: something that is named isn't there.
        NotConfirmed: the user said no.
        EngineUnavailable: what runs here can't be reached.
        MissingError: there are no credentials to stop with what runs there.
    """
    if bool(arguments.references) == arguments.all:
        raise UsageError(
            "Stop what?",
            hint="Name jobs, groups or containers; `caliban status` lists them. --all alone means all jobs.",
        )
    done = _Done()
    failure: CalibanError | None = None
    with open_history(context) as history:
        chosen = _choose(arguments, history)
        engine, containers = None, []
        if chosen.containers or chosen.unfinished(cloud=False):
            try:
                engine = context.engine()  # not swept yet: what a killed process left can be named, too
                containers = [find_container(engine, reference) for reference in chosen.containers]
            except EngineUnavailable as error:
                # What runs elsewhere is stopped all the same.
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


def _so_far(jobs: Collection[JobRecord], why: str, history: History) -> _Done:
    """Return what became of jobs though the rest of them couldn't be stopped."""
    done = _Done()
    for job in jobs:
        if history.jobs.state_of(job.job_id) is JobState.CANCELLED:
            done.stopped.append(job.job_id)
        else:
            done.failed[job.job_id] = why
    return done


def _choose(arguments: StopArguments, history: History) -> _Chosen:
    chosen = _Chosen()
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


def _confirm(chosen: _Chosen, arguments: StopArguments, context: Context) -> None:
    """Have somebody say yes to ending jobs in the cloud, or to ending everything.

    Where nobody can be asked, what is named is stopped: a job that goes on is dear, too. `--all` needs a yes.

    Raises:
        NotConfirmed: it was a no.
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
        raise NotConfirmed("Nothing was stopped: nobody said yes", hint="--yes says it.")


def _stop_cloud(
    jobs: list[JobRecord], group: JobGroup, history: History, cloud_key: str | None, context: Context
) -> _Done:
    """Stop jobs of a launch in the cloud."""
    done = _Done()
    journal = Journal(history)
    ids = [job.job_id for job in jobs]
    doubtful = journal.take_out(ids, utc_now())
    journal.forget(group.name)
    over: set[str] = set()
    going = _open(ids, group, history)
    if going:
        with open_patient(find_identity_for(group, cloud_key, context), context, PATIENCE) as google:
            there = _There(group, service_for(group, google), history, context, done)
            told = _cancel(going, there)
            # The process that sends may have ended those in doubt a moment ago; they were stopped all the same.
            over = {job_id for job_id, made in told.found.items() if made.state.finished} - doubtful
            doubtful -= told.known
            if doubtful:
                _wait_for_doubtful(doubtful, journal, there)
            # A last look, for those that had ended by themselves, and those that ended at once.
            if left := there.open(ids):
                _quietly(lambda: there.ask(left), context)
    told_of = set(ids) - set(done.failed)
    for job in history.jobs.of(group.name):
        if job.job_id not in told_of:
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
    """Return those of some jobs whose end isn't known."""
    chosen = set(job_ids)
    return [job for job in job_sync.open_jobs(history, group.name) if job.job_id in chosen]


def _cancel(jobs: Collection[OpenJob], there: _There) -> refresh.ServiceReport:
    """Have a service end those jobs that it has and that go on; return what it said of them before."""
    told = there.ask(jobs)
    # One job may be there twice, under two names.
    names: dict[str, str] = {}
    for job_id, made in told.found.items():
        both = (made, *told.others.get(job_id, ()))
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
    return told


def _cancel_one(name: str, service: Service) -> bool:
    """Have a service end a job; return whether there was anything to end."""
    try:
        service.cancel(name)
    except Refused as error:
        if error.status not in {HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT}:
            raise
        # It may have ended in the meantime, or have been deleted; then there is nothing left to do.
        try:
            if not service.get(name).state.finished:
                raise
        except Refused as missing:
            if missing.status != HTTPStatus.NOT_FOUND:
                raise
        return False
    return True


def _wait_for_doubtful(doubtful: set[str], journal: Journal, there: _There) -> None:
    """See to jobs whose request went without an answer: as soon as one turns up, it is ended.

    One that doesn't turn up for longer than a request can take was never made.
    """
    begun, now = time.monotonic(), utc_now()
    window = submitter.TIMING.doubt
    while waiting := there.open(doubtful):
        if turned_up := [job for job in waiting if job.name is not None]:
            # The process that sent it may be ending it too, which does no harm.
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
            f"{there.group.name}: looking for {len(waiting)} jobs that nobody answered for", None
        )
        if there.context.cancel.wait(_ASK_SECONDS):
            there.context.cancel.check()


def _quietly(look: Callable[[], object], context: Context) -> None:
    """Look once more, if that can be done; what was asked for is done already."""
    try:
        look()
    except Cancelled:
        raise
    except CalibanError as error:
        context.report(f"What became of the jobs can't be seen: {error}", None)


def _stop_local(jobs: list[JobRecord], group: JobGroup, engine: Engine, history: History) -> _Done:
    """Stop jobs that haven't ended: those that wait never start, those that run are ended."""
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
        # One that was about to start may have a container only now; its process tells the history of its end.
        going = [job for job in history.jobs.of(group.name) if job.job_id in names and not job.state.finished]
        if not going or time.monotonic() > deadline:
            break
        time.sleep(_LOOK_SECONDS)
    for job in jobs:
        # What its own process wrote stands.
        history.jobs.finish(job.job_id, JobState.CANCELLED, error="It was stopped")
    return _Done(stopped=[job.job_id for job in jobs])
