"""Look up names and attributes, and list the items of a value.

Knows no statements. The run's evaluator follows properties.
"""

from __future__ import annotations

from collections.abc import Iterator

from caliban_ls.analysis.script.interpreter.library import library_of
from caliban_ls.analysis.script.interpreter.state import Run, escape, import_module
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    BoundMethod,
    Class,
    CommandLine,
    DictValue,
    EnumMember,
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

# fmt: off
_BUILTINS = frozenset(
    [
        "int", "float", "str", "bool", "bytes", "complex", "object", "list", "dict", "tuple", "set",
        "frozenset", "type", "range", "len", "sorted", "zip", "enumerate", "getattr", "setattr",
        "hasattr", "isinstance", "issubclass", "print", "exit", "quit", "map", "filter", "reversed",
        "sum", "min", "max", "any", "all", "open", "super", "exec", "eval", "compile", "globals",
        "locals", "vars", "staticmethod", "classmethod", "property", "abs", "round", "iter", "next",
        "repr", "callable", "id", "input", "delattr", "__import__",
    ]
)
# fmt: on


_STARS = {"typing", "dataclasses", "enum"}


def truth(value: Value) -> bool | None:
    """Return the truth of a value; None when it is unknown."""
    if isinstance(value, ListValue | DictValue):
        return True if value else (False if value.exact else None)
    if value is None or is_scalar(value) or isinstance(value, tuple):
        return bool(value)
    if isinstance(value, External):
        return False if value.name == "typing.TYPE_CHECKING" else None
    return None


def look_up(run: Run, name: str, scope: Scope) -> Value:
    """Return the value of a name."""
    found: Scope | None = scope
    while found is not None:
        if name in found.names and name not in found.outer:
            return found.names[name]
        found = found.parent
    if name in _BUILTINS:
        return External(f"builtins.{name}")
    for star in scope.module.stars:
        if star in _STARS or any(star in library.star_modules for library in run.libraries):
            return External(f"{star}.{name}")
    return UNKNOWN


def attribute(run: Run, owner: Value, name: str) -> Value:
    """Return an attribute of a value."""
    if isinstance(owner, External):
        if owner.name == "sys" and name == "argv":
            return CommandLine(whole=True)
        return External(f"{owner.name}.{name}")
    if isinstance(owner, Scope):
        return owner.names[name] if name in owner.names else _submodule(run, owner, name)
    if isinstance(owner, Class):
        return _class_attribute(owner, name)
    if isinstance(owner, Super):
        for one in list(owner.type.lineage())[1:]:
            if isinstance(one, Class) and name in one.names:
                return _bind(run, owner.owner, one.names[name], name)
        return BoundMethod(owner.owner, name)
    if isinstance(owner, EnumMember):
        return {"name": owner.name, "value": owner.value}.get(name, UNKNOWN)
    if isinstance(owner, UnknownValue) or owner is None:
        return UNKNOWN
    # Only objects are left, of the project's classes or a library's.
    own = getattr(owner, "attributes", {})
    if name in own:
        return own[name]
    kind = getattr(owner, "type", None)
    found = kind.find(name) if isinstance(kind, Class) else None
    library = library_of(run, owner) if found is None else None
    if library is not None and library.read_attribute is not None:
        library.read_attribute(run, owner, name)
    return _bind(run, owner, found, name)


def set_attribute(run: Run, owner: Value, name: str, value: Value) -> None:
    """Set an attribute of a value."""
    library = library_of(run, owner)
    if isinstance(owner, External):
        if owner.name == "sys" and name == "argv":
            run.certain = False
    elif library is not None and library.set_attribute is not None:
        library.set_attribute(owner, name, value)
    elif isinstance(owner, Instance):
        if run.doubt and name in owner.attributes and owner.attributes[name] is not value:
            escape(run, owner.attributes[name])
            escape(run, value)
            value = UNKNOWN
        owner.attributes[name] = value
    elif isinstance(owner, Class | Scope):
        owner.names[name] = UNKNOWN if run.doubt else value
    else:
        escape(run, value)


def items_of(value: Value) -> list[Value] | None:
    """Return the items that a loop over a value goes through; None when they are unknown."""
    if isinstance(value, ListValue | DictValue):
        return list(value) if value.exact else None
    if isinstance(value, tuple):
        return list(value)
    if isinstance(value, str):
        return list(value)
    if isinstance(value, Class) and value.derives("enum.Enum", "enum.StrEnum", "enum.IntEnum"):
        return list(members_of(value))
    return None


def members_of(enumeration: Class) -> Iterator[EnumMember]:
    """Yield the members of an enumeration."""
    for name, value in enumeration.names.items():
        if not name.startswith("_") and not isinstance(value, Function | Class):
            yield EnumMember(enumeration, name, value)


def is_enumeration(value: Value) -> bool:
    """Whether a value is one of the project's enumerations."""
    return isinstance(value, Class) and value.derives("enum.Enum", "enum.StrEnum", "enum.IntEnum")


def _submodule(run: Run, owner: Scope, name: str) -> Value:
    if owner.source.path.endswith("__init__.py"):
        found = import_module(run, name, 1, owner)
        if isinstance(found, Scope):
            return found
    for star in owner.stars:
        return External(f"{star}.{name}")
    return UNKNOWN


def _class_attribute(owner: Class, name: str) -> Value:
    found = owner.find(name)
    if is_enumeration(owner):
        if name == "__members__":
            return DictValue({member.name: member for member in members_of(owner)})
        if name == "_member_names_":
            return ListValue(member.name for member in members_of(owner))
        for member in members_of(owner):
            if member.name == name:
                return member
    if name == "__name__":
        return owner.node.name
    if isinstance(found, Function) and found.role == "classmethod":
        return BoundMethod(owner, found)
    return UNKNOWN if found is None else found


def _bind(run: Run, owner: Value, found: Value, name: str) -> Value:
    if isinstance(found, Function):
        if found.role == "property":
            return run.evaluator.call_function(run, found, (owner,), {}, exact=True)
        if found.role == "staticmethod":
            return found
        return BoundMethod(
            owner.type if found.role == "classmethod" and isinstance(owner, Instance) else owner, found
        )
    if found is None:
        return BoundMethod(owner, name) if not isinstance(owner, Instance) else UNKNOWN
    return found
