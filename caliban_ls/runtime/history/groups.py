"""The table of groups: one row for each launch."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from caliban_ls.runtime.history import details as launch_details
from caliban_ls.runtime.history.database import Database
from caliban_ls.runtime.history.details import Details, LocalDetails
from caliban_ls.runtime.history.job_filter import ALL, JobFilter
from caliban_ls.runtime.history.records import LOCAL, JobGroup, launch_name
from caliban_ls.runtime.history.schema import UNFINISHED


class Groups:
    """The groups of a history."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(
        self,
        *,
        title: str,
        folder: Path,
        image: str | None,
        owner: str | None,
        details: LocalDetails | None = None,
    ) -> JobGroup:
        """Add a local launch, and so reserve its name among all processes."""
        created = self._database.clock()
        with self._database.transaction() as connection:
            while True:
                group = JobGroup(
                    name=launch_name(title, created),
                    title=title,
                    backend=LOCAL,
                    folder=folder,
                    image=image,
                    owner=owner,
                    created=created,
                    details=details or LocalDetails(),
                )
                with suppress(sqlite3.IntegrityError):  # Another launch of this very microsecond.
                    insert(connection, group)
                    return group
                created += timedelta(microseconds=1)

    def describe(self, name: str, details: Details) -> None:
        """Set the details of a launch."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE groups SET details = ? WHERE name = ?", (launch_details.to_json(details), name)
            )

    def newest(
        self, *, limit: int = -1, backend: str | None = None, wanted: JobFilter = ALL
    ) -> list[JobGroup]:
        """Return groups, the newest first.

        Args:
            limit: at most so many; negative for all.
            backend: of this one only.
            wanted: with such jobs only.
        """
        condition, values = _condition(backend, wanted)
        return self._groups(
            f"SELECT * FROM groups WHERE {condition} ORDER BY created DESC, name DESC LIMIT ?", *values, limit
        )

    def count(self, *, backend: str | None = None, wanted: JobFilter = ALL) -> int:
        """Return how many groups `newest` would return without a limit."""
        condition, values = _condition(backend, wanted)
        (row,) = self._database.rows(f"SELECT COUNT(*) AS groups FROM groups WHERE {condition}", *values)
        return int(row["groups"])

    def find(self, reference: str) -> JobGroup | None:
        """Return a group by its name, or the newest of a title."""
        found = self._groups(
            "SELECT * FROM groups WHERE ? IN (name, title) ORDER BY created DESC LIMIT 1", reference
        )
        return found[0] if found else None

    def newest_of(self, folder: Path, title: str | None) -> JobGroup | None:
        """Return the newest group of a project, or the newest of these that has a title."""
        found = self._groups(
            "SELECT * FROM groups WHERE folder = ? AND (? IS NULL OR ? IN (title, name)) ORDER BY created DESC LIMIT 1",
            str(folder),
            title,
            title,
        )
        return found[0] if found else None

    def unfinished(self, backend: str) -> list[JobGroup]:
        """Return the groups of a backend that have jobs without a final state, the newest first."""
        return self._groups(
            "SELECT * FROM groups WHERE backend = ? AND EXISTS"
            f" (SELECT 1 FROM jobs WHERE group_name = groups.name AND {UNFINISHED}) ORDER BY created DESC",
            backend,
        )

    def _groups(self, query: str, *values: object) -> list[JobGroup]:
        return [_group(row) for row in self._database.rows(query, *values)]


def insert(connection: sqlite3.Connection, group: JobGroup) -> None:
    """Write a new group.

    Raises:
        sqlite3.IntegrityError: there is a group of this name.
    """
    connection.execute(
        "INSERT INTO groups (name, title, backend, folder, image, owner, created, project, region, details)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            group.name,
            group.title,
            group.backend,
            str(group.folder),
            group.image,
            group.owner,
            group.created.isoformat(),
            group.project,
            group.region,
            launch_details.to_json(group.details),
        ),
    )


def _condition(backend: str | None, wanted: JobFilter) -> tuple[str, tuple[str, ...]]:
    """Return the condition on a group, and the values of its question marks."""
    of_backend = "? IN (backend, '')"
    if wanted == ALL:
        return of_backend, (backend or "",)
    with_jobs = f"EXISTS (SELECT 1 FROM jobs WHERE group_name = groups.name AND {wanted.condition})"
    return f"{of_backend} AND {with_jobs}", (backend or "", *wanted.values)


def _group(row: sqlite3.Row) -> JobGroup:
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
        details=launch_details.from_json(row["details"], local=row["backend"] == LOCAL),
    )
