"""Command lines that say what a command was told."""

from __future__ import annotations

from typing import Any

import pytest

from caliban_ls.operations.context.launch_details import accelerator_of
from caliban_ls.operations.local.rerun import spelled
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.operations.schemas.containers import RunArguments
from caliban_ls.operations.schemas.jobs import StatusArguments
from caliban_ls.runtime.history.details import CloudDetails


@pytest.mark.parametrize(
    ("command", "arguments", "words"),
    [
        ("run", RunArguments(), "caliban run"),
        (
            "run",
            RunArguments(module="train.py", nogpu=True, dir=("a b", "c"), args=("--n", "it's")),
            "caliban run --nogpu '--dir=a b' --dir=c train.py -- --n 'it'\"'\"'s'",
        ),
        (
            "run",
            RunArguments(jobs=3, docker_run_args="-e A=1"),
            "caliban run '--docker_run_args=-e A=1' --jobs=3",
        ),
        (
            "cloud",
            CloudArguments(module="t.py", gpu_spec="2xT4", spot=True, experiment_config="e.json"),
            "caliban cloud --experiment_config=e.json --gpu_spec=2xT4 --spot t.py",
        ),
        ("status", StatusArguments(reference="g", state=("FAILED",)), "caliban status --state=FAILED g"),
    ],
)
def test_what_was_told_is_spelled_as_the_command_line_takes_it(
    command: str, arguments: Any, words: str
) -> None:
    assert spelled(command, arguments) == words


@pytest.mark.parametrize(
    ("written", "kind"), [("2xT4", "gpu"), ("8xV3", "tpu"), (None, None), ("7 of something", None)]
)
def test_what_was_written_down_of_an_accelerator(written: str | None, kind: str | None) -> None:
    found = accelerator_of(CloudDetails(accelerator=written))
    assert (found.kind if found else None) == kind
