"""A person in a real VS Code, who runs a project whose config wants more than its folder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.docker_queries import PROJECT_NAME, containers_of
from support.folders import plant
from support.hostile_configs import WISHES
from support.program import BASE_IMAGE, caliban
from support.vscode import vscode
from support.window import Window, until


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    files = {
        "look.py": "print('pid 1 is ' + open('/proc/1/comm').read())",
        "experiment.json": '{"lr": []}',
    }
    return plant(tmp_path_factory.mktemp("wishes") / PROJECT_NAME, files)


@pytest.fixture(scope="module")
def desk(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    keys = [{"key": "ctrl+alt+r", "command": "caliban-ls.run", "args": {}}]
    state = {"CALIBAN_HOME": str(project.parent / "state")}
    with vscode(project, tmp_path_factory.mktemp("v"), environment=state, keys=keys) as window:
        yield window


@pytest.fixture
def window(desk: Window) -> Window:
    """The window, with the server at work and nothing said."""
    desk.dismiss_messages()
    desk.open("experiment.json")
    until("a finding", lambda: desk.squiggles().count() == 1)
    return desk


def configure(project: Path, **wishes: Any) -> None:
    config = {"base_image": BASE_IMAGE, "module": "look.py", **wishes}
    (project / ".calibanconfig.json").write_text(json.dumps(config))


def test_nothing_happens_without_consent(window: Window, project: Path) -> None:
    (project.parent / "key.json").write_text("{}")
    configure(project, **{key: value for wish in WISHES for key, value in wish.items()})
    window.page.keyboard.press("Control+Alt+R")
    question = window.toast("wants what needs your agreement")
    said = question.inner_text()
    for key in ("docker.run_args", "gcloud.cloud_key", "cloud.repository", "build_time_credentials"):
        assert f"{key}: " in said
    window.press(question, "Cancel")
    window.toast("run `caliban trust` in this folder").wait_for()
    assert containers_of(project) == []
    assert states(project) == []


def states(project: Path) -> list[str]:
    answer = caliban("status", "--json", folder=project)
    assert answer.returncode == 0, answer.stderr
    return [job["state"] for group in json.loads(answer.stdout)["groups"] for job in group.get("jobs", [])]


def test_a_configs_requests_need_consent(window: Window, project: Path) -> None:
    configure(project, docker={"run_args": ["--pid", "host"]})
    window.page.keyboard.press("Control+Alt+R")
    question = window.toast("wants what needs your agreement")
    assert 'docker.run_args: ["--pid", "host"]' in question.inner_text()
    assert states(project) == []
    window.press(question, "Agree")
    until("a job", lambda: states(project) == ["SUCCEEDED"])
