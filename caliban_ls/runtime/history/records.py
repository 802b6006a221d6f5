"""Launches and jobs as the history returns them, and which ones a caller wants."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from caliban_ls.runtime.jobs import JobState

_IN_STATES = "state IN (SELECT value FROM json_each(?))"

_HAS_TEXT = (
    "(instr(lower(job_id), ?)"
    # Arguments are looked through as they are typed: words with spaces between them.
    """ OR instr(lower(replace(args, '", "', ' ')), ?) OR instr(lower(COALESCE(error, '')), ?)"""
    # The name of a launch is part of its jobs' ids; its title may have other characters.
    " OR group_name IN (SELECT name FROM groups WHERE instr(lower(title), ?)))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobGroup:
    """One launch of a sweep or of a single job.

    Attributes:
        name: unique: `NAME_TIMESTAMP`; job ids begin with it.
        title: the NAME that the user gave.
        backend: `local`, `vertex` or `ai-platform`.
        folder: the project.
        image: what the jobs run in.
        owner: see `runtime.owner`; None for jobs that need no living process.
        created: UTC.
        project: Google's, None for local launches.
        region: where cloud jobs run.
        details: what else was known: hardware, price, commit, who.
    """

    name: str
    title: str
    backend: str
    folder: Path
    image: str | None
    owner: str | None
    created: datetime
    project: str | None = None
    region: str | None = None
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """What is written down about a job. Times are UTC; values that look like credentials are masked.

    Attributes:
        doubted: when it was sent, while nobody knows whether it arrived.
        seen: when its service last told of it.
        gone: when its service was found to know it no longer; its state is the last that was seen.
        origin: the id of the job that it does again.
    """

    job_id: str
    group: str
    index: int
    args: tuple[str, ...]
    parameters: Mapping[str, object]
    state: JobState
    name: str | None
    created: datetime
    started: datetime | None
    ended: datetime | None
    seconds: float | None
    exit_code: int | None
    metrics: Mapping[str, float] = field(default_factory=dict)
    error: str | None = None
    doubted: datetime | None = None
    seen: datetime | None = None
    gone: datetime | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are wanted of all.

    Attributes:
        states: those in one of these; empty for all.
        text: those whose id, arguments, error or launch have it, in either case of ASCII letters; empty for all.
    """

    states: Collection[JobState] = ()
    text: str = ""

    @property
    def condition(self) -> str:
        """What a query asks of a job."""
        asked = [_IN_STATES] * bool(self.states) + [_HAS_TEXT] * bool(self.text)
        return " AND ".join(asked) or "TRUE"

    @property
    def values(self) -> tuple[str, ...]:
        """What stands for the condition's question marks."""
        states = (json.dumps([state.value for state in self.states]),) if self.states else ()
        text = self.text.encode("utf-8", "replace").lower().decode()  # as SQLite's lower() does: ASCII alone
        return (*states, *((text, json.dumps(text)[1:-1], text, text) if text else ()))


ALL = JobFilter()


def launch_name(title: str, moment: datetime) -> str:
    """Return `NAME_TIMESTAMP` in letters that containers and both Google services take.

    Args:
        title: any text; other characters than ASCII letters and digits become underscores.
        moment: when it was launched; its microseconds tell launches of one second apart.
    """
    name = re.sub("[^A-Za-z0-9]+", "_", title).strip("_")[:60] or "job"
    if not name[0].isalpha():
        name = f"job_{name}"
    return f"{name}_{moment:%Y%m%d_%H%M%S_%f}"


def job_id_of(group: str, index: int) -> str:
    """Return a job's id from the name of its launch and its 1-based place."""
    return f"{group}_{index}"


def utc_now() -> datetime:
    """Return the time that the history writes down."""
    return datetime.now(timezone.utc)


def group_of(row: sqlite3.Row) -> JobGroup:
    """Return a row as a launch."""
    return JobGroup(
        name=row["name"],
        title=row["title"],
        backend=row["backend"],
        folder=Path(row["folder"]),
        image=row["image"],
        owner=row["owner"],
        created=datetime.fromisoformat(row["created"]),
        project=row["project"],
        region=row["region"],
        details=json.loads(row["details"]),
    )


def job_of(row: sqlite3.Row) -> JobRecord:
    """Return a row as a record."""

    def moment(column: str) -> datetime | None:
        return None if row[column] is None else datetime.fromisoformat(row[column])

    return JobRecord(
        job_id=row["job_id"],
        group=row["group_name"],
        index=row["number"],
        args=tuple(json.loads(row["args"])),
        parameters=json.loads(row["parameters"]),
        state=JobState(row["state"]),
        name=row["name"],
        created=datetime.fromisoformat(row["created"]),
        started=moment("started"),
        ended=moment("ended"),
        seconds=row["seconds"],
        exit_code=row["exit_code"],
        metrics={} if row["metrics"] == "{}" else json.loads(row["metrics"]),
        error=row["error"],
        doubted=moment("doubted"),
        seen=moment("seen"),
        gone=moment("gone"),
        origin=row["origin"],
    )
