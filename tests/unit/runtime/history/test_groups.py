"""Launches and their jobs are found by name, title, place and service."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from support.histories import Clock, add_launch, record_of

from caliban_ls.runtime.history.store import History


def test_launches_and_jobs_are_found(history: History, clock: Clock) -> None:
    old = add_launch(history)
    clock.now += timedelta(hours=1)
    new, other = add_launch(history), add_launch(history, "other")
    history.jobs.start(f"{new.name}_1", name="projects/p/jobs/77")
    assert [group.name for group in history.groups.newest(limit=2)] == sorted(
        [new.name, other.name], reverse=True
    )
    assert history.groups.newest()[-1] == old
    assert history.groups.find(old.name) == old
    assert history.groups.find("digits") == new
    assert history.groups.find("none") is None
    for reference in (f"{new.name}_1", f"{new.name}/1", "digits/1", "projects/p/jobs/77"):
        assert record_of(history, reference).job_id == f"{new.name}_1"
    for reference in ("digits/3", "digits/", "digits/x", "digits/²", f"digits/{10**30}", "none/1", "", "/"):
        assert history.jobs.find(reference) is None


def test_launches_of_one_moment_have_names_of_their_own(open_history: Callable[[], History]) -> None:
    names = [add_launch(open_history()).name for _ in range(3)]
    assert names == [f"digits_20260301_120000_00000{number}" for number in range(3)]
