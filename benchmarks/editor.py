"""Measure how long an editor waits for its language server, and compare with VS Code's server for JSON.

Both servers are whole processes that get the same messages over their pipes, in turns. Each of our answers must
equal a fresh check of the same text. Theirs gets a schema that only allows an object or a list of objects. Both are
asked for diagnostics, as editors do that can ask.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from lsprotocol.converters import get_converter
from results import record
from start import SCHEMA

from caliban_ls.analysis import jsondoc
from caliban_ls.core.text import LineIndex, Span
from caliban_ls.lsp import conversions
from caliban_ls.validation import validate

OURS = (str(Path(sys.executable).parent / "caliban"), "serve")
THEIRS = (
    str(Path(__file__).parent.parent / "build/bench-json/node_modules/.bin/vscode-json-language-server"),
    "--stdio",
)
STARTS = 11
OPENINGS = 15
ROUNDS = 4
LARGE, SMALL = 2000, 200  # blocks
WIDE, NARROW = 4000, 400  # keys of a single block
NUMBERS = 20  # of each key
ENCODING = "utf-16"
CONVERTER = get_converter()

Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Keystroke:
    """What is typed in place of some characters, and what the text is afterwards."""

    change: Message
    text: str


class Server:
    """A language server at the other end of two pipes, spoken with by one thread that waits."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        # A user's Python keeps its compiled files; measuring compilation would be measuring something else.
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.last_id = 0
        self.version = 1
        self.items: list[Message] = []
        self.result_id: str | None = None
        self.process = subprocess.Popen(
            command,
            env=kept,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        capabilities = {
            "general": {"positionEncodings": [ENCODING]},
            "textDocument": {"diagnostic": {}, "publishDiagnostics": {}, "synchronization": {}},
        }
        folders = [{"uri": folder.as_uri(), "name": folder.name}]
        params = {"processId": os.getpid(), "rootUri": folder.as_uri(), "workspaceFolders": folders}
        self.ask("initialize", {**params, "capabilities": capabilities})

    def __enter__(self) -> Server:  # noqa: PYI034 - Self came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.communicate()

    def settle(self) -> None:
        """End the handshake, and give the server for JSON its schema."""
        self.notify("initialized", {})
        schemas = [{"fileMatch": ["experiment*.json"], "schema": SCHEMA, "url": "bench://experiment"}]
        settings = {"json": {"validate": {"enable": True}, "schemas": schemas}}
        self.notify("workspace/didChangeConfiguration", {"settings": settings})

    def open(self, uri: str, text: str) -> float:
        """Open a document, and return after how many seconds its diagnostics are there."""
        item = {"uri": uri, "languageId": "json", "version": self.version, "text": text}
        return self.timed_pull(uri, "textDocument/didOpen", {"textDocument": item})

    def type(self, uri: str, keystroke: Keystroke) -> float:
        """Change a document, and return after how many seconds its new diagnostics are there."""
        self.version += 1
        identifier = {"uri": uri, "version": self.version}
        params = {"textDocument": identifier, "contentChanges": [keystroke.change]}
        return self.timed_pull(uri, "textDocument/didChange", params)

    def timed_pull(self, uri: str, method: str, params: Message) -> float:
        """Send a notification, ask for the diagnostics and keep them; return the seconds that this took."""
        asked: Message = {"textDocument": {"uri": uri}}
        if self.result_id is not None:
            asked["previousResultId"] = self.result_id
        start = time.perf_counter()
        self.notify(method, params)
        report = self.ask("textDocument/diagnostic", asked)
        seconds = time.perf_counter() - start
        if report["kind"] == "full":
            self.items = report["items"]
        self.result_id = report.get("resultId")
        return seconds

    def memory(self) -> float:
        """Return how many MB of the process are in memory."""
        shown = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)], check=True, capture_output=True, text=True
        )
        return int(shown.stdout) / 1024

    def ask(self, method: str, params: Message) -> Any:  # noqa: ANN401 - any result
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        while True:
            message = self.receive()
            if "method" in message and "id" in message:
                self.send({"id": message["id"], "result": None})
            elif message.get("id") == self.last_id:
                return message["result"]

    def notify(self, method: str, params: Message) -> None:
        self.send({"method": method, "params": params})

    def send(self, message: Message) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self.process.stdin.flush()

    def receive(self) -> Message:
        stream = self.process.stdout
        assert stream is not None
        length = 0
        while (line := stream.readline()) != b"\r\n":
            if not line:
                raise SystemExit("A server ended in the middle of the benchmark")
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: Message = json.loads(stream.read(length))
        return message


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = ["medians", "ours", "theirs", "ratio", "of the least"]
        rows = [row("spawn to the answer to initialize, ms", *starts(folder), 1000)]
        opened = openings(folder)
        large, small = size(experiment(LARGE)), size(experiment(SMALL))
        rows.append(row(f"opening {large}, ms", *opened["seconds"], 1000))
        rows.append(row("memory with it open, MB", *opened["memory"], 1))
        for blocks, shown in ((LARGE, large), (SMALL, small)):
            text = experiment(blocks)
            for place, times in keystrokes(folder, text, edits, "  {\n").items():
                rows.append(row(f"a keystroke in the {place} block of {shown}, ms", *times, 1000))
        for keys in (WIDE, NARROW):
            text = single_block(keys)
            for place, times in keystrokes(folder, text, member_edits, '  "').items():
                label = f"a keystroke in the {place} key of one block of {size(text)}, ms"
                rows.append(row(label, *times, 1000))
        node = subprocess.run(
            ["node", "--version"], check=True, capture_output=True, text=True
        ).stdout.strip()
        record(
            "Editing, beside vscode-json-language-server",
            [[head, *rows]],
            f"Node {node[1:]}",
            "vscode-langservers-extracted 4.10.0",
        )


def experiment(blocks: int) -> str:
    """Return a sweep with twenty mistakes, at even distances."""
    mistakes = ('"lr": [],', '"lr": null,', '"seed": 1 ', '"lr": 0.1, "lr": 0.2,')
    step = blocks // 20
    lines = []
    for number in range(blocks):
        first = (
            mistakes[number // step % len(mistakes)]
            if number % step == step // 2
            else '"lr": [0.1, 0.01, 0.001],'
        )
        lines.append(
            f'  {{\n    {first}\n    "[model,C]": [["logistic", 0.01], ["svc", {number}]],\n'
            '    "epochs": [1, 5, 25, 125, 625],\n    "optimizer": ["adam", "sgd", "rmsprop"],\n'
            '    "standardize": true, "dropout": [0.0, 0.1, 0.25, 0.5], "augment": [true, false],\n'
            f'    "data": "gs://bucket/digits/shard-{number:06}", "schedule": ["cosine", "linear"]\n  }}'
        )
    return "[\n" + ",\n".join(lines) + "\n]\n"


def single_block(keys: int) -> str:
    """Return a sweep of one block whose keys have twenty numbers each. The comma at its end is a mistake to theirs."""
    members = (
        f'  "k{number}": [{", ".join(f"0.{number * NUMBERS + place:05}" for place in range(NUMBERS))}],\n'
        for number in range(keys)
    )
    return f"{{\n{''.join(members)}}}\n"


def size(text: str) -> str:
    return f"{round(len(text), -3) // 1000} kB"


def edits(text: str, at: int) -> Iterator[Keystroke]:
    """Yield keystrokes in a block that starts at an offset: harmless ones, a mistake, its repair, and a new line."""
    value = text.index("625", at) + 3
    quote = text.index('"adam"', at)
    line = text.index('    "optimizer"', at)
    return _typed(text, value, quote, line)


def member_edits(text: str, at: int) -> Iterator[Keystroke]:
    """Yield the same in a key that starts at an offset, its quote being the mistake."""
    return _typed(text, text.index(",", at), text.index('"', at), at)


def _typed(text: str, value: int, quote: int, line: int) -> Iterator[Keystroke]:
    for start, removed, typed in (
        (value, 0, "0"),
        (value, 1, ""),
        (quote, 1, ""),
        (quote, 0, '"'),
        (line, 0, "\n"),
        (line, 1, ""),
    ):
        span = conversions.to_range(LineIndex(text), Span(start, start + removed), ENCODING)
        text = text[:start] + typed + text[start + removed :]
        yield Keystroke({"range": CONVERTER.unstructure(span), "text": typed}, text)


def starts(folder: Path) -> tuple[list[float], list[float]]:
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(STARTS + 1):
        for command, kept in zip((OURS, THEIRS), times, strict=True):
            start = time.perf_counter()
            with Server(command, folder):
                kept.append(time.perf_counter() - start)
    return times[0][1:], times[1][1:]


def openings(folder: Path) -> dict[str, tuple[list[float], list[float]]]:
    """Open the large file as the first of a server that has settled."""
    text = experiment(LARGE)
    found: dict[str, tuple[list[float], list[float]]] = {"seconds": ([], []), "memory": ([], [])}
    for _ in range(OPENINGS):
        for who, command in enumerate((OURS, THEIRS)):
            with Server(command, folder) as server:
                server.settle()
                found["seconds"][who].append(server.open((folder / "experiment.json").as_uri(), text))
                found["memory"][who].append(server.memory())
                compare(server, text, who)
    return found


def keystrokes(
    folder: Path, text: str, type_at: Callable[[str, int], Iterator[Keystroke]], mark: str
) -> dict[str, tuple[list[float], list[float]]]:
    """Type in the first, the middle and the last part of one document, the servers taking turns.

    Args:
        folder: where both servers run.
        text: the document.
        type_at: yields what is typed in the part that starts at an offset.
        mark: what begins a line, and a part with it.
    """
    uri = (folder / "experiment.json").as_uri()
    begins = [match.start() for match in re.finditer(f"(?m)^{re.escape(mark)}", text)]
    places = {"first": begins[0], "middle": begins[len(begins) // 2], "last": begins[-1]}
    times: dict[str, tuple[list[float], list[float]]] = {place: ([], []) for place in places}
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(command, folder)) for command in (OURS, THEIRS)]
        for server in servers:
            server.settle()
            server.open(uri, text)
        for turn in range(ROUNDS + 1):
            for place, offset in places.items():
                for keystroke in type_at(text, offset):
                    for who, server in enumerate(servers):
                        seconds = server.type(uri, keystroke)
                        compare(server, keystroke.text, who)
                        if turn:  # the first round lets both get warm
                            times[place][who].append(seconds)
    return times


def compare(server: Server, text: str, who: int) -> None:
    """Compare our answer with a fresh check; expect theirs to have found something."""
    if who == 0:
        found = validate(jsondoc.parse(text), "experiment")
        lines = LineIndex(text)
        expected = [CONVERTER.unstructure(conversions.to_diagnostic(lines, one, ENCODING)) for one in found]
        if server.items != expected:
            raise SystemExit("An answer differs from that of a whole check")
    elif not server.items:
        raise SystemExit("The server for JSON found nothing, so that it can't have looked")


def row(label: str, ours: list[float], theirs: list[float], factor: float) -> list[str]:
    """Return a line of the table: medians, their ratio, and that of the least, to which other programs add nothing."""
    mine, other = statistics.median(ours), statistics.median(theirs)
    digits = 1 if mine * factor < 100 else 0  # noqa: PLR2004 - three digits are enough
    shown = [f"{value * factor:.{digits}f}" for value in (mine, other)]
    return [label, *shown, f"{mine / other:.2f}", f"{min(ours) / min(theirs):.2f}"]


if __name__ == "__main__":
    main()
