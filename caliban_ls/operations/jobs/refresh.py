"""Ask Google's services for the states of jobs, and write them to the history.

One list request answers for a whole launch. A launch whose service can't be asked gets a line of notes; the other
launches are refreshed all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from caliban_ls.core.errors import CalibanError, Cancelled, MissingError
from caliban_ls.operations.context.clients import find_identity_for, job_client_for, open_retrying_client
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD
from caliban_ls.runtime.backends import job_sync, labels
from caliban_ls.runtime.backends.backend import JobClient, RemoteJob
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.errors import Refused
from caliban_ls.runtime.google.retries import Patience, each
from caliban_ls.runtime.history.cloud_jobs import OpenJob
from caliban_ls.runtime.history.records import JobGroup, utc_now
from caliban_ls.runtime.history.store import History

PATIENCE = Patience(whole=30.0)

_FEW = 4  # jobs that are looked for one by one; for more, the whole launch is listed


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """A service's report of jobs.

    Attributes:
        found: the service's jobs, by our job id.
        gone: our ids of jobs that the service no longer knows.
        others: further jobs of the service that are one of ours a second time, by our job id.
    """

    found: Mapping[str, RemoteJob]
    gone: tuple[str, ...]
    others: Mapping[str, tuple[RemoteJob, ...]]

    @property
    def known(self) -> frozenset[str]:
        """Our ids of the jobs that the service has, or no longer knows."""
        return frozenset({*self.found, *self.gone})


def refresh(
    groups: Collection[JobGroup],
    history: History,
    context: Context,
    *,
    cloud_key: str | None = None,
    patience: Patience = PATIENCE,
    only: str | None = None,
) -> list[str]:
    """Ask for the states of the launches' jobs whose end isn't known; return notes on what couldn't be found out.

    Args:
        groups: launches of any backend; those without such jobs cost no request.
        history: where the answers are written.
        context: of the command.
        cloud_key: a key's file that a flag names.
        patience: with services that are busy or silent.
        only: the job of this id only.

    Raises:
        MissingError: the history can't be written.
        Cancelled: the user cancelled.
    """
    notes: list[str] = []
    waiting: dict[str, list[OpenJob]] = {}
    for group in groups:
        if group.backend in CLOUD:
            waiting[group.name] = job_sync.open_jobs(history, group.name, only)
    asked = [group for group in groups if waiting.get(group.name)]
    failed: dict[str, list[str]] = {}
    for identity, theirs in _by_identity(asked, cloud_key, context, notes):
        with open_retrying_client(identity, context, patience) as google:
            by_name = {group.name: group for group in theirs}
            services = {group.name: job_client_for(group, google) for group in theirs}
            for name, report in each(by_name, lambda name: ask(waiting[name], name, services[name])).items():  # noqa: B023  # used up at once
                if isinstance(report, Cancelled):
                    raise report
                if isinstance(report, CalibanError):
                    failed.setdefault(_why(report), []).append(name)
                else:
                    write(report, history)
                    notes += _about_others(report)
    return [*notes, *(f"{', '.join(names)}: {why}" for why, names in failed.items())]


def ask(jobs: Collection[OpenJob], group: str, service: JobClient) -> ServiceReport:
    """Ask a service for the states of jobs of one launch.

    Raises:
        ServiceError: the service refused, or didn't answer.
        MissingError: the credentials give no access.
    """
    named = {job.name: job.job_id for job in jobs if job.name is not None}
    label = labels.group_value(group)
    if len(jobs) <= _FEW:
        listed = [remote for job in jobs if job.label for remote in service.find(label, job.label)]
    else:
        listed = list(service.find(label))
    seen = job_sync.match_jobs(jobs, listed)
    found, gone = dict(seen.found), []
    # Lists show new jobs late: ask for a job that isn't listed by its name.
    missing = [name for name, job_id in named.items() if job_id not in found]
    for name, answer in each(missing, service.get).items():
        if isinstance(answer, RemoteJob):
            found[named[name]] = answer
        elif isinstance(answer, Refused) and answer.status == HTTPStatus.NOT_FOUND:
            gone.append(named[name])
        else:
            raise answer
    return ServiceReport(found, tuple(gone), seen.others)


def write(report: ServiceReport, history: History) -> None:
    """Write a service's report to the history.

    Raises:
        MissingError: the history can't be written.
    """
    now = utc_now()
    if report.found:
        job_sync.write(history, report.found, now)
    if report.gone:
        history.cloud_jobs.mark_gone(report.gone, now)


def _about_others(report: ServiceReport) -> Iterator[str]:
    for job_id, others in report.others.items():
        names = [remote.name for remote in others if not remote.state.finished]
        if names:
            yield f"{job_id} is there a second time, as {', '.join(names)}; `caliban stop` of its group ends both"


def _why(error: CalibanError) -> str:
    """Return in one line why a service can't be asked."""
    return f"{error}{'' if str(error).endswith('.') else '.'} {error.hint}".rstrip(" ")


def _by_identity(
    groups: Collection[JobGroup], cloud_key: str | None, context: Context, notes: list[str]
) -> Iterator[tuple[Identity, list[JobGroup]]]:
    """Yield identities for requests, each with its launches: those of one folder and one key file share an identity."""
    alike: dict[str, list[JobGroup]] = {}
    for group in groups:
        alike.setdefault(f"{group.folder}\n{group.cloud.cloud_key}", []).append(group)
    for theirs in alike.values():
        try:
            identity = find_identity_for(theirs[0], cloud_key, context)
        except MissingError as error:
            notes.append(f"Google can't be asked: {error}. {error.hint}".rstrip())
        else:
            yield identity, theirs
