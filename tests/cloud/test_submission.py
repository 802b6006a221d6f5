"""A sweep on its way to Google: planned, written down, sent, interrupted, resumed."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.faults import Faults
from support.cloud_project import Desk

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError, Cancelled, MissingError, NotConfirmed, UsageError
from caliban_ls.operations.cloud import resume, submit
from caliban_ls.operations.schemas.cloud import ResumeArguments, SubmitArguments
from caliban_ls.runtime.backends import submitter
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.jobs import JobState

HASTY = submitter.Timing(doubt=2.0, look=0.2, first_wait=0.05, longest_wait=0.2, patience=20.0, farewell=0.5)
EVERYTHING = Faults(busy=0.2, unavailable=0.1, lost=0.1, late=1.0, hidden=0.5)
SECRET = "s3cr3t-of-a-researcher"

CLOUD = ("cloud", "--yes", "--max_jobs=1000", "--image_tag=r/i:t", "--experiment_config=experiment.json")


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitter, "TIMING", HASTY)


@pytest.fixture(params=["vertex", "ai-platform"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def files_under(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_touches_nothing_and_shows_the_very_requests(desk: Desk, backend: str) -> None:
    desk.sweep(3, lr=0.1)
    before = files_under(desk.folder.parent)
    dry = desk.caliban(*CLOUD, f"--backend={backend}", "--force", "--dry_run", "--json", "train.py")
    assert dry.returncode == 0, dry.stderr
    planned = json.loads(dry.stdout)
    assert not desk.emulator.calls
    assert not desk.emulator.tokens.given
    assert files_under(desk.folder.parent) == before
    assert {job["state"] for job in planned["jobs"]} == {"PLANNED"}
    sent = desk.caliban(*CLOUD, f"--backend={backend}", "--force", "--json", "train.py")
    assert sent.returncode == 0, sent.stderr
    jobs = [*desk.emulator.vertex.jobs.values(), *desk.emulator.ai_platform.jobs.values()]
    made = sorted((essence(job) for job in jobs), key=str)
    assert made == sorted((essence(job["request"]) for job in planned["jobs"]), key=str)
    answer = json.loads(sent.stdout)
    assert answer["plan_id"] == planned["plan_id"]
    assert {job["state"] for job in answer["jobs"]} == {"QUEUED"}
    assert all(
        job["name"] and job["url"].startswith("https://console.cloud.google.com/") for job in answer["jobs"]
    )
    assert answer["count"] == 3


def essence(body: dict[str, Any]) -> dict[str, Any]:
    """What of a request is the same in another launch."""
    labels = {key: value for key, value in body["labels"].items() if not key.startswith("caliban_")}
    rest = ("jobSpec", "trainingInput")
    return {"labels": labels, **{key: body[key] for key in rest if key in body}}


def test_a_plan_is_submitted_once_and_unchanged(desk: Desk) -> None:
    desk.sweep(2)
    first = submit.plan(desk.arguments(), desk.context())
    assert not desk.emulator.calls
    assert not desk.history()
    with pytest.raises(NotConfirmed):
        submit.submit(SubmitArguments(plan_id=first.plan_id), desk.context())
    result = submit.submit(SubmitArguments(plan_id=first.plan_id), desk.context(confirmed=True))
    assert (result.group, result.plan_id) == (first.group, first.plan_id)
    assert [job.job_id for job in result.jobs] == [job.job_id for job in first.jobs]
    with pytest.raises(UsageError, match="submitted already"):
        submit.submit(SubmitArguments(plan_id=first.plan_id), desk.context(confirmed=True))
    assert sum(desk.keys().values()) == 2
    again = submit.plan(desk.arguments(), desk.context())
    assert again.plan_id == first.plan_id
    submit.submit(SubmitArguments(plan_id=again.plan_id), desk.context("y"))
    assert sum(desk.keys().values()) == 4


CHANGES: dict[str, Callable[[Desk], object]] = {
    "the sweep": lambda desk: desk.sweep(3),
    "the config": lambda desk: desk.config(cloud={"region": "europe-west4"}),
    "the key": lambda desk: desk.environment.pop("GOOGLE_APPLICATION_CREDENTIALS"),
    "the environment": lambda desk: desk.environment.update(PROJECT_ID="another-project"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_plan_whose_inputs_changed_is_refused(desk: Desk, change: str) -> None:
    desk.sweep(2)
    planned = submit.plan(desk.arguments(project_id=None), desk.context())
    CHANGES[change](desk)
    if change == "the key":
        desk.environment["PROJECT_ID"] = "my-project"
    with pytest.raises(UsageError, match="changed since"):
        submit.submit(SubmitArguments(plan_id=planned.plan_id), desk.context(confirmed=True))
    assert not desk.emulator.calls


@pytest.mark.parametrize("plan_id", ["", "0" * 32, "../history", "a/b"])
def test_a_plan_that_nobody_made(desk: Desk, plan_id: str) -> None:
    with pytest.raises(UsageError, match="no plan"):
        submit.submit(SubmitArguments(plan_id=plan_id), desk.context(confirmed=True))


def test_ten_times_killed_and_resumed_each_job_is_there_once(desk: Desk, backend: str) -> None:
    desk.sweep(300)
    desk.emulator.faults = replace(EVERYTHING, latency=0.02, seed=7)
    argv = [*CLOUD, f"--backend={backend}", "--force", "train.py"]
    for kill in range(1, 11):
        made, process = sum(desk.keys().values()), desk.hasty(*argv)
        wait_until(lambda made=made, kill=kill: sum(desk.keys().values()) >= made + kill)  # type: ignore[misc]
        process.kill()
        process.communicate()
        argv = ["resume", "--yes", "--max_jobs=1000"]
    last = desk.hasty(*argv)
    _, errors = last.communicate(timeout=120)
    assert last.returncode == 0, errors
    assert len(desk.keys()) == 300
    assert set(desk.keys().values()) == {1}
    assert set(desk.args_made().values()) == {1}
    ((_, jobs),) = desk.history()
    assert {job.state for job in jobs} == {JobState.QUEUED}
    assert len({job.name for job in jobs}) == 300


def test_two_that_resume_at_once_do_no_harm(desk: Desk) -> None:
    desk.sweep(60)
    desk.emulator.faults = Faults(latency=0.05)
    first = desk.hasty(*CLOUD, "train.py")
    wait_until(lambda: sum(desk.keys().values()) > 3)
    first.kill()
    first.communicate()
    both = [desk.hasty("resume", "--yes") for _ in range(2)]
    said = [process.communicate(timeout=60)[1] for process in both]
    codes = sorted(process.returncode for process in both)
    assert codes[0] == 0, said
    assert codes[1] in {0, 3}, said  # another is at it, or was done already
    assert len(desk.keys()) == 60
    assert set(desk.keys().values()) == {1}


def test_ctrl_c_says_how_many_went_and_keeps_the_rest(desk: Desk) -> None:
    desk.sweep(100)
    desk.emulator.faults = Faults(latency=0.1)
    process = desk.hasty(*CLOUD, "train.py")
    wait_until(lambda: sum(desk.keys().values()) > 3)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    ((group, jobs),) = desk.history()
    sent = sum(job.state is JobState.QUEUED for job in jobs)
    left = sum(job.state is JobState.PLANNED for job in jobs)
    assert sent == len(desk.keys())
    assert sent + left == 100
    assert f"{sent} jobs were sent, {left} weren't; `caliban resume {group.name}` goes on" in errors
    assert "Traceback" not in errors
    assert desk.caliban("resume", "--yes", group.name).returncode == 0
    assert len(desk.keys()) == 100
    again = desk.caliban("resume", group.name)
    assert again.returncode == 0
    assert "nothing is left to send" in again.stderr


def test_a_cancelled_command_of_an_editor_can_be_resumed(desk: Desk) -> None:
    desk.sweep(50)
    desk.emulator.faults = Faults(busy=1.0, retry_after=30)
    cancel = CancelToken()

    def report(message: str, _fraction: float | None) -> None:
        desk.said.append(message)
        if "patience" in message:
            cancel.set()

    with pytest.raises(Cancelled):
        submit.cloud(desk.arguments(yes=True), replace(desk.context(), cancel=cancel, report=report))
    assert any("Google asks for patience, going on in" in line for line in desk.said)
    desk.emulator.faults = Faults()
    assert len(resume.resume(ResumeArguments(yes=True), desk.context()).jobs) == 50
    assert sum(desk.keys().values()) == 50


REFUSALS: dict[str, tuple[Callable[[Desk], object], str, str]] = {
    "a permission": (
        lambda desk: desk.emulator.denied.update(
            {"aiplatform.projects.locations.customJobs.create": "aiplatform.customJobs.create"}
        ),
        "aiplatform.customJobs.create",
        "roles/aiplatform.user",
    ),
    "acting as": (
        lambda desk: desk.emulator.vertex.forbidden_accounts.add(
            "trainer@my-project.iam.gserviceaccount.com"
        ),
        "act as service_account",
        "roles/iam.serviceAccountUser on trainer@my-project.iam.gserviceaccount.com",
    ),
    "a quota": (
        lambda desk: desk.emulator.vertex.quota.update(NVIDIA_TESLA_T4=0),
        "custom_model_training_nvidia_t4_gpus",
        "grants 2200 N1 and E2 vCPUs, 12 T4 in us-central1",
    ),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_refusal_stops_the_batch_after_the_first(desk: Desk, kind: str) -> None:
    prepare, message, mend = REFUSALS[kind]
    desk.sweep(40)
    prepare(desk)
    answer = desk.caliban(*CLOUD, "train.py")
    assert answer.returncode == 4, answer.stderr
    assert message in answer.stderr
    assert mend in answer.stderr
    assert "0 jobs were sent, 40 weren't" in answer.stderr
    assert desk.emulator.calls["aiplatform.projects.locations.customJobs.create"] == 1
    ((_, jobs),) = desk.history()
    assert {job.state for job in jobs} == {JobState.PLANNED}


def test_a_quota_names_what_could_be_used_instead(desk: Desk) -> None:
    desk.sweep(2)
    desk.emulator.vertex.quota["NVIDIA_TESLA_T4"] = 0
    with pytest.raises(CalibanError) as refused:
        submit.cloud(desk.arguments(yes=True), desk.context())
    assert "use region " in refused.value.hint
    assert "V100" in refused.value.hint or "P4" in refused.value.hint


def test_everything_is_written_down_before_the_first_request(desk: Desk) -> None:
    desk.sweep(20)
    seen: list[int] = []
    create = desk.emulator.vertex.create

    def counting(parent: str, job: Any) -> dict[str, Any]:
        ((_, jobs),) = desk.history()
        seen.append(len(jobs))
        return create(parent, job)

    desk.emulator.vertex.create = counting  # type: ignore[method-assign]
    submit.cloud(desk.arguments(yes=True), desk.context())
    assert seen == [20] * 20
    ((group, jobs),) = desk.history()
    assert group.cloud.user
    assert group.cloud.per_job_hour == pytest.approx(0.8663, abs=1e-4)
    assert [job.index for job in jobs] == list(range(1, 21))


def test_the_project_s_state_is_remembered(desk: Desk) -> None:
    import subprocess

    def git(*words: str) -> str:
        command = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *words]
        return subprocess.run(command, cwd=desk.folder, check=True, capture_output=True, text=True).stdout

    desk.sweep(1)
    git("init", "-q")
    git("add", ".")
    git("commit", "-qm", "first")
    submit.cloud(desk.arguments(yes=True), desk.context())
    (desk.folder / "more.txt").write_text("more")
    submit.cloud(desk.arguments(yes=True), desk.context())
    commit = git("rev-parse", "HEAD").strip()
    assert [(group.cloud.commit, group.cloud.dirty) for group, _ in desk.history()] == [
        (commit, True),
        (commit, False),
    ]


def test_launches_of_one_instant_have_names_of_their_own(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from caliban_ls.operations.cloud import plan

    desk.sweep(1)
    now = utc_now()
    moments = iter([now, now, now, now.replace(microsecond=(now.microsecond + 1) % 10**6)])
    monkeypatch.setattr(plan, "utc_now", lambda: next(moments))
    first = submit.cloud(desk.arguments(yes=True), desk.context())
    second = submit.cloud(desk.arguments(yes=True), desk.context())
    assert first.group != second.group
    assert set(desk.keys().values()) == {1}
    assert sum(desk.keys().values()) == 2


@pytest.mark.parametrize("way", ["sent", "planned", "interrupted"])
def test_no_credential_is_written_down_or_shown(desk: Desk, way: str) -> None:
    desk.sweep(3, hf_token=SECRET)
    argv = [*CLOUD, "--json", "train.py", "--", "--api_key", SECRET, f"--password={SECRET}"]
    if way == "interrupted":
        desk.emulator.vertex.quota["NVIDIA_TESLA_T4"] = 0
    if way == "planned":
        argv.insert(1, "--dry_run")
        (desk.folder / "experiment.json").write_text('{"n": [1, 2]}')
        desk.sweep(2, hf_token=SECRET)
        arguments = desk.arguments(args=("--api_key", SECRET))
        plan = submit.plan(arguments, desk.context())
        assert SECRET not in repr(plan)
    answer = desk.caliban(*argv)
    assert answer.returncode == (4 if way == "interrupted" else 0), answer.stderr
    assert SECRET not in answer.stdout + answer.stderr
    key = json.loads((desk.folder.parent / "key.json").read_text())["private_key"].splitlines()[1]
    for path, content in files_under(desk.state).items():
        if way == "interrupted" and "unsent" in path:
            # What is still to be sent has to be somewhere: for its user's eyes alone, until it is sent.
            assert Path(path).stat().st_mode & 0o777 == 0o600
            continue
        for secret in (SECRET, key, *desk.emulator.tokens.given):
            assert secret.encode() not in content, path
    if way == "interrupted":
        desk.emulator.vertex.quota.clear()
        assert desk.caliban("resume", "--yes").returncode == 0
        assert not any(SECRET.encode() in content for content in files_under(desk.state).values())
    made = desk.args_made()
    assert len(made) == (0 if way == "planned" else 3)
    assert all(args.count(SECRET) == 2 and f"--password={SECRET}" in args for args in made)
    for job in desk.emulator.jobs():
        assert SECRET.replace("-", "_") not in str(job["labels"])
        assert SECRET not in str(job["labels"])


def test_a_plan_with_credentials_is_submitted_by_who_made_it(desk: Desk) -> None:
    from caliban_ls.operations.cloud import saved_plans

    desk.sweep(1)
    plan = submit.plan(desk.arguments(args=("--api_key", SECRET)), desk.context())
    saved_plans._secret_args.clear()  # another process
    with pytest.raises(UsageError, match="no plan"):
        submit.submit(SubmitArguments(plan_id=plan.plan_id), desk.context(confirmed=True))
    plan = submit.plan(desk.arguments(args=("--api_key", SECRET)), desk.context())
    submit.submit(SubmitArguments(plan_id=plan.plan_id), desk.context(confirmed=True))
    assert list(desk.args_made()) == [("--api_key", SECRET, "--n", "0")]


def test_without_credentials_nothing_happens(desk: Desk, tmp_path: Path) -> None:
    desk.sweep(1)
    del desk.environment["GOOGLE_APPLICATION_CREDENTIALS"]
    home = {"HOME": str(tmp_path / "nobody"), "NO_GCE_CHECK": "true", "PATH": "/usr/bin:/bin"}
    answer = desk.caliban(*CLOUD, "--project_id=my-project", "train.py", **home)
    assert answer.returncode == 3, answer.stderr
    assert "gcloud auth application-default login" in answer.stderr
    # The same without --yes: no question comes before what would make its answer useless.
    unconfirmed = [word for word in CLOUD if word not in {"-y", "--yes"}]
    answer = desk.caliban(*unconfirmed, "--project_id=my-project", "train.py", **home)
    assert (answer.returncode, "confirm" in answer.stderr) == (3, False), answer.stderr
    answer = desk.caliban(*CLOUD, "train.py", **home)
    assert answer.returncode == 3
    assert "--project_id" in answer.stderr
    assert not desk.history()


def test_an_unwritable_plan_says_so(desk: Desk) -> None:
    desk.sweep(1)
    desk.state.mkdir()
    (desk.state / "plans").write_text("a file where the folder should be")
    with pytest.raises(MissingError, match="can't be kept"):
        submit.plan(desk.arguments(), desk.context())
