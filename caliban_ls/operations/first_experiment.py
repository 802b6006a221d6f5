"""Write the first experiment of a script: it sets some of its flags to values that the script accepts."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Final

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.script import Flag, Script
from caliban_ls.validation import validate

_LISTS: Final = 2
"""Flags with several values, which multiply."""

_OPTIONAL: Final = 4
"""Optional flags to set."""

_PLACEHOLDER: Final = "FILL_IN"


def first_experiment(script: Script, name: str) -> str | None:
    """Return the text of an experiment for a script, None where none of its flags is known.

    Args:
        script: whose flags are set.
        name: of the experiment's file, for its comment.
    """
    if script.library is None or not (script.certain or script.flags):
        return None
    assumed = replace(script, certain=True)
    chosen: dict[str, object] = {}
    wrong = _wrong(assumed, chosen)
    left, lists = _OPTIONAL, _LISTS
    for flag in sorted(script.flags, key=lambda flag: not flag.required):
        if flag.hidden or flag.subcommand is not None or not flag.keys or flag.name in chosen:
            continue
        if not flag.required and left == 0:
            continue
        for value in _values(flag):
            if isinstance(value, list) and lists == 0:
                continue
            with_it = {**chosen, flag.name: value}
            if (then := _wrong(assumed, with_it)) <= wrong:
                chosen, wrong = with_it, then
                lists -= isinstance(value, list)
                left -= not flag.required
                break
    return _text(script, chosen, name, sorted(wrong))


def _values(flag: Flag) -> Iterator[object]:
    """Yield values for a flag, the most useful first; the script may not accept each."""
    default: object = None
    with suppress(ValueError, SyntaxError):
        default = None if flag.default is None else ast.literal_eval(flag.default)
    if flag.choices:
        yield list(flag.choices[:3])
        yield flag.choices[0]
    is_number = isinstance(default, int | float) and not isinstance(default, bool)
    if flag.kind in ("int", "float") and is_number and default:
        for factor in (2, 0.5):
            other = default * factor  # type: ignore[operator]  # it is a number
            yield [default, int(other) if flag.kind == "int" else other]
    if flag.kind in ("int", "float"):
        if is_number:
            yield default
        near = None if flag.bounds is None else flag.bounds.nearest(1)
        yield 1 if near is None else int(near) if flag.kind == "int" else near
    elif flag.kind == "bool" or flag.arity == "none":
        yield True
    elif isinstance(default, str) and default:
        yield default
    if flag.required:
        yield from (_PLACEHOLDER, 1, [[_PLACEHOLDER]], [[_PLACEHOLDER, _PLACEHOLDER]], [[1, 1]], True)


def _wrong(script: Script, chosen: dict[str, object]) -> set[str]:
    """Return the messages of the errors and warnings in an experiment with these flags."""
    found = validate(jsondoc.parse(json.dumps(chosen)), "experiment", script=script)
    return {one.message for one in found if one.severity in (Severity.ERROR, Severity.WARNING)}


def _text(script: Script, chosen: dict[str, object], name: str, lacking: list[str]) -> str:
    helps = {flag.name: " ".join((flag.help or "").split()) for flag in script.flags}
    lines = [
        "// One job for each combination: a list multiplies.",
        f"// `caliban expand {name}` lists the jobs. The keys are flags of {script.path}.",
        *(f"// No value was found that fits: {' '.join(one.split())}." for one in lacking),
        "{",
    ]
    for number, (key, value) in enumerate(chosen.items(), 1):
        says = "Fill this in." if _PLACEHOLDER in json.dumps(value) else helps[key]
        lines += [f"  // {says}"] if says else []
        comma = "," if number < len(chosen) else ""
        lines.append(f"  {json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}{comma}")
    return "\n".join([*lines, "}", ""])
