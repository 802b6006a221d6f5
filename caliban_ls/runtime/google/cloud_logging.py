"""Read the output of cloud jobs from Cloud Logging.

The services write one entry for each line. Entries come seconds late and not always in order, so following a log reads
the last seconds again and recognises new entries by their ids.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import ServiceError
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.google.errors import NoAnswer, Refused, field_of
from caliban_ls.runtime.google.timestamps import moment

_PAGE = 1000  # the most that the service gives at once

_OVERLAP = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """Seconds between two requests while following a job.

    Attributes:
        shortest: after something new.
        longest: the most, reached by doubling while nothing new comes.
        quiet: after a job's end, how long nothing new may come until the log counts as complete.
    """

    shortest: float = 2.0
    longest: float = 15.0
    quiet: float = 8.0


PACE = Pace()


@dataclass(frozen=True, slots=True)
class JobLog:
    """The log of one job.

    Attributes:
        google: makes the requests.
        project: Google's, that has the log.
        job: the service's name for the job; entries have its last part.
    """

    google: Google
    project: str
    job: str

    def entries(self, *, since: datetime | None = None) -> Iterator[dict[str, Any]]:
        """Yield the entries, the oldest first.

        Raises:
            ServiceError: the log can't be read; the hint says where else it can.
        """
        wanted = filter_of(self.job)
        if since is not None:
            wanted += f' AND timestamp>="{since:%Y-%m-%dT%H:%M:%S.%fZ}"'
        body = {
            "resourceNames": [f"projects/{self.project}"],
            "filter": wanted,
            "orderBy": "timestamp asc",
            "pageSize": _PAGE,
        }
        while True:
            entries = self.google.methods("logging", "v2", "https://logging.googleapis.com/", "entries")
            try:
                page = self.google.ask(entries.list(body=body))
            except Refused as error:
                raise self._explained(error) from error
            for found in field_of(page, "entries", list, []):
                if not isinstance(found, dict):
                    raise NoAnswer("its answer has other things than entries of a log", sent=True)
                yield found
            following = field_of(page, "nextPageToken", str, "")
            if not following:
                return
            body = {**body, "pageToken": following}

    def follow(self, *, is_over: Callable[[], bool], cancel: CancelToken, pace: Pace = PACE) -> Iterator[str]:
        """Yield the job's output as it comes, until the job is over and its log is complete.

        Args:
            is_over: finds out whether the job has ended.
            cancel: ends the waiting.
            pace: of the requests.

        Raises:
            ServiceError: the log can't be read.
            Cancelled: the token was set.
        """
        reading = _Reading()
        wait = pace.shortest
        silent = 0.0
        over = False
        while True:
            # Look for the end first, so that reading afterwards misses nothing.
            over = over or is_over()
            news = False
            for entry in self.entries(since=reading.since):
                cancel.check()
                if reading.is_new(entry):
                    news = True
                    yield text_of(entry)
            reading.forget_old()
            silent = 0.0 if news else silent + wait
            if over and silent > pace.quiet:
                return
            wait = pace.shortest if news or over else min(wait * 2, pace.longest)
            if cancel.wait(wait):
                cancel.check()

    def _explained(self, error: Refused) -> ServiceError:
        """Return a refusal with other ways to read the log."""
        if error.status == HTTPStatus.UNAUTHORIZED:
            return error
        return LogUnreadable(
            f"The log of {self.job} can't be read: {error}",
            hint=f"{error.hint} Another way: {command_of(self.job, self.project)}, or {url_of(self.job, self.project)}".lstrip(),
        )


class LogUnreadable(ServiceError):
    """Cloud Logging doesn't give the log."""

    code = "log-unreadable"


@dataclass(slots=True)
class _Reading:
    """Remembers the entries that were read."""

    newest: datetime | None = None
    _seen: dict[str, datetime | None] = field(default_factory=dict)

    @property
    def since(self) -> datetime | None:
        return None if self.newest is None else self.newest - _OVERLAP

    def is_new(self, entry: dict[str, Any]) -> bool:
        """Return whether an entry wasn't read before, and remember it."""
        when = moment(str(entry.get("timestamp")))
        # Ids are unique among the entries of one moment and log.
        identity = " ".join(
            (str(entry.get("timestamp")), str(entry.get("logName")), str(entry.get("insertId")))
        )
        if identity in self._seen:
            return False
        self._seen[identity] = when
        if when is not None and (self.newest is None or when > self.newest):
            self.newest = when
        return True

    def forget_old(self) -> None:
        """Forget entries that are too old to be read again."""
        if self.since is not None:
            self._seen = {key: when for key, when in self._seen.items() if when is None or when >= self.since}


def text_of(entry: dict[str, Any]) -> str:
    """Return the text of an entry, as lines."""
    payload = entry.get("jsonPayload")
    if "textPayload" in entry:
        text = str(entry["textPayload"])
    elif isinstance(payload, dict):
        text = str(payload["message"]) if "message" in payload else json.dumps(payload, ensure_ascii=False)
    else:
        text = json.dumps(entry.get("protoPayload", {}), ensure_ascii=False)
    return text if text.endswith("\n") else f"{text}\n"


def filter_of(job: str) -> str:
    """Return the filter for the entries of a job."""
    return f'resource.type="ml_job" AND resource.labels.job_id="{job.rpartition("/")[2]}"'


def command_of(job: str, project: str) -> str:
    """Return the gcloud command that shows a job's log."""
    shown = "value(textPayload,jsonPayload.message)"
    return f"gcloud logging read '{filter_of(job)}' --project={project} --order=asc --format='{shown}'"


def url_of(job: str, project: str) -> str:
    """Return the page of the console that shows a job's log."""
    identifier = job.rpartition("/")[2]
    wanted = quote(f'resource.type="ml_job"\nresource.labels.job_id="{identifier}"', safe="")
    return (
        f"https://console.cloud.google.com/logs/viewer?project={project}"
        f"&resource=ml_job%2Fjob_id%2F{identifier}&advancedFilter={wanted}"
    )
