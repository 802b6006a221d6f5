"""Read tyro's flags: the fields of a dataclass or the parameters of a function, dotted when nested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from caliban_ls.analysis.script.interpreter.annotations import annotation, member_names, type_info
from caliban_ls.analysis.script.interpreter.expressions import evaluate
from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.interpreter.source import name_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    Class,
    CommandLine,
    Function,
    ScriptParser,
    Value,
)
from caliban_ls.analysis.script.libraries.dataclass_fields import (
    DATACLASSES,
    Field,
    fields_of,
    flag_of,
    help_flag,
)
from caliban_ls.analysis.script.model import Conventions, Flag


def _tyro(run: Run, arguments: Call) -> Value:
    """Follow `tyro.cli(Config)`."""
    parser = ScriptParser(LIBRARY)
    run.parsers.append(parser)
    parser.flags.append(help_flag(arguments))
    args = arguments.value("args", default=None)
    if args is not None and not (isinstance(args, CommandLine) and not args.whole):
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
        # Types may come from the default's values.
        parser.flags = [replace(flag, required=False, default=None) for flag in parser.flags]
    run.invoke(parser)
    return UNKNOWN


def _parameters(run: Run, function: Function) -> Iterator[Field]:
    source = function.scope.source
    for declared in function.parameters():
        value = annotation(run, declared.node.annotation, function.scope)
        default = evaluate(run, declared.default, function.scope) if declared.default is not None else UNKNOWN
        yield Field(
            declared.node.arg,
            type_info(run, value, function.scope),
            default,
            declared.default is not None,
            None,
            source.path,
            span_of(source, declared.node),
            name_span(source, declared.node),
        )


def _tyro_record(run: Run, parser: ScriptParser, record: Value, prefix: str, depth: int) -> None:
    found = fields_of(run, record) if isinstance(record, Class) and depth < 8 else None  # noqa: PLR2004 - deeper than any
    if found is None:
        parser.complete = False
        return
    _tyro_fields(run, parser, list(found), prefix, depth)


def _tyro_fields(run: Run, parser: ScriptParser, fields: list[Field], prefix: str, depth: int = 0) -> None:
    for field in fields:
        name = prefix + field.name.replace("_", "-").strip("-")
        kind = field.type
        if (
            kind.extra
            or (kind.arity is None and kind.record is None)
            or (kind.kind == "bool" and kind.arity != "one")
        ):
            parser.complete = False
            parser.flags.append(
                flag_of(field, [f"--{name}"], None, None, None, required=False, help_text=None)
            )
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
        choices, kind = member_names(field.type.enumeration), "str"
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
        flag_of(field, [f"--{name}"], kind, arity, choices, required=False, help_text=None),
        negations=negations,
    )


LIBRARY = Library(
    name="tyro",
    package="tyro",
    conventions=Conventions(ignores_dashes=True),
    functions={"tyro.cli": _tyro, **DATACLASSES},
)
