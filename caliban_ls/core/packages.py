"""The packages of others that Caliban uses, by the commands that need them; `python -m caliban_ls.core.packages` imports each.

pip resolves requirements by what packages declare, and some leave out one that they import; then everything is
installed, `pip check` finds nothing, and a command fails when it first imports that package.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from caliban_ls.core.errors import MissingError

REINSTALL: Final = "Install it once more, with all that it needs: pip install --force-reinstall caliban-ls."
"""What to do where a package is missing."""

NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "serve": (
        "attrs",
        "cattrs",
        "lsprotocol.types",
        "pydantic",
        "pygls.capabilities",
        "pygls.exceptions",
        "pygls.lsp.server",
        "pygls.protocol.json_rpc",
    ),
    "build, run, shell and notebook": (
        "docker",
        "docker.auth",
        "docker.errors",
        "docker.tls",
        "requests.exceptions",
    ),
    "cloud, resume, resubmit, status, logs and stop": (
        "certifi",
        "google.auth",
        "google.auth.aws",
        "google.auth.credentials",
        "google.auth.exceptions",
        "google.auth.identity_pool",
        "google.auth.pluggable",
        "google.oauth2.service_account",
        "googleapiclient.discovery",
        "googleapiclient.discovery_cache",
        "urllib3.connection",
        "urllib3.connectionpool",
        "urllib3.exceptions",
    ),
    "tables and progress": (
        "rich.box",
        "rich.cells",
        "rich.console",
        "rich.progress",
        "rich.table",
        "rich.text",
    ),
}
"""Modules by the commands that import them."""

GOOGLE: Final = "cloud, resume, resubmit, status, logs and stop"
"""The key of `NEEDED` for commands that ask Google."""


@dataclass(frozen=True, slots=True)
class Unusable:
    """A module that can't be imported.

    Attributes:
        commands: that need it, in words.
        module: its name.
        reason: of the failure, in Python's words.
    """

    commands: str
    module: str
    reason: str


def unusable() -> Iterator[Unusable]:
    """Import every module of `NEEDED`, and yield those for which that fails."""
    for commands in NEEDED:
        yield from _unusable(commands)


def require(commands: str) -> None:
    """Import what some commands need.

    Args:
        commands: a key of `NEEDED`.

    Raises:
        MissingError: something can't be imported.
    """
    for found in _unusable(commands):
        raise MissingError(
            f"caliban isn't installed completely: {found.module} can't be imported: {found.reason}",
            hint=REINSTALL,
        )


def not_imported(error: ImportError) -> MissingError:
    """Return the failure of a command that a package is missing for."""
    return MissingError(f"caliban isn't installed completely: {_reason(error)}", hint=REINSTALL)


def _unusable(commands: str) -> Iterator[Unusable]:
    for module in NEEDED[commands]:
        try:
            with warnings.catch_warnings():
                # Some warn about the version of Python, which a command can't change.
                warnings.simplefilter("ignore")
                importlib.import_module(module)
        except Exception as error:  # noqa: BLE001 - a package that is half there may raise anything
            yield Unusable(commands, module, _reason(error))


def _reason(error: BaseException) -> str:
    """Return the words of the first failure, which names the package; those after it may have none."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error) or type(error).__name__


def main() -> int:
    """Print what can't be imported, a line each; return 3 if there is anything, else 0."""
    found = list(unusable())
    for one in found:
        sys.stderr.write(f"{one.commands} can't import {one.module}: {one.reason}\n")
    return MissingError.exit_code if found else 0


if __name__ == "__main__":
    sys.exit(main())
