"""Apply operators to values that are wholly known; the result of any other is UNKNOWN.

Operators are Python's own, on plain values only, and results are limited in length.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from caliban_ls.analysis.script.interpreter.state import LONGEST
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    CommandLine,
    External,
    ListValue,
    UnknownValue,
    Value,
    is_known,
)

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, all_items: item in all_items,
    ast.NotIn: lambda item, all_items: item not in all_items,
    ast.Is: lambda one, other: one is other,
    ast.IsNot: lambda one, other: one is not other,
}


def combined(operation: type[ast.operator], left: Value, right: Value) -> Value:
    """Apply a binary operator."""
    apply = _OPERATORS.get(operation)
    if apply is None or not is_known(left) or not is_known(right):
        return UNKNOWN
    plain = (str, int, float, tuple)
    if isinstance(left, ListValue) and isinstance(right, ListValue) and operation is ast.Add:
        return ListValue([*left, *right])
    if not isinstance(left, plain) or not isinstance(right, plain):
        return UNKNOWN
    if operation is ast.Mult and (
        not isinstance(left, int | float)
        or not isinstance(right, int | float)
        or abs(left) + abs(right) > 1e12  # noqa: PLR2004 - keeps numbers short
    ):
        return UNKNOWN
    if operation is ast.Mod and isinstance(left, str) and _wide(left):
        return UNKNOWN
    try:
        result = apply(left, right)
    except Exception:  # noqa: BLE001 - any error that the script's operator raises
        return UNKNOWN
    return UNKNOWN if isinstance(result, str | tuple) and len(result) > LONGEST else result


def _wide(template: str) -> bool:
    """Whether a template sets a width, which may be of any size."""
    return any(f"%{digit}" in template for digit in "123456789*")


def compared(operation: type[ast.cmpop], left: Value, right: Value) -> Value:
    """Compare two values."""
    if operation in (ast.Is, ast.IsNot):
        if (
            (left is None or right is None)
            and not isinstance(left, UnknownValue | External)
            and not isinstance(right, UnknownValue | External)
        ):
            return (left is right) is (operation is ast.Is)
        return UNKNOWN
    comparable = (str, int, float, tuple, list, dict, type(None))
    if not (
        isinstance(left, comparable) and isinstance(right, comparable) and is_known(left) and is_known(right)
    ):
        return UNKNOWN
    try:
        return bool(_COMPARISONS[operation](left, right))
    except Exception:  # noqa: BLE001 - see `combined`
        return UNKNOWN


def sliced(owner: Value, bounds: list[Value]) -> Value:
    """Slice a value: `bounds` are start, stop and step."""
    if isinstance(owner, CommandLine) and owner.whole and bounds == [1, None, None]:
        return CommandLine()
    if isinstance(owner, str | tuple | ListValue) and all(
        bound is None or isinstance(bound, int) for bound in bounds
    ):
        if not is_known(owner) or bounds[2] == 0:
            return UNKNOWN
        part = owner[slice(*bounds)]
        return ListValue(part) if isinstance(owner, ListValue) else part
    return UNKNOWN
