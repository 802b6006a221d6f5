"""Writes what the VS Code extension carries of the server: its wheel, and the versions to install beside it.

They come to lie in editor/vscode/bundled/. The wheel of one source is the same to the byte wherever it is made, since the
extension knows by its digest whether an environment is the right one.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

ROOT = Path(__file__).parents[1]
BUNDLED = ROOT / "editor/vscode/bundled"

OLDEST = "3.10"
"""The first Python that the server runs on."""


def main() -> int:
    shutil.rmtree(BUNDLED, ignore_errors=True)
    BUNDLED.mkdir()
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet", "--no-deps"]
    command += ["--no-build-isolation", "--wheel-dir", str(BUNDLED), str(ROOT)]
    # The time of the oldest file that a zip can hold, so that a clock changes nothing.
    subprocess.run(command, env={**os.environ, "SOURCE_DATE_EPOCH": "315532800"}, check=True)
    (BUNDLED / "constraints.txt").write_text("".join(f"{pin}\n" for pin in pins()), encoding="utf-8")
    return 0


def pins() -> list[str]:
    """Return the lines of constraints.txt for all that the server needs to run, on whichever system."""
    pinned = {
        canonicalize_name(line.split("==")[0]): line
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if "==" in line
    }
    found: set[tuple[NormalizedName, frozenset[str]]] = set()
    waiting = [Requirement("caliban-ls")]
    while waiting:
        wanted = waiting.pop()
        one = (canonicalize_name(wanted.name), frozenset(wanted.extras))
        if one not in found:
            found.add(one)
            waiting += _needed(*one)
    return sorted(pinned[name] + _where(name) for name in {name for name, _ in found} & pinned.keys())


def _where(name: str) -> str:
    """Return for which Pythons a pin holds: an older one takes what it can have."""
    wanted = SpecifierSet(metadata(name)["Requires-Python"] or "")
    if OLDEST in wanted:
        return ""
    return "; " + " and ".join(f'python_version {one.operator} "{one.version}"' for one in wanted)


def _needed(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    """Yield what a package requires with its extras; nothing where it isn't installed, as what only Windows needs."""
    try:
        lines = requires(name) or []
    except PackageNotFoundError:
        return
    for one in map(Requirement, lines):
        marker = one.marker
        # Markers of systems and Pythons don't count: the pins are for all of them.
        if "extra" not in str(marker) or (
            marker and any(marker.evaluate({"extra": extra}) for extra in extras)
        ):
            yield one


if __name__ == "__main__":
    sys.exit(main())
