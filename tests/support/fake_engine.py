"""An engine of processes instead of containers, for tests of what stands on top of engines.

Runs a container's arguments with `/bin/sh -c`, the entrypoint that the test image of the real engine has
too. Keeps the promises of `Engine`, and the contract's tests hold it to them.
"""

from __future__ import annotations

import hashlib
import os
import selectors
import signal
import subprocess
import threading
from collections.abc import Mapping
from contextlib import suppress

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import BuildFailed, Cancelled, EngineUnavailable, FailedError, MissingError
from caliban_ls.runtime.engine import (
    BuildInputs,
    ContainerInfo,
    ContainerSpec,
    EngineInfo,
    Exit,
    ImagePlan,
    Login,
    Talk,
)
from caliban_ls.runtime.jobs import Output, Report

GRACE_SECONDS = 0.3


class FakeEngine:
    """Knows the images it was given and those it built."""

    def __init__(self, *images: str) -> None:
        self.images = {image: f"sha256:{image}" for image in images}
        self.registry: dict[str, str] = {}
        self.left_behind: list[ContainerInfo] = []
        self.most_at_once = 0
        self._running: dict[str, tuple[ContainerSpec, subprocess.Popen[bytes]]] = {}
        self._removed: set[str] = set()
        self._lock = threading.Lock()
        self._gone = False

    def go_away(self) -> None:
        """From now on, answer nobody."""
        self._gone = True
        for _, process in list(self._running.values()):
            _signal(process, signal.SIGKILL)

    def describe(self) -> EngineInfo:
        self._answer()
        return EngineInfo(address="fake:", version="1.0", platform="linux/fake", root="/")

    def builder(self) -> str:
        return "the fake's own"

    def published(self, reference: str, login: Login | None) -> str | None:  # noqa: ARG002 - a registry for all
        self._answer()
        return self.registry.get(reference)

    def push(
        self,
        source: str,
        reference: str,
        login: Login | None,  # noqa: ARG002 - a registry for all
        *,
        report: Report,
        cancel: CancelToken,
    ) -> str:
        self._answer()
        cancel.check()
        report(f"Pushing {reference}", None)
        self.registry[reference] = self.images[source]
        return self.images[source]

    def image_id(self, reference: str) -> str | None:
        self._answer()
        return self.images.get(reference)

    def pull(self, reference: str, *, report: Report, cancel: CancelToken) -> str | None:
        self._answer()
        cancel.check()
        report(f"Pulling {reference}", None)
        return None

    def build(
        self, plan: ImagePlan, inputs: BuildInputs, *, no_cache: bool, report: Report, cancel: CancelToken
    ) -> str:
        assert not inputs.needed
        self._answer()
        cancel.check()
        digest = hashlib.sha256(b"anew" if no_cache else b"")
        try:
            for chunk in plan.context(plan.dockerfile):
                cancel.check()
                digest.update(chunk)
        except OSError as error:
            raise BuildFailed(f"The files of the image can't be read: {error}") from error
        if plan.base_image not in self.images:
            raise BuildFailed(f"The base image {plan.base_image} can't be had")
        report("Step 1/1", 0.0)
        self.images[plan.tag] = f"sha256:{digest.hexdigest()}"
        return self.images[plan.tag]

    def run(self, spec: ContainerSpec, *, output: Output, cancel: CancelToken) -> Exit:
        self._answer()
        cancel.check()
        process = self._start(spec)
        watched = threading.Thread(target=_stop, args=(process,), daemon=True)
        try:
            with cancel.on_set(watched.start):
                _hand_out(process, output)
                code = process.wait()
        finally:
            _signal(process, signal.SIGKILL)
            process.wait()
            if watched.ident is not None:
                watched.join()
            for pipe in (process.stdout, process.stderr):
                if pipe is not None:
                    pipe.close()
            with self._lock:
                self._running.pop(spec.name, None)
        self._answer()
        if cancel.is_set():
            raise Cancelled("Stopped as asked")
        if spec.name in self._removed:
            raise FailedError("The container was removed while it ran, by another program")
        return Exit(code if code >= 0 else 128 - code)

    def interact(self, spec: ContainerSpec, *, talk: Talk, cancel: CancelToken) -> Exit:
        raise FailedError(f"The fake has no terminal for {spec.name}, {talk} and {cancel}")

    def execute(
        self, container: str, command: tuple[str, ...], *, terminal: bool, talk: Talk, cancel: CancelToken
    ) -> Exit:
        raise FailedError(f"The fake has no {terminal=} for {command} in {container}, {talk} and {cancel}")

    def start(self, spec: ContainerSpec) -> str:
        raise FailedError(f"The fake starts nothing that nobody waits for, {spec.name} neither")

    def follow(self, container: str, *, output: Output, cancel: CancelToken) -> Exit:
        raise FailedError(f"The fake kept nothing of {container} for {output} and {cancel}")

    def containers(self, labels: Mapping[str, str]) -> list[ContainerInfo]:
        self._answer()
        with self._lock:
            running = [
                ContainerInfo(id=spec.name, name=spec.name, labels=spec.labels, running=True, exit_code=None)
                for spec, _ in self._running.values()
            ]
        return [
            info
            for info in (*running, *self.left_behind)
            if all(name in info.labels and value in ("", info.labels[name]) for name, value in labels.items())
        ]

    def remove(self, container: str) -> None:
        self._answer()
        self.left_behind = [info for info in self.left_behind if container not in {info.id, info.name}]
        if container in self._running:
            self._removed.add(container)
            _stop(self._running[container][1])

    def _answer(self) -> None:
        if self._gone:
            raise EngineUnavailable("No engine answers")

    def _start(self, spec: ContainerSpec) -> subprocess.Popen[bytes]:
        with self._lock:
            if spec.image not in self.images:
                raise MissingError(f"No such image: {spec.image}")
            if spec.name in self._running:
                raise FailedError(f"The name {spec.name} is in use")
            process = subprocess.Popen(
                ["/bin/sh", "-c", *spec.args],
                env={"PATH": os.environ["PATH"], **spec.environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
            self._running[spec.name] = spec, process
            self.most_at_once = max(self.most_at_once, len(self._running))
        return process


def _hand_out(process: subprocess.Popen[bytes], output: Output) -> None:
    """Pass on what a process writes until it closes both streams."""
    with selectors.DefaultSelector() as selector:
        assert process.stdout is not None
        assert process.stderr is not None
        selector.register(process.stdout, selectors.EVENT_READ, "stdout")
        selector.register(process.stderr, selectors.EVENT_READ, "stderr")
        while selector.get_map():
            for key, _ in selector.select():
                chunk = os.read(key.fd, 64 * 1024)
                if chunk:
                    output(key.data, chunk)
                else:
                    selector.unregister(key.fileobj)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Terminate, then kill."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        process.wait(GRACE_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a process and its children."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
