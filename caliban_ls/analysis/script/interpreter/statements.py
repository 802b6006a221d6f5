"""Follow statements in the order in which Python would run them.

Both branches of an undecided condition are followed, in doubt.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import Any

from caliban_ls.analysis.script.interpreter.calls import call_function
from caliban_ls.analysis.script.interpreter.decorators import apply_to_class, decorate
from caliban_ls.analysis.script.interpreter.expressions import assign, evaluate, joined
from caliban_ls.analysis.script.interpreter.imports import import_from, import_names
from caliban_ls.analysis.script.interpreter.names import items_of, truth
from caliban_ls.analysis.script.interpreter.operators import combined
from caliban_ls.analysis.script.interpreter.state import MOST_TURNS, Flow, Run, escape, escape_module
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Class,
    CommandLine,
    External,
    Function,
    Scope,
    UnknownValue,
    Value,
)


def execute(run: Run, statements: Sequence[ast.stmt], scope: Scope) -> Flow:
    """Follow statements, and return how they end.

    Statements after one that may have left the block are in doubt; the caller's doubt stays the same.
    """
    doubts = 0
    try:
        for statement in statements:
            run.step()
            handler = _HANDLERS.get(type(statement))
            flow = handler(run, statement, scope) if handler is not None else _others(run, statement, scope)
            if flow is not Flow.ON:
                return flow
            if _may_leave(statement):
                doubts += 1
                run.doubt += 1
    finally:
        run.doubt -= doubts
    return Flow.ON


def _may_leave(statement: ast.stmt) -> bool:
    """Whether a compound statement may leave the surrounding block."""
    if not isinstance(statement, ast.If | ast.Try | ast.With | ast.For | ast.While):
        return False
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Return | ast.Break | ast.Continue):
            return True
        if (
            not isinstance(
                node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef | ast.For | ast.While
            )
            or node is statement
        ):
            stack.extend(ast.iter_child_nodes(node))
        elif isinstance(node, ast.For | ast.While):
            stack.extend(child for child in ast.walk(node) if isinstance(child, ast.Return))
    return False


def _others(run: Run, statement: ast.stmt, scope: Scope) -> Flow:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.expr):
            evaluate(run, child, scope)
    return Flow.ON


def _expression(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - the handlers are chosen by type
    value = evaluate(run, node.value, scope)
    return Flow.STOP if value == External("sys.exit()") else Flow.ON


def _assignment(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    value = evaluate(run, node.value, scope)
    for target in node.targets:
        assign(run, target, value, scope)
    return Flow.ON


def _annotated(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    if node.value is not None:
        assign(run, node.target, evaluate(run, node.value, scope), scope)
    return Flow.ON


def _augmented(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    value = evaluate(run, node.value, scope)
    before = evaluate(run, node.target, scope)
    after = combined(type(node.op), before, value)
    if isinstance(after, UnknownValue):
        escape(run, before)
    assign(run, node.target, after, scope)
    return Flow.ON


def _function(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    function: Value = Function(node, scope)
    for decorator in reversed(node.decorator_list):
        function = decorate(run, evaluate(run, decorator, scope), function)
    scope.names[node.name] = function
    return Flow.ON


def _class(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    bases: list[Value] = []
    for base in node.bases:
        value = evaluate(run, base, scope)
        bases.append(getattr(value, "base", value))
    if any(keyword.arg != "metaclass" for keyword in node.keywords):
        bases.append(UNKNOWN)
    inner = Scope(scope.source, parent=scope)
    decorators = tuple(evaluate(run, decorator, scope) for decorator in node.decorator_list)
    found = Class(node, inner, tuple(bases), inner.names, decorators)
    execute(run, node.body, inner)
    # Methods don't see their class's names.
    for value in inner.names.values():
        if isinstance(value, Function) and value.scope is inner:
            value.owner = found
            value.scope = scope
    scope.names[node.name] = found
    _run_class_hooks(run, found, scope)
    return Flow.ON


def _run_class_hooks(run: Run, made: Class, scope: Scope) -> None:
    """Follow the hooks that may add a new class to a registry: of its metaclass, bases and decorators."""
    keywords = {one.arg: evaluate(run, one.value, scope) for one in made.node.keywords if one.arg is not None}
    metaclass = keywords.pop("metaclass", None)
    if isinstance(metaclass, Class):
        escape_module(run, metaclass.scope.module)
    hook = next((base.find("__init_subclass__") for base in made.bases if isinstance(base, Class)), None)
    if isinstance(hook, Function):
        exact = all(one.arg is not None for one in made.node.keywords)
        call_function(run, hook, (made,), keywords, exact=exact)
    for decorator in reversed(made.decorators):
        apply_to_class(run, decorator, made)


def _condition(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    decided = truth(evaluate(run, node.test, scope))
    if decided is not None:
        return execute(run, node.body if decided else node.orelse, scope)
    return _branches(
        run, scope, [lambda: execute(run, node.body, scope), lambda: execute(run, node.orelse, scope)]
    )


def _branches(
    run: Run, scope: Scope, branches: Sequence[Callable[[], Flow]], *, first_is_usual: bool = False
) -> Flow:
    """Follow branches from the same state, and keep the values on which all that go on agree."""
    before = dict(scope.names)
    ends: list[dict[str, Value]] = []
    flows: list[Flow] = []
    for place, branch in enumerate(branches):
        scope.names.clear()
        scope.names.update(before)
        if place == 0 and first_is_usual:
            flow = branch()
        else:
            with run.doubting():
                flow = branch()
        flows.append(flow)
        if flow is Flow.ON:
            ends.append(dict(scope.names))
    scope.names.clear()
    if not ends:
        scope.names.update(before)
        return Flow.STOP if all(flow is Flow.STOP for flow in flows) else Flow.RETURN
    merged = dict(ends[0])
    for end in ends[1:]:
        for name in {*merged, *end}:
            first, second = merged.get(name, UNKNOWN), end.get(name, UNKNOWN)
            if first is second:
                merged[name] = first
            elif name in merged and name in end:
                merged[name] = joined(run, first, second)
            else:
                # Set in one branch only: a later use can only mean that value.
                merged[name] = merged.get(name, end.get(name))
    scope.names.update(merged)
    return Flow.ON


def _loop(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    items = items_of(evaluate(run, node.iter, scope))
    if items is None or len(items) > MOST_TURNS:
        return _unknown_loop(run, node, scope, node.target)
    breaks = any(isinstance(child, ast.Break | ast.Continue) for child in ast.walk(node))
    for item in items:
        assign(run, node.target, item, scope)
        if breaks:
            with run.doubting():
                flow = execute(run, node.body, scope)
        else:
            flow = execute(run, node.body, scope)
        if flow in (Flow.RETURN, Flow.STOP):
            return flow if not breaks else Flow.ON
    return execute(run, node.orelse, scope)


def _unknown_loop(run: Run, node: Any, scope: Scope, target: ast.expr | None) -> Flow:  # noqa: ANN401 - see _expression
    """Follow a loop's body once; the names that a turn may change are unknown."""
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            escape(run, scope.names.get(child.id))
            scope.names[child.id] = UNKNOWN
    with run.doubting():
        if target is not None:
            assign(run, target, UNKNOWN, scope)
        flow = execute(run, node.body, scope)
        execute(run, node.orelse, scope)
    for child in ast.walk(node):
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            scope.names[child.id] = UNKNOWN
    forever = isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and flow is Flow.RETURN
    return Flow.RETURN if forever else Flow.ON


def _while(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    if truth(evaluate(run, node.test, scope)) is False:
        return execute(run, node.orelse, scope)
    return _unknown_loop(run, node, scope, None)


def _with(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    swallows = False
    for item in node.items:
        value = evaluate(run, item.context_expr, scope)
        swallows = swallows or isinstance(value, UnknownValue) or value == External("contextlib.suppress()")
        if item.optional_vars is not None:
            assign(run, item.optional_vars, value, scope)
    return execute(run, node.body, scope)


def _try(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    catches = any(_catches_exit(run, handler) for handler in node.handlers)

    def body() -> Flow:
        run.caught += catches
        flow = execute(run, node.body, scope)
        run.caught -= catches
        return execute(run, node.orelse, scope) if flow is Flow.ON else flow

    def handle(handler: ast.ExceptHandler) -> Flow:
        if handler.type is not None:
            evaluate(run, handler.type, scope)
        if handler.name:
            scope.names[handler.name] = UNKNOWN
        return execute(run, handler.body, scope)

    if node.handlers:
        handlers: list[Callable[[], Flow]] = [lambda handler=one: handle(handler) for one in node.handlers]  # type: ignore[misc]  # a lambda's default
        flow = _branches(run, scope, [body, *handlers], first_is_usual=True)
    else:
        flow = body()
    last = execute(run, node.finalbody, scope)
    return flow if last is Flow.ON else last


def _catches_exit(run: Run, handler: ast.ExceptHandler) -> bool:
    """Whether a handler keeps a parser's error from ending the script."""
    if handler.type is None:
        return True
    named = {child.id for child in ast.walk(handler.type) if isinstance(child, ast.Name)}
    named |= {child.attr for child in ast.walk(handler.type) if isinstance(child, ast.Attribute)}
    exits = {"SystemExit", "BaseException"}.union(*(library.exits for library in run.libraries))
    return bool(named & exits)


def _match(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    evaluate(run, node.subject, scope)

    def branch(case: ast.match_case) -> Flow:
        for child in ast.walk(case.pattern):
            name = getattr(child, "name", None)
            if isinstance(name, str):
                scope.names[name] = UNKNOWN
        return execute(run, case.body, scope)

    branches: list[Callable[[], Flow]] = [lambda case=one: branch(case) for one in node.cases]  # type: ignore[misc]  # a lambda's default
    return _branches(run, scope, [*branches, lambda: Flow.ON])


def _return(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    value = evaluate(run, node.value, scope)
    if run.returns:
        run.returns[-1].append(value)
    return Flow.RETURN


def _raise(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    _others(run, node, scope)
    return Flow.STOP


def _leave(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    del run, node, scope
    return Flow.LEAVE


def _delete(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    for target in node.targets:
        if isinstance(target, ast.Subscript):
            escape(run, owner := evaluate(run, target.value, scope))
            run.certain = run.certain and not isinstance(owner, CommandLine)
    return Flow.ON


def _global(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    del run
    scope.outer.update(node.names)
    return Flow.ON


def _import(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    import_names(run, node, scope)
    return Flow.ON


def _import_from(run: Run, node: Any, scope: Scope) -> Flow:  # noqa: ANN401 - see _expression
    import_from(run, node, scope)
    return Flow.ON


_HANDLERS: dict[type[ast.stmt], Callable[[Run, Any, Scope], Flow]] = {
    ast.Expr: _expression,
    ast.Assign: _assignment,
    ast.AnnAssign: _annotated,
    ast.AugAssign: _augmented,
    ast.FunctionDef: _function,
    ast.AsyncFunctionDef: _function,
    ast.ClassDef: _class,
    ast.If: _condition,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Match: _match,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.Break: _leave,
    ast.Continue: _leave,
    ast.Delete: _delete,
    ast.Global: _global,
    ast.Nonlocal: _global,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
}
