"""The history of jobs on this machine: a SQLite file in the state folder, shared by many processes.

A job's row is the truth about it once the job has left the engine or the cloud.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from caliban_ls.runtime.history.cloud_jobs import CloudJobs
from caliban_ls.runtime.history.database import Database
from caliban_ls.runtime.history.groups import Groups
from caliban_ls.runtime.history.jobs import Jobs


class History(Database):
    """The open file with its tables. Every method of a table is one transaction.

    Attributes:
        groups: one for each launch.
        jobs: of all backends.
        cloud_jobs: those that a service runs, as far as the service reports them.
    """

    def __init__(self, folder: Path, *, warn: Callable[[str], None], clock: Callable[[], datetime]) -> None:
        super().__init__(folder, warn=warn, clock=clock)
        self.groups = Groups(self)
        self.jobs = Jobs(self)
        self.cloud_jobs = CloudJobs(self)
