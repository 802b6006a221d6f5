"""Asks Google's services what became of jobs, and writes it into the history.

One list answers for a whole launch. A launch that can't be asked about gets a line of notes; the others are asked all the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from caliban_ls.core.errors import CalibanError, Cancelled, MissingError
from caliban_ls.operations.context.clients import find_identity_for, open_patient, service_for
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.job_lookup import CLOUD
from caliban_ls.runtime.backends import job_sync, labels
from caliban_ls.runtime.backends.base import Made, Service
from caliban_ls.runtime.google.auth import Identity
from caliban_ls.runtime.google.errors import Refused
from caliban_ls.runtime.google.retries import Patience, each
from caliban_ls.runtime.history.cloud_jobs import OpenJob
from caliban_ls.runtime.history.records import JobGroup, utc_now
from caliban_ls.runtime.history.store import History

PATIENCE = Patience(whole=30.0)

_FEW = 4  # jobs that are looked for one by one; of more, the list of their launch tells


@dataclass(frozen=True, slots=True)
class ServiceReport:
    """What a service said of jobs.

    Attributes:
        found: by our job id.
        gone: ids of those that it no longer knows.
        others: further jobs of the service that are one of ours a second time, by our job id.
    """

    found: Mapping[str, Made]
    gone: tuple[str, ...]
    others: Mapping[str, tuple[Made, ...]]

    @property
    def known(self) -> frozenset[str]:
        """Our ids of the jobs that it said anything of."""
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
    """Ask what became of the jobs of launches whose end isn't known; return what couldn't be found out, in words.

    Args:
        groups: launches of any backend; those without such jobs cost no request.
        history: where the answers are written.
        context: of the command.
        cloud_key: a key's file that a flag names.
        patience: with services that are busy or silent.
        only: the one job that is meant, by its id.

    Raises:
        MissingError: the history can't be written.
        Cancelled: the user doesn't want to wait.
    """
    notes: list[str] = []
    waiting: dict[str, list[OpenJob]] = {}
    for group in groups:
        if group.backend in CLOUD:
            waiting[group.name] = job_sync.open_jobs(history, group.name, only)
    asked = [group for group in groups if waiting.get(group.name)]
    failed: dict[str, list[str]] = {}
    for identity, theirs in _by_identity(asked, cloud_key, context, notes):
        with open_patient(identity, context, patience) as google:
            by_name = {group.name: group for group in theirs}
            services = {group.name: service_for(group, google) for group in theirs}
            for name, report in each(by_name, lambda name: ask(waiting[name], name, services[name])).items():  # noqa: B023  # used up at once
                if isinstance(report, Cancelled):
                    raise report
                if isinstance(report, CalibanError):
                    failed.setdefault(_why(report), []).append(name)
                else:
                    write(report, history)
                    notes += _about_others(report)
    return [*notes, *(f"{', '.join(names)}: {why}" for why, names in failed.items())]


def ask(jobs: Collection[OpenJob], group: str, service: Service) -> ServiceReport:
    """Ask a service after jobs of one launch.

    Raises:
        ServiceError: the service refused, or didn't answer.
        MissingError: the credentials give no access.
    """
    named = {job.name: job.job_id for job in jobs if job.name is not None}
    label = labels.group_value(group)
    if len(jobs) <= _FEW:
        listed = [made for job in jobs if job.label for made in service.find(label, job.label)]
    else:
        listed = list(service.find(label))
    seen = job_sync.recognised(jobs, listed)
    found, gone = dict(seen.found), []
    # Lists show new jobs late, so that one which isn't listed is asked for by its name.
    missing = [name for name, job_id in named.items() if job_id not in found]
    for name, answer in each(missing, service.get).items():
        if isinstance(answer, Made):
            found[named[name]] = answer
        elif isinstance(answer, Refused) and answer.status == HTTPStatus.NOT_FOUND:
            gone.append(named[name])
        else:
            raise answer
    return ServiceReport(found, tuple(gone), seen.others)


def write(report: ServiceReport, history: History) -> None:
    """Write down what a service said.

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
        names = [made.name for made in others if not made.state.finished]
        if names:
            yield f"{job_id} is there a second time, as {', '.join(names)}; `caliban stop` of its group ends both"


def _why(error: CalibanError) -> str:
    """Return why a service can't be asked, in one line."""
    return f"{error}{'' if str(error).endswith('.') else '.'} {error.hint}".rstrip(" ")


def _by_identity(
    groups: Collection[JobGroup], cloud_key: str | None, context: Context, notes: list[str]
) -> Iterator[tuple[Identity, list[JobGroup]]]:
    """Yield whom to ask as, with the launches that they are asked about; those that were submitted alike share it."""
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
