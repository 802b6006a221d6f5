"""Read absl's flags: `DEFINE_*` in every module that the script imports."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from caliban_ls.analysis.script.interpreter.annotations import member_names
from caliban_ls.analysis.script.interpreter.calls import apply
from caliban_ls.analysis.script.interpreter.library import Handler, Library
from caliban_ls.analysis.script.interpreter.names import is_enumeration, items_of
from caliban_ls.analysis.script.interpreter.source import literal_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    BoundMethod,
    Call,
    Function,
    ScriptParser,
    UnknownValue,
    Value,
    scalars,
    spelled,
)
from caliban_ls.analysis.script.known_modules import WITHOUT_FLAGS
from caliban_ls.analysis.script.model import Arity, Bounds, Conventions, Flag, ValueKind, known_bounds
from caliban_ls.core.text import Span

_KINDS: dict[str, ValueKind] = {"integer": "int", "float": "float", "string": "str", "enum": "str"}

# fmt: off
_SWITCHES: Final = (
    "?", "help", "helpshort", "helpfull", "helpxml", "only_check_args", "only_check_flags", "pdb",
    "pdb_post_mortem", "run_with_pdb", "run_with_profiling", "use_cprofile_for_profiling",
    "logtostderr", "alsologtostderr", "showprefixforinfo",
)
_WITH_VALUE: Final = (
    "v", "verbosity", "log_dir", "logger_levels", "stderrthreshold", "profile_file", "flagfile",
    "undefok",
)
# fmt: on
_OWN: Final[dict[str, Arity | None]] = {**dict.fromkeys(_SWITCHES, "none"), **dict.fromkeys(_WITH_VALUE)}
"""The flags that `absl.app`, `absl.logging` and `absl.flags` define."""


def _parser(run: Run) -> ScriptParser:
    """Return absl's parser; it has one for the whole program."""
    for parser in run.parsers:
        if parser.library is LIBRARY:
            return parser
    parser = ScriptParser(LIBRARY, positionals=True)
    run.parsers.append(parser)
    return parser


def _definer(name: str) -> Handler:
    """Return the handler of a `DEFINE_…` function."""

    def define(run: Run, arguments: Call) -> Value:
        parser = _parser(run)
        given = arguments.get("name", 0)
        if given is None or not isinstance(given.value, str):
            parser.complete = False
            return UNKNOWN
        parser.flags.append(_flag(run, name, arguments, given.value))
        return UNKNOWN

    return define


def _flag(run: Run, kind: str, arguments: Call, key: str) -> Flag:
    source = arguments.scope.source
    given = arguments.get("name", 0)
    span = literal_span(source, given.node) if given is not None else None
    default = arguments.value("default", 1)
    plain = kind.removeprefix("multi_")
    is_bool = plain in ("bool", "boolean")
    place = 2 if "enum" not in plain else 3
    help_text = arguments.value("help", place)
    short = arguments.value("short_name", place + 1 if plain in ("bool", "boolean", "string") else None)
    choices = scalars(arguments.value("enum_values", 2)) if plain == "enum" else None
    ignores_case = plain == "enum" and arguments.value("case_sensitive", default=True) is False
    if plain == "enum_class":
        enumeration = arguments.value("enum_class", 2)
        choices = member_names(enumeration) if is_enumeration(enumeration) else None
        ignores_case = arguments.value("case_sensitive", default=False) is not True
    if isinstance(short, UnknownValue):
        _parser(run).complete = False
    return Flag(
        name=key,
        names=(f"--{key}", f"--{short}") if isinstance(short, str) else (f"--{key}",),
        negations=(f"--no{key}",) if is_bool else (),
        kind="bool" if is_bool else _KINDS.get(plain, "str" if choices else None),
        arity="none" if is_bool else ("one" if plain in _VALUED else None),
        choices=choices,
        ignores_case=ignores_case,
        bounds=_bounds(arguments) if plain in ("integer", "float") else None,
        default=spelled(default),
        required=arguments.value("required", default=False) is True and not run.doubt,
        repeatable=kind.startswith("multi_"),
        help=" ".join(help_text.split()) if isinstance(help_text, str) else None,
        path=source.path,
        span=span_of(source, arguments.node),
        name_spans=() if span is None else (span,),
    )


def _bounds(arguments: Call) -> Bounds | None:
    return known_bounds(arguments.value("lower_bound", 3), arguments.value("upper_bound", 4))


_VALUED = {"string", "integer", "float", "enum", "enum_class", "list", "spaceseplist"}


def _alias(run: Run, arguments: Call) -> Value:
    parser = _parser(run)
    name, original = arguments.value("name", 0), arguments.value("original_name", 1)
    for place, flag in enumerate(parser.flags):
        if isinstance(name, str) and flag.name == original:
            negations = (*flag.negations, f"--no{name}") if flag.negations else ()
            parser.flags[place] = replace(flag, names=(*flag.names, f"--{name}"), negations=negations)
            return UNKNOWN
    parser.complete = False
    return UNKNOWN


def _require(run: Run, arguments: Call) -> Value:
    parser = _parser(run)
    wanted = arguments.value("flag_name", 0, default=arguments.value("flag_names", 0))
    names = [wanted] if isinstance(wanted, str) else items_of(wanted) or []
    for place, flag in enumerate(parser.flags):
        if flag.name in names and not run.doubt and flag.default is None:
            parser.flags[place] = replace(flag, required=True)
    return UNKNOWN


def _run(run: Run, arguments: Call) -> Value:
    parser = _parser(run)
    if arguments.value("flags_parser") is not None or arguments.value("argv") is not None:
        run.certain = False
    run.invoke(parser)
    main = arguments.value("main", 0)
    if isinstance(main, Function | BoundMethod):
        # It gets the positional arguments.
        apply(run, main, replace(arguments, positional=(), keywords={}, exact=False))
    return UNKNOWN


def _parse(run: Run, arguments: Call) -> Value:
    known = arguments.value("known_only", 1, default=False)
    run.invoke(_parser(run), strict=known is False)
    return UNKNOWN


def _nothing(run: Run, arguments: Call) -> Value:
    del run, arguments
    return UNKNOWN


def _finish(run: Run, path: str) -> None:
    """Add absl's own flags, and note whether modules outside the project may define more."""
    _parser(run).flags += [
        Flag(name=name, names=(f"--{name}",), negations=(f"--no{name}",) if arity else (), arity=arity, hidden=True,
             path=path, span=Span(0, 0))
        for name, arity in _OWN.items()
    ]  # fmt: skip
    if run.loads_before_parsing or not run.external_packages <= WITHOUT_FLAGS:
        run.complete = False


# fmt: off
_DEFINERS = (
    "string", "boolean", "bool", "integer", "float", "enum", "enum_class", "list", "spaceseplist", "multi",
    "multi_string", "multi_integer", "multi_float", "multi_enum", "multi_enum_class",
)
# fmt: on

_FUNCTIONS: dict[str, Handler] = {
    **{f"absl.flags.DEFINE_{name}": _definer(name) for name in _DEFINERS},
    **{f"absl.flags.{name}": _definer("unknown") for name in ("DEFINE", "DEFINE_flag")},
    "absl.flags.DEFINE_alias": _alias,
    "absl.flags.mark_flag_as_required": _require,
    "absl.flags.mark_flags_as_required": _require,
    "absl.flags.FLAGS": _parse,
    "absl.app.run": _run,
    "absl.app.define_help_flags": _nothing,
}

LIBRARY = Library(
    name="absl",
    package="absl",
    conventions=Conventions(
        stray_values="refused",  # absl stops reading flags there
        integers=r"\s*[-+]?0[xXoO][0-9a-fA-F_]+\s*",
        opening_flags=frozenset({"undefok", "flagfile"}),
    ),
    functions=_FUNCTIONS,
    star_modules=frozenset({"absl.flags"}),
    defining_prefix="DEFINE",
    finish=_finish,
    module_calls=(r"app\.run",),
)
