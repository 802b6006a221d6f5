"""Read simple-parsing's flags: the fields of dataclasses, nested ones included."""

from __future__ import annotations

from dataclasses import replace

from caliban_ls.analysis.script.interpreter.annotations import member_names
from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.interpreter.names import items_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    ArgumentGroup,
    Call,
    Class,
    DictValue,
    ScriptParser,
    Value,
    is_known,
    scalars,
)
from caliban_ls.analysis.script.libraries import argparse
from caliban_ls.analysis.script.libraries.dataclass_fields import (
    DATACLASSES,
    Field,
    fields_of,
    flag_of,
    help_flag,
    maker,
)
from caliban_ls.analysis.script.model import Arity, Conventions, Flag, Scalar, ValueKind


def _create(run: Run, arguments: Call) -> Value:
    return argparse.create(run, arguments, LIBRARY)


def _method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    parser = argparse.parser_of(owner)
    if name == "__init__" and isinstance(owner, ScriptParser):
        argparse.set_up(parser, arguments)
        _check_settings(parser, arguments)
        return None
    if name == "add_arguments" and isinstance(owner, ScriptParser | ArgumentGroup):
        _add_arguments(run, parser, arguments)
        return UNKNOWN
    if name == "equivalent_argparse_code":
        return UNKNOWN
    return argparse.method(run, owner, name, arguments)


def _check_settings(parser: ScriptParser, arguments: Call) -> None:
    if arguments.keywords.keys() - {
        "description",
        "add_help",
        "prog",
        "epilog",
        "usage",
        "formatter_class",
        "parents",
    }:
        parser.complete = parser.certain = False


def _add_arguments(run: Run, parser: ScriptParser, arguments: Call) -> None:
    """Add the fields of a class to a parser (`add_arguments`)."""
    record = arguments.value("dataclass", 0)
    if arguments.value("prefix", default="") != "" or not arguments.exact:
        parser.complete = parser.certain = False
    before = len(parser.flags)
    _add_record(run, parser, record, 0)
    if arguments.value("default") is not None:
        parser.flags[before:] = [
            replace(flag, required=False, default=None) for flag in parser.flags[before:]
        ]
    names = [name for flag in parser.flags for name in flag.names]
    if len(set(names)) < len(names):
        # The library adds prefixes to flags of the same name.
        parser.complete = parser.certain = False


def _add_record(run: Run, parser: ScriptParser, record: Value, depth: int) -> None:
    found = fields_of(run, record) if isinstance(record, Class) and depth < 8 else None  # noqa: PLR2004 - deeper than any
    if found is None:
        parser.complete = False
        return
    for field in found:
        if field.type.record is not None and field.type.enumeration is None:
            if field.type.optional or (field.field_call is not None and field.field_call.kind != "field"):
                parser.complete = False
            else:
                _add_record(run, parser, field.type.record, depth + 1)
            continue
        flag = _simple_flag(field)
        if flag is None:
            parser.complete = False
        else:
            parser.flags.append(replace(flag, required=flag.required and not run.doubt))
            parser.destinations.append(field.name)


def _simple_flag(field: Field) -> Flag | None:
    """Return the flag of a field; None when it may be another."""
    made = field.field_call
    call = made.call if made is not None else None
    names = [f"--{field.name}"]
    if len(field.name) == 1:
        names.insert(0, f"-{field.name}")
    help_text: Value = None
    if made is not None and call is not None:
        aliases = _aliases(call)
        if made.kind in ("unknown", "subgroups") or aliases is None or not _is_shown(call):
            return None
        names += aliases
        help_text = call.value("help")
        if made.kind == "field" and call.keywords.keys() - _UNDERSTOOD:
            return flag_of(field, names, None, None, None, required=False, help_text=help_text)
    kind, arity, choices = _shape(field)
    negations: tuple[str, ...] = ()
    if kind == "bool" and arity == "optional":
        negations = (f"--no{field.name}",)
        prefix = (
            call.value("negative_prefix")
            if made is not None and made.kind == "flag" and call is not None
            else None
        )
        if prefix is not None:
            if not isinstance(prefix, str):
                return None
            negations = (f"{prefix}{field.name}",)
    required = field.has_default is False and not field.type.optional
    flag = flag_of(field, names, kind, arity, choices, required=required, help_text=help_text)
    return replace(flag, negations=negations)


_UNDERSTOOD = {"alias", "help", "default", "default_factory", "metadata", "choices", "cmd", "init"}


def _aliases(call: Call) -> list[str] | None:
    given = call.value("alias", default=())
    known = [given] if isinstance(given, str) else items_of(given)
    if known is None or not all(isinstance(one, str) for one in known):
        return None
    return [one if one.startswith("-") else ("--" if len(one) > 1 else "-") + one for one in known]


def _is_shown(call: Call) -> bool:
    return call.value("cmd", default=True) is True and call.value("init", default=True) is True


_Shape = tuple[ValueKind | None, Arity | None, tuple[Scalar, ...] | None]


def _shape(field: Field) -> _Shape:
    """Return the kind, number and choices of a field's values."""
    kind, arity, choices = field.type.kind, field.type.arity, field.type.choices
    if field.field_call is not None and field.field_call.kind == "choice":
        values = [one.value for one in field.field_call.call.positional]
        known = tuple(values[0]) if len(values) == 1 and isinstance(values[0], DictValue) else tuple(values)
        choices = scalars(known) if is_known(known) else None
        texts = bool(choices) and all(isinstance(one, str) for one in choices or ())
        return ("str", "one", choices) if texts else (None, None, choices)
    if field.field_call is not None and field.field_call.call.get("choices") is not None:
        choices = scalars(field.field_call.call.value("choices"))
    if field.type.enumeration is not None:
        return (
            ("str", "one", member_names(field.type.enumeration))
            if arity == "one" and not field.type.optional
            else (None, None, None)
        )
    if kind == "bool":
        return (None, None, None) if arity == "any" else ("bool", "optional", None)
    if field.type.optional and arity == "one":
        arity = "optional"
    if kind is None and choices is None and arity == "one":
        arity = None
    return kind, arity, choices


def _simple_parse(run: Run, arguments: Call) -> Value:
    """Follow `simple_parsing.parse(Config)`."""
    parser = ScriptParser(LIBRARY, abbreviations=True)
    run.parsers.append(parser)
    parser.flags.append(help_flag(arguments))
    if arguments.keywords.keys() - {"config_class", "dest", "default", "description"} or not arguments.exact:
        parser.complete = parser.certain = False
    if arguments.value("default") is not None:
        parser.complete = False
    _add_record(run, parser, arguments.value("config_class", 0), 0)
    if arguments.value("default") is not None:
        parser.flags = [replace(flag, required=False, default=None) for flag in parser.flags]
    run.invoke(parser)
    return UNKNOWN


LIBRARY = Library(
    name="simple-parsing",
    package="simple_parsing",
    conventions=Conventions(
        is_argparse=True,
        boolean_words=frozenset({"yes", "true", "t", "y", "1", "no", "false", "f", "n", "0"}),
        negations_take_values=True,
    ),
    functions={
        "simple_parsing.ArgumentParser": _create,
        "simple_parsing.parse": _simple_parse,
        **DATACLASSES,
        "simple_parsing.field": maker("field"),
        "simple_parsing.helpers.field": maker("field"),
        "simple_parsing.choice": maker("choice"),
        "simple_parsing.helpers.choice": maker("choice"),
        "simple_parsing.list_field": maker("list"),
        "simple_parsing.helpers.list_field": maker("list"),
        "simple_parsing.flag": maker("flag"),
        "simple_parsing.helpers.flag": maker("flag"),
        "simple_parsing.subgroups": maker("subgroups"),
        "simple_parsing.subparsers": maker("subgroups"),
        "simple_parsing.mutable_field": maker("unknown"),
    },
    method=_method,
    set_attribute=argparse.set_attribute,
    read_attribute=argparse.read_attribute,
    classes=frozenset({"simple_parsing.ArgumentParser"}),
    instantiate=argparse.instantiate,
    defining_methods=frozenset({"add_arguments"}),
)
