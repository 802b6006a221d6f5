"""Check an experiment's keys and values against its script's flags: family CAL5.

`script` knows the flags and how their parser reacts; this module knows where a key and a value stand in the
experiment. Only certain mistakes are reported.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from caliban_ls.analysis.checks.flag_values import (
    argument,
    fits,
    nearest_name,
    placeholder,
    refusal,
    refused,
    text_of,
)
from caliban_ls.analysis.experiment.block import flags_of, is_key
from caliban_ls.analysis.experiment.sweep import Block, Experiment, rows_of
from caliban_ls.analysis.findings import Edit, Finding, Fix, shifted
from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Member, Node, SideTable, inner_span, quote
from caliban_ls.analysis.jsondoc.edits import set_member
from caliban_ls.analysis.rules import finding
from caliban_ls.analysis.script import Flag, Script, is_same, resolve
from caliban_ls.analysis.script.value_rules import check_value
from caliban_ls.core.text import Span

_SHOWN = 6  # flags in a message
_NEGATIVE = re.compile(r"(?:no|not|disable|without|skip)[-_]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Part:
    """One flag that a key names.

    Attributes:
        member: the key and its value.
        column: which of a compound key's flags it is.
        key: its name.
        place: of the name, counted from the start of the member's key.
        values: all that it is set to.
        flags: what it may stand for; none when that isn't certain.
    """

    member: Member
    column: int
    key: str
    place: Span
    values: tuple[Node, ...]
    flags: tuple[Flag, ...]

    @property
    def span(self) -> Span:
        """The span of the name in the document."""
        return self.place.shifted(self.member.key.span.start)

    @property
    def given(self) -> bool:
        """Whether the flag is on the command line of any job."""
        return any(value.value is not False for value in self.values)


def flag_findings(
    document: JsonDocument, sweep: Experiment, script: Script | None, args: tuple[str, ...] = ()
) -> list[Finding]:
    """Check the keys and values of a sweep against its script's flags.

    Args:
        document: the experiment config.
        sweep: what was read from it.
        script: whose flags it sets, None where that isn't known.
        args: that every job gets before those of the sweep.
    """
    if script is None or not script.certain or "--" in args:
        return []  # Behind a `--` of its own, a parser takes no flags.
    found: list[Finding] = []
    known = _Known(behind=_behind(script, args))
    for block in sweep.blocks:
        checked = _CHECKED.get(block.node)
        if checked is None or checked.script is not script or checked.args != args:
            findings = _block_findings(document, block, script, known)
            checked = _CHECKED.put(block.node, _CheckedFlags(script, args, findings))
        found += [shifted(one, block.node.span.start) for one in checked.findings]
    return found


@dataclass(frozen=True, slots=True)
class _CheckedFlags:
    """A block's findings, counted from its start, and what they hold for."""

    script: Script
    args: tuple[str, ...]
    findings: tuple[Finding, ...]


_CHECKED: Final = SideTable[_CheckedFlags]()


@dataclass(frozen=True, slots=True)
class _CheckedParts:
    """A member's flags and the findings about its values, counted from the value's start, and what they hold for."""

    script: Script
    behind: _Behind
    parts: tuple[_Part, ...]
    findings: tuple[Finding, ...]


_PARTS: Final = SideTable[_CheckedParts]()
"""By the members' values, as in a block's own checks."""


@dataclass(frozen=True, slots=True)
class _Behind:
    """The arguments that every job gets besides its block's keys.

    Attributes:
        flags: ids of the flags that may be among it.
        free: whether the library is to take flags that it doesn't know.
        unknown: whether there may be more flags than are seen: in a file, or since they only show help.
    """

    flags: frozenset[int] = frozenset()
    free: bool = False
    unknown: bool = False


def _behind(script: Script, args: tuple[str, ...]) -> _Behind:
    taken: set[int] = set()
    keys: set[str] = set()
    unknown = False
    for word in args:
        if word.startswith("@"):
            unknown = True
        if not word.startswith("-") or word == "-":
            continue
        key = word.lstrip("-").partition("=")[0]
        keys.add(key)
        meant = resolve(script, key)
        if not word.startswith("--"):
            # Short flags may stand together, and before their value.
            meant += tuple(flag for flag in script.flags if any(f"-{letter}" in flag.names for letter in key))
        unknown = unknown or any(flag.hidden for flag in meant) or key in ("help", "h", "helpfull")
        taken |= {id(flag) for flag in meant}
    free = bool(keys & script.conventions.opening_flags)
    return _Behind(frozenset(taken), free, unknown)


@dataclass(frozen=True, slots=True)
class _Known:
    """Answers that the blocks of a sweep share: most blocks have the same keys and lists.

    Attributes:
        flags: what a key may stand for.
        given: of a key and a spelling of its values with nothing wrong about them, whether any job has the
            flag; None where a closer look is needed.
        quiet: keys that go well together, each with whether any job has it.
        behind: what every job gets besides.
    """

    flags: dict[str, tuple[Flag, ...]] = field(default_factory=dict)
    given: dict[tuple[str, str], bool | None] = field(default_factory=dict)
    quiet: set[tuple[tuple[str, bool | None], ...]] = field(default_factory=set)
    behind: _Behind = field(default_factory=_Behind)


def _block_findings(
    document: JsonDocument, block: Block, script: Script, known: _Known
) -> tuple[Finding, ...]:
    """Return a block's findings. Spans count from its start."""
    shape: tuple[tuple[str, bool | None], ...] | None = None
    if block.node.parts is not None:
        for part in block.node.parts:
            if part not in known.given:
                known.given[part] = _given_quietly(script, *part, known)
        shape = tuple([(part[0], known.given[part]) for part in block.node.parts])
        if shape in known.quiet:
            return ()
    start = block.node.span.start
    found = tuple(shifted(one, -start) for one in _block(document, block, script, known))
    if shape is not None and not found and all(given is not None for _, given in shape):
        known.quiet.add(shape)
    return found


def _given_quietly(script: Script, name: str, spelling: str, known: _Known) -> bool | None:
    """Return whether a flag is on the command line of any job, None where a closer look is needed.

    Args:
        script: whose flag it is.
        name: a key without errors.
        spelling: its value without errors, in strict JSON.
        known: what is known already.
    """
    rows = rows_of(name, json.loads(spelling))
    given = True
    for key, values in zip(flags_of(name), zip(*rows, strict=True), strict=True):
        flags = _flags_of(script, key, known) if _is_one_flag(key) else ()
        left_out = [value is False for value in values]
        if any(left_out):
            if name[0] == "[" or _is_needed(flags, key):
                return None
            given = not all(left_out)
        if any(
            value is not False and refusal(script, flags, key, argument(value)) is not None
            for value in values
        ):
            return None
    return given


def _block(document: JsonDocument, block: Block, script: Script, known: _Known) -> Iterator[Finding]:
    parts: list[_Part] = []
    behind = known.behind
    for member in block.node.members:
        value = member.value
        if value is None:
            continue
        checked = _PARTS.get(value)
        if checked is None or checked.script is not script or checked.behind != behind:
            checked = _PARTS.put(value, _checked_parts(document, member, value, script, known))
        parts += checked.parts
        if checked.findings:
            start = value.span.start
            yield from (shifted(one, start) for one in checked.findings)
    own = any(part.key in script.conventions.opening_flags for part in parts)
    free = behind.free or own
    unknown = [part for part in parts if not part.flags] if script.complete and not free else []
    if unknown:
        left = _left(script, parts)
        for part in unknown:
            yield from _unknown(script, left, part)
    yield from _twice(script, parts)
    sees_all = all(part.flags or script.complete for part in parts)
    if not free and not behind.unknown and block.count is not None and sees_all:
        yield from _missing(document, block.node, script, parts, behind)


def _checked_parts(
    document: JsonDocument, member: Member, value: Node, script: Script, known: _Known
) -> _CheckedParts:
    """Return a member's flags, and check its values against them."""
    parts = tuple(_parts(document, member, value, script, known))
    start = value.span.start
    found = tuple(
        shifted(one, -start)
        for part in parts
        if part.flags
        for one in _values(document, script, part, known.behind)
    )
    return _CheckedParts(script, known.behind, parts, found)


def _parts(
    document: JsonDocument, member: Member, value: Node, script: Script, known: _Known
) -> Iterator[_Part]:
    name = member.key.value
    if not isinstance(name, str) or member.key.damaged or not is_key(name):
        return
    keys = flags_of(name)
    rows: list[tuple[Node, ...]] = [(value,)]
    if name.startswith("["):
        if value.kind is not Kind.ARRAY:
            return
        nested = any(item.kind is Kind.ARRAY for item in value.items)
        rows = [tuple(row.items) for row in value.items] if nested else [tuple(value.items)]
    elif value.kind is Kind.ARRAY:
        rows = [(item,) for item in value.items]
    if any(len(row) != len(keys) for row in rows):
        return  # there is a finding of family CAL2
    position = 0
    for column, key in enumerate(keys):
        position = name.index(key, position)
        values = tuple(row[column] for row in rows)
        place = Span(0, member.key.length)
        if len(keys) > 1:
            span = inner_span(document, member.key, position, position + len(key))
            place = span.shifted(-member.key.span.start)
        position += len(key)
        if _is_one_flag(key):
            yield _Part(member, column, key, place, values, _flags_of(script, key, known))


def _is_one_flag(key: str) -> bool:
    """Whether a key names a flag, and nothing else beside it."""
    return not key.startswith("-") and "=" not in key


def _flags_of(script: Script, key: str, known: _Known) -> tuple[Flag, ...]:
    if key not in known.flags:
        known.flags[key] = _certain(script, key)
    return known.flags[key]


def _certain(script: Script, key: str) -> tuple[Flag, ...]:
    """Return the flags that a key stands for; an abbreviation counts where nothing longer may be meant."""
    found = resolve(script, key)
    exact = any(is_same(script, key, own) for flag in found for own in flag.keys)
    if exact or (script.complete and _is_one(found)):
        return found
    return ()


def _is_one(flags: tuple[Flag, ...]) -> bool:
    """Whether flags are all different, each of another subcommand, so that an abbreviation isn't ambiguous."""
    return len({flag.subcommand for flag in flags}) == len(flags)


def _left(script: Script, parts: list[_Part]) -> Mapping[str, Flag]:
    """Return the flags that no key of a block sets, by the keys that would set them."""
    taken = {id(flag) for part in parts for flag in part.flags}
    return {
        key: flag
        for flag in script.flags
        if not flag.hidden and id(flag) not in taken
        for key in flag.keys
        if f"--{key}" not in flag.negations
    }


def _unknown(script: Script, left: Mapping[str, Flag], part: _Part) -> Iterator[Finding]:
    """Report a key that stands for none of the script's flags; some of them are left to set."""
    meant = resolve(script, part.key)
    if not part.given or (script.conventions.one_letter_flags and len(part.key) == 1):
        return
    if meant:
        if len({flag.names for flag in meant}) < len(meant) or len({flag.subcommand for flag in meant}) > 1:
            return
        listed = " or ".join(f"--{flag.name}" for flag in meant[:_SHOWN])
        message = f"--{part.key} could be short for {listed}, so that {script.path} refuses it; write it out"
    else:
        message = f"{script.path} has no flag --{part.key}"
    # The opposite of a flag would be given the same value, and so do the opposite.
    near = nearest_name(part.key, [key for key in left if _is_negative(key) is _is_negative(part.key)])
    better = (
        [flag.name for flag in meant if flag.name in left] if meant else [near] if near is not None else []
    )
    if near is not None and not meant:
        message += f"; did you mean --{near}?"
    elif not meant and left:
        known = sorted(left)
        more = ", …" if len(known) > _SHOWN else ""
        message += f"; known: {', '.join(f'--{key}' for key in known[:_SHOWN])}{more}"
    fixes = [
        Fix(f"Rename to {quote(key)}", (Edit(part.member.key.span, quote(key)),))
        for name in better
        if is_key(key := _renamed(part, name)) and _takes(script, part, name)
    ]
    yield finding("CAL501", part.span, message, *fixes)


def _is_negative(key: str) -> bool:
    """Whether a flag by this name would switch something off."""
    return _NEGATIVE.match(key) is not None


def _takes(script: Script, part: _Part, name: str) -> bool:
    """Whether a flag takes all values that another is set to."""
    texts = [text_of(value) for value in part.values if value.value is not False]
    return all(
        check_value(script, flag, name, text) is None for flag in resolve(script, name) for text in texts
    )


def _renamed(part: _Part, name: str) -> str:
    keys = list(flags_of(part.member.key.value))
    keys[part.column] = name
    return f"[{','.join(keys)}]" if part.member.key.value.startswith("[") else name


def _is_needed(flags: tuple[Flag, ...], key: str) -> bool:
    """Whether leaving a flag out is a mistake for each flag that a key may stand for."""
    return (
        bool(flags)
        and all(flag.required and flag.arity != "none" for flag in flags)
        and not any(f"--{key}" in flag.negations for flag in flags)
    )


def _values(document: JsonDocument, script: Script, part: _Part, behind: _Behind) -> Iterator[Finding]:
    given = behind.unknown or any(id(flag) in behind.flags for flag in part.flags)
    for value in part.values:
        if value.kind in (Kind.INVALID, Kind.NULL, Kind.OBJECT) or value.damaged:
            continue
        if value.value is False:
            if not given and _is_needed(part.flags, part.key):
                message = f"{script.path} requires --{part.key}, and false leaves it out"
                yield finding("CAL504", value.span, message)
            continue
        found = refused(document, script, part.flags, part.key, value)
        if found is not None:
            yield found


def _twice(script: Script, parts: list[_Part]) -> Iterator[Finding]:
    """Find flags that two keys set, under two of their names, and those that exclude each other."""
    of_flag: defaultdict[int, list[_Part]] = defaultdict(list)
    of_group: defaultdict[int, list[_Part]] = defaultdict(list)
    for part in parts:
        if len(part.flags) != 1 or not part.given:
            continue
        (flag,) = part.flags
        for other in of_flag[id(flag)]:
            if not flag.repeatable and other.key != part.key and _together(part, other):
                message = (
                    f"--{part.key} and --{other.key} are the same flag of {script.path}; keep one of the two"
                )
                yield finding("CAL507", part.span, message)
                break
        of_flag[id(flag)].append(part)
        if flag.exclusive is None:
            continue
        for other in of_group[flag.exclusive]:
            if other.flags[0] is not flag and _together(part, other):
                message = f"{script.path} allows only one of --{other.key} and --{part.key}"
                yield finding("CAL511", part.span, message)
                break
        of_group[flag.exclusive].append(part)


def _together(one: _Part, other: _Part) -> bool:
    """Whether some job has both on its command line."""
    if one.member is not other.member:
        return True
    pairs = zip(one.values, other.values, strict=True)
    return any(first.value is not False and second.value is not False for first, second in pairs)


def _missing(
    document: JsonDocument, node: Node, script: Script, parts: list[_Part], behind: _Behind
) -> Iterator[Finding]:
    taken = {id(flag) for part in parts for flag in part.flags} | behind.flags
    if any(flag.hidden and id(flag) in taken for flag in script.flags):
        return  # A job that shows help needs nothing.
    start = node.span.start
    yield from _missing_groups(script, taken, start)
    excluded = {flag.exclusive for flag in script.flags if id(flag) in taken and flag.exclusive is not None}
    for flag in script.flags:
        if not flag.required or id(flag) in taken or flag.exclusive in excluded or not flag.keys:
            continue
        if any(other.name == flag.name and id(other) in taken for other in script.flags):
            continue
        fixes = []
        spelling = None if node.damaged else placeholder(flag)
        if spelling is not None and all(
            fits(script, one, flag.name, spelling) for one in resolve(script, flag.name)
        ):
            edits = set_member(document, node, flag.name, spelling)
            title = f"Set it to {spelling}"
            fixes = [
                Fix(title, edits) if flag.choices else Fix(f"{title}, to be filled in", edits, is_draft=True)
            ]
        message = f"{script.path} requires --{flag.name}; set it here, or give it behind -- to every run"
        yield finding("CAL504", Span(start, start + 1), message, *fixes)


def _missing_groups(script: Script, taken: set[int], start: int) -> Iterator[Finding]:
    """Find groups of which one flag is needed and none is set."""
    if not script.complete or script.positionals:
        return  # What isn't seen may belong to a group, too.
    for group in script.needed:
        flags = [flag for flag in script.flags if flag.exclusive == group]
        if not flags or any(id(flag) in taken or not flag.keys for flag in flags):
            continue
        listed = " or ".join(f"--{flag.name}" for flag in flags[:_SHOWN])
        message = f"{script.path} requires one of {listed}; set it here, or give it behind -- to every run"
        yield finding("CAL504", Span(start, start + 1), message)
