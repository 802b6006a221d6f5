"""Check a value against the flag that an experiment sets with it: why the script refuses it, and what to write instead.

Knows single flags and values; `flags` decides which key stands for which flag. Family CAL5.
"""

from __future__ import annotations

import difflib
import json
from decimal import Decimal
from typing import Any

from caliban_ls.analysis.findings import Edit, Finding, Fix, Severity
from caliban_ls.analysis.jsondoc import JsonDocument, Kind, Node, quote, to_python
from caliban_ls.analysis.rules import finding
from caliban_ls.analysis.script import Flag, Scalar, Script
from caliban_ls.analysis.script.suggestion import first_value
from caliban_ls.analysis.script.value_rules import (
    FALSE_WORDS,
    TRUE_WORDS,
    ValueProblem,
    as_number,
    check_value,
    has_choice,
    is_whole,
)
from caliban_ls.core.text import shortened

_EXACT = 1e15  # up to here, every whole number is a float
_SHOWN = 6  # choices in a message


def refusal(script: Script, flags: tuple[Flag, ...], key: str, text: str | None) -> ValueProblem | None:
    """Return why no flag that a key may stand for takes a value, None where one does or there are none."""
    problems = [check_value(script, flag, key, text) for flag in flags]
    return problems[0] if problems and None not in problems else None


def refused(
    document: JsonDocument, script: Script, flags: tuple[Flag, ...], key: str, value: Node
) -> Finding | None:
    """Report a value that no flag takes that its key may stand for, and propose others.

    Args:
        document: the experiment config.
        script: whose flags they are.
        flags: what the key may stand for.
        key: as it is written.
        value: where the value stands; it isn't false, which leaves the flag out.

    Returns:
        None where one of the flags takes it, or where that isn't known.
    """
    problem = refusal(script, flags, key, text_of(value))
    if problem is None:
        return None
    shown = shortened(document.text[value.span.start : value.span.end], 40)
    flag, name = flags[0], f"--{key}"
    text = text_of(value) or ""
    match problem:
        case ValueProblem.NEEDS_VALUE:
            code, message = "CAL506", f"{name} needs {_what(flag)}; true gives it none"
        case ValueProblem.TAKES_NONE:
            code, message = "CAL505", f"{name} takes no value; write true to give it, false to leave it out"
        case ValueProblem.TOO_FEW:
            code, message = "CAL509", f"{name} takes several values, and an experiment gives a flag one"
        case ValueProblem.LIKE_FLAG:
            code, message = "CAL510", f"{script.path} takes {shown} for a flag, since it begins with a dash"
        case ValueProblem.LIKE_FLAG_TO_MOST:
            code, message = (
                "CAL510",
                f"Before Python 3.14, argparse takes {text} for a flag and not for a number",
            )
        case ValueProblem.WRONG_TYPE:
            code, message = "CAL502", f"{name} needs {_what(flag)}, not {_given(value, shown)}"
        case ValueProblem.OUT_OF_BOUNDS:
            code, message = "CAL512", f"{name} needs {_what(flag)}, not {_given(value, shown)}"
        case ValueProblem.NO_CHOICE:
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
        if all(fits(script, one, key, spelling) for one in flags)
    ]
    severity = Severity.WARNING if problem is ValueProblem.LIKE_FLAG_TO_MOST else None
    return finding(code, value.span, message, *fixes, severity=severity)


def fits(script: Script, flag: Flag, key: str, spelling: str) -> bool:
    """Whether a value, given in JSON, is one that a flag takes."""
    value = json.loads(spelling)
    if value is False:
        return not flag.required
    return check_value(script, flag, key, argument(value)) is None


def placeholder(flag: Flag) -> str | None:
    """Return what a required flag could be set to at first, None where its type isn't known.

    A text flag gets its name in capitals, as in a parser's help, so that it isn't mistaken for a real value.
    """
    if flag.choices:
        return _spelled(flag.choices[0]) if has_choice(flag, str(flag.choices[0])) else None
    if flag.arity == "none" or flag.kind in ("int", "float", "bool"):
        return first_value(flag)
    return quote(flag.name.replace("-", "_").upper()) if flag.kind in ("str", "path") else None


def argument(value: Any) -> str | None:  # noqa: ANN401 - JSON is any value
    """Return the argument behind a flag on the command line, None where it has none; the value isn't false."""
    return None if value is True else str(value)


def text_of(value: Node) -> str | None:
    """Return the argument that a value gives its flag on the command line, None where it gives none."""
    return argument(to_python(value) if value.kind is Kind.ARRAY else value.value)


def nearest_name(key: str, names: list[str]) -> str | None:
    """Return the name that was probably meant: the same but for dashes and case, or else one that is alike."""
    plain = key.replace("-", "_").lower()
    for name in names:
        if name.replace("-", "_").lower() == plain:
            return name
    return next(iter(difflib.get_close_matches(key, names, n=1)), None)


def _repairs(flag: Flag, value: Node, text: str, problem: ValueProblem) -> list[str]:
    """Return likely replacements as JSON texts, best first."""
    word = text.strip().lower()
    match problem:
        case ValueProblem.TAKES_NONE:
            return ["false"] if word in FALSE_WORDS else ["true"] if word in TRUE_WORDS else []
        case ValueProblem.NEEDS_VALUE if flag.kind == "bool":
            return [quote("True" if flag.choices else "true")]
        case ValueProblem.NEEDS_VALUE if has_choice(flag, "true"):
            return [quote("true")]
        case ValueProblem.LIKE_FLAG_TO_MOST if value.kind is Kind.NUMBER:
            # A text keeps its spelling; a number would be written with an exponent again.
            return [quote(format(Decimal(text), "f"))]
        case ValueProblem.WRONG_TYPE if flag.kind == "int":
            number = float(as_number("float", text) or 0)
            return [str(int(number))] if is_whole(text) and abs(number) < _EXACT else []
        case ValueProblem.NO_CHOICE:
            return [_spelled(one) for one in _near_choices(flag, text)]
        case ValueProblem.OUT_OF_BOUNDS:
            return _inside(flag, text)
        case ValueProblem.ALWAYS_TRUE:
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
    near = nearest_name(text, [str(one) for one in choices])
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
