"""`resume`: what is left of a submission is shown, confirmed and held against limits; what was refused isn't sent again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cloud.emulator.errors import Refusal
from support.cloud_project import IMAGE, Desk
from support.pseudo_terminal import PseudoTerminal

from caliban_ls.core.errors import CalibanError, NotConfirmed, OverLimit, UsageError
from caliban_ls.operations.cloud import resume
from caliban_ls.operations.schemas.cloud import ResumeArguments
from caliban_ls.runtime.backends.launch_journal import InUse
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History

CLOUD = ("cloud", "--yes", f"--image_tag={IMAGE}", "--experiment_config=experiment.json", "train.py")


def cut_short(desk: Desk, jobs: int = 4, sent: int = 1) -> str:
    """A launch of which Google took so many jobs, and had no quota for the others."""
    desk.sweep(jobs)
    stop_after(
        desk, sent, Refusal(429, "The following quota metrics exceed quota limits: x.googleapis.com/gpus")
    )
    assert desk.caliban(*CLOUD).returncode == 4
    resume_serving(desk)
    return desk.history()[0][0].name


def stop_after(desk: Desk, sent: int, refusal: Refusal, only: str | None = None) -> None:
    vertex = desk.emulator.vertex
    create = type(vertex).create

    def limited(parent: str, job: Any) -> dict[str, Any]:
        if only is None and len(vertex.jobs) >= sent:
            raise refusal
        if only is not None and only in json.dumps(job):
            raise refusal
        return create(vertex, parent, job)

    vertex.create = limited  # type: ignore[method-assign]


def resume_serving(desk: Desk) -> None:
    del desk.emulator.vertex.create


def states(desk: Desk) -> list[str]:
    return [job.state.value for job in desk.history()[0][1]]


def test_what_is_left_is_shown_and_sent_after_a_yes(desk: Desk) -> None:
    group = cut_short(desk)
    with PseudoTerminal("resume", folder=desk.folder, environment=desk.environment) as terminal:
        shown = terminal.wait_for("Send these 3 jobs? [y/N] ")
        terminal.type("y\n")
        assert terminal.exit_code() == 0, terminal.seen
    assert "3 jobs on n1-standard-8 with 1xT4 in us-central1, project my-project (vertex)" in shown
    assert "0.87 USD an hour each, 2.60 all at once" in shown
    assert f"left of the 4 jobs of {group}, confirmed on" in " ".join(shown.split())
    assert "--n 3" in shown
    assert sorted(desk.keys().values()) == [1] * 4


def test_nobody_there_is_no_yes(desk: Desk) -> None:
    cut_short(desk)
    refused = desk.caliban("resume")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "error[not-confirmed]: 3 jobs on n1-standard-8" in refused.stderr
    assert "you didn't confirm" in refused.stderr
    assert len(desk.keys()) == 1
    planned = json.loads(desk.caliban("resume", "--dry_run", "--json").stdout)
    assert [job["index"] for job in planned["jobs"]] == [2, 3, 4]
    assert planned["cost"]["all_jobs_hour"] == pytest.approx(3 * planned["cost"]["per_job_hour"])
    assert len(desk.keys()) == 1
    assert desk.caliban("resume", "-y").returncode == 0
    assert len(desk.keys()) == 4


@pytest.mark.parametrize("limit", [{"max_jobs": 2}, {"max_cost_per_hour": 1.0}])
@pytest.mark.parametrize("whose", ["flag", "config"])
def test_limits_hold_for_what_is_left(desk: Desk, limit: dict[str, Any], whose: str) -> None:
    cut_short(desk)
    if whose == "config":
        desk.config(limits=limit)
    flags = limit if whose == "flag" else {}
    with pytest.raises(OverLimit):
        resume.resume(ResumeArguments(yes=True, **flags), desk.context())
    assert len(desk.keys()) == 1
    resume.resume(ResumeArguments(**flags), desk.context("3"))
    assert len(desk.keys()) == 4


def test_only_launches_of_this_folder_are_meant_without_a_name(desk: Desk) -> None:
    group = cut_short(desk)
    desk.config(module="train.py")
    inside, outside = desk.folder / "a" / "b", desk.folder.parent / "other"
    inside.mkdir(parents=True)
    outside.mkdir()
    here = desk.folder
    desk.folder = outside
    refused = desk.caliban("resume", "--yes")
    assert refused.returncode == 2
    assert f"{group} in {here}" in refused.stderr
    assert f"`caliban resume {group}`" in refused.stderr
    assert len(desk.keys()) == 1
    with pytest.raises(NotConfirmed):
        resume.resume(ResumeArguments(group=group), desk.context())
    desk.folder = inside
    assert desk.caliban("resume", "--yes").returncode == 0
    assert len(desk.keys()) == 4
    again = desk.caliban("resume")
    assert again.returncode == 0, again.stderr
    assert "nothing is left to send" in again.stderr


def test_a_folder_without_a_config_has_no_root_to_look_for(desk: Desk) -> None:
    cut_short(desk)
    desk.folder = desk.folder / "a"
    desk.folder.mkdir()
    assert "Name the one that is meant" in desk.caliban("resume", "--yes").stderr


def test_without_any_submission_there_is_nothing_to_resume(desk: Desk) -> None:
    with pytest.raises(UsageError, match="Nothing was submitted"):
        resume.resume(ResumeArguments(), desk.context())
    with pytest.raises(UsageError, match="no group"):
        resume.resume(ResumeArguments(group="x"), desk.context())


def test_a_launch_that_is_being_sent_is_refused_before_a_question(desk: Desk) -> None:
    group = cut_short(desk)
    history = History(desk.state, warn=pytest.fail, clock=utc_now)
    with history.transaction() as connection:
        connection.execute("UPDATE groups SET owner = ?", (_another(),))
    history.close()
    context = desk.context("y")
    with pytest.raises(InUse):
        resume.resume(ResumeArguments(group=group), context)
    assert desk.asked == []


def _another() -> str:
    """The owner's mark of a process that lives and isn't this one."""
    import subprocess
    import sys

    program = (
        "from caliban_ls.runtime.local.owner import this_owner; print(this_owner(), flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    _ALIVE.append(process)
    assert process.stdout is not None
    return process.stdout.readline().strip()


_ALIVE: list[Any] = []


@pytest.fixture(autouse=True)
def ended() -> Any:
    yield
    while _ALIVE:
        process = _ALIVE.pop()
        process.kill()
        process.communicate()


def test_what_google_refuses_for_good_is_not_offered_again(desk: Desk) -> None:
    desk.sweep(4)
    stop_after(desk, 0, Refusal(400, "Field: job_spec; Message: is wrong"))
    answer = desk.caliban(*CLOUD)
    assert answer.returncode == 4
    assert "nothing is left to resume" in answer.stderr
    assert "goes on" not in answer.stderr
    resume_serving(desk)
    assert states(desk) == ["FAILED", "CANCELLED", "CANCELLED", "CANCELLED"]
    jobs = desk.history()[0][1]
    assert "is wrong" in str(jobs[0].error)
    assert str(jobs[1].error) == f"It was never sent: Google refused {jobs[0].job_id}"
    assert "aren't sent" not in desk.caliban("status").stderr + desk.caliban("status").stdout
    again = desk.caliban("resume", "--yes")
    assert again.returncode == 0
    assert "nothing is left to send" in again.stderr
    assert not desk.emulator.vertex.jobs


def test_a_job_that_is_refused_in_the_middle_is_left_out(desk: Desk) -> None:
    desk.sweep(30)
    stop_after(desk, 0, Refusal(400, "Field: args; Message: is wrong"), only='"--n", "3"')
    assert desk.caliban(*CLOUD).returncode == 4
    assert states(desk)[3] == "FAILED"
    desk.caliban("resume", "--yes")
    assert sorted(desk.keys().values()) == [1] * 29
    with pytest.raises(CalibanError):
        resume.resume(ResumeArguments(group="nowhere"), desk.context())
    assert states(desk).count("QUEUED") == 29
