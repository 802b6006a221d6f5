"""Suggest values for a flag, as JSON: its choices, its default, or another that its parser accepts."""

from __future__ import annotations

import ast
import json
import re
from contextlib import suppress

from caliban_ls.analysis.jsondoc import quote as quoted
from caliban_ls.analysis.script.model import Bounds, Flag, Scalar


def values_of(flag: Flag) -> list[str]:
    """Return the JSON texts of values that a flag accepts, best first."""
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
    """Return one JSON text for a flag: its default where there is one."""
    if flag.arity == "none":
        return "true"
    default = default_of(flag)
    if default is not None and (not flag.choices or default in values_of(flag)):
        return default
    if flag.choices:
        return _spelled(flag.choices[0])
    if flag.kind == "bool":
        return values_of(flag)[0]
    if flag.kind in ("int", "float"):
        return _number(flag)
    return quoted("")


def default_of(flag: Flag) -> str | None:
    """Return a flag's default as JSON text; None when it has none that JSON can spell."""
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


def _number(flag: Flag) -> str:
    """Return a number that the flag accepts, a usual one where possible."""
    is_whole = flag.kind == "int"
    bounds = flag.bounds or Bounds()
    bounds = bounds.whole() if is_whole else bounds
    low, high = bounds.low, bounds.high
    tried: list[float | None] = [1 if is_whole else 0.1]
    if low is not None and high is not None:
        tried.append((low + high) / 2)
    tried += [low, high, None if low is None else low + 1, None if high is None else high - 1]
    inside = (one for one in tried if one is not None and one in bounds and (int(one) == one or not is_whole))
    number = next(inside, 1)
    return json.dumps(int(number) if is_whole else number)


def _spelled(value: Scalar) -> str:
    if isinstance(value, bool):
        return quoted(str(value))
    return quoted(value) if isinstance(value, str) else json.dumps(value)
