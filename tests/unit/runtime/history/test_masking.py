"""Credentials are masked before they are written."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.histories import record_of

from caliban_ls.runtime.history.masking import masked_args, masked_parameters
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.jobs import JobSpec


@pytest.mark.parametrize(
    ("args", "shown"),
    [
        ("--api_key abc --lr 1", "--api_key *** --lr 1"),
        ("--api-key=abc --lr=1", "--api-key=*** --lr=1"),
        ("--hfToken abc", "--hfToken ***"),
        ("--WANDB_API_KEY abc", "--WANDB_API_KEY ***"),
        ("--apikey abc --accesskey=x", "--apikey *** --accesskey=***"),
        ("--db-password -x", "--db-password ***"),
        ("--client_secrets abc --passwd=a=b", "--client_secrets *** --passwd=***"),
        ("--use_token --lr 1", "--use_token --lr 1"),
        ("--token", "--token"),
        ("-token abc", "-token ***"),
        ("--tokenizer bert --max_tokens 5", "--tokenizer bert --max_tokens 5"),
        ("token abc", "token abc"),
    ],
)
def test_credentials_are_masked(args: str, shown: str) -> None:
    assert masked_args(args.split()) == tuple(shown.split())


def test_credentials_stay_out_of_the_file(history: History, tmp_path: Path) -> None:
    group = history.groups.add(title="x", folder=Path("/x"), image=None, owner=None)
    job = JobSpec(
        index=1,
        job_id="x_1",
        args=("--api_key", "hunter2", "--lr", "1"),
        parameters={"api_key": "hunter2", "lr": 1},
    )
    history.jobs.add(group.name, [job])
    assert record_of(history, "x_1").args == ("--api_key", "***", "--lr", "1")
    assert record_of(history, "x_1").parameters == {"api_key": "***", "lr": 1}
    assert masked_parameters(job.parameters)["api_key"] == "***"
    history.close()
    assert all(b"hunter2" not in file.read_bytes() for file in (tmp_path / "state").iterdir())
