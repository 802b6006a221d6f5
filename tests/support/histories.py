"""A clock for a history, and launches to write in it."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path

from caliban_ls.runtime.history.records import JobGroup, JobRecord, job_id_of
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


class Clock:
    """Shows noon until it is moved."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def add_launch(
    history: History, title: str = "digits", *, owner: str | None = "me", jobs: int = 2
) -> JobGroup:
    group = history.groups.add(title=title, folder=Path("/home/me/digits"), image="sha256:1", owner=owner)
    history.jobs.add(
        group.name,
        (
            JobSpec(
                index=index,
                job_id=job_id_of(group.name, index),
                args=("--lr", str(index)),
                parameters={"lr": index},
            )
            for index in range(1, jobs + 1)
        ),
    )
    return group


def record_of(history: History, job_id: str) -> JobRecord:
    record = history.jobs.find(job_id)
    assert record is not None
    return record


def fill_disk(history: History) -> None:
    """Let SQLite find no page more."""
    pages = history._connection.execute("PRAGMA page_count").fetchone()[0]
    history._connection.execute(f"PRAGMA max_page_count = {pages}")
