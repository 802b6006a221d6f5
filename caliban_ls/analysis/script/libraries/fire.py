"""Read Fire's flags: the parameters of a function, or of a class and its methods."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from caliban_ls.analysis.script.interpreter.expressions import evaluate
from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.interpreter.source import name_span, span_of
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    Class,
    DictValue,
    Function,
    ScriptParser,
    Value,
    spelled,
)
from caliban_ls.analysis.script.model import Conventions, Flag


def _fire(run: Run, arguments: Call) -> Value:
    parser = ScriptParser(LIBRARY, positionals=True)
    run.parsers.append(parser)
    target = arguments.value("component", 0)
    if (
        arguments.value("command") is not None
        or arguments.value("serialize") is not None
        or not arguments.exact
    ):
        run.certain = False
    if isinstance(target, Function):
        _fill(run, parser, target, bound=False)
    elif isinstance(target, Class):
        _fill_class(run, parser, target)
    elif (
        isinstance(target, DictValue)
        and target.exact
        and all(isinstance(one, Function) for one in target.values())
    ):
        for name, function in target.items():
            inner = ScriptParser(LIBRARY)
            _fill(run, inner, function, bound=False)
            parser.subparsers.append((str(name), inner))
    else:
        parser.complete = False
    parser.flags.append(
        Flag(name="help", names=("-h", "--help"), arity="none", hidden=True, path=arguments.scope.source.path,
             span=span_of(arguments.scope.source, arguments.node))
    )  # fmt: skip
    run.invoke(parser)
    return UNKNOWN


def _fill_class(run: Run, parser: ScriptParser, target: Class) -> None:
    if not target.known or target.decorators:
        parser.complete = False
    constructor = target.find("__init__")
    if isinstance(constructor, Function):
        _fill(run, parser, constructor, bound=True)
    seen: set[str] = set()
    for one in target.lineage():
        for name, value in one.names.items() if isinstance(one, Class) else ():
            if name in seen or name.startswith("_"):
                continue
            seen.add(name)
            if isinstance(value, Function):
                inner = ScriptParser(LIBRARY)
                _fill(run, inner, value, bound=value.role in ("function", "classmethod"))
                parser.subparsers.append((name, inner))
                parser.complete = parser.complete and value.role != "property"


def _fill(run: Run, parser: ScriptParser, function: Function, *, bound: bool) -> None:
    """Add a function's parameters; the object that it returns would read the rest of the command line."""
    if not function.plain or function.node.args.kwarg is not None or _returns(function.node):
        parser.complete = False
    source = function.scope.source
    for declared in list(function.parameters())[1 if bound else 0 :]:
        name = declared.node.arg
        default = evaluate(run, declared.default, function.scope) if declared.default is not None else UNKNOWN
        parser.flags.append(
            Flag(
                name=name,
                names=(f"--{name}",),
                negations=(f"--no{name}",),
                arity="optional",
                default=spelled(default),
                required=declared.default is None and not bound and not run.doubt and function.plain,
                path=source.path,
                span=span_of(source, declared.node),
                name_spans=(name_span(source, declared.node),),
            )
        )


def _returns(node: ast.AST) -> bool:
    """Whether a function may return anything but None."""
    if isinstance(node, ast.Lambda):
        return True
    return any(
        isinstance(child, ast.Yield | ast.YieldFrom)
        or (isinstance(child, ast.Return) and child.value is not None and not _is_none(child.value))
        for child in _own_nodes(node)
    )


def _own_nodes(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            yield from _own_nodes(child)


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


LIBRARY = Library(
    name="fire",
    package="fire",
    conventions=Conventions(
        ignores_dashes=True, stray_values="taken", negations_take_values=True, one_letter_flags=True
    ),
    functions={"fire.Fire": _fire, "fire.core.Fire": _fire},
    module_calls=(r"fire\.Fire",),
)
