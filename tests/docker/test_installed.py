"""Caliban as people install it: the wheel and the source distribution, each in an environment that has nothing but what
they ask for, at the newest and at the lowest versions that they allow.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.server import Emulator
from support.cloud_project import IMAGE
from support.docker_queries import PROJECT_NAME
from support.folders import plant
from support.lsp_client import Client
from support.program import BASE_IMAGE

from caliban_ls.core.packages import REINSTALL

ROOT = Path(__file__).parents[2]
TRAIN = """
import argparse, json
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float)
print(json.dumps({"score": parser.parse_args().lr * 2}))
"""


@dataclass(frozen=True)
class Installed:
    """An environment, and a user of it with a project."""

    environment: Path
    folder: Path
    variables: dict[str, str]

    @property
    def program(self) -> str:
        return str(self.environment / "bin/caliban")

    def caliban(self, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, *argv],
            cwd=self.folder,
            env={**self.variables, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    def answer(self, *argv: str, **variables: str) -> Any:
        done = self.caliban(*argv, "--json", **variables)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The wheel and the source distribution of this checkout."""
    folder = tmp_path_factory.mktemp("packed")
    command = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,), (source,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return {"wheel": wheel, "sdist": source}


def install(place: Path, packed: Path, resolution: str) -> None:
    """Make an environment, and install a package into it with what it asks for and nothing else."""
    uv = [sys.executable, "-m", "uv", "--quiet"]
    commands = [
        [*uv, "venv", "--python", sys.executable, str(place)],
        [*uv, "pip", "install", "--python", str(place), f"--resolution={resolution}", str(packed)],
    ]
    for command in commands:
        done = subprocess.run(command, cwd=place.parent, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def user(environment: Path, home: Path) -> Installed:
    """Return a user of an environment, with a project and a home of their own."""
    tree = {
        ".calibanconfig.json": json.dumps({"base_image": BASE_IMAGE}),
        "train.py": TRAIN,
        "experiment.json": '{"lr": [0.5, 1, 2]}',
        "wrong.experiment.json": '{"lr": []}',
    }
    folder = plant(home / PROJECT_NAME, tree)
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))
    }
    return Installed(environment, folder, {**kept, "CALIBAN_HOME": str(home / "state")})


@pytest.fixture(
    scope="module",
    params=[(kind, versions) for kind in ("wheel", "sdist") for versions in ("highest", "lowest-direct")],
    ids="-".join,
)
def installed(
    request: pytest.FixtureRequest, packed: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    kind, versions = request.param
    home = tmp_path_factory.mktemp(f"{kind}-{versions}")
    install(home / "environment", packed[kind], versions)
    return user(home / "environment", home)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


def test_it_is_not_the_checkout_that_runs(installed: Installed) -> None:
    program = "import caliban_ls, sys; print(caliban_ls.__file__)"
    done = subprocess.run(
        [installed.environment / "bin/python", "-c", program],
        cwd=installed.folder,
        env=installed.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(installed.environment)


def test_it_checks_and_expands(installed: Installed) -> None:
    done = installed.caliban("check")
    assert done.returncode == 1
    assert "wrong.experiment.json:1:8: error[CAL202]" in done.stdout
    assert "Traceback" not in done.stderr
    assert installed.answer("expand", "experiment.json")["count"] == 3


def test_its_doctor_finds_every_package(installed: Installed) -> None:
    checks = json.loads(installed.caliban("doctor", "--json").stdout)["checks"]
    assert [one["status"] for one in checks if one["name"] == "Packages"] == ["ok"]


def test_it_runs_a_sweep_in_containers(installed: Installed) -> None:
    jobs = installed.answer("run", "--nogpu", "--experiment_config=experiment.json", "train.py")["jobs"]
    assert [(job["state"], job["metrics"]) for job in jobs] == [
        ("SUCCEEDED", {"score": score}) for score in (1, 2, 4)
    ]


def test_it_submits_a_sweep(installed: Installed, emulator: Emulator, tmp_path: Path) -> None:
    key = emulator.service_account(tmp_path / "key.json")
    variables = {**emulator.environment(), "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    words = ["--nogpu", "--yes", f"--image_tag={IMAGE}", "--experiment_config=experiment.json", "train.py"]
    jobs = installed.answer("cloud", *words, **variables)["jobs"]
    assert [job["name"] for job in jobs] == list(emulator.vertex.jobs)
    assert len(jobs) == 3
    shown = installed.caliban("status", "--refresh", **variables)
    assert (shown.returncode, shown.stderr) == (0, "")


def test_it_serves_an_editor(installed: Installed) -> None:
    wrong = installed.folder / "wrong.experiment.json"
    document = {"uri": wrong.as_uri(), "languageId": "json", "version": 1, "text": wrong.read_text()}
    with Client("serve", program=installed.program, environment=installed.variables) as client:
        client.initialize(
            {"textDocument": {"diagnostic": {}}}, options={"trusted": True}, folders=(installed.folder,)
        )
        client.notify("textDocument/didOpen", {"textDocument": document})
        found = client.ask("textDocument/diagnostic", {"textDocument": {"uri": wrong.as_uri()}})
        assert [one["code"] for one in found["result"]["items"]] == ["CAL202"]
        answer = client.answer(
            client.command("expand", {"uri": (installed.folder / "experiment.json").as_uri()})
        )
        assert answer["result"]["count"] == 3
        assert client.quit() == 0
        assert "Traceback" not in client.errors()


def test_where_a_package_is_missing_doctor_names_it_and_nothing_is_sent(
    packed: dict[str, Path], emulator: Emulator, tmp_path: Path
) -> None:
    place = tmp_path / "environment"
    install(place, packed["wheel"], "highest")
    uninstall = [
        sys.executable,
        "-m",
        "uv",
        "--quiet",
        "pip",
        "uninstall",
        "--python",
        str(place),
        "uritemplate",
    ]
    subprocess.run(uninstall, check=True)
    installed = user(place, tmp_path)
    key = emulator.service_account(tmp_path / "key.json")
    variables = {**emulator.environment(), "GOOGLE_APPLICATION_CREDENTIALS": str(key)}
    words = ["--nogpu", "--yes", f"--image_tag={IMAGE}", "--experiment_config=experiment.json", "train.py"]
    done = installed.caliban("cloud", *words, **variables)
    assert done.returncode == 3
    assert "error[missing]: caliban isn't installed completely: googleapiclient.discovery" in done.stderr
    assert REINSTALL in done.stderr
    assert "Traceback" not in done.stderr
    assert emulator.vertex.jobs == {}
    looked = installed.caliban("doctor", "--json", **variables)
    checks = {one["name"]: one for one in json.loads(looked.stdout)["checks"]}
    assert looked.returncode == 3
    assert checks["Packages"]["status"] == "failure"
    assert "uritemplate" in checks["Packages"]["message"]
