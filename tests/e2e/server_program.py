"""The language server with a table of commands that do what tests need: wait, fail, print, ignore everything."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from caliban_ls.commands import Command
from caliban_ls.core.errors import EngineUnavailable
from caliban_ls.lsp import protocol_types
from caliban_ls.operations.context.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """No arguments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Arguments of several types."""

    text: str
    number: int = 1
    many: tuple[str, ...] = ()
    maybe: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OneDocument:
    """A document."""

    file: str = field(metadata={"document": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A file to write when the work was cancelled."""

    file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much."""

    size: int


def echo(arguments: Words, _context: Context) -> dict[str, Any]:
    return {
        "text": arguments.text,
        "number": arguments.number,
        "many": arguments.many,
        "maybe": arguments.maybe,
    }


def where(_arguments: Nothing, context: Context) -> dict[str, Any]:
    return {"folder": context.folder}


def read(arguments: OneDocument, context: Context) -> dict[str, Any]:
    return {"folder": context.folder, "file": arguments.file, "text": context.buffer(Path(arguments.file))}


def slow(arguments: Marker, context: Context) -> dict[str, Any]:
    context.report("started", 0.5)
    context.cancel.wait(60)
    if arguments.file is not None:
        Path(arguments.file).write_text("cancelled" if context.cancel.is_set() else "not cancelled")
    context.cancel.check()
    return {}


def stubborn(_arguments: Nothing, context: Context) -> None:
    context.report("started", None)
    threading.Event().wait(60)


def unavailable(_arguments: Nothing, _context: Context) -> NoReturn:
    raise EngineUnavailable("No engine answers at /nowhere")


def buggy(_arguments: Nothing, _context: Context) -> NoReturn:
    raise ZeroDivisionError("a secret of the traceback")


def unsendable(_arguments: Nothing, _context: Context) -> dict[str, Any]:
    return {"what": object()}


def numbers(_arguments: Nothing, _context: Context) -> dict[str, Any]:
    return {"nan": float("nan"), "none": None, "path": Path("/a b"), "lazy": (number for number in (1, 2))}


def noisy(_arguments: Nothing, _context: Context) -> None:
    print("printed", flush=True)  # noqa: T201 - what must not reach the client
    os.write(1, b"written\n")
    subprocess.run(["echo", "from a child"], check=True)
    assert sys.stdin.read() == ""


def chatty(arguments: Size, context: Context) -> None:
    for number in range(arguments.size):
        context.report(f"report {number}", number / arguments.size)
    context.report("the last word", 1.0)


def big(arguments: Size, _context: Context) -> dict[str, Any]:
    return {"text": "x" * arguments.size}


def _command(name: str, arguments: type, run: Any, **more: Any) -> Command:
    return Command(
        name=name,
        title=f"Doing {name}",
        summary=name,
        run=f"{__name__}:{run.__name__}",
        arguments=f"{__name__}:{arguments.__name__}",
        result="",
        **more,
    )


COMMANDS = (
    _command("echo", Words, echo),
    _command("where", Nothing, where),
    _command("read", OneDocument, read),
    _command("slow", Marker, slow),
    _command("stubborn", Nothing, stubborn),
    _command("unavailable", Nothing, unavailable),
    _command("buggy", Nothing, buggy),
    _command("unsendable", Nothing, unsendable),
    _command("numbers", Nothing, numbers),
    _command("noisy", Nothing, noisy),
    _command("chatty", Size, chatty),
    _command("big", Size, big),
    _command("guarded", Nothing, where, trusted=True),
    _command("aside", Nothing, where, in_folder=False),
)

if __name__ == "__main__":
    protocol_types.prepare()  # as `caliban serve` starts: before anything imports the protocol
    from caliban_ls.server import serve

    sys.exit(serve(COMMANDS))
