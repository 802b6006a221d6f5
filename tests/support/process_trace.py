"""What processes did: each program that they started and each address that they asked, as strace saw it. It misses none."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.requirements import lacking

_STARTS = "execve,execveat"
_FORKS = "fork,vfork,clone,clone3"
_ASKS = "connect,sendto,sendmsg,sendmmsg"

_LINE = re.compile(r"(\d+) +(?:<\.\.\. )?(\w+)(?: resumed>|\()(.*)")
_RESULT = re.compile(r"= (-?\d+)[^=]*$")


def tracer(file: Path) -> list[str]:
    """Return the words that start a program under strace, which writes into a file."""
    if shutil.which("strace") is None:
        lacking("strace is missing; scripts/vscode.sh sets it up")
    calls = f"trace={_STARTS},{_FORKS},{_ASKS}"
    return [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-qq",
        "-s",
        "4096",
        "-e",
        calls,
        "-e",
        "signal=none",
        "-o",
        str(file),
    ]


@dataclass(frozen=True, slots=True)
class Trace:
    """The calls that succeeded or were tried, of a process and all that came from it."""

    starts: tuple[tuple[str, ...], ...]
    """The words of each program that was started."""
    asked: tuple[str, ...]
    """Each address that was connected to or sent to, as strace shows it."""


def read(file: Path, of: str) -> Trace:
    """Return what was done by the processes that were started with a word, and by all that came from these."""
    calls = list(_calls(file))
    # That a process has come is told only after what it did first, and with vfork after all that it did.
    parents = {
        int(result): pid for pid, call, _, result in calls if call in _FORKS.split(",") and int(result) > 0
    }
    ours: set[int] = set()
    starts: list[tuple[str, ...]] = []
    asked: list[str] = []
    for pid, call, rest, result in calls:
        if call in _STARTS.split(",") and result == "0":
            words = tuple(re.findall(r'"((?:[^"\\]|\\.)*)"', rest.partition("[")[2].rpartition("]")[0]))
            if of in words:
                ours.add(pid)
            elif _descends(pid, parents, ours):
                starts.append(words)
        elif call in _ASKS.split(",") and "sa_family=" in rest and _descends(pid, parents, ours):
            asked.append(rest)
    return Trace(tuple(starts), tuple(asked))


def _calls(file: Path) -> Iterator[tuple[int, str, str, str]]:
    """Yield each call: the process, its name, its arguments, and its result, which is "-1" as long as there is none."""
    pending: dict[int, str] = {}
    for line in file.read_text(errors="replace").splitlines():
        parsed = _LINE.match(line)
        if parsed is None:
            continue
        pid, call, rest = int(parsed[1]), parsed[2], parsed[3]
        if "<unfinished ...>" in rest:
            pending[pid] = rest.partition("<unfinished ...>")[0]
            rest = pending[pid]
        elif "resumed>" in line:
            rest = pending.pop(pid, "") + rest
        result = _RESULT.search(rest)
        yield pid, call, rest, "-1" if result is None else result[1]


def _descends(pid: int, parents: dict[int, int], ours: set[int]) -> bool:
    seen: set[int] = set()
    current: int | None = pid
    while current is not None and current not in seen:
        if current in ours:
            return True
        seen.add(current)
        current = parents.get(current)
    return False
