"""Only the history speaks SQL, and it spells the final states once."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from caliban_ls.runtime.jobs import FINAL_STATES

PACKAGE = Path(__file__).parents[4] / "caliban_ls"
HISTORY = PACKAGE / "runtime" / "history"

_STATEMENT = re.compile(
    r"\b(SELECT .+ FROM|INSERT INTO|UPDATE \w+ SET|DELETE FROM|CREATE (TABLE|INDEX)|ALTER TABLE|PRAGMA)\b",
    re.DOTALL,
)
_CALLS = {"executemany", "executescript", "transaction"}


def texts(tree: ast.AST) -> Iterator[str]:
    """Yield the strings of a module, those with values in them as one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)


def speaks(path: Path) -> Iterator[str]:
    """Yield what a module has of SQL."""
    name = path.relative_to(PACKAGE).as_posix()
    tree = ast.parse(path.read_text())
    yield from (f"{name}: {text}" for text in texts(tree) if _STATEMENT.search(text))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import) and any(alias.name == "sqlite3" for alias in node.names):
            yield f"{name} imports sqlite3"
        if isinstance(node, ast.Attribute) and node.attr in _CALLS:
            yield f"{name}: .{node.attr}"


def test_sql_stands_in_the_history_alone() -> None:
    others = [path for path in sorted(PACKAGE.rglob("*.py")) if HISTORY not in path.parents]
    assert [found for path in others for found in speaks(path)] == []


def test_the_final_states_stand_in_no_query() -> None:
    words = {state.value for state in FINAL_STATES}
    lists = [
        f"{path.name}: {text}"
        for path in sorted(HISTORY.glob("*.py"))
        for text in texts(ast.parse(path.read_text()))
        if words <= set(re.findall(r"\w+", text))
    ]
    assert lists == []
