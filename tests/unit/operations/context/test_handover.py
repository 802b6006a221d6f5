"""A background run reads its jobs from standard input; nothing else does, whatever its environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from caliban_ls.analysis.config.project import Project
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.handover import (
    NAME_PIPE,
    hand_over,
    is_background,
    read_jobs,
    send_name,
)
from caliban_ls.operations.context.selected_jobs import work_of
from caliban_ls.operations.schemas.containers import RunArguments
from caliban_ls.runtime.engine import Engine

JOBS: list[tuple[int, tuple[str, ...], dict[str, Any]]] = [
    (1, ("--lr", "0.1"), {"lr": 0.1}),
    (3, ("--text", "Größe\n"), {"text": "Größe\n"}),
]


def no_engine() -> Engine:
    raise AssertionError("handing over needs no engine")


def context(tmp_path: Path, text: str, environment: dict[str, str]) -> Context:
    return Context(folder=tmp_path, engine=no_engine, environment=environment, stdin=lambda: text)


def test_jobs_arrive_as_they_were(tmp_path: Path) -> None:
    copy = [
        sys.executable,
        "-c",
        "import sys, shutil; shutil.copyfileobj(sys.stdin.buffer, sys.stdout.buffer)",
    ]
    with subprocess.Popen(copy, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        hand_over(process, lambda: JOBS)
        text = process.stdout.read().decode()
    count, work = read_jobs(context(tmp_path, text, {}))
    assert (count, list(work()), list(work())) == (2, JOBS, JOBS)


def test_the_name_arrives_and_the_pipe_is_closed() -> None:
    reading, writing = os.pipe()
    send_name("digits_1", {NAME_PIPE: str(writing)})
    with os.fdopen(reading, "rb") as pipe:
        assert pipe.read() == b"digits_1"
    send_name("digits_1", {})
    assert (is_background({}), is_background({NAME_PIPE: "5"})) == (False, True)


def test_selecting_jobs_reads_no_standard_input(tmp_path: Path) -> None:
    there = context(tmp_path, "not jobs", {NAME_PIPE: "5"})
    count, work, _ = work_of(RunArguments(args=("--lr", "1")), Project(), there)
    assert (count, list(work())) == (1, [(1, ("--lr", "1"), {})])
