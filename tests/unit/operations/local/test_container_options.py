"""What a container gets from the machine that it runs on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from support.fake_engine import FakeEngine
from support.folders import plant

from caliban_ls.analysis.config.project import Docker, Project
from caliban_ls.core.errors import MissingError, NotAgreed, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.local.container_options import Surroundings, equipped, survey
from caliban_ls.operations.schemas.containers import ContainerArguments
from caliban_ls.runtime.engine import ContainerSpec, EngineInfo, Mount


class Engine(FakeEngine):
    """A fake that says what it is told of itself."""

    def __init__(self, info: EngineInfo) -> None:
        super().__init__()
        self.info = info

    def describe(self) -> EngineInfo:
        return self.info


HERE = EngineInfo(address="unix:///x", version="28", platform="linux/x86_64", root="")
CDI = replace(HERE, devices=("nvidia.com/gpu=0", "nvidia.com/gpu=1"))


def survey_of(
    folder: Path,
    arguments: ContainerArguments,
    info: EngineInfo = HERE,
    project: Project | None = None,
    **environment: str,
) -> tuple[Surroundings, list[str]]:
    said: list[str] = []
    engine = Engine(info)
    context = Context(
        folder=folder,
        engine=lambda: engine,
        report=lambda message, _: said.append(message),
        environment={"CALIBAN_HOME": str(folder / "state"), **environment},
    )
    return survey(arguments, project or Project(), context, engine), said


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_a_gpu_that_is_there_is_used(tmp_path: Path) -> None:
    found, said = survey_of(tmp_path, ContainerArguments(), CDI)
    assert (found.mode, found.gpus, said) == ("gpu", ("nvidia.com/gpu=0", "nvidia.com/gpu=1"), [])


def test_without_one_a_line_says_why(tmp_path: Path) -> None:
    remote = replace(HERE, address="tcp://far:2376")
    found, (line,) = survey_of(tmp_path, ContainerArguments(), remote)
    assert (found.mode, found.gpus) == ("cpu", False)
    assert line.startswith("No GPU is used: the engine can't pass a GPU on")


def test_who_insists_learns_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match="--gpu, but the engine can't") as caught:
        survey_of(tmp_path, ContainerArguments(gpu=True), replace(HERE, address="tcp://far:2376"))
    assert "Toolkit" in caught.value.hint
    assert "--nogpu" in caught.value.hint


@pytest.mark.parametrize(
    ("arguments", "default", "mode"),
    [
        (ContainerArguments(nogpu=True), None, "cpu"),
        (ContainerArguments(nogpu=True), "gpu", "cpu"),
        (ContainerArguments(), "cpu", "cpu"),
        (ContainerArguments(gpu=True), "cpu", "gpu"),
        (ContainerArguments(), "gpu", "gpu"),
    ],
)
def test_flags_beat_the_config(
    tmp_path: Path, arguments: ContainerArguments, default: str | None, mode: str
) -> None:
    project = Project(default_mode=default)  # type: ignore[arg-type]  # one of the two
    found, said = survey_of(tmp_path, arguments, CDI, project)
    assert (found.mode, said) == (mode, [])


def test_both_flags_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="exclude"):
        survey_of(tmp_path, ContainerArguments(gpu=True, nogpu=True))


def test_credentials_are_mounted_read_only(tmp_path: Path) -> None:
    plant(tmp_path, {"key.json": "{}"})
    key = str(tmp_path / "key.json")
    found, _ = survey_of(tmp_path, ContainerArguments(nogpu=True), GOOGLE_APPLICATION_CREDENTIALS=key)
    target = "/run/caliban/credentials.json"
    assert found.mounts == (Mount(source=key, target=target, read_only=True),)
    assert found.environment["GOOGLE_APPLICATION_CREDENTIALS"] == target


@pytest.mark.parametrize(
    ("key", "address", "line"),
    [
        ("gone.json", "unix:///x", "can't be read"),
        ("key.json", "ssh://far", "the engine is on another machine"),
    ],
)
def test_why_none_are_mounted(tmp_path: Path, key: str, address: str, line: str) -> None:
    plant(tmp_path, {"key.json": "{}"})
    info = replace(HERE, address=address)
    key = str(tmp_path / key)
    found, said = survey_of(
        tmp_path, ContainerArguments(nogpu=True), info, GOOGLE_APPLICATION_CREDENTIALS=key
    )
    assert found.mounts == ()
    assert "GOOGLE_APPLICATION_CREDENTIALS" not in found.environment
    assert line in said[0]


def test_flags_of_the_project_come_first_and_need_agreement(tmp_path: Path) -> None:
    project = Project(docker=Docker(run_args=("--memory", "1g")))
    with pytest.raises(NotAgreed):
        survey_of(tmp_path, ContainerArguments(nogpu=True), project=project)
    arguments = ContainerArguments(nogpu=True, docker_run_args="--memory 2g -e A=1")
    found, _ = survey_of(tmp_path, arguments)
    assert found.run_args == ("--memory", "2g", "-e", "A=1")
    with pytest.raises(UsageError, match="--name can't be given"):
        survey_of(tmp_path, ContainerArguments(docker_run_args="--name x"))


def test_a_container_keeps_what_it_says_itself() -> None:
    around = Surroundings(
        mode="gpu",
        gpus=("0", "1"),
        user="1:2",
        environment={"A": "machine", "B": "machine"},
        mounts=(Mount(source="/m", target="/m"),),
        run_args=("--memory", "1g"),
    )
    own = Mount(source="/o", target="/o")
    spec = ContainerSpec(image="i", args=(), name="n", labels={}, environment={"A": "own"}, mounts=(own,))
    got = equipped(spec, around)
    assert got.environment == {"A": "own", "B": "machine"}
    assert (got.user, got.gpus, got.run_args) == ("1:2", ("0", "1"), ("--memory", "1g"))
    assert [mount.source for mount in got.mounts] == ["/o", "/m"]
    assert equipped(replace(spec, gpus=("1",)), around).gpus == ("1",)
