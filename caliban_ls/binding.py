"""An experiment's keys and values laid onto its script's flags: family CAL5.

`script` knows the flags and how their parser reacts; this module knows where a key and a value stand in the
experiment, and how they are mended. What isn't certain isn't said.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from caliban_ls.experiment import Block, Experiment
from caliban_ls.findings import Edit, Finding, Fix, Severity, shifted
from caliban_ls.jsondoc import JsonDocument, Kind, Member, Node, inner_span, quote, to_python
from caliban_ls.jsonedit import set_member
from caliban_ls.members import flags_of, is_key
from caliban_ls.rules import finding
from caliban_ls.script import Flag, Scalar, Script, is_same, resolve
from caliban_ls.script.reaction import (
    FALSE_WORDS,
    TRUE_WORDS,
    Problem,
    as_number,
    has_choice,
    is_whole,
    react,
)
from caliban_ls.script.suggestion import first_value
from caliban_ls.text import Span, shortened

_EXACT = 1e15  # up to here, every whole number is a float
_SHOWN = 6  # flags or choices in a message


@dataclass(frozen=True, slots=True)
class _Part:
    """One flag that a key names.

    Attributes:
        member: the key and its value.
        column: which of a compound key's flags it is.
        key: its name.
        span: where the name stands.
        values: all that it is set to.
        flags: what it may stand for; none when that isn't certain.
    """

    member: Member
    column: int
    key: str
    span: Span
    values: tuple[Node, ...]
    flags: tuple[Flag, ...]

    @property
    def given(self) -> bool:
        """Whether the flag is on the command line of any job."""
        return any(value.value is not False for value in self.values)


def flag_findings(document: JsonDocument, sweep: Experiment, script: Script | None) -> list[Finding]:
    """Judge the keys and values of a sweep by its script's flags.

    Args:
        document: the experiment config.
        sweep: what was read from it.
        script: whose flags it sets, None where that isn't known.
    """
    if script is None or not script.certain:
        return []
    found: list[Finding] = []
    known_keys: dict[str, tuple[Flag, ...]] = {}
    for block in sweep.blocks:
        known = block.notes.get("flags")
        if known is None or known[0] is not script:
            start = block.node.span.start
            own = tuple(shifted(one, -start) for one in _block(document, block, script, known_keys))
            known = block.notes["flags"] = (script, own)
        found += [shifted(one, block.node.span.start) for one in known[1]]
    return found


def _block(
    document: JsonDocument, block: Block, script: Script, known_keys: dict[str, tuple[Flag, ...]]
) -> Iterator[Finding]:
    parts = [part for member in block.node.members for part in _parts(document, member, script, known_keys)]
    # With these two, absl takes flags that it doesn't know, and others from a file.
    free = script.library == "absl" and any(part.key in ("undefok", "flagfile") for part in parts)
    for part in parts:
        if part.flags:
            yield from _values(document, script, part)
        elif script.complete and not free:
            yield from _unknown(script, parts, part)
    yield from _twice(script, parts)
    if not free and block.count is not None and all(part.flags or script.complete for part in parts):
        yield from _missing(document, block.node, script, parts)


def _parts(
    document: JsonDocument, member: Member, script: Script, known_keys: dict[str, tuple[Flag, ...]]
) -> Iterator[_Part]:
    name, value = member.key.value, member.value
    if not isinstance(name, str) or member.key.damaged or value is None or not is_key(name):
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
        return  # family CAL2 has said it
    position = 0
    for column, key in enumerate(keys):
        position = name.index(key, position)
        values = tuple(row[column] for row in rows)
        span = (
            inner_span(document, member.key, position, position + len(key))
            if len(keys) > 1
            else member.key.span
        )
        position += len(key)
        if key.startswith("-") or "=" in key:
            continue
        if key not in known_keys:
            known_keys[key] = _certain(script, key)
        yield _Part(member, column, key, span, values, known_keys[key])


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


def _unknown(script: Script, parts: list[_Part], part: _Part) -> Iterator[Finding]:
    meant = resolve(script, part.key)
    if not part.given or (script.library == "fire" and len(part.key) == 1):
        return
    if meant:
        if len({flag.names for flag in meant}) < len(meant) or len({flag.subcommand for flag in meant}) > 1:
            return
        listed = " or ".join(f"--{flag.name}" for flag in meant[:_SHOWN])
        message = f"--{part.key} could be short for {listed}, so that {script.path} refuses it; write it out"
    else:
        message = f"{script.path} has no flag --{part.key}"
    taken = {id(flag) for other in parts for flag in other.flags}
    free = {
        key: flag
        for flag in script.flags
        if not flag.hidden and id(flag) not in taken
        for key in flag.keys
        if f"--{key}" not in flag.negations
    }
    near = _nearest(part.key, list(free))
    better = (
        [flag.name for flag in meant if flag.name in free] if meant else [near] if near is not None else []
    )
    if near is not None and not meant:
        message += f"; did you mean --{near}?"
    elif not meant and free:
        known = sorted(free)
        more = ", …" if len(known) > _SHOWN else ""
        message += f"; known: {', '.join(f'--{key}' for key in known[:_SHOWN])}{more}"
    fixes = [
        Fix(f"Rename to {quote(key)}", (Edit(part.member.key.span, quote(key)),))
        for name in better
        if is_key(key := _renamed(part, name)) and _takes(script, part, name)
    ]
    yield finding("CAL501", part.span, message, *fixes)


def _takes(script: Script, part: _Part, name: str) -> bool:
    """Whether a flag takes all values that another is set to."""
    texts = [_text(value) for value in part.values if value.value is not False]
    return all(react(script, flag, name, text) is None for flag in resolve(script, name) for text in texts)


def _nearest(key: str, names: list[str]) -> str | None:
    """Return the name that was probably meant: the same but for dashes and case, or else one that is alike."""
    plain = key.replace("-", "_").lower()
    for name in names:
        if name.replace("-", "_").lower() == plain:
            return name
    return next(iter(difflib.get_close_matches(key, names, n=1)), None)


def _renamed(part: _Part, name: str) -> str:
    keys = list(flags_of(part.member.key.value))
    keys[part.column] = name
    return f"[{','.join(keys)}]" if part.member.key.value.startswith("[") else name


def _text(value: Node) -> str | None:
    """Return what stands behind the flag on the command line, None where nothing does."""
    if value.value is True:
        return None
    return str(to_python(value) if value.kind is Kind.ARRAY else value.value)


def _values(document: JsonDocument, script: Script, part: _Part) -> Iterator[Finding]:
    for value in part.values:
        if value.kind in (Kind.INVALID, Kind.NULL, Kind.OBJECT) or value.damaged:
            continue
        if value.value is False:
            if all(flag.required and flag.arity != "none" for flag in part.flags) and not any(
                f"--{part.key}" in flag.negations for flag in part.flags
            ):
                message = f"{script.path} requires --{part.key}, and false leaves it out"
                yield finding("CAL504", value.span, message)
            continue
        text = _text(value)
        problems = [react(script, flag, part.key, text) for flag in part.flags]
        if None in problems:
            continue
        problem = problems[0]
        assert problem is not None  # noqa: S101 - None was looked for
        shown = shortened(document.text[value.span.start : value.span.end], 40)
        yield _finding(script, part, value, shown, problem)


def _finding(script: Script, part: _Part, value: Node, shown: str, problem: Problem) -> Finding:
    flag = part.flags[0]
    name = f"--{part.key}"
    text = _text(value) or ""
    match problem:
        case Problem.NEEDS_VALUE:
            code, message = "CAL506", f"{name} needs {_what(flag)}; true gives it none"
        case Problem.TAKES_NONE:
            code, message = "CAL505", f"{name} takes no value; write true to give it, false to leave it out"
        case Problem.TOO_FEW:
            code, message = "CAL509", f"{name} takes several values, and an experiment gives a flag one"
        case Problem.LIKE_FLAG:
            code, message = "CAL510", f"{script.path} takes {shown} for a flag, since it begins with a dash"
        case Problem.LIKE_FLAG_TO_MOST:
            code, message = (
                "CAL510",
                f"Before Python 3.14, argparse takes {text} for a flag and not for a number",
            )
        case Problem.WRONG_TYPE:
            code, message = "CAL502", f"{name} needs {_what(flag)}, not {_given(value, shown)}"
        case Problem.OUT_OF_BOUNDS:
            code, message = "CAL512", f"{name} needs {_what(flag)}, not {_given(value, shown)}"
        case Problem.NO_CHOICE:
            listed = ", ".join(_spelled(one) for one in (flag.choices or ())[:_SHOWN])
            more = ", …" if len(flag.choices or ()) > _SHOWN else ""
            code, message = "CAL503", f"{name} doesn't take {shown}; its choices are {listed}{more}"
        case _:
            code, message = (
                "CAL508",
                f'{name} is read by bool(), which takes every text but "" for true, {shown} too',
            )
    fixes = [
        Fix(f"Use {spelling}", (Edit(value.span, spelling),))
        for spelling in _repairs(flag, value, text, problem)
        if all(_fits(script, one, part.key, spelling) for one in part.flags)
    ]
    severity = Severity.WARNING if problem is Problem.LIKE_FLAG_TO_MOST else None
    return finding(code, value.span, message, *fixes, severity=severity)


def _fits(script: Script, flag: Flag, key: str, spelling: str) -> bool:
    value = json.loads(spelling)
    if value is False:
        return not flag.required
    return react(script, flag, key, None if value is True else str(value)) is None


def _repairs(flag: Flag, value: Node, text: str, problem: Problem) -> list[str]:
    """Return JSON texts that may be meant, best first."""
    word = text.strip().lower()
    match problem:
        case Problem.TAKES_NONE:
            return ["false"] if word in FALSE_WORDS else ["true"] if word in TRUE_WORDS else []
        case Problem.NEEDS_VALUE if flag.kind == "bool":
            return [quote("True" if flag.choices else "true")]
        case Problem.NEEDS_VALUE if has_choice(flag, "true"):
            return [quote("true")]
        case Problem.LIKE_FLAG_TO_MOST if value.kind is Kind.NUMBER:
            # A text keeps its spelling; a number would be written with an exponent again.
            return [quote(format(Decimal(text), "f"))]
        case Problem.WRONG_TYPE if flag.kind == "int":
            number = float(as_number("float", text) or 0)
            return [str(int(number))] if is_whole(text) and abs(number) < _EXACT else []
        case Problem.NO_CHOICE:
            return [_spelled(one) for one in _near_choices(flag, text)]
        case Problem.OUT_OF_BOUNDS:
            return _inside(flag, text)
        case Problem.ALWAYS_TRUE:
            return ["false"] if flag.default != "True" else []
        case _:
            return []


def _near_choices(flag: Flag, text: str) -> list[Scalar]:
    """Return the choice that is nearest, by number or else by spelling."""
    number = as_number(flag.kind, text)
    choices = flag.choices or ()
    numbers = [one for one in choices if not isinstance(one, str)]
    if number is not None and numbers:
        return [min(numbers, key=lambda one: abs(one - number))]
    near = _nearest(text, [str(one) for one in choices])
    return [one for one in choices if str(one) == near]


def _inside(flag: Flag, text: str) -> list[str]:
    """Return the number that is nearest among those that a flag takes, where there is one."""
    number, bounds = as_number(flag.kind, text), flag.bounds
    if number is None or bounds is None:
        return []
    nearest = (bounds.whole() if flag.kind == "int" else bounds).nearest(number)
    return [] if nearest is None else [_spelled(nearest)]


def _what(flag: Flag) -> str:
    if flag.choices and len(flag.choices) <= _SHOWN:
        return f"one of {', '.join(_spelled(one) for one in flag.choices)}"
    named = {"int": "a whole number", "float": "a number", "bool": 'a word such as "true"', "path": "a path"}
    what = named.get(flag.kind or "", "a value")
    if flag.bounds is None:
        return what
    return f"{what} {flag.bounds.whole() if flag.kind == 'int' else flag.bounds}"


def _given(value: Node, shown: str) -> str:
    if value.kind is Kind.NUMBER and (written := str(value.value)) != shown:
        return f"{shown} (which becomes {written})"
    return shown


def _spelled(choice: str | float) -> str:
    return quote(choice) if isinstance(choice, str) else str(choice)


def _twice(script: Script, parts: list[_Part]) -> Iterator[Finding]:
    """Find flags that two keys set, under two of their names, and those that exclude each other."""
    seen: list[_Part] = []
    for part in parts:
        if len(part.flags) != 1 or not part.given:
            continue
        (flag,) = part.flags
        for other in seen:
            (before,) = other.flags
            if not _together(part, other):
                continue
            if before is flag and not flag.repeatable and other.key != part.key:
                message = (
                    f"--{part.key} and --{other.key} are the same flag of {script.path}; keep one of the two"
                )
                yield finding("CAL507", part.span, message)
                break
            if before is not flag and flag.exclusive is not None and before.exclusive == flag.exclusive:
                message = f"{script.path} allows only one of --{other.key} and --{part.key}"
                yield finding("CAL511", part.span, message)
                break
        seen.append(part)


def _together(one: _Part, other: _Part) -> bool:
    """Whether some job has both on its command line."""
    if one.member is not other.member:
        return True
    pairs = zip(one.values, other.values, strict=True)
    return any(first.value is not False and second.value is not False for first, second in pairs)


def _missing(document: JsonDocument, node: Node, script: Script, parts: list[_Part]) -> Iterator[Finding]:
    taken = {id(flag) for part in parts for flag in part.flags}
    if any(flag.hidden and id(flag) in taken for flag in script.flags):
        return  # A job that shows help needs nothing.
    start = node.span.start
    excluded = {flag.exclusive for flag in script.flags if id(flag) in taken and flag.exclusive is not None}
    for flag in script.flags:
        if not flag.required or id(flag) in taken or flag.exclusive in excluded or not flag.keys:
            continue
        if any(other.name == flag.name and id(other) in taken for other in script.flags):
            continue
        fixes = []
        spelling = None if node.damaged else _placeholder(flag)
        if spelling is not None and all(
            _fits(script, one, flag.name, spelling) for one in resolve(script, flag.name)
        ):
            edits = set_member(document, node, flag.name, spelling)
            title = f"Set it to {spelling}"
            fixes = [
                Fix(title, edits) if flag.choices else Fix(f"{title}, to be filled in", edits, is_draft=True)
            ]
        message = f"{script.path} requires --{flag.name}; set it here, or give it behind -- to every run"
        yield finding("CAL504", Span(start, start + 1), message, *fixes)


def _placeholder(flag: Flag) -> str | None:
    """Return what a required flag could be set to at first, None where nobody knows what it takes.

    A text is one that nobody takes for a real one, the flag's name in capitals, as help has it.
    """
    if flag.choices:
        return _spelled(flag.choices[0]) if has_choice(flag, str(flag.choices[0])) else None
    if flag.arity == "none" or flag.kind in ("int", "float", "bool"):
        return first_value(flag)
    return quote(flag.name.replace("-", "_").upper()) if flag.kind in ("str", "path") else None
