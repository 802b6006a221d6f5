"""Side tables: each reader has its own entries, and an edit removes those of what it touches."""

from __future__ import annotations

import ast
from pathlib import Path

from caliban_ls.analysis.jsondoc import Node, SideTable, parse

PACKAGE = Path(__file__).parents[4] / "caliban_ls"

SIZES = SideTable[int]()
NAMES = SideTable[str]()


def root(text: str) -> Node:
    found = parse(text).root
    assert found is not None
    return found


def test_tables_share_a_node_and_not_their_entries() -> None:
    node = root("[1, 2]")
    assert SIZES.get(node) is None
    assert SIZES.put(node, 2) == 2
    assert NAMES.get(node) is None
    NAMES.put(node, "a list")
    assert (SIZES.get(node), NAMES.get(node)) == (2, "a list")
    assert SIZES.get(root("[1, 2]")) is None


def test_an_edit_removes_the_entries_of_what_it_touches() -> None:
    document = parse('{"a": [1, 2], "b": [3, 4]}')
    assert document.root is not None
    first, second = (member.value for member in document.root.members)
    assert first is not None
    assert second is not None
    for node in (document.root, first, second):
        SIZES.put(node, 2)
    document.edit(7, 8, "17")
    assert SIZES.get(document.root) is None
    assert SIZES.get(document.root.members[0].value or first) is None
    assert document.root.members[1].value is second
    assert SIZES.get(second) == 2


def test_only_tables_look_at_what_stands_beside_a_node() -> None:
    """Every reader has its own tables, so that none sees what another found, or in which type."""
    for path in PACKAGE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        if not path.is_relative_to(PACKAGE / "analysis/jsondoc"):
            assert not any(
                isinstance(one, ast.Attribute) and one.attr == "side_entries" for one in ast.walk(tree)
            ), path
        made = [one for one in ast.walk(tree) if isinstance(one, ast.Call) and _is_table(one.func)]
        private = [
            one.value
            for one in tree.body
            if isinstance(one, ast.AnnAssign)
            and isinstance(one.target, ast.Name)
            and one.target.id.startswith("_")
        ]
        assert all(one in private for one in made), path


def _is_table(made: ast.expr) -> bool:
    return (
        isinstance(made, ast.Subscript) and isinstance(made.value, ast.Name) and made.value.id == "SideTable"
    )
