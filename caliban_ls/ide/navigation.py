"""Find a flag's definition and its references in experiments, and rename it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Member, Node, inner_span, path_at, quote
from caliban_ls.analysis.script import Flag, Script, resolve
from caliban_ls.core.errors import UsageError
from caliban_ls.core.text import Span
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.ide.script_flags import flags_of

_NAME = re.compile(r"[^\s,\[\]\"'\\-][^\s,\[\]\"'\\]*")

_KEEPS_ATTRIBUTE: Final = ("argparse", "click")
"""Libraries where a definition can fix the name of the value, so that the script's code needn't change."""


@dataclass(frozen=True, slots=True)
class FlagReference:
    """A flag's name in a key of an experiment."""

    name: str
    span: Span


def reference_at(context: DocumentContext, offset: int) -> FlagReference | None:
    """Return the flag that a key names at an offset, None where there is none."""
    if context.kind != "experiment":
        return None
    path = path_at(context.document.root, offset)
    member = next((step for step in path if isinstance(step, Member)), None)
    if member is None or not member.key.span.start <= offset <= member.key.span.end:
        return None
    uses = list(_of_key(context.document, member))
    inside = [use for use in uses if use.span.start <= offset <= use.span.end]
    return inside[0] if inside else uses[0] if len(uses) == 1 else None


def definitions(context: DocumentContext, offset: int) -> tuple[FlagReference, tuple[Flag, ...]] | None:
    """Return the flag that a key names at an offset, and the script's flags of that name."""
    use = reference_at(context, offset)
    if use is None or context.script is None:
        return None
    return use, resolve(context.script, use.name)


def references(context: DocumentContext, script: Script | None, name: str) -> Iterator[FlagReference]:
    """Yield every reference to a flag in an experiment, under all names that the script gives it."""
    wanted = {id(flag) for flag in resolve(script, name)} if script is not None else set()
    for block in context.sweep.blocks:
        for member in block.node.members:
            for flag in flags_of(member):
                is_it = flag == name or (
                    script is not None and any(id(one) in wanted for one in resolve(script, flag))
                )
                if is_it:
                    yield from (use for use in _of_key(context.document, member) if use.name == flag)


def flags_in(script: Script, path: str, offset: int) -> tuple[Flag, ...]:
    """Return the flags that a file defines at an offset: those whose name is there, or else whose definition is."""
    here = [flag for flag in script.flags if flag.path == path]
    named = [flag for flag in here if any(span.start <= offset <= span.end for span in flag.name_spans)]
    return tuple(named or (flag for flag in here if flag.span.start <= offset <= flag.span.end))


def check_name(new: str) -> str:
    """Return a new name for a flag, without dashes in front.

    Raises:
        UsageError: a flag can't have this name.
    """
    bare = new.strip().lstrip("-")
    if not _NAME.fullmatch(bare):
        raise UsageError(
            f"{quote(new)} can't be a flag's name",
            hint="It has no white space, commas, brackets or quotes.",
        )
    return bare


def edits_of_references(context: DocumentContext, old: str, new: str) -> list[Edit]:
    """Return the edits that rename a flag in an experiment, only where it has exactly this name.

    Raises:
        UsageError: a block has both names.
    """
    edits = []
    for number, block in enumerate(context.sweep.blocks, start=1):
        names = [use for member in block.node.members for use in _of_key(context.document, member)]
        own = [use for use in names if use.name == old]
        if own and any(use.name == new for use in names):
            raise UsageError(
                f"Block {number} of an experiment sets {new} already", hint="Choose another name."
            )
        edits += [Edit(use.span, quote(new)[1:-1]) for use in own]
    return edits


def edits_of_definition(script: Script, old: str, new: str, text: str, path: str) -> list[Edit]:
    """Return the edits that rename a flag where a file of its script defines it; the script works as before.

    Empty if the script isn't certain, or if more than the definition would have to change.

    Args:
        script: the script.
        old: the flag's name, as a key spells it.
        new: its new name.
        text: the file.
        path: its path, as in `Flag.path`.

    Raises:
        UsageError: the script has a flag of the new name.
    """
    if any(f"--{new}" in flag.names for flag in script.flags):
        raise UsageError(f"{script.path} has a flag --{new} already", hint="Choose another name.")
    if not script.certain or script.library not in _KEEPS_ATTRIBUTE:
        return []
    edits: list[Edit] = []
    for flag in resolve(script, old):
        if flag.path != path or f"--{old}" not in flag.names:
            continue
        edits += _redefined(script, flag, old, new, text)
    return edits


def _redefined(script: Script, flag: Flag, old: str, new: str, text: str) -> Sequence[Edit]:
    spelled = [span for span in flag.name_spans if text[span.start : span.end] == f"--{old}"]
    if len(spelled) != 1:
        return ()
    edits = [Edit(spelled[0], f"--{new}")]
    first = next(name for name in flag.names if name.startswith("--"))
    attribute = first[2:].replace("-", "_")
    if first != f"--{old}" or attribute == new.replace("-", "_"):
        return edits
    # The script reads the value by a name that is made from the flag's first name, so it keeps that.
    if script.library == "argparse":
        if re.search(r"\bdest\s*=", text[flag.span.start : flag.span.end]):
            return edits
        kept = f', dest="{attribute}"'
    else:
        call = text[flag.span.start : flag.span.end]
        if re.search(rf"""["']{re.escape(attribute)}["']""", call):
            return edits
        kept = f', "{attribute}"'
    end = max(span.end for span in flag.name_spans) + 1
    return [*edits, Edit(Span(end, end), kept)]


def _of_key(document: JsonDocument, member: Member) -> Iterator[FlagReference]:
    key: Node = member.key
    if key.kind is not Kind.STRING or key.damaged or not flags_of(member):
        return
    name: str = key.value
    if not name.startswith("["):
        yield FlagReference(name, inner_span(document, key, 0, len(name)))
        return
    for part in re.finditer(r"[^\s,\[\]]+", name):
        yield FlagReference(part[0], inner_span(document, key, part.start(), part.end()))
