"""What every `Engine` does, as tests that run against the real one and against the fake alike.

A module of tests subclasses `EngineContract` and has the fixtures `engine` and `image`: an image whose
entrypoint is `/bin/sh -c`.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator

import pytest
from support.image_plans import plan_of

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import BuildFailed, Cancelled, FailedError, MissingError
from caliban_ls.runtime.engine import BuildInputs, ContainerSpec, Engine, Exit, ImagePlan
from caliban_ls.runtime.jobs import Stream

LABELS = {"caliban.test": str(os.getpid())}

_numbers = itertools.count()

WAIT = "echo ready; while :; do sleep 0.05; done"


def spec_of(image: str, script: str, *arguments: str, **environment: str) -> ContainerSpec:
    """A container that runs a shell script and belongs to these tests."""
    return ContainerSpec(
        image=image,
        args=(script, *arguments),
        name=f"caliban-ls-test-{os.getpid()}-{next(_numbers)}",
        labels=LABELS,
        environment=environment,
    )


class Recording:
    """Keeps what a container writes, and acts once when it has written `ready`."""

    def __init__(self, when_ready: Callable[[], object] = lambda: None) -> None:
        self.stdout = b""
        self.stderr = b""
        self.ready = False
        self._when_ready = when_ready

    def __call__(self, stream: Stream, chunk: bytes) -> None:
        if stream == "stdout":
            self.stdout += chunk
        else:
            self.stderr += chunk
        if not self.ready and b"ready\n" in self.stdout:
            self.ready = True
            self._when_ready()


class EngineContract:
    """The tests. They need nothing of an engine but its protocol."""

    def check(
        self, engine: Engine, spec: ContainerSpec, end: Exit, stdout: bytes, stderr: bytes = b""
    ) -> None:
        recording = Recording()
        assert engine.run(spec, output=recording, cancel=CancelToken()) == end
        assert (recording.stdout, recording.stderr) == (stdout, stderr)
        assert engine.containers(spec.labels) == []

    def test_it_describes_itself(self, engine: Engine) -> None:
        info = engine.describe()
        assert info.address
        assert info.version[0].isdigit()
        assert info.platform.startswith("linux/")
        assert info.root.startswith("/")

    @pytest.mark.parametrize(
        ("script", "code", "stdout"),
        [
            ("echo one; echo two", 0, b"one\ntwo\n"),
            ("printf unfinished", 0, b"unfinished"),
            ("exit 3", 3, b""),
            ("kill -9 $$", 137, b""),
            ("kill -11 $$", 139, b""),
            ("no-such-command 2>&-", 127, b""),
            ("printf '\\377\\000\\303'", 0, b"\xff\x00\xc3"),
        ],
    )
    def test_run_to_the_end(self, engine: Engine, image: str, script: str, code: int, stdout: bytes) -> None:
        self.check(engine, spec_of(image, script), Exit(code), stdout)

    def test_streams_are_kept_apart(self, engine: Engine, image: str) -> None:
        self.check(engine, spec_of(image, "echo out; echo err >&2"), Exit(0), b"out\n", b"err\n")

    def test_output_is_whole_and_in_order(self, engine: Engine, image: str) -> None:
        lines = b"".join(b"%d\n" % number for number in range(1, 300_001))
        self.check(engine, spec_of(image, "seq 300000"), Exit(0), lines)

    def test_arguments_arrive_exactly(self, engine: Engine, image: str) -> None:
        arguments = ("a b", "", "'\"$HOME`\\", "--lr=1e-4", "ä\n✓", "-x", "*")
        expected = b"".join(argument.encode() + b"|" for argument in arguments)
        self.check(engine, spec_of(image, 'printf "%s|" "$@"', "sh", *arguments), Exit(0), expected)

    def test_environment_arrives(self, engine: Engine, image: str) -> None:
        self.check(engine, spec_of(image, 'echo "$GREETING"', GREETING="a=b $c"), Exit(0), b"a=b $c\n")

    def test_there_is_no_input(self, engine: Engine, image: str) -> None:
        self.check(engine, spec_of(image, "cat; echo done"), Exit(0), b"done\n")

    def test_a_job_that_closes_its_output_is_waited_for(self, engine: Engine, image: str) -> None:
        self.check(engine, spec_of(image, "exec >&- 2>&-; sleep 0.3; exit 5"), Exit(5), b"")

    def test_cancelled_before_it_begins(self, engine: Engine, image: str) -> None:
        cancel = CancelToken()
        cancel.set()
        recording = Recording()
        with pytest.raises(Cancelled):
            engine.run(spec_of(image, "echo ready"), output=recording, cancel=cancel)
        assert recording.stdout == b""
        assert engine.containers(LABELS) == []

    @pytest.mark.parametrize(
        ("script", "stdout"),
        [
            (WAIT, b"ready\n"),
            (f"trap '' TERM; {WAIT}", b"ready\n"),
            (f"trap 'echo last words; exit 0' TERM; {WAIT}", b"ready\nlast words\n"),
        ],
        ids=["obeys", "deaf", "says goodbye"],
    )
    def test_cancelled_while_it_runs(self, engine: Engine, image: str, script: str, stdout: bytes) -> None:
        cancel = CancelToken()
        recording = Recording(cancel.set)
        with pytest.raises(Cancelled):
            engine.run(spec_of(image, script), output=recording, cancel=cancel)
        assert recording.stdout == stdout
        assert engine.containers(LABELS) == []

    def test_what_the_listener_raises_ends_the_container(self, engine: Engine, image: str) -> None:
        def refuse() -> None:
            raise BrokenPipeError

        with pytest.raises(BrokenPipeError):
            engine.run(spec_of(image, WAIT), output=Recording(refuse), cancel=CancelToken())
        assert engine.containers(LABELS) == []

    def test_a_running_container_can_be_found(self, engine: Engine, image: str) -> None:
        spec = spec_of(image, WAIT)
        cancel = CancelToken()
        found = []

        def look() -> None:
            found.extend(engine.containers(LABELS))
            found.extend(engine.containers({**LABELS, "caliban.other": "x"}))
            cancel.set()

        with pytest.raises(Cancelled):
            engine.run(spec, output=Recording(look), cancel=cancel)
        assert [(item.name, item.running, item.exit_code) for item in found] == [(spec.name, True, None)]
        assert LABELS.items() <= found[0].labels.items()

    def test_removed_by_somebody_else(self, engine: Engine, image: str) -> None:
        spec = spec_of(image, WAIT)
        recording = Recording(lambda: engine.remove(spec.name))
        with pytest.raises(FailedError, match="removed while it ran"):
            engine.run(spec, output=recording, cancel=CancelToken())

    def test_removing_what_is_gone_is_no_error(self, engine: Engine) -> None:
        engine.remove("caliban-ls-test-never-was")

    def test_a_name_is_given_once(self, engine: Engine, image: str) -> None:
        spec = spec_of(image, WAIT)
        cancel = CancelToken()

        def again() -> None:
            with pytest.raises(FailedError, match=spec.name):
                engine.run(spec, output=Recording(), cancel=CancelToken())
            assert [item.running for item in engine.containers(LABELS)] == [True]
            cancel.set()

        recording = Recording(again)
        with pytest.raises(Cancelled):
            engine.run(spec, output=recording, cancel=cancel)
        assert recording.ready

    def test_an_image_that_is_not_there(self, engine: Engine) -> None:
        assert engine.image_id("caliban-ls-test:never-was") is None
        with pytest.raises(MissingError, match="caliban-ls-test:never-was"):
            engine.run(spec_of("caliban-ls-test:never-was", ":"), output=Recording(), cancel=CancelToken())

    def test_a_built_image_has_its_tag(self, engine: Engine, image: str) -> None:
        plan = plan_of(image, "COPY greeting /greeting\n", greeting=b"hello\n")
        built = engine.build(plan, BuildInputs(), no_cache=False, report=_silent, cancel=CancelToken())
        assert engine.image_id(plan.tag) == built
        assert (
            engine.build(plan, BuildInputs(), no_cache=False, report=_silent, cancel=CancelToken()) == built
        )

    def test_a_context_that_cannot_be_read(self, engine: Engine, image: str) -> None:
        def broken() -> Iterator[bytes]:
            yield b"\0" * 512
            raise PermissionError(13, "Permission denied", "secret.txt")

        plan = plan_of(image, "", context=broken)
        with pytest.raises(BuildFailed, match=r"secret\.txt"):
            engine.build(plan, BuildInputs(), no_cache=False, report=_silent, cancel=CancelToken())

    def test_a_build_cancelled_before_it_begins(self, engine: Engine, image: str) -> None:
        cancel = CancelToken()
        cancel.set()
        with pytest.raises(Cancelled):
            engine.build(plan_of(image, ""), BuildInputs(), no_cache=False, report=_silent, cancel=cancel)

    def test_a_build_cancelled_while_it_uploads(self, engine: Engine, image: str) -> None:
        cancel = CancelToken()

        def endless() -> Iterator[bytes]:
            plan: ImagePlan = plan_of(image, "")
            yield from plan.context(plan.dockerfile)
            cancel.set()
            while True:
                yield b"\0" * 512

        plan = plan_of(image, "", context=endless)
        with pytest.raises(Cancelled):
            engine.build(plan, BuildInputs(), no_cache=False, report=_silent, cancel=cancel)


def _silent(_message: str, _fraction: float | None = None) -> None:
    """Report nothing."""
