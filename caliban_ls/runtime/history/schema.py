"""The tables of the history file, and how older files are brought up to date."""

from __future__ import annotations

from collections.abc import Collection

from caliban_ls.runtime.jobs import FINAL_STATES, UNSENT_STATES, JobState

FILE_NAME = "history.sqlite3"

MIGRATIONS = (
    (
        """
        CREATE TABLE groups (
            name TEXT PRIMARY KEY,  -- NAME_TIMESTAMP
            title TEXT NOT NULL,  -- the NAME as it was given
            backend TEXT NOT NULL,
            folder TEXT NOT NULL,
            image TEXT,
            owner TEXT,  -- the process that runs it, NULL when it needs none
            created TEXT NOT NULL  -- ISO 8601, UTC, like all times
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE jobs (
            job_id TEXT PRIMARY KEY,
            group_name TEXT NOT NULL REFERENCES groups (name) ON DELETE CASCADE,
            number INTEGER NOT NULL,  -- 1-based place in the sweep
            args TEXT NOT NULL,  -- JSON, like parameters and metrics
            parameters TEXT NOT NULL,
            state TEXT NOT NULL,
            name TEXT,  -- what the backend calls it
            created TEXT NOT NULL,
            started TEXT,
            ended TEXT,
            seconds REAL,
            exit_code INTEGER,
            metrics TEXT NOT NULL DEFAULT '{}',
            error TEXT,
            UNIQUE (group_name, number)
        ) WITHOUT ROWID
        """,
    ),
    (
        "ALTER TABLE groups ADD COLUMN project TEXT",  # Google's, NULL for local launches
        "ALTER TABLE groups ADD COLUMN region TEXT",
        "ALTER TABLE groups ADD COLUMN details TEXT NOT NULL DEFAULT '{}'",  # JSON; see `JobGroup.details`
        "ALTER TABLE jobs ADD COLUMN request TEXT",  # JSON, what the service is sent; credentials masked
        "ALTER TABLE jobs ADD COLUMN doubted TEXT",  # when a request went without an answer
        "CREATE INDEX jobs_by_name ON jobs (name) WHERE name IS NOT NULL",
        "CREATE INDEX jobs_by_state ON jobs (group_name, state)",
    ),
    (
        "ALTER TABLE jobs ADD COLUMN seen TEXT",  # when its service last reported it
        "ALTER TABLE jobs ADD COLUMN gone TEXT",  # when its service was found not to know it any more
        "ALTER TABLE jobs ADD COLUMN origin TEXT",  # the job that it does again, by its id
        "CREATE INDEX jobs_by_origin ON jobs (origin) WHERE origin IS NOT NULL",
    ),
)
"""Each entry brings the file from the version of its place to the next; entries are never changed."""


def _in(states: Collection[JobState]) -> str:
    return f"state IN ({', '.join(sorted(repr(state.value) for state in states))})"


UNFINISHED = f"NOT {_in(FINAL_STATES)}"
"""Condition on a job: its state isn't final."""

UNSENT = _in(UNSENT_STATES)
"""Condition on a job: no service is known to have it."""
