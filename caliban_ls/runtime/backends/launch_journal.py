"""The journal of a launch in the cloud: jobs to send, jobs that were sent, and jobs in doubt.

All jobs are recorded before the first request, and each answer when it comes, so that another process can go on where
one was killed. The journal is part of the history's file. Arguments that look like credentials are beside it, in a file
that only the user can read, until they are sent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

from caliban_ls.core.errors import CalibanError, MissingError
from caliban_ls.runtime.backends.backend import Body, RemoteJob
from caliban_ls.runtime.backends.registry import backend_of
from caliban_ls.runtime.history.masking import MASK, masked_args
from caliban_ls.runtime.history.records import JobGroup
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.history.submissions import NameTaken, PlannedJob, Submissions
from caliban_ls.runtime.jobs import JobSpec
from caliban_ls.runtime.local import owner

FOLDER = "unsent"


class InUse(CalibanError):
    """Another process is sending the jobs of a launch."""

    code = "in-use"
    exit_code = 3
    hint = "Wait for it, or stop it; `caliban status` shows how far it is."


@dataclass(frozen=True, slots=True)
class Unsent:
    """A job that is to be sent, or may have been.

    Attributes:
        job_id: the history's.
        index: its 1-based place.
        body: the request, with its credentials.
        doubted: when it was sent, if no answer came; None if it wasn't sent.
    """

    job_id: str
    index: int
    body: Body
    doubted: datetime | None


class Journal(Submissions):
    """Records the sending of launches in the history. Safe to use from several threads."""

    def __init__(self, history: History) -> None:
        super().__init__(history)
        self._history = history
        self._folder = history.path.parent / FOLDER
        # A power cut mustn't take back what was written before a request.
        history.make_durable()

    def begin(
        self,
        group: JobGroup,
        jobs: Iterable[tuple[JobSpec, Body]],
        origins: Mapping[int, str] = MappingProxyType({}),
    ) -> None:
        """Record a whole launch in one transaction, before anything is sent.

        Args:
            group: its name is to be free.
            jobs: with the requests that make them; read as they are written.
            origins: the ids of jobs that these do again, by the places of these.

        Raises:
            NameTaken: there is a launch of this name.
            DoneAgain: one of the origins is being done again already.
        """
        backend = backend_of(group.backend)

        def planned() -> Iterator[PlannedJob]:
            held: dict[int, list[str]] = {}
            for job, body in jobs:
                shown = masked_args(job.args)
                if shown != job.args:
                    held[job.index] = list(job.args)
                yield PlannedJob(
                    job_id=job.job_id,
                    index=job.index,
                    args=shown,
                    parameters=job.parameters,
                    request=backend.changed(body, args=shown),
                    origin=origins.get(job.index),
                )
            # Within the transaction that reads this: no job may be in the history without its arguments.
            if held:
                self._hold(group.name, held)

        with self._forgetting(group.name):
            self.add(group, planned(), tuple(origins.values()))

    def take(self, group: str) -> None:
        """Reserve a launch for this process.

        Raises:
            InUse: another process has it.
        """
        self.set_owner(group, owner.this_owner(), self.refuse_if_taken)

    def refuse_if_taken(self, group: str) -> None:
        """Check that no other process has reserved a launch.

        Raises:
            InUse: another process has it.
        """
        held = self.owner_of(group)
        if held not in (None, owner.this_owner()) and not owner.is_dead(held):
            raise InUse(f"Another caliban is sending the jobs of {group}")

    def leave(self, group: str) -> None:
        """Release a launch for other processes. If nothing is left to send, delete its held arguments."""
        self.release(group, owner.this_owner())
        self.forget(group)

    def forget(self, group: str) -> None:
        """Delete the held arguments of a launch, unless some of its jobs are still to be sent."""
        if not self.unsent(group):
            self._file(group).unlink(missing_ok=True)

    def job(self, job_id: str) -> Unsent | None:
        """Return a job that is to be sent; None if it no longer is.

        Raises:
            MissingError: the file with its held arguments is gone.
        """
        found = self.find_unsent(job_id)
        if found is None:
            return None
        body = found.request
        group = self._history.groups.find(found.group) if MASK in " ".join(found.args) else None
        if group is not None:
            held = self._held(group.name, found.index, list(found.args))
            body = backend_of(group.backend).changed(body, args=held)
        return Unsent(job_id, found.index, body, found.doubted)

    def sent(self, job_id: str, made: RemoteJob) -> bool:
        """Record that the service has a job; return whether the user stopped it while it was on its way."""
        return self.accepted(job_id, name=made.name, state=made.state, error=made.error)

    @contextmanager
    def _forgetting(self, group: str) -> Iterator[None]:
        """Delete the held arguments of a launch that couldn't be recorded."""
        try:
            yield
        except NameTaken:
            raise  # The file belongs to the launch that has the name.
        except BaseException:
            with suppress(OSError):
                self._file(group).unlink(missing_ok=True)
            raise

    def _hold(self, group: str, args: Mapping[int, list[str]]) -> None:
        path = self._file(group)
        try:
            path.parent.mkdir(exist_ok=True, mode=0o700)
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                json.dump(args, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise MissingError(
                f"Arguments can't be kept in {path.parent}: {error.strerror or error}",
                hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
            ) from error

    def _held(self, group: str, index: int, shown: list[str]) -> list[str]:
        with suppress(OSError, ValueError):
            read: dict[str, Any] = json.loads(self._file(group).read_text(encoding="utf-8"))
            args = read.get(str(index), shown)
            return [str(arg) for arg in args]
        raise MissingError(
            f"The arguments of {group}/{index} that looked like credentials are no longer there",
            hint="Submit the sweep anew.",
        )

    def _file(self, group: str) -> Path:
        return self._folder / f"{group}.json"
