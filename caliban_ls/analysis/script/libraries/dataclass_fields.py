"""Read the fields of a dataclass, or the parameters of a function, for libraries that make flags of them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from caliban_ls.analysis.script.interpreter.annotations import TypeInfo, annotation, type_info
from caliban_ls.analysis.script.interpreter.expressions import evaluate
from caliban_ls.analysis.script.interpreter.library import Handler
from caliban_ls.analysis.script.interpreter.source import name_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import UNKNOWN, Call, Class, External, Value, spelled
from caliban_ls.analysis.script.model import Arity, Flag, Scalar, ValueKind
from caliban_ls.core.text import Span


@dataclass(frozen=True, slots=True)
class FieldCall:
    """A call that describes a field: `field(…)`, `choice(…)`, `HfArg(…)`."""

    kind: str
    call: Call


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a class, or one parameter of a function.

    Attributes:
        default: its default, which may be UNKNOWN.
        has_default: whether it has one; None when that is unknown.
        field_call: the call that describes it; None for a plain default.
    """

    name: str
    type: TypeInfo
    default: Value
    has_default: bool | None
    field_call: FieldCall | None
    path: str
    span: Span
    name_span: Span


def fields_of(run: Run, record: Class) -> Iterator[Field] | None:
    """Return the fields of a dataclass, bases first; None when they are unknown."""
    lineage = [one for one in record.lineage() if isinstance(one, Class)]
    if not record.known or not all(_is_dataclass(one) for one in lineage if _annotated(one)):
        return None
    return _fields(run, lineage[::-1])


def _fields(run: Run, lineage: list[Class]) -> Iterator[Field]:
    found: dict[str, Field] = {}
    for owner in lineage:
        source = owner.scope.source
        for statement in owner.node.body:
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            value = annotation(run, statement.annotation, owner.scope)
            named = getattr(getattr(value, "base", value), "name", "")
            if named in {"typing.ClassVar", "dataclasses.KW_ONLY"}:
                continue
            default = evaluate(run, statement.value, owner.scope) if statement.value is not None else UNKNOWN
            name = statement.target.id
            has_default: bool | None = statement.value is not None
            made = default if isinstance(default, FieldCall) else None
            if made is not None:
                if made.call.value("init", default=True) is not True:
                    continue
                default, has_default = _made(made)
            found[name] = Field(
                name,
                type_info(run, value, owner.scope),
                default,
                has_default,
                made,
                source.path,
                span_of(source, statement),
                name_span(source, statement.target),
            )
    return iter(found.values())


def _made(made: FieldCall) -> tuple[Value, bool | None]:
    """Return the default that a call gives to its field, and whether there is one."""
    call = made.call
    if made.kind not in ("field", "choice", "flag"):
        return UNKNOWN, True
    if call.get("default") is not None:
        return call.value("default"), True
    if made.kind == "field" and call.positional:
        return call.positional[0].value, True
    if call.get("default_factory") is not None:
        return UNKNOWN, True
    return UNKNOWN, False if call.exact else None


def _is_dataclass(record: Class) -> bool:
    return any(
        (isinstance(one, External) and one.name in _DATACLASS) or one == External("dataclasses.dataclass()")
        for one in record.decorators
    )


_DATACLASS = {"dataclasses.dataclass", "dataclasses.dataclass()", "simple_parsing.helpers.dataclass"}


def _annotated(record: Class) -> bool:
    return any(isinstance(statement, ast.AnnAssign) for statement in record.node.body)


def flag_of(
    field: Field,
    names: list[str],
    kind: ValueKind | None,
    arity: Arity | None,
    choices: tuple[Scalar, ...] | None,
    *,
    required: bool,
    help_text: Value,
) -> Flag:
    """Return the flag of a field."""
    return Flag(
        name=names[0 if len(names[0]) > 2 or len(names) == 1 else 1].lstrip("-"),  # noqa: PLR2004 - "-n" before "--n"
        names=tuple(names),
        kind=kind,
        arity=arity,
        choices=choices,
        default=spelled(field.default) if field.has_default else None,
        required=required,
        repeatable=False,
        help=" ".join(help_text.split()) if isinstance(help_text, str) else None,
        path=field.path,
        span=field.span,
        name_spans=(field.name_span,),
    )


def help_flag(call: Call) -> Flag:
    """Return the `--help` flag."""
    source = call.scope.source
    return Flag(name="help", names=("-h", "--help"), arity="none", hidden=True, path=source.path,
                span=span_of(source, call.node))  # fmt: skip


def maker(kind: str) -> Handler:
    """Return the handler of a function that describes a field."""
    return lambda _run, arguments: FieldCall(kind, arguments)


DATACLASSES: dict[str, Handler] = {
    "dataclasses.dataclass": lambda _run, _arguments: External("dataclasses.dataclass()"),
    "dataclasses.field": maker("field"),
}
"""Handlers of the module `dataclasses`, for the libraries that build on it."""
