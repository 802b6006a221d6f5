"""What Caliban imports of others, and what it says where one of those can't be imported."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from caliban_ls.core import packages
from caliban_ls.core.errors import MissingError

PACKAGE = Path(packages.__file__).parents[1]

BROKEN = """
import sys
sys.modules["{package}"] = None  # Python then says that there is none
from caliban_ls.{module} import main
sys.argv = ["caliban", *{argv!r}]
raise SystemExit(main())
"""


def without(package: str, module: str, *argv: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a module of ours where a package is missing."""
    program = BROKEN.format(package=package, module=module, argv=argv)
    environment = {"HOME": str(folder), "CALIBAN_HOME": str(folder / "state"), "PATH": "/usr/bin:/bin"}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
    )


def imported() -> set[str]:
    """Return the modules of others that our own import, wherever they do."""
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module is not None:
                found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    ours = {"caliban_ls", "_typeshed", "tomli"}  # tomli: for a Python that lacks tomllib
    return {name for name in found if name.partition(".")[0] not in ours | sys.stdlib_module_names}


def test_the_table_is_what_the_package_imports() -> None:
    listed = {module for modules in packages.NEEDED.values() for module in modules}
    covered = listed | {
        ".".join(name.split(".")[:end]) for name in listed for end in range(1, name.count(".") + 1)
    }
    # A name of a module may be a class of it.
    missing = {name for name in imported() if name not in covered and name.rpartition(".")[0] not in covered}
    assert missing == set()
    assert {name for name in listed if name not in imported()} == set()


def test_everything_of_the_table_can_be_imported() -> None:
    assert list(packages.unusable()) == []


def test_the_first_failure_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "googleapiclient.discovery", raising=False)
    monkeypatch.setitem(sys.modules, "uritemplate", None)
    with pytest.raises(MissingError, match=r"googleapiclient\.discovery can't be imported: .*uritemplate"):
        packages.require(packages.GOOGLE)


def test_the_check_lists_what_a_command_lacks(tmp_path: Path) -> None:
    done = without("uritemplate", "core.packages", folder=tmp_path)
    assert done.returncode == 3
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{packages.GOOGLE} can't import googleapiclient.discovery: ")
    assert "uritemplate" in line


def test_the_doctor_names_what_is_missing_and_the_mend(tmp_path: Path) -> None:
    done = without("uritemplate", "cli", "doctor", folder=tmp_path)
    assert "uritemplate" in done.stdout
    assert packages.REINSTALL in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("command", "package"), [("serve", "pygls"), ("containers", "docker")])
def test_a_command_without_its_package_says_so_in_a_sentence(
    command: str, package: str, tmp_path: Path
) -> None:
    done = without(package, "cli", command, folder=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("error[missing]: caliban isn't installed completely: ")
    assert package in done.stderr
    assert packages.REINSTALL in done.stderr
    assert "Traceback" not in done.stderr
