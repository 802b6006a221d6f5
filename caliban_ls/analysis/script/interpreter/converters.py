"""Read which texts a script's converter function accepts (`type=own_function`), without running it.

The function is read up to the first statement that isn't understood; the checks before it apply in any case. So
every text that counts as refused here is refused by the function.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from caliban_ls.analysis.script.interpreter.expressions import evaluate
from caliban_ls.analysis.script.interpreter.source import Source
from caliban_ls.analysis.script.interpreter.state import Run
from caliban_ls.analysis.script.interpreter.values import External, Function, scalars
from caliban_ls.analysis.script.model import Bounds, ValueKind

_Subject: TypeAlias = Literal["text", "int", "float"]

_CONVERSIONS: Final[dict[str, Literal["int", "float"]]] = {"builtins.int": "int", "builtins.float": "float"}
_REFUSALS: Final = frozenset({"ValueError", "TypeError"})
_FOLDS: Final = frozenset({"lower", "upper", "casefold", "strip"})
_MIRRORED: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.Gt,
    ast.LtE: ast.GtE,
    ast.Gt: ast.Lt,
    ast.GtE: ast.LtE,
}
_OPPOSITE: Final[dict[type[ast.cmpop], type[ast.cmpop]]] = {
    ast.Lt: ast.GtE,
    ast.LtE: ast.Gt,
    ast.Gt: ast.LtE,
    ast.GtE: ast.Lt,
}


@dataclass(frozen=True, slots=True)
class Accepted:
    """The texts that a converter accepts.

    Attributes:
        kind: the type that it converts a text to; None where that is unknown.
        bounds: the range of numbers that it accepts.
        words: the only texts that it accepts; None where they are unknown.
        ignores_case: whether a word may be spelled in other case.
        same: whether it returns the converted number itself.
    """

    kind: ValueKind | None = None
    bounds: Bounds | None = None
    words: tuple[str, ...] | None = None
    ignores_case: bool = False
    same: bool = False


@dataclass(slots=True)
class _ConverterReading:
    """The state of reading one converter: the subjects that its names hold, and what it requires of the text."""

    run: Run
    function: Function
    names: dict[str, _Subject]
    kind: Literal["int", "float"] | None = None
    bounds: Bounds = field(default_factory=Bounds)
    words: tuple[str, ...] | None = None
    folded: bool = False

    def known(self, *, same: bool) -> Accepted:
        bounds = self.bounds if self.kind is not None and self.bounds != Bounds() else None
        if self.words is not None and self.kind is None:
            return Accepted("str", None, self.words, self.folded, same=False)
        return Accepted(self.kind, bounds, same=same)


def accepted_by(run: Run, function: Function) -> Accepted:
    """Return which texts a converter accepts."""
    node = function.node
    parameters = [*node.args.posonlyargs, *node.args.args]
    if not function.plain or isinstance(node, ast.AsyncFunctionDef) or not parameters:
        return Accepted()
    reading = _ConverterReading(run, function, {parameters[0].arg: "text"})
    if any(isinstance(child, ast.Yield | ast.YieldFrom | ast.NamedExpr) for child in ast.walk(node)):
        return (
            Accepted()
        )  # a generator doesn't run when called, and a walrus rebinds a name inside an expression
    if isinstance(node, ast.Lambda):
        subject = _note_conversions(reading, node.body)
        return reading.known(same=subject is not None and subject == reading.kind)
    return _read(reading, list(node.body))


def _read(reading: _ConverterReading, statements: list[ast.stmt]) -> Accepted:
    accepted: tuple[str, ...] = ()
    while statements:
        statement = statements.pop(0)
        match statement:
            case ast.Expr(value=ast.Constant()):
                continue
            case ast.If(test=test, body=[ast.Return()], orelse=rest) if _is_of_other_type(reading, test):
                statements = rest + statements  # the parser passes texts only
            case ast.If(test=test, body=[ast.Return()], orelse=rest) if (
                words := _words(reading, test)
            ) is not None:
                accepted += words
                statements = rest + statements
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _subject(reading, value) == "text":
                reading.names[name] = "text"
            case ast.Raise() if accepted and _refuses(reading, [statement]):
                reading.words = accepted
                break
            case _ if accepted:
                break  # the checks below don't apply to the words accepted above
            case ast.If(test=test, body=[ast.Return() as end], orelse=rest) if _refuses(
                reading, rest or statements[:1]
            ):
                refused = ast.If(ast.UnaryOp(ast.Not(), test), rest or statements[:1], [])
                statements = [refused, end]
            case ast.If(test=test, body=body, orelse=rest) if _refuses(reading, body):
                _note_conversions(reading, test)
                reading.words = _words(reading, test, refused=True) or reading.words
                reading.bounds = reading.bounds & _bounds_if_false(reading, test)
                statements = rest + statements
            case ast.Try(body=inner, handlers=handlers, orelse=rest, finalbody=[]) if all(
                _refuses(reading, one.body) for one in handlers
            ):
                statements = inner + rest + statements
            case (
                ast.Assign(targets=[ast.Name(id=name)], value=value)
                | ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value)
            ):
                subject = _note_conversions(reading, value)
                if subject is None:
                    break
                reading.names[name] = subject
            case ast.Return(value=ast.expr() as value):
                subject = _note_conversions(reading, value)
                return reading.known(same=subject is not None and subject == reading.kind)
            case _:
                break
    return reading.known(same=False)


def _refuses(reading: _ConverterReading, body: list[ast.stmt]) -> bool:
    """Whether statements only raise an exception by which a converter refuses a text."""
    if not body:
        return False
    *before, last = body
    if not isinstance(last, ast.Raise) or not all(isinstance(one, ast.Assign | ast.Expr) for one in before):
        return False
    raised = last.exc.func if isinstance(last.exc, ast.Call) else last.exc
    if raised is None:  # the error of int() or float()
        return True
    name = raised.attr if isinstance(raised, ast.Attribute) else getattr(raised, "id", "")
    return name in _REFUSALS or any(name in library.refusals for library in reading.run.libraries)


def _subject(reading: _ConverterReading, node: ast.expr) -> _Subject | None:
    """Return the subject that an expression holds: the text or the number made of it; None for anything else."""
    if isinstance(node, ast.Name):
        return reading.names.get(node.id)
    if not isinstance(node, ast.Call) or node.keywords:
        return None
    if isinstance(node.func, ast.Attribute):
        if node.func.attr in _FOLDS and not node.args and _subject(reading, node.func.value) == "text":
            reading.folded = True
            return "text"
        return None
    if len(node.args) != 1 or not isinstance(node.func, ast.Name) or _is_local(reading, node.func.id):
        return None
    read_as = _CONVERSIONS.get(getattr(evaluate(reading.run, node.func, reading.function.scope), "name", ""))
    inner = _subject(reading, node.args[0])
    if read_as is None or inner is None:
        return None
    return read_as if inner in ("text", read_as) else None  # int(0.5) is another number


def _note_conversions(reading: _ConverterReading, node: ast.expr) -> _Subject | None:
    """Note the conversions that an expression makes in any case, and return the subject that it holds."""
    subject = _subject(reading, node)
    match node:
        case ast.Call() if subject in ("int", "float"):
            # Of two conversions the stricter one decides; the inner one of int(float(text)) is noted by itself.
            _note_conversions(reading, node.args[0])
            if _subject(reading, node.args[0]) == "text":
                reading.kind = "int" if "int" in (subject, reading.kind) else "float"
        case ast.Call(func=ast.Name(), args=[inner], keywords=[]):
            _note_conversions(reading, inner)
        case ast.BoolOp(values=[first, *_]) | ast.UnaryOp(operand=first):
            _note_conversions(reading, first)
        case ast.BinOp(left=left, right=right) | ast.Compare(left=left, comparators=[right, *_]):
            _note_conversions(reading, left)
            _note_conversions(reading, right)
    return subject


def _is_of_other_type(reading: _ConverterReading, test: ast.expr) -> bool:
    """Whether a condition asks if the text is of another type."""
    match test:
        case ast.Call(func=ast.Name(id="isinstance"), args=[ast.Name(id=name), ast.Name(id=kind)]):
            return reading.names.get(name) == "text" and kind in ("bool", "int", "float", "list", "dict")
    return False


def _words(reading: _ConverterReading, test: ast.expr, *, refused: bool = False) -> tuple[str, ...] | None:
    """Return the texts that make a condition true (`refused`: the only ones that make it false); None if unknown."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=values) if not refused:
            parts = [_words(reading, one) for one in values]
            known = [part for part in parts if part is not None]
            return tuple(word for part in known for word in part) if len(known) == len(parts) else None
        case ast.UnaryOp(op=ast.Not(), operand=operand) if refused:
            return _words(reading, operand)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            wanted = (ast.NotIn, ast.NotEq) if refused else (ast.In, ast.Eq)
            if not isinstance(operator, wanted) or _subject(reading, left) != "text":
                return None
            value = _constant(reading, right)
            listed = (value,) if isinstance(operator, ast.Eq | ast.NotEq) else scalars(value)
            if listed is None or not all(isinstance(one, str) for one in listed):
                return None
            return tuple(str(one) for one in listed)
    return None


def _bounds_if_false(reading: _ConverterReading, test: ast.expr) -> Bounds:
    """Return the bounds of a number where a condition is false; no bounds where it isn't understood."""
    match test:
        case ast.BoolOp(op=ast.Or(), values=values):
            bounds = Bounds()
            for one in values:
                bounds = bounds & _bounds_if_false(reading, one)
            return bounds
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _bounds_if_true(reading, operand)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            if isinstance(operator, ast.NotIn):
                return _in_range(reading, left, right)
            opposite = _OPPOSITE.get(type(operator))
            return Bounds() if opposite is None else _compared(reading, left, opposite, right)
    return Bounds()


def _bounds_if_true(reading: _ConverterReading, test: ast.expr) -> Bounds:
    """Return the bounds of a number where a condition is true."""
    bounds = Bounds()
    match test:
        case ast.BoolOp(op=ast.And(), values=values):
            for one in values:
                bounds = bounds & _bounds_if_true(reading, one)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return _bounds_if_false(reading, operand)
        case ast.Compare(left=left, ops=operators, comparators=comparators):
            sides = [left, *comparators]
            for place, operator in enumerate(operators):
                bounds = bounds & _compared(reading, sides[place], type(operator), sides[place + 1])
    return bounds


def _compared(
    reading: _ConverterReading, left: ast.expr, operator: type[ast.cmpop], right: ast.expr
) -> Bounds:
    if operator not in _MIRRORED:
        return Bounds()
    if _subject(reading, left) not in ("int", "float"):
        left, operator, right = right, _MIRRORED[operator], left
    limit = _constant(reading, right)
    if (
        _subject(reading, left) not in ("int", "float")
        or isinstance(limit, bool)
        or not isinstance(limit, int | float)
        or not math.isfinite(limit)
    ):
        return Bounds()
    is_open = operator in (ast.Lt, ast.Gt)
    if operator in (ast.Gt, ast.GtE):
        return Bounds(low=limit, low_open=is_open)
    return Bounds(high=limit, high_open=is_open)


def _in_range(reading: _ConverterReading, left: ast.expr, right: ast.expr) -> Bounds:
    """Return the bounds of a whole number that is in `range(…)`."""
    if (
        _subject(reading, left) != "int"
        or not isinstance(right, ast.Call)
        or right.keywords
        or evaluate(reading.run, right.func, reading.function.scope) != External("builtins.range")
    ):
        return Bounds()
    match [_constant(reading, one) for one in right.args]:
        case [int(stop)]:
            return Bounds(0, stop - 1)
        case [int(start), int(stop)]:
            return Bounds(start, stop - 1)
    return Bounds()


def _constant(reading: _ConverterReading, node: ast.expr) -> object:
    """Return the value of an expression that stays the same until the call; None where it may change."""
    scope = reading.function.scope
    names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
    if any(_is_local(reading, name) or not _is_settled(scope.source, name) for name in names):
        return None
    simple = ast.Constant | ast.Tuple | ast.List | ast.Set | ast.Dict | ast.Name | ast.UnaryOp | ast.BinOp
    parts = ast.walk(node)
    if not all(isinstance(one, simple | ast.expr_context | ast.unaryop | ast.operator) for one in parts):
        return None
    value: object = evaluate(reading.run, node, scope)
    return value


def _is_local(reading: _ConverterReading, name: str) -> bool:
    """Whether a name is local to the function."""
    return _times_bound(reading.function.node, name) > 0


def _is_settled(source: Source, name: str) -> bool:
    """Whether a name is bound once in a file, outside loops."""
    loops = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
    again = (_times_bound(one, name) for one in ast.walk(source.tree) if isinstance(one, loops))
    return _times_bound(source.tree, name) == 1 and not any(again)


def _times_bound(tree: ast.AST, name: str) -> int:
    """Count the bindings of a name in a tree."""
    times = 0
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=own, ctx=ast.Store() | ast.Del()) | ast.arg(arg=own):
                times += own == name
            case ast.FunctionDef(name=own) | ast.AsyncFunctionDef(name=own) | ast.ClassDef(name=own):
                times += own == name
            case ast.Global(names=owns) | ast.Nonlocal(names=owns):
                times += name in owns
            case ast.alias():
                times += (node.asname or node.name.partition(".")[0]) in (name, "*")
    return times
