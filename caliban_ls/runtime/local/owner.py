"""Label each container with the process that owns it, and tell whether that process lives.

Machine, user, boot, process namespace, number and start identify a process, so that neither a reused number nor
another user of the same engine is taken for it. Knows no engine and no SDK.
"""

from __future__ import annotations

import os
import socket
import subprocess
from contextlib import suppress
from pathlib import Path

from caliban_ls.core import processes

OWNER = "caliban.owner"
KIND = "caliban.kind"
GROUP = "caliban.group"
JOB = "caliban.job"
PROJECT = "caliban.project"
DETACH = "caliban.detach"
"""`1` on a container that is meant to outlive the process that started it."""

_UNKNOWN = "-"
_PROC = Path("/proc")


def this_owner() -> str:
    """Return the value of the label OWNER that stands for this process."""
    pid = os.getpid()
    return " ".join((_place(), _boot(), _namespace(), str(pid), _start(pid) or _UNKNOWN))


def is_dead(owner: str) -> bool:
    """Return whether the process behind a label is known to have ended.

    What can't be known from here counts as alive: processes of other machines, users and process
    namespaces, and labels that we didn't write.
    """
    try:
        place, boot, namespace, pid, start = owner.split(" ", 4)
        number = int(pid)
    except ValueError:
        return False
    if place != _place():
        return False
    if boot != _boot():
        return True
    if namespace != _namespace() or start == _UNKNOWN:
        return False
    return _start(number) != start


def _place() -> str:
    """Return this machine and user. Other users' processes may be hidden from us."""
    machine = _read(Path("/etc/machine-id")) or _UNKNOWN
    user = os.getuid() if hasattr(os, "getuid") else _UNKNOWN
    return f"{socket.gethostname()}/{machine}/{user}".replace(" ", _UNKNOWN)


def _boot() -> str:
    """Return what changes when the machine starts; only Linux needs it, since it counts from there."""
    return _read(_PROC / "sys/kernel/random/boot_id") or _UNKNOWN


def _namespace() -> str:
    """Return where process numbers hold; two containers of one machine count each for themselves."""
    with suppress(OSError):
        return str((_PROC / "self/ns/pid").readlink())
    return _UNKNOWN


def _start(pid: int) -> str | None:
    """Return when a process started, as its system says it; None when there is no such process."""
    if (_PROC / "self/stat").exists():
        # The command's name is in brackets and may hold anything; the 3rd field is the first behind it.
        fields = (_read(_PROC / str(pid) / "stat") or "").rpartition(")")[2].split()
        return fields[19] if fields and fields[0] not in {"Z", "X"} else None
    with suppress(OSError, subprocess.SubprocessError):
        program = processes.find_program("ps", os.environ)
        if program is not None:
            return (
                processes.run([program, "-o", "lstart=", "-p", str(pid)], os.environ, 10).stdout.strip()
                or None
            )
    return None


def _read(file: Path) -> str | None:
    """Return the text of a small file of the system, None when it can't be had."""
    with suppress(OSError, ValueError):
        return file.read_text().strip()
    return None
