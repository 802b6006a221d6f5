"""Which modules a command line imports: its own command's, and no other's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


def loaded(program: str, folder: Path) -> set[str]:
    """Return the modules that a program imports."""
    answer = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(answer.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("argv", "schemas"),
    [
        (["--help"], set()),
        (["check", "experiment.json"], {"check", "fields"}),
        (["expand", "experiment.json"], {"expand", "fields"}),
        (["rule", "CAL207"], {"rules", "fields"}),
        (["run", "--help"], {"containers", "fields"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_imports_its_own_schemas(argv: list[str], schemas: set[str], tmp_path: Path) -> None:
    (tmp_path / "experiment.json").write_text('{"lr": [0.1, 0.2]}')
    program = (
        f"from caliban_ls.cli import main\ntry: main({argv!r})\nexcept SystemExit as end: assert not end.code"
    )
    prefix = "caliban_ls.operations.schemas."
    found = {name.removeprefix(prefix) for name in loaded(program, tmp_path) if name.startswith(prefix)}
    assert found == schemas


def test_help_imports_no_operation(tmp_path: Path) -> None:
    program = "from caliban_ls.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass"
    packages = {name.split(".")[1] for name in loaded(program, tmp_path) if name.startswith("caliban_ls.")}
    assert packages == {"cli", "commands", "core"}


def test_the_server_has_asyncio_without_ssl_and_commands_have_ssl(tmp_path: Path) -> None:
    program = (
        "import sys\nfrom caliban_ls.cli.main import _import_asyncio_without_ssl as start\n"
        "start()\nassert 'ssl' not in sys.modules\n"
        "import asyncio\nassert asyncio.run(asyncio.sleep(0, 5)) == 5\n"
        "import ssl\nssl.create_default_context()"
    )
    assert {"asyncio", "ssl"} <= loaded(program, tmp_path)
