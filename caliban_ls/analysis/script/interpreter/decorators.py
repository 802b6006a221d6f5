"""Apply decorators to functions and classes."""

from __future__ import annotations

from caliban_ls.analysis.script.interpreter.calls import call_function
from caliban_ls.analysis.script.interpreter.library import Library, library_of
from caliban_ls.analysis.script.interpreter.state import Run, escape
from caliban_ls.analysis.script.interpreter.values import (
    BoundMethod,
    Class,
    External,
    Function,
    Instance,
    UnknownValue,
    Value,
)


def decorate(run: Run, decorator: Value, function: Value) -> Value:
    """Return the result of decorating a function."""
    library = _library_of(run, decorator)
    if library is not None and library.decorate is not None:
        return library.decorate(run, decorator, function)
    followed, owner = _followed(decorator)
    if followed is not None:
        inner = Function(followed.node, followed.scope, followed.owner, followed.role)
        result = call_function(run, inner, (*owner, function), {}, exact=True)
        if isinstance(result, UnknownValue) and isinstance(function, Function):
            return _obscured(function)
        # A wrapper that the project's decorator returns calls the function with the same arguments.
        if isinstance(result, Function) and result is not function and isinstance(function, Function):
            return _obscured(function)
        return result
    if isinstance(decorator, External) and isinstance(function, Function):
        role = (
            decorator.name.removeprefix("builtins.")
            .removeprefix("functools.")
            .replace("cached_property", "property")
        )
        if role in {"staticmethod", "classmethod", "property"}:
            function.role = role
            return function
        if decorator.name in _TRANSPARENT:
            return function
    if isinstance(function, Function):
        return _obscured(function)
    escape(run, function)
    return function


def _library_of(run: Run, decorator: Value) -> Library | None:
    if not isinstance(decorator, External):
        return library_of(run, decorator)
    return next((one for one in run.libraries if decorator.name in one.decorators), None)


def apply_to_class(run: Run, decorator: Value, target: Class) -> None:
    """Follow a decorator of the project with a class; most of them add it to a registry."""
    followed, owner = _followed(decorator)
    if followed is not None:
        call_function(run, followed, (*owner, target), {}, exact=True)


def _followed(decorator: Value) -> tuple[Function | None, tuple[Value, ...]]:
    """Return the project's function behind a decorator, and the object whose method it is."""
    if isinstance(decorator, Instance):
        decorator = BoundMethod(decorator, decorator.type.find("__call__"))
    if isinstance(decorator, BoundMethod) and isinstance(decorator.target, Function):
        return decorator.target, (decorator.owner,)
    return (decorator, ()) if isinstance(decorator, Function) else (None, ())


_TRANSPARENT = {
    "abc.abstractmethod",
    "functools.cache",
    "functools.lru_cache",
    "functools.lru_cache()",
    "functools.wraps()",
    "typing.no_type_check",
    "typing.override",
}


def _obscured(function: Function) -> Function:
    """Mark a function as behind an unknown decorator; its result is unknown."""
    function.plain = False
    return function
