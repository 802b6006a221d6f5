"""The image on its way to a registry: repositories that are missing, who logs in where, uploads that break."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.server import Emulator
from support.cloud_project import Desk
from support.fake_engine import FakeEngine

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError, Cancelled, MissingError, NotAgreed, PushFailed
from caliban_ls.operations.cloud import image_registry, submit
from caliban_ls.operations.context.context import Context
from caliban_ls.runtime.docker.push_log import BrokenUpload, PushLog
from caliban_ls.runtime.engine import Login
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.jobs import Report

REPOSITORY = "projects/my-project/locations/us-central1/repositories/caliban"
IMAGE = "us-central1-docker.pkg.dev/my-project/caliban/digits:1"
BASE = "a-base:1"


class Recording(FakeEngine):
    """An engine whose uploads go wrong in the ways that are given, one after the other."""

    def __init__(self, *failures: CalibanError) -> None:
        super().__init__(BASE)
        self.failures = list(failures)
        self.pushed: list[tuple[str, str, Login | None]] = []
        self.platforms: list[str | None] = []

    def push(
        self, source: str, reference: str, login: Login | None, *, report: Report, cancel: CancelToken
    ) -> str:
        self.pushed.append((source, reference, login))
        if self.failures:
            raise self.failures.pop(0)
        return super().push(source, reference, login, report=report, cancel=cancel)

    def build(self, plan: Any, *arguments: Any, **options: Any) -> str:
        self.platforms.append(plan.platform)
        return super().build(plan, *arguments, **options)


class Impatient(CancelToken):
    """Never waits."""

    def wait(self, seconds: float) -> bool:  # noqa: ARG002 - as it is declared
        return self.is_set()


@pytest.fixture
def project(desk: Desk) -> Desk:
    (desk.folder / "train.py").write_text("print(1)\n")
    desk.config(base_image=BASE)
    desk.sweep(2)
    return desk


def context_of(desk: Desk, engine: FakeEngine) -> Context:
    return replace(desk.context(), engine=lambda: engine, cancel=Impatient())


def submitted(desk: Desk, engine: FakeEngine, **flags: Any) -> list[str]:
    """Submit with the project's own image; return the images that jobs were made with."""
    submit.cloud(desk.arguments(image_tag=None, yes=True, **flags), context_of(desk, engine))
    return [job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["imageUri"] for job in desk.emulator.jobs()]


def test_an_image_is_built_pushed_and_used(project: Desk) -> None:
    project.emulator.repositories.known[REPOSITORY] = {}
    engine = Recording()
    images = submitted(project, engine)
    ((source, reference, login),) = engine.pushed
    assert images == [reference] * 2
    assert reference.startswith("us-central1-docker.pkg.dev/my-project/caliban/digits:")
    assert reference.rpartition("/")[2] == source.removeprefix("caliban/")
    assert login is not None
    assert login.user == "oauth2accesstoken"
    assert login.password in project.emulator.tokens.given
    assert engine.platforms == ["linux/amd64"]
    ((group, _),) = project.history()
    assert group.cloud.digest == engine.registry[reference]
    submitted(project, engine)
    assert len(engine.pushed) == 1  # it is there already
    assert len(engine.platforms) == 1
    assert f"{reference} is in its registry already" in project.said


def test_a_missing_repository_is_named_before_anything_is_built(project: Desk) -> None:
    engine = Recording()
    with pytest.raises(
        MissingError, match="no image repository caliban in us-central1 of my-project"
    ) as error:
        submitted(project, engine)
    assert "gcloud artifacts repositories create caliban --repository-format=docker" in error.value.hint
    assert "--location=us-central1 --project=my-project" in error.value.hint
    assert not engine.platforms
    assert not project.history()


def test_a_missing_repository_is_made_when_asked_for(project: Desk) -> None:
    engine = Recording()
    assert len(submitted(project, engine, create_repository=True)) == 2
    assert project.emulator.repositories.known[REPOSITORY]["format"] == "DOCKER"


def test_whoever_may_push_needs_not_be_allowed_to_look(project: Desk) -> None:
    project.emulator.denied["artifactregistry.projects.locations.repositories.get"] = "x.y"
    assert len(submitted(project, Recording())) == 2


def test_broken_uploads_are_tried_again(project: Desk) -> None:
    project.emulator.repositories.known[REPOSITORY] = {}
    engine = Recording(BrokenUpload("reset"), BrokenUpload("reset"))
    assert len(submitted(project, engine)) == 2
    assert len(engine.pushed) == 3
    engine = Recording(*[BrokenUpload("reset")] * 9)
    project.config(base_image=BASE, apt_packages=["more"])
    with pytest.raises(BrokenUpload):
        submitted(project, engine)
    assert len(engine.pushed) == 4
    assert len(project.emulator.jobs()) == 2


def test_what_is_denied_is_not_tried_again(project: Desk) -> None:
    project.emulator.repositories.known[REPOSITORY] = {}
    engine = Recording(PushFailed("denied"))
    with pytest.raises(PushFailed):
        submitted(project, engine)
    assert len(engine.pushed) == 1
    assert not project.history()


def test_cancelled_between_two_tries_nothing_is_sent(project: Desk) -> None:
    project.emulator.repositories.known[REPOSITORY] = {}
    engine = Recording(*[BrokenUpload("reset")] * 2)
    context = context_of(project, engine)

    def report(message: str, _fraction: float | None = None) -> None:
        if "trying again" in message:
            context.cancel.set()

    with pytest.raises(Cancelled):
        submit.cloud(project.arguments(image_tag=None, yes=True), replace(context, report=report))
    assert not project.history()


def test_another_registry_is_agreed_to_first_and_gets_no_token(project: Desk) -> None:
    project.config(base_image=BASE, cloud={"repository": "registry.example.org/team"})
    engine = Recording()
    with pytest.raises(NotAgreed):
        submitted(project, engine)
    context = replace(context_of(project, engine), ask=lambda _question, _action: True)
    submit.cloud(project.arguments(image_tag=None, yes=True), context)
    ((_, reference, login),) = engine.pushed
    assert reference.startswith("registry.example.org/team/digits:")
    assert login is None


@pytest.mark.parametrize(
    ("reference", "takes_token"),
    [
        ("us-docker.pkg.dev/p/r/i:1", True),
        ("europe-west4-docker.pkg.dev/p/r/i:1", True),
        ("gcr.io/p/i:1", True),
        ("eu.gcr.io/p/i:1", True),
        ("pkg.dev/p/r/i:1", False),
        ("us-docker.pkg.dev.example.org/p/r/i:1", False),
        ("us-docker.pkg.dev:5000/p/r/i:1", False),
        ("example.org/us-docker.pkg.dev/i:1", False),
        ("xgcr.io/p/i:1", False),
        ("i:1", False),
    ],
)
def test_tokens_go_to_google_alone(google: Google, reference: str, takes_token: bool) -> None:  # noqa: FBT001 - a row of a table
    assert (image_registry.login_for(reference, google) is not None) == takes_token


EVENTS: dict[str, tuple[list[dict[str, Any]], type[CalibanError], str]] = {
    "denied": (
        [{"error": 'denied: Permission "artifactregistry.repositories.uploadArtifacts" denied'}],
        PushFailed,
        "gcloud auth configure-docker us-central1-docker.pkg.dev",
    ),
    "missing": ([{"error": "name unknown: Repository not found"}], MissingError, "--create_repository"),
    "reset": ([{"error": "write tcp: connection reset by peer"}], BrokenUpload, "Try again"),
    "cut off": (
        [{"status": "Pushing", "id": "a", "progressDetail": {"current": 1, "total": 2}}],
        BrokenUpload,
        "",
    ),
}


@pytest.mark.parametrize("case", EVENTS)
def test_what_an_engine_says_of_an_upload(case: str) -> None:
    events, kind, hint = EVENTS[case]
    log = PushLog(IMAGE, lambda _message, _fraction: None)
    for event in events:
        log.add(event)
    with pytest.raises(kind) as error:
        log.result()
    assert type(error.value) is kind
    assert hint in error.value.hint
    assert error.value.exit_code == (3 if kind is MissingError else 4)


def test_the_progress_of_an_upload_counts_all_layers() -> None:
    said: list[tuple[str, float | None]] = []
    log = PushLog(IMAGE, lambda message, fraction: said.append((message, fraction)))
    for layer, current in (("a", 10**6), ("b", 0), ("a", 5 * 10**6), ("b", 9 * 10**6)):
        # The engine counts headers, too, so that it may tell more than there is.
        log.add(
            {"status": "Pushing", "id": layer, "progressDetail": {"current": current, "total": 4 * 10**6}}
        )
    log.add({"aux": {"Digest": "sha256:1"}})
    assert log.result() == "sha256:1"
    assert said[-1] == (f"Pushing {IMAGE}: 8 of 8 MB", 1.0)
    assert [fraction for _, fraction in said] == [0.25, 0.125, 0.5, 1.0]


def test_a_repository_that_takes_long_to_make_is_waited_for(
    google: Google, emulator: Emulator, desk: Desk, tmp_path: Path
) -> None:
    del tmp_path
    looks = iter(range(3))
    operation = emulator.repositories.operation

    def slow(name: str) -> dict[str, Any]:
        return operation(name) if next(looks) == 2 else {"name": name}

    emulator.repositories.operation = slow  # type: ignore[method-assign]
    image_registry.see_to_repository(IMAGE, google, context_of(desk, FakeEngine()), create=True)
    assert next(looks, None) is None
