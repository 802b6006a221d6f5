"""The state of one run: the files that were read, the parsers found in them, and the steps left.

A run follows the script's text as Python would, with values that may be unknown. Its steps are limited, since a
person waits for them. A script that isn't followed to its end is never checked.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Protocol

from caliban_ls.analysis.script.interpreter.library import Library
from caliban_ls.analysis.script.interpreter.source import Source, parse
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Action,
    ArgumentGroup,
    BoundMethod,
    Call,
    Class,
    CommandLine,
    DictValue,
    Extensible,
    External,
    Function,
    Instance,
    Invocation,
    ListValue,
    Scope,
    ScriptParser,
    Subparsers,
    Value,
)

MOST_STEPS: Final = 60_000
"""Expressions and statements; a script of 2,000 lines has about 20,000."""

MOST_CALLS: Final = 30
"""Calls within calls."""

MOST_TURNS: Final = 300
"""Turns of a loop that are followed one by one."""

LONGEST: Final = 10_000
"""Characters of a text and items of a list; no flag needs more."""


class Exhausted(Exception):
    """The script is too long to be followed."""


class Flow(Enum):
    """How a statement ends."""

    ON = "on"
    RETURN = "return"
    STOP = "stop"  # the process ends or an exception is raised
    LEAVE = "leave"  # `break` or `continue`


class Evaluator(Protocol):
    """The entries that lower modules need: an expression may call a function, and an import runs a file."""

    def apply(self, run: Run, target: Value, arguments: Call, /) -> Value:
        """Call a value, and return the result."""

    def call_function(
        self,
        run: Run,
        function: Function,
        positional: tuple[Value, ...],
        keywords: Mapping[str, Value],
        /,
        *,
        exact: bool,
    ) -> Value:
        """Follow a function of the project, and return its result."""

    def execute(self, run: Run, statements: Sequence[ast.stmt], scope: Scope, /) -> Flow:
        """Follow statements, and return how they end."""


@dataclass(eq=False, slots=True)
class Run:
    """One run through a script.

    Attributes:
        read: returns the text of a project's file.
        evaluator: the interpreter's entries.
        libraries: the parser libraries.
        folder: the script's folder.
        files: every file that was read or looked for.
        modules: the scope of each file that was followed, by its path.
        invocations: the parsers that read the command line.
        parsers: all parsers.
        external_packages: the imported packages from outside the project.
        complete: False once code was met that may add flags to an unknown parser.
        certain: False once code was met that changes the command line before it is parsed.
        doubt: how many undecided conditions surround the current statement.
        loads_unnamed: whether modules were loaded that the text doesn't name.
        loads_before_parsing: the same, before the command line was parsed.
        caught: how many surrounding handlers catch a parser's exit.
        depth: calls within calls.
        steps: how many of `MOST_STEPS` are left.
        last_group: the number of the last exclusive group.
        followed: the functions that were followed.
        returns: for each function that is being followed, the values returned so far.
    """

    read: Callable[[str], str | None]
    evaluator: Evaluator
    libraries: tuple[Library, ...]
    folder: str = ""
    files: set[str] = field(default_factory=set)
    modules: dict[str, Scope] = field(default_factory=dict)
    invocations: list[Invocation] = field(default_factory=list)
    parsers: list[ScriptParser] = field(default_factory=list)
    external_packages: set[str] = field(default_factory=set)
    complete: bool = True
    certain: bool = True
    doubt: int = 0
    loads_unnamed: bool = False
    loads_before_parsing: bool = False
    caught: int = 0
    depth: int = 0
    steps: int = MOST_STEPS
    last_group: int = 0
    followed: set[ast.AST] = field(default_factory=set)
    returns: list[list[Value]] = field(default_factory=list)

    def step(self) -> None:
        """Count one expression or statement."""
        self.steps -= 1
        if self.steps < 0:
            raise Exhausted

    @contextmanager
    def doubting(self) -> Iterator[None]:
        """Follow code that may or may not run."""
        self.doubt += 1
        try:
            yield
        finally:
            self.doubt -= 1

    def invoke(self, parser: ScriptParser, *, strict: bool = True) -> None:
        """Record that a parser reads the command line."""
        if self.caught:
            self.certain = False
        self.invocations.append(Invocation(parser, strict, self.doubt > 0))

    def text(self, path: str) -> str | None:
        """Return a file's text, and record that the result depends on it."""
        self.files.add(path)
        return self.read(path)

    def open(self, path: str) -> Source | None:
        """Return a parsed file; None when there is no such file or it isn't Python."""
        text = self.text(path)
        return None if text is None else parse(path, text)


def escape(run: Run, value: Value, *, depth: int = 0) -> None:
    """Record that code which isn't followed holds a value; it may add flags to a parser in it."""
    if isinstance(value, ArgumentGroup | Subparsers | Action):
        value = value.parser
    if isinstance(value, ScriptParser):
        value.complete = False
    elif isinstance(value, Extensible):
        value.known = False
    elif isinstance(value, CommandLine) and value.whole:
        run.complete = False
    elif depth < 3:  # noqa: PLR2004 - parsers aren't nested deeper
        if isinstance(value, ListValue | tuple):
            for item in value[:50]:
                escape(run, item, depth=depth + 1)
        elif isinstance(value, DictValue):
            for item in list(value.values())[:50]:
                escape(run, item, depth=depth + 1)
        elif isinstance(value, Instance):
            for item in list(value.attributes.values())[:50]:
                escape(run, item, depth=depth + 1)
        elif isinstance(value, BoundMethod):
            escape(run, value.owner, depth=depth + 1)
    if isinstance(value, ListValue | DictValue):
        value.exact = False


def load_unnamed(run: Run) -> None:
    """Record that the script loads modules that its text doesn't name; they may fill registries of others."""
    run.loads_unnamed = True
    run.loads_before_parsing = run.loads_before_parsing or not run.invocations
    # The first is the script itself; an import of it makes a second copy.
    for module in list(run.modules.values())[1:]:
        escape_module(run, module)


def escape_module(run: Run, module: Scope) -> None:
    """Record that code which isn't followed holds the values of a module's names and classes."""
    asked = [one.parser for one in run.invocations]
    for value in list(module.names.values()):
        for held in list(value.names.values()) if isinstance(value, Class) else [value]:
            if held not in asked:
                escape(run, held)


def import_module(run: Run, name: str, level: int, scope: Scope) -> Value:
    """Return the scope of a module of the project, or an `External` for any other.

    Args:
        run: the run that imports.
        name: the dotted name, which may be empty in a relative import.
        level: the number of leading dots.
        scope: the scope of the import.
    """
    for path in _candidates(run, name, level, scope):
        known = run.modules.get(path)
        if known is not None:
            return known
        source = run.open(path)
        if source is None:
            if run.read(path) is not None:
                return UNKNOWN
            continue
        module = Scope(source, {"__name__": name or "?", "__file__": UNKNOWN})
        run.modules[path] = module
        run.depth += 1
        if run.depth > MOST_CALLS:
            raise Exhausted
        run.evaluator.execute(run, source.tree.body, module)
        run.depth -= 1
        if run.loads_unnamed:
            escape_module(run, module)
        return module
    if level:
        return UNKNOWN
    run.external_packages.add(name.partition(".")[0])
    return External(name)


def _candidates(run: Run, name: str, level: int, scope: Scope) -> Iterator[str]:
    """Yield the paths of a module: from the project's root, then from the script's folder."""
    if level:
        parts = scope.source.path.split("/")[:-level]
        if len(scope.source.path.split("/")) < level:
            return
        folders = ["/".join(parts)]
    else:
        folders = [""] if not run.folder else ["", run.folder]
    for folder in folders:
        whole = "/".join(part for part in (folder, *name.split(".")) if part)
        if not whole:
            yield "__init__.py"
            continue
        yield f"{whole}.py"
        yield f"{whole}/__init__.py"
