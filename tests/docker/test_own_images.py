"""Images by the user's own Dockerfile, with gcloud, and how quickly nothing is done."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from support.docker_queries import PROJECT_NAME, REPOSITORY
from support.folders import plant
from support.program import BASE_IMAGE, caliban

from caliban_ls.runtime.docker.buildkit import find_docker

SDK = f"{REPOSITORY}:sdk"


@pytest.fixture(params=["0", "1"], autouse=True)
def _either_builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_BUILDKIT", request.param)


def test_an_own_dockerfile_with_its_context_and_arguments(tmp_path: Path) -> None:
    own = f'FROM {BASE_IMAGE}\nARG GREETING\nCOPY data /data\nRUN echo $GREETING >> /data/one.txt\nUSER nobody\nCMD ["no", "arguments"]\n'
    config = {"docker": {"dockerfile": "docker/Dockerfile", "build_args": {"GREETING": "hello you"}}}
    tree = {
        ".calibanconfig.json": json.dumps(config),
        ".dockerignore": "**\n!data\n!trainer\n!docker\n",
        "docker/Dockerfile": own,
        "data/one.txt": "one\n",
        "trainer/train.py": "import os, sys; print(open('/data/one.txt').read(), os.getcwd(), sys.argv[1:])",
    }
    project = plant(tmp_path / PROJECT_NAME, tree)
    assert caliban("trust", folder=project).returncode == 0
    answer = caliban("run", "--nogpu", "trainer.train", "--", "--x", folder=project)
    assert answer.stdout == "one\nhello you\n /usr/app ['--x']\n", answer.stderr
    answer = caliban("run", "--nogpu", "trainer.train", folder=project)
    assert answer.stdout == "one\nhello you\n /usr/app []\n", "its CMD is for its own program"


def test_gcloud_is_there_in_every_mode(tmp_path: Path) -> None:
    (tmp_path / "sdk/bin").mkdir(parents=True)
    plant(tmp_path / "sdk", {"bin/gcloud": "#!/bin/sh\necho gcloud $*\n"})
    plant(tmp_path, {"Dockerfile": f"FROM {BASE_IMAGE}\nCOPY sdk /google-cloud-sdk\n"})
    environment = {**os.environ, "DOCKER_BUILDKIT": "1"}
    docker = find_docker(environment)
    assert docker is not None
    command = [docker, "build", "--quiet", "--tag", SDK, str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    config = {"base_image": BASE_IMAGE, "gcloud": {"install": True, "image": SDK}}
    project = plant(
        tmp_path / PROJECT_NAME, {".calibanconfig.json": json.dumps(config), "go.sh": "gcloud version\n"}
    )
    assert caliban("run", "--nogpu", "go.sh", folder=project).stdout == "gcloud version\n"
    config["gcloud"] = {"install": True, "image": "localhost:1/no/sdk"}
    (project / ".calibanconfig.json").write_text(json.dumps(config))
    without = caliban("run", "--nogpu", "go.sh", folder=project)
    assert "localhost:1/no/sdk can't be had, so the image goes without gcloud" in without.stderr
    assert without.returncode == 127


def test_a_link_that_leaves_the_project_is_refused_by_name(tmp_path: Path) -> None:
    tree = {
        ".calibanconfig.json": json.dumps({"base_image": BASE_IMAGE}),
        "go.sh": "",
        "away": "-> /etc/passwd",
    }
    answer = caliban("build", "go.sh", folder=plant(tmp_path / PROJECT_NAME, tree))
    assert answer.returncode == 2
    assert "away is a link that leads out of the project, to /etc/passwd" in answer.stderr
