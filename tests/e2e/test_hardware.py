"""Hardware checked by a running server during typing, and repaired by its fixes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import hardware_facts as facts
from support.lsp_client import Client, Message

PULL = {
    "textDocument": {
        "diagnostic": {},
        "codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": ["quickfix"]}}},
    },
    "general": {"positionEncodings": ["utf-32"]},
}
ERROR = 1


class Editor:
    """One open project config, changed a piece at a time."""

    def __init__(self, client: Client, folder: Path) -> None:
        self.client = client
        self.uri = (folder / ".calibanconfig.json").as_uri()
        self.text = "{}"
        self.version = 1
        opened = {"uri": self.uri, "languageId": "json", "version": 1, "text": self.text}
        client.notify("textDocument/didOpen", {"textDocument": opened})

    def type(self, text: str) -> None:
        """Change what differs, as an editor does: one range, one replacement. The text is one line."""
        start = 0
        while start < min(len(text), len(self.text)) and text[start] == self.text[start]:
            start += 1
        end = 0
        limit = min(len(text), len(self.text)) - start
        while end < limit and text[-1 - end] == self.text[-1 - end]:
            end += 1
        self.version += 1
        places = [{"line": 0, "character": place} for place in (start, len(self.text) - end)]
        change = {"range": {"start": places[0], "end": places[1]}, "text": text[start : len(text) - end]}
        identifier = {"uri": self.uri, "version": self.version}
        self.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
        self.text = text

    def errors(self) -> list[Message]:
        answer = self.client.ask("textDocument/diagnostic", {"textDocument": {"uri": self.uri}})
        items: list[Message] = answer["result"]["items"]
        return [item for item in items if item["severity"] == ERROR]

    def fixes(self, error: Message) -> list[tuple[str, str]]:
        """Return the title of every quick fix of a finding, and the text that it would leave."""
        context = {"diagnostics": [error]}
        params = {"textDocument": {"uri": self.uri}, "range": error["range"], "context": context}
        actions = self.client.ask("textDocument/codeAction", params)["result"]
        return [(action["title"], self._applied(action["edit"])) for action in actions]

    def _applied(self, edit: Any) -> str:
        text = self.text
        changes = edit.get("changes") or {
            change["textDocument"]["uri"]: change["edits"] for change in edit["documentChanges"]
        }
        for one in sorted(changes[self.uri], key=lambda one: -int(one["range"]["start"]["character"])):
            text = (
                text[: one["range"]["start"]["character"]]
                + one["newText"]
                + text[one["range"]["end"]["character"] :]
            )
        return text


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    with Client("-m", "caliban_ls", "serve") as client:
        client.initialize(PULL, folders=(tmp_path,))
        yield Editor(client, tmp_path)
        assert client.quit() == 0


def test_while_typing_the_verdict_is_that_of_the_tables(editor: Editor) -> None:
    source = random.Random(2026)
    impossible = 0
    for _ in range(250):
        backend = source.choice(["vertex", "vertex", "ai-platform"])
        region = source.choice(facts.regions(backend))
        machine = source.choice(facts.machines(backend))
        possible = facts.possible_held(backend, region, machine)
        held = (
            source.choice(possible)
            if possible and source.random() < 0.4
            else source.choice(facts.every_held(backend))
        )
        cloud = {"backend": backend, "region": region, "machine_type": machine}
        cloud[f"{facts.kinds(backend)[held[0]]}_spec"] = f"{held[1]}x{held[0]}"
        editor.type(json.dumps({"cloud": cloud}))
        errors = editor.errors()
        if facts.ok(backend, region, machine, held):
            assert errors == [], editor.text
            continue
        impossible += 1
        assert len(errors) == 1, (editor.text, errors)
        fixes = editor.fixes(errors[0])
        assert fixes, editor.text
        for title, mended in fixes:
            editor.type(mended)
            assert editor.errors() == [], (title, mended)
    assert 100 < impossible < 250


def test_a_config_is_written_where_the_editor_has_it(editor: Editor) -> None:
    editor.type('{"😀": 1, "cloud": {"region": "us-east1"}}')
    call = editor.client.command("setHardware", {"uri": editor.uri, "region": "us-west1", "gpu_spec": "1xT4"})
    editor.type(editor._applied(editor.client.answer(call)["result"]))
    assert editor.text == '{"😀": 1, "cloud": {"region": "us-west1", "gpu_spec": "1xT4"}}'
    said = editor.client.answer(editor.client.command("hardware", {"uri": editor.uri}))["result"]
    assert (said["region"], said["accelerator"]) == ("us-west1", "1xT4")
    call = editor.client.command("setHardware", {"uri": editor.uri, "gpu_spec": None})
    editor.type(editor._applied(editor.client.answer(call)["result"]))
    assert editor.text == '{"😀": 1, "cloud": {"region": "us-west1"}}'


def test_a_config_that_is_missing_is_made(tmp_path: Path) -> None:
    with Client("-m", "caliban_ls", "serve") as client:
        client.initialize(folders=(tmp_path,))
        edit = client.answer(client.command("setHardware", {"region": "us-west1"}))["result"]
        made, written = edit["documentChanges"]
        uri = (tmp_path / ".calibanconfig.json").as_uri()
        assert made == {"kind": "create", "uri": uri, "options": {"ignoreIfExists": True}}
        assert written["textDocument"] == {"uri": uri, "version": None}
        assert '"region": "us-west1"' in written["edits"][0]["newText"]
        assert client.quit() == 0
