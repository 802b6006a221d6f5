"""Launches in the stand-in's cloud: submitted as a user does, and followed in this process or another one."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud.emulator.server import Emulator

from caliban_ls.operations.cloud import submit as submitting
from caliban_ls.operations.context.context import Context, JobListener
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.history.records import JobRecord, utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec, Stream

IMAGE = "us-central1-docker.pkg.dev/my-project/caliban/image:tag"


class RecordingListener(JobListener):
    """Hears what jobs print."""

    def __init__(self) -> None:
        self.text = ""
        self.heard = threading.Condition()

    def output(self, _job: JobSpec, _stream: Stream, chunk: bytes) -> None:
        with self.heard:
            self.text += chunk.decode()
            self.heard.notify_all()

    def wait_for(self, text: str) -> None:
        with self.heard:
            assert self.heard.wait_for(lambda: text in self.text, 30), self.text


@dataclass
class Launches:
    """A user with a project, a key and a state folder of their own."""

    folder: Path
    emulator: Emulator
    backend: str
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.key = self.emulator.service_account(self.folder.parent / "key.json")

    @property
    def state(self) -> Path:
        return self.folder.parent / "state"

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.emulator.environment(),
            "CALIBAN_HOME": str(self.state),
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.key),
        }

    def context(self, *, answer: bool | None = None, **more: Any) -> Context:
        """What a command may touch; `answer` is what its user says, None without a user to ask."""

        def ask(question: str, action: str) -> bool:
            self.asked.append(f"{question}\n{action}?")
            return bool(answer)

        def engine() -> Engine:
            raise AssertionError("jobs in the cloud need no engine")

        return Context(
            **{
                "folder": self.folder,
                "engine": engine,
                "report": lambda message, _fraction=None: self.said.append(message),
                "ask": ask,
                "can_ask": answer is not None,
                "environment": self.environment,
                **more,
            }
        )

    def submit(self, count: int, **flags: Any) -> str:
        """Submit a sweep, and return the name of its launch."""
        return self.submit_with(self.context(), count, **flags)

    def submit_with(self, context: Context, count: int, **flags: Any) -> str:
        (self.folder / "experiment.json").write_text(json.dumps({"n": list(range(count))}))
        arguments = CloudArguments(
            **{
                "module": "train.py",
                "image_tag": IMAGE,
                "experiment_config": "experiment.json",
                "backend": self.backend,
                "nogpu": True,
                "yes": True,
                **flags,
            }
        )
        return submitting.cloud(arguments, context).group

    def jobs(self, group: str) -> list[JobRecord]:
        """What is written down of a launch."""
        with self.history() as history:
            return history.jobs.of(group)

    def states(self, group: str) -> list[str]:
        return [job.state.value for job in self.jobs(group)]

    def move(self, group: str, *states: str, message: str = "") -> None:
        """Bring the first jobs of a launch into states, as time and the training do; an empty one leaves a job alone."""
        for job, state in zip(self.jobs(group), states, strict=False):
            if state:
                self.move_one(job, state, message)

    def move_one(self, job: JobRecord, state: str, message: str = "") -> None:
        assert job.name is not None
        if self.backend == "vertex":
            spelled = "PENDING" if state == "PREPARING" else state
            self.emulator.vertex.move(job.name, f"JOB_STATE_{spelled}", message)
        else:
            self.emulator.ai_platform.move(job.name, state, message)

    def there(self) -> dict[str, dict[str, Any]]:
        """The jobs that the service has, by its names."""
        return self.emulator.vertex.jobs if self.backend == "vertex" else self.emulator.ai_platform.jobs

    def state_there(self, job: JobRecord) -> str:
        assert job.name is not None
        return str(self.there()[job.name]["state"]).removeprefix("JOB_STATE_")

    def calls(self, method: str) -> int:
        """How often a method of the service was called."""
        prefix = (
            "aiplatform.projects.locations.customJobs" if self.backend == "vertex" else "ml.projects.jobs"
        )
        return self.emulator.calls[f"{prefix}.{method}"]

    def deny(self, method: str, permission: str = "aiplatform.customJobs.list") -> None:
        prefix = (
            "aiplatform.projects.locations.customJobs" if self.backend == "vertex" else "ml.projects.jobs"
        )
        self.emulator.denied[f"{prefix}.{method}"] = permission

    def log(self, job: JobRecord, text: str, **more: Any) -> None:
        """Have a job print a line."""
        assert job.name is not None
        self.emulator.logging.write(job.name.rpartition("/")[2], text, **more)

    @contextmanager
    def history(self) -> Iterator[History]:
        history = History(self.state, warn=self.said.append, clock=utc_now)
        try:
            yield history
        finally:
            history.close()

    def write(self, statement: str, *values: object) -> None:
        """Change what is written down, as another time or another program left it."""
        with self.history() as history, history.transaction() as connection:
            connection.execute(statement, values)

    def keys(self) -> list[str]:
        """The labels that no two jobs share, of all jobs that were made."""
        return [job["labels"][labels.JOB] for job in self.there().values()]


def in_background(work: Callable[[], object]) -> tuple[threading.Thread, list[BaseException]]:
    """Start work on a thread, and return that with what it may raise."""
    failures: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except BaseException as error:  # noqa: BLE001  # raised in the test
            failures.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread, failures
