"""What a project says that it needs installed, and which of its files that takes.

Owns the choice among the files that say so; the reading of each kind is elsewhere. Nothing of the project is
run: the image's build does that.

| the project has | what is installed |
|---|---|
| environment.yml | a conda environment, and in it what follows |
| uv.lock | exactly the lock |
| pylock.toml | exactly the lock |
| requirements.txt | that |
| setup.py, setup.cfg or a package in pyproject.toml | its dependencies, where nothing above says more, or extras are asked for |
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from caliban_ls.core.errors import UsageError
from caliban_ls.core.project_files import is_file, printable
from caliban_ls.runtime.images.build_context import children, project_path
from caliban_ls.runtime.images.package_metadata import (
    PYPROJECT,
    Metadata,
    normalized,
    read_metadata,
    read_toml,
)
from caliban_ls.runtime.images.requirements import read_requirements, read_text

PROJECT_FILES = ("pyproject.toml", "requirements.txt", "setup.cfg", "setup.py")
"""Files of the project's own folder that travel with every program: some read their version from them."""

Tool = Literal["pip", "uv", "conda"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependencies:
    """One step of an installation.

    Attributes:
        files: copied before the step, by name, even if the ignore rules leave them out.
        roots: folders and files of the project that are installed themselves; the ignore rules hold in them.
        command: the shell command that installs, run in the project's folder.
        tool: `uv` where nothing else can do it, `pip` where either can, `conda`.
        addresses: of hosts that the files name for packages, for which there may be a password.
    """

    files: tuple[str, ...]
    roots: tuple[str, ...] = ()
    command: str
    tool: Tool = "pip"
    addresses: tuple[str, ...] = ()


def find_dependencies(folder: Path, extras: Sequence[str], mode: str) -> tuple[Dependencies, ...]:
    """Return what has to be installed, in order.

    The extra that is called like the mode, `cpu` or `gpu`, is asked for where the package has it.

    Raises:
        UsageError: a file can't be read, names one that is missing or lies outside of the project, or the package
            has no such extra.
    """
    found = list(_from_environment(folder))
    metadata = read_metadata(folder)
    wanted = _wanted_extras(metadata, extras, mode)
    if is_file(folder, _UV_LOCK):
        return (*found, _from_uv_lock(folder, wanted, metadata))
    if is_file(folder, _PYLOCK):
        return (*found, _from_pylock(folder))
    requirements = is_file(folder, _REQUIREMENTS)
    if extras or not requirements:
        if is_file(folder, "setup.py"):
            found.append(_from_setup(folder, wanted))
        elif metadata.declared:
            found.append(_from_package(folder, wanted, metadata))
    if requirements:
        found.append(_from_requirements(folder))
    return tuple(found)


def find_environment(folder: Path) -> str | None:
    """Return the name of the file that describes a conda environment, None when there is none."""
    return next((name for name in _ENVIRONMENTS if is_file(folder, name)), None)


_REQUIREMENTS = "requirements.txt"
_UV_LOCK = "uv.lock"
_PYLOCK = "pylock.toml"
_ENVIRONMENTS = ("environment.yml", "environment.yaml")

_UV = "/opt/uv/bin/uv"

_SETUP_FILES = re.compile(
    r"setup\.(py|cfg)|pyproject\.toml|MANIFEST\.in|(README|LICENSE|VERSION|CHANGELOG)(\..*)?|.*requirements.*\.txt",
    re.IGNORECASE,
)
"""What a setup.py reads. The packages aren't among it, so that a change of the code reinstalls nothing."""


def install_command(uv: str, pip: str | None = None) -> str:
    """Return a shell command that installs by uv where the image has it, and else by pip.

    Args:
        uv: arguments of `uv pip install`.
        pip: arguments of `pip install`; the same when None.
    """
    other = f"python -m pip install {uv if pip is None else pip}"
    return f"if [ -x {_UV} ]; then {_UV} pip install {uv}; else {other}; fi"


def _wanted_extras(metadata: Metadata, extras: Sequence[str], mode: str) -> tuple[str, ...]:
    """Return the extras to install, the mode's among them.

    Raises:
        UsageError: it is no name of an extra (PEP 508), or the package is known to have no such extra.
    """
    for extra in extras:
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", extra):
            raise UsageError(
                f"{extra!r} isn't the name of an extra",
                hint="Correct extras in .calibanconfig.json or --extras: letters, digits, `.`, `_` and `-`.",
            )
    wanted = tuple(dict.fromkeys((mode, *extras)))
    if metadata.extras is None or not metadata.declared:
        return wanted
    known = {normalized(name): name for name in metadata.extras}
    for extra in extras:
        if normalized(extra) not in known:
            there = f"It has {', '.join(metadata.extras)}." if metadata.extras else "It has none."
            raise UsageError(f"The package has no extra {extra}", hint=there)
    return tuple(known[normalized(extra)] for extra in wanted if normalized(extra) in known)


def _from_setup(folder: Path, extras: Sequence[str]) -> Dependencies:
    target = shlex.quote(f".[{','.join(extras)}]" if extras else ".")
    # What building the package leaves behind would be found by the program's imports.
    command = f"{install_command(target)} && rm -rf build *.egg-info"
    return Dependencies(files=_setup_files(folder), command=command)


def _from_package(folder: Path, extras: Sequence[str], metadata: Metadata) -> Dependencies:
    """Return the step for a package without setup.py: its dependencies, not the package itself."""
    # Without a [project] table, as Poetry's older form has none, uv asks the build backend.
    file = PYPROJECT if is_file(folder, PYPROJECT) else "setup.cfg"
    flags = "".join(f" --extra {shlex.quote(extra)}" for extra in extras)
    return Dependencies(
        files=(PYPROJECT,) if metadata.static else _setup_files(folder),
        command=f"{_UV} pip install -r {file}{flags}",
        tool="uv",
        addresses=metadata.addresses,
    )


def _from_requirements(folder: Path) -> Dependencies:
    found = read_requirements(folder, _REQUIREMENTS)
    hashes = " --require-hashes" if found.hashed else ""
    # pip looks for the best version on every index; uv's own rule, the first index that has the name, fails
    # for files that were written for pip.
    uv = f"--index-strategy unsafe-best-match{hashes} -r {_REQUIREMENTS}"
    command = install_command(uv, f"-r {_REQUIREMENTS}")
    return Dependencies(files=found.files, roots=found.roots, command=command, addresses=found.addresses)


def _from_uv_lock(folder: Path, extras: Sequence[str], metadata: Metadata) -> Dependencies:
    if not is_file(folder, PYPROJECT):
        raise UsageError(
            "uv.lock has no pyproject.toml beside it", hint="`uv init` writes one; or remove uv.lock."
        )
    flags = "".join(f" --extra {shlex.quote(extra)}" for extra in extras)
    command = f"{_UV} sync --frozen --no-dev --no-install-project{flags}"
    lock = read_toml(folder, _UV_LOCK)
    return Dependencies(
        files=(PYPROJECT, _UV_LOCK),
        roots=tuple(_local_sources(folder, lock)),
        command=command,
        tool="uv",
        addresses=tuple(dict.fromkeys((*metadata.addresses, *_hosts(lock)))),
    )


def _from_pylock(folder: Path) -> Dependencies:
    lock = read_toml(folder, _PYLOCK)
    return Dependencies(
        files=(_PYLOCK,),
        roots=tuple(_local_sources(folder, lock)),
        command=f"{_UV} pip install --require-hashes -r {_PYLOCK}",
        tool="uv",
        addresses=tuple(_hosts(lock)),
    )


def _hosts(value: object) -> dict[str, None]:
    """Return the hosts of all web addresses in a lock, each once: it has thousands of addresses of few hosts."""
    if isinstance(value, str):
        host = re.match(r"https?://[^/\s]+", value)
        return {} if host is None else {host[0]: None}
    inside = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    return {host: None for one in inside for host in _hosts(one)}


def _local_sources(folder: Path, lock: Mapping[str, Any]) -> Iterator[str]:
    """Yield the paths of the project that a lock installs from, the project itself excepted."""
    packages = lock.get("package") or lock.get("packages")
    for package in packages if isinstance(packages, list) else ():
        source = package.get("source")
        inside = source if isinstance(source, Mapping) else package
        for key in ("editable", "directory", "path", "archive"):
            place = inside.get(key)
            path = place.get("path") if isinstance(place, Mapping) else place
            if isinstance(path, str) and path not in {".", ""} and "://" not in path:
                yield project_path(folder, path, f"The package {package.get('name')} of the lock,")


def _from_environment(folder: Path) -> Iterator[Dependencies]:
    name = find_environment(folder)
    if name is None:
        return
    text = read_text(folder, name)
    files: dict[str, None] = {name: None}
    roots: dict[str, None] = {}
    addresses = dict.fromkeys(re.findall(r"(?<![+\w])https?://[^\s'\"\]},]+", text))
    for named in re.findall(r"^\s*-\s*['\"]?(?:-r|-c|--requirement)[ =]\s*([^\s'\"#]+)", text, re.MULTILINE):
        found = read_requirements(
            folder, project_path(folder, named, f"A file that {printable(name)} names,")
        )
        files |= dict.fromkeys(found.files)
        roots |= dict.fromkeys(found.roots)
        addresses |= dict.fromkeys(found.addresses)
    yield Dependencies(
        files=tuple(files),
        roots=tuple(roots),
        command=_CONDA.replace("FILE", name),
        tool="conda",
        addresses=tuple(addresses),
    )


_CONDA = (
    "if command -v micromamba; then micromamba create --yes --prefix /opt/venv --file FILE;"
    " elif command -v mamba; then mamba env create --yes --prefix /opt/venv --file FILE;"
    " elif command -v conda; then conda env create --yes --prefix /opt/venv --file FILE;"
    " else echo 'The base image has no conda; mambaorg/micromamba and condaforge/miniforge3 have.' >&2; exit 1; fi"
)


def _setup_files(folder: Path) -> tuple[str, ...]:
    names = [child.name for child in children(folder, "") if _SETUP_FILES.fullmatch(child.name)]
    return tuple(sorted(name for name in names if is_file(folder, name)))
