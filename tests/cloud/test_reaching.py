"""Any obstacle on the way to Google: one sentence, the right exit code, and each job once in the end."""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from cloud.connection_faults import BUSY, FAULTS, NO_ACCESS, REFUSED, SILENT, UNSENT, standing
from cloud.emulator import credentials
from cloud.emulator.server import Emulator

from caliban_ls.cli import main
from caliban_ls.operations.cloud import resume as cloud_resume
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.jobs import logs, refresh, stop
from caliban_ls.operations.schemas.cloud import ResumeArguments
from caliban_ls.runtime.backends import labels, submitter
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.google.retries import Patience
from caliban_ls.runtime.history.records import JobGroup, JobRecord, utc_now
from caliban_ls.runtime.history.schema import FILE_NAME
from caliban_ls.runtime.history.store import History

# A connection that an error's frames still hold is closed with them, at a time of Python's own choice.
pytestmark = pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket")

HASTY = submitter.Timing(
    doubt=0.3, look=0.05, first_wait=0.02, longest_wait=0.1, patience=2.0, absence=0.5, farewell=0.5
)

TOKENS, REGISTRY = "oauth2.googleapis.com", "artifactregistry.googleapis.com"
HOSTS = {"vertex": "us-central1-aiplatform.googleapis.com", "ai-platform": "ml.googleapis.com"}
SERVICES = {HOSTS["vertex"]: "AIPLATFORM", HOSTS["ai-platform"]: "ML", "logging.googleapis.com": "LOGGING"}
SERVICES[REGISTRY] = "ARTIFACTREGISTRY"

EXITS = {UNSENT: 3, SILENT: 4, REFUSED: 4, NO_ACCESS: 3, BUSY: 4}
BEGIN = {UNSENT: "Google can't be reached: ", SILENT: "Google didn't answer: "}


@dataclass
class Desk:
    """A researcher whose only way to Google is the stand-in's proxy, by the hosts' real names."""

    folder: Path
    emulator: Emulator
    monkeypatch: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    @property
    def key(self) -> Path:
        return self.folder.parent / "key.json"

    def caliban(self, *argv: str) -> tuple[int, str]:
        """Run a command; return its exit code and all that it says."""
        code = main(argv)
        shown = self.capture.readouterr()
        assert "Traceback" not in shown.out + shown.err
        return code, shown.out + shown.err

    def submit(self, backend: str = "vertex", *more: str, count: int = 3) -> tuple[int, str]:
        (self.folder / "experiment.json").write_text(f'{{"n": {list(range(count))}}}')
        words = ("--project_id=my-project", "--nogpu", "--yes", "--experiment_config=experiment.json")
        image = () if "--create_repository" in more else ("--image_tag=r.example/i:t",)
        service = (f"--backend={backend}", "--force")
        return self.caliban("cloud", *words, *service, *image, *more, "train.py")

    def resume(self, group: str) -> None:
        """Go on, when all is well again."""

        def engine() -> Engine:
            raise AssertionError("no engine is needed")

        def report(_message: str, _fraction: float | None = None) -> None:
            """Has no listener."""

        import os

        context = Context(
            folder=self.folder, engine=engine, report=report, ask=lambda *_: True, environment=os.environ
        )
        cloud_resume.resume(ResumeArguments(group=group, yes=True), context)

    def launches(self) -> list[tuple[JobGroup, list[JobRecord]]]:
        history = History(self.folder.parent / "state", warn=pytest.fail, clock=utc_now)
        try:
            return [(group, history.jobs.of(group.name)) for group in history.groups.newest()]
        finally:
            history.close()

    def launch(self) -> tuple[str, list[str]]:
        """The name of the only launch, and the states of its jobs."""
        ((group, jobs),) = self.launches()
        return group.name, [job.state.value for job in jobs]

    def doubt_first(self) -> None:
        """Forget what became of the first job's request, as a power cut does."""
        with sqlite3.connect(self.folder.parent / "state" / FILE_NAME) as connection:
            connection.execute(
                "UPDATE jobs SET state = 'UNKNOWN', name = NULL, doubted = ? WHERE number = 1",
                (utc_now().isoformat(),),
            )

    def creates(self) -> int:
        """How many requests came that make a job."""
        return sum(
            count
            for method, count in self.emulator.between.requests.items()
            if method in {"POST customJobs", "POST jobs"}
        )

    def made(self) -> Counter[str]:
        """How often each job is there."""
        jobs = [*self.emulator.vertex.jobs.values(), *self.emulator.ai_platform.jobs.values()]
        return Counter(job["labels"][labels.JOB] for job in jobs)


@pytest.fixture
def desk(
    emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    monkeypatch.setattr(submitter, "TIMING", HASTY)
    for module in (refresh, logs, stop):
        monkeypatch.setattr(module, "PATIENCE", Patience(whole=0.3, first_wait=0.02))
    folder = tmp_path / "digits"
    folder.mkdir()
    (folder / "train.py").touch()
    made = Desk(folder, emulator, monkeypatch, capsys)
    emulator.service_account(made.key, token_uri=credentials.GOOGLES)
    setenv(
        monkeypatch,
        {
            **emulator.proxied_environment(tmp_path),
            "CALIBAN_HOME": str(tmp_path / "state"),
            "GOOGLE_APPLICATION_CREDENTIALS": str(made.key),
        },
    )
    monkeypatch.chdir(folder)
    yield made
    assert emulator.strangers == []


def setenv(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def said_once(text: str, fault: str, host: str) -> None:
    """What is wrong is said in one sentence, with what to do, and without a password."""
    wanted = FAULTS[fault]
    pattern = BEGIN.get(wanted.meaning, "") + wanted.said.replace("HOST", re.escape(host))
    (line,) = (line for line in text.splitlines() if line.startswith("error["))
    assert re.search(pattern, line), line
    hint = text.splitlines()[text.splitlines().index(line) + 1]
    assert hint.startswith("  "), text
    assert wanted.hint in hint
    assert "secret" not in text


@pytest.mark.parametrize("fault", [name for name in FAULTS if FAULTS[name].meaning != BUSY])
@pytest.mark.parametrize("backend", HOSTS)
def test_jobs_are_unsent_or_in_doubt(desk: Desk, backend: str, fault: str) -> None:
    meaning, host = FAULTS[fault].meaning, HOSTS[backend]
    carried_out = meaning == SILENT and backend == "ai-platform"
    with standing(FAULTS[fault], host, SERVICES[host], desk.emulator, desk.key) as variables:
        desk.emulator.between.carried_out = carried_out
        with desk.monkeypatch.context() as patch:
            setenv(patch, variables)
            code, text = desk.submit(backend)
        said_once(text, fault, host)
        group, states = desk.launch()
        creates = desk.creates()
        # Nothing is tried again where nothing can come of it; a doubt is looked for, or cleared by the same request.
        if meaning == UNSENT:
            assert (creates, desk.emulator.between.tunnels[host] <= 1) == (0, True)
            assert "again" not in text.partition("error[")[0]
        elif meaning == SILENT and backend == "ai-platform":
            assert creates >= 1
        else:
            assert creates == (2 if meaning == NO_ACCESS else 1)
    assert code == EXITS[meaning]
    assert f"`caliban resume {group}` goes on" in text
    if meaning == SILENT:
        assert states == ["UNKNOWN", "PLANNED", "PLANNED"]
        assert "0 jobs were sent, 2 weren't, and 1 got no answer" in text
    else:
        assert states == ["PLANNED"] * 3
        assert sum(desk.made().values()) == 0
        assert "0 jobs were sent, 3 weren't" in text
    desk.resume(group)
    assert set(desk.made().values()) == {1}
    assert len(desk.made()) == 3
    assert desk.launch()[1] == ["QUEUED"] * 3


@pytest.mark.parametrize("fault", [name for name in FAULTS if FAULTS[name].meaning in (SILENT, BUSY)])
@pytest.mark.parametrize("backend", HOSTS)
@pytest.mark.parametrize("carried_out", [False, True], ids=["nothing done", "done"])
def test_what_passes_is_outlived(desk: Desk, backend: str, fault: str, *, carried_out: bool) -> None:
    host = HOSTS[backend]
    with standing(FAULTS[fault], host, SERVICES[host], desk.emulator, desk.key):
        desk.emulator.between.carried_out = carried_out and FAULTS[fault].meaning == SILENT
        desk.emulator.between.times = 2
        code, text = desk.submit(backend)
        assert desk.emulator.between.times == 0
    assert code == 0, text
    assert set(desk.made().values()) == {1}
    assert len(desk.made()) == 3
    assert desk.launch()[1] == ["QUEUED"] * 3


LOOKS = {
    "looked for": ("resume", "GROUP", "--yes"),
    "status": ("status", "GROUP", "--refresh"),
    "logs": ("logs", "GROUP/2"),
    "stop": ("stop", "GROUP/2", "--yes"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("backend", HOSTS)
@pytest.mark.parametrize("question", LOOKS)
def test_what_is_asked_afterwards(desk: Desk, backend: str, fault: str, question: str) -> None:
    meaning = FAULTS[fault].meaning
    host = "logging.googleapis.com" if question == "logs" else HOSTS[backend]
    assert desk.submit(backend)[0] == 0
    group = desk.launch()[0]
    if question == "looked for":
        desk.doubt_first()
    before = desk.launch()[1]
    argv = [word.replace("GROUP", group) for word in LOOKS[question]]
    with standing(FAULTS[fault], host, SERVICES[host], desk.emulator, desk.key) as variables:
        with desk.monkeypatch.context() as patch:
            setenv(patch, variables)
            code, text = desk.caliban(*argv)
        if meaning == UNSENT:
            assert desk.emulator.between.tunnels[host] <= 1
            assert "again" not in text.partition("error[")[0] or question == "status"
    if question == "status":
        assert code == 0
        pattern = BEGIN.get(meaning, "") + FAULTS[fault].said.replace("HOST", re.escape(host))
        assert re.search(pattern, text), text
        assert FAULTS[fault].hint in text
    else:
        assert code == EXITS[meaning]
        said_once(text, fault, host)
    assert desk.launch()[1] == before
    if question == "looked for":
        desk.resume(group)
    assert desk.caliban(*LOOKS["status"][:1], group, "--refresh")[0] == 0
    assert set(desk.made().values()) == {1}
    assert desk.launch()[1] == ["QUEUED"] * 3


@pytest.mark.parametrize("fault", [name for name in FAULTS if FAULTS[name].meaning != BUSY])
def test_a_token(desk: Desk, fault: str) -> None:
    meaning = FAULTS[fault].meaning
    with standing(FAULTS[fault], TOKENS, None, desk.emulator, desk.key) as variables:
        with desk.monkeypatch.context() as patch:
            setenv(patch, variables)
            code, text = desk.submit()
        assert desk.creates() == 0
    if meaning in (REFUSED, NO_ACCESS):
        assert code == 3
        assert "give no access: " in text
        assert "keys create" in text
    elif meaning == UNSENT:
        assert code == 3
        said_once(text, fault, TOKENS)
    else:
        assert code == 4
        assert "token" in text
        assert "\n  Try again in a few minutes" in text
    group, states = desk.launch()
    assert states == ["PLANNED"] * 3
    desk.resume(group)
    assert set(desk.made().values()) == {1}
    assert len(desk.made()) == 3


@pytest.mark.parametrize("fault", [name for name in FAULTS if FAULTS[name].meaning != REFUSED])
def test_a_registry(desk: Desk, fault: str) -> None:
    meaning = FAULTS[fault].meaning
    with (
        standing(FAULTS[fault], REGISTRY, SERVICES[REGISTRY], desk.emulator, desk.key) as variables,
        desk.monkeypatch.context() as patch,
    ):
        setenv(patch, {**variables, "DOCKER_HOST": "tcp://127.0.0.1:1"})
        code, text = desk.submit("vertex", "--create_repository")
    assert code == EXITS[meaning]
    said_once(text, fault, REGISTRY)
    assert desk.launches() == []
