"""Imports point down only, and heavy packages stay out of quick commands."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "caliban_ls"

TIERS: list[set[str]] = [
    {"core"},
    {"analysis"},
    {"validation", "runtime"},
    {"ide", "workspace"},
    {"operations"},
    {"commands"},
    {"lsp"},
    {"server"},
    {"cli", "__main__"},
]
"""From the ground up: a module imports from its own tier and from those before it."""

OTHERS = "*"
"""Stands for all modules of a package that no tier names."""

INSIDE: dict[str, list[set[str]]] = {
    "analysis": [
        {"findings", "backend_names"},
        {"rules", "document_kind"},
        {"jsondoc"},
        {"experiment", "script", "hardware"},
        {"config"},
        {"estimate"},
        {"checks"},
        {"report"},
    ],
    "analysis/script": [
        {"model", "known_modules"},
        {"interpreter", "suggestion", "value_rules"},
        {"libraries"},
        {"reader"},
        {"discovery"},
    ],
    "operations": [
        {"schemas"},
        {"context"},
        {"local"},
        {"jobs"},
        {"cloud"},
        {OTHERS},
    ],
    "runtime": [
        {"jobs"},
        {"engine"},
        {"history", "images"},
        {"docker", "google", "local"},
        {"backends"},
    ],
}
"""The same within some packages."""

DOORS: dict[str, set[str]] = {
    "argparse": {"cli", "runtime/docker/run_flags"},
    "docker": {"runtime/docker"},
    "google": {"runtime/google"},
    "googleapiclient": {"runtime/google"},
    "lsprotocol": {"lsp", "server"},
    "pydantic": {"operations/context/serialization"},
    "pygls": {"lsp", "server"},
    "requests": {"runtime/docker"},
    "rich": {"cli"},
    "urllib3": {"runtime/docker", "runtime/google"},
}
"""Which packages, folders or modules of ours may import a package of others."""

MOST_LINES, MOST_FILES, MOST_ENTRIES = 500, 20, 13
"""Of a file, of a folder, and of the package's own folder."""

PURE = {"analysis", "ide", "validation"}

OUTSIDE = {
    "asyncio",
    "datetime",
    "http",
    "os",
    "socket",
    "sqlite3",
    "subprocess",
    "sys",
    "threading",
    "time",
    "urllib",
}
"""What no pure module imports."""

FILES = sorted(PACKAGE.rglob("*.py"))


NO_EDGE = "# circle:"
"""Stands on the line of an import inside a function that is no edge of the graph, with the reason."""


def own_name(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix().removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the modules that a file imports, at any depth, with their dots."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def modules(path: Path) -> set[str]:
    """Return the modules of ours that a file imports, without the package's name."""
    ours = {name.partition(".")[2] for name in imports(path) if name.startswith("caliban_ls.")}
    ours = {name for name in ours if _exists(name)}
    return {name for name in ours if not any(other.startswith(f"{name}.") for other in ours)}


def _exists(name: str) -> bool:
    place = PACKAGE / name.replace(".", "/")
    return place.is_dir() or place.with_suffix(".py").is_file()


def tier(name: str, tiers: list[set[str]]) -> int | None:
    found = (number for number, names in enumerate(tiers) if name in names or OTHERS in names)
    return next(found, None)


def climbs() -> Iterator[tuple[str, str]]:
    """Yield each import that points up."""
    for path in FILES:
        own = own_name(path).removesuffix("/__init__").split("/")
        for name in modules(path):
            pairs = list(zip(own, name.split("."), strict=False))
            shared = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
            if shared is None:
                continue
            tiers = INSIDE.get("/".join(own[:shared]), []) if shared else TIERS
            levels = [tier(each, tiers) for each in pairs[shared]]
            if levels[0] is not None and levels[1] is not None and levels[0] < levels[1]:
                yield own_name(path), name


def dotted(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def edges(path: Path) -> set[str]:
    """Return the modules of ours that a file imports when it runs, with their dots.

    Imports inside functions count, unless their line has `# circle:` and the reason; those under
    `if TYPE_CHECKING` don't. A name that is imported from a package is an edge to its module, or else to the
    package itself.
    """
    text = path.read_text()
    lines = text.splitlines()
    found: set[str] = set()
    stack: list[ast.AST] = [ast.parse(text)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            stack += node.orelse
            continue
        stack += ast.iter_child_nodes(node)
        if not isinstance(node, ast.Import | ast.ImportFrom) or NO_EDGE in lines[node.lineno - 1]:
            continue
        for alias in node.names:
            name = alias.name
            if isinstance(node, ast.ImportFrom):
                name = f"{node.module}.{name}" if _exists_whole(f"{node.module}.{name}") else str(node.module)
            if _exists_whole(name):
                found.add(name)
    return found


def _exists_whole(name: str) -> bool:
    package, _, rest = name.partition(".")
    return package == PACKAGE.name and (not rest or _exists(rest))


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one import circle, none where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def through_walls() -> Iterator[str]:
    """Yield each import of another's package that isn't at its door."""
    for path in FILES:
        own = own_name(path).removesuffix("/__init__")
        for name in {each.split(".")[0] for each in imports(path)} & DOORS.keys():
            if not any(own == door or own.startswith(f"{door}/") for door in DOORS[name]):
                yield f"{own} imports {name}"


def impure() -> Iterator[str]:
    """Yield each import of a pure module that reaches outside."""
    for path in FILES:
        if own_name(path).split("/")[0] in PURE:
            for name in OUTSIDE & {each.split(".")[0] for each in imports(path)}:
                yield f"{own_name(path)} imports {name}"


def test_every_module_has_its_tier() -> None:
    names = {own_name(path).split("/")[0] for path in FILES} - {"__init__"}
    assert names <= set().union(*TIERS)
    for package, tiers in INSIDE.items():
        found = {own_name(path) for path in FILES if own_name(path).startswith(f"{package}/")}
        inside = {name.removeprefix(f"{package}/").split("/")[0] for name in found}
        named = set().union(*tiers)
        assert OTHERS in named or inside <= named | {"__init__"}


def test_imports_point_down() -> None:
    assert list(climbs()) == []


def test_no_imports_go_in_circles() -> None:
    graph = {dotted(path): edges(path) - {dotted(path)} for path in FILES}
    assert circle(graph) == []


def test_each_package_of_others_has_one_door() -> None:
    assert list(through_walls()) == []


def test_each_class_has_a_name_of_its_own() -> None:
    names: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                names.setdefault(node.name, []).append(own_name(path))
    assert {name: places for name, places in names.items() if len(places) > 1} == {}


def test_files_and_folders_can_be_kept_in_mind() -> None:
    long = {own_name(path) for path in FILES if path.read_text().count("\n") > MOST_LINES}
    full = {
        path.name
        for path in PACKAGE.rglob("*")
        if path.is_dir() and len(list(path.glob("*.py"))) > MOST_FILES
    }
    assert (long, full) == (set(), set())
    assert len([path for path in PACKAGE.iterdir() if path.name != "__pycache__"]) <= MOST_ENTRIES


def test_analysis_touches_nothing_outside() -> None:
    assert list(impure()) == []


@pytest.mark.parametrize(
    ("argv", "absent"),
    [
        (
            ["--help"],
            {"pygls", "lsprotocol", "pydantic", "docker", "google", "googleapiclient", "rich", "asyncio"},
        ),
        (["check", "."], {"pygls", "lsprotocol", "pydantic", "docker", "google", "googleapiclient", "rich"}),
        (
            ["expand", "experiment.json"],
            {"pygls", "lsprotocol", "pydantic", "docker", "google", "googleapiclient"},
        ),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_quick_commands_load_nothing_heavy(argv: list[str], absent: set[str], tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"lr": [0.1, 0.2]}')
    program = (
        "import sys\nfrom caliban_ls.cli import main\n"
        f"try: code = main({argv!r})\nexcept SystemExit as end: code = end.code\n"
        f"print(sorted({absent!r} & set(sys.modules)), code, file=sys.stderr)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stderr.splitlines()[-1] == "[] 0"
