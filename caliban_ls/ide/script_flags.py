"""A script's flags beside a block: which a key stands for, which are set, and how their values are spelled."""

from __future__ import annotations

from collections.abc import Iterator

from caliban_ls.analysis.experiment import block
from caliban_ls.analysis.jsondoc import Kind, Member, Node
from caliban_ls.analysis.script import Flag, Script, resolve


def flags_of(member: Member) -> tuple[str, ...]:
    """Return the flags that a key names, none when it is no valid key."""
    name = member.key.value
    return block.flags_of(name) if isinstance(name, str) and block.is_key(name) else ()


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
