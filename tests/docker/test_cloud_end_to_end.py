"""A project goes to the cloud, from its first layer to its last line of output: a registry that asks for a password, and
a stand-in for Google that pulls the image and runs it.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud.emulator.job_runner import LABEL, Login, Machines
from cloud.emulator.server import Emulator
from support.docker_queries import PROJECT_NAME
from support.folders import plant
from support.image_registry import PASSWORD, USER, Registry, registry
from support.program import BASE_IMAGE, caliban

from caliban_ls.runtime.docker.endpoint import configuration_folder, resolve_endpoint

TRAIN = """
import sys
rate = int(sys.argv[2])
print("rate", rate, flush=True)
if rate == 5:
    print("five is too much", file=sys.stderr, flush=True)
    sys.exit(3)
"""

PATIENT = """
import time
print("waiting", flush=True)
while True:
    time.sleep(1)
"""


class Traveller:
    """Somebody with a project, a login at the registry and a key of Google's."""

    def __init__(self, folder: Path, emulator: Emulator, host: Registry) -> None:
        self.folder = folder
        self.emulator = emulator
        config = {"base_image": BASE_IMAGE, "cloud": {"repository": f"{host.host}/team"}}
        tree = {
            ".calibanconfig.json": json.dumps(config),
            "trainer/train.py": TRAIN,
            "trainer/patient.py": PATIENT,
            "experiment.json": json.dumps({"rate": list(range(1, 9))}),
        }
        self.project = plant(folder / PROJECT_NAME, tree)
        key = emulator.service_account(folder / "key.json")
        self.environment = {
            **emulator.environment(),
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            "DOCKER_CONFIG": str(host.docker_config(folder / "docker")),
        }

    def caliban(self, *argv: str) -> subprocess.CompletedProcess[str]:
        return caliban(*argv, folder=self.project, environment=self.environment)

    def answer(self, *argv: str) -> Any:
        done = self.caliban(*argv, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def submit(self, module: str = "trainer.train", *more: str) -> Any:
        return self.answer("cloud", "--nogpu", "--yes", *more, module)

    def status(self, group: str) -> list[dict[str, Any]]:
        """What became of each job of a launch."""
        (found,) = self.answer("status", "--refresh", group)["groups"]
        jobs: list[dict[str, Any]] = found["jobs"]
        return jobs

    def states(self, group: str) -> list[str]:
        return [job["state"] for job in self.status(group)]

    def log(self, job: dict[str, Any]) -> list[tuple[str, str]]:
        wanted = job["name"].rpartition("/")[2]
        return [
            (entry["severity"], entry["textPayload"])
            for entry in self.emulator.logging.entries
            if entry["resource"]["labels"]["job_id"] == wanted
        ]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def host(tmp_path: Path) -> Iterator[Registry]:
    (tmp_path / "registry").mkdir()
    with registry(tmp_path / "registry") as host:
        yield host


@pytest.fixture
def machines(emulator: Emulator, host: Registry) -> Iterator[Machines]:
    endpoint = resolve_endpoint(os.environ, configuration_folder(os.environ, Path.home()), "linux")
    with Machines(emulator, endpoint.address, Login(host.host, USER, PASSWORD)) as machines:
        yield machines
    assert containers() == []


@pytest.fixture
def traveller(tmp_path: Path, emulator: Emulator, host: Registry) -> Traveller:
    return Traveller(tmp_path, emulator, host)


def containers() -> list[str]:
    listed = ["docker", "ps", "--all", "--quiet", "--filter", f"label={LABEL}"]
    return subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()


def test_eight_jobs_from_the_build_to_the_last_line(
    traveller: Traveller, machines: Machines, host: Registry
) -> None:
    refused = traveller.caliban("cloud", "--nogpu", "--yes", "trainer.train")
    assert "caliban trust" in refused.stderr
    assert host.manifests() == 0
    assert traveller.caliban("trust").returncode == 0

    first = traveller.submit("trainer.train", "--experiment_config", "experiment.json")
    assert first["image"].startswith(f"{host.host}/team/")
    assert len(first["jobs"]) == 8
    assert host.manifests() == 1
    machines.wait(SUCCEEDED=7, FAILED=1)
    assert machines.most_at_once > 1
    assert traveller.states(first["group"]) == ["SUCCEEDED"] * 4 + ["FAILED"] + ["SUCCEEDED"] * 3
    for rate, job in enumerate(first["jobs"], start=1):
        failed = [("ERROR", "five is too much")] if rate == 5 else []
        assert sorted(traveller.log(job)) == [*failed, ("INFO", f"rate {rate}")]
    shown = traveller.caliban("logs", f"{first['group']}/5")
    assert sorted(shown.stdout.splitlines()) == ["five is too much", "rate 5"]
    fifth = traveller.status(first["group"])[4]
    assert fifth["error"].startswith("The replica workerpool0-0 exited with a non-zero status of 3.")

    again = traveller.submit("trainer.train", "--experiment_config", "experiment.json", "--index", "1")
    assert again["image"] == first["image"]
    assert host.manifests() == 1, "what is there already isn't sent again"
    machines.wait(SUCCEEDED=8)

    (traveller.project / "trainer/train.py").write_text(TRAIN.replace("rate == 5", "rate == 50"))
    mended = traveller.answer("resubmit", first["group"], "--rebuild", "--yes")
    assert len(mended["jobs"]) == 1
    assert mended["image"] != first["image"]
    machines.wait(SUCCEEDED=9)
    assert traveller.states(mended["group"]) == ["SUCCEEDED"]
    assert traveller.caliban("logs", f"{mended['group']}/1").stdout.splitlines()[-1] == "rate 5"


def test_a_job_that_is_stopped_leaves_its_machine(traveller: Traveller, machines: Machines) -> None:
    assert traveller.caliban("trust").returncode == 0
    group = traveller.submit("trainer.patient")["group"]
    machines.wait(RUNNING=1)
    assert traveller.caliban("stop", "--yes", group).returncode == 0
    machines.wait(CANCELLED=1)
    assert traveller.states(group) == ["CANCELLED"]


def test_a_wrong_password_is_told_and_nothing_is_submitted(
    traveller: Traveller, emulator: Emulator, host: Registry, tmp_path: Path
) -> None:
    assert traveller.caliban("trust").returncode == 0
    traveller.environment["DOCKER_CONFIG"] = str(host.docker_config(tmp_path / "wrong", "another password"))
    done = traveller.caliban("cloud", "--nogpu", "--yes", "trainer.train")
    assert done.returncode == 4
    assert f"docker login {host.host}" in done.stderr
    assert "another password" not in done.stderr
    assert emulator.jobs() == []
