"""The state of one reading: the files that were read, what was found in them, and how far we are.

A reading follows the script's text as the interpreter would, with values that may be unknown. It takes no
more steps than a person would wait for; what it couldn't follow to the end is never judged.
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
    Arguments,
    Bound,
    Call,
    Class,
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


class Exhausted(Exception):
    """The script is too long to be followed."""


class Flow(Enum):
    """How a statement ends."""

    ON = "on"
    RETURN = "return"
    STOP = "stop"  # the process ends, or an exception is raised
    LEAVE = "leave"  # a loop is left, or its next turn begins


class Evaluator(Protocol):
    """The interpreter as its lower modules see it: an expression may call a function, and an import run a file."""

    def apply(self, run: Run, target: Value, arguments: Call, /) -> Value:
        """Return what calling a value gives."""

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
        """Follow a function of the project, and return what it returns."""

    def execute(self, run: Run, statements: Sequence[ast.stmt], scope: Scope, /) -> Flow:
        """Follow statements one after the other, and say how they end."""


@dataclass(eq=False, slots=True)
class Run:
    """One reading of one script.

    Attributes:
        read: gives the texts of the project's files.
        evaluator: the interpreter.
        libraries: the parser libraries whose calls are understood.
        folder: the script's.
        files: every file that was read or looked for.
        modules: the scope of each file that was followed, under its path.
        invocations: the parsers that were asked to read the command line.
        parsers: all parsers there are.
        external_packages: the first parts of the names of all modules that aren't the project's.
        complete: whether nothing was met that may add flags to a parser that isn't known.
        certain: whether nothing was met that changes the command line before it is parsed.
        doubt: how many conditions that nobody knows we are in.
        loads_unnamed: whether modules were loaded that the text doesn't name.
        loads_before_parsing: the same, before anybody read the command line.
        caught: how many handlers would catch a parser's exit.
        depth: calls within calls.
        steps: what is left of `MOST_STEPS`.
        last_group: the next number of a group of exclusive flags.
        followed: the functions that were.
        returns: what each function that is being followed has returned so far.
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
        """Follow something that may or may not happen."""
        self.doubt += 1
        try:
            yield
        finally:
            self.doubt -= 1

    def invoke(self, parser: ScriptParser, *, strict: bool = True) -> None:
        """Note that a parser reads the command line."""
        if self.caught:
            self.certain = False
        self.invocations.append(Invocation(parser, strict, self.doubt > 0))

    def text(self, path: str) -> str | None:
        """Return a file's text, and remember that it matters."""
        self.files.add(path)
        return self.read(path)

    def open(self, path: str) -> Source | None:
        """Return a parsed file, None when there is none or when it isn't Python."""
        text = self.text(path)
        return None if text is None else parse(path, text)


def escape(run: Run, value: Value, *, depth: int = 0) -> None:
    """Note that somebody whom we can't follow has hold of a value: a parser may get more flags there."""
    if isinstance(value, ArgumentGroup | Subparsers | Action):
        value = value.parser
    if isinstance(value, ScriptParser):
        value.complete = False
    elif isinstance(value, Extensible):
        value.known = False
    elif isinstance(value, Arguments) and value.whole:
        run.complete = False
    elif depth < 3:  # noqa: PLR2004 - nobody hides a parser deeper
        if isinstance(value, ListValue | tuple):
            for item in value[:50]:
                escape(run, item, depth=depth + 1)
        elif isinstance(value, DictValue):
            for item in list(value.values())[:50]:
                escape(run, item, depth=depth + 1)
        elif isinstance(value, Instance):
            for item in list(value.attributes.values())[:50]:
                escape(run, item, depth=depth + 1)
        elif isinstance(value, Bound):
            escape(run, value.owner, depth=depth + 1)
    if isinstance(value, ListValue | DictValue):
        value.exact = False


def load_unnamed(run: Run) -> None:
    """Note that modules are loaded that the text doesn't name: they may enter themselves in what others hold."""
    run.loads_unnamed = True
    run.loads_before_parsing = run.loads_before_parsing or not run.invocations
    # The first is the script; who imports that gets a second copy of it.
    for module in list(run.modules.values())[1:]:
        escape_module(run, module)


def escape_module(run: Run, module: Scope) -> None:
    """Note that code which we don't follow may fill what a module's names and classes hold."""
    asked = [one.parser for one in run.invocations]
    for value in list(module.names.values()):
        for held in list(value.names.values()) if isinstance(value, Class) else [value]:
            if held not in asked:
                escape(run, held)


def import_module(run: Run, name: str, level: int, scope: Scope) -> Value:
    """Return the scope of a module of the project, or an `External` for another's.

    Args:
        run: the reading.
        name: with dots; may be empty where the import is relative.
        level: how many dots stand before it.
        scope: where the import stands.
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
    """Yield the files that a module may be in: beside the project's root, then beside the script."""
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
