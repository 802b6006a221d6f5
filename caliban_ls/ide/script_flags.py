"""Match a script's flags with a block: the flags of a key, those that are set, and those that aren't."""

from __future__ import annotations

from collections.abc import Iterator

from caliban_ls.analysis.experiment import block
from caliban_ls.analysis.jsondoc import Kind, Member, Node
from caliban_ls.analysis.script import Flag, Script, resolve


def flags_of(member: Member) -> tuple[str, ...]:
    """Return the flags that a key names, none for an invalid key."""
    name = member.key.value
    return block.flags_of(name) if isinstance(name, str) and block.is_key(name) else ()


def set_flags(script: Script, block: Node, but: Member | None = None) -> set[int]:
    """Return the ids of the flags that a block sets, with one key left out."""
    return {
        id(flag)
        for member in block.members
        if member is not but
        for key in flags_of(member)
        for flag in resolve(script, key)
    }


def unset_flags(script: Script, block: Node, but: Member | None = None) -> Iterator[Flag]:
    """Yield the flags that a block doesn't set yet, required ones first."""
    taken = set_flags(script, block, but)
    rest = [flag for flag in script.flags if not flag.hidden and id(flag) not in taken and flag.keys]
    names = set()
    for flag in sorted(rest, key=lambda flag: not flag.required):
        if flag.name not in names:
            names.add(flag.name)
            yield flag


def flag_at(script: Script, member: Member, item: int | None) -> tuple[Flag, ...]:
    """Return the flags that a key's value sets; `item` is its column in a compound key's row."""
    names = flags_of(member)
    column = 0 if not str(member.key.value).startswith("[") else item
    if column is None or not 0 <= column < len(names):
        return ()
    return resolve(script, names[column])


def is_block(node: Node | None) -> bool:
    """Whether a node is in the place of a block: in lists only, in no object."""
    while node is not None and node.parent is not None:
        if node.parent.kind is not Kind.ARRAY:
            return False
        node = node.parent
    return node is not None
