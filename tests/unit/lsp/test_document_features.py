"""What an editor is answered, positions counted as it counts: the server in this process, no pipe between."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from support.in_process_server import Wire
from support.lsp_client import Message
from support.position_checks import ENCODINGS, Talk, check_positions, position

from caliban_ls.analysis.hardware.catalog import catalog

CAPABILITIES: Message = {
    "textDocument": {
        "diagnostic": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}},
        "completion": {"completionItem": {"snippetSupport": True}},
        "documentSymbol": {"hierarchicalDocumentSymbolSupport": True},
        "rename": {"prepareSupport": True},
    },
    "workspace": {"workspaceEdit": {"documentChanges": True}, "diagnostics": {"refreshSupport": True}},
}


def started(folder: Path, encoding: str = "utf-16", **options: Any) -> Wire:
    wire = Wire()
    capabilities = {**CAPABILITIES, "general": {"positionEncodings": [encoding]}}
    folders = [{"uri": folder.as_uri(), "name": folder.name}]
    wire.initialize(capabilities, workspaceFolders=folders, initializationOptions=options)
    return wire


def opened(wire: Wire, path: Path, text: str) -> str:
    item = {"uri": path.as_uri(), "languageId": "json", "version": 1, "text": text}
    wire.notify("textDocument/didOpen", {"textDocument": item})
    return path.as_uri()


def asked(wire: Wire, method: str, uri: str, **params: Any) -> Any:
    (answer,) = wire.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, **params})
    assert "result" in answer, answer
    return answer["result"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_positions_of_every_answer(tmp_path: Path, encoding: str) -> None:
    wire = started(tmp_path, encoding)

    def ask(method: str, params: Message) -> Any:
        if method == "textDocument/rename":  # what is worked out on a thread
            return asyncio.run(_later(wire, "rename", None, **params))
        (answer,) = wire.request(method, params)
        return answer["result"]

    check_positions(Talk(ask, wire.notify, tmp_path, encoding))


async def _later(
    wire: Wire, method: str, uri: str | None, prefix: str = "textDocument", **params: Any
) -> Any:
    """Ask what is worked out on a thread, and return the result."""
    named = {} if uri is None else {"textDocument": {"uri": uri}}
    number = 1000 + len(wire.messages)
    wire.request(f"{prefix}/{method}", {**named, **params}, msg_id=number)
    answer = await wire.last(id=number)
    assert "result" in answer, answer
    return answer["result"]


def test_plain_text_where_snippets_are_unknown(tmp_path: Path) -> None:
    wire = Wire()
    wire.initialize({})
    uri = opened(wire, tmp_path / ".calibanconfig.json", "{}")
    items = asked(wire, "completion", uri, position={"line": 0, "character": 1})["items"]
    assert all("$" not in item["textEdit"]["newText"] for item in items)
    assert all(item["insertTextFormat"] == 1 for item in items)
    assert [item["sortText"] for item in items] == sorted(item["sortText"] for item in items)


def test_only_a_quote_opens_the_list_so_that_enter_after_a_bracket_is_a_new_line(tmp_path: Path) -> None:
    (initialized,) = [
        one["result"] for one in started(tmp_path).messages if "capabilities" in one.get("result", {})
    ]
    assert initialized["capabilities"]["completionProvider"]["triggerCharacters"] == ['"']


def test_files_that_are_not_ours_get_no_answer(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / "package.json", '{"lr": [1, 2]}')
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
        assert not asked(wire, method, uri, **params), method


def test_a_lens_calls_a_command_with_all_that_it_needs(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / "experiment.json", '[{"a": 1}, {"a": [1, 2]}]')
    calls = [lens["command"] for lens in asked(wire, "codeLens", uri)]
    names = {call["command"] for call in calls}
    assert names == {f"caliban-ls.{name}" for name in ("run", "planAndSubmit", "plan", "expand")}
    assert calls[-1]["arguments"] == [{"uri": uri, "block": "/1", "limit": 1000, "show": True}]
    confirming = started(tmp_path, confirms=True)
    opened(confirming, tmp_path / "experiment.json", '{"a": 1}')
    calls = [lens["command"] for lens in asked(confirming, "codeLens", uri)]
    assert all("show" not in call["arguments"][0] for call in calls)


def test_files_beside_a_config_are_offered_as_they_are_now(tmp_path: Path) -> None:
    wire = started(tmp_path)
    text = '{"script": ""}'
    uri = opened(wire, tmp_path / ".calibanconfig.json", text)

    def labels() -> list[str]:
        found = asked(wire, "completion", uri, position=position(text, 12, "utf-16"))["items"]
        return [one["label"] for one in found]

    assert labels() == ["trainer/train.py"]
    (tmp_path / "one.py").write_text("")
    assert labels() == ["one.py"]
    (tmp_path / "one.py").rename(tmp_path / "two.py")
    assert labels() == ["two.py"]


def test_what_is_to_be_filled_in_is_offered_and_never_preferred(tmp_path: Path) -> None:
    wire = started(tmp_path)
    (tmp_path / "train.py").write_text(
        "import argparse\nparser = argparse.ArgumentParser()\n"
        'parser.add_argument("--data", required=True)\nparser.add_argument("--lr", type=float)\nparser.parse_args()\n'
    )
    uri = opened(wire, tmp_path / "experiment.json", '// caliban: script=train.py\n{"LR": 0.1}\n')
    everywhere = {"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}}
    actions = asked(
        wire, "codeAction", uri, range=everywhere, context={"diagnostics": [], "only": ["quickfix"]}
    )
    assert {one["title"]: one.get("isPreferred") for one in actions} == {
        'Set it to "DATA", to be filled in': None,
        'Rename to "lr"': True,
    }


def test_a_lens_says_what_holds_now(tmp_path: Path) -> None:
    wire = started(tmp_path)
    path = tmp_path / "experiment.json"
    text = '[{"a": [1, 2]}, {"b": [1, 2, 3]}]'
    uri = opened(wire, path, text)

    def fresh() -> Any:
        other = started(tmp_path)
        document = wire.server.document(uri)
        assert document is not None
        opened(other, path, document.text)
        return asked(other, "codeLens", uri)

    first = asked(wire, "codeLens", uri)
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
        wire.notify("textDocument/didChange", change)
        told = asked(wire, "codeLens", uri)
        assert told == fresh()
        assert len(told) == (12 if number == 0 else 16)
        assert told != first
    (tmp_path / ".calibanconfig.json").write_text('{"module": "train.py", "limits": {"max_jobs": 1}}')
    told = asked(wire, "codeLens", uri)
    assert told == fresh()
    assert "over the limit of 1 job" in told[1]["command"]["title"]


def test_editing_the_config_changes_what_is_said_of_its_experiments(tmp_path: Path) -> None:
    asyncio.run(_editing_the_config(tmp_path))


async def _editing_the_config(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / "experiment.json", '{"a": [1, 2, 3]}')
    assert asked(wire, "diagnostic", uri)["items"] == []
    config = opened(wire, tmp_path / ".calibanconfig.json", '{"limits": {"max_jobs": 3}}')
    assert asked(wire, "diagnostic", uri)["items"] == []
    change = {
        "textDocument": {"uri": config, "version": 2},
        "contentChanges": [{"text": '{"limits": {"max_jobs": 2}}'}],
    }
    wire.notify("textDocument/didChange", change)
    await wire.last(method="workspace/diagnostic/refresh")
    assert [one["code"] for one in asked(wire, "diagnostic", uri)["items"]] == ["CAL601"]
    wire.notify("textDocument/didClose", {"textDocument": {"uri": config}})
    assert asked(wire, "diagnostic", uri)["items"] == []
    (tmp_path / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    assert [one["code"] for one in asked(wire, "diagnostic", uri)["items"]] == ["CAL601"]


def test_a_documents_project_is_the_nearest_config_around_it(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    wire = started(tmp_path)
    uri = opened(wire, inner / "experiment.json", '{"a": [1, 2]}')
    assert [one["code"] for one in asked(wire, "diagnostic", uri)["items"]] == ["CAL601"]
    (tmp_path / "a" / ".calibanconfig.json").write_text("{}")
    assert asked(wire, "diagnostic", uri)["items"] == []


def test_links_lead_to_files_that_are_there(tmp_path: Path) -> None:
    (tmp_path / "train.py").touch()
    wire = started(tmp_path)
    text = '{"module": "train", "script": "none.py", "base_image": "python:3.12-slim"}'
    uri = opened(wire, tmp_path / ".calibanconfig.json", text)
    targets = [link["target"] for link in asked(wire, "documentLink", uri)]
    assert targets == [(tmp_path / "train.py").as_uri(), "https://hub.docker.com/_/python"]


def test_all_repairs_are_made_only_when_they_are_asked_for(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / "experiment.json", '{"a": 1,}')
    where = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    for only, kinds in (
        (None, set()),
        (["source.fixAll"], {"source.fixAll.caliban"}),
        (["source"], {"source.fixAll.caliban"}),
        (["source.organizeImports"], set()),
        (["refactor"], set()),
    ):
        context = {"diagnostics": [], **({} if only is None else {"only": only})}
        found = asked(wire, "codeAction", uri, range=where, context=context)
        assert {one["kind"] for one in found} == kinds, only


def test_refactorings_are_offered_by_kind(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / "experiment.json", '{"a": [2, 1]}')
    where = {"start": {"line": 0, "character": 7}, "end": {"line": 0, "character": 7}}
    for only, kinds in (
        (["refactor"], {"refactor.rewrite"}),
        (["caliban"], {"caliban.run"}),
        (["quickfix"], set()),
        ([""], {"refactor.rewrite", "caliban.run"}),
    ):
        found = asked(wire, "codeAction", uri, range=where, context={"diagnostics": [], "only": only})
        assert {one["kind"] for one in found} == kinds, only


def test_all_files_of_the_folder_are_judged_once_and_then_when_they_change(tmp_path: Path) -> None:
    asyncio.run(_all_files(tmp_path))


async def _all_files(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".calibanconfig.json").write_text('{"limits": {"max_jobs": 1}}')
    (tmp_path / "experiment.json").write_text('{"a": [1, 2]}')
    (tmp_path / "sub" / "experiment.json").write_text('{"a": null}')
    (tmp_path / "package.json").write_text("[,")
    wire = started(tmp_path)
    known: dict[str, str] = {}

    async def told() -> dict[str, list[str] | None]:
        """Return what is told of each file: its codes, None for nothing new."""
        ids = [{"uri": uri, "value": value} for uri, value in known.items()]
        result = await _later(wire, "diagnostic", None, "workspace", previousResultIds=ids)
        known.clear()
        known.update({one["uri"]: one["resultId"] for one in result["items"] if "resultId" in one})
        return {
            one["uri"].removeprefix(f"{tmp_path.as_uri()}/"): [found["code"] for found in one["items"]]
            if one["kind"] == "full"
            else None
            for one in result["items"]
        }

    first = {".calibanconfig.json": [], "experiment.json": ["CAL601"], "sub/experiment.json": ["CAL203"]}
    assert await told() == first
    assert await told() == dict.fromkeys(first)
    (tmp_path / "sub" / "experiment.json").write_text('{"a": 1}')
    assert await told() == {**dict.fromkeys(first), "sub/experiment.json": []}
    opened(wire, tmp_path / "experiment.json", '{"a": []}')
    assert await told() == {**dict.fromkeys(first), "experiment.json": ["CAL202"]}
    opened(wire, tmp_path / ".calibanconfig.json", "{}")
    wire.notify("textDocument/didClose", {"textDocument": {"uri": (tmp_path / "experiment.json").as_uri()}})
    assert await told() == {**dict.fromkeys(first), ".calibanconfig.json": [], "experiment.json": []}
    (tmp_path / "sub" / "experiment.json").unlink()
    assert await told() == {**dict.fromkeys(first), "sub/experiment.json": []}
    assert "sub/experiment.json" not in await told()


def test_symbols_of_all_files(tmp_path: Path) -> None:
    asyncio.run(_symbols(tmp_path))


async def _symbols(tmp_path: Path) -> None:
    (tmp_path / "first.experiment.json").write_text('[{"learning-rate": 1, "x": 2}]')
    (tmp_path / "experiment.json").write_text('{"rate": [1]}')
    wire = started(tmp_path)
    found = await _later(wire, "symbol", None, "workspace", query="rate")
    assert {(one["name"], one["containerName"]) for one in found} == {
        ("learning-rate", "first.experiment.json"),
        ("rate", "experiment.json"),
    }
    found = await _later(wire, "symbol", None, "workspace", query="first")
    assert {one["name"] for one in found} == {"Block 1"}


def test_regions_in_a_config_are_those_of_the_catalogue(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / ".calibanconfig.json", '{"cloud": {"region": ""}}')
    items = asked(wire, "completion", uri, position={"line": 0, "character": 22})["items"]
    assert {item["label"] for item in items} == set(catalog().services["vertex"].regions)


TRAIN = """import argparse

parser = argparse.ArgumentParser()
# 😀
parser.add_argument("--lr", type=float, help="Step size")
parser.add_argument("--steps", type=int)
arguments = parser.parse_args()
"""


def script_project(folder: Path) -> None:
    """Write a script, two experiments of it, and one of another project."""
    (folder / "a").mkdir()
    (folder / "b").mkdir()
    for name, text in {
        "a/.calibanconfig.json": '{"script": "train.py"}',
        "a/train.py": TRAIN,
        "a/experiment.json": '[{"lr": 1}, {"[steps,lr]": [[1, 2]]}]',
        "a/second.experiment.json": '{"é😀": 1, "lr": [1, 2]}',
        "b/.calibanconfig.json": "{}",
        "b/experiment.json": '{"lr": 3}',
    }.items():
        (folder / name).write_text(text)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_from_a_key_to_its_definition(tmp_path: Path, encoding: str) -> None:
    script_project(tmp_path)
    wire = started(tmp_path, encoding)
    path = tmp_path / "a" / "experiment.json"
    uri = opened(wire, path, path.read_text())
    (place,) = asked(wire, "definition", uri, position={"line": 0, "character": 4})
    start = TRAIN.index("--lr")
    assert place == {
        "uri": (tmp_path / "a" / "train.py").as_uri(),
        "range": {"start": position(TRAIN, start, encoding), "end": position(TRAIN, start + 4, encoding)},
    }
    shown = asked(wire, "hover", uri, position={"line": 0, "character": 4})["contents"]["value"]
    assert "Step size" in shown
    assert f"[Defined in train.py, line 5]({place['uri']}#L5)" in shown


@pytest.mark.parametrize("start", ["experiment", "script"])
def test_everyone_who_sets_a_flag(tmp_path: Path, start: str) -> None:
    script_project(tmp_path)
    asyncio.run(_everyone(tmp_path, start))


async def _everyone(tmp_path: Path, start: str) -> None:
    wire = started(tmp_path)
    path = tmp_path / "a" / ("experiment.json" if start == "experiment" else "train.py")
    uri = opened(wire, path, path.read_text())
    line = 0 if start == "experiment" else 4
    where = {"line": line, "character": 4 if start == "experiment" else 23}
    found = await _later(
        wire, "references", uri, position=where, context={"includeDeclaration": start == "script"}
    )
    listed = sorted((one["uri"].rpartition("/")[2], one["range"]["start"]["character"]) for one in found)
    experiments = [("experiment.json", 3), ("experiment.json", 21), ("second.experiment.json", 12)]
    assert listed == experiments + ([("train.py", 21)] if start == "script" else [])


@pytest.mark.parametrize("start", ["experiment", "script"])
def test_a_flag_is_renamed_everywhere(tmp_path: Path, start: str) -> None:
    script_project(tmp_path)
    asyncio.run(_renamed(tmp_path, start))


async def _renamed(tmp_path: Path, start: str) -> None:
    wire = started(tmp_path)
    path = tmp_path / "a" / ("experiment.json" if start == "experiment" else "train.py")
    uri = opened(wire, path, path.read_text())
    where = {"line": 0, "character": 4} if start == "experiment" else {"line": 4, "character": 23}
    prepared = await _later(wire, "prepareRename", uri, position=where)
    assert prepared["placeholder"] == "lr"
    edit = await _later(wire, "rename", uri, position=where, newName="rate")
    assert _changed(edit, path) == {
        "train.py": TRAIN.replace('"--lr"', '"--rate", dest="lr"'),
        "experiment.json": '[{"rate": 1}, {"[steps,rate]": [[1, 2]]}]',
        "second.experiment.json": '{"é😀": 1, "rate": [1, 2]}',
    }
    wire.request(
        "textDocument/rename", {"textDocument": {"uri": uri}, "position": where, "newName": "steps"}, msg_id=7
    )
    refused = await wire.last(id=7)
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


def test_editing_the_script_changes_what_is_offered(tmp_path: Path) -> None:
    script_project(tmp_path)
    asyncio.run(_editing_the_script(tmp_path))


async def _editing_the_script(tmp_path: Path) -> None:
    wire = started(tmp_path)
    uri = opened(wire, tmp_path / "a" / "experiment.json", "{}")
    cursor = {"line": 0, "character": 1}

    def keys() -> list[str]:
        items = asked(wire, "completion", uri, position=cursor)["items"]
        return [item["label"] for item in items if not item["label"].startswith("[")]

    assert keys() == ["lr", "steps"]
    script = opened(wire, tmp_path / "a" / "train.py", TRAIN.replace("--steps", "--epochs"))
    assert keys() == ["lr", "epochs"]
    wire.notify("textDocument/didClose", {"textDocument": {"uri": script}})
    assert keys() == ["lr", "steps"]


@pytest.mark.parametrize("pulls", [True, False])
def test_editing_the_script_changes_what_is_found_at_once(tmp_path: Path, pulls: bool) -> None:  # noqa: FBT001
    script_project(tmp_path)
    asyncio.run(_finding_as_the_script_is_edited(tmp_path, pulls=pulls))


async def _finding_as_the_script_is_edited(tmp_path: Path, *, pulls: bool) -> None:
    wire = Wire()
    refresh = {"workspace": {"diagnostics": {"refreshSupport": True}}}
    capabilities = {"textDocument": {"diagnostic": {}}, **refresh} if pulls else {}
    wire.initialize(capabilities, rootUri=tmp_path.as_uri())
    uri = opened(wire, tmp_path / "a" / "experiment.json", '{"lr": 1, "steps": 2}')

    async def codes(*, edited: bool = True) -> list[str]:
        if not pulls:
            told = await wire.last(method="textDocument/publishDiagnostics")
            while told["params"]["uri"] != uri:
                wire.messages.append({})
                told = await wire.last(method="textDocument/publishDiagnostics")
            wire.messages.append({})
            return [found["code"] for found in told["params"]["diagnostics"]]
        if edited:
            await wire.last(method="workspace/diagnostic/refresh")
        (answer,) = wire.request("textDocument/diagnostic", {"textDocument": {"uri": uri}})
        return [found["code"] for found in answer["result"]["items"]]

    assert await codes(edited=False) == []
    script = opened(wire, tmp_path / "a" / "train.py", TRAIN)
    change = {"text": TRAIN.replace("--steps", "--epochs")}
    identifier = {"uri": script, "version": 2}
    wire.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
    assert await codes() == ["CAL501"]
    wire.notify("textDocument/didClose", {"textDocument": {"uri": script}})
    assert await codes() == []
    (tmp_path / "a" / "train.py").write_text(TRAIN.replace("float", "int").replace("--steps", "--st"))
    wire.notify("workspace/didChangeWatchedFiles", {"changes": []})
    assert await codes() == ["CAL501"]
