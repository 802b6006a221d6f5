"""Which jobs of the history a caller asks for, and that as SQL."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass

from caliban_ls.runtime.jobs import JobState

_IN_STATES = "state IN (SELECT value FROM json_each(?))"

_HAS_TEXT = (
    "(instr(lower(job_id), ?)"
    # Arguments are searched as they are typed: words with spaces between them.
    """ OR instr(lower(replace(args, '", "', ' ')), ?) OR instr(lower(COALESCE(error, '')), ?)"""
    # The name of a group is part of its jobs' ids; its title may have other characters.
    " OR group_name IN (SELECT name FROM groups WHERE instr(lower(title), ?)))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs to take.

    Attributes:
        states: those in one of these; empty for all.
        text: those whose id, arguments, error or group has it, in either case of ASCII letters; empty for all.
    """

    states: Collection[JobState] = ()
    text: str = ""

    @property
    def condition(self) -> str:
        """The condition on a row of `jobs`."""
        conditions = [_IN_STATES] * bool(self.states) + [_HAS_TEXT] * bool(self.text)
        return " AND ".join(conditions) or "TRUE"

    @property
    def values(self) -> tuple[str, ...]:
        """The values of the condition's question marks."""
        states = (json.dumps([state.value for state in self.states]),) if self.states else ()
        text = self.text.encode("utf-8", "replace").lower().decode()  # as SQLite's lower() does: ASCII alone
        return (*states, *((text, json.dumps(text)[1:-1], text, text) if text else ()))


ALL = JobFilter()
