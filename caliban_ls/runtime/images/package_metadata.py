"""What a package says of itself in files: its extras, its dependencies, and the Python that it needs.

Reads pyproject.toml and setup.cfg as far as they are static; what a build backend computes isn't known here.
Formats: packaging.python.org, "pyproject.toml specification", and setuptools.pypa.io, "setup.cfg files".
"""

from __future__ import annotations

import configparser
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caliban_ls.core.errors import UsageError
from caliban_ls.core.project_files import is_file
from caliban_ls.runtime.images.requirements import read_text

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYPROJECT = "pyproject.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A package's own words.

    Attributes:
        declared: whether the files declare a package at all; pyproject.toml often only configures tools.
        extras: their names; None when only the build knows.
        static: whether pyproject.toml alone tells its dependencies, without a build backend.
        python: the versions that it takes, `>=3.10,<3.13`; "" when it doesn't say.
        addresses: of the indexes that its packages come from.
    """

    declared: bool = False
    extras: tuple[str, ...] | None = None
    static: bool = False
    python: str = ""
    addresses: tuple[str, ...] = ()


def read_metadata(folder: Path) -> Metadata:
    """Return what a project's pyproject.toml says, or its setup.cfg where that says nothing.

    Raises:
        UsageError: pyproject.toml can't be read.
    """
    table = read_toml(folder, PYPROJECT)
    project = table.get("project")
    poetry = _table(_table(table, "tool"), "poetry")
    addresses = _addresses(table)
    if isinstance(project, Mapping):
        dynamic = project.get("dynamic")
        computed = dynamic if isinstance(dynamic, list) else []
        extras = _table(project, "optional-dependencies")
        unknown = "optional-dependencies" in computed
        python = project.get("requires-python")
        return Metadata(
            declared=True,
            extras=None if unknown else tuple(extras),
            static=not unknown and "dependencies" not in computed,
            python=python if isinstance(python, str) else "",
            addresses=addresses,
        )
    if poetry:
        return Metadata(declared=True, extras=tuple(_table(poetry, "extras")), addresses=addresses)
    return _read_setup_cfg(folder, addresses)


def read_toml(folder: Path, name: str) -> dict[str, Any]:
    """Return a TOML file of a project; an empty table when there is none.

    Raises:
        UsageError: it can't be read or isn't TOML.
    """
    if not is_file(folder, name):
        return {}
    try:
        return tomllib.loads(read_text(folder, name))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name} isn't TOML: {error}", hint="Correct the file.") from error


def python_for(requirement: str, default: str) -> str:
    """Return the MAJOR.MINOR to use: the default one, or the nearest that a package takes.

    Only bounds are read (`>=`, `>`, `<`, `<=`, `~=`, `==`) and only their first two numbers; anything finer is
    for the installation to judge.
    """
    minor = int(default.split(".")[1])
    for operator, given in re.findall(r"(>=|<=|~=|==|<|>)\s*3\.(\d+)", requirement):
        bound = int(given)
        if operator in {">=", "~=", ">"}:
            minor = max(minor, bound)
        elif operator == "==":
            minor = bound
        else:
            # `<3.12.1` still takes a 3.12, and `<3.12` doesn't; the lower one is right for both.
            minor = min(minor, bound - 1 if operator == "<" else bound)
    return f"3.{minor}"


def normalized(name: str) -> str:
    """Return the form in which names of packages and extras are compared (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _read_setup_cfg(folder: Path, addresses: tuple[str, ...]) -> Metadata:
    if not is_file(folder, "setup.cfg"):
        return Metadata(addresses=addresses)
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(read_text(folder, "setup.cfg"))
    except configparser.Error:
        return Metadata(addresses=addresses)
    if not (parser.has_section("metadata") or parser.has_section("options")):
        return Metadata(addresses=addresses)
    extras = parser.options("options.extras_require") if parser.has_section("options.extras_require") else ()
    python = parser.get("options", "python_requires", fallback="")
    # Together with a setup.py the extras may be written there.
    static = not is_file(folder, "setup.py")
    return Metadata(
        declared=True, extras=tuple(extras) if static else None, python=python, addresses=addresses
    )


def _table(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = table.get(name)
    return value if isinstance(value, Mapping) else {}


def _addresses(table: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the addresses of the indexes that a pyproject.toml names for uv or for Poetry."""
    tool = _table(table, "tool")
    named = [_table(tool, "uv").get("index"), _table(tool, "poetry").get("source")]
    return tuple(
        str(index["url"])
        for indexes in named
        if isinstance(indexes, list)
        for index in indexes
        if isinstance(index, Mapping) and "url" in index
    )
