"""The way to an engine that answers, by machine."""

from __future__ import annotations

import pytest

from caliban_ls.runtime.docker.endpoint import DEFAULT, Endpoint
from caliban_ls.runtime.docker.errors import unavailable, way_to_an_engine

HERE = Endpoint(address="unix:///var/run/docker.sock", source=DEFAULT)
THERE = Endpoint(address="tcp://lab:2376", source="DOCKER_HOST")


@pytest.mark.parametrize(
    ("platform", "installed", "words"),
    [
        ("linux", False, ["isn't installed", "apt-get install docker.io", "docs.docker.com/engine/install"]),
        ("linux", True, ["is installed", "systemctl start docker"]),
        ("darwin", False, ["isn't installed", "install Docker Desktop"]),
        ("darwin", True, ["is installed", "start Docker Desktop"]),
        ("win32", False, ["isn't installed", "install Docker Desktop"]),
    ],
)
def test_an_engine_of_this_machine(platform: str, installed: bool, words: list[str]) -> None:  # noqa: FBT001
    way = way_to_an_engine(HERE, platform, installed=installed)
    assert [word for word in words if word not in way] == []


def test_an_engine_that_a_variable_names() -> None:
    assert "DOCKER_HOST" in way_to_an_engine(THERE, "linux", installed=True)
    assert "isn't installed" in way_to_an_engine(THERE, "linux", installed=False)


@pytest.mark.parametrize(
    "error",
    [FileNotFoundError(2, "No such file"), ConnectionRefusedError(111, "refused"), PermissionError(13, "no")],
)
def test_each_failure_says_what_to_do_and_sends_nobody_to_the_doctor(error: OSError) -> None:
    hint = unavailable(HERE, error).hint
    assert hint
    assert "doctor" not in hint
    assert isinstance(error, PermissionError) == ("usermod -aG docker" in hint and "log in again" in hint)
