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
"""The same within three packages."""

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

CIRCULAR = ("analysis.script.", "runtime.backends.")
"""Packages whose modules still import each other in a circle. Add none."""

FILES = sorted(PACKAGE.rglob("*.py"))


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
            pairs = zip(own, name.split("."), strict=False)
            first, second = next(pairs), next(pairs, None)
            if first[0] != first[1]:
                levels = [tier(each, TIERS) for each in first]
            elif second and second[0] != second[1] and first[0] in INSIDE:
                levels = [tier(each, INSIDE[first[0]]) for each in second]
            else:
                continue
            if levels[0] is not None and levels[1] is not None and levels[0] < levels[1]:
                yield own_name(path), name


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


def circle() -> list[str]:
    """Return the files of one import circle, wherever in a file the imports stand; none where there is none."""
    graph: dict[str, set[str]] = {}
    for path in FILES:
        own = own_name(path).removesuffix("/__init__").replace("/", ".")
        if own.startswith(CIRCULAR):
            continue
        graph[own] = {_file_of(name) for name in imported(path)} - {own}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


def _file_of(name: str) -> str:
    """Return the module that `from … import …` reads: one of a package's, or the package itself."""
    return name if _exists(name) else name.rpartition(".")[0]


def imported(path: Path) -> set[str]:
    """Return what a file imports of ours, each name with its module, without the package's name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {
        name.partition(".")[2] for name in found if name.startswith("caliban_ls.") and name.count(".") > 1
    }


def test_every_module_has_its_tier() -> None:
    names = {own_name(path).split("/")[0] for path in FILES} - {"__init__"}
    assert names <= set().union(*TIERS)
    for package, tiers in INSIDE.items():
        inside = {own_name(path).split("/")[1] for path in FILES if own_name(path).startswith(f"{package}/")}
        named = set().union(*tiers)
        assert OTHERS in named or inside <= named | {"__init__"}


def test_imports_point_down() -> None:
    assert list(climbs()) == []


def test_no_imports_go_round_in_a_circle() -> None:
    assert circle() == []


def test_each_package_of_others_has_one_door() -> None:
    assert list(through_walls()) == []


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
