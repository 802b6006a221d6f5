"""Options of click: decorators on functions, commands and groups of them."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field

from caliban_ls.script.lookup import is_enumeration, items_of
from caliban_ls.script.model import Arity, Bounds, Flag, Scalar, ValueKind, known_bounds
from caliban_ls.script.own_types import taken_by
from caliban_ls.script.run import Run, literal_span, span_of
from caliban_ls.script.types import PLAIN, names_of
from caliban_ls.script.values import (
    UNKNOWN,
    Arguments,
    Call,
    External,
    Function,
    Items,
    Parser,
    Table,
    Unknown,
    Value,
    is_known,
    scalars,
    shown,
)


@dataclass(eq=False, slots=True)
class Decoration:
    """A decorator of click's, before it meets its function."""

    kind: str
    call: Call
    group: Command | None = None


@dataclass(eq=False, slots=True)
class Command:
    """A command, or a group of commands."""

    name: str
    call: Call
    function: Value
    options: list[Call] = field(default_factory=list)
    arguments: list[Call] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    group: bool = False
    known: bool = True


@dataclass(frozen=True, slots=True)
class NumberRange:
    """`click.IntRange` or `click.FloatRange`."""

    kind: ValueKind
    bounds: Bounds | None


@dataclass(frozen=True, slots=True)
class Choice:
    """`click.Choice`."""

    values: tuple[Scalar, ...] | None
    ignores_case: bool


def owns(value: Value) -> bool:
    """Whether a value is of this module's own."""
    return isinstance(value, Command | Decoration)


def accepts(value: Value) -> bool:
    """Whether this module knows what calling a value does, or what it does to a function."""
    if isinstance(value, External):
        return value.name in {"click.command", "click.group", "click.pass_context", "click.pass_obj"}
    return isinstance(value, Command | Decoration)


def apply(run: Run, target: Value, arguments: Call) -> Value:
    """Return what calling a decorator or a command does."""
    if isinstance(target, Decoration):
        return decorate(run, target, arguments.value("f", 0))
    if isinstance(target, External):
        return FUNCTIONS[target.name](run, arguments)
    if isinstance(target, Command):
        return _invoke(run, target, arguments)
    return UNKNOWN


def decorate(run: Run, decorator: Value, function: Value) -> Value:
    """Return what a decorator makes of a function."""
    del run
    if isinstance(decorator, External):
        if decorator.name in {"click.command", "click.group"} and isinstance(function, Function):
            return _command(decorator.name, _bare(function), function, None)
        return function
    if not isinstance(decorator, Decoration):
        return function
    if decorator.kind == "version":
        if isinstance(function, Function):
            function.options.append(("version", decorator.call))
        return function
    if decorator.kind in ("option", "argument", "help"):
        if isinstance(function, Command):
            holder = {"argument": function.arguments}.get(decorator.kind, function.options)
            if decorator.kind != "help":
                holder.append(decorator.call)
        elif isinstance(function, Function):
            function.options.append((decorator.kind, decorator.call))
        return function
    if decorator.kind == "pass":
        return function
    return _command(decorator.kind, decorator.call, function, decorator.group)


def _bare(function: Function) -> Call:
    """Return the call that a decorator without parentheses stands for."""
    node = ast.Call(func=ast.Name("command"), args=[], keywords=[])
    ast.copy_location(node, function.node)
    return Call(node, function.scope, (), {}, exact=True)


def _command(kind: str, call: Call, function: Value, group: Command | None) -> Value:
    name = call.value("name", 0)
    own = getattr(getattr(function, "node", None), "name", "?")
    command = Command(
        name if isinstance(name, str) else own.lower().replace("_", "-"),
        call,
        function,
        group="group" in kind,
    )
    if isinstance(function, Function):
        command.options = [given for role, given in function.options if role == "option"][::-1]
        command.arguments = [given for role, given in function.options if role == "argument"]
        command.known = function.plain and all(role in ("option", "argument") for role, _ in function.options)
    else:
        command.known = False
    if group is not None:
        group.commands.append(command)
    return command


def method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    """Return what a method of a command gives."""
    if isinstance(owner, Command):
        if name in {"command", "group"}:
            if arguments.positional and isinstance(arguments.positional[0].value, Function):
                return _command(
                    name, _bare(arguments.positional[0].value), arguments.positional[0].value, owner
                )
            return Decoration(name, arguments, owner)
        if name == "add_command":
            other = arguments.value("cmd", 0)
            if isinstance(other, Command):
                owner.commands.append(other)
            else:
                owner.known = False
            return None
        if name in {"main", "__call__"}:
            return _invoke(run, owner, arguments)
        owner.known = False
    return UNKNOWN


def _invoke(run: Run, command: Command, arguments: Call) -> Value:
    given = arguments.value("args", 0)
    parser = Parser("click")
    _fill(run, parser, command)
    run.parsers.append(parser)
    if not (given is None or (isinstance(given, Arguments) and not given.whole)):
        run.certain = False
    if not arguments.exact or arguments.keywords.keys() - {
        "args",
        "prog_name",
        "obj",
        "standalone_mode",
        "auto_envvar_prefix",
    }:
        run.certain = False
    for one in _flattened(parser):
        if "auto_envvar_prefix" in arguments.keywords:
            one.flags = [_not_required(flag) for flag in one.flags]
    run.invoke(parser)
    standalone = arguments.value("standalone_mode", default=True)
    return External("sys.exit()") if standalone is True and not run.doubt else UNKNOWN


def _flattened(parser: Parser) -> list[Parser]:
    return [parser, *(inner for _, sub in parser.subparsers for inner in _flattened(sub))]


def _not_required(flag: Flag) -> Flag:
    from dataclasses import replace

    return replace(flag, required=False)


def _fill(run: Run, parser: Parser, command: Command) -> None:
    settings = command.call.value("context_settings", default=Table())
    if command.call.value("cls") is not None or not command.call.exact or not command.known:
        parser.complete = False
    if not isinstance(settings, Table) or not is_known(settings):
        parser.complete = parser.certain = False
    elif settings.keys() - {"help_option_names", "show_default", "max_content_width", "terminal_width"}:
        parser.complete = False
        if settings.keys() - {
            "ignore_unknown_options",
            "allow_extra_args",
            "help_option_names",
            "show_default",
        }:
            parser.certain = False
    parser.positionals = bool(command.arguments) or command.group
    if parser.complete is False:
        parser.positionals = True
    if command.call.value("add_help_option", default=True) is True:
        source = command.call.scope.source
        names = settings.get("help_option_names") if isinstance(settings, Table) else None
        spelled = (
            tuple(one for one in names if isinstance(one, str)) if isinstance(names, Items) else ("--help",)
        )
        parser.flags.append(
            Flag(name="help", names=spelled, arity="none", hidden=True, help="Show this message and exit.",
                 path=source.path, span=span_of(source, command.call.node))
        )  # fmt: skip
    for call in command.options:
        flag = option(run, call)
        if flag is None:
            parser.complete = False
        else:
            parser.flags.append(flag)
    for sub in command.commands:
        inner = Parser("click")
        _fill(run, inner, sub)
        parser.subparsers.append((sub.name, inner))
    if command.group and not command.commands:
        parser.complete = False


def option(run: Run, call: Call) -> Flag | None:
    """Return the flag of `click.option`, None when its name isn't known."""
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
        default=shown(default),
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
class _Shape:
    """How many values an option takes, and which."""

    kind: ValueKind | None = None
    arity: Arity | None = None
    choices: tuple[Scalar, ...] | None = None
    ignores_case: bool = False
    bounds: Bounds | None = None


def _shape(run: Run, call: Call, default: Value, *, switch: bool) -> _Shape:
    is_flag = call.value("is_flag")
    if call.value("cls") is not None or isinstance(is_flag, Unknown):
        return _Shape()
    if is_flag is True or switch or call.value("count", default=False) is True:
        return _Shape("bool" if call.value("flag_value") is None else None, "none")
    if call.value("flag_value") is not None:
        return _Shape(arity=None if is_flag is False else "none")
    nargs = call.value("nargs", default=1)
    arity: Arity | None = (
        "one" if nargs == 1 else ("several" if isinstance(nargs, int) and nargs > 1 else None)
    )
    given = call.value("type")
    if given is None:
        if isinstance(default, bool):
            return _Shape("bool")
        kinds: dict[type, ValueKind] = {int: "int", float: "float", str: "str", type(None): "str"}
        return _Shape(kinds.get(type(default)), arity if type(default) in kinds else None)
    if isinstance(given, Choice):
        return _Shape("str", arity, given.values, given.ignores_case)
    if isinstance(given, NumberRange):
        return _Shape(given.kind, arity, bounds=given.bounds)
    if isinstance(given, Function):
        taken = taken_by(run, given)
        return _Shape(taken.kind, arity, taken.words, taken.ignores_case, taken.bounds)
    if isinstance(given, tuple):
        return _Shape(arity="several" if len(given) > 1 else None)
    if isinstance(given, External):
        if given.name in _KINDS:
            return _Shape(_KINDS[given.name], arity)
        return _Shape(arity=None if given.name.startswith("builtins.") else arity)
    return _Shape(arity=arity)


_KINDS: dict[str, ValueKind] = {
    **PLAIN,
    "click.INT": "int",
    "click.FLOAT": "float",
    "click.STRING": "str",
    "click.BOOL": "bool",
    "click.Path()": "path",
}


def _decoration(kind: str) -> Callable[[Run, Call], Value]:
    def create(run: Run, arguments: Call) -> Value:
        if arguments.positional and isinstance(arguments.positional[0].value, Function | Command):
            function = arguments.positional[0].value
            empty = _bare(function) if isinstance(function, Function) else function.call
            return decorate(run, Decoration(kind, empty), function)
        return Decoration(kind, arguments)

    return create


def _choice(run: Run, arguments: Call) -> Value:
    del run
    given = arguments.value("choices", 0)
    ignores_case = arguments.value("case_sensitive", 1, default=True) is not True
    if is_enumeration(given):
        return Choice(names_of(given), ignores_case)
    known = items_of(given)
    values = scalars(tuple(known)) if known is not None else None
    return Choice(tuple(str(one) for one in values) if values is not None else None, ignores_case)


def _range(kind: ValueKind) -> Callable[[Run, Call], Value]:
    def create(run: Run, arguments: Call) -> Value:
        del run
        ends = [arguments.value(name, default=False) for name in ("min_open", "max_open", "clamp")]
        # With clamp=True it takes every number; of more than two unnamed arguments versions think differently.
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


def _typed(name: str) -> Callable[[Run, Call], Value]:
    return lambda _run, _arguments: External(f"{name}()")


FUNCTIONS: dict[str, Callable[[Run, Call], Value]] = {
    "click.command": _decoration("command"),
    "click.group": _decoration("group"),
    "click.option": _decoration("option"),
    "click.argument": _decoration("argument"),
    "click.password_option": _decoration("option"),
    "click.version_option": _decoration("version"),
    "click.help_option": _decoration("help"),
    "click.pass_context": _decoration("pass"),
    "click.pass_obj": _decoration("pass"),
    "click.make_pass_decorator": lambda _run, _arguments: External("click.pass_obj"),
    "click.Choice": _choice,
    "click.Path": _typed("click.Path"),
    "click.File": _typed("click.Path"),
    "click.IntRange": _range("int"),
    "click.FloatRange": _range("float"),
}
