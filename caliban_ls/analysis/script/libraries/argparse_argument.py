"""Read one call of argparse's `add_argument`: names, number of values, type and choices."""

from __future__ import annotations

from typing import Any

from caliban_ls.analysis.script.interpreter.annotations import PLAIN, member_values
from caliban_ls.analysis.script.interpreter.converters import Accepted, accepted_by
from caliban_ls.analysis.script.interpreter.names import is_enumeration, items_of
from caliban_ls.analysis.script.interpreter.source import literal_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    Class,
    EnumMember,
    External,
    Function,
    Value,
    scalars,
    spelled,
)
from caliban_ls.analysis.script.model import Arity, Bounds, Flag, Scalar, ValueKind

_MOST_CHOICES = 300


def flag_of(run: Run, exclusive: int | None, arguments: Call) -> Flag:
    """Return the flag that a call of `add_argument` defines."""
    source = arguments.scope.source
    names = tuple(one.value for one in arguments.positional)
    spans = [literal_span(source, one.node) for one in arguments.positional]
    help_text = arguments.value("help")
    action = arguments.value("action", default="store")
    shape = _shape(run, action, arguments)
    long = [name for name in names if name.startswith("--")]
    negations: tuple[str, ...] = ()
    if shape.negates:
        negations = tuple(f"--no-{name[2:]}" for name in long)
    default = arguments.value("default", default=UNKNOWN if not arguments.exact else None)
    if action in ("store_true", "store_false") and default is None:
        default = action == "store_false"
    return Flag(
        name=max(long or names, key=len).lstrip("-"),
        names=names,
        negations=negations,
        kind=shape.kind,
        arity=shape.arity,
        choices=shape.choices,
        ignores_case=shape.ignores_case,
        bounds=shape.bounds,
        default=None if default == External("argparse.SUPPRESS") else spelled(default),
        required=arguments.value("required", default=False) is True and not run.doubt and shape.plain,
        repeatable=shape.repeatable,
        hidden=help_text == External("argparse.SUPPRESS") or shape.hidden,
        help=" ".join(help_text.split()) if isinstance(help_text, str) else None,
        exclusive=exclusive,
        path=source.path,
        span=span_of(source, arguments.node),
        name_spans=tuple(span for span in spans if span is not None) if None not in spans else (),
    )


class _ArgumentShape:
    """The part of a flag that depends on its action."""

    __slots__ = (
        *("arity", "bounds", "choices", "hidden", "ignores_case"),
        *("kind", "negates", "plain", "repeatable"),
    )

    def __init__(self) -> None:
        self.kind: ValueKind | None = None
        self.arity: Arity | None = None
        self.choices: tuple[Scalar, ...] | None = None
        self.bounds: Bounds | None = None
        self.ignores_case = False
        self.repeatable = self.hidden = self.negates = False
        self.plain = True


def _shape(run: Run, action: Value, arguments: Call) -> _ArgumentShape:
    shape = _ArgumentShape()
    if action in ("store_true", "store_false", "store_const", "append_const", "count", "help", "version"):
        shape.arity = "none"
        shape.repeatable = action in ("append_const", "count")
        shape.hidden = action in ("help", "version")
        return shape
    if action == External("argparse.BooleanOptionalAction"):
        shape.arity, shape.negates, shape.kind = "none", True, "bool"
        return shape
    if action in ("store", "append", "extend", None) or action == External("argparse._StoreAction"):
        shape.arity = _arity(arguments.value("nargs"))
        shape.repeatable = action in ("append", "extend")
    else:
        shape.plain = isinstance(action, Class) and action.find("__init__") is None
        shape.repeatable = True
        if shape.plain and action.derives("argparse.Action"):
            shape.arity = _arity(arguments.value("nargs"))
    if shape.plain:
        shape.kind, shape.choices = _values(arguments)
        converter = arguments.value("type")
        if isinstance(converter, Function):
            _apply_converter(shape, accepted_by(run, converter))
    return shape


def _arity(nargs: Value) -> Arity | None:
    named: dict[Any, Arity] = {"?": "optional", "*": "any", "+": "some"}
    if nargs is None or (nargs == 1 and isinstance(nargs, int)):
        return "one"
    if isinstance(nargs, str):
        return named.get(nargs)
    return "several" if isinstance(nargs, int) and nargs > 1 else None


def _apply_converter(shape: _ArgumentShape, accepted: Accepted) -> None:
    """Apply a converter; argparse compares choices with the converter's result."""
    shape.kind, shape.bounds, shape.ignores_case = accepted.kind, accepted.bounds, accepted.ignores_case
    if accepted.words is not None:
        shape.choices = accepted.words
    elif accepted.kind is not None and not accepted.same:
        shape.choices = None


def _values(arguments: Call) -> tuple[ValueKind | None, tuple[Scalar, ...] | None]:
    """Return the kind of a value, and its choices."""
    converter = arguments.value("type")
    given = arguments.value("choices")
    if is_enumeration(given):
        given = items_of(given)
    members = [one for one in given if isinstance(one, EnumMember)] if isinstance(given, list) else []
    if isinstance(given, list | tuple) and members and len(members) == len(given):
        values = tuple(one.value for one in members)
        if converter is members[0].type and all(isinstance(one, str) for one in values):
            return "str", values
        return None, None
    # Every substring of a text is a choice, "" and "ab" of "abc" too; these aren't listed.
    choices = scalars(given) if isinstance(given, list | tuple | dict) else None
    if choices is not None and len(choices) > _MOST_CHOICES:
        choices = None
    if converter is None:
        return "str", choices
    if isinstance(converter, External):
        return PLAIN.get(converter.name), choices
    if is_enumeration(converter):
        member_texts = member_values(converter)
        if (
            given is None
            and member_texts
            and all(isinstance(one, str) for one in member_texts)
            and converter.find("_missing_") is None
        ):
            return "str", member_texts
    return None, choices
