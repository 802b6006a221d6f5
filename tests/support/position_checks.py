"""Check every position in the answers about one text, in each encoding of positions.

The text has emoji, combining marks, form feeds and line ends of all kinds; the expected positions are computed here in
the simplest way.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.lsp_client import Message
from support.marked_text import unmark

ENCODINGS = ("utf-8", "utf-16", "utf-32")


@dataclass(frozen=True)
class Talk:
    """A conversation with a server.

    Attributes:
        ask: puts a question and returns the result.
        notify: says something.
        folder: that is open.
        encoding: what positions are counted in.
    """

    ask: Callable[[str, Message], Any]
    notify: Callable[[str, Message], object]
    folder: Path
    encoding: str

    def opened(self, name: str, text: str) -> str:
        """Open a document, and return its URI."""
        uri = (self.folder / name).as_uri()
        item = {"uri": uri, "languageId": "json", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def asked(self, method: str, uri: str, **params: Any) -> Any:
        """Ask about a document."""
        return self.ask(f"textDocument/{method}", {"textDocument": {"uri": uri}, **params})


def position(text: str, offset: int, encoding: str) -> Message:
    """Return where an offset stands, worked out in the plainest way there is."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    line = before.rpartition("\n")[2]
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    codec = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}[encoding]
    return {"line": before.count("\n"), "character": len(line.encode(codec)) // width}


TEXT = (
    "// 😀 é e\u0301\f caliban: experiment\r\n"
    '[{/*\f*/"é😀": "\U0001f468\u200d\U0001f469", ⟦"⟦lr⟧"⟧: ⟦[1, ⟦"e\u0301😀"⟧, 2]⟧⟦⟧, "x": ⟦null⟧},\r\n'
    '\r ⟦{⟧"😀": "\U00010000", "lr": [3, 4]⟦⟧}]'
)

SCRIPT = (
    "import argparse\r\np = argparse.ArgumentParser()\n\f\n"
    'note = "😀e\u0301"; p.add_argument("⟦--lr⟧")\r\np.parse_args()\n'
)


def check_positions(talk: Talk) -> None:
    """Have the server tell all that has a place, and compare."""
    text, spans = unmark(TEXT)
    key, name, values, item, behind, null, block, last = spans
    uri = talk.opened("experiment.json", text)

    def at(offset: int) -> Message:
        return position(text, offset, talk.encoding)

    def where(span: Any) -> Message:
        return {"start": at(span.start), "end": at(span.end)}

    (found,) = talk.asked("diagnostic", uri)["items"]
    assert found["range"] == where(null)
    assert talk.asked("hover", uri, position=at(null.start))["range"] == where(null)
    change = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [{"range": where(null), "text": "true"}],
    }
    talk.notify("textDocument/didChange", change)
    # "true" is as long as "null", so that all marks still hold.
    assert talk.asked("diagnostic", uri)["items"] == []

    assert talk.asked("hover", uri, position=at(values.start + 1))["range"] == where(values)
    everywhere = {"start": at(0), "end": at(len(text))}
    hints = talk.asked("inlayHint", uri, range=everywhere)
    assert [one["position"] for one in hints if one["label"].startswith("\N{MULTIPLICATION SIGN}")] == [
        at(behind.start),
        at(last.start),
    ]
    lenses = talk.asked("codeLens", uri)
    assert {json.dumps(lens["range"]) for lens in lenses[-4:]} == {json.dumps(where(block))}
    symbols = talk.asked("documentSymbol", uri)
    assert symbols[0]["children"][1]["selectionRange"] == where(key)
    grown = talk.asked("selectionRange", uri, positions=[at(item.start + 2)])[0]
    assert where(item) in _ranges(grown)
    actions = talk.asked("codeAction", uri, range=where(item), context={"diagnostics": []})
    (run,) = [one for one in actions if one["kind"] == "caliban.run"]
    assert "lr=e\u0301😀" in run["title"]
    folds = talk.asked("foldingRange", uri)
    assert [(fold["startLine"], fold["endLine"]) for fold in folds] == [(1, 2)]
    renamed = talk.asked("rename", uri, position=at(name.start), newName="rate")
    (edits,) = [change["edits"] for change in renamed["documentChanges"]]
    assert edits[0] == {"range": where(name), "newText": "rate"}
    spot = text.index('"x"')
    insert = {"start": at(spot), "end": at(spot)}
    change = {"textDocument": {"uri": uri, "version": 3}, "contentChanges": [{"range": insert, "text": "o"}]}
    talk.notify("textDocument/didChange", change)
    changed = text.replace("null", "true")
    changed = changed[:spot] + "o" + changed[spot:]
    offered = talk.asked("completion", uri, position=position(changed, spot + 1, talk.encoding))["items"]
    edit = offered[0]["textEdit"]["range"]
    assert edit == {
        "start": position(changed, spot, talk.encoding),
        "end": position(changed, spot + 1, talk.encoding),
    }
    _check_script(talk)


def _check_script(talk: Talk) -> None:
    """The same of a script, which the editor hasn't open."""
    script, (name,) = unmark(SCRIPT)
    folder = talk.folder / "other"
    folder.mkdir()
    (folder / "train.py").write_bytes(script.encode())
    text = '// caliban: script=other/train.py\r\n/*😀*/{"lr": 1}'
    uri = talk.opened("other/experiment.json", text)
    found = talk.asked("definition", uri, position=position(text, text.index("lr"), talk.encoding))
    (place,) = found if isinstance(found, list) else [found]
    assert place["uri"] == (folder / "train.py").as_uri()
    assert place["range"] == {
        "start": position(script, name.start, talk.encoding),
        "end": position(script, name.end, talk.encoding),
    }


def _ranges(chain: Message | None) -> list[Message]:
    return [] if chain is None else [chain["range"], *_ranges(chain.get("parent"))]
