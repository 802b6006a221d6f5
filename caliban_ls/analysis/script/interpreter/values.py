"""The values of a script's expressions.

Strings, numbers, booleans, None and tuples are themselves. A list or set is a `ListValue` and a dictionary a
`DictValue`, each with a mark whether all its items are known. The other values are below. `UNKNOWN` may be any.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from caliban_ls.analysis.script.interpreter.source import Source
from caliban_ls.analysis.script.model import Flag, Scalar

if TYPE_CHECKING:
    from caliban_ls.analysis.script.interpreter.library import Library


class UnknownValue:
    """The type of `UNKNOWN`."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = UnknownValue()

Value = Any
"""Any value, as the module's description lists them."""


class ListValue(list[Value]):
    """A list or set; it may have more items where it isn't exact."""

    exact = True


class DictValue(dict[Value, Value]):
    """A dictionary; it may have more items where it isn't exact."""

    exact = True


@dataclass(eq=False, slots=True, kw_only=True)
class Extensible:
    """An object of a library to which code may add more; `known` is False once code outside the project may."""

    known: bool = True


@dataclass(frozen=True, slots=True)
class External:
    """An object outside the project, by its full name: `argparse.ArgumentParser`, `builtins.int`."""

    name: str


@dataclass(frozen=True, slots=True)
class Generic:
    """A type with parameters: `Optional[int]`. `X | Y` is `typing.Union`."""

    base: Value
    parameters: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, a class body or a call, and the scope around it."""

    source: Source
    names: dict[str, Value] = field(default_factory=dict)
    parent: Scope | None = None
    outer: set[str] = field(default_factory=set)
    stars: list[str] = field(default_factory=list)

    @property
    def module(self) -> Scope:
        """The scope of the module."""
        scope = self
        while scope.parent is not None:
            scope = scope.parent
        return scope


@dataclass(frozen=True, slots=True)
class Parameter:
    """A named parameter of a function, and its default."""

    node: ast.arg
    default: ast.expr | None


@dataclass(eq=False, slots=True)
class Function:
    """A function of the project, or a lambda.

    Attributes:
        options: the options that a library's decorators added, in the order of application.
        plain: whether all its decorators are known.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    owner: Class | None = None
    role: str = "function"
    options: list[Any] = field(default_factory=list)
    plain: bool = True

    def parameters(self) -> Iterator[Parameter]:
        """Yield its parameters, keyword-only ones last, without `*args` and `**kwargs`."""
        given = self.node.args
        names = [*given.posonlyargs, *given.args]
        defaults: list[ast.expr | None] = [None] * (len(names) - len(given.defaults)) + list(given.defaults)
        yield from map(Parameter, names, defaults)
        yield from map(Parameter, given.kwonlyargs, given.kw_defaults)


@dataclass(eq=False, slots=True)
class Class:
    """A class of the project."""

    node: ast.ClassDef
    scope: Scope
    bases: tuple[Value, ...]
    names: dict[str, Value]
    decorators: tuple[Value, ...]

    def lineage(self) -> Iterator[Value]:
        """Yield the class and all its bases; those outside the project as `External` or UNKNOWN."""
        yield self
        for base in self.bases:
            if isinstance(base, Class):
                yield from base.lineage()
            else:
                yield base

    def find(self, name: str) -> Value:
        """Return an attribute of the class or its bases; None when there is no such attribute."""
        for one in self.lineage():
            if isinstance(one, Class) and name in one.names:
                return one.names[name]
        return None

    def derives(self, *names: str) -> bool:
        """Whether one of its bases has one of these full names."""
        return any(isinstance(one, External) and one.name in names for one in self.lineage())

    @property
    def known(self) -> bool:
        """Whether all its bases are the project's or add no attributes."""
        return all(
            isinstance(one, Class) or (isinstance(one, External) and one.name in _PLAIN_BASES)
            for one in self.lineage()
        )


_PLAIN_BASES = {
    "builtins.object",
    "abc.ABC",
    "typing.Generic",
    "typing.Protocol",
    "enum.Enum",
    "enum.StrEnum",
    "enum.IntEnum",
    "builtins.str",
    "builtins.int",
}


@dataclass(eq=False, slots=True)
class Instance:
    """An object of one of the project's classes."""

    type: Class
    attributes: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnumMember:
    """A member of an enumeration."""

    type: Class
    name: str
    value: Value


@dataclass(frozen=True, slots=True)
class BoundMethod:
    """A method bound to its object: a function, or the name of a built-in method."""

    owner: Value
    target: Value


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of a class."""

    type: Class
    owner: Value


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The command line, or the part of it that a parser left.

    Attributes:
        whole: whether it begins with the script's name, as `sys.argv` does.
    """

    whole: bool = False


@dataclass(eq=False, slots=True)
class ScriptParser:
    """A parser that a script builds.

    Attributes:
        library: the library of its class.
        flags: its flags in order of definition.
        complete: whether these are all its flags.
        certain: whether it parses as its library does.
        type: the project's subclass of `ArgumentParser`; None for the library's own class.
        subparsers: the subcommands' names and parsers.
        destinations: the attribute of each flag's value (`dest` in argparse), in the order of `flags`.
        needed: the numbers of exclusive groups of which one flag is required.
    """

    library: Library
    flags: list[Flag] = field(default_factory=list)
    complete: bool = True
    certain: bool = True
    abbreviations: bool = False
    positionals: bool = False
    from_file: bool = False
    type: Class | None = None
    subparsers: list[tuple[str, ScriptParser]] = field(default_factory=list)
    destinations: list[str] = field(default_factory=list)
    attributes: dict[str, Value] = field(default_factory=dict)
    needed: list[int] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class ArgumentGroup:
    """A group of arguments (argparse); the flags of a numbered one exclude each other."""

    parser: ScriptParser
    exclusive: int | None = None


@dataclass(eq=False, slots=True)
class Subparsers:
    """The result of `add_subparsers`."""

    parser: ScriptParser


@dataclass(frozen=True, slots=True)
class Action:
    """The result of `add_argument`: a flag, by its index in its parser."""

    parser: ScriptParser
    place: int


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: its value and its expression."""

    value: Value
    node: ast.expr


@dataclass(frozen=True, slots=True)
class Call:
    """A call's arguments; it may have more where it isn't exact."""

    node: ast.Call
    scope: Scope
    positional: tuple[Argument, ...]
    keywords: dict[str, Argument]
    exact: bool

    def get(self, name: str, place: int | None = None) -> Argument | None:
        """Return an argument by its position or its name."""
        if place is not None and place < len(self.positional):
            return self.positional[place]
        return self.keywords.get(name)

    def value(self, name: str, place: int | None = None, default: Value = None) -> Value:
        """Return an argument's value; without it the default, or UNKNOWN where the call isn't exact."""
        given = self.get(name, place)
        if given is not None:
            return given.value
        return default if self.exact else UNKNOWN


@dataclass(frozen=True, slots=True)
class Invocation:
    """A call that makes a parser read the command line.

    Attributes:
        parser: the parser.
        strict: whether it refuses unknown flags.
        doubtful: whether the call may not happen.
    """

    parser: ScriptParser
    strict: bool
    doubtful: bool


def is_known(value: Value) -> bool:
    """Whether a value and all items in it are known."""
    if isinstance(value, UnknownValue):
        return False
    if isinstance(value, ListValue | DictValue) and not value.exact:
        return False
    if isinstance(value, list | tuple):
        return all(is_known(item) for item in value)
    if isinstance(value, dict):
        return all(is_known(item) for pair in value.items() for item in pair)
    return True


def is_scalar(value: Value) -> bool:
    """Whether a value is a string, a number or a boolean."""
    return isinstance(value, str | int | float)


def scalars(value: Value) -> tuple[Scalar, ...] | None:
    """Return the scalars of a list that is wholly known; None otherwise, or when it is empty: code that isn't seen fills it."""
    if isinstance(value, dict) and is_known(ListValue(value)) and getattr(value, "exact", True):
        value = tuple(value)
    if isinstance(value, list | tuple) and value and is_known(value) and all(map(is_scalar, value)):
        return tuple(value)
    return None


def spelled(value: Value) -> str | None:
    """Spell a default as Python source; None when there is none or it is unknown."""
    if isinstance(value, EnumMember):
        return f"{value.type.node.name}.{value.name}"
    if value is None or not is_known(value):
        return None
    if is_scalar(value) or (isinstance(value, tuple | list) and all(map(is_scalar, value))):
        return repr(value)
    return None
