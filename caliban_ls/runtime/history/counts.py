"""Count the jobs of launches by state, and add up how long they ran.

SQLite counts: no record is made of jobs of which only the number is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from caliban_ls.runtime.history.database import Database
from caliban_ls.runtime.history.job_filter import ALL, JobFilter
from caliban_ls.runtime.jobs import JobState


@dataclass(slots=True)
class JobCounts:
    """The jobs of one launch, counted.

    Attributes:
        states: how many are in each, in the order of `JobState`.
        seconds: that all of them ran together, up to now; a job that its service no longer knows counts until it was
            last seen.
        gone: how many their service no longer knows.
    """

    states: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    gone: int = 0


def count_jobs(
    history: Database, groups: Iterable[str], now: datetime, wanted: JobFilter = ALL
) -> dict[str, JobCounts]:
    """Return counts of the wanted jobs of launches, by the launch's name."""
    counted = {name: JobCounts() for name in groups}
    rows = history.rows(
        "SELECT group_name, state, COUNT(*) AS jobs, COUNT(gone) AS gone,"
        # A clock that was set back makes no time negative.
        " SUM(MAX(0, 86400 * (julianday(COALESCE(ended, CASE WHEN gone IS NULL THEN ? ELSE seen END))"
        " - julianday(started)))) AS seconds"
        " FROM jobs WHERE group_name IN (SELECT value FROM json_each(?))"
        f" AND {wanted.condition} GROUP BY group_name, state",
        now.isoformat(),
        json.dumps(list(counted)),
        *wanted.values,
    )
    order = [state.value for state in JobState]
    for row in sorted(rows, key=lambda row: order.index(row["state"])):
        counts = counted[row["group_name"]]
        counts.states[row["state"]] = row["jobs"]
        counts.seconds += row["seconds"] or 0.0
        counts.gone += row["gone"]
    return counted
