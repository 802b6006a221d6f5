"""What an expression of a script may stand for, as far as its text says it.

Strings, numbers, booleans, None and tuples stand for themselves; lists and dictionaries are `ListValue` and
`DictValue`, which know whether they are known to the last item. The rest is here. `UNKNOWN` is anything at all.
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
    """A value of which nothing is known."""

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = UnknownValue()

Value = Any
"""See the module's description."""


class ListValue(list[Value]):
    """A list or set; where it isn't exact, there may be other items in it."""

    exact = True


class DictValue(dict[Value, Value]):
    """A dictionary; where it isn't exact, there may be other items in it."""

    exact = True


@dataclass(eq=False, slots=True, kw_only=True)
class Extensible:
    """What click or typer make of functions; `known` is whether all that belongs to it is seen."""

    known: bool = True


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the project, by its full name: `argparse.ArgumentParser`, `builtins.int`."""

    name: str


@dataclass(frozen=True, slots=True)
class Generic:
    """A type with parameters, `Optional[int]`; `X | Y` is `typing.Union`."""

    base: Value
    parameters: tuple[Value, ...]


@dataclass(eq=False, slots=True)
class Scope:
    """The names of a module, a class body or a call, and where names are looked for that it doesn't have."""

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
        options: what click's decorators gave it, in the order in which they were applied.
        plain: whether every decorator is one that we know.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    owner: Class | None = None
    role: str = "function"
    options: list[Any] = field(default_factory=list)
    plain: bool = True

    def parameters(self) -> Iterator[Parameter]:
        """Yield its named parameters, those that are given by name only last."""
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
        """Yield the class, its bases and theirs; those of other people as `External` or UNKNOWN."""
        yield self
        for base in self.bases:
            if isinstance(base, Class):
                yield from base.lineage()
            else:
                yield base

    def find(self, name: str) -> Value:
        """Return an attribute of the class or of its bases, None when they have none such."""
        for one in self.lineage():
            if isinstance(one, Class) and name in one.names:
                return one.names[name]
        return None

    def derives(self, *names: str) -> bool:
        """Whether one of its bases has one of these full names."""
        return any(isinstance(one, External) and one.name in names for one in self.lineage())

    @property
    def known(self) -> bool:
        """Whether all of its bases are the project's own, or add nothing."""
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
class Bound:
    """A function or a built-in method together with the object that it is called on."""

    owner: Value
    target: Value


@dataclass(frozen=True, slots=True)
class Super:
    """`super()` in a method of a class."""

    type: Class
    owner: Value


@dataclass(frozen=True, slots=True)
class Arguments:
    """A part of the command line: all of it, with the script's own name, or what a parser left over.

    Attributes:
        whole: whether the script's name is the first.
    """

    whole: bool = False


@dataclass(eq=False, slots=True)
class ScriptParser:
    """A command line in the making.

    Attributes:
        library: who reads it.
        flags: what it takes, in the order of definition.
        complete: whether it takes nothing else.
        certain: whether it does what its library does.
        type: the project's own subclass of `ArgumentParser`, if it is one.
        subparsers: the subcommands' names, each with its own parser.
        destinations: where argparse would put each flag's value, flag by flag.
        needed: numbers of groups of exclusive flags of which it needs one.
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
    """A group of argparse's arguments; those of one with a number exclude each other."""

    parser: ScriptParser
    exclusive: int | None = None


@dataclass(eq=False, slots=True)
class Subparsers:
    """What `add_subparsers` returns."""

    parser: ScriptParser


@dataclass(frozen=True, slots=True)
class Action:
    """What `add_argument` returns: a flag by its place among its parser's."""

    parser: ScriptParser
    place: int


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: its value, and the expression where it stands."""

    value: Value
    node: ast.expr


@dataclass(frozen=True, slots=True)
class Call:
    """A call's arguments; where it isn't exact, there are others that nobody knows."""

    node: ast.Call
    scope: Scope
    positional: tuple[Argument, ...]
    keywords: dict[str, Argument]
    exact: bool

    def get(self, name: str, place: int | None = None) -> Argument | None:
        """Return an argument by its name, or by its place among the positional ones."""
        if place is not None and place < len(self.positional):
            return self.positional[place]
        return self.keywords.get(name)

    def value(self, name: str, place: int | None = None, default: Value = None) -> Value:
        """Return an argument's value; without it the default, or UNKNOWN when it may be among those unknown."""
        given = self.get(name, place)
        if given is not None:
            return given.value
        return default if self.exact else UNKNOWN


@dataclass(frozen=True, slots=True)
class Invocation:
    """A parser was asked to read the command line.

    Attributes:
        parser: which.
        strict: whether it refuses what it doesn't know.
        doubtful: whether this may not happen.
    """

    parser: ScriptParser
    strict: bool
    doubtful: bool


def is_known(value: Value) -> bool:
    """Whether a value is known, to the last item of the last list in it."""
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
    """Return the scalars of a known list, None when it isn't one, or is empty: it is filled by somebody unseen, then."""
    if isinstance(value, dict) and is_known(ListValue(value)) and getattr(value, "exact", True):
        value = tuple(value)
    if isinstance(value, list | tuple) and value and is_known(value) and all(map(is_scalar, value)):
        return tuple(value)
    return None


def spelled(value: Value) -> str | None:
    """Spell a default as Python does; None when there is none, or when it is unknown."""
    if isinstance(value, EnumMember):
        return f"{value.type.node.name}.{value.name}"
    if value is None or not is_known(value):
        return None
    if is_scalar(value) or (isinstance(value, tuple | list) and all(map(is_scalar, value))):
        return repr(value)
    return None
