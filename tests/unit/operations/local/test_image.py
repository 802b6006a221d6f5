"""The project's image, by its config and the flags: which files stay out, which module and mode it is for."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import NoReturn

import pytest
from support.fake_engine import FakeEngine
from support.folders import plant

from caliban_ls.analysis.config.project import Project
from caliban_ls.core.errors import InvalidDocument, KeyInImage, MissingError, NotAgreed, UsageError
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas import containers
from caliban_ls.operations.schemas.setup import TrustArguments
from caliban_ls.operations.trust import trust as trust_command
from caliban_ls.runtime.engine import ImagePlan


def context(folder: Path, said: list[str] | None = None) -> Context:
    """A context without an engine: planning must not need one."""

    def engine() -> NoReturn:
        raise AssertionError("planning asked for the engine")

    def report(message: str, _fraction: float | None) -> None:
        if said is not None:
            said.append(message)

    return Context(folder=folder, engine=engine, report=report)


def plan_of(arguments: containers.BuildArguments, context: Context) -> ImagePlan:
    project = read_project(context)
    return image.plan_for(arguments, project, image.mode_of(arguments, project), context)


def names(folder: Path, **arguments: str) -> set[str]:
    plan = plan_of(containers.BuildArguments(**arguments), context(folder))  # type: ignore[arg-type]  # strings
    with tarfile.open(fileobj=io.BytesIO(b"".join(plan.context(plan.dockerfile)))) as tar:
        return {name.rpartition("/")[2] for name in tar.getnames()}


@pytest.mark.parametrize(
    "key", ["keys/service.json", "./keys/../keys/service.json", "{folder}/keys/service.json"]
)
def test_the_key_that_the_config_names_never_travels(tmp_path: Path, key: str) -> None:
    config = json.dumps({"gcloud": {"cloud_key": key.format(folder=tmp_path)}})
    plant(
        tmp_path,
        {".calibanconfig.json": config, "keys/service.json": "secret", "keys/other.json": "", "a.py": ""},
    )
    assert names(tmp_path, module="a.py") >= {"a.py", "other.json"}
    assert "service.json" not in names(tmp_path, module="a.py")


def test_the_config_says_which_module_and_the_flag_beats_it(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": '{"module": "one.py"}', "one.py": "", "two.py": ""})
    one = plan_of(containers.BuildArguments(), context(tmp_path))
    two = plan_of(containers.BuildArguments(module="two.py"), context(tmp_path))
    assert '["python", "one.py"]' in one.dockerfile
    assert '["python", "two.py"]' in two.dockerfile


def test_without_a_module_there_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Which MODULE"):
        plan_of(containers.BuildArguments(), context(tmp_path))


@pytest.mark.parametrize(
    ("config", "arguments", "image"),
    [
        ({}, {}, "for-cpu"),
        ({}, {"gpu": True}, "for-gpu"),
        ({"default_mode": "GPU"}, {}, "for-gpu"),
        ({"default_mode": "GPU"}, {"nogpu": True}, "for-cpu"),
    ],
)
def test_the_mode(tmp_path: Path, config: dict[str, str], arguments: dict[str, bool], image: str) -> None:
    plant(tmp_path, {".calibanconfig.json": json.dumps({"base_image": "for-{}", **config}), "a.py": ""})
    plan = plan_of(containers.BuildArguments(module="a.py", **arguments), context(tmp_path))  # type: ignore[arg-type]  # flags
    assert plan.base_image == image


def test_the_image_does_not_depend_on_the_python_that_runs_this(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": ""})
    assert (
        plan_of(containers.BuildArguments(module="a.py"), context(tmp_path)).base_image == "python:3.12-slim"
    )
    plant(tmp_path, {".python-version": "3.10.4\n"})
    assert (
        plan_of(containers.BuildArguments(module="a.py"), context(tmp_path)).base_image == "python:3.10-slim"
    )


def test_both_modes_at_once_are_refused(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": ""})
    with pytest.raises(UsageError, match="exclude"):
        plan_of(containers.BuildArguments(module="a.py", gpu=True, nogpu=True), context(tmp_path))


def test_a_config_with_errors_stops_before_anything_is_read(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": '{"base_imge": "x"}', "a.py": ""})
    with pytest.raises(InvalidDocument, match="base_image"):
        plan_of(containers.BuildArguments(module="a.py"), context(tmp_path))


def test_hardware_that_cannot_be_is_no_matter_of_a_build(tmp_path: Path) -> None:
    plant(tmp_path, {".calibanconfig.json": '{"cloud": {"gpu_spec": "3xT4"}}', "a.py": ""})
    assert plan_of(containers.BuildArguments(module="a.py"), context(tmp_path)).tag


def test_a_large_context_is_named_with_what_is_large(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "data/[big] one.bin": ""})
    with (tmp_path / "data/[big] one.bin").open("wb") as file:
        file.truncate(120 * 10**6)
    said: list[str] = []
    image.ensure(containers.BuildArguments(module="a.py"), Project(), "cpu", building(tmp_path, said))
    assert said[0].startswith("120 MB go into the image. The largest:\n      120 MB  data/[big] one.bin\n")
    assert said[0].endswith(r"echo '/data/\[big] one.bin' >> .calibanignore")
    said.clear()
    image.ensure(
        containers.BuildArguments(module="a.py"), Project(), "cpu", building(tmp_path, said, built=True)
    )
    assert said == []


def building(folder: Path, said: list[str], *answers: bool, built: bool = False) -> Context:
    """A context with an engine, and somebody who answers questions."""
    engine = FakeEngine("x", "python:3.12-slim")
    given = iter(answers)

    def ask(question: str, action: str) -> bool:
        said.append(f"{question}|{action}")
        return next(given)

    def report(message: str, _fraction: float | None = None) -> None:
        said.append(message)

    context = Context(
        folder=folder,
        engine=lambda: engine,
        report=report,
        ask=ask,
        environment={"CALIBAN_HOME": str(folder.parent / "state")},
    )
    if built:
        engine.images[plan_of(containers.BuildArguments(module="a.py"), context).tag] = "sha256:1"
    return context


KEY = "-----BEGIN PRIVATE KEY-----\n"


def test_a_key_stops_the_build_before_the_engine_is_asked(tmp_path: Path) -> None:
    plant(tmp_path, {"a.py": "", "keys/[1].pem": KEY})
    with pytest.raises(KeyInImage, match=r"keys/\[1\]\.pem: a private key") as caught:
        image.build(containers.BuildArguments(module="a.py"), context(tmp_path))
    assert r"a line /keys/\[1].pem in .calibanignore" in caught.value.hint


def test_a_key_is_left_out_when_asked_to(tmp_path: Path) -> None:
    plant(tmp_path / "p", {"a.py": "", "keys/[1].pem": KEY, ".calibanignore": "*.log"})
    said: list[str] = []
    image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", said, True))
    assert "Leave them out by .calibanignore" in said[0]
    assert (tmp_path / "p/.calibanignore").read_text() == "*.log\n/keys/\\[1].pem\n"


def test_a_password_in_requirements_cannot_be_left_out(tmp_path: Path) -> None:
    tree = {"a.py": "", "requirements.txt": "-i https://me:pass@a.example/simple\nsix\n"}
    plant(tmp_path / "p", tree)
    with pytest.raises(KeyInImage, match=r"requirements\.txt: a password in an address") as caught:
        image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", []))
    assert "PIP_EXTRA_INDEX_URL" in caught.value.hint
    plant(tmp_path / "p", {".calibanignore": "!requirements.txt\n"})
    assert image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", [])).tag


def test_a_no_changes_nothing(tmp_path: Path) -> None:
    plant(tmp_path / "p", {"a.py": "", "key.pem": KEY})
    with pytest.raises(KeyInImage):
        image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", [], False))
    assert not (tmp_path / "p/.calibanignore").exists()


def test_an_image_goes_without_gcloud_that_cannot_be_had(tmp_path: Path) -> None:
    config = {"gcloud": {"install": True, "image": "no/sdk"}}
    plant(tmp_path / "p", {"a.py": "", ".calibanconfig.json": json.dumps(config)})
    said: list[str] = []
    built = image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", said))
    assert "no/sdk can't be had, so the image goes without gcloud" in said
    (tmp_path / "p/.calibanconfig.json").unlink()
    assert built.tag == plan_of(containers.BuildArguments(module="a.py"), context(tmp_path / "p")).tag


@pytest.mark.parametrize("reference", ["gone:1", "", " ", "../../x", "a/../b"])
def test_an_image_that_the_engine_has_not_is_named(reference: str) -> None:
    engine = FakeEngine("there:1")
    assert image.given("there:1", engine) == "there:1"
    with pytest.raises(MissingError, match="The engine has no image") as caught:
        image.given(reference, engine)
    assert "docker pull" in caught.value.hint


# What the config wants and its user has to agree to

DEMANDS = [
    {"docker": {"run_args": ["--privileged"]}},
    {"docker": {"dockerfile": "Dockerfile"}},
    {"docker": {"build_args": {"A": "1"}}},
    {"build_time_credentials": True},
    {"gcloud": {"cloud_key": "../key.json"}},
    {"cloud": {"repository": "registry.example/x"}},
]


@pytest.mark.parametrize("config", DEMANDS, ids=json.dumps)
def test_nothing_is_built_before_the_user_agreed(tmp_path: Path, config: dict[str, object]) -> None:
    plant(tmp_path, {"a.py": "", ".calibanconfig.json": json.dumps(config), "Dockerfile": "FROM x"})
    with pytest.raises(NotAgreed, match="needs your agreement") as caught:
        image.build(containers.BuildArguments(module="a.py"), context(tmp_path))
    assert "caliban trust" in caught.value.hint


@pytest.mark.parametrize("config", [{"cloud": {"repository": "us-docker.pkg.dev/p/r"}}, {"base_image": "x"}])
def test_what_needs_no_agreement(tmp_path: Path, config: dict[str, object]) -> None:
    plant(tmp_path / "p", {"a.py": "", ".calibanconfig.json": json.dumps(config)})
    assert image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", [])).tag


def test_an_agreement_holds_for_the_folder_and_the_values(tmp_path: Path) -> None:
    config = json.dumps({"docker": {"run_args": ["--privileged"]}})
    for folder in ("p", "q"):
        plant(tmp_path / folder, {"a.py": "", ".calibanconfig.json": config})
    arguments = containers.BuildArguments(module="a.py")
    said: list[str] = []
    with pytest.raises(NotAgreed):
        image.build(arguments, building(tmp_path / "p", said, False))
    assert said[-1].endswith('docker.run_args: ["--privileged"]|Agree')
    image.build(arguments, building(tmp_path / "p", said, True))
    image.build(arguments, building(tmp_path / "p", said))  # nobody is asked again
    with pytest.raises(NotAgreed):
        image.build(arguments, building(tmp_path / "q", said, False))
    (tmp_path / "p/.calibanconfig.json").write_text(config.replace("privileged", "privileged=1"))
    with pytest.raises(NotAgreed):
        image.build(arguments, building(tmp_path / "p", said, False))


def test_what_is_agreed_to_stays_so_while_something_else_is_wanted_too(tmp_path: Path) -> None:
    config = {"docker": {"run_args": ["--privileged"]}}
    plant(tmp_path / "p", {"a.py": "", ".calibanconfig.json": json.dumps(config)})
    said: list[str] = []
    arguments = containers.BuildArguments(module="a.py")
    image.build(arguments, building(tmp_path / "p", said, True))
    plant(tmp_path / "p", {".calibanconfig.json": json.dumps({**config, "build_time_credentials": True})})
    with pytest.raises(NotAgreed):
        image.build(arguments, building(tmp_path / "p", said, False))
    plant(tmp_path / "p", {".calibanconfig.json": json.dumps(config)})
    image.build(arguments, building(tmp_path / "p", said))


def test_a_dockerfile_is_agreed_to_as_it_is(tmp_path: Path) -> None:
    config = json.dumps({"docker": {"dockerfile": "Dockerfile"}})
    plant(tmp_path / "p", {"a.py": "", ".calibanconfig.json": config, "Dockerfile": "FROM x\n"})
    arguments = containers.BuildArguments(module="a.py")
    image.build(arguments, building(tmp_path / "p", [], True))
    image.build(arguments, building(tmp_path / "p", []))
    plant(tmp_path / "p", {"Dockerfile": "FROM x\nRUN --mount=type=secret,id=key cat /run/secrets/key\n"})
    with pytest.raises(NotAgreed, match=r"docker\.dockerfile"):
        image.build(arguments, building(tmp_path / "p", [], False))


def test_a_link_is_agreed_to_with_its_target(tmp_path: Path) -> None:
    config = json.dumps({"gcloud": {"cloud_key": "key.json"}})
    (tmp_path / "q").symlink_to("p")
    for name in ("one", "two"):
        plant(tmp_path, {name: "{}"})
    plant(tmp_path / "p", {"a.py": "", ".calibanconfig.json": config, "key.json": "-> ../one"})
    arguments = containers.BuildArguments(module="a.py")
    said: list[str] = []
    image.build(arguments, building(tmp_path / "p", said, True))
    assert f'gcloud.cloud_key: "key.json -> {tmp_path}/one"' in said[0]
    (tmp_path / "p/key.json").unlink()
    plant(tmp_path / "p", {"key.json": "-> ../two"})
    with pytest.raises(NotAgreed):
        image.build(arguments, building(tmp_path / "p", said, False))
    (tmp_path / "p/key.json").unlink()
    plant(tmp_path / "p", {"key.json": "{}"})
    with pytest.raises(NotAgreed, match=r'gcloud\.cloud_key: "key\.json"$'):
        image.build(arguments, building(tmp_path / "q", said, False))


def test_a_password_for_a_host_that_the_project_names_needs_agreement(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    plant(tmp_path, {".netrc": "machine a.example login me password p\n"})
    (tmp_path / ".netrc").chmod(0o600)
    plant(tmp_path / "p", {"a.py": "", "requirements.txt": "-i https://a.example/simple\nsix"})
    arguments = containers.BuildArguments(module="a.py")
    said: list[str] = []
    with pytest.raises(NotAgreed):
        image.build(arguments, building(tmp_path / "p", said, False))
    assert 'passwords for packages: ["a.example"]|Agree' in said[0]
    there = building(tmp_path / "p", said)
    assert trust_command(TrustArguments(), there).agreed == {"passwords for packages": ["a.example"]}
    assert trust.is_agreed(image.demands(read_project(there), there), there)


def test_the_command_that_agrees(tmp_path: Path) -> None:
    plant(tmp_path / "p", {"a.py": "", ".calibanconfig.json": '{"docker": {"run_args": ["--privileged"]}}'})
    there = building(tmp_path / "p", [])
    assert trust_command(TrustArguments(), there).agreed == {"docker.run_args": ["--privileged"]}
    assert image.build(containers.BuildArguments(module="a.py"), there).tag
    book = tmp_path / "state/agreements.json"
    book.write_text("damaged")
    with pytest.raises(NotAgreed):
        image.build(containers.BuildArguments(module="a.py"), building(tmp_path / "p", [], False))
