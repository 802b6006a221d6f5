"""Command lines made from classes of fields: transformers' HfArgumentParser, simple-parsing and tyro."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from caliban_ls.script.expressions import evaluate, items_of
from caliban_ls.script.from_typer import parameters
from caliban_ls.script.model import Arity, Flag, Scalar, ValueKind
from caliban_ls.script.run import Run, name_span, span_of
from caliban_ls.script.types import Type, annotation, names_of, understand, values_of
from caliban_ls.script.values import (
    UNKNOWN,
    Arguments,
    Call,
    Class,
    External,
    Function,
    Parser,
    Table,
    Value,
    is_known,
    scalars,
    shown,
)
from caliban_ls.text import Span


@dataclass(frozen=True, slots=True)
class FieldCall:
    """`field(…)` of dataclasses or simple-parsing, `choice(…)`, `HfArg(…)`."""

    kind: str
    call: Call


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a class, or one parameter of a function.

    Attributes:
        default: its value, UNKNOWN when it can't be known.
        has_default: whether it has one; None when that isn't known.
        made: by which function, None for a plain default.
    """

    name: str
    type: Type
    default: Value
    has_default: bool | None
    made: FieldCall | None
    path: str
    span: Span
    name_span: Span


def fields_of(run: Run, record: Class) -> Iterator[Field] | None:
    """Return the fields of a dataclass, bases first; None when they can't be known."""
    lineage = [one for one in record.lineage() if isinstance(one, Class)]
    if not record.known or not all(_is_dataclass(one) for one in lineage if _annotated(one)):
        return None
    return _fields(run, lineage[::-1])


def _fields(run: Run, lineage: list[Class]) -> Iterator[Field]:
    found: dict[str, Field] = {}
    for owner in lineage:
        source = owner.scope.source
        for statement in owner.node.body:
            if not isinstance(statement, ast.AnnAssign) or not isinstance(statement.target, ast.Name):
                continue
            value = annotation(run, statement.annotation, owner.scope)
            named = getattr(getattr(value, "base", value), "name", "")
            if named in {"typing.ClassVar", "dataclasses.KW_ONLY"}:
                continue
            default = evaluate(run, statement.value, owner.scope) if statement.value is not None else UNKNOWN
            name = statement.target.id
            has_default: bool | None = statement.value is not None
            made = default if isinstance(default, FieldCall) else None
            if made is not None:
                default, has_default = _made(made)
            found[name] = Field(
                name,
                understand(run, value, owner.scope),
                default,
                has_default,
                made,
                source.path,
                span_of(source, statement),
                name_span(source, statement.target),
            )
    return iter(found.values())


def _made(made: FieldCall) -> tuple[Value, bool | None]:
    """Return the default that a function gives to its field, and whether there is one."""
    call = made.call
    if made.kind in ("choice", "flag") or made.kind == "field":
        if call.get("default") is not None:
            return call.value("default"), True
        if made.kind == "field" and made.call.positional and call.node.func and made.call.scope:
            return call.positional[0].value, True
        if call.get("default_factory") is not None:
            factory = call.value("default_factory")
            if isinstance(factory, Function) and isinstance(factory.node, ast.Lambda):
                return UNKNOWN, True
            return UNKNOWN, True
        return UNKNOWN, False if call.exact else None
    return UNKNOWN, True


def _is_dataclass(record: Class) -> bool:
    return any(
        (isinstance(one, External) and one.name in _DATACLASS) or one == External("dataclasses.dataclass()")
        for one in record.decorators
    )


_DATACLASS = {"dataclasses.dataclass", "dataclasses.dataclass()", "simple_parsing.helpers.dataclass"}


def _annotated(record: Class) -> bool:
    return any(isinstance(statement, ast.AnnAssign) for statement in record.node.body)


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
    for alias in list(names):
        dashed = alias.replace("_", "-")
        if alias.startswith("--") and dashed not in names:
            names.append(dashed)
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
    flag = _flag(field, names, kind, arity, choices, required=required, help_text=metadata.get("help"))
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


def check_simple_parsing(parser: Parser, arguments: Call) -> None:
    """Take in the settings of simple-parsing's parser."""
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


def add_simple_parsing(run: Run, parser: Parser, arguments: Call) -> None:
    """Give a parser the flags of a class (`add_arguments`)."""
    record = arguments.value("dataclass", 0)
    if arguments.value("prefix", default="") != "" or not arguments.exact:
        parser.complete = parser.certain = False
    _add_record(run, parser, record, 0)
    names = [name for flag in parser.flags for name in flag.names]
    if len(set(names)) < len(names):
        # Flags of the same name are told apart by prefixes.
        parser.complete = parser.certain = False


def _add_record(run: Run, parser: Parser, record: Value, depth: int) -> None:
    found = fields_of(run, record) if isinstance(record, Class) and depth < 8 else None  # noqa: PLR2004 - deeper than any
    if found is None:
        parser.complete = False
        return
    for field in found:
        if field.type.record is not None and field.type.enumeration is None:
            if field.type.optional or (field.made is not None and field.made.kind != "field"):
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
    call = field.made.call if field.made is not None else None
    kind, arity, choices = field.type.kind, field.type.arity, field.type.choices
    names = [f"--{field.name}"]
    if len(field.name) == 1:
        names.insert(0, f"-{field.name}")
    negations: list[str] = []
    help_text: Value = None
    if call is not None:
        if field.made is not None and field.made.kind in ("unknown", "subgroups"):
            return None
        alias = call.value("alias", default=())
        for one in [alias] if isinstance(alias, str) else items_of(alias) or []:
            if isinstance(one, str):
                names.append(one if one.startswith("-") else ("--" if len(one) > 1 else "-") + one)
        if items_of(alias) is None and not isinstance(alias, str):
            return None
        help_text = call.value("help")
        settings = {"alias", "help", "default", "default_factory", "metadata", "choices", "cmd", "init"}
        if call.keywords.keys() - settings and field.made is not None and field.made.kind == "field":
            return _flag(field, names, None, None, None, required=False, help_text=help_text)
        if call.value("cmd", default=True) is not True or call.value("init", default=True) is not True:
            return None
        if call.get("choices") is not None:
            choices, kind = scalars(call.value("choices")), kind
    if field.made is not None and field.made.kind == "choice" and call is not None:
        values = [one.value for one in call.positional]
        table = values[0] if len(values) == 1 and isinstance(values[0], Table) else None
        known = tuple(table) if table is not None else tuple(values)
        choices = scalars(known) if is_known(known) else None
        kind, arity = (
            ("str", "one") if choices and all(isinstance(one, str) for one in choices) else (None, None)
        )
    if field.type.enumeration is not None:
        choices, kind = names_of(field.type.enumeration), "str"
        if arity != "one":
            kind, choices, arity = None, None, None
    if field.type.optional and arity == "one":
        arity = "optional"
    if kind == "bool":
        if arity == "any":
            return _flag(field, names, None, None, None, required=False, help_text=help_text)
        arity = "optional"
        if field.made is not None and field.made.kind == "flag":
            prefix = call.value("negative_prefix", default=None) if call is not None else None
            negations = [f"{prefix}{field.name}"] if isinstance(prefix, str) else []
            if prefix is not None and not isinstance(prefix, str):
                return None
        if not negations:
            negations = [f"--no{field.name}"] if len(field.name) > 1 else [f"--no{field.name}"]
    required = field.has_default is False and not field.type.optional
    if kind is None and choices is None and arity == "one":
        arity = None
    return replace(
        _flag(field, names, kind, arity, choices, required=required, help_text=help_text),
        negations=tuple(negations),
    )


def _simple_parse(run: Run, arguments: Call) -> Value:
    """Follow `simple_parsing.parse(Config)`."""
    parser = Parser("simple-parsing", abbreviations=True)
    run.parsers.append(parser)
    parser.flags.append(_help(arguments))
    if arguments.keywords.keys() - {"config_class", "dest", "default", "description"} or not arguments.exact:
        parser.complete = parser.certain = False
    if arguments.value("default") is not None:
        parser.complete = False
    _add_record(run, parser, arguments.value("config_class", 0), 0)
    if arguments.value("default") is not None:
        parser.flags = [replace(flag, required=False, default=None) for flag in parser.flags]
    run.invoke(parser)
    return UNKNOWN


def _tyro(run: Run, arguments: Call) -> Value:
    """Follow `tyro.cli(Config)`."""
    parser = Parser("tyro")
    run.parsers.append(parser)
    parser.flags.append(_help(arguments))
    args = arguments.value("args", default=None)
    if args is not None and not (isinstance(args, Arguments) and not args.whole):
        run.certain = False
    settings = {"f", "prog", "description", "args", "default", "console_outputs"}
    if arguments.keywords.keys() - settings or not arguments.exact:
        parser.complete = parser.certain = False
    target = arguments.value("f", 0)
    if isinstance(target, Function) and target.plain:
        _tyro_fields(run, parser, list(_parameters(run, target)), "")
        if target.node.args.vararg is not None or target.node.args.kwarg is not None:
            parser.complete = False
    else:
        _tyro_record(run, parser, target, "", 0)
    if arguments.value("default") is not None:
        # Types may be those of the default's own values.
        parser.flags = [replace(flag, required=False, default=None) for flag in parser.flags]
    run.invoke(parser)
    return UNKNOWN


def _parameters(run: Run, function: Function) -> Iterator[Field]:
    source = function.scope.source
    for declared in parameters(function):
        value = annotation(run, declared.node.annotation, function.scope)
        default = evaluate(run, declared.default, function.scope) if declared.default is not None else UNKNOWN
        yield Field(
            declared.node.arg,
            understand(run, value, function.scope),
            default,
            declared.default is not None,
            None,
            source.path,
            span_of(source, declared.node),
            name_span(source, declared.node),
        )


def _tyro_record(run: Run, parser: Parser, record: Value, prefix: str, depth: int) -> None:
    found = fields_of(run, record) if isinstance(record, Class) and depth < 8 else None  # noqa: PLR2004 - deeper than any
    if found is None:
        parser.complete = False
        return
    _tyro_fields(run, parser, list(found), prefix, depth)


def _tyro_fields(run: Run, parser: Parser, fields: list[Field], prefix: str, depth: int = 0) -> None:
    for field in fields:
        name = prefix + field.name.replace("_", "-").strip("-")
        kind = field.type
        if (
            kind.extra
            or (kind.arity is None and kind.record is None)
            or (kind.kind == "bool" and kind.arity != "one")
        ):
            parser.complete = False
            parser.flags.append(_flag(field, [f"--{name}"], None, None, None, required=False, help_text=None))
        elif kind.record is not None:
            if kind.optional:
                parser.complete = False
            else:
                _tyro_record(run, parser, kind.record, f"{name}.", depth + 1)
        else:
            parser.flags.append(
                replace(_tyro_flag(field, name), required=field.has_default is False and not run.doubt)
            )


def _tyro_flag(field: Field, name: str) -> Flag:
    kind, arity, choices = field.type.kind, field.type.arity, field.type.choices
    negations: tuple[str, ...] = ()
    if field.type.enumeration is not None:
        choices, kind = names_of(field.type.enumeration), "str"
    elif choices is not None:
        choices, kind = tuple(str(one) for one in choices), "str"
    elif kind == "bool" and field.has_default and isinstance(field.default, bool) and not field.type.optional:
        outer, dot, last = name.rpartition(".")
        arity, negations = "none", (f"--{outer}{dot}no-{last}",)
    elif kind == "bool":
        choices, kind = (
            (None, None)
            if field.type.optional or field.has_default is not False
            else (("True", "False"), "bool")
        )
        arity = "one" if choices else None
    if field.type.optional:
        kind, choices = None, None
    return replace(
        _flag(field, [f"--{name}"], kind, arity, choices, required=False, help_text=None), negations=negations
    )


def _flag(
    field: Field,
    names: list[str],
    kind: ValueKind | None,
    arity: Arity | None,
    choices: tuple[Scalar, ...] | None,
    *,
    required: bool,
    help_text: Value,
) -> Flag:
    return Flag(
        name=names[0 if len(names[0]) > 2 or len(names) == 1 else 1].lstrip("-"),  # noqa: PLR2004 - "-n" before "--n"
        names=tuple(names),
        kind=kind,
        arity=arity,
        choices=choices,
        default=shown(field.default) if field.has_default else None,
        required=required,
        repeatable=False,
        help=" ".join(help_text.split()) if isinstance(help_text, str) else None,
        path=field.path,
        span=field.span,
        name_spans=(field.name_span,),
    )


def _help(call: Call) -> Flag:
    source = call.scope.source
    return Flag(name="help", names=("-h", "--help"), arity="none", hidden=True, path=source.path,
                span=span_of(source, call.node))  # fmt: skip


def _field(kind: str) -> Callable[[Run, Call], Value]:
    return lambda _run, arguments: FieldCall(kind, arguments)


FUNCTIONS: dict[str, Callable[[Run, Call], Value]] = {
    "dataclasses.dataclass": lambda _run, _arguments: External("dataclasses.dataclass()"),
    "dataclasses.field": _field("field"),
    "simple_parsing.field": _field("field"),
    "simple_parsing.helpers.field": _field("field"),
    "simple_parsing.choice": _field("choice"),
    "simple_parsing.helpers.choice": _field("choice"),
    "simple_parsing.list_field": _field("list"),
    "simple_parsing.helpers.list_field": _field("list"),
    "simple_parsing.flag": _field("flag"),
    "simple_parsing.helpers.flag": _field("flag"),
    "simple_parsing.subgroups": _field("subgroups"),
    "simple_parsing.subparsers": _field("subgroups"),
    "simple_parsing.mutable_field": _field("unknown"),
    "simple_parsing.parse": _simple_parse,
    "transformers.hf_argparser.HfArg": _field("hf"),
    "tyro.cli": _tyro,
}
