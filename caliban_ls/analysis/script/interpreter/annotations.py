"""Read type annotations: the kind of a flag's value, how many values it takes, and its choices."""

from __future__ import annotations

import ast
from dataclasses import dataclass, replace

from caliban_ls.analysis.script.interpreter.expressions import evaluate
from caliban_ls.analysis.script.interpreter.names import is_enumeration, members_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Class,
    External,
    Generic,
    Scope,
    Value,
    is_scalar,
)
from caliban_ls.analysis.script.model import Arity, Scalar, ValueKind

PLAIN: dict[str, ValueKind] = {
    "builtins.int": "int",
    "builtins.float": "float",
    "builtins.str": "str",
    "builtins.bool": "bool",
    "pathlib.Path": "path",
    "pathlib.PurePath": "path",
    "pathlib.PosixPath": "path",
}


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """A type, as far as a flag needs it.

    Attributes:
        kind: the kind of one value.
        arity: how many values there are; None for types that aren't understood.
        choices: the values of a `Literal`.
        enumeration: the project's enumeration.
        record: the project's class.
        optional: whether None is allowed.
        extra: the metadata of `Annotated`.
    """

    kind: ValueKind | None = None
    arity: Arity | None = None
    choices: tuple[Scalar, ...] | None = None
    enumeration: Class | None = None
    record: Class | None = None
    optional: bool = False
    extra: tuple[Value, ...] = ()


def annotation(run: Run, node: ast.expr | None, scope: Scope) -> Value:
    """Return the type that an annotation names, quoted or not."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            node = ast.parse(node.value, mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return UNKNOWN
    return UNKNOWN if node is None else evaluate(run, node, scope)


def type_info(run: Run, value: Value, scope: Scope) -> TypeInfo:
    """Return what a flag needs to know about a type."""
    if isinstance(value, str):
        try:
            return type_info(run, evaluate(run, ast.parse(value, mode="eval").body, scope), scope)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return TypeInfo()
    if isinstance(value, External) and value.name in PLAIN:
        return TypeInfo(kind=PLAIN[value.name], arity="one")
    if is_enumeration(value):
        return TypeInfo(arity="one", enumeration=value)
    if isinstance(value, Class):
        return TypeInfo(record=value)
    if isinstance(value, Generic):
        return _generic(run, value, scope)
    if isinstance(value, External) and value.name in _LISTS:
        return TypeInfo(arity="any")
    return TypeInfo()


_LISTS = {
    "typing.List",
    "builtins.list",
    "typing.Sequence",
    "collections.abc.Sequence",
    "typing.Set",
    "builtins.set",
}


def _generic(run: Run, value: Generic, scope: Scope) -> TypeInfo:
    name = getattr(value.base, "name", "").replace("typing_extensions.", "typing.")
    if name == "typing.Annotated":
        return replace(type_info(run, value.parameters[0], scope), extra=value.parameters[1:])
    if name in {"typing.Final", "typing.ClassVar", "dataclasses.InitVar"}:
        return TypeInfo()
    if name == "typing.Literal":
        good = all(is_scalar(one) for one in value.parameters)
        kinds = {type(one) for one in value.parameters}
        kind: ValueKind | None = {str: "str", int: "int"}.get(kinds.pop()) if len(kinds) == 1 else None  # type: ignore[assignment]  # of the two
        return TypeInfo(kind=kind, arity="one", choices=value.parameters if good else None)
    if name == "typing.Optional":
        return replace(type_info(run, value.parameters[0], scope), optional=True)
    if name == "typing.Union":
        return _union(run, value, scope)
    if name in _LISTS:
        inner = type_info(run, value.parameters[0], scope)
        return replace(inner, arity="any" if inner.arity == "one" else None)
    if name in {"typing.Tuple", "builtins.tuple"}:
        return _tuple(run, value, scope)
    return TypeInfo()


def _union(run: Run, value: Generic, scope: Scope) -> TypeInfo:
    parts: list[Value] = []
    stack = list(value.parameters)
    while stack:
        part = stack.pop(0)
        if isinstance(part, Generic) and part.base == External("typing.Union"):
            stack = [*part.parameters, *stack]
        else:
            parts.append(part)
    real = [part for part in parts if part is not None]
    if len(real) == 1:
        return replace(type_info(run, real[0], scope), optional=True)
    return TypeInfo(optional=len(real) < len(parts))


def _tuple(run: Run, value: Generic, scope: Scope) -> TypeInfo:
    parts = value.parameters
    if (len(parts) == 2 and parts[1] is ...) or (len(parts) == 2 and parts[1] is UNKNOWN):  # noqa: PLR2004 - `tuple[int, ...]`
        inner = type_info(run, parts[0], scope)
        return replace(inner, arity="any" if inner.arity == "one" else None)
    kinds = {type_info(run, part, scope).kind for part in parts}
    kind = kinds.pop() if len(kinds) == 1 else None
    if len(parts) == 1:
        return TypeInfo(kind=kind, arity="one")
    known = all(type_info(run, part, scope).arity == "one" for part in parts)
    return TypeInfo(kind=kind, arity="several" if known else None)


def member_names(enumeration: Class) -> tuple[str, ...]:
    """Return the names of an enumeration's members."""
    return tuple(member.name for member in members_of(enumeration))


def member_values(enumeration: Class) -> tuple[Scalar, ...] | None:
    """Return the values of an enumeration's members; None when one is unknown."""
    values = tuple(member.value for member in members_of(enumeration))
    return values if values and all(is_scalar(one) for one in values) else None
