"""Files of a project and programs of the machine are reached through one door each."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "caliban_ls"

_READS = {
    "open",
    "read_text",
    "read_bytes",
    "write_text",
    "write_bytes",
    "readlink",
    "scandir",
    "iterdir",
    "is_file",
}

OTHER_FILES = {
    "operations/context/trust": "its book is in the state folder",
    "analysis/hardware/catalog/__init__": "reads the package's own data",
    "cli/main": "opens the null device",
    "operations/local/background": "reads a pipe",
    "operations/jobs/export": "writes where the user says with -o",
    "workspace/files": "walks with os.walk, and opens by the door",
    "operations/jobs/logs": "reads logs of the state folder",
    "analysis/hardware/pricing": "reads the package's own data",
    "operations/cloud/saved_plans": "is in the state folder",
    "workspace/projects": "lists the folder of an experiment, and reads the user's settings",
    "core/project_files": "is the door",
    "lsp/protocol_types": "looks at installed packages",
    "operations/cloud/provenance": "writes into a temporary folder, and reads by the door",
    "operations/cloud/resume": "looks for the config of the project that a folder lies in",
    "operations/context/state": "reads settings of the state folder",
    "lsp/transport": "opens the null device",
    "operations/doctor": "reads Docker's own config",
    "core/processes": "is the door to programs",
    "runtime/docker/buildkit": "writes secrets into a temporary folder",
    "runtime/google/local_identity": "reads gcloud's folder",
    "runtime/google/credentials": "looks for the user's credentials",
    "runtime/docker/container_calls": "reads an archive that the engine sends",
    "runtime/docker/endpoint": "reads Docker's own config",
    "runtime/google/auth": "reads the user's credentials",
    "runtime/backends/launch_journal": "is in the state folder",
    "runtime/history/job_logs": "is in the state folder",
    "runtime/local/owner": "reads /proc",
    "runtime/images/requirements": "has a read_text of its own, by the door",
    "runtime/docker/run_flags": "reads the files that the user's own flags name",
    "runtime/images/build_secrets": "reads what the user's variables name",
}
"""Modules that open other files than a project's, and which."""

OTHER_MEANINGS = {
    "analysis/script/reader",
    "analysis/script/interpreter/state",
    "operations/jobs/stop",
    "runtime/docker/payloads",
    "operations/jobs/logs",
}
"""Modules whose `open` isn't one of files."""


def own_name(path: Path) -> str:
    return str(path.relative_to(PACKAGE)).removesuffix(".py")


def opening(path: Path) -> set[str]:
    """The calls of a file that open or look at files by a name, but for those of the door."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id == "open":
            found.add("open")
        if isinstance(called, ast.Attribute) and called.attr in _READS:
            owner = called.value
            if not (isinstance(owner, ast.Name) and owner.id == "project_files"):
                found.add(called.attr)
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=own_name)
def test_files_are_opened_by_the_door(path: Path) -> None:
    name = own_name(path)
    assert name in OTHER_FILES or name in OTHER_MEANINGS or not opening(path)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=own_name)
def test_processes_are_started_by_the_door(path: Path) -> None:
    starting = {"run", "Popen", "call", "check_call", "check_output"}
    calls = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and (node.func.value.id, node.func.attr)
        in {
            *(("subprocess", name) for name in starting),
            ("os", "system"),
            ("os", "popen"),
            ("shutil", "which"),
        }
    }
    assert own_name(path) == "core/processes" or not calls
