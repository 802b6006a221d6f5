"""Completion, hints, lenses and their commands, with a server as a process of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.lsp_client import Client, Message

SERVE = ("-m", "caliban_ls", "serve")
SWEEP = '[{"lr": [0.1, 0.01]}, {"lr": 1, "seed": [1, 2, 3]}]'


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Client]:
    (tmp_path / ".calibanconfig.json").write_text('{"script": "train.py"}')
    (tmp_path / "train.py").write_text(
        "import argparse\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("--lr", type=float)\nparser.add_argument("--seed", type=int)\nparser.parse_args()\n'
    )
    (tmp_path / "experiment.json").write_text(SWEEP)
    with Client(*SERVE, environment={"CALIBAN_HOME": str(tmp_path / "state")}) as client:
        capabilities = {"textDocument": {"diagnostic": {}}, "window": {"workDoneProgress": True}}
        client.initialize(capabilities, options={"trusted": True}, folders=(tmp_path,))
        yield client
        assert client.quit() == 0
        assert client.errors() == ""


def opened(client: Client, folder: Path, text: str = SWEEP) -> str:
    uri = (folder / "experiment.json").as_uri()
    item = {"uri": uri, "languageId": "json", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    return uri


def asked(client: Client, method: str, uri: str, **params: Any) -> Any:
    return client.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, **params})["result"]


def chosen(client: Client, lens: Message) -> Message:
    """Do what a lens does, as any editor would."""
    return client.ask("workspace/executeCommand", lens["command"])


def test_keys_are_completed_from_the_script(editor: Client, tmp_path: Path) -> None:
    uri = opened(editor, tmp_path, '{"lr": 1, ')
    items = asked(editor, "completion", uri, position={"line": 0, "character": 10})["items"]
    assert items[0]["label"] == "seed"
    assert items[0]["textEdit"]["newText"] == '"seed": 1'


def test_the_expand_lens_shows_the_jobs_of_its_block(editor: Client, tmp_path: Path) -> None:
    uri = opened(editor, tmp_path)
    lenses = asked(editor, "codeLens", uri)
    *_, last = [lens for lens in lenses if lens["command"]["title"] == "Expand"]
    answer = chosen(editor, last)["result"]
    assert [job["args"] for job in answer["jobs"]] == [
        ["--lr", "1", "--seed", str(seed)] for seed in (1, 2, 3)
    ]
    (shown,) = editor.all("window/showMessage")
    assert shown == {
        "type": 3,
        "message": "3 jobs\n1: --lr 1 --seed 1\n2: --lr 1 --seed 2\n3: --lr 1 --seed 3",
    }


def test_a_lens_that_cannot_be_planned_says_what_to_do(editor: Client, tmp_path: Path) -> None:
    uri = opened(editor, tmp_path)
    lens = next(lens for lens in asked(editor, "codeLens", uri) if lens["command"]["title"] == "Dry run")
    error = chosen(editor, lens)["error"]
    assert "Which Google Cloud project" in error["message"]
    assert "gcloud" in error["data"]["hint"]


def test_all_findings_of_the_folder(editor: Client, tmp_path: Path) -> None:
    (tmp_path / "second.experiment.json").write_text('{"lr": null}')
    items = editor.ask("workspace/diagnostic", {"previousResultIds": []})["result"]["items"]
    found = {item["uri"].rpartition("/")[2]: [one["code"] for one in item["items"]] for item in items}
    assert found == {".calibanconfig.json": [], "experiment.json": [], "second.experiment.json": ["CAL203"]}


def test_in_a_folder_that_is_not_trusted_lenses_are_shown_and_refused(tmp_path: Path) -> None:
    with Client(*SERVE) as client:
        client.initialize(folders=(tmp_path,))
        uri = opened(client, tmp_path)
        for lens in asked(client, "codeLens", uri):
            answer = chosen(client, lens)
            if lens["command"]["title"] != "Expand":
                assert answer["error"]["data"]["code"] == "untrusted"
