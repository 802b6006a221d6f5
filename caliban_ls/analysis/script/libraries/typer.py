"""Read typer's options: the parameters of functions, by types, defaults and annotations."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from caliban_ls.analysis.script.interpreter.annotations import TypeInfo, annotation, member_values, type_info
from caliban_ls.analysis.script.interpreter.expressions import evaluate
from caliban_ls.analysis.script.interpreter.library import Handler, Library
from caliban_ls.analysis.script.interpreter.source import literal_span, name_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    DictValue,
    Extensible,
    External,
    Function,
    Parameter,
    Scope,
    ScriptParser,
    UnknownValue,
    Value,
    spelled,
)
from caliban_ls.analysis.script.model import Arity, Bounds, Conventions, Flag, Scalar, ValueKind, known_bounds


@dataclass(eq=False, slots=True)
class App(Extensible):
    """A `typer.Typer()` with its named commands."""

    call: Call
    commands: list[tuple[str, Function, Call | None]] = field(default_factory=list)
    apps: list[tuple[str, App]] = field(default_factory=list)
    callback: Function | None = None


@dataclass(frozen=True, slots=True)
class Registration:
    """`@app.command()` or `@app.callback()` that isn't applied yet."""

    app: App
    call: Call
    callback: bool


@dataclass(frozen=True, slots=True)
class ParameterInfo:
    """`typer.Option(…)` or `typer.Argument(…)`."""

    call: Call
    positional: bool


def _call(run: Run, target: Value, arguments: Call) -> Value:
    if isinstance(target, Registration):
        return _decorate(run, target, arguments.value("f", 0))
    if isinstance(target, App):
        if arguments.positional or arguments.keywords.keys() - {"prog_name"} or not arguments.exact:
            run.certain = False
        _invoke(run, target, completion=target.call.value("add_completion", default=True) is not False)
    return External("sys.exit()") if not run.doubt else UNKNOWN


def _decorate(run: Run, decorator: Value, function: Value) -> Value:
    del run
    if not isinstance(decorator, Registration):
        return function
    app, call = decorator.app, decorator.call
    if not isinstance(function, Function):
        app.known = False
    elif decorator.callback:
        app.callback = function
    else:
        name = call.value("name", 0)
        own = getattr(function.node, "name", "?").lower().replace("_", "-")
        app.commands.append((name if isinstance(name, str) else own, function, call))
    return function


def _method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    if isinstance(owner, App):
        if name in {"command", "callback"}:
            return Registration(owner, arguments, name == "callback")
        if name == "add_typer":
            inner, given = arguments.value("typer_instance", 0), arguments.value("name")
            if isinstance(inner, App):
                owner.apps.append((given if isinstance(given, str) else "?", inner))
            else:
                owner.known = False
            return None
        if name == "__call__":
            return _call(run, owner, arguments)
        owner.known = False
    return UNKNOWN


def _invoke(run: Run, app: App, *, completion: bool) -> None:
    parser = ScriptParser(LIBRARY)
    run.parsers.append(parser)
    _fill_app(run, parser, app)
    if completion:
        source = app.call.scope.source
        for name in ("install-completion", "show-completion"):
            parser.flags.append(
                Flag(
                    name=name,
                    names=(f"--{name}",),
                    hidden=True,
                    path=source.path,
                    span=span_of(source, app.call.node),
                )
            )
    run.invoke(parser)


def _fill_app(run: Run, parser: ScriptParser, app: App, *, inner_app: bool = False) -> None:
    parser.complete = parser.complete and app.known and app.call.exact
    _settings(parser, app.call)
    single = len(app.commands) == 1 and not app.apps and app.callback is None and not inner_app
    if single:
        _, function, call = app.commands[0]
        _fill(run, parser, function, call)
        return
    parser.positionals = True
    if app.callback is not None:
        _fill(run, parser, app.callback, None)
    else:
        parser.flags.append(_help(app.call))
    if not app.commands and not app.apps:
        parser.complete = False
    for name, function, call in app.commands:
        inner = ScriptParser(LIBRARY)
        _fill(run, inner, function, call)
        parser.subparsers.append((name, inner))
    for name, sub in app.apps:
        inner = ScriptParser(LIBRARY)
        _fill_app(run, inner, sub, inner_app=True)
        parser.subparsers.append((name, inner))


def _settings(parser: ScriptParser, call: Call) -> None:
    settings = call.value("context_settings", default=DictValue())
    if call.value("cls") is not None or not isinstance(settings, DictValue) or not settings.exact:
        parser.complete = parser.certain = False
    elif settings.keys() - {"help_option_names"}:
        parser.complete = False
        parser.certain = parser.certain and not settings.keys() - {
            "ignore_unknown_options",
            "allow_extra_args",
        }


def _fill(run: Run, parser: ScriptParser, function: Function, call: Call | None) -> None:
    if call is not None:
        _settings(parser, call)
    if not function.plain or function.node.args.vararg is not None or function.node.args.kwarg is not None:
        parser.complete = False
        parser.certain = parser.certain and function.plain
    source = function.scope.source
    parser.flags.append(
        Flag(name="help", names=("--help",), arity="none", hidden=True, help="Show this message and exit.",
             path=source.path, span=span_of(source, function.node))
    )  # fmt: skip
    for declared in function.parameters():
        flag = _flag(run, function.scope, declared)
        if flag is None:
            parser.positionals = True
        elif isinstance(flag, UnknownValue):
            parser.complete = False
            parser.positionals = True
        else:
            parser.flags.append(flag)


def _flag(run: Run, scope: Scope, declared: Parameter) -> Flag | UnknownValue | None:
    """Return the flag of a parameter; None for a positional argument."""
    value = annotation(run, declared.node.annotation, scope)
    kind = type_info(run, value, scope)
    if isinstance(value, External) and value.name in {
        "typer.Context",
        "click.Context",
        "typer.CallbackParam",
    }:
        return UnknownValue() if declared.default is not None else None
    default = evaluate(run, declared.default, scope) if declared.default is not None else UNKNOWN
    has_default = declared.default is not None and not _is_ellipsis(declared.default)
    found = next((one for one in kind.extra if isinstance(one, ParameterInfo)), None)
    if isinstance(default, ParameterInfo):
        found = default
        default = found.call.value("default", 0, default=UNKNOWN)
        has_default = not isinstance(default, UnknownValue) or (found.call.get("default", 0) is not None)
        ellipsis = found.call.get("default", 0)
        if ellipsis is not None and _is_ellipsis(ellipsis.node):
            has_default = False
    if found is None and kind.extra:
        return UnknownValue()
    plain = ast.Constant | ast.List | ast.Tuple | ast.Name | ast.Attribute
    if (
        found is None
        and isinstance(default, UnknownValue)
        and has_default
        and not isinstance(declared.default, plain)
    ):
        return UnknownValue()  # A function of the project may return an Option.
    if found is not None and found.positional:
        return None
    if found is None and not has_default:
        return None
    flag = _option(run, scope, declared, kind, found)
    if isinstance(flag, UnknownValue):
        return flag
    needed = flag.required and not has_default
    return replace(flag, required=needed, default=spelled(default) if has_default else None)


def _option(
    run: Run, scope: Scope, declared: Parameter, kind: TypeInfo, found: ParameterInfo | None
) -> Flag | UnknownValue:
    """Return the flag of a parameter, without its default."""
    source = scope.source
    call = found.call if found is not None else None
    given: list[str] = []
    spans = []
    if call is not None:
        offset = (
            1
            if call.positional
            and call.value("default", 0) is not None
            and not _is_name(call.positional[0].value)
            else 0
        )
        for one in call.positional[offset:]:
            if not isinstance(one.value, str):
                if one.value is None or isinstance(one.value, int | float | bool):
                    continue
                return UnknownValue()
            if one.value.startswith("-"):
                given.append(one.value)
                spans.append(literal_span(source, one.node))
        if not call.exact:
            return UnknownValue()
    own = declared.node.arg.replace("_", "-").lower().strip("-")
    names = [one.partition("/")[0].strip() for one in given] or [f"--{own}"]
    names = [name for name in names if name]
    negations = [one.partition("/")[2].strip() for one in given if "/" in one]
    arity, choices = _shape(kind, call)
    if arity == "none" and kind.kind == "bool" and not given:
        negations = [f"--no-{own}"]
    help_text = call.value("help") if call is not None else None
    sure = call is None or all(
        call.value(name) is None for name in ("envvar", "callback", "default_factory", "prompt")
    )
    value_kind: ValueKind | None = kind.kind if call is None or call.value("parser") is None else None
    if kind.enumeration is not None and choices is not None:
        value_kind = "str"
    if call is not None and call.value("click_type") is not None:
        value_kind, choices = None, None
    return Flag(
        name=max([name for name in names if name.startswith("--")] or names or [own], key=len).lstrip("-"),
        names=tuple(names),
        negations=tuple(one for one in negations if one),
        kind=value_kind,
        arity=arity,
        choices=choices,
        bounds=_bounds(value_kind, call),
        ignores_case=call is not None and call.value("case_sensitive", default=True) is not True,
        required=sure and not run.doubt and not kind.optional,
        repeatable=kind.arity == "any"
        or (call is not None and call.value("count", default=False) is not False),
        hidden=call is not None and call.value("hidden", default=False) is True,
        help=" ".join(help_text.split()) if isinstance(help_text, str) else None,
        path=source.path,
        span=span_of(source, declared.node),
        name_spans=tuple(span for span in spans if span is not None)
        if given
        else (name_span(source, declared.node),),
    )


def _bounds(kind: ValueKind | None, call: Call | None) -> Bounds | None:
    """Return the bounds of a number; typer rounds those of integers towards 0."""
    if call is None or kind not in ("int", "float") or call.value("clamp", default=False) is not False:
        return None
    bounds = known_bounds(call.value("min"), call.value("max"))
    if kind == "float" or bounds is None:
        return bounds
    low, high = (None if end is None else int(end) for end in (bounds.low, bounds.high))
    return Bounds(low, high)


def _is_ellipsis(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is ...


def _is_name(value: Value) -> bool:
    return isinstance(value, str) and value.startswith("-")


def _shape(kind: TypeInfo, call: Call | None) -> tuple[Arity | None, tuple[Scalar, ...] | None]:
    if call is not None and (call.value("is_flag") is not None or call.value("click_type") is not None):
        return None, None
    if call is not None and call.value("count", default=False) is True:
        return "none", None
    if kind.kind == "bool" and kind.arity == "one":
        return "none", None
    choices = kind.choices
    if kind.enumeration is not None:
        values = member_values(kind.enumeration)
        choices = tuple(str(one) for one in values) if values is not None else None
    # A list takes one value for each time its flag is given.
    return ("one" if kind.arity == "any" else kind.arity), choices


def _help(call: Call) -> Flag:
    source = call.scope.source
    return Flag(name="help", names=("--help",), arity="none", hidden=True, help="Show this message and exit.",
                path=source.path, span=span_of(source, call.node))  # fmt: skip


def _create(run: Run, arguments: Call) -> Value:
    del run
    return App(arguments)


def _run(run: Run, arguments: Call) -> Value:
    function = arguments.value("function", 0)
    app = App(replace(arguments, positional=(), keywords={}))
    if isinstance(function, Function):
        app.commands.append(("main", function, None))
    else:
        app.known = False
    _invoke(run, app, completion=False)
    return External("sys.exit()") if not run.doubt else UNKNOWN


_FUNCTIONS: dict[str, Handler] = {
    "typer.Typer": _create,
    "typer.run": _run,
    "pathlib.Path": lambda _run, _arguments: External("pathlib.Path()"),
    "typer.Option": lambda _run, arguments: ParameterInfo(arguments, positional=False),
    "typer.Argument": lambda _run, arguments: ParameterInfo(arguments, positional=True),
}

LIBRARY = Library(
    name="typer",
    package="typer",
    conventions=Conventions(accepts_whole_floats=True),
    functions=_FUNCTIONS,
    values=(App, Registration),
    call=_call,
    method=_method,
    decorate=_decorate,
    star_modules=frozenset({"typer"}),
    defining_methods=frozenset({"add_typer"}),
    module_calls=(r"typer\.run",),
)
