"""Check a flag's value as the script's parser would.

A value is the text after the flag on a job's command line, or None where the flag is bare. A value counts as
wrong only where every version of the library refuses it.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

from caliban_ls.analysis.script.model import Conventions, Flag, Scalar, Script

FALSE_WORDS: Final = frozenset({"false", "f", "no", "n", "off", "0", "none"})
TRUE_WORDS: Final = frozenset({"true", "t", "yes", "y", "on", "1"})

_NEGATIVE_NUMBER = re.compile(r"-\d+|-\d*\.\d+")


class ValueProblem(Enum):
    """Why a parser refuses a value, or reads it as something else."""

    NEEDS_VALUE = "needs a value"
    TAKES_NONE = "takes none"
    TOO_FEW = "takes several"
    LIKE_FLAG = "looks like a flag"
    LIKE_FLAG_TO_MOST = "looks like a flag to Python before 3.14"
    WRONG_TYPE = "has the wrong type"
    NO_CHOICE = "is no choice"
    OUT_OF_BOUNDS = "is too small or too large"
    ALWAYS_TRUE = "counts as true"


def check_value(script: Script, flag: Flag, key: str, value: str | None) -> ValueProblem | None:
    """Return why the parser refuses a value; None when it accepts it or that is unknown.

    Args:
        script: the script with the parser.
        flag: the flag that the key names.
        key: the spelling used, which may be a negation.
        value: the text after the flag; None when there is none.
    """
    arity = flag.arity
    if f"--{key}" in flag.negations:
        if script.conventions.negations_take_values:
            return None
        arity = "none"
    if arity is None:
        return None
    if value is None:
        return ValueProblem.NEEDS_VALUE if arity in ("one", "some", "several") else None
    if arity == "none":
        return ValueProblem.TAKES_NONE if _refuses_strays(script) else None
    if arity == "several":
        return ValueProblem.TOO_FEW
    like_flag = _like_flag(script, value)
    if like_flag is not None:
        return like_flag
    return _read(script.conventions, flag, value)


def as_number(kind: str | None, text: str) -> int | float | None:
    """Convert a text to a number of this kind; None when it isn't one."""
    try:
        return int(text) if kind == "int" else float(text) if kind == "float" else None
    except ValueError:
        return None


def is_whole(text: str) -> bool:
    """Whether a text is a whole number in any spelling (`1`, `1.0`, `1e3`)."""
    number = as_number("float", text)
    return number is not None and float(number).is_integer()


def has_choice(flag: Flag, value: str) -> bool | None:
    """Whether a value is one of a flag's choices; None when that is unknown."""
    if flag.choices is None or flag.kind in (None, "path"):
        return None
    read: Scalar | None = value if flag.kind in ("str", "bool") else as_number(flag.kind, value)
    if flag.ignores_case:
        return value.strip().lower() in {str(one).lower() for one in flag.choices}
    return any(type(one) is not bool and one == read for one in flag.choices)


def _refuses_strays(script: Script) -> bool:
    """Whether the parser refuses a value that belongs to no flag, or stops reading flags there."""
    if script.conventions.stray_values is not None:
        return script.conventions.stray_values == "refused"
    return script.complete and not script.positionals


def _like_flag(script: Script, value: str) -> ValueProblem | None:
    if not script.conventions.is_argparse or len(value) < 2 or value[0] != "-" or " " in value:  # noqa: PLR2004 - "-" is a value
        return None
    numbers = any(re.match(_NEGATIVE_NUMBER, name) for flag in script.flags for name in flag.names)
    if not numbers and _NEGATIVE_NUMBER.fullmatch(value):
        return None
    if not numbers and re.match(r"-\.?\d", value):
        return ValueProblem.LIKE_FLAG_TO_MOST
    return ValueProblem.LIKE_FLAG


def _read(conventions: Conventions, flag: Flag, value: str) -> ValueProblem | None:
    if conventions.is_argparse and value.startswith("@"):
        return None  # may name a file of arguments
    if flag.kind in ("int", "float"):
        number = as_number(flag.kind, value)
        if number is None and not _is_integer_elsewhere(conventions, flag, value):
            return ValueProblem.WRONG_TYPE
        if number is None:
            number = as_number("float", value)
        if number is not None and flag.bounds is not None and number not in flag.bounds:
            return ValueProblem.OUT_OF_BOUNDS
    elif flag.kind == "bool" and flag.choices is None:
        if conventions.calls_bool:
            return ValueProblem.ALWAYS_TRUE if value.strip().lower() in FALSE_WORDS else None
        words = conventions.boolean_words
        if words is not None and value.strip().lower() not in words:
            return ValueProblem.WRONG_TYPE
    return ValueProblem.NO_CHOICE if has_choice(flag, value) is False else None


def _is_integer_elsewhere(conventions: Conventions, flag: Flag, value: str) -> bool:
    if flag.kind != "int":
        return False
    if conventions.integers is not None and re.fullmatch(conventions.integers, value) is not None:
        return True
    return conventions.accepts_whole_floats and is_whole(value)
