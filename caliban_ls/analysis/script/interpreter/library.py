"""The interface of a parser library to the interpreter."""

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
"""Returns the result of a call of a library's function."""


@dataclass(frozen=True, eq=False, kw_only=True, slots=True)
class Library:
    """A parser library: the meaning of its names in a script, and how it parses a command line.

    Attributes:
        name: its name as its users write it: `simple-parsing`.
        package: the package that a script imports.
        conventions: its rules for command lines.
        functions: handlers of its functions and classes, by full name.
        values: the types of the objects that these return, apart from `ScriptParser`. The next five entries
            get such objects.
        call: calls an object; None where objects can't be called.
        method: calls a method of an object, by its name.
        decorate: decorates a function with an object; None where objects aren't decorators.
        set_attribute: sets an attribute of an object.
        read_attribute: notes that the script reads an attribute of an object.
        decorators: full names of functions that decorate without a call; `decorate` gets these too.
        classes: full names of classes that a script may derive its own from.
        instantiate: makes an object of a script's class that derives from one of these.
        star_modules: modules whose names are known after `from … import *`.
        exits: names of exceptions by which the library ends the program.
        refusals: names of exceptions by which a converter refuses a value.
        defining_methods: names of methods that add flags to the object that they are called on.
        defining_prefix: the prefix of functions that add flags wherever they are called; None for no such.
        module_calls: patterns of calls at the start of a line that read the command line as soon as the file runs.
        finish: runs after the script was followed, if no other library parses the command line; takes the
            script's path. It may add flags, and note that not all is known.
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
    module_calls: tuple[str, ...] = ()
    finish: Callable[[Run, str], None] | None = None

    def defines(self, function: str, *, on_own_object: bool) -> bool:
        """Whether a call defines flags of a parser that the calling function doesn't make or get itself."""
        if self.defining_prefix is not None and function.startswith(self.defining_prefix):
            return True
        return not on_own_object and function in self.defining_methods


def library_of(run: Run, value: Value) -> Library | None:
    """Return the library that made a value; None for all other values."""
    if isinstance(value, ArgumentGroup | Subparsers | Action):
        return value.parser.library
    if isinstance(value, ScriptParser):
        return value.library
    return next((one for one in run.libraries if isinstance(value, one.values)), None)
