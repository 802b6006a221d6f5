"""Read a script's command line: follow its text as if it ran, then collect what its parsers accept."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from caliban_ls.analysis.script.model import Conventions, Flag, Script

# The interpreter takes longer to load than a check without a script.
if TYPE_CHECKING:
    from caliban_ls.analysis.script.interpreter.state import Run
    from caliban_ls.analysis.script.interpreter.values import ScriptParser

ReadText = Callable[[str], str | None]
"""Takes a path relative to the project, with slashes; returns the file's text, None when there is no file."""


def read_script(path: str, read: ReadText) -> Script | None:
    """Read a script's command line.

    Args:
        path: the script, relative to the project, with slashes.
        read: gives the texts of the project's files.

    Returns:
        None when there is no such file or it isn't Python.
    """
    from caliban_ls.analysis.script.interpreter.evaluator import ScriptEvaluator
    from caliban_ls.analysis.script.interpreter.state import Exhausted, Run
    from caliban_ls.analysis.script.interpreter.values import UNKNOWN, Scope
    from caliban_ls.analysis.script.libraries.registry import LIBRARIES

    run = Run(_remembering(read), ScriptEvaluator(), LIBRARIES, folder=path.rpartition("/")[0])
    source = run.open(path)
    if source is None:
        return None
    scope = Scope(source, {"__name__": "__main__", "__file__": UNKNOWN})
    run.modules[path] = scope
    try:
        run.evaluator.execute(run, source.tree.body, scope)
    except (Exhausted, RecursionError):
        run.complete = run.certain = False
    return _script(run, path)


def _remembering(read: ReadText) -> ReadText:
    known: dict[str, str | None] = {}

    def remember(path: str) -> str | None:
        if path not in known:
            known[path] = read(path)
        return known[path]

    return remember


def _script(run: Run, path: str) -> Script:
    """Collect the flags of the parsers that read the command line."""
    parsers: list[ScriptParser] = []
    for invocation in run.invocations:
        if invocation.parser not in parsers:
            parsers.append(invocation.parser)
    parsed = bool(parsers)
    if not parsed:
        # Code that wasn't followed may call one of these.
        parsers = run.parsers
    libraries = {parser.library for parser in parsers}
    library = parsers[0].library if len(libraries) == 1 else None
    if library is not None and library.finish is not None:
        library.finish(run, path)
    flags: list[Flag] = []
    names: list[str] = []
    complete = run.complete and parsed and library is not None
    certain = run.certain and parsed and library is not None
    for parser in parsers:
        for name, part in _parts(parser, None):
            flags += [replace(flag, subcommand=name) if name else flag for flag in part.flags]
            names += [name] if name else []
            complete = complete and part.complete
            certain = certain and part.certain
    complete = complete and not _hides_flags(run)
    strict = any(one.strict for one in run.invocations)
    complete = complete and strict and all(one.strict or not one.doubtful for one in run.invocations)
    doubtful = (
        len(parsers) > 1
        or any(one.doubtful for one in run.invocations)
        or any(part.from_file for part in parsers)
    )
    flags = [replace(flag, required=False) if doubtful or flag.subcommand else flag for flag in flags]
    return Script(
        path=path,
        library=None if library is None else library.name,
        conventions=Conventions() if library is None else library.conventions,
        flags=tuple(dict.fromkeys(flags)),
        complete=complete,
        certain=certain,
        abbreviations=any(part.abbreviations for parser in parsers for _, part in _parts(parser, None)),
        needed=() if doubtful or not certain else tuple(parsers[0].needed),
        positionals=any(part.positionals for parser in parsers for _, part in _parts(parser, None)),
        subcommands=tuple(dict.fromkeys(names)),
        files=frozenset(run.files),
    )


def _parts(parser: ScriptParser, name: str | None) -> Iterator[tuple[str | None, ScriptParser]]:
    """Yield a parser and its subcommands' parsers, with their dotted names."""
    yield name, parser
    for own, inner in parser.subparsers:
        yield from _parts(inner, own if name is None else f"{name}.{own}")


def _hides_flags(run: Run) -> bool:
    """Whether a function that wasn't followed defines flags of a parser that it doesn't make or get itself."""
    for module in run.modules.values():
        for function in ast.walk(module.source.tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or function in run.followed:
                continue
            given = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
            given |= {
                one.id
                for one in ast.walk(function)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
            for one in ast.walk(function):
                if isinstance(one, ast.Call) and _defines(run, one.func, given):
                    return True
    return False


def _defines(run: Run, target: ast.expr, given: set[str]) -> bool:
    if not isinstance(target, ast.Attribute) or not isinstance(target.value, ast.Name):
        return False
    own = target.value.id in given
    return any(library.defines(target.attr, on_own_object=own) for library in run.libraries)
