"""Builds by both builders: the engine's classic one, and BuildKit."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from support.docker_queries import REPOSITORY
from support.engine_contract import WAIT, Recording, spec_of
from support.image_plans import plan_of

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import BuildFailed, Cancelled, MissingError
from caliban_ls.runtime.docker import buildkit
from caliban_ls.runtime.docker.engine import DockerEngine
from caliban_ls.runtime.engine import BuildInputs, Exit


@pytest.fixture(params=["classic", "BuildKit"], autouse=True)
def builder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """What builds."""
    monkeypatch.setenv("DOCKER_BUILDKIT", "0" if request.param == "classic" else "1")
    assert (buildkit.find_docker(os.environ) is None) == (request.param == "classic")
    return str(request.param)


class Lines:
    """Keeps what a build reports."""

    def __init__(self) -> None:
        self.messages: list[str] = []
        self.fractions: list[float | None] = []

    def __call__(self, message: str, fraction: float | None = None) -> None:
        self.messages.append(message)
        self.fractions.append(fraction)


def commands_of_containers(engine: DockerEngine) -> list[str]:
    """What every container of the engine runs, those of builds too."""
    with engine._client() as client:
        return [str(container["Command"]) for container in client.containers(all=True)]


def build(engine: DockerEngine, plan: Any, *, no_cache: bool = False) -> tuple[str, Lines]:
    lines = Lines()
    return engine.build(plan, BuildInputs(), no_cache=no_cache, report=lines, cancel=CancelToken()), lines


def test_a_build_reports_its_steps_and_their_output(engine: DockerEngine, image: str) -> None:
    plan = plan_of(image, 'RUN ["/bin/sh", "-c", "echo one; echo two >&2"]\n')
    _, lines = build(engine, plan, no_cache=True)
    assert lines.messages[-3] == 'Step 2/2 : RUN ["/bin/sh", "-c", "echo one; echo two >&2"]'
    assert sorted(lines.messages[-2:]) == ["one", "two"]  # the engine reads one stream after the other
    assert lines.fractions[-3:] == [0.5, 0.5, 0.5]


def test_an_unchanged_build_runs_nothing(engine: DockerEngine, image: str) -> None:
    plan = plan_of(image, 'RUN ["/bin/sh", "-c", "echo again"]\n')
    first, _ = build(engine, plan)
    second, lines = build(engine, plan)
    assert second == first
    assert "again" not in lines.messages
    third, lines = build(engine, plan, no_cache=True)
    assert third != first
    assert "again" in lines.messages


def test_files_arrive(engine: DockerEngine, image: str) -> None:
    plan = plan_of(image, 'COPY ["greeting", "/"]\n', greeting=b"hello\n")
    built, _ = build(engine, plan)
    recording = Recording()
    assert engine.run(spec_of(built, "cat /greeting"), output=recording, cancel=CancelToken()) == Exit(0)
    assert recording.stdout == b"hello\n"


def test_a_large_context_tells_how_much_has_gone(engine: DockerEngine, image: str) -> None:
    _, lines = build(engine, plan_of(image, "", large=bytes(30_000_000)))
    sent = [line for line in lines.messages if line.startswith("Sending the project's files: ")]
    assert sent[0].endswith("3 of 30 MB")
    assert sent[-1].endswith("30 of 30 MB")
    assert len(sent) == 10


def test_a_step_that_fails(engine: DockerEngine, image: str) -> None:
    step = 'RUN ["/bin/sh", "-c", "echo oh no; exit 7"]'
    with pytest.raises(BuildFailed) as caught:
        build(engine, plan_of(image, step + "\n"))
    assert str(caught.value) == (
        f"The build stopped at step 2 of 2 ({step}): the command exited with code 7\n    oh no"
    )
    assert not any("oh no" in command for command in commands_of_containers(engine))


def test_a_base_image_that_nobody_has(engine: DockerEngine) -> None:
    with pytest.raises(BuildFailed, match="base image localhost:1/no/such:tag can't be had") as caught:
        build(engine, plan_of("localhost:1/no/such:tag", ""))
    assert "docker pull localhost:1/no/such:tag" in caught.value.hint
    assert (caught.value.code, caught.value.exit_code) == ("no-base-image", 3)


def test_a_home_made_base_image_needs_no_registry(engine: DockerEngine, image: str) -> None:
    with engine._client() as client:
        client.tag(image, f"localhost:1/{REPOSITORY}", "tools")
    _, lines = build(engine, plan_of(f"localhost:1/{REPOSITORY}:tools", ""), no_cache=True)
    assert any(line.startswith(f"No registry has localhost:1/{REPOSITORY}:tools") for line in lines.messages)


@pytest.mark.parametrize(
    ("steps", "platform", "reason"),
    [
        ("NONSENSE\n", None, "(?i)unknown instruction: NONSENSE"),
        ("COPY no-such-file /\n", None, r"step 2 of 2 \(COPY no-such-file /\)"),
        ("", "no platform!", "no platform!"),
    ],
)
def test_builds_that_the_engine_refuses(
    engine: DockerEngine, image: str, steps: str, platform: str | None, reason: str
) -> None:
    with pytest.raises(BuildFailed, match=reason):
        build(engine, plan_of(image, steps, platform=platform))


def test_a_context_without_a_dockerfile(engine: DockerEngine, image: str) -> None:
    def nothing() -> Iterator[bytes]:
        yield b"\0" * 1024

    with pytest.raises(BuildFailed, match="Dockerfile"):
        build(engine, plan_of(image, "", context=nothing))


def test_a_build_is_cancelled_in_mid_step(engine: DockerEngine, image: str) -> None:
    script = f"echo working; {WAIT} # {time.monotonic_ns()}"
    cancel = CancelToken()
    cancelled_at = 0.0

    def report(message: str, _fraction: float | None = None) -> None:
        nonlocal cancelled_at
        if message == "working":
            cancelled_at = time.monotonic()
            cancel.set()

    plan = plan_of(image, f'RUN ["/bin/sh", "-c", "{script}"]\n')
    with pytest.raises(Cancelled):
        engine.build(plan, BuildInputs(), no_cache=False, report=report, cancel=cancel)
    assert cancelled_at > 0
    while any(script[-20:] in command for command in commands_of_containers(engine)):
        assert time.monotonic() < cancelled_at + 20, "the step's container is still there"
    assert engine.image_id(plan.tag) is None


def test_a_context_that_cannot_be_read(engine: DockerEngine, image: str) -> None:
    def broken() -> Iterator[bytes]:
        yield b"\0" * 512
        raise PermissionError(13, "Permission denied", "secret.txt")

    with pytest.raises(BuildFailed, match=r"secret\.txt"):
        build(engine, plan_of(image, "", context=broken))


def test_build_arguments_reach_the_dockerfile(engine: DockerEngine, image: str) -> None:
    plan = replace(
        plan_of(image, 'ARG A\nRUN ["/bin/sh", "-c", "echo it is $A"]\n'), build_args={"A": "one two"}
    )
    _, lines = build(engine, plan, no_cache=True)
    assert "it is one two" in lines.messages


def test_proxies_reach_the_build_and_no_image(engine: DockerEngine, image: str) -> None:
    steps = 'RUN ["/bin/sh", "-c", "echo by $HTTPS_PROXY"]\n'
    inputs = BuildInputs(proxies={"HTTPS_PROXY": "http://proxy.example:1"})
    lines = Lines()
    built = engine.build(plan_of(image, steps), inputs, no_cache=True, report=lines, cancel=CancelToken())
    assert "by http://proxy.example:1" in lines.messages
    with engine._client() as client:
        history: Any = client.history  # untyped in its stubs
        inspect: Any = client.inspect_image
        assert "proxy.example" not in f"{history(built)} {inspect(built)}"


def test_a_platform(engine: DockerEngine, image: str) -> None:
    info = engine.describe().platform.replace("x86_64", "amd64").replace("aarch64", "arm64")
    built, _ = build(engine, replace(plan_of(image, ""), platform=info))
    with engine._client() as client:
        inspect: Any = client.inspect_image  # untyped in its stubs
        found = inspect(built)
    assert f"{found['Os']}/{found['Architecture']}" == info


def test_a_build_reaches_what_listens_on_loopback_when_it_must(engine: DockerEngine, image: str) -> None:
    steps = 'RUN ["/bin/sh", "-c", "echo interfaces: /sys/class/net/*"]\n'
    lines = Lines()
    for host_network in (False, True):
        inputs = BuildInputs(host_network=host_network)
        engine.build(plan_of(image, steps), inputs, no_cache=True, report=lines, cancel=CancelToken())
    apart, shared = (line for line in lines.messages if line.startswith("interfaces:"))
    assert "docker0" not in apart
    assert "docker0" in shared


def test_certificates_that_cannot_be_lent_are_mentioned(
    engine: DockerEngine, image: str, builder: str
) -> None:
    lines = Lines()
    inputs = BuildInputs(secrets={"authorities": b"certificates"})
    engine.build(plan_of(image, ""), inputs, no_cache=True, report=lines, cancel=CancelToken())
    assert any("certificates" in line for line in lines.messages) == (builder == "classic")


def test_secrets_are_there_for_the_step_or_the_build_is_refused(
    engine: DockerEngine, image: str, builder: str
) -> None:
    mount = "--mount=type=secret,id=settings,target=/run/caliban/settings "
    step = 'RUN {}["/bin/sh", "-c", "cat /run/caliban/settings"]\n'
    plan = plan_of(image, step.format(""))
    plan = replace(plan, buildkit=plan.dockerfile.replace("RUN ", f"RUN {mount}"))
    inputs = BuildInputs(secrets={"settings": b"the secret\n"}, needed=("PIP_INDEX_URL of your environment",))
    lines = Lines()
    if builder == "classic":
        with pytest.raises(MissingError, match="needs PIP_INDEX_URL") as caught:
            engine.build(plan, inputs, no_cache=True, report=lines, cancel=CancelToken())
        assert "buildx" in caught.value.hint
        assert engine.image_id(plan.tag) is None
    else:
        engine.build(plan, inputs, no_cache=True, report=lines, cancel=CancelToken())
        assert "the secret" in lines.messages


def test_an_image_that_no_registry_gives(engine: DockerEngine) -> None:
    lines = Lines()
    assert engine.pull("localhost:1/no/such:tag", report=lines, cancel=CancelToken()) is None
