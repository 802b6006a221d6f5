"""How many jobs of launches are in which state, and how long they have run: counted in the history's file itself.

Nothing is made of ten thousand jobs of which only the number is shown.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from caliban_ls.runtime.history.records import ALL, Wanted
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobState


@dataclass(slots=True)
class Tally:
    """The jobs of one launch, counted.

    Attributes:
        states: how many are in each, in the order of `JobState`.
        seconds: that all of them ran, up to now; of one that its service no longer knows, until it was last seen.
        gone: how many their service no longer knows.
    """

    states: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    gone: int = 0


def tallies(history: History, groups: Iterable[str], now: datetime, wanted: Wanted = ALL) -> dict[str, Tally]:
    """Return the wanted jobs of launches, counted."""
    counted = {name: Tally() for name in groups}
    rows = history.rows(
        "SELECT group_name, state, COUNT(*) AS jobs, COUNT(gone) AS gone,"  # noqa: S608  # the condition is a constant
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
        tally = counted[row["group_name"]]
        tally.states[row["state"]] = row["jobs"]
        tally.seconds += row["seconds"] or 0.0
        tally.gone += row["gone"]
    return counted
