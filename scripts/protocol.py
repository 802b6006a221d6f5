"""Writes the types of every command that editors may call, as TypeScript, for the VS Code extension.

The dataclasses of `caliban_ls.operations.schemas` are the only source; `scripts/docs.py` writes the file and checks it.
"""

from __future__ import annotations

import collections.abc
import typing
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union

from caliban_ls.commands import COMMANDS, Command, load
from caliban_ls.operations.schemas.file_edit import FileEdit

NOTE = "// Written by scripts/docs.py from caliban_ls/operations/schemas; don't edit.\n"

IMPORT = 'import type { WorkspaceEdit } from "vscode-languageclient";\n'

PLACE = """/** The project to act on. */
export interface Place {
  /** Its folder, as a URI. Defaults to the document's folder, or to the only open folder. */
  root?: string;
  /** A document of the project, instead. */
  uri?: string | null;
}
"""

_SIMPLE = {str: "string", bool: "boolean", int: "number", float: "number", Any: "unknown", NoneType: "null"}


def protocol() -> str:
    """Return the whole file: an interface for each argument and result, and the table of commands."""
    offered = [command for command in COMMANDS if command.editor]
    models: dict[str, type] = {}
    for command in offered:
        for model in (load(command.arguments), _result(command)):
            if model not in (NoneType, FileEdit):
                _collect(model, models)
    given = {load(command.arguments) for command in offered}
    pieces = [NOTE, IMPORT, PLACE, *(_interface(model, given=model in given) for model in models.values())]
    rows = [
        f"  {command.name}: {{ arguments: {_arguments(command)}; result: {_answer(command)} }};"
        for command in offered
    ]
    pieces.append("/** Every command of the server, with its arguments and its result. */")
    pieces.append("export interface Commands {\n" + "\n".join(rows) + "\n}\n")
    trusted = ", ".join(f'"{command.name}"' for command in offered if not command.trusted)
    names = "\n".join(f'  "{command.name}",' for command in offered)
    pieces.append(f"export const COMMANDS: readonly (keyof Commands)[] = [\n{names}\n];\n")
    pieces.append("/** Commands that run and send nothing, so that they work in untrusted folders. */")
    pieces.append(f"export const HARMLESS: readonly (keyof Commands)[] = [{trusted}];\n")
    return "\n".join(pieces)


def _result(command: Command) -> type:
    return load(command.result) if command.result else NoneType


def _arguments(command: Command) -> str:
    """Return the type of what is sent; the folder and the document are named beside a command's own fields."""
    place = "Place & " if command.in_folder else ""
    return f"{place}{load(command.arguments).__name__}"


def _answer(command: Command) -> str:
    result = _result(command)
    if result is FileEdit:  # which the server turns into what every editor knows
        return "WorkspaceEdit"
    return "Record<string, never>" if result is NoneType else result.__name__


def _collect(model: type, into: dict[str, type]) -> None:
    """Collect a dataclass after all that its fields are made of."""
    for hint in typing.get_type_hints(model).values():
        for part in _parts(hint):
            if is_dataclass(part) and isinstance(part, type):
                _collect(part, into)
    into.setdefault(model.__name__, model)


def _parts(hint: Any) -> Iterator[Any]:  # noqa: ANN401 - a type hint has no narrower type
    yield hint
    for part in typing.get_args(hint):
        yield from _parts(part)


def _interface(model: type, *, given: bool) -> str:
    hints = typing.get_type_hints(model)
    lines = []
    for field in fields(model):
        promised = not field.metadata.get("positional") or field.default is not None
        may_lack = given and (promised or NoneType in typing.get_args(hints[field.name]))
        name = "uri" if field.metadata.get("document") else field.name
        text = field.metadata.get("help")
        if text:
            lines.append(f"  /** {text} */")
        lines.append(f"  {name}{'?' if may_lack else ''}: {_type(hints[field.name])};")
    doc = (model.__doc__ or "").strip().splitlines()[0]
    body = "\n".join(lines)
    return (
        f"/** {doc} */\nexport interface {model.__name__} {{\n{body}\n}}\n"
        if lines
        else f"/** {doc} */\nexport type {model.__name__} = Record<never, never>;\n"
    )


def _type(hint: Any) -> str:  # noqa: ANN401 - a type hint has no narrower type
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if is_dataclass(hint):
        return str(hint.__name__)  # type: ignore[union-attr]  # a class, as the hints of these models are
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, UnionType):
        return " | ".join(_type(part) for part in parts)
    if origin is Literal:
        return " | ".join(f'"{part}"' for part in parts)
    if origin in (tuple, collections.abc.Iterable):
        return f"readonly {_bracketed(_type(parts[0]))}[]"
    if origin is dict:
        return f"Record<{_type(parts[0])}, {_type(parts[1])}>"
    raise TypeError(f"{hint} has no TypeScript yet")


def _bracketed(text: str) -> str:
    return f"({text})" if "|" in text else text
