"""Definitions, references, renaming and symbols across files."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.in_process_server import asked, asked_later, opened, started
from support.lsp_client import Message
from support.position_checks import ENCODINGS, position
from support.script_project import TRAIN, script_project


def test_symbols_of_all_files(tmp_path: Path) -> None:
    asyncio.run(_symbols(tmp_path))


async def _symbols(tmp_path: Path) -> None:
    (tmp_path / "first.experiment.json").write_text('[{"learning-rate": 1, "x": 2}]')
    (tmp_path / "experiment.json").write_text('{"rate": [1]}')
    connection = started(tmp_path)
    found = await asked_later(connection, "symbol", None, "workspace", query="rate")
    assert {(one["name"], one["containerName"]) for one in found} == {
        ("learning-rate", "first.experiment.json"),
        ("rate", "experiment.json"),
    }
    found = await asked_later(connection, "symbol", None, "workspace", query="first")
    assert {one["name"] for one in found} == {"Block 1"}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_from_a_key_to_its_definition(tmp_path: Path, encoding: str) -> None:
    script_project(tmp_path)
    connection = started(tmp_path, encoding)
    path = tmp_path / "a" / "experiment.json"
    uri = opened(connection, path, path.read_text())
    (place,) = asked(connection, "definition", uri, position={"line": 0, "character": 4})
    start = TRAIN.index("--lr")
    assert place == {
        "uri": (tmp_path / "a" / "train.py").as_uri(),
        "range": {"start": position(TRAIN, start, encoding), "end": position(TRAIN, start + 4, encoding)},
    }
    shown = asked(connection, "hover", uri, position={"line": 0, "character": 4})["contents"]["value"]
    assert "Step size" in shown
    assert f"[Defined in train.py, line 5]({place['uri']}#L5)" in shown


@pytest.mark.parametrize("start", ["experiment", "script"])
def test_everyone_who_sets_a_flag(tmp_path: Path, start: str) -> None:
    script_project(tmp_path)
    asyncio.run(_everyone(tmp_path, start))


async def _everyone(tmp_path: Path, start: str) -> None:
    connection = started(tmp_path)
    path = tmp_path / "a" / ("experiment.json" if start == "experiment" else "train.py")
    uri = opened(connection, path, path.read_text())
    line = 0 if start == "experiment" else 4
    where = {"line": line, "character": 4 if start == "experiment" else 23}
    found = await asked_later(
        connection, "references", uri, position=where, context={"includeDeclaration": start == "script"}
    )
    listed = sorted((one["uri"].rpartition("/")[2], one["range"]["start"]["character"]) for one in found)
    experiments = [("experiment.json", 3), ("experiment.json", 21), ("second.experiment.json", 12)]
    assert listed == experiments + ([("train.py", 21)] if start == "script" else [])


@pytest.mark.parametrize("start", ["experiment", "script"])
def test_a_flag_is_renamed_everywhere(tmp_path: Path, start: str) -> None:
    script_project(tmp_path)
    asyncio.run(_renamed(tmp_path, start))


async def _renamed(tmp_path: Path, start: str) -> None:
    connection = started(tmp_path)
    path = tmp_path / "a" / ("experiment.json" if start == "experiment" else "train.py")
    uri = opened(connection, path, path.read_text())
    where = {"line": 0, "character": 4} if start == "experiment" else {"line": 4, "character": 23}
    prepared = await asked_later(connection, "prepareRename", uri, position=where)
    assert prepared["placeholder"] == "lr"
    edit = await asked_later(connection, "rename", uri, position=where, newName="rate")
    assert _changed(edit, path) == {
        "train.py": TRAIN.replace('"--lr"', '"--rate", dest="lr"'),
        "experiment.json": '[{"rate": 1}, {"[steps,rate]": [[1, 2]]}]',
        "second.experiment.json": '{"é😀": 1, "rate": [1, 2]}',
    }
    connection.request(
        "textDocument/rename", {"textDocument": {"uri": uri}, "position": where, "newName": "steps"}, msg_id=7
    )
    refused = await connection.reply(7)
    assert "--steps already" in refused["error"]["message"]


def _changed(edit: Message, opened: Path) -> dict[str, str]:
    """Return the texts of all files that an edit changes; one of them is open."""
    texts = {}
    for change in edit["documentChanges"]:
        file = Path(change["textDocument"]["uri"].removeprefix("file://"))
        assert change["textDocument"]["version"] == (1 if file == opened else None)
        texts[file.name] = _edited(file.read_text(), change["edits"])
    return texts


def _edited(text: str, edits: list[Message]) -> str:
    """Make edits of a text as a client would that counts in UTF-16."""
    lines = text.splitlines(keepends=True)
    for edit in sorted(edits, key=lambda edit: list(edit["range"]["start"].values()), reverse=True):
        start, end = edit["range"]["start"], edit["range"]["end"]
        assert start["line"] == end["line"]
        units = lines[start["line"]].encode("utf-16-le")
        before, after = units[: 2 * start["character"]], units[2 * end["character"] :]
        lines[start["line"]] = (before + edit["newText"].encode("utf-16-le") + after).decode("utf-16-le")
    return "".join(lines)
