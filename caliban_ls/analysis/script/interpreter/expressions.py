"""Evaluate expressions: constants, names, attributes, and their combinations.

The run's evaluator follows calls. An expression that isn't understood is UNKNOWN; its parts are evaluated all the
same, since one may call a parser.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from caliban_ls.analysis.script.interpreter.names import (
    attribute,
    is_enumeration,
    items_of,
    look_up,
    members_of,
    set_attribute,
    truth,
)
from caliban_ls.analysis.script.interpreter.operators import combined, compared, sliced
from caliban_ls.analysis.script.interpreter.state import LONGEST, MOST_TURNS, Run, escape
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Argument,
    Call,
    Class,
    CommandLine,
    DictValue,
    EnumMember,
    External,
    Function,
    Generic,
    ListValue,
    Scope,
    Value,
    is_scalar,
)


def evaluate(run: Run, node: ast.expr | None, scope: Scope) -> Value:
    """Return the value of an expression."""
    if node is None:
        return None
    run.step()
    handler = _HANDLERS.get(type(node))
    if handler is not None:
        return handler(run, node, scope)
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            evaluate(run, child, scope)
    return UNKNOWN


def assign(run: Run, target: ast.expr, value: Value, scope: Scope) -> None:
    """Assign a value to a target."""
    if isinstance(target, ast.Name):
        holder = scope.module if target.id in scope.outer else scope
        holder.names[target.id] = value
    elif isinstance(target, ast.Starred):
        assign(run, target.value, UNKNOWN, scope)
        escape(run, value)
    elif isinstance(target, ast.Tuple | ast.List):
        items = items_of(value)
        if (
            items is None
            or len(items) != len(target.elts)
            or any(isinstance(one, ast.Starred) for one in target.elts)
        ):
            if items is not None:
                escape(run, value)
            items = [UNKNOWN] * len(target.elts)
        for one, item in zip(target.elts, items, strict=True):
            assign(run, one, item, scope)
    elif isinstance(target, ast.Attribute):
        set_attribute(run, evaluate(run, target.value, scope), target.attr, value)
    elif isinstance(target, ast.Subscript):
        _set_item(run, evaluate(run, target.value, scope), evaluate(run, target.slice, scope), value)


def _set_item(run: Run, owner: Value, key: Value, value: Value) -> None:
    if isinstance(owner, CommandLine):
        run.certain = False
    elif isinstance(owner, DictValue) and is_scalar(key) and not run.doubt:
        owner[key] = value
    else:
        if isinstance(owner, ListValue | DictValue):
            owner.exact = False
        escape(run, value)


def _constant(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - the handlers are chosen by type
    del run, scope
    value = node.value
    return value if value is None or is_scalar(value) else UNKNOWN


def _name(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    return look_up(run, node.id, scope)


def _attribute(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    return attribute(run, evaluate(run, node.value, scope), node.attr)


def _sequence(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    items, exact = _elements(run, node.elts, scope)
    if isinstance(node, ast.Tuple) and exact:
        return tuple(items)
    found = ListValue(items)
    found.exact = exact
    return found


def _elements(run: Run, nodes: list[ast.expr], scope: Scope) -> tuple[list[Value], bool]:
    items: list[Value] = []
    exact = True
    for node in nodes:
        if isinstance(node, ast.Starred):
            more = items_of(evaluate(run, node.value, scope))
            exact = exact and more is not None
            items += more or []
        else:
            items.append(evaluate(run, node, scope))
    return items, exact


def _dictionary(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    table = DictValue()
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = evaluate(run, value_node, scope)
        if key_node is None:
            if isinstance(value, DictValue):
                table.update(value)
            table.exact = table.exact and isinstance(value, DictValue) and value.exact
            continue
        key = evaluate(run, key_node, scope)
        if key is None or is_scalar(key) or isinstance(key, EnumMember | External):
            table[key] = value
        else:
            table.exact = False
    return table


def _binary(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    left, right = evaluate(run, node.left, scope), evaluate(run, node.right, scope)
    if isinstance(node.op, ast.BitOr):
        if isinstance(left, DictValue) and isinstance(right, DictValue):
            merged = DictValue({**left, **right})
            merged.exact = left.exact and right.exact
            return merged
        types = (External, Class, Generic)
        if isinstance(left, types) or isinstance(right, types):
            return Generic(External("typing.Union"), (left, right))
    return combined(type(node.op), left, right)


def _formatted(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    pieces: list[str] = []
    known = True
    for part in node.values:
        if isinstance(part, ast.Constant):
            pieces.append(str(part.value))
            continue
        value = evaluate(run, part.value, scope)
        plain = is_scalar(value) and part.conversion in (-1, 115) and part.format_spec is None
        known = known and plain
        pieces.append(str(value))
    return "".join(pieces) if known and sum(map(len, pieces)) <= LONGEST else UNKNOWN


def _comparison(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    left = evaluate(run, node.left, scope)
    result: Value = True
    for operation, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(run, comparator, scope)
        if isinstance(right, CommandLine) or isinstance(left, CommandLine):
            run.complete = False  # the script searches the command line itself
        result = compared(type(operation), left, right)
        if result is not True:
            return result
        left = right
    return result


def _boolean(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    stops = isinstance(node.op, ast.Or)
    doubts = 0
    result: Value = UNKNOWN
    try:
        for child in node.values:
            result = evaluate(run, child, scope)
            decided = truth(result)
            if decided is stops:
                return result if not doubts else (stops or UNKNOWN)
            if decided is None:
                run.doubt += 1
                doubts += 1
    finally:
        run.doubt -= doubts
    return result if not doubts else UNKNOWN


def _unary(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    value = evaluate(run, node.operand, scope)
    if isinstance(node.op, ast.Not):
        decided = truth(value)
        return UNKNOWN if decided is None else not decided
    if isinstance(node.op, ast.USub) and isinstance(value, int | float):
        return -value
    return value if isinstance(node.op, ast.UAdd) and isinstance(value, int | float) else UNKNOWN


def _condition(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    decided = truth(evaluate(run, node.test, scope))
    if decided is not None:
        return evaluate(run, node.body if decided else node.orelse, scope)
    with run.doubting():
        first, second = evaluate(run, node.body, scope), evaluate(run, node.orelse, scope)
    return joined(run, first, second)


def joined(run: Run, first: Value, second: Value) -> Value:
    """Return a value that is one of two: the value itself where they are equal."""
    if first is second:
        return first
    plain = (str, int, float, tuple)
    if type(first) is type(second) and isinstance(first, (*plain, External)) and first == second:
        return first
    escape(run, first)
    escape(run, second)
    return UNKNOWN


def _subscript(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    owner = evaluate(run, node.value, scope)
    if isinstance(node.slice, ast.Slice):
        bounds = [
            evaluate(run, part, scope) for part in (node.slice.lower, node.slice.upper, node.slice.step)
        ]
        return sliced(owner, bounds)
    key = evaluate(run, node.slice, scope)
    if isinstance(owner, External | Generic) or (isinstance(owner, Class) and not is_enumeration(owner)):
        return Generic(owner, key if isinstance(key, tuple) else (key,))
    if isinstance(owner, Class) and isinstance(key, str):
        return next((member for member in members_of(owner) if member.name == key), UNKNOWN)
    if isinstance(owner, DictValue) and owner.exact and is_scalar(key):
        return owner.get(key, UNKNOWN)
    items = items_of(owner) if not isinstance(owner, DictValue) else None
    if items is not None and isinstance(key, int) and -len(items) <= key < len(items):
        return items[key]
    return UNKNOWN


def _comprehension(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    inner = Scope(scope.source, parent=scope)
    found: list[Value] = []

    def turn(rest: list[ast.comprehension]) -> bool:
        """Follow the remaining loops, and return whether all items are known."""
        if not rest:
            if isinstance(node, ast.DictComp):
                found.append((evaluate(run, node.key, inner), evaluate(run, node.value, inner)))
            else:
                found.append(evaluate(run, node.elt, inner))
            return len(found) <= LONGEST
        items = items_of(evaluate(run, rest[0].iter, inner))
        known = items is not None and len(items) <= MOST_TURNS
        with run.doubting():
            for item in (items or []) if known else [UNKNOWN]:
                assign(run, rest[0].target, item, inner)
                tests = [truth(evaluate(run, test, inner)) for test in rest[0].ifs]
                if False in tests:
                    continue
                known = turn(rest[1:]) and known and None not in tests
        return known

    exact = turn(node.generators)
    if isinstance(node, ast.DictComp):
        good = [pair for pair in found if is_scalar(pair[0])]
        table = DictValue(good)
        table.exact = exact and len(good) == len(found)
        return table
    items = ListValue(found)
    items.exact = exact
    return items


def _named(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    value = evaluate(run, node.value, scope)
    assign(run, node.target, value, scope)
    return value


def _lambda(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    del run
    return Function(node, scope)


def _call(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    target = evaluate(run, node.func, scope)
    return run.evaluator.apply(run, target, _arguments(run, node, scope))


def _arguments(run: Run, node: ast.Call, scope: Scope) -> Call:
    """Evaluate the arguments of a call."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    exact = True
    for argument in node.args:
        value = evaluate(run, argument.value if isinstance(argument, ast.Starred) else argument, scope)
        if not isinstance(argument, ast.Starred):
            positional.append(Argument(value, argument))
            continue
        items = items_of(value)
        exact = exact and items is not None
        elements = argument.value.elts if isinstance(argument.value, ast.Tuple | ast.List) else []
        for place, item in enumerate(items or []):
            positional.append(Argument(item, elements[place] if place < len(elements) else argument.value))
    for keyword in node.keywords:
        value = evaluate(run, keyword.value, scope)
        if keyword.arg is not None:
            keywords[keyword.arg] = Argument(value, keyword.value)
        elif isinstance(value, DictValue) and value.exact:
            keywords.update({str(name): Argument(item, keyword.value) for name, item in value.items()})
        else:
            exact = False
            escape(run, value)
    return Call(node, scope, tuple(positional), keywords, exact)


def _inner(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    return evaluate(run, node.value, scope)


_HANDLERS: dict[type[ast.expr], Callable[[Run, Any, Scope], Value]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.List: _sequence,
    ast.Tuple: _sequence,
    ast.Set: _sequence,
    ast.Dict: _dictionary,
    ast.BinOp: _binary,
    ast.JoinedStr: _formatted,
    ast.Compare: _comparison,
    ast.BoolOp: _boolean,
    ast.UnaryOp: _unary,
    ast.IfExp: _condition,
    ast.Subscript: _subscript,
    ast.ListComp: _comprehension,
    ast.SetComp: _comprehension,
    ast.GeneratorExp: _comprehension,
    ast.DictComp: _comprehension,
    ast.NamedExpr: _named,
    ast.Lambda: _lambda,
    ast.Call: _call,
    ast.Await: _inner,
}
