"""Read the flags of transformers' `HfArgumentParser`: the fields of dataclasses."""

from __future__ import annotations

from dataclasses import replace

from caliban_ls.analysis.script.interpreter.annotations import member_values
from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.interpreter.names import items_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    Class,
    DictValue,
    ScriptParser,
    Value,
    scalars,
)
from caliban_ls.analysis.script.libraries import argparse
from caliban_ls.analysis.script.libraries.dataclass_fields import (
    DATACLASSES,
    Field,
    fields_of,
    flag_of,
    maker,
)
from caliban_ls.analysis.script.model import Arity, Conventions, Flag


def _create(run: Run, arguments: Call) -> Value:
    return argparse.create(run, arguments, LIBRARY)


def _method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    parser = argparse.parser_of(owner)
    if name == "__init__" and isinstance(owner, ScriptParser):
        argparse.set_up(parser, arguments)
        _add_fields(run, parser, arguments)
        return None
    if name in _PARSES:
        if arguments.positional or arguments.keywords.keys() - {"return_remaining_strings"}:
            run.complete = run.certain = False  # a file may hold more arguments
        strict = arguments.value("return_remaining_strings", default=False) is False
        return argparse.parse(run, parser, arguments.value("args"), strict=strict)
    if name in {"parse_json_file", "parse_yaml_file", "parse_dict"}:
        return UNKNOWN
    return argparse.method(run, owner, name, arguments)


_PARSES = {*argparse.STRICT, "parse_args_into_dataclasses"}


def _add_fields(run: Run, parser: ScriptParser, arguments: Call) -> None:
    """Add the fields of the classes that the constructor gets."""
    types = arguments.value("dataclass_types", 0, default=())
    records = items_of(types) if not isinstance(types, Class) else [types]
    if records is None or (
        arguments.value("parents", default=()) not in ((), None) and not items_of(arguments.value("parents"))
    ):
        parser.complete = False
    for record in records or []:
        found = fields_of(run, record) if isinstance(record, Class) else None
        if found is None:
            parser.complete = False
            continue
        for one in found:
            for flag in _transformers_flags(one):
                parser.flags.append(replace(flag, required=flag.required and not run.doubt))
                parser.destinations.append(one.name)


def _transformers_flags(field: Field) -> list[Flag]:
    metadata = _metadata(field)
    aliases = items_of(metadata.get("aliases", ())) or []
    aliases += [metadata["aliases"]] if isinstance(metadata.get("aliases"), str) else []
    names = [f"--{field.name}"]
    if "_" in field.name:
        names.append(f"--{field.name.replace('_', '-')}")
    names += [one for one in aliases if isinstance(one, str)]
    kind, choices = field.type.kind, field.type.choices
    arity: Arity | None = field.type.arity
    if field.type.enumeration is not None:
        values = member_values(field.type.enumeration)
        choices = values if values and all(isinstance(one, str) for one in values) else None
        kind = "str" if choices else None
    if choices is not None:
        # The library compares the text with the spelling of the choices.
        choices, kind = tuple(str(one) for one in choices), "str"
    elif kind is None:
        arity = None if field.type.arity is None else arity
    if arity == "any":
        arity = "some"
    if arity == "several":
        arity, kind = None, None
    if kind == "bool" and arity == "one":
        arity = "one" if field.type.optional else "optional"
    given = metadata.get("choices")
    if given is not None:
        choices = scalars(tuple(items_of(given) or [])) if items_of(given) is not None else None
    if not metadata.exact or metadata.keys() & {"nargs", "action", "type"}:
        kind, arity, choices = None, None, None
    required = field.has_default is False and not (kind == "bool" and arity == "optional")
    flag = flag_of(field, names, kind, arity, choices, required=required, help_text=metadata.get("help"))
    flags = [flag]
    if kind == "bool" and arity == "optional" and field.default is True:
        negations = [f"--no_{field.name}"]
        negations += [f"--no-{field.name.replace('_', '-')}"]
        flags.append(
            replace(
                flag,
                name=f"no_{field.name}",
                names=tuple(negations),
                arity="none",
                required=False,
                default=None,
            )
        )
    return flags


def _metadata(field: Field) -> DictValue:
    if field.field_call is None:
        return DictValue()
    if field.field_call.kind == "hf":
        return DictValue(
            {
                name: one.value
                for name, one in field.field_call.call.keywords.items()
                if name not in {"default", "default_factory", "metadata"}
            }
        )
    value = field.field_call.call.value("metadata", default=DictValue())
    if isinstance(value, DictValue):
        return value
    unknown = DictValue()
    unknown.exact = False
    return unknown


def _finish(run: Run, path: str) -> None:
    """Look for the file of arguments that the library reads besides the command line."""
    if run.text(f"{path.removesuffix('.py')}.args") is not None:
        run.certain = False


_CLASSES = ("transformers.HfArgumentParser", "transformers.hf_argparser.HfArgumentParser")

LIBRARY = Library(
    name="transformers",
    package="transformers",
    conventions=Conventions(
        is_argparse=True,
        boolean_words=frozenset({"yes", "true", "t", "y", "1", "no", "false", "f", "n", "0"}),
    ),
    functions={
        **dict.fromkeys(_CLASSES, _create),
        **DATACLASSES,
        "transformers.hf_argparser.HfArg": maker("hf"),
    },
    method=_method,
    set_attribute=argparse.set_attribute,
    read_attribute=argparse.read_attribute,
    classes=frozenset(_CLASSES),
    instantiate=argparse.instantiate,
    finish=_finish,
)
