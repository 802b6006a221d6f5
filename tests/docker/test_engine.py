"""The adapter against a real engine: the contract, and what only real containers can show."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.engine_contract import LABELS, WAIT, EngineContract, Recording, spec_of
from support.second_engine import SecondEngine, second_engine

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import Cancelled, EngineUnavailable, FailedError, MissingError
from caliban_ls.runtime.docker.engine import DockerEngine
from caliban_ls.runtime.engine import Exit
from caliban_ls.runtime.jobs import Stream

PATIENCE = 120


class TestDockerEngine(EngineContract):
    """The contract, in real containers."""


def test_who_names_an_image_that_is_not_there_learns_what_to_do(engine: DockerEngine) -> None:
    with pytest.raises(MissingError, match="No such image") as caught:
        engine.run(spec_of("caliban-ls-test:never-was", ":"), output=Recording(), cancel=CancelToken())
    assert "docker pull" in caught.value.hint


def test_100_megabytes_of_output(engine: DockerEngine, image: str) -> None:
    total = 0

    def count(_stream: Stream, chunk: bytes) -> None:
        nonlocal total
        total += len(chunk)

    spec = spec_of(image, f"yes {'x' * 999} | head -c 100000000")
    assert engine.run(spec, output=count, cancel=CancelToken()) == Exit(0)
    assert total == 100_000_000


def test_output_that_is_taken_after_the_end_is_whole(engine: DockerEngine, image: str) -> None:
    spec = spec_of(image, "seq 2000000; echo done >&2")
    deadline = time.monotonic() + PATIENCE
    taken: dict[Stream, list[bytes]] = {"stdout": [], "stderr": []}

    def dawdle(stream: Stream, chunk: bytes) -> None:
        # The first piece is only let through when the container has ended, which it can't while its output waits.
        while not any(taken.values()) and engine.containers(LABELS)[0].running:
            assert time.monotonic() < deadline, "the job stands still"
        taken[stream].append(chunk)

    assert engine.run(spec, output=dawdle, cancel=CancelToken()) == Exit(0)
    assert b"".join(taken["stdout"]) == b"".join(b"%d\n" % line for line in range(1, 2_000_001))
    assert b"".join(taken["stderr"]) == b"done\n"


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


def test_what_a_started_container_says_is_told_even_after_its_end(engine: DockerEngine, image: str) -> None:
    container = engine.start(spec_of(image, "echo one; echo two >&2; exit 3"))
    try:
        with engine._client() as client:
            client.wait(container)
        recording = Recording()
        assert engine.follow(container, output=recording, cancel=CancelToken()) == Exit(3)
        assert (recording.stdout, recording.stderr) == (b"one\n", b"two\n")
    finally:
        engine.remove(container)
    with pytest.raises(FailedError, match="removed by another program"):
        engine.follow(container, output=Recording(), cancel=CancelToken())


def test_following_is_cancelled_and_the_container_goes_on(engine: DockerEngine, image: str) -> None:
    spec = spec_of(image, WAIT)
    container = engine.start(spec)
    try:
        cancel = CancelToken()
        with pytest.raises(Cancelled):
            engine.follow(container, output=Recording(cancel.set), cancel=cancel)
        (info,) = [info for info in engine.containers(spec.labels) if info.name == spec.name]
        assert info.running
    finally:
        engine.remove(container)


def test_variables_that_are_only_named_have_the_callers_value(
    engine: DockerEngine, image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALIBAN_TEST_NAMED", "from here")
    monkeypatch.delenv("CALIBAN_TEST_UNSET", raising=False)
    recording = Recording()
    spec = replace(
        spec_of(image, "env"),
        run_args=("-e", "CALIBAN_TEST_NAMED", "-e", "CALIBAN_TEST_UNSET", "--env", "CALIBAN_TEST_OWN=1"),
    )
    assert engine.run(spec, output=recording, cancel=CancelToken()) == Exit(0)
    seen = sorted(line for line in recording.stdout.decode().splitlines() if line.startswith("CALIBAN_TEST"))
    assert seen == ["CALIBAN_TEST_NAMED=from here", "CALIBAN_TEST_OWN=1"]


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
