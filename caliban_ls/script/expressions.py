"""What an expression of a script stands for: constants, names, attributes, and what is made of them.

Calls are in `calls`. An expression that can't be worked out is UNKNOWN, and its parts are followed all the
same, since a parser may be called in one of them.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterator
from typing import Any

from caliban_ls.script.run import Run, import_module
from caliban_ls.script.values import (
    UNKNOWN,
    Arguments,
    Bound,
    Class,
    External,
    Function,
    Generic,
    Instance,
    Items,
    Member,
    Scope,
    Super,
    Table,
    Unknown,
    Value,
    is_known,
    is_scalar,
)

_LONGEST = 10_000  # characters and items; no flag is made of more
_MOST_TURNS = 300

_BUILTINS = frozenset(
    [
        "int",
        "float",
        "str",
        "bool",
        "bytes",
        "complex",
        "object",
        "list",
        "dict",
        "tuple",
        "set",
        "frozenset",
        "type",
        "range",
        "len",
        "sorted",
        "zip",
        "enumerate",
        "getattr",
        "setattr",
        "hasattr",
        "isinstance",
        "issubclass",
        "print",
        "exit",
        "quit",
        "map",
        "filter",
        "reversed",
        "sum",
        "min",
        "max",
        "any",
        "all",
        "open",
        "super",
        "exec",
        "eval",
        "compile",
        "globals",
        "locals",
        "vars",
        "staticmethod",
        "classmethod",
        "property",
        "abs",
        "round",
        "iter",
        "next",
        "repr",
        "callable",
        "id",
        "input",
        "delattr",
        "__import__",
    ]
)

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda item, all_items: item in all_items,
    ast.NotIn: lambda item, all_items: item not in all_items,
    ast.Is: lambda one, other: one is other,
    ast.IsNot: lambda one, other: one is not other,
}


def evaluate(run: Run, node: ast.expr | None, scope: Scope) -> Value:
    """Return what an expression stands for."""
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


def truth(value: Value) -> bool | None:
    """Return whether a value counts as true, None when it is unknown."""
    if isinstance(value, Items | Table):
        return True if value else (False if value.exact else None)
    if value is None or is_scalar(value) or isinstance(value, tuple):
        return bool(value)
    if isinstance(value, External):
        return False if value.name == "typing.TYPE_CHECKING" else None
    return None


def look_up(run: Run, name: str, scope: Scope) -> Value:
    """Return what a name stands for."""
    found: Scope | None = scope
    while found is not None:
        if name in found.names and name not in found.outer:
            return found.names[name]
        found = found.parent
    if name in _BUILTINS:
        return External(f"builtins.{name}")
    for star in scope.module.stars:
        if star in {"argparse", "absl.flags", "click", "typer", "typing", "dataclasses", "enum"}:
            return External(f"{star}.{name}")
    return UNKNOWN


def attribute(run: Run, owner: Value, name: str) -> Value:
    """Return an attribute of a value."""
    if isinstance(owner, External):
        if owner.name == "sys" and name == "argv":
            return Arguments(whole=True)
        return External(f"{owner.name}.{name}")
    if isinstance(owner, Scope):
        if name in owner.names:
            return owner.names[name]
        return _submodule(run, owner, name)
    if isinstance(owner, Class):
        return _class_attribute(owner, name)
    if isinstance(owner, Instance):
        if name in owner.attributes:
            return owner.attributes[name]
        return _bind(run, owner, owner.type.find(name), name)
    if isinstance(owner, Super):
        for one in list(owner.type.lineage())[1:]:
            if isinstance(one, Class) and name in one.names:
                return _bind(run, owner.owner, one.names[name], name)
        return Bound(owner.owner, name)
    if isinstance(owner, Member):
        return {"name": owner.name, "value": owner.value}.get(name, UNKNOWN)
    if isinstance(owner, Unknown) or owner is None:
        return UNKNOWN
    own = getattr(owner, "attributes", None)
    if isinstance(own, dict) and name in own:
        return own[name]
    kind = getattr(owner, "type", None)
    if isinstance(kind, Class) and kind.find(name) is not None:
        return _bind(run, owner, kind.find(name), name)
    return Bound(owner, name)


def items_of(value: Value) -> list[Value] | None:
    """Return what a loop over a value would see, None when that isn't known."""
    if isinstance(value, Items | Table):
        return list(value) if value.exact else None
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return list(value)
    if isinstance(value, Class) and value.derives("enum.Enum", "enum.StrEnum", "enum.IntEnum"):
        return list(members_of(value))
    return None


def members_of(enumeration: Class) -> Iterator[Member]:
    """Yield the members of an enumeration."""
    for name, value in enumeration.names.items():
        if not name.startswith("_") and not isinstance(value, Function | Class):
            yield Member(enumeration, name, value)


def is_enumeration(value: Value) -> bool:
    """Whether a value is one of the project's enumerations."""
    return isinstance(value, Class) and value.derives("enum.Enum", "enum.StrEnum", "enum.IntEnum")


def assign(run: Run, target: ast.expr, value: Value, scope: Scope) -> None:
    """Let a target stand for a value."""
    from caliban_ls.script.calls import escape, set_attribute

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
    from caliban_ls.script.calls import escape

    if isinstance(owner, Arguments):
        run.certain = False
    elif isinstance(owner, Table) and is_scalar(key) and not run.doubt:
        owner[key] = value
    else:
        if isinstance(owner, Items | Table):
            owner.exact = False
        escape(run, value)


def _submodule(run: Run, owner: Scope, name: str) -> Value:
    from caliban_ls.script.statements import execute_module

    if owner.source.path.endswith("__init__.py"):
        found = import_module(run, name, 1, owner, execute_module)
        if isinstance(found, Scope):
            return found
    for star in owner.stars:
        return External(f"{star}.{name}")
    return UNKNOWN


def _class_attribute(owner: Class, name: str) -> Value:
    found = owner.find(name)
    if is_enumeration(owner):
        if name == "__members__":
            return Table({member.name: member for member in members_of(owner)})
        if name == "_member_names_":
            return Items(member.name for member in members_of(owner))
        for member in members_of(owner):
            if member.name == name:
                return member
    if name == "__name__":
        return owner.node.name
    if isinstance(found, Function) and found.role == "classmethod":
        return Bound(owner, found)
    return UNKNOWN if found is None else found


def _bind(run: Run, owner: Value, found: Value, name: str) -> Value:
    from caliban_ls.script.calls import call_function

    if isinstance(found, Function):
        if found.role == "property":
            return call_function(run, found, (owner,), {}, exact=True)
        if found.role == "staticmethod":
            return found
        return Bound(
            owner.type if found.role == "classmethod" and isinstance(owner, Instance) else owner, found
        )
    if found is None:
        return Bound(owner, name) if not isinstance(owner, Instance) else UNKNOWN
    return found


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
    found = Items(items)
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
    table = Table()
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = evaluate(run, value_node, scope)
        if key_node is None:
            if isinstance(value, Table):
                table.update(value)
            table.exact = table.exact and isinstance(value, Table) and value.exact
            continue
        key = evaluate(run, key_node, scope)
        if key is None or is_scalar(key) or isinstance(key, Member | External):
            table[key] = value
        else:
            table.exact = False
    return table


def _binary(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    left, right = evaluate(run, node.left, scope), evaluate(run, node.right, scope)
    if isinstance(node.op, ast.BitOr):
        if isinstance(left, Table) and isinstance(right, Table):
            merged = Table({**left, **right})
            merged.exact = left.exact and right.exact
            return merged
        types = (External, Class, Generic)
        if isinstance(left, types) or isinstance(right, types):
            return Generic(External("typing.Union"), (left, right))
    return combined(type(node.op), left, right)


def combined(operation: type[ast.operator], left: Value, right: Value) -> Value:
    """Return what an operator makes of two values."""
    apply = _OPERATORS.get(operation)
    if apply is None or not is_known(left) or not is_known(right):
        return UNKNOWN
    plain = (str, int, float, tuple)
    if isinstance(left, Items) and isinstance(right, Items) and operation is ast.Add:
        return Items([*left, *right])
    if not isinstance(left, plain) or not isinstance(right, plain):
        return UNKNOWN
    if operation is ast.Mult and (
        not isinstance(left, int | float)
        or not isinstance(right, int | float)
        or abs(left) + abs(right) > 1e12  # noqa: PLR2004 - keeps numbers short
    ):
        return UNKNOWN
    if operation is ast.Mod and isinstance(left, str) and _wide(left):
        return UNKNOWN
    try:
        result = apply(left, right)
    except Exception:  # noqa: BLE001 - whatever the script's own operator would raise
        return UNKNOWN
    return UNKNOWN if isinstance(result, str | tuple) and len(result) > _LONGEST else result


def _wide(template: str) -> bool:
    """Whether a template may ask for a width, which could be of any size."""
    return any(f"%{digit}" in template for digit in "123456789*")


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
    return "".join(pieces) if known and sum(map(len, pieces)) <= _LONGEST else UNKNOWN


def _comparison(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    left = evaluate(run, node.left, scope)
    result: Value = True
    for operation, comparator in zip(node.ops, node.comparators, strict=True):
        right = evaluate(run, comparator, scope)
        if isinstance(right, Arguments) or isinstance(left, Arguments):
            run.complete = False  # looked through by hand
        result = _compare(type(operation), left, right)
        if result is not True:
            return result
        left = right
    return result


def _compare(operation: type[ast.cmpop], left: Value, right: Value) -> Value:
    if operation in (ast.Is, ast.IsNot):
        if (
            (left is None or right is None)
            and not isinstance(left, Unknown | External)
            and not isinstance(right, Unknown | External)
        ):
            return (left is right) is (operation is ast.Is)
        return UNKNOWN
    comparable = (str, int, float, tuple, list, dict, type(None))
    if not (
        isinstance(left, comparable) and isinstance(right, comparable) and is_known(left) and is_known(right)
    ):
        return UNKNOWN
    try:
        return bool(_COMPARISONS[operation](left, right))
    except Exception:  # noqa: BLE001 - see `combined`
        return UNKNOWN


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
    """Return what is known of a value that is one of two."""
    from caliban_ls.script.calls import escape

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
        return _slice(owner, bounds)
    key = evaluate(run, node.slice, scope)
    if isinstance(owner, External | Generic) or (isinstance(owner, Class) and not is_enumeration(owner)):
        return Generic(owner, key if isinstance(key, tuple) else (key,))
    if isinstance(owner, Class) and isinstance(key, str):
        return next((member for member in members_of(owner) if member.name == key), UNKNOWN)
    if isinstance(owner, Table) and owner.exact and is_scalar(key):
        return owner.get(key, UNKNOWN)
    items = items_of(owner) if not isinstance(owner, Table) else None
    if items is not None and isinstance(key, int) and -len(items) <= key < len(items):
        return items[key]
    return UNKNOWN


def _slice(owner: Value, bounds: list[Value]) -> Value:
    if isinstance(owner, Arguments) and owner.whole and bounds == [1, None, None]:
        return Arguments()
    if isinstance(owner, str | tuple | Items) and all(
        bound is None or isinstance(bound, int) for bound in bounds
    ):
        if not is_known(owner) or bounds[2] == 0:
            return UNKNOWN
        part = owner[slice(*bounds)]
        return Items(part) if isinstance(owner, Items) else part
    return UNKNOWN


def _comprehension(run: Run, node: Any, scope: Scope) -> Value:  # noqa: ANN401 - see _constant
    inner = Scope(scope.source, parent=scope)
    found: list[Value] = []

    def turn(rest: list[ast.comprehension]) -> bool:
        """Go through the rest of the loops; return whether all of it is known."""
        if not rest:
            if isinstance(node, ast.DictComp):
                found.append((evaluate(run, node.key, inner), evaluate(run, node.value, inner)))
            else:
                found.append(evaluate(run, node.elt, inner))
            return len(found) <= _LONGEST
        items = items_of(evaluate(run, rest[0].iter, inner))
        known = items is not None and len(items) <= _MOST_TURNS
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
        table = Table(good)
        table.exact = exact and len(good) == len(found)
        return table
    items = Items(found)
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
    from caliban_ls.script.calls import call

    return call(run, node, scope)


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
