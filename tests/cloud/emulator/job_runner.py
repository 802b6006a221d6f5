"""Machines for the stand-in's jobs: each job's image is pulled from its registry and its container run, for real.

Jobs of Vertex AI only. What they print becomes log entries, and how they end their states, in the words of the service.
"""

from __future__ import annotations

import subprocess
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import quote

from cloud.emulator.server import Emulator
from docker import APIClient
from docker.errors import APIError, NotFound

LABEL = "caliban-ls-test.emulated-job"
"""The label of every container that runs here; its value is the job's name."""

_CALL_SECONDS = 300

_FINAL = {"SUCCEEDED", "FAILED", "CANCELLED"}


class PullFailed(Exception):
    """The image couldn't be had."""


@dataclass(frozen=True)
class Login:
    """How to get images of a registry."""

    host: str
    user: str
    password: str


class Machines:
    """Takes the stand-in's jobs in their order, some at once. Leaving the block ends them and removes all containers.

    Args:
        emulator: whose jobs they are.
        engine: its address.
        login: at the registry that has the images.
        at_once: jobs that run together.
    """

    def __init__(self, emulator: Emulator, engine: str, login: Login, *, at_once: int = 4) -> None:
        self._emulator = emulator
        self._jobs = emulator.vertex.jobs
        self._changed = emulator.vertex.changed
        self._engine = engine
        self._login = login
        self._over = False
        self._containers: dict[str, str] = {}
        works = [self._work] * at_once + [self._cancel]
        self._threads = [threading.Thread(target=work, daemon=True) for work in works]
        self.most_at_once = 0

    def __enter__(self) -> Machines:  # noqa: PYI034 - Self came with Python 3.11
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._over = True
            running = list(self._containers.values())
            self._changed.notify_all()
        for container in running:
            self._remove(container)
        for thread in self._threads:
            thread.join(_CALL_SECONDS)

    def wait(self, **counts: int) -> None:
        """Return once so many jobs are in each of these states; raise once no job can change any more."""

        def now() -> Counter[str]:
            return Counter(self._state(name) for name in self._jobs)

        def is_there() -> bool:
            return all(now()[state] >= count for state, count in counts.items())

        with self._changed:
            self._changed.wait_for(lambda: is_there() or not now().keys() - _FINAL, _CALL_SECONDS)
            if not is_there():
                raise AssertionError([(job["state"], job.get("error")) for job in self._jobs.values()])

    def _work(self) -> None:
        while (name := self._take()) is not None:
            try:
                self._run(name, self._jobs[name])
            except PullFailed as failed:
                self._move(name, "FAILED", f"Failed to pull the image: {failed}")
            except Exception as error:  # noqa: BLE001  # it is the machine's fault
                self._move(name, "FAILED", f"Internal error occurred for the current attempt: {error!r}")

    def _take(self) -> str | None:
        """Return the next job that waits for a machine, once there is one; None when all is over."""

        def waiting() -> str | None:
            return next(
                (name for name, job in self._jobs.items() if job["state"] == "JOB_STATE_QUEUED"), None
            )

        with self._changed:
            self._changed.wait_for(lambda: self._over or waiting() is not None)
            name = None if self._over else waiting()
            if name is not None:
                self._move(name, "PENDING")
            return name

    def _run(self, name: str, job: Mapping[str, Any]) -> None:
        spec = job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
        client = APIClient(base_url=self._engine, timeout=_CALL_SECONDS)
        try:
            image = self._pull(client, spec["imageUri"])
            container = client.create_container(
                image,
                spec.get("args"),
                entrypoint=spec.get("command"),
                environment={
                    "CLOUD_ML_JOB_ID": name.rpartition("/")[2],
                    **{variable["name"]: variable["value"] for variable in spec.get("env", ())},
                },
                labels={LABEL: name},
            )["Id"]
            try:
                self._watch(client, name, container)
            finally:
                with self._changed:
                    self._containers.pop(name, None)
                with suppress(APIError):  # A stop has removed it.
                    client.remove_container(container, force=True, v=True)
        finally:
            client.close()

    def _pull(self, client: APIClient, reference: str) -> str:
        """Pull an image, and return the name by which the registry knows exactly this one."""
        repository, _, tag = reference.rpartition(":")
        login = None
        if reference.startswith(f"{self._login.host}/"):
            login = {"username": self._login.user, "password": self._login.password}
        digest = None
        try:
            for event in client.pull(repository, tag, stream=True, decode=True, auth_config=login):
                if "error" in event:
                    raise PullFailed(event["error"])
                if str(event.get("status", "")).startswith("Digest: "):
                    digest = event["status"].removeprefix("Digest: ")
        except APIError as error:
            raise PullFailed(error.explanation) from error
        if digest is None:
            raise PullFailed("the registry named no digest")
        return f"{repository}@{digest}"

    def _watch(self, client: APIClient, name: str, container: str) -> None:
        """Run a container to its end, and tell what it says and how it ends."""
        with self._changed:
            if self._over or self._state(name) != "PENDING":
                return  # It was stopped before it began.
            self._containers[name] = container
            self._move(name, "RUNNING")
            self.most_at_once = max(self.most_at_once, len(self._containers))
        command = ["docker", "--host", self._engine, "start", "--attach", container]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as attached:
            assert attached.stdout is not None
            assert attached.stderr is not None
            errors = threading.Thread(target=self._record, args=(name, attached.stderr, "ERROR"))
            errors.start()
            self._record(name, attached.stdout, "INFO")
            errors.join()
        try:
            ended = client.inspect_container(container)["State"]
        except NotFound:
            ended = {"ExitCode": 137, "OOMKilled": False}  # A stop has removed it.
        code = ended["ExitCode"]
        if code == 0:
            self._move(name, "SUCCEEDED")
        elif self._state(name) == "CANCELLING":
            self._move(name, "CANCELLED")
        else:
            self._move(name, "FAILED", _failure(name, code, out_of_memory=ended["OOMKilled"]))

    def _record(self, name: str, lines: Iterable[bytes], severity: str) -> None:
        """Write each line that a container prints as a log entry."""
        project, job = name.split("/")[1], name.rpartition("/")[2]
        for line in lines:
            text = line.decode(errors="replace").rstrip("\n")
            self._emulator.logging.write(job, text, severity=severity, project=project)

    def _cancel(self) -> None:
        """Remove the containers of jobs that are to be stopped."""
        while True:

            def stopped() -> list[str]:
                return [name for name in self._containers if self._state(name) == "CANCELLING"]

            with self._changed:
                self._changed.wait_for(lambda: self._over or stopped())
                if self._over:
                    return
                containers = [self._containers.pop(name) for name in stopped()]
            for container in containers:
                self._remove(container)

    def _remove(self, container: str) -> None:
        client = APIClient(base_url=self._engine, timeout=_CALL_SECONDS)
        try:
            with suppress(APIError):  # It is removed already; what hasn't started yet can't any more.
                client.remove_container(container, force=True, v=True)
        finally:
            client.close()

    def _state(self, name: str) -> str:
        return str(self._jobs[name]["state"]).removeprefix("JOB_STATE_")

    def _move(self, name: str, state: str, message: str = "") -> None:
        self._emulator.vertex.move(name, f"JOB_STATE_{state}", message)


def _failure(name: str, code: int, *, out_of_memory: bool) -> str:
    """What the service says of a job whose program failed."""
    job = name.rpartition("/")[2]
    replica = "The replica workerpool0-0"
    wanted = quote(f'resource.type="ml_job"\nresource.labels.job_id="{job}"', safe="")
    address = (
        f"https://console.cloud.google.com/logs/viewer?project=1234&resource=ml_job%2Fjob_id%2F{job}"
        f"&advancedFilter={wanted}"
    )
    ended = f"exited with a non-zero status of {code}."
    said = f"{replica} ran out of memory and {ended}" if out_of_memory else f"{replica} {ended}"
    return f"{said} To find out more about why your job exited please check the logs: {address}"
