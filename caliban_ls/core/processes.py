"""Start processes: the one door to programs of this machine.

A project's folder may hold a `docker`, a `types.py` or a `caliban_ls/`. So a program is looked for in absolute
entries of PATH only, our own interpreter is isolated (`-I`), and no program starts in the project's folder unless it
is ourselves.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, MutableMapping, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:  # most commands start nothing
    import subprocess

NEUTRAL = "/"
"""The working folder of other programs: no project can put a file there."""


def clean_path(environment: MutableMapping[str, str]) -> None:
    """Drop the entries of PATH that mean the working folder, for what we and our libraries start."""
    if "PATH" in environment:
        environment["PATH"] = os.pathsep.join(_absolute(environment["PATH"]))


def find_programs(name: str, environment: Mapping[str, str]) -> list[str]:
    """Return every program of a name on PATH, in its order; relative entries don't count."""
    paths = [f"{folder}/{name}" for folder in _absolute(environment.get("PATH", os.defpath))]
    return [path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)]  # noqa: PTH113 - no Path is made


def find_program(name: str, environment: Mapping[str, str]) -> str | None:
    """Return the first program of a name on PATH, None when there is none; relative entries don't count."""
    return next(iter(find_programs(name, environment)), None)


def run(
    command: Sequence[str], environment: Mapping[str, str], seconds: float, folder: str = NEUTRAL
) -> subprocess.CompletedProcess[str]:
    """Run a program of this machine to its end and return what it said, as text.

    Args:
        command: its absolute path and its arguments.
        environment: its variables.
        seconds: after which it is killed.
        folder: where it works; never the project's.

    Raises:
        OSError: it can't be started.
        subprocess.TimeoutExpired: it took too long.
    """
    import subprocess

    return subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=seconds,
        cwd=folder,
        env=dict(environment),
    )


def start(
    command: Sequence[str], environment: Mapping[str, str], folder: str = NEUTRAL
) -> subprocess.Popen[bytes]:
    """Start a program of this machine with pipes to both its ends, in a session of its own.

    Raises:
        OSError: it can't be started.
    """
    import subprocess

    return subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=dict(environment),
        start_new_session=True,  # Ctrl-C is for us to pass on
    )


def own_command(*words: str) -> tuple[str, ...]:
    """Return the command line that runs this program again, which a working folder can't change.

    `-I` leaves out the working folder, the user's site-packages and PYTHONPATH. Where this program itself came from
    one of the latter two, their folders are passed along: after the interpreter's own, so that they replace nothing.
    """
    places = _places_that_isolation_drops()
    if not places:
        return (sys.executable, "-I", "-m", "caliban_ls", *words)
    return (sys.executable, "-I", "-c", _WITH_PLACES, os.pathsep.join(places), *words)


def start_own(
    words: Sequence[str],
    folder: Path,
    environment: Mapping[str, str],
    *,
    said: IO[bytes],
    kept: Sequence[int],
) -> subprocess.Popen[bytes]:
    """Start this program again in a session of its own, working on a project.

    Args:
        words: of its command line.
        folder: of the project. Being isolated, nothing is imported from there.
        environment: its variables.
        said: takes its errors.
        kept: descriptors that it inherits.

    Raises:
        OSError: it can't be started.
    """
    import subprocess

    return subprocess.Popen(
        own_command(*words),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=said,
        pass_fds=kept,
        start_new_session=True,
        env=dict(environment),
    )


_WITH_PLACES = (
    "import sys; sys.path += sys.argv.pop(1).split(':'); from caliban_ls.cli import main; sys.exit(main())"
)


def _absolute(path: str) -> list[str]:
    return [entry for entry in path.split(os.pathsep) if os.path.isabs(entry)]  # noqa: PTH117 - no Path is made


def _places_that_isolation_drops() -> list[str]:
    """Return the folders that only PYTHONPATH or the user's site-packages bring, if this program is in one."""
    if sys.flags.isolated:
        return _passed()
    import site

    dropped = [*_absolute(os.environ.get("PYTHONPATH", "")), site.getusersitepackages()]
    dropped = [folder for folder in dropped if folder in sys.path and folder not in site.getsitepackages()]
    own = str(Path(__file__).parents[2])
    return list(dict.fromkeys(dropped)) if own in dropped else []


def _passed() -> list[str]:
    """Return the folders that this process was itself passed, being isolated: they end `sys.path`."""
    own = str(Path(__file__).parents[2])
    given: Any = sys.orig_argv
    if _WITH_PLACES not in given:
        return []
    places = str(given[given.index(_WITH_PLACES) + 1]).split(os.pathsep)
    return places if own in places else []
