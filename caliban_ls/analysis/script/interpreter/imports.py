"""Follow imports: into the project's modules; a module outside the project is only a name."""

from __future__ import annotations

import ast

from caliban_ls.analysis.script.interpreter.names import attribute, look_up
from caliban_ls.analysis.script.interpreter.state import Run, import_module
from caliban_ls.analysis.script.interpreter.values import UNKNOWN, External, Scope, UnknownValue, Value
from caliban_ls.analysis.script.known_modules import WITHOUT_FLAGS


def import_names(run: Run, node: ast.Import, scope: Scope) -> None:
    """Follow `import a.b as c`."""
    for alias in node.names:
        found = import_module(run, alias.name, 0, scope)
        if alias.asname or "." not in alias.name:
            scope.names[alias.asname or alias.name] = found
            continue
        first = alias.name.partition(".")[0]
        if isinstance(found, External):
            scope.names[first] = External(first)
        else:
            scope.names[first] = _package(run, alias.name, found, scope)


def _package(run: Run, name: str, found: Value, scope: Scope) -> Value:
    """Return the first package of a dotted name, holding the modules down to the last one."""
    outer = found
    while "." in name:
        name, _, last = name.rpartition(".")
        package = import_module(run, name, 0, scope)
        if not isinstance(package, Scope):
            package = Scope(scope.module.source)
        package.names.setdefault(last, outer)
        outer = package
    return outer


def import_from(run: Run, node: ast.ImportFrom, scope: Scope) -> None:
    """Follow `from a import b`."""
    if node.module == "__future__":
        return
    found = import_module(run, node.module or "", node.level, scope)
    for alias in node.names:
        if alias.name == "*":
            if isinstance(found, Scope):
                scope.names.update({name: value for name, value in found.names.items() if name[:1] != "_"})
                scope.stars += found.stars
            elif isinstance(found, External):
                scope.stars.append(found.name)
            continue
        scope.names[alias.asname or alias.name] = _imported(run, node, found, alias.name, scope)


def _imported(run: Run, node: ast.ImportFrom, found: Value, name: str, scope: Scope) -> Value:
    if isinstance(found, Scope):
        if name in found.names:
            return found.names[name]
        if not found.source.path.endswith("__init__.py"):
            return look_up(run, name, Scope(found.source, stars=found.stars)) if found.stars else UNKNOWN
    if isinstance(found, External) and found.name.partition(".")[0] in WITHOUT_FLAGS:
        return attribute(run, found, name)
    whole = f"{node.module}.{name}" if node.module else name
    # A folder without __init__.py is a package too.
    module = (
        import_module(run, whole, node.level, scope)
        if not isinstance(found, UnknownValue) or node.level
        else UNKNOWN
    )
    if isinstance(module, Scope):
        return module
    if isinstance(found, External):
        return attribute(run, found, name)
    return UNKNOWN
