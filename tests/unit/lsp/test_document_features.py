"""Requests about one document, with positions in each encoding."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.in_process_server import Connection, asked, asked_later, opened, started
from support.lsp_client import Message
from support.position_checks import ENCODINGS, Talk, check_positions, position
from support.script_project import TRAIN, script_project

from caliban_ls.analysis.hardware.catalog import catalog


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_positions_of_every_answer(tmp_path: Path, encoding: str) -> None:
    connection = started(tmp_path, encoding)

    def ask(method: str, params: Message) -> Any:
        if method == "textDocument/rename":  # what is worked out on a thread
            return asyncio.run(asked_later(connection, "rename", None, **params))
        (answer,) = connection.request(method, params)
        return answer["result"]

    check_positions(Talk(ask, connection.notify, tmp_path, encoding))


def test_plain_text_where_snippets_are_unknown(tmp_path: Path) -> None:
    connection = Connection()
    connection.initialize({})
    uri = opened(connection, tmp_path / ".calibanconfig.json", "{}")
    items = asked(connection, "completion", uri, position={"line": 0, "character": 1})["items"]
    assert all("$" not in item["textEdit"]["newText"] for item in items)
    assert all(item["insertTextFormat"] == 1 for item in items)
    assert [item["sortText"] for item in items] == sorted(item["sortText"] for item in items)


def test_only_a_quote_opens_the_list_so_that_enter_after_a_bracket_is_a_new_line(tmp_path: Path) -> None:
    (initialized,) = [
        one["result"] for one in started(tmp_path).messages if "capabilities" in one.get("result", {})
    ]
    assert initialized["capabilities"]["completionProvider"]["triggerCharacters"] == ['"']


def test_files_that_are_not_ours_get_no_answer(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / "package.json", '{"lr": [1, 2]}')
    origin = {"line": 0, "character": 2}
    everywhere = {"start": origin, "end": origin}
    for method, params in (
        ("hover", {"position": origin}),
        ("completion", {"position": origin}),
        ("codeLens", {}),
        ("inlayHint", {"range": everywhere}),
        ("documentSymbol", {}),
        ("foldingRange", {}),
        ("documentLink", {}),
        ("definition", {"position": origin}),
        ("selectionRange", {"positions": [origin]}),
        ("codeAction", {"range": everywhere, "context": {"diagnostics": []}}),
    ):
        assert not asked(connection, method, uri, **params), method


def test_a_lens_calls_a_command_with_all_that_it_needs(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / "experiment.json", '[{"a": 1}, {"a": [1, 2]}]')
    calls = [lens["command"] for lens in asked(connection, "codeLens", uri)]
    names = {call["command"] for call in calls}
    assert names == {f"caliban-ls.{name}" for name in ("run", "planAndSubmit", "plan", "expand")}
    assert calls[-1]["arguments"] == [{"uri": uri, "block": "/1", "limit": 1000, "show": True}]
    confirming = started(tmp_path, confirms=True)
    opened(confirming, tmp_path / "experiment.json", '{"a": 1}')
    calls = [lens["command"] for lens in asked(confirming, "codeLens", uri)]
    assert all("show" not in call["arguments"][0] for call in calls)


def test_files_beside_a_config_are_offered_as_they_are_now(tmp_path: Path) -> None:
    connection = started(tmp_path)
    text = '{"script": ""}'
    uri = opened(connection, tmp_path / ".calibanconfig.json", text)

    def labels() -> list[str]:
        found = asked(connection, "completion", uri, position=position(text, 12, "utf-16"))["items"]
        return [one["label"] for one in found]

    assert labels() == ["trainer/train.py"]
    (tmp_path / "one.py").write_text("")
    assert labels() == ["one.py"]
    (tmp_path / "one.py").rename(tmp_path / "two.py")
    assert labels() == ["two.py"]


def test_what_is_to_be_filled_in_is_offered_and_never_preferred(tmp_path: Path) -> None:
    connection = started(tmp_path)
    (tmp_path / "train.py").write_text(
        "import argparse\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("--data", required=True)\nparser.add_argument("--lr", type=float)\nparser.parse_args()\n'
    )
    uri = opened(connection, tmp_path / "experiment.json", '// caliban: script=train.py\n{"LR": 0.1}\n')
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    actions = asked(
        connection, "codeAction", uri, range=everywhere, context={"diagnostics": [], "only": ["quickfix"]}
    )
    assert {one["title"]: one.get("isPreferred") for one in actions} == {
        'Set it to "DATA", to be filled in': None,
        'Rename to "lr"': True,
    }


def test_a_lens_says_what_holds_now(tmp_path: Path) -> None:
    connection = started(tmp_path)
    path = tmp_path / "experiment.json"
    text = '[{"a": [1, 2]}, {"b": [1, 2, 3]}]'
    uri = opened(connection, path, text)

    def fresh() -> Any:
        other = started(tmp_path)
        document = connection.server.document(uri)
        assert document is not None
        opened(other, path, document.text)
        return asked(other, "codeLens", uri)

    first = asked(connection, "codeLens", uri)
    edits = (
        (0, 30, 30, ", 4"),  # in a block
        (0, 1, 1, '{"é😀": 1},\n'),  # another before it
        (0, 0, 0, "// moved\n"),
        (2, 7, 8, "5, 1"),  # in the other block
    )
    for number, (line, start, end, new) in enumerate(edits):
        where = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        change = {
            "textDocument": {"uri": uri, "version": number + 2},
            "contentChanges": [{"range": where, "text": new}],
        }
        connection.notify("textDocument/didChange", change)
        found = asked(connection, "codeLens", uri)
        assert found == fresh()
        assert len(found) == (12 if number == 0 else 16)
        assert found != first
    (tmp_path / ".calibanconfig.json").write_text('{"module": "train.py", "limits": {"max_jobs": 1}}')
    found = asked(connection, "codeLens", uri)
    assert found == fresh()
    assert "over the limit of 1 job" in found[1]["command"]["title"]


def test_links_lead_to_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    connection = started(tmp_path)
    text = '{"module": "train", "script": "none.py", "base_image": "python:3.12-slim"}'
    uri = opened(connection, tmp_path / ".calibanconfig.json", text)
    targets = [link["target"] for link in asked(connection, "documentLink", uri)]
    assert targets == [(tmp_path / "train.py").as_uri(), "https://hub.docker.com/_/python"]


def test_all_repairs_are_made_only_when_they_are_asked_for(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / "experiment.json", '{"a": 1,}')
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    for only, kinds in (
        (None, set()),
        (["source.fixAll"], {"source.fixAll.caliban"}),
        (["source"], {"source.fixAll.caliban"}),
        (["source.organizeImports"], set()),
        (["refactor"], set()),
    ):
        context = {"diagnostics": [], **({} if only is None else {"only": only})}
        found = asked(connection, "codeAction", uri, range=where, context=context)
        assert {one["kind"] for one in found} == kinds, only


def test_refactorings_are_offered_by_kind(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / "experiment.json", '{"a": [2, 1]}')
    where = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 7}}
    for only, kinds in (
        (["refactor"], {"refactor.rewrite"}),
        (["caliban"], {"caliban.run"}),
        (["quickfix"], set()),
        ([""], {"refactor.rewrite", "caliban.run"}),
    ):
        found = asked(connection, "codeAction", uri, range=where, context={"diagnostics": [], "only": only})
        assert {one["kind"] for one in found} == kinds, only


def test_regions_in_a_config_are_those_of_the_catalogue(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / ".calibanconfig.json", '{"cloud": {"region": ""}}')
    items = asked(connection, "completion", uri, position={"line": 0, "character": 22})["items"]
    assert {item["label"] for item in items} == set(catalog().services["vertex"].regions)


def test_editing_the_script_changes_what_is_offered(tmp_path: Path) -> None:
    script_project(tmp_path)
    asyncio.run(_editing_the_script(tmp_path))


async def _editing_the_script(tmp_path: Path) -> None:
    connection = started(tmp_path)
    uri = opened(connection, tmp_path / "a" / "experiment.json", "{}")
    cursor = {"line": 0, "character": 1}

    def keys() -> list[str]:
        items = asked(connection, "completion", uri, position=cursor)["items"]
        return [item["label"] for item in items if not item["label"].startswith("[")]

    assert keys() == ["lr", "steps"]
    script = opened(connection, tmp_path / "a" / "train.py", TRAIN.replace("--steps", "--epochs"))
    assert keys() == ["lr", "epochs"]
    connection.notify("textDocument/didClose", {"textDocument": {"uri": script}})
    assert keys() == ["lr", "steps"]
