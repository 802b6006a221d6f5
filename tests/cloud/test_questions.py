"""Every question that a terminal is asked: Ctrl-C, a hang-up and the end of the input end it, and nothing is done."""

from __future__ import annotations

import json
import os
import signal
import sys
import termios
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.cloud_project import IMAGE, Desk
from support.pseudo_terminal import PseudoTerminal

CLOUD = ["cloud", f"--image_tag={IMAGE}", "--experiment_config=experiment.json", "train.py"]


@dataclass(frozen=True)
class Question:
    """A command that asks, and what it asks last; `before` makes what it asks about."""

    argv: list[str]
    asks: str
    before: Callable[[Desk], object] = lambda _desk: None


def sent(desk: Desk) -> None:
    assert desk.caliban(CLOUD[0], "--yes", *CLOUD[1:]).returncode == 0


def failed(desk: Desk) -> None:
    sent(desk)
    for job in desk.emulator.vertex.jobs.values():
        job["state"] = "JOB_STATE_FAILED"
    assert desk.caliban("status", "--refresh").returncode == 0


def cut_short(desk: Desk) -> None:
    desk.emulator.vertex.quota.update(NVIDIA_TESLA_T4=0)
    assert desk.caliban(CLOUD[0], "--yes", *CLOUD[1:]).returncode == 4
    desk.emulator.vertex.quota.clear()


def wish(desk: Desk) -> None:
    desk.config(module="train.py", docker={"run_args": ["--privileged"]})


QUESTIONS = {
    "submit": Question(CLOUD, "Submit these 2 jobs? [y/N] "),
    "over a limit": Question([*CLOUD[:1], "--max_jobs=1", *CLOUD[1:]], "Type 2 to go on: "),
    "stop": Question(["stop", "digits"], "Stop 2 jobs? [y/N] ", sent),
    "resubmit": Question(["resubmit", "digits"], "Submit these 2 jobs? [y/N] ", failed),
    "resume": Question(["resume"], "Send these 2 jobs? [y/N] ", cut_short),
    "agree": Question(CLOUD, "Agree? [y/N] ", wish),
}


@pytest.fixture(params=QUESTIONS)
def question(request: pytest.FixtureRequest, desk: Desk) -> Question:
    question = QUESTIONS[request.param]
    desk.sweep(2)
    question.before(desk)
    return question


def snapshot(desk: Desk) -> tuple[object, ...]:
    """All that a yes would change."""
    jobs = [(job.job_id, job.state) for _, jobs in desk.history() for job in jobs]
    return (jobs, json.dumps(desk.emulator.vertex.jobs), (desk.state / "agreements.json").exists())


ENDINGS: dict[str, tuple[Callable[[PseudoTerminal], object], int]] = {
    "Ctrl-C": (lambda terminal: terminal.type("\x03"), 130),
    "Ctrl-C in the middle of a word": (lambda terminal: terminal.type("ye\x03"), 130),
    "Ctrl-C behind a word that Ctrl-D sent": (lambda terminal: terminal.type("y\x04\x03"), 130),
    "Ctrl-C, again and again": (lambda terminal: terminal.type("\x03\x03\x03"), 130),
    "SIGTERM": (lambda terminal: os.kill(terminal.process.pid, signal.SIGTERM), 130),
    "SIGHUP": (lambda terminal: os.kill(terminal.process.pid, signal.SIGHUP), 130),
    "Ctrl-D": (lambda terminal: terminal.type("\x04"), 2),
    "no": (lambda terminal: terminal.type("n\n"), 2),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_question_that_is_not_answered_yes_does_nothing(
    desk: Desk, question: Question, ending: str
) -> None:
    end, code = ENDINGS[ending]
    before, calls = snapshot(desk), desk.emulator.calls.copy()
    with PseudoTerminal(*question.argv, folder=desk.folder, environment=desk.environment) as terminal:
        modes = termios.tcgetattr(terminal.keys)
        terminal.wait_for(question.asks)
        end(terminal)
        assert terminal.exit_code() == code, terminal.seen
        assert termios.tcgetattr(terminal.keys) == modes
        assert "Traceback" not in terminal.seen
    assert snapshot(desk) == before
    assert desk.emulator.calls == calls


def test_what_is_typed_after_ctrl_c_is_no_answer(desk: Desk, question: Question) -> None:
    before = snapshot(desk)
    with PseudoTerminal(*question.argv, folder=desk.folder, environment=desk.environment) as terminal:
        terminal.wait_for(question.asks)
        terminal.type("\x03y\n2\ny\n")
        assert terminal.exit_code() == 130, terminal.seen
    assert snapshot(desk) == before


ASKS = """
import sys, time
from caliban_ls.cli.progress import terminal_progress
from caliban_ls.core.cancellation import CancelToken
with terminal_progress(as_json=False, several=True, cancel=CancelToken()) as progress:
    progress.report("building", 0.4)
    time.sleep(0.3)
    print("answered", progress.ask("Is this read?", "Go on"))
"""


def test_a_question_stands_alone_where_a_bar_was_drawn(tmp_path: Path) -> None:
    program = [sys.executable, "-c", ASKS]
    environment = {"TERM": "xterm"}
    with PseudoTerminal(folder=tmp_path, environment=environment, program=program) as terminal:
        bar, _, end = terminal.wait_for("Go on? [y/N] ").rpartition("Is this read?")
        assert "building" in bar
        assert bar.endswith("\x1b[2K"), "the bar's line is empty again"
        assert "\x1b[?25h" in bar, "the cursor is seen again"
        assert end == "\r\n"
        terminal.type("y\n")
        terminal.wait_for("answered True")
