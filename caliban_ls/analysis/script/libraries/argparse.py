"""Read argparse's flags: parsers, groups, subparsers, parents, and `add_argument`.

The public functions serve the libraries whose parsers derive from `ArgumentParser`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from caliban_ls.analysis.script.interpreter.calls import call_with
from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.interpreter.names import items_of
from caliban_ls.analysis.script.interpreter.source import span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Action,
    ArgumentGroup,
    Call,
    Class,
    CommandLine,
    External,
    Function,
    ScriptParser,
    Subparsers,
    Value,
    is_known,
    spelled,
)
from caliban_ls.analysis.script.libraries.argparse_argument import flag_of
from caliban_ls.analysis.script.model import Conventions, Flag

_CHANGES_PARSING = {
    "_get_option_tuples",
    "_parse_optional",
    "_parse_known_args",
    "_check_value",
    "_get_values",
    "_get_value",
    "_add_action",
    "convert_arg_line_to_args",
    "error",
}


def create(run: Run, arguments: Call, library: Library) -> ScriptParser:
    """Return a new parser; the library's `method` handles `__init__`."""
    parser = ScriptParser(library)
    run.parsers.append(parser)
    _initialize(run, parser, arguments)
    return parser


def _initialize(run: Run, parser: ScriptParser, arguments: Call) -> None:
    if parser.library.method is not None:
        parser.library.method(run, parser, "__init__", arguments)


def set_up(parser: ScriptParser, arguments: Call) -> None:
    """Set up a parser from the arguments of its constructor."""
    abbreviations = arguments.value("allow_abbrev", default=True)
    parser.abbreviations = abbreviations is True
    prefixes = arguments.value("prefix_chars", default="-")
    from_file = arguments.value("fromfile_prefix_chars")
    parser.from_file = from_file is not None
    if (
        not arguments.exact
        or not isinstance(abbreviations, bool)
        or prefixes != "-"
        or not isinstance(from_file, str | None)
    ):
        parser.complete = parser.certain = False
    if arguments.value("add_help", default=True) is not False:
        parser.flags.append(_help(arguments))
        parser.destinations.append("help")
    parents = arguments.value("parents", default=())
    known = items_of(parents)
    for parent in known or []:
        if isinstance(parent, ScriptParser):
            _adopt(parser, parent)
        else:
            parser.complete = False
    if known is None:
        parser.complete = False


def instantiate(run: Run, library: Library, target: Class, arguments: Call) -> ScriptParser:
    """Return an object of the project's subclass of `ArgumentParser`."""
    parser = ScriptParser(library, type=target)
    run.parsers.append(parser)
    for name in _CHANGES_PARSING:
        if target.find(name) is not None and name != "error":
            parser.complete = parser.certain = False
    constructor = target.find("__init__")
    if isinstance(constructor, Function):
        call_with(run, constructor, parser, arguments)
    else:
        _initialize(run, parser, arguments)
    return parser


def method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    """Call a method of a parser, a group or an action."""
    parser = parser_of(owner)
    if isinstance(owner, Action):
        return UNKNOWN
    if isinstance(owner, Subparsers):
        return _add_parser(parser, arguments) if name == "add_parser" else UNKNOWN
    handler = _METHODS.get(name)
    if handler is not None:
        return handler(run, owner, parser, arguments)
    if name in STRICT:
        return parse(run, parser, arguments.value("args", 0))
    if name in _LENIENT:
        parse(run, parser, arguments.value("args", 0), strict=False)
        return (UNKNOWN, CommandLine())
    if name not in _HARMLESS:
        parser.complete = False
        if name.startswith("_") or name == "register":
            parser.certain = False
    return UNKNOWN


STRICT = {"parse_args", "parse_intermixed_args"}
_LENIENT = {
    "parse_known_args",
    "parse_known_intermixed_args",
}  # these also return the arguments that are left
_HARMLESS = {"print_help", "print_usage", "format_help", "format_usage", "error", "exit", "get_default"}


def parser_of(owner: Value) -> ScriptParser:
    """Return the parser of a group, of subparsers or of an action, or the parser itself."""
    parser: ScriptParser = owner.parser if isinstance(owner, ArgumentGroup | Subparsers | Action) else owner
    return parser


def read_attribute(run: Run, owner: Value, name: str) -> None:
    """Note that code may change a parser's flags through a private attribute, unless it has parsed."""
    if (
        not isinstance(owner, ScriptParser | ArgumentGroup)
        or not name.startswith("_")
        or name.startswith("__")
    ):
        return
    # Scripts reorder the help with these.
    if name not in {"_action_groups", "_optionals", "_positionals"}:
        parser = parser_of(owner)
        if all(one.parser is not parser for one in run.invocations):
            parser.certain = False


def set_attribute(owner: Value, name: str, value: Value) -> None:
    """Set an attribute of a parser or an action."""
    if isinstance(owner, Action):
        flag = owner.parser.flags[owner.place]
        changed = replace(flag, required=False, choices=None, default=None)
        owner.parser.flags[owner.place] = (
            changed if name in {"required", "choices", "default"} else replace(changed, kind=None, arity=None)
        )
        return
    parser = parser_of(owner)
    if name in {
        "description",
        "epilog",
        "usage",
        "prog",
        "title",
        "_positionals",
        "_optionals",
        "formatter_class",
    }:
        return
    if (
        isinstance(owner, ScriptParser)
        and owner.type is not None
        and not name.startswith("_")
        and name not in _SETTINGS
    ):
        owner.attributes[name] = value
        return
    parser.complete = parser.certain = False


_SETTINGS = {
    "allow_abbrev",
    "prefix_chars",
    "fromfile_prefix_chars",
    "conflict_handler",
    "argument_default",
    "add_help",
}


def _set_up(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    del run, owner
    set_up(parser, arguments)
    return None


def _add_group(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    del run, arguments
    return ArgumentGroup(parser, owner.exclusive if isinstance(owner, ArgumentGroup) else None)


def _add_exclusive_group(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    del owner
    run.last_group += 1
    if run.doubt:
        return ArgumentGroup(parser, None)
    if arguments.value("required") is True:
        parser.needed.append(run.last_group)
    return ArgumentGroup(parser, run.last_group)


def _add_subparsers(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    del run, owner
    if arguments.value("parser_class") is not None:
        parser.complete = False
    parser.positionals = True
    return Subparsers(parser)


def _add_parser(parent: ScriptParser, arguments: Call) -> Value:
    name = arguments.value("name", 0)
    sub = ScriptParser(LIBRARY)
    set_up(sub, replace(arguments, positional=()))
    parent.subparsers.append((name if isinstance(name, str) else "?", sub))
    if not isinstance(name, str):
        parent.complete = False
    return sub


def _set_defaults(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    del run, owner
    for place, (flag, destination) in enumerate(zip(parser.flags, parser.destinations, strict=True)):
        if not arguments.exact:
            parser.flags[place] = replace(flag, default=None)
        elif destination in arguments.keywords:
            parser.flags[place] = replace(flag, default=spelled(arguments.keywords[destination].value))
    return None


def parse(run: Run, parser: ScriptParser, given: Value, *, strict: bool = True) -> Value:
    """Make a parser read the given arguments; None stands for the command line."""
    if given is None or (isinstance(given, CommandLine) and not given.whole):
        run.invoke(parser, strict=strict)
    elif not is_known(given) or isinstance(given, CommandLine):
        run.certain = False
        run.invoke(parser, strict=strict)
    return UNKNOWN


def add_argument(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    """Add one argument, and return its action."""
    names = [one.value for one in arguments.positional]
    if not all(isinstance(name, str) for name in names) or (not arguments.exact and not names):
        parser.complete = False
        return UNKNOWN
    if not names or not names[0].startswith("-"):
        parser.positionals = True
        return UNKNOWN
    if not all(name.startswith("-") for name in names):
        return UNKNOWN  # argparse refuses these
    flag = flag_of(run, owner.exclusive if isinstance(owner, ArgumentGroup) else None, arguments)
    for place, other in enumerate(parser.flags):
        if set(other.names) & set(names):
            # The later flag replaces the name, or argparse refuses both.
            parser.flags[place] = replace(other, required=False)
            flag = replace(flag, required=False)
    parser.flags.append(flag)
    destination = arguments.value("dest")
    parser.destinations.append(destination if isinstance(destination, str) else flag.name.replace("-", "_"))
    return Action(parser, len(parser.flags) - 1)


def _adopt(parser: ScriptParser, parent: ScriptParser) -> None:
    """Copy a parent parser's flags, as they are now."""
    own = {name for flag in parser.flags for name in flag.names}
    for flag, destination in zip(parent.flags, parent.destinations, strict=True):
        if not own & set(flag.names):
            parser.flags.append(flag)
            parser.destinations.append(destination)
    parser.subparsers += parent.subparsers
    parser.needed += parent.needed
    parser.positionals = parser.positionals or parent.positionals
    parser.complete = parser.complete and parent.complete
    parser.certain = parser.certain and parent.certain


def _help(arguments: Call) -> Flag:
    source = arguments.scope.source
    return Flag(
        name="help",
        names=("-h", "--help"),
        arity="none",
        hidden=True,
        help="show this help message and exit",
        path=source.path,
        span=span_of(source, arguments.node),
    )


def _file_type(run: Run, arguments: Call) -> Value:
    del run, arguments
    return External("argparse.FileType()")


def _get_attribute(run: Run, owner: Value, parser: ScriptParser, arguments: Call) -> Value:
    del run, owner, arguments
    parser.complete = False
    return UNKNOWN


_METHODS: dict[str, Callable[[Run, Any, ScriptParser, Call], Value]] = {
    "__init__": _set_up,
    "add_argument": add_argument,
    "add_argument_group": _add_group,
    "add_mutually_exclusive_group": _add_exclusive_group,
    "add_subparsers": _add_subparsers,
    "set_defaults": _set_defaults,
}


def _create(run: Run, arguments: Call) -> Value:
    return create(run, arguments, LIBRARY)


LIBRARY = Library(
    name="argparse",
    package="argparse",
    conventions=Conventions(is_argparse=True, calls_bool=True),
    functions={"argparse.ArgumentParser": _create, "argparse.FileType": _file_type},
    method=method,
    set_attribute=set_attribute,
    read_attribute=read_attribute,
    classes=frozenset({"argparse.ArgumentParser"}),
    instantiate=instantiate,
    star_modules=frozenset({"argparse"}),
    exits=frozenset({"ArgumentError"}),
    refusals=frozenset({"ArgumentTypeError"}),
    defining_methods=frozenset({"add_argument", "add_parser", "add_argument_group"}),
    module_calls=(r"[^\s#].*\bparse_(?:known_)?args",),
)
