"""Jobs after they were sent: their states, stopping them and submitting them again, for both services alike."""

from __future__ import annotations

import csv
import io
import json
import random
import shlex
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.errors import Refusal
from cloud.emulator.faults import Faults
from cloud.emulator.server import Emulator
from support.cloud_launches import IMAGE, Launches, RecordingListener, in_background
from support.program import caliban

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import (
    CalibanError,
    Cancelled,
    EngineUnavailable,
    MissingError,
    NotConfirmed,
    ServiceError,
    UsageError,
)
from caliban_ls.operations.cloud.resubmit import resubmit
from caliban_ls.operations.cloud.resume import resume
from caliban_ls.operations.jobs import export, logs
from caliban_ls.operations.jobs import stop as jobs_stop
from caliban_ls.operations.jobs.status import status
from caliban_ls.operations.schemas.cloud import ResubmitArguments, ResumeArguments
from caliban_ls.operations.schemas.jobs import (
    ExportArguments,
    LogsArguments,
    LogsResult,
    StatusArguments,
    StatusResult,
    StopArguments,
    StopResult,
)
from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.google.cloud_logging import Pace
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.jobs import JobSpec

QUICK = Pace(shortest=0.05, longest=0.1, quiet=0.3)


@pytest.fixture(params=["vertex", "ai-platform"])
def launches(request: pytest.FixtureRequest, emulator: Emulator, tmp_path: Path) -> Launches:
    return Launches(tmp_path / "digits", emulator, request.param)


@pytest.fixture
def vertex(emulator: Emulator, tmp_path: Path) -> Launches:
    return Launches(tmp_path / "digits", emulator, "vertex")


def status_of(launches: Launches, reference: str | None = None, **more: Any) -> StatusResult:
    return status(StatusArguments(reference=reference, **more), launches.context())


def states(launches: Launches, group: str, **more: Any) -> list[str]:
    return [job.state for job in status_of(launches, group, **more).groups[0].jobs]


def stop(launches: Launches, *references: str, answer: bool | None = None, **more: Any) -> StopResult:
    return jobs_stop.stop(StopArguments(references=references, **more), launches.context(answer=answer))


# Telling


def test_every_state_is_told_apart(launches: Launches) -> None:
    group = launches.submit(6)
    launches.move(
        group, "", "PREPARING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", message="Out of luck"
    )
    assert states(launches, group, refresh=True) == [
        "QUEUED",
        "PREPARING",
        "RUNNING",
        "SUCCEEDED",
        "FAILED",
        "CANCELLED",
    ]
    (shown,) = status_of(launches, group).groups
    assert shown.states == dict.fromkeys(states(launches, group), 1)
    assert shown.jobs[4].error == "Out of luck"
    assert all(job.url and "console.cloud.google.com" in job.url for job in shown.jobs)


def test_the_overview_asks_nobody_until_it_is_told_to(launches: Launches) -> None:
    group = launches.submit(5)
    launches.move(group, "SUCCEEDED")
    before = launches.calls("list") + launches.calls("get")
    overview = status_of(launches)
    assert overview.groups[0].states == {"QUEUED": 5}
    assert overview.notes == ("Google wasn't asked; --refresh asks",)
    assert launches.calls("list") + launches.calls("get") == before
    assert status_of(launches, refresh=True).groups[0].states == {"QUEUED": 4, "SUCCEEDED": 1}
    # One list for the launch, and nothing more.
    assert (launches.calls("list"), launches.calls("get")) == (before + 1, 0)


def test_a_named_launch_is_asked_about_as_long_as_it_goes_on(launches: Launches) -> None:
    group = launches.submit(5)
    launches.move(group, *["SUCCEEDED"] * 5)
    assert states(launches, group, offline=True) == ["QUEUED"] * 5
    assert launches.calls("list") == 0
    assert states(launches, group) == ["SUCCEEDED"] * 5
    asked = launches.calls("list")
    status_of(launches, group, refresh=True)
    assert launches.calls("list") == asked


def test_a_job_that_isnt_listed_yet_is_not_gone(launches: Launches) -> None:
    launches.emulator.faults = Faults(hidden=60)
    group = launches.submit(5)
    (shown,) = status_of(launches, group, refresh=True).groups
    assert (shown.gone, shown.states) == (0, {"QUEUED": 5})


def test_a_deleted_job_keeps_the_state_that_was_last_seen(launches: Launches) -> None:
    group = launches.submit(5)
    launches.move(group, "RUNNING", "RUNNING")
    status_of(launches, group, refresh=True)
    name = launches.jobs(group)[1].name
    del launches.there()[str(name)]
    (shown,) = status_of(launches, group, refresh=True).groups
    assert [(job.state, job.gone) for job in shown.jobs[:3]] == [
        ("RUNNING", False),
        ("RUNNING", True),
        ("QUEUED", False),
    ]
    assert shown.jobs[1].error == "Google no longer knows it; this is its last known state"
    # It costs nothing from then on.
    launches.write(
        "UPDATE jobs SET started = ?, seen = ? WHERE name = ?",
        (utc_now() - timedelta(hours=3)).isoformat(),
        (utc_now() - timedelta(hours=2)).isoformat(),
        name,
    )
    (shown,) = status_of(launches, group).groups
    assert shown.hours == pytest.approx(1, abs=0.1)
    assert stop(launches, f"{group}/2").ended == (f"{group}_2",)
    assert launches.states(group)[1] == "CANCELLED"


def test_what_jobs_have_cost_so_far(launches: Launches) -> None:
    group = launches.submit(3)
    launches.move(group, "RUNNING")
    status_of(launches, group, refresh=True)
    launches.write(
        "UPDATE jobs SET started = ? WHERE number = 1", (utc_now() - timedelta(hours=2)).isoformat()
    )
    (shown,) = status_of(launches).groups
    assert shown.cost is not None
    assert shown.cost.so_far == pytest.approx(2 * shown.cost.per_job_hour, rel=0.05)
    launches.write("UPDATE groups SET details = json_remove(details, '$.per_job_hour')")
    assert status_of(launches).groups[0].cost is None


def test_times_out_of_order_are_shown_and_cost_nothing(vertex: Launches) -> None:
    group = vertex.submit(1)
    (job,) = vertex.there().values()
    job |= {
        "state": "JOB_STATE_SUCCEEDED",
        "startTime": "2026-05-01T12:00:00.123456789Z",
        "endTime": "2026-05-01T11:00:00Z",
    }
    (shown,) = status_of(vertex, group, refresh=True).groups
    assert (shown.jobs[0].started, shown.jobs[0].ended) == (
        "2026-05-01T12:00:00.123456+00:00",
        "2026-05-01T11:00:00+00:00",
    )
    assert (shown.jobs[0].seconds, shown.hours) == (None, 0)


def test_a_project_that_cant_be_read_is_one_line(launches: Launches) -> None:
    group, other = launches.submit(5), launches.submit(5)
    launches.deny("list")
    result = status_of(launches, refresh=True)
    assert [one.states for one in result.groups] == [{"QUEUED": 5}, {"QUEUED": 5}]
    (note,) = result.notes
    assert note.startswith(f"{other}, {group}: Permission 'aiplatform.customJobs.list' denied")
    assert "roles/aiplatform.user" in note


def test_a_service_that_is_offline_is_one_line(launches: Launches) -> None:
    group = launches.submit(2)
    endpoints = dict.fromkeys(launches.emulator.environment(), "http://127.0.0.1:9/")
    context = launches.context(environment={**launches.environment, **endpoints})
    result = status(StatusArguments(reference=group), context)
    assert result.groups[0].states == {"QUEUED": 2}
    assert "Google can't be reached: 127.0.0.1:9 refuses the connection" in result.notes[0]


def test_without_credentials_what_is_written_down_is_shown(launches: Launches) -> None:
    group = launches.submit(2)
    bare = {**launches.environment, "GOOGLE_APPLICATION_CREDENTIALS": "", "NO_GCE_CHECK": "1", "PATH": ""}
    bare["CLOUDSDK_CONFIG"] = str(launches.folder)
    context = launches.context(environment=bare)
    result = status(StatusArguments(reference=group), context)
    assert (result.groups[0].states, result.notes) == (
        {"QUEUED": 2},
        ("Google wasn't asked; --refresh asks",),
    )
    result = status(StatusArguments(refresh=True), context)
    assert result.groups[0].states == {"QUEUED": 2}
    assert "no Google credentials" in result.notes[0]
    # The key that it was submitted with is as good as any.
    named = launches.submit(1, cloud_key=str(launches.key))
    launches.move(named, "SUCCEEDED")
    assert status(StatusArguments(reference=named), context).groups[0].states == {"SUCCEEDED": 1}


@pytest.mark.parametrize(
    ("flags", "count"),
    [
        ({}, 2),
        ({"limit": 1}, 1),
        ({"state": ("failed",)}, 1),
        ({"state": ("FAILED", "QUEUED")}, 2),
        ({"state": ("RUNNING",)}, 0),
        ({"backend": "local"}, 0),
        ({"backend": "vertex"}, 2),
        ({"text": "--N 1"}, 1),
        ({"text": "--n 0"}, 2),
        ({"text": "digits_"}, 2),
        ({"text": "out of luck"}, 1),
        ({"text": "--n 1", "state": ("FAILED",)}, 0),
        ({"text": "nowhere"}, 0),
    ],
)
def test_what_is_shown_can_be_chosen(vertex: Launches, flags: dict[str, Any], count: int) -> None:
    vertex.submit(1)
    group = vertex.submit(2)
    vertex.move(group, "FAILED", "SUCCEEDED", message="Out of luck")
    status_of(vertex, group)
    groups = status_of(vertex, **flags).groups
    assert len(groups) == count
    wanted = {state.upper() for state in flags.get("state", ())}
    assert all(not wanted or job.state in wanted for one in groups for job in one.jobs)


def test_a_large_launch_is_listed_piece_by_piece(vertex: Launches) -> None:
    group = vertex.submit(7)
    vertex.move(group, "FAILED", "", "FAILED", "FAILED")
    status_of(vertex, group)
    (bare,) = status_of(vertex, jobs=0).groups
    assert (bare.count, bare.jobs) == (7, ())
    listed: list[int] = []
    while jobs := status_of(vertex, group, jobs=3, after=listed[-1] if listed else 0).groups[0].jobs:
        listed += [job.index for job in jobs]
    assert listed == [1, 2, 3, 4, 5, 6, 7]
    (failed,) = status_of(vertex, group, state=("FAILED",), jobs=2).groups
    assert ([job.index for job in failed.jobs], failed.count, failed.states) == ([1, 3], 3, {"FAILED": 3})
    # What was chosen hides nothing of what goes on.
    assert (failed.all_states, failed.going) == ({"QUEUED": 4, "FAILED": 3}, 4)


@pytest.mark.parametrize(
    "flags",
    [
        {"state": ("DONE",)},
        {"backend": "gke"},
        {"limit": -1},
        {"jobs": -1},
        {"after": -1},
        {"offline": True, "refresh": True},
    ],
)
def test_what_cant_be_chosen(vertex: Launches, flags: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        status_of(vertex, **flags)


def test_a_job_that_is_there_twice_is_named_and_both_are_stopped(vertex: Launches) -> None:
    group = vertex.submit(5)
    first = vertex.jobs(group)[0]
    twin = {**vertex.there()[str(first.name)], "name": f"{first.name}9"}
    vertex.there()[f"{first.name}9"] = twin
    vertex.emulator.vertex._made[f"{first.name}9"] = 0.0
    (note,) = status_of(vertex, group, refresh=True).notes
    assert f"{first.job_id} is there a second time, as {first.name}9" in note
    assert stop(vertex, first.job_id).stopped == (first.job_id,)
    assert {job["state"] for job in (twin, vertex.there()[str(first.name)])} == {"JOB_STATE_CANCELLED"}


def test_a_launch_that_was_cut_short_says_how_to_go_on(launches: Launches) -> None:
    group = launches.submit(3)
    for job in launches.jobs(group)[1:]:
        del launches.there()[str(job.name)]
    launches.write("UPDATE jobs SET state = 'PLANNED', name = NULL WHERE number > 1")
    assert status_of(launches, group).notes == (
        f"2 jobs aren't sent, or may not be; `caliban resume {group}` sends them",
    )
    (overview,) = status_of(launches, jobs=0).groups
    assert (overview.unsent, overview.going) == (2, 1)


def test_a_job_says_what_runs_it_once_more(launches: Launches) -> None:
    group = launches.submit(
        2, args=("--say", "a b"), spot=launches.backend == "vertex", timeout="3h", name="night"
    )
    (job,) = status_of(launches, f"{group}/2").groups[0].jobs
    assert job.command is not None
    said = shlex.split(job.command)
    assert said[:2] == ["caliban", "cloud"]
    assert said[-4:] == ["--say", "a b", "--n", "1"]
    assert (status_of(launches, group).groups[0].jobs[0].command, status_of(launches).groups[0].title) == (
        None,
        "night",
    )
    # The words are those of the command line, so that it takes them, and means the same job.
    planned = caliban(
        *said[1 : said.index("--")],
        "--dry_run",
        "--json",
        *said[said.index("--") :],
        folder=launches.folder,
        environment=launches.environment,
    )
    assert planned.returncode == 0, planned.stderr
    (again,) = json.loads(planned.stdout)["jobs"]
    (sent,) = [made for name, made in launches.there().items() if name == job.name]

    def told_to(body: Any) -> Any:
        body = json.loads(json.dumps(body))
        for key in ("trainingInput", "jobSpec"):
            if key in body:
                return body[key]
        return body

    assert told_to(again["request"]) == told_to(sent)


def test_a_job_in_doubt_is_recognised(launches: Launches) -> None:
    group = launches.submit(2)
    name = launches.jobs(group)[0].name
    launches.write(
        "UPDATE jobs SET state = 'UNKNOWN', name = NULL, doubted = ? WHERE number = 1", utc_now().isoformat()
    )
    launches.write("UPDATE jobs SET state = 'PLANNED' WHERE number = 0")
    status_of(launches, group, refresh=True)
    job = launches.jobs(group)[0]
    assert (job.state.value, job.name, job.doubted) == ("QUEUED", name, None)


def test_two_at_once_and_a_stop_in_between_do_no_harm(launches: Launches) -> None:
    group = launches.submit(30)
    launches.move(group, *["RUNNING"] * 10, *["SUCCEEDED"] * 10)
    work: list[Callable[[], object]] = [
        lambda: status_of(launches, refresh=True),
        lambda: status_of(launches, group, refresh=True),
        lambda: stop(launches, group),
        lambda: status_of(launches, refresh=True),
    ]
    started = [in_background(one) for one in work]
    for thread, failures in started:
        thread.join(60)
        assert failures == []
    launches.move(group, *["CANCELLED"] * 10)
    assert states(launches, group, refresh=True) == [
        *["CANCELLED"] * 10,
        *["SUCCEEDED"] * 10,
        *["CANCELLED"] * 10,
    ]


# Logs


def test_what_a_job_printed(launches: Launches) -> None:
    group = launches.submit(2)
    first, second = launches.jobs(group)
    for number in range(2500):
        launches.log(first, f"line {number}")
    launches.log(first, "Traceback", severity="ERROR")
    launches.log(second, "another's")
    listener = RecordingListener()
    shown = logs.logs(LogsArguments(job=first.job_id), launches.context(streams=True, listener=listener))
    assert listener.text == "".join(f"line {number}\n" for number in range(2500)) + "Traceback\n"
    assert shown == LogsResult(job=first.job_id, text="", offset=len(listener.text))
    assert launches.emulator.calls["logging.entries.list"] == 3
    piece = logs.logs(LogsArguments(job=f"{group}/1", offset=10), launches.context())
    assert (piece.text, piece.offset) == (listener.text[10:], len(listener.text))
    end = logs.logs(LogsArguments(job=first.job_id, offset=len(listener.text)), launches.context())
    assert (end.text, end.offset) == ("", len(listener.text))


def test_the_end_of_a_long_log_is_one_answer(vertex: Launches) -> None:
    (job,) = vertex.jobs(vertex.submit(1))
    for number in range(300):
        vertex.log(job, f"{number} {'x' * 1000}")
    end = logs.logs(LogsArguments(job=job.job_id), vertex.context())
    assert (len(end.text), end.text.endswith("x\n")) == (64 * 1024, True)
    start = logs.logs(LogsArguments(job=job.job_id, offset=0), vertex.context())
    assert (start.text[:3], start.offset) == ("0 x", 64 * 1024)


def test_structured_entries_are_read_too(vertex: Launches) -> None:
    (job,) = vertex.jobs(vertex.submit(1))
    vertex.log(job, "")
    vertex.log(job, "")
    first, second = vertex.emulator.logging.entries
    del first["textPayload"], second["textPayload"]
    first["jsonPayload"] = {"message": "epoch 1", "levelname": "INFO"}
    second["jsonPayload"] = {"loss": 0.5}
    assert logs.logs(LogsArguments(job=job.job_id), vertex.context()).text == 'epoch 1\n{"loss": 0.5}\n'


def test_a_log_is_followed_until_the_job_has_ended(launches: Launches) -> None:
    group = launches.submit(1)
    (job,) = launches.jobs(group)
    launches.move(group, "RUNNING")
    listener = RecordingListener()
    context = launches.context(listener=listener)
    thread, failures = in_background(
        lambda: logs.logs(LogsArguments(job=job.job_id, follow=True), context, QUICK)
    )
    launches.log(job, "first")
    listener.wait_for("first\n")
    # Entries of one moment, and one that arrives late.
    launches.log(job, "second")
    launches.emulator.logging.entries[-1]["timestamp"] = launches.emulator.logging.entries[0]["timestamp"]
    listener.wait_for("second\n")
    launches.move(group, "SUCCEEDED")
    launches.log(job, "last")
    thread.join(30)
    assert (failures, listener.text) == ([], "first\nsecond\nlast\n")
    assert launches.states(group) == ["SUCCEEDED"]


def test_following_ends_when_the_user_says_so(launches: Launches) -> None:
    (job,) = launches.jobs(launches.submit(1))
    launches.log(job, "first")
    listener, cancel = RecordingListener(), CancelToken()
    context = launches.context(listener=listener, cancel=cancel)
    thread, failures = in_background(
        lambda: logs.logs(LogsArguments(job=job.job_id, follow=True), context, QUICK)
    )
    listener.wait_for("first")
    cancel.set()
    thread.join(30)
    assert [type(failure) for failure in failures] == [Cancelled]
    assert launches.state_there(job) == "QUEUED"


def test_a_log_that_cant_be_read_is_elsewhere(launches: Launches) -> None:
    group = launches.submit(1)
    (job,) = launches.jobs(group)
    launches.emulator.denied["logging.entries.list"] = "logging.logEntries.list"
    with pytest.raises(ServiceError, match="can't be read") as refused:
        logs.logs(LogsArguments(job=group), launches.context())
    identifier = str(job.name).rpartition("/")[2]
    assert refused.value.exit_code == 4
    assert "roles/logging.viewer" in refused.value.hint
    assert (
        f"""gcloud logging read 'resource.type="ml_job" AND resource.labels.job_id="{identifier}"'"""
        " --project=my-project --order=asc"
    ) in refused.value.hint
    assert "https://console.cloud.google.com/logs/viewer?project=my-project" in refused.value.hint


def test_a_job_that_was_never_sent_has_no_log(launches: Launches) -> None:
    group = launches.submit(1)
    launches.write("UPDATE jobs SET state = 'PLANNED', name = NULL")
    with pytest.raises(UsageError, match="no output") as refused:
        logs.logs(LogsArguments(job=group), launches.context())
    assert refused.value.hint == "It is PLANNED."


# Stopping


def test_a_launch_is_stopped_there(launches: Launches) -> None:
    group = launches.submit(6)
    launches.move(group, "SUCCEEDED", "FAILED", "RUNNING")
    done = stop(launches, group)
    ids = [job.job_id for job in launches.jobs(group)]
    assert (sorted(done.stopped), sorted(done.ended), done.failed) == (ids[2:], ids[:2], ())
    assert [launches.state_there(job) for job in launches.jobs(group)] == [
        "SUCCEEDED",
        "FAILED",
        "CANCELLING",
        "CANCELLED",
        "CANCELLED",
        "CANCELLED",
    ]
    assert launches.states(group) == [launches.state_there(job) for job in launches.jobs(group)]
    launches.move(group, "", "", "CANCELLED")
    again = stop(launches, group, f"{group}/3")
    assert (again.stopped, sorted(again.ended)) == ((), ids)
    assert launches.calls("cancel") == 4


def test_what_is_stopped_is_asked_first(launches: Launches) -> None:
    group = launches.submit(3)
    with pytest.raises(NotConfirmed):
        stop(launches, group, answer=False)
    assert launches.calls("cancel") == 0
    assert launches.asked == [
        f"3 jobs of {group} would be stopped, and can't be taken up again.\nStop 3 jobs?"
    ]
    assert len(stop(launches, group, answer=True).stopped) == 3


def test_everything_is_stopped_only_when_somebody_says_so(launches: Launches) -> None:
    groups = [launches.submit(2), launches.submit(3)]
    with pytest.raises(NotConfirmed):
        stop(launches, all=True)
    with pytest.raises(UsageError):
        stop(launches, groups[0], all=True, yes=True)
    assert len(stop(launches, all=True, yes=True).stopped) == 5
    assert all(launches.state_there(job) == "CANCELLED" for group in groups for job in launches.jobs(group))
    assert stop(launches, all=True, yes=True) == StopResult(stopped=(), ended=())


def test_what_isnt_sent_never_will_be(launches: Launches) -> None:
    group = launches.submit(4)
    for job in launches.jobs(group)[2:]:
        del launches.there()[str(job.name)]
    launches.write("UPDATE jobs SET state = 'PLANNED', name = NULL WHERE number > 2")
    made = launches.calls("create")
    done = stop(launches, f"{group}/3", f"{group}/4")
    assert done.stopped == (f"{group}_3", f"{group}_4")
    assert [job.error for job in launches.jobs(group)[2:]] == ["It was stopped before it was sent"] * 2
    assert resume(ResumeArguments(group=group), launches.context()).jobs == ()
    assert launches.calls("create") == made


def test_a_stop_while_jobs_are_sent_leaves_none_running(launches: Launches) -> None:
    launches.emulator.faults = Faults(latency=0.05)
    thread, failures = in_background(lambda: launches.submit(60))
    while launches.calls("create") < 10:
        assert thread.is_alive()
        thread.join(0.01)
    with launches.history() as history:
        group = history.groups.newest()[0].name
    done = stop(launches, group)
    thread.join(60)
    assert failures == []
    assert (len(done.stopped), done.failed) == (60, ())
    assert launches.states(group) == ["CANCELLED"] * 60
    assert {str(job["state"]).removeprefix("JOB_STATE_") for job in launches.there().values()} == {
        "CANCELLED"
    }
    assert len(launches.there()) < 60
    assert sum(job.name is not None for job in launches.jobs(group)) == len(launches.there())


def test_who_sends_ends_what_was_stopped_on_its_way(launches: Launches) -> None:
    """The process that stopped it may be gone by then."""
    launches.emulator.faults = Faults(latency=0.3)
    thread, failures = in_background(lambda: launches.submit(40))
    while launches.emulator.at_once < 8:
        assert thread.is_alive()
        thread.join(0.01)
    with launches.history() as history:
        group = history.groups.newest()[0].name
        Journal(history).take_out([job.job_id for job in history.jobs.of(group)], utc_now())
    thread.join(60)
    assert failures == []
    assert 0 < len(launches.there()) < 40
    stopped = [job for job in launches.jobs(group) if job.state.value == "CANCELLING"]
    assert stopped
    assert {launches.state_there(job) for job in stopped} == {"CANCELLED"}


def test_what_isnt_sent_is_stopped_without_credentials(launches: Launches) -> None:
    group = launches.submit(4)
    launches.write("UPDATE jobs SET state = 'PLANNED', name = NULL WHERE number > 2")
    bare = {**launches.environment, "GOOGLE_APPLICATION_CREDENTIALS": "", "NO_GCE_CHECK": "1", "PATH": ""}
    bare["CLOUDSDK_CONFIG"] = str(launches.folder)
    done = jobs_stop.stop(StopArguments(references=(group,)), launches.context(environment=bare))
    assert done.stopped == (f"{group}_3", f"{group}_4")
    assert [one.job for one in done.failed] == [f"{group}_1", f"{group}_2"]
    assert "no Google credentials" in done.failed[0].error
    with pytest.raises(MissingError):
        jobs_stop.stop(StopArguments(references=(group,)), launches.context(environment=bare))


def test_an_engine_that_is_away_keeps_nobody_from_stopping_the_rest(launches: Launches) -> None:
    def no_engine() -> Any:
        raise EngineUnavailable("No Docker engine answers")

    group = launches.submit(2)
    with launches.history() as history:
        local = history.groups.add(title="here", folder=launches.folder, image=None, owner=None)
        history.jobs.add(local.name, [JobSpec(index=1, job_id=f"{local.name}_1", args=())])
    context = launches.context(engine=no_engine)
    done = jobs_stop.stop(StopArguments(all=True, yes=True), context)
    assert done.stopped == (f"{group}_1", f"{group}_2")
    assert [one.job for one in done.failed] == [f"{local.name}_1"]
    with pytest.raises(EngineUnavailable):
        jobs_stop.stop(StopArguments(references=(local.name,)), context)


def test_a_job_in_doubt_is_stopped_once_it_turns_up(launches: Launches) -> None:
    group = launches.submit(2)
    first = launches.jobs(group)[0]
    launches.write(
        "UPDATE jobs SET state = 'UNKNOWN', name = NULL, doubted = ? WHERE number = 1", utc_now().isoformat()
    )
    assert stop(launches, first.job_id).stopped == (first.job_id,)
    assert launches.state_there(first) == "CANCELLED"


def test_a_job_in_doubt_that_never_turns_up_was_never_made(launches: Launches) -> None:
    group = launches.submit(2)
    first = launches.jobs(group)[0]
    del launches.there()[str(first.name)]
    long_ago = (utc_now() - timedelta(hours=1)).isoformat()
    launches.write(
        "UPDATE jobs SET state = 'SUBMITTING', name = NULL, doubted = ? WHERE number = 1", long_ago
    )
    assert stop(launches, first.job_id).stopped == (first.job_id,)
    assert launches.jobs(group)[0].error == "It was stopped, and its service never had it"


def test_a_service_that_is_busy_is_waited_for(launches: Launches) -> None:
    group = launches.submit(80)
    services = launches.emulator.vertex if launches.backend == "vertex" else launches.emulator.ai_platform
    dice = random.Random(7)
    refusals: list[int] = []

    def moody(method: Callable[..., Any]) -> Callable[..., Any]:
        def answer(*arguments: Any) -> Any:
            number = dice.random()
            if len(refusals) == 10:
                launches.emulator.tokens.expire()
            if number < 0.3:
                refusals.append(429 if number < 0.2 else 503)
                raise Refusal(refusals[-1], "Not now", headers={"Retry-After": "0"})
            return method(*arguments)

        return answer

    for name in ("list", "get", "cancel"):
        setattr(services, name, moody(getattr(services, name)))
    done = stop(launches, group)
    assert (len(done.stopped), done.failed) == (80, ())
    assert {launches.state_there(job) for job in launches.jobs(group)} == {"CANCELLED"}
    assert set(launches.states(group)) == {"CANCELLED"}
    assert {429, 503} <= set(refusals)


def test_what_cant_be_stopped_is_named(launches: Launches) -> None:
    group = launches.submit(2)
    launches.deny("cancel", "aiplatform.customJobs.cancel")
    done = stop(launches, group)
    assert ([one.job for one in done.failed], done.stopped) == ([f"{group}_1", f"{group}_2"], ())
    assert "aiplatform.customJobs.cancel" in done.failed[0].error
    assert launches.states(group) == ["QUEUED"] * 2


# Submitting again


def again(launches: Launches, *references: str, answer: bool | None = None, **more: Any) -> Any:
    return resubmit(
        ResubmitArguments(references=references, **{"yes": True, **more}), launches.context(answer=answer)
    )


def body_of(launches: Launches, name: str | None) -> dict[str, Any]:
    """A request as the service took it, without what has to differ."""
    body = json.loads(json.dumps(launches.there()[str(name)]))
    for key in ("name", "state", "createTime", "updateTime", "startTime", "endTime", "error", "errorMessage"):
        body.pop(key, None)
    for key in ("displayName", "jobId"):
        body.pop(key, None)
    body["labels"] = {key: value for key, value in body["labels"].items() if not key.startswith("caliban_")}
    return dict(body)


def test_failed_and_stopped_jobs_are_sent_as_they_were(launches: Launches) -> None:
    group = launches.submit(5, label=("team=blue",), name="first try")
    launches.move(group, "SUCCEEDED", "FAILED", "RUNNING", "CANCELLED")
    result = again(launches, group)
    assert result.count == 2
    before = launches.jobs(group)
    after = launches.jobs(result.group)
    assert [(job.index, job.args, job.origin) for job in after] == [
        (1, ("--n", "1"), f"{group}_2"),
        (2, ("--n", "3"), f"{group}_4"),
    ]
    for old, new in zip((before[1], before[3]), after, strict=True):
        assert body_of(launches, old.name) == body_of(launches, new.name)
    assert len(set(launches.keys())) == 7
    with launches.history() as history:
        new_group = history.groups.find(result.group)
        assert new_group is not None
        assert new_group.cloud.repeats == group


def test_nothing_is_sent_a_second_time(launches: Launches) -> None:
    group = launches.submit(4)
    launches.move(group, "FAILED", "FAILED", "", "SUCCEEDED")
    launches.write("UPDATE jobs SET state = 'UNKNOWN', name = NULL WHERE number = 3")
    del launches.there()[next(name for name, job in launches.there().items() if job["labels"]["n"] == "2")]
    first = again(launches, group)
    assert again(launches, group).jobs == ()
    assert any("was submitted again already" in line for line in launches.said)
    # What failed once more is done once more, whichever of the two is named; and once only.
    launches.move(first.group, "FAILED", "SUCCEEDED")
    second = again(launches, first.group)
    assert [job.args for job in second.jobs] == [("--n", "0")]
    assert again(launches, group).jobs == again(launches, first.group).jobs == ()
    # The third is in doubt, and stopping it is reported.
    assert [job.args for job in again(launches, group, state=("UNKNOWN",)).jobs] == [("--n", "2")]


def test_two_at_once_send_jobs_again_once(launches: Launches) -> None:
    group = launches.submit(6)
    launches.move(group, *["FAILED"] * 6)
    barrier = threading.Barrier(2)
    results: list[Any] = []

    def one() -> None:
        def ask(_question: str, _action: str) -> bool:
            barrier.wait(30)  # Both have seen the plan before either sends it.
            return True

        context = launches.context(ask=ask, can_ask=True)
        results.append(resubmit(ResubmitArguments(references=(group,)), context))

    started = [in_background(one) for _ in range(2)]
    for thread, _ in started:
        thread.join(60)
    failures = [failure for _, raised in started for failure in raised]
    assert [getattr(failure, "code", failure) for failure in failures] == ["done-again"]
    assert (len(results), len(launches.there())) == (1, 12)


@pytest.mark.parametrize(
    ("flags", "error"),
    [
        ({"yes": False}, NotConfirmed),
        ({"yes": False, "answer": False}, NotConfirmed),
        ({"max_jobs": 1}, UsageError),
        ({"max_cost_per_hour": 0.01}, UsageError),
        ({"state": ("PLANNED",)}, UsageError),
        ({"state": ("DONE",)}, UsageError),
    ],
)
def test_what_isnt_allowed_isnt_sent(
    launches: Launches, flags: dict[str, Any], error: type[CalibanError]
) -> None:
    group = launches.submit(2)
    launches.move(group, "FAILED", "FAILED")
    with pytest.raises(error):
        again(launches, group, **flags)
    assert launches.calls("create") == 2
    assert len(again(launches, group, answer=True, yes=False).jobs) == 2


def test_what_was_shown_is_what_is_sent_or_nothing_is(launches: Launches) -> None:
    group = launches.submit(3)
    launches.move(group, "FAILED", "RUNNING")
    status_of(launches, group, refresh=True)
    shown = again(launches, group, dry_run=True)
    launches.move(group, "", "FAILED")
    with pytest.raises(UsageError, match="aren't those that were shown"):
        again(launches, group, plan_id=shown.plan_id)
    assert launches.calls("create") == 3
    shown = again(launches, group, dry_run=True)
    assert again(launches, group, plan_id=shown.plan_id).count == 2


def test_a_dry_run_touches_nothing(launches: Launches) -> None:
    group = launches.submit(2)
    launches.move(group, "FAILED")
    status_of(launches, group, refresh=True)
    calls = sum(launches.emulator.calls.values())
    result = again(launches, dry_run=True)
    assert [(job.args, job.state) for job in result.jobs] == [(("--n", "0"), "PLANNED")]
    assert result.jobs[0].request is not None
    assert sum(launches.emulator.calls.values()) == calls


def test_the_project_as_it_is_now_can_take_the_place_of_the_old_image(launches: Launches) -> None:
    (launches.folder / "train.py").write_text("print('mended')")
    group = launches.submit(2)
    launches.move(group, "FAILED")
    status_of(launches, group, refresh=True)
    result = again(launches, group, rebuild=True, dry_run=True)
    assert result.image.startswith("us-central1-docker.pkg.dev/my-project/caliban/digits:")
    request = json.dumps(result.jobs[0].request)
    assert result.image in request
    assert IMAGE not in request
    assert result.jobs[0].labels["docker_image"] == result.image.rpartition("/")[2].replace(":", "_")


def test_arguments_that_arent_written_down_are_asked_for(launches: Launches) -> None:
    group = launches.submit(2, args=("--api_key", "hush"))
    launches.move(group, "FAILED", "FAILED")
    result = again(launches, group)
    assert [job.args for job in result.jobs] == [("--api_key", "***", "--n", str(n)) for n in range(2)]
    for job in launches.jobs(result.group):
        assert "hush" in json.dumps(launches.there()[str(job.name)])
    assert all(b"hush" not in file.read_bytes() for file in launches.state.rglob("*") if file.is_file())
    launches.move(result.group, "FAILED")
    status_of(launches, result.group, refresh=True)
    first = launches.jobs(result.group)[0]
    del launches.there()[str(first.name)]
    with pytest.raises(UsageError, match="look like credentials"):
        again(launches, result.group)


def test_jobs_of_this_machine_are_run_again_elsewhere(vertex: Launches) -> None:
    with vertex.history() as history:
        group = history.groups.add(title="here", folder=vertex.folder, image=None, owner=None)
    with pytest.raises(UsageError) as refused:
        again(vertex, group.name)
    assert "caliban run --rerun_failed --name here_" in refused.value.hint
    with pytest.raises(UsageError, match="Nothing was submitted"):
        again(vertex)


# Exporting


def test_the_history_as_a_table(launches: Launches) -> None:
    group = launches.submit(3)
    launches.move(group, "RUNNING")
    launches.move(group, "FAILED", message='=HYPERLINK("http://evil")')
    status_of(launches, group, refresh=True)
    launches.write(
        "UPDATE jobs SET seconds = 3600, metrics = ?, parameters = ? WHERE number = 1",
        json.dumps({"loss": -0.5}),
        json.dumps({"n": 0, "state": "-1+2", "rate": -1e-4, "layers": [1, 2]}),
    )
    table = export.export(ExportArguments(), launches.context())
    (first, *_), text = table.rows, "".join(export.written(table, "csv"))
    read = list(csv.DictReader(io.StringIO(text)))
    assert [row["state"] for row in read] == ["FAILED", "QUEUED", "QUEUED"]
    assert read[0]["error"] == """'=HYPERLINK("http://evil")"""
    assert (read[0]["parameters.state"], read[0]["parameters.rate"]) == ("'-1+2", "-0.0001")
    assert (read[0]["metrics.loss"], read[0]["parameters.layers"]) == ("-0.5", "[1, 2]")
    assert json.loads(read[0]["arguments"]) == ["--n", "0"]
    assert first["cost"] == pytest.approx(status_of(launches, group).groups[0].cost.per_job_hour)  # type: ignore[union-attr]
    assert json.loads("".join(export.written(table, "json"))) == list(table.rows)


def test_a_table_in_a_file(launches: Launches) -> None:
    groups = [launches.submit(2), launches.submit(1)]
    result = export.export(
        ExportArguments(groups=(groups[0],), format="json", output="jobs.json"), launches.context()
    )
    assert (result.count, result.rows, result.path) == (2, (), str(launches.folder / "jobs.json"))
    assert len(json.loads((launches.folder / "jobs.json").read_text())) == 2
    with pytest.raises(MissingError):
        export.export(ExportArguments(output="no/such/folder.csv"), launches.context())
    for wrong in (ExportArguments(format="xlsx"), ExportArguments(groups=("nothing",))):
        with pytest.raises(UsageError):
            export.export(wrong, launches.context())
