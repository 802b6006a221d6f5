"""What the interpreter asks of a parser library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from caliban_ls.analysis.script.interpreter.values import (
    Action,
    ArgumentGroup,
    Call,
    Class,
    ScriptParser,
    Subparsers,
    Value,
)
from caliban_ls.analysis.script.model import Conventions

if TYPE_CHECKING:
    from caliban_ls.analysis.script.interpreter.state import Run

Handler: TypeAlias = "Callable[[Run, Call], Value]"
"""Returns what a call of a library's function gives."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Library:
    """A parser library: what its names mean in a script, and how it reads a command line.

    Attributes:
        name: as its users know it, `simple-parsing`.
        package: the package that a script imports.
        conventions: how it reads values, apart from what a script declares.
        functions: what its functions and classes return when they are called, by full name.
        values: the types of the objects that these return. Calls of such objects, and of their methods, are
            answered by the library.
        call: returns what calling such an object gives; None where objects can't be called.
        method: returns what a method of such an object gives; takes the object and the method's name.
        decorate: returns what such an object makes of a function that it decorates; None for no decorators.
        decorators: functions that decorate without being called first, by full name; `decorate` gets them.
        set_attribute: sets an attribute of such an object.
        read_attribute: notes that an attribute of such an object is read which the library didn't set.
        classes: the library's classes that a script's own may derive from, by full name.
        instantiate: returns an object of a script's class that is derived from one of these.
        star_modules: modules of which every name is known that `from … import *` brings.
        exits: exceptions by which it ends the program, by their last names.
        refusals: exceptions by which a converter refuses a value, by their last names.
        defining_methods: methods that add flags to the object that they are called on.
        defining_prefix: how functions begin that add flags wherever they are called; None for no such.
        finish: called once the script is followed, where it is the only library that reads the command line,
            with the script's path. It may add flags and note what else can't be known.
    """

    name: str
    package: str
    conventions: Conventions = field(default_factory=Conventions)
    functions: Mapping[str, Handler] = field(default_factory=dict)
    values: tuple[type, ...] = ()
    call: Callable[[Run, Value, Call], Value] | None = None
    method: Callable[[Run, Value, str, Call], Value] | None = None
    decorate: Callable[[Run, Value, Value], Value] | None = None
    decorators: frozenset[str] = frozenset()
    set_attribute: Callable[[Value, str, Value], None] | None = None
    read_attribute: Callable[[Run, Value, str], None] | None = None
    classes: frozenset[str] = frozenset()
    instantiate: Callable[[Run, Library, Class, Call], ScriptParser] | None = None
    star_modules: frozenset[str] = frozenset()
    exits: frozenset[str] = frozenset()
    refusals: frozenset[str] = frozenset()
    defining_methods: frozenset[str] = frozenset()
    defining_prefix: str | None = None
    finish: Callable[[Run, str], None] | None = None

    def defines(self, function: str, *, on_own_object: bool) -> bool:
        """Whether a call may define flags of a parser that the calling function didn't make or get itself."""
        if self.defining_prefix is not None and function.startswith(self.defining_prefix):
            return True
        return not on_own_object and function in self.defining_methods


def library_of(run: Run, value: Value) -> Library | None:
    """Return the library that a value is an object of, None for all other values."""
    if isinstance(value, ArgumentGroup | Subparsers | Action):
        return value.parser.library
    if isinstance(value, ScriptParser):
        return value.library
    return next((one for one in run.libraries if isinstance(value, one.values)), None)
