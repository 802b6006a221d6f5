"""Imports point down only, and what is heavy stays out of what must be quick."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "caliban_ls"

LAYERS: list[set[str]] = [
    {"text", "duration", "home", "findings", "errors", "cancel"},
    {"rules", "jsondoc", "settings"},
    {"forcing", "jsonedit", "members", "experiment", "script", "catalog"},
    {"hardware", "refusals", "selection"},
    {"binding"},
    {"project"},
    {"placement"},
    {"reasons"},
    {"models", "briefs"},
    {"outlook"},
    {"limits"},
    {"validation", "report", "processes", "project_files", "runtime"},
    {"repairs"},
    {"assist"},
    {"context", "first_experiment", "packages", "templates", "wire"},
    {"agreement", "files", "records", "services"},
    {"neighbours"},
    {"choosing", "mistakes", "surroundings", "detached", "references", "refreshing"},
    {"once_more"},
    {"images", "work"},
    {"sweeps", "diagnosis", "shells"},
    {"notebooks", "status", "following", "stopping", "exporting", "planning", "registries", "provenance"},
    {"plans", "kept_plans"},
    {"spending"},
    {"submission"},
    {"resubmission"},
    {"resuming"},
    {"commands"},
    {"asking"},
    {"documents", "convert", "stdio", "terminal", "protocol_types"},
    {"protocol", "progress", "inventory", "session", "answers", "execution"},
    {"host"},
    {"language", "crossfiles"},
    {"cli", "server", "__main__"},
]
"""From the ground up; a module imports from its own layer and from those before it."""


def layer(module: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if module in names)


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


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        if (
            parts[0] == "caliban_ls"
            and len(parts) > 1
            and (PACKAGE / parts[1]).with_suffix(".py").exists() | (PACKAGE / parts[1]).is_dir()
        ):
            assert layer(parts[1]) <= layer(own), f"{own} imports {name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_each_kit_has_one_door(path: Path) -> None:
    own = str(path.relative_to(PACKAGE)).removesuffix(".py")
    roots = {name.split(".")[0] for name in imports(path)}
    fence = {
        *("server", "protocol", "progress", "convert", "documents", "session", "execution"),
        *("answers", "inventory", "language", "crossfiles"),
    }
    doors = {
        "docker": {"runtime/docker"},
        "pygls": fence,
        "lsprotocol": fence | {"protocol_types"},
        "argparse": {"cli", "terminal", "runtime/run_args"},
        "rich": {"terminal"},
        "pydantic": {"wire"},
        "googleapiclient": {"runtime/google"},
        "requests": {"runtime/docker"},
        "google": {"runtime/identity", "runtime/transport"},
        "urllib3": {"runtime/docker", "runtime/transport"},
    }
    for kit, allowed in doors.items():
        assert kit not in roots or own in allowed, f"{own} imports {kit}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_the_core_touches_nothing_outside(path: Path) -> None:
    own = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if own in {"__init__", "__main__", "cancel"} or layer(own) > layer("validation"):
        return
    if own in {"runtime", "processes", "project_files"}:
        return
    forbidden = {
        "os",
        "sys",
        "time",
        "datetime",
        "socket",
        "subprocess",
        "threading",
        "urllib",
        "http",
        "asyncio",
    }
    assert not forbidden & {name.split(".")[0] for name in imports(path)}


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
