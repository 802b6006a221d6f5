"""The adapter against a real engine: the contract, and what only real containers can show."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.contexts import plan_of
from support.engine_contract import WAIT, EngineContract, Recording, spec_of
from support.second_engine import SecondEngine, second_engine

from caliban_ls.cancel import CancelToken
from caliban_ls.errors import BuildFailed, Cancelled, EngineUnavailable
from caliban_ls.runtime.base import BuildInputs, Exit, Stream
from caliban_ls.runtime.docker import DockerEngine


class TestDockerEngine(EngineContract):
    """The contract, in real containers."""


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


def test_a_home_made_base_image_needs_no_registry(engine: DockerEngine, image: str) -> None:
    with engine._client() as client:
        client.tag(image, "localhost:1/caliban-ls-test", "tools")
    _, lines = build(engine, plan_of("localhost:1/caliban-ls-test:tools", ""), no_cache=True)
    assert any(
        line.startswith("No registry has localhost:1/caliban-ls-test:tools") for line in lines.messages
    )


@pytest.mark.parametrize(
    ("steps", "platform", "reason"),
    [
        ("NONSENSE\n", None, "(?i)unknown instruction: NONSENSE"),
        ("COPY no-such-file /\n", None, r"step 2 of 2 \(COPY no-such-file /\)"),
        ("", "no platform!", "refused the build: .*no platform!"),
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


def test_100_megabytes_of_output(engine: DockerEngine, image: str) -> None:
    total = 0

    def count(_stream: Stream, chunk: bytes) -> None:
        nonlocal total
        total += len(chunk)

    spec = spec_of(image, f"yes {'x' * 999} | head -c 100000000")
    assert engine.run(spec, output=count, cancel=CancelToken()) == Exit(0)
    assert total == 100_000_000


def test_200_processes(engine: DockerEngine, image: str) -> None:
    recording = Recording()
    script = "for i in $(seq 200); do (sleep 0.2; echo $i) & done; wait"
    assert engine.run(spec_of(image, script), output=recording, cancel=CancelToken()) == Exit(0)
    assert sorted(map(int, recording.stdout.split())) == list(range(1, 201))


def test_processes_that_are_left_running_end_with_their_container(engine: DockerEngine, image: str) -> None:
    recording = Recording()
    spec = spec_of(image, "(while :; do sleep 1; done) & echo done")
    assert engine.run(spec, output=recording, cancel=CancelToken()) == Exit(0)
    assert recording.stdout == b"done\n"


def test_memory_runs_out(engine: DockerEngine, image: str) -> None:
    spec = spec_of(
        image,
        "echo ready; limit() { cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; };"
        "until limit 2>&- | grep -qx 67108864; do sleep 0.05; done; tail /dev/zero",
    )

    def limit() -> None:
        with engine._client() as client:
            client.update_container(spec.name, mem_limit="64m", memswap_limit="64m")

    recording = Recording(limit)
    assert engine.run(spec, output=recording, cancel=CancelToken()) == Exit(137, out_of_memory=True)


def test_a_container_has_room_for_data_loaders(engine: DockerEngine, image: str) -> None:
    spec = spec_of(
        image, "dd if=/dev/zero of=/dev/shm/x bs=1000000 count=100 2>&- && rm -f /dev/shm/x; ls /dev/shm"
    )
    assert engine.run(spec, output=Recording(), cancel=CancelToken()).code == 0


def test_a_container_runs_as_its_user(engine: DockerEngine, image: str) -> None:
    recording = Recording()
    spec = spec_of(image, "id -u; id -g")
    spec = type(spec)(image=spec.image, args=spec.args, name=spec.name, labels=spec.labels, user="4321:8765")
    assert engine.run(spec, output=recording, cancel=CancelToken()) == Exit(0)
    assert recording.stdout == b"4321\n8765\n"


def test_threads_share_an_engine(engine: DockerEngine, image: str) -> None:
    recordings = [Recording() for _ in range(4)]

    def run(number: int) -> None:
        spec = spec_of(image, f"seq {number}0000 {number}9999")
        engine.run(spec, output=recordings[number - 1], cancel=CancelToken())

    threads = [threading.Thread(target=run, args=(number,)) for number in (1, 2, 3, 4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for number, recording in enumerate(recordings, start=1):
        expected = range(number * 10_000, number * 10_000 + 10_000)
        assert recording.stdout == b"".join(b"%d\n" % line for line in expected)


@pytest.fixture(scope="module")
def mortal_engine(
    tmp_path_factory: pytest.TempPathFactory, image: str, engine: DockerEngine
) -> Iterator[SecondEngine]:
    with second_engine(tmp_path_factory.mktemp("engine"), copy_of=image, taken_from=engine) as second:
        yield second


@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")  # the SDK's, of its failed connects
def test_an_engine_is_killed_in_mid_run(mortal_engine: SecondEngine, image: str) -> None:
    recording = Recording(mortal_engine.kill)
    with pytest.raises(EngineUnavailable, match="No Docker engine answers at unix://"):
        mortal_engine.engine.run(spec_of(image, WAIT), output=recording, cancel=CancelToken())
    assert recording.ready
    gc.collect()
