"""Flags of transformers' HfArgumentParser: the fields of dataclasses."""

from __future__ import annotations

from dataclasses import replace

from caliban_ls.analysis.script.interpreter.annotations import values_of
from caliban_ls.analysis.script.interpreter.names import items_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import Call, Class, Parser, Table, Value, scalars
from caliban_ls.analysis.script.libraries.dataclass_fields import Field, fields_of, flag_of
from caliban_ls.analysis.script.model import Arity, Flag


def add_transformers(run: Run, parser: Parser, types: Value, arguments: Call) -> None:
    """Give a parser the flags of the classes that HfArgumentParser is made from."""
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
        values = values_of(field.type.enumeration)
        choices = values if values and all(isinstance(one, str) for one in values) else None
        kind = "str" if choices else None
    if choices is not None:
        # What is given is compared with the choices' own spelling.
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


def _metadata(field: Field) -> Table:
    if field.made is None:
        return Table()
    if field.made.kind == "hf":
        return Table(
            {
                name: one.value
                for name, one in field.made.call.keywords.items()
                if name not in {"default", "default_factory", "metadata"}
            }
        )
    value = field.made.call.value("metadata", default=Table())
    if isinstance(value, Table):
        return value
    unknown = Table()
    unknown.exact = False
    return unknown
