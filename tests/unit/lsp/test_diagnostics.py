"""When diagnostics are sent, and which."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from support.in_process_server import Connection, asked, asked_later, opened, started
from support.script_project import TRAIN, script_project


def test_editing_the_config_changes_what_is_said_of_its_experiments(tmp_path: Path) -> None:
    asyncio.run(_editing_the_config(tmp_path))


async def _editing_the_config(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / "experiment.json", '{"a": [1, 2, 3]}')
    assert asked(connection, "diagnostic", uri)["items"] == []
    config = opened(connection, tmp_path / ".calibanconfig.json", '{"limits": {"max_jobs": 3}}')
    assert asked(connection, "diagnostic", uri)["items"] == []
    change = {
        "textDocument": {"uri": config, "version": 2},
        "contentChanges": [{"text": '{"limits": {"max_jobs": 2}}'}],
    }
    connection.notify("textDocument/didChange", change)
    await connection.last(method="workspace/diagnostic/refresh")
    assert [one["code"] for one in asked(connection, "diagnostic", uri)["items"]] == ["CAL601"]
    connection.notify("textDocument/didClose", {"textDocument": {"uri": config}})
    assert asked(connection, "diagnostic", uri)["items"] == []
    (tmp_path / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    assert [one["code"] for one in asked(connection, "diagnostic", uri)["items"]] == ["CAL601"]


def test_a_documents_project_is_the_nearest_config_around_it(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    connection = started(tmp_path)
    uri = opened(connection, inner / "experiment.json", '{"a": [1, 2]}')
    assert [one["code"] for one in asked(connection, "diagnostic", uri)["items"]] == ["CAL601"]
    (tmp_path / "a" / ".calibanconfig.json").write_text("{}")
    assert asked(connection, "diagnostic", uri)["items"] == []


def test_all_files_of_the_folder_are_checked_once_and_then_when_they_change(tmp_path: Path) -> None:
    asyncio.run(_all_files(tmp_path))


async def _all_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    (tmp_path / "experiment.json").write_text('{"a": [1, 2]}')
    (tmp_path / "sub" / "experiment.json").write_text('{"a": null}')
    (tmp_path / "package.json").write_text("[,")
    connection = started(tmp_path)
    known: dict[str, str] = {}

    async def reported() -> dict[str, list[str] | None]:
        """Return what is reported of each file: its codes, None for nothing new."""
        ids = [{"uri": uri, "value": value} for uri, value in known.items()]
        result = await asked_later(connection, "diagnostic", None, "workspace", previousResultIds=ids)
        known.clear()
        known.update({one["uri"]: one["resultId"] for one in result["items"] if "resultId" in one})
        return {
            one["uri"].removeprefix(f"{tmp_path.as_uri()}/"): [found["code"] for found in one["items"]]
            if one["kind"] == "full"
            else None
            for one in result["items"]
        }

    first = {".calibanconfig.json": [], "experiment.json": ["CAL601"], "sub/experiment.json": ["CAL203"]}
    assert await reported() == first
    assert await reported() == dict.fromkeys(first)
    (tmp_path / "sub" / "experiment.json").write_text('{"a": 1}')
    assert await reported() == {**dict.fromkeys(first), "sub/experiment.json": []}
    opened(connection, tmp_path / "experiment.json", '{"a": []}')
    assert await reported() == {**dict.fromkeys(first), "experiment.json": ["CAL202"]}
    opened(connection, tmp_path / ".calibanconfig.json", "{}")
    connection.notify(
        "textDocument/didClose", {"textDocument": {"uri": (tmp_path / "experiment.json").as_uri()}}
    )
    assert await reported() == {**dict.fromkeys(first), ".calibanconfig.json": [], "experiment.json": []}
    (tmp_path / "sub" / "experiment.json").unlink()
    assert await reported() == {**dict.fromkeys(first), "sub/experiment.json": []}
    assert "sub/experiment.json" not in await reported()


@pytest.mark.parametrize("pulls", [True, False])
def test_editing_the_script_changes_what_is_found_at_once(tmp_path: Path, pulls: bool) -> None:  # noqa: FBT001
    script_project(tmp_path)
    asyncio.run(_finding_as_the_script_is_edited(tmp_path, pulls=pulls))


async def _finding_as_the_script_is_edited(tmp_path: Path, *, pulls: bool) -> None:
    connection = Connection()
    refresh = {"workspace": {"diagnostics": {"refreshSupport": True}}}
    capabilities = {"textDocument": {"diagnostic": {}}, **refresh} if pulls else {}
    connection.initialize(capabilities, rootUri=tmp_path.as_uri())
    uri = opened(connection, tmp_path / "a" / "experiment.json", '{"lr": 1, "steps": 2}')

    async def codes(*, edited: bool = True) -> list[str]:
        if not pulls:
            reported = await connection.last(method="textDocument/publishDiagnostics")
            while reported["params"]["uri"] != uri:
                connection.messages.append({})
                reported = await connection.last(method="textDocument/publishDiagnostics")
            connection.messages.append({})
            return [found["code"] for found in reported["params"]["diagnostics"]]
        if edited:
            await connection.last(method="workspace/diagnostic/refresh")
        (answer,) = connection.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        return [found["code"] for found in answer["result"]["items"]]

    assert await codes(edited=False) == []
    script = opened(connection, tmp_path / "a" / "train.py", TRAIN)
    change = {"text": TRAIN.replace("--steps", "--epochs")}
    identifier = {"uri": script, "version": 2}
    connection.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
    assert await codes() == ["CAL501"]
    connection.notify("textDocument/didClose", {"textDocument": {"uri": script}})
    assert await codes() == []
    (tmp_path / "a" / "train.py").write_text(TRAIN.replace("float", "int").replace("--steps", "--st"))
    connection.notify("workspace/didChangeWatchedFiles", {"changes": []})
    assert await codes() == ["CAL501"]
