"""Read click's options: decorators on functions, commands, and groups of commands."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field, replace

from caliban_ls.analysis.script.interpreter.library import Handler, Library
from caliban_ls.analysis.script.interpreter.source import span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    CommandLine,
    DictValue,
    Extensible,
    External,
    Function,
    ListValue,
    ScriptParser,
    Value,
    is_known,
)
from caliban_ls.analysis.script.libraries.click_option import TYPES, option
from caliban_ls.analysis.script.model import Conventions, Flag


@dataclass(eq=False, slots=True)
class Decoration:
    """A decorator that isn't applied yet."""

    kind: str
    call: Call
    group: ClickCommand | None = None


_EAGER = ("version", "help")


@dataclass(eq=False, slots=True)
class ClickCommand(Extensible):
    """A command, or a group of commands."""

    name: str
    call: Call
    function: Value
    options: list[Call] = field(default_factory=list)
    arguments: list[Call] = field(default_factory=list)
    eager: list[tuple[str, Call]] = field(default_factory=list)
    commands: list[ClickCommand] = field(default_factory=list)
    group: bool = False


def _call(run: Run, target: Value, arguments: Call) -> Value:
    if isinstance(target, ClickCommand):
        return _invoke(run, target, arguments)
    return _decorate(run, target, arguments.value("f", 0))


def _decorate(run: Run, decorator: Value, function: Value) -> Value:
    del run
    if isinstance(decorator, External):
        if decorator.name in {"click.command", "click.group"} and isinstance(function, Function):
            return _command(decorator.name, _bare(function), function, None)
        return function
    if not isinstance(decorator, Decoration):
        return function
    if decorator.kind in ("option", "argument", *_EAGER):
        if isinstance(function, ClickCommand):
            if decorator.kind in _EAGER:
                function.eager.append((decorator.kind, decorator.call))
            else:
                holder = {"argument": function.arguments}.get(decorator.kind, function.options)
                holder.append(decorator.call)
        elif isinstance(function, Function):
            function.options.append((decorator.kind, decorator.call))
        return function
    if decorator.kind == "pass":
        return function
    return _command(decorator.kind, decorator.call, function, decorator.group)


def _bare(function: Function) -> Call:
    """Return the call without arguments that a bare decorator stands for."""
    node = ast.Call(func=ast.Name("command"), args=[], keywords=[])
    ast.copy_location(node, function.node)
    return Call(node, function.scope, (), {}, exact=True)


def _command(kind: str, call: Call, function: Value, group: ClickCommand | None) -> Value:
    name = call.value("name", 0)
    own = getattr(getattr(function, "node", None), "name", "?")
    command = ClickCommand(
        name if isinstance(name, str) else own.lower().replace("_", "-"),
        call,
        function,
        group="group" in kind,
    )
    if isinstance(function, Function):
        command.options = [given for role, given in function.options if role == "option"][::-1]
        command.arguments = [given for role, given in function.options if role == "argument"]
        command.eager = [(role, given) for role, given in function.options if role in _EAGER]
        command.known = function.plain and all(
            role in ("option", "argument", *_EAGER) for role, _ in function.options
        )
    else:
        command.known = False
    if group is not None:
        group.commands.append(command)
    return command


def _method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    if isinstance(owner, ClickCommand):
        if name in {"command", "group"}:
            if arguments.positional and isinstance(arguments.positional[0].value, Function):
                return _command(
                    name, _bare(arguments.positional[0].value), arguments.positional[0].value, owner
                )
            return Decoration(name, arguments, owner)
        if name == "add_command":
            other = arguments.value("cmd", 0)
            if isinstance(other, ClickCommand):
                owner.commands.append(other)
            else:
                owner.known = False
            return None
        if name in {"main", "__call__"}:
            return _invoke(run, owner, arguments)
        owner.known = False
    return UNKNOWN


def _invoke(run: Run, command: ClickCommand, arguments: Call) -> Value:
    given = arguments.value("args", 0)
    parser = ScriptParser(LIBRARY)
    _fill(run, parser, command)
    run.parsers.append(parser)
    if not (given is None or (isinstance(given, CommandLine) and not given.whole)):
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


def _flattened(parser: ScriptParser) -> list[ScriptParser]:
    return [parser, *(inner for _, sub in parser.subparsers for inner in _flattened(sub))]


def _not_required(flag: Flag) -> Flag:
    return replace(flag, required=False)


def _fill(run: Run, parser: ScriptParser, command: ClickCommand) -> None:
    settings = command.call.value("context_settings", default=DictValue())
    if command.call.value("cls") is not None or not command.call.exact or not command.known:
        parser.complete = False
    if not isinstance(settings, DictValue) or not is_known(settings):
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
        names = settings.get("help_option_names") if isinstance(settings, DictValue) else None
        spelled = (
            tuple(one for one in names if isinstance(one, str))
            if isinstance(names, ListValue)
            else ("--help",)
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
    for role, call in command.eager:
        _add_eager(parser, role, call)
    for sub in command.commands:
        inner = ScriptParser(LIBRARY)
        _fill(run, inner, sub)
        parser.subparsers.append((sub.name, inner))
    if command.group and not command.commands:
        parser.complete = False


def _add_eager(parser: ScriptParser, role: str, call: Call) -> None:
    """Add an option that prints and exits. `version_option` takes the version before its names."""
    given = [one.value for one in call.positional[1 if role == "version" else 0 :]]
    names = tuple(one for one in given if isinstance(one, str) and one.startswith("-"))
    if not call.exact or len(names) < len(given):
        parser.complete = False
    source = call.scope.source
    parser.flags.append(
        Flag(name=role, names=names or (f"--{role}",), arity="none", hidden=True,
             path=source.path, span=span_of(source, call.node))
    )  # fmt: skip


def _decoration(kind: str) -> Handler:
    def create(run: Run, arguments: Call) -> Value:
        if arguments.positional and isinstance(arguments.positional[0].value, Function | ClickCommand):
            function = arguments.positional[0].value
            empty = _bare(function) if isinstance(function, Function) else function.call
            return _decorate(run, Decoration(kind, empty), function)
        return Decoration(kind, arguments)

    return create


_FUNCTIONS: dict[str, Handler] = {
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
    **TYPES,
}

LIBRARY = Library(
    name="click",
    package="click",
    conventions=Conventions(
        boolean_words=frozenset({"", "yes", "true", "t", "y", "1", "on", "no", "false", "f", "n", "0", "off"})
    ),
    functions=_FUNCTIONS,
    values=(ClickCommand, Decoration),
    call=_call,
    method=_method,
    decorate=_decorate,
    decorators=frozenset({"click.command", "click.group", "click.pass_context", "click.pass_obj"}),
    star_modules=frozenset({"click"}),
    exits=frozenset({"UsageError", "ClickException"}),
    refusals=frozenset({"BadParameter"}),
    defining_methods=frozenset({"add_command"}),
)
