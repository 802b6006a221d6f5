"""Call functions and classes: the project's, Python's own and the parser libraries'.

A value that is passed to code outside the project escapes: that code may change it.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

from caliban_ls.analysis.script.interpreter.builtins import (
    builtin,
    command_line_method,
    container_method,
    text_method,
)
from caliban_ls.analysis.script.interpreter.expressions import evaluate, joined
from caliban_ls.analysis.script.interpreter.library import library_of
from caliban_ls.analysis.script.interpreter.names import is_enumeration, members_of
from caliban_ls.analysis.script.interpreter.state import (
    MOST_CALLS,
    Exhausted,
    Flow,
    Run,
    escape,
    import_module,
    load_unnamed,
)
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    BoundMethod,
    Call,
    Class,
    CommandLine,
    DictValue,
    External,
    Function,
    Instance,
    ListValue,
    Scope,
    Super,
    UnknownValue,
    Value,
    is_scalar,
)

_EXITS = {"sys.exit", "os._exit", "builtins.exit", "builtins.quit"}


def apply(run: Run, target: Value, arguments: Call) -> Value:
    """Call a value, and return the result."""
    if isinstance(target, Function):
        return call_with(run, target, None, arguments)
    if isinstance(target, BoundMethod):
        if isinstance(target.target, Function):
            return call_with(run, target.target, target.owner, arguments)
        return _method(run, target.owner, target.target, arguments)
    if isinstance(target, Class):
        return _instantiate(run, target, arguments)
    if isinstance(target, External):
        if target.name == "builtins.super":
            return _super(arguments)
        return _external(run, target.name, arguments)
    library = library_of(run, target)
    if library is not None and library.call is not None:
        return library.call(run, target, arguments)
    if isinstance(target, Instance):
        bound = target.type.find("__call__")
        if isinstance(bound, Function):
            return call_with(run, bound, target, arguments)
    return _unknown(run, arguments)


def call_function(
    run: Run, function: Function, positional: tuple[Value, ...], keywords: Mapping[str, Value], *, exact: bool
) -> Value:
    """Follow a function of the project, and return its result."""
    if isinstance(function.node, ast.Lambda):
        scope = Scope(function.scope.source, parent=function.scope)
        _bind(run, function, scope, positional, keywords, exact=exact)
        return evaluate(run, function.node.body, scope)
    if run.depth >= MOST_CALLS:
        raise Exhausted
    scope = Scope(function.scope.source, parent=function.scope)
    _bind(run, function, scope, positional, keywords, exact=exact)
    run.depth += 1
    run.followed.add(function.node)
    run.returns.append([])
    if function.owner is not None:
        scope.names["__class__"] = function.owner
    flow = run.evaluator.execute(run, function.node.body, scope)
    run.depth -= 1
    returned = run.returns.pop()
    if flow is Flow.STOP:
        return External("sys.exit()") if not returned and not run.doubt else UNKNOWN
    if flow is not Flow.RETURN:
        returned.append(None)
    if not function.plain or isinstance(function.node, ast.AsyncFunctionDef) or _yields(function.node):
        for value in returned:
            escape(run, value)
        return UNKNOWN
    result = returned[0]
    for other in returned[1:]:
        result = joined(run, result, other)
    return result


def _yields(node: ast.AST) -> bool:
    return any(isinstance(child, ast.Yield | ast.YieldFrom) for child in ast.walk(node))


def _bind(
    run: Run,
    function: Function,
    scope: Scope,
    positional: tuple[Value, ...],
    keywords: Mapping[str, Value],
    *,
    exact: bool,
) -> None:
    """Bind a function's parameters."""
    parameters = function.node.args
    names = [one.arg for one in (*parameters.posonlyargs, *parameters.args)]
    defaults = {one.node.arg: one.default for one in function.parameters()}
    values: dict[str, Value] = dict(zip(names, positional, strict=False))
    rest = list(positional[len(names) :])
    extra = DictValue()
    for name, value in keywords.items():
        if name in defaults:
            values[name] = value
        else:
            extra[name] = value
    for name, default in defaults.items():
        if name not in values:
            values[name] = (
                evaluate(run, default, function.scope) if default is not None and exact else UNKNOWN
            )
    if parameters.vararg is not None:
        if exact:
            values[parameters.vararg.arg] = tuple(rest)
        else:
            items = ListValue(rest)
            items.exact = False
            values[parameters.vararg.arg] = items
    else:
        for value in rest:
            escape(run, value)
    if parameters.kwarg is not None:
        extra.exact = exact
        values[parameters.kwarg.arg] = extra
    scope.names.update(values)


def call_with(run: Run, function: Function, owner: Value, arguments: Call) -> Value:
    """Follow a function of the project with a call's arguments, behind the owner of a method."""
    values = tuple(one.value for one in arguments.positional)
    if owner is not None:
        values = (owner, *values)
    keywords = {name: one.value for name, one in arguments.keywords.items()}
    return call_function(run, function, values, keywords, exact=arguments.exact)


def _instantiate(run: Run, target: Class, arguments: Call) -> Value:
    if is_enumeration(target):
        wanted = arguments.positional[0].value if arguments.positional else UNKNOWN
        return next((one for one in members_of(target) if is_scalar(wanted) and one.value == wanted), UNKNOWN)
    for library in run.libraries:
        if library.instantiate is not None and target.derives(*library.classes):
            return library.instantiate(run, library, target, arguments)
    instance = Instance(target)
    constructor = target.find("__init__")
    if isinstance(constructor, Function):
        call_with(run, constructor, instance, arguments)
    else:
        for one in (*arguments.positional, *arguments.keywords.values()):
            escape(run, one.value)
        instance.attributes.update(
            {name: one.value for name, one in arguments.keywords.items()} if target.decorators else {}
        )
    return instance if target.known or constructor is not None else UNKNOWN


def _super(arguments: Call) -> Value:
    scope: Scope | None = arguments.scope
    while scope is not None and "__class__" not in scope.names:
        scope = scope.parent
    if scope is None:
        return UNKNOWN
    kind = scope.names["__class__"]
    owner = next(iter(scope.names.values()))  # A method's first parameter is bound first.
    return Super(kind, owner) if isinstance(kind, Class) and owner is not kind else UNKNOWN


def _external(run: Run, name: str, arguments: Call) -> Value:
    for library in run.libraries:
        if name in library.functions:
            return library.functions[name](run, arguments)
    if name in _EXITS:
        return External("sys.exit()")
    if name.startswith("sys.argv."):
        run.certain = False
        return UNKNOWN
    if name in {
        "builtins.exec",
        "builtins.eval",
        "builtins.__import__",
        "runpy.run_path",
        "runpy.run_module",
    }:
        run.complete = False
        load_unnamed(run)
        return UNKNOWN
    if name == "importlib.import_module":
        return _imported(run, arguments)
    if name.startswith(_LOADERS):
        load_unnamed(run)
    if name in {"functools.wraps", "functools.lru_cache", "contextlib.suppress"}:
        return External(f"{name}()")
    if name.startswith("builtins.") or name in {"os.path.join", "os.path.basename", "asyncio.run"}:
        result = builtin(run, name.removeprefix("builtins."), arguments)
        if not isinstance(result, UnknownValue):
            return result
        if name in _HARMLESS:
            return UNKNOWN
    return _unknown(run, arguments)


_LOADERS = ("importlib.", "pkgutil.", "pkg_resources.", "imp.")


def _imported(run: Run, arguments: Call) -> Value:
    """Return the module that `importlib.import_module` loads."""
    name = arguments.value("name", 0)
    if not isinstance(name, str):
        load_unnamed(run)
        return UNKNOWN
    bare = name.lstrip(".")
    return import_module(run, bare, len(name) - len(bare), arguments.scope)


_HARMLESS = {
    f"builtins.{name}"
    for name in [
        "print",
        "len",
        "isinstance",
        "hasattr",
        "str",
        "repr",
        "type",
        "sum",
        "min",
        "max",
        "any",
        "all",
    ]
}


def _method(run: Run, owner: Value, name: str, arguments: Call) -> Value:
    """Call a built-in method of a value, and return the result."""
    library = library_of(run, owner)
    if library is not None and library.method is not None:
        return library.method(run, owner, name, arguments)
    if isinstance(owner, CommandLine):
        return command_line_method(run, owner, name)
    values = [one.value for one in arguments.positional]
    if isinstance(owner, str):
        return text_method(owner, name, arguments, values)
    if isinstance(owner, ListValue | DictValue):
        return container_method(run, owner, name, values)
    return _unknown(run, arguments)


def _unknown(run: Run, arguments: Call) -> Value:
    """Call something unknown: its arguments escape, and it may call the functions among them."""
    for one in (*arguments.positional, *arguments.keywords.values()):
        escape(run, one.value)
        target = one.value
        function = target.target if isinstance(target, BoundMethod) else target
        if isinstance(function, Function) and run.depth < MOST_CALLS // 2:
            owner = (target.owner,) if isinstance(target, BoundMethod) else ()
            with run.doubting():
                call_function(run, function, owner, {}, exact=False)
    return UNKNOWN
