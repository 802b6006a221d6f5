"""A script's flags beside a block: which a key stands for, which are set, and how their values are spelled."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from contextlib import suppress

from caliban_ls import members
from caliban_ls.jsondoc import Kind, Member, Node
from caliban_ls.jsondoc import quote as quoted
from caliban_ls.script import Flag, Script, resolve

Scalar = str | int | float | bool


def flags_of(member: Member) -> tuple[str, ...]:
    """Return the flags that a key names, none when it is no valid key."""
    name = member.key.value
    return members.flags_of(name) if isinstance(name, str) and members.is_key(name) else ()


def set_flags(script: Script, block: Node, but: Member | None = None) -> set[int]:
    """Return the identities of the flags that a block sets, all keys but one looked at."""
    return {
        id(flag)
        for member in block.members
        if member is not but
        for key in flags_of(member)
        for flag in resolve(script, key)
    }


def unset_flags(script: Script, block: Node, but: Member | None = None) -> Iterator[Flag]:
    """Yield the flags that a block could set besides, required ones first."""
    taken = set_flags(script, block, but)
    rest = [flag for flag in script.flags if not flag.hidden and id(flag) not in taken and flag.keys]
    names = set()
    for flag in sorted(rest, key=lambda flag: not flag.required):
        if flag.name not in names:
            names.add(flag.name)
            yield flag


def values_of(flag: Flag) -> list[str]:
    """Return JSON texts of the values that a flag is known to take, best first."""
    if flag.arity == "none":
        return ["true", "false"]
    known = [_spelled(choice) for choice in flag.choices or ()]
    if flag.kind == "bool" and not known:
        known = ["true", "false"] if flag.arity in (None, "optional") else [quoted("True"), quoted("False")]
    default = default_of(flag)
    if default is not None and default not in known:
        known.insert(0, default)
    return known


def first_value(flag: Flag) -> str:
    """Return a JSON text that the flag could be set to, its default where there is one."""
    if flag.arity == "none":
        return "true"
    default = default_of(flag)
    if default is not None and (not flag.choices or default in values_of(flag)):
        return default
    if flag.choices:
        return _spelled(flag.choices[0])
    if flag.kind == "bool":
        return values_of(flag)[0]
    return {"int": "1", "float": "0.1"}.get(flag.kind or "", quoted(""))


def default_of(flag: Flag) -> str | None:
    """Return a flag's default as JSON text, None when it has none that a key could be given."""
    text = flag.default
    if text is None or text == "None" or flag.arity == "none" or "\0" in text:
        return None
    if flag.kind in ("int", "float"):
        number = re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", text)
        return text if number is not None else None
    if flag.kind == "bool" and flag.arity in (None, "optional"):
        return text.lower() if text in ("True", "False") else None
    with suppress(ValueError, SyntaxError):
        value = ast.literal_eval(text)
        text = value if isinstance(value, str) else text
    return quoted(text) if text else None


def flag_at(script: Script, member: Member, item: int | None) -> tuple[Flag, ...]:
    """Return the flags that a value of a key is for; `item` is its column in a compound key's row."""
    names = flags_of(member)
    column = 0 if not str(member.key.value).startswith("[") else item
    if column is None or not 0 <= column < len(names):
        return ()
    return resolve(script, names[column])


def is_block(node: Node | None) -> bool:
    """Whether a node is where a block of an experiment stands: in no object."""
    while node is not None and node.parent is not None:
        if node.parent.kind is not Kind.ARRAY:
            return False
        node = node.parent
    return node is not None


def _spelled(value: Scalar) -> str:
    if isinstance(value, bool):
        return quoted(str(value))
    return quoted(value) if isinstance(value, str) else json.dumps(value)
