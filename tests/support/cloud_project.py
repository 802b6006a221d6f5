"""A researcher's desk: a project, a key, a history of its own, and a way to Google that leads to the stand-in."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cloud.emulator.server import Emulator
from support.program import caliban

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config.project import Project, read
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.history.records import JobGroup, JobRecord, utc_now
from caliban_ls.runtime.history.store import History

IMAGE = "us-central1-docker.pkg.dev/my-project/caliban/image:tag"

HASTY = """
import sys
from caliban_ls.cli import main
from caliban_ls.runtime.backends import submitter as sending
sending.TIMING = sending.Timing(doubt=2.0, look=0.2, first_wait=0.05, longest_wait=0.2, patience=20.0, farewell=0.5)
raise SystemExit(main(sys.argv[1:]))
"""
"""The program, less patient than it is with the real Google."""


@dataclass
class Desk:
    """A project folder beside a state folder; `said` and `asked` are what came of questions and reports."""

    folder: Path
    emulator: Emulator
    environment: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        key = self.emulator.service_account(self.folder.parent / "key.json")
        self.environment = {
            **self.emulator.environment(),
            "CALIBAN_HOME": str(self.state),
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            **self.environment,
        }

    @property
    def state(self) -> Path:
        return self.folder.parent / "state"

    def sweep(self, count: int, **parameters: Any) -> str:
        """Write an experiment of so many jobs, and return its name."""
        (self.folder / "experiment.json").write_text(json.dumps({"n": list(range(count)), **parameters}))
        return "experiment.json"

    def config(self, **keys: Any) -> None:
        """Write the project's config."""
        (self.folder / ".calibanconfig.json").write_text(json.dumps(keys))

    def project(self, text: str) -> Project:
        """What a config says."""
        return read(jsondoc.parse(text))

    def arguments(self, **flags: Any) -> CloudArguments:
        """Arguments of a submission whose image is there already."""
        sweep = {"experiment_config": "experiment.json"} if self._has_sweep() else {}
        return CloudArguments(**{"module": "train.py", "image_tag": IMAGE, **sweep, **flags})

    def context(self, answer: str | None = None, **more: Any) -> Context:
        """A context whose user types an answer to every question, `y` or a word, or isn't there (None)."""

        def ask(question: str, _action: str) -> bool:
            self.asked.append(question)
            return answer == "y"

        def insist(question: str, word: str) -> bool:
            self.asked.append(question)
            return answer == word

        def report(message: str, _fraction: float | None = None) -> None:
            self.said.append(message)

        def engine() -> Engine:
            raise AssertionError("no engine is needed for an image that is there")

        return Context(
            folder=self.folder,
            engine=engine,
            report=report,
            ask=ask,
            insist=insist,
            environment=self.environment,
            **more,
        )

    def caliban(self, *argv: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return caliban(*argv, folder=self.folder, environment={**self.environment, **variables})

    def hasty(self, *argv: str) -> subprocess.Popen[str]:
        """Start a command that is less patient than the real one."""
        import os

        return subprocess.Popen(
            [sys.executable, "-c", HASTY, *argv],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def keys(self) -> Counter[str]:
        """How often each job was made, by the label that no two share."""
        made = [*self.emulator.vertex.jobs.values(), *self.emulator.ai_platform.jobs.values()]
        return Counter(job["labels"][labels.JOB] for job in made)

    def args_made(self) -> Counter[tuple[str, ...]]:
        """How often each argument vector was sent."""
        vertex = [
            job["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
            for job in self.emulator.vertex.jobs.values()
        ]
        legacy = [job["trainingInput"] for job in self.emulator.ai_platform.jobs.values()]
        return Counter(tuple(holder.get("args", ())) for holder in (*vertex, *legacy))

    def history(self) -> list[tuple[JobGroup, list[JobRecord]]]:
        """What is written down, the newest launch first."""
        history = History(self.state, warn=self.said.append, clock=utc_now)
        try:
            return [(group, history.jobs.of(group.name)) for group in history.groups.newest()]
        finally:
            history.close()

    def _has_sweep(self) -> bool:
        return (self.folder / "experiment.json").exists()
