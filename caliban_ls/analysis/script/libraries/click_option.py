"""Read one call of `click.option`: names, number of values, and type."""

from __future__ import annotations

from dataclasses import dataclass

from caliban_ls.analysis.script.interpreter.annotations import PLAIN, member_names
from caliban_ls.analysis.script.interpreter.converters import accepted_by
from caliban_ls.analysis.script.interpreter.library import Handler
from caliban_ls.analysis.script.interpreter.names import is_enumeration, items_of
from caliban_ls.analysis.script.interpreter.source import literal_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    Call,
    External,
    Function,
    UnknownValue,
    Value,
    scalars,
    spelled,
)
from caliban_ls.analysis.script.model import Arity, Bounds, Flag, Scalar, ValueKind, known_bounds


@dataclass(frozen=True, slots=True)
class NumberRange:
    """`click.IntRange` or `click.FloatRange`."""

    kind: ValueKind
    bounds: Bounds | None


@dataclass(frozen=True, slots=True)
class ChoiceType:
    """`click.Choice`."""

    values: tuple[Scalar, ...] | None
    ignores_case: bool


def option(run: Run, call: Call) -> Flag | None:
    """Return the flag of a `click.option` call; None when its name is unknown."""
    source = call.scope.source
    declared = [one.value for one in call.positional]
    if not declared or not all(isinstance(one, str) for one in declared) or not call.exact:
        return None
    names: list[str] = []
    negations: list[str] = []
    for one in declared:
        if one.isidentifier():
            continue
        yes, slash, no = one.partition("/")
        names += [yes.strip()] if yes.strip() else []
        negations += [no.strip()] if slash and no.strip() else []
    if not names:
        return None
    default = call.value("default")
    shape = _shape(run, call, default, switch=bool(negations))
    spans = [literal_span(source, one.node) for one in call.positional if not str(one.value).isidentifier()]
    help_text = call.value("help")
    sure = all(
        call.value(name) is None for name in ("default", "prompt", "envvar", "callback", "default_map", "cls")
    )
    return Flag(
        name=max([name for name in names if name.startswith("--")] or names, key=len).lstrip("-"),
        names=tuple(names),
        negations=tuple(negations),
        kind=shape.kind,
        arity=shape.arity,
        choices=shape.choices,
        ignores_case=shape.ignores_case,
        bounds=shape.bounds,
        default=spelled(default),
        required=call.value("required", default=False) is True and sure and not run.doubt,
        repeatable=call.value("multiple", default=False) is not False
        or call.value("count", default=False) is not False,
        hidden=call.value("hidden", default=False) is True or call.value("is_eager", default=False) is True,
        help=" ".join(help_text.split()) if isinstance(help_text, str) else None,
        path=source.path,
        span=span_of(source, call.node),
        name_spans=() if None in spans or negations else tuple(span for span in spans if span is not None),
    )


@dataclass(frozen=True, slots=True)
class _OptionShape:
    """The number of an option's values, their kind and limits."""

    kind: ValueKind | None = None
    arity: Arity | None = None
    choices: tuple[Scalar, ...] | None = None
    ignores_case: bool = False
    bounds: Bounds | None = None


def _shape(run: Run, call: Call, default: Value, *, switch: bool) -> _OptionShape:
    is_flag = call.value("is_flag")
    if call.value("cls") is not None or isinstance(is_flag, UnknownValue):
        return _OptionShape()
    if is_flag is True or switch or call.value("count", default=False) is True:
        return _OptionShape("bool" if call.value("flag_value") is None else None, "none")
    if call.value("flag_value") is not None:
        return _OptionShape(arity=None if is_flag is False else "none")
    nargs = call.value("nargs", default=1)
    arity: Arity | None = (
        "one" if nargs == 1 else ("several" if isinstance(nargs, int) and nargs > 1 else None)
    )
    given = call.value("type")
    if given is None:
        if isinstance(default, bool):
            return _OptionShape("bool")
        kinds: dict[type, ValueKind] = {int: "int", float: "float", str: "str", type(None): "str"}
        return _OptionShape(kinds.get(type(default)), arity if type(default) in kinds else None)
    if isinstance(given, ChoiceType):
        return _OptionShape("str", arity, given.values, given.ignores_case)
    if isinstance(given, NumberRange):
        return _OptionShape(given.kind, arity, bounds=given.bounds)
    if isinstance(given, Function):
        accepted = accepted_by(run, given)
        return _OptionShape(accepted.kind, arity, accepted.words, accepted.ignores_case, accepted.bounds)
    if isinstance(given, tuple):
        return _OptionShape(arity="several" if len(given) > 1 else None)
    if isinstance(given, External):
        if given.name in _KINDS:
            return _OptionShape(_KINDS[given.name], arity)
        return _OptionShape(arity=None if given.name.startswith("builtins.") else arity)
    return _OptionShape(arity=arity)


_KINDS: dict[str, ValueKind] = {
    **PLAIN,
    "click.INT": "int",
    "click.FLOAT": "float",
    "click.STRING": "str",
    "click.BOOL": "bool",
    "click.Path()": "path",
}


def _choice(run: Run, arguments: Call) -> Value:
    del run
    given = arguments.value("choices", 0)
    ignores_case = arguments.value("case_sensitive", 1, default=True) is not True
    if is_enumeration(given):
        return ChoiceType(member_names(given), ignores_case)
    known = items_of(given)
    values = scalars(tuple(known)) if known is not None else None
    return ChoiceType(tuple(str(one) for one in values) if values is not None else None, ignores_case)


def _range(kind: ValueKind) -> Handler:
    def create(run: Run, arguments: Call) -> Value:
        del run
        ends = [arguments.value(name, default=False) for name in ("min_open", "max_open", "clamp")]
        # With clamp=True it accepts every number; versions differ about more than two positional arguments.
        if (
            not arguments.exact
            or len(arguments.positional) > 2  # noqa: PLR2004 - see above
            or not all(one in (True, False) for one in ends[:2])
        ):
            return NumberRange(kind, None)
        low, high = arguments.value("min", 0), arguments.value("max", 1)
        bounds = known_bounds(low, high, low_open=ends[0] is True, high_open=ends[1] is True)
        return NumberRange(kind, bounds if ends[2] is False else None)

    return create


def _typed(name: str) -> Handler:
    return lambda _run, _arguments: External(f"{name}()")


TYPES: dict[str, Handler] = {
    "click.Choice": _choice,
    "click.Path": _typed("click.Path"),
    "click.File": _typed("click.Path"),
    "click.IntRange": _range("int"),
    "click.FloatRange": _range("float"),
}
"""Handlers of click's parameter types."""
