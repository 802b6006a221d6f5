"""Flags of `docker run`, as a user gives them, in the words of the engine's API.

Pure. Containers of ours are made through the API, so the flags are read here, each into the field that it
stands for. Those that would take away what caliban itself decides, such as the name, are refused.

Source of names and meanings: https://docs.docker.com/reference/cli/docker/container/run/ and
https://docs.docker.com/reference/api/engine/version/v1.41/#operation/ContainerCreate.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from caliban_ls.core.errors import UsageError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunArgs:
    """What some flags of `docker run` say.

    Attributes:
        config: fields of the container, `{"Env": ["A=1"]}` and so on.
        host: fields of its HostConfig.
    """

    config: Json = field(default_factory=dict)
    host: Json = field(default_factory=dict)


def split(text: str | None) -> tuple[str, ...]:
    """Return the words of a flag's value, split as a shell would.

    Raises:
        UsageError: a quote isn't closed.
    """
    try:
        return tuple(shlex.split(text or ""))
    except ValueError as error:
        raise UsageError(
            f"--docker_run_args can't be split into words: {error}", hint="Close the quotes inside of it."
        ) from error


def parse(words: Sequence[str], environment: Mapping[str, str] | None = None) -> RunArgs:
    """Return what flags of `docker run` say.

    Args:
        words: the flags, as a shell has split them.
        environment: where `-e NAME` without a value takes it from.

    Raises:
        UsageError: a flag is unknown, is one that caliban decides about, or its value has no meaning.
    """
    parser = _Parser(add_help=False, allow_abbrev=False, prog="docker run")
    for row in _FLAGS:
        # A flag without a value may be given one: `--privileged=false`.
        settings: Json = {"nargs": "?", "const": "true"} if row.read is _boolean else {}
        parser.add_argument(*row.names, action=_Keep, default=None, dest=row.names[-1], **settings)
    for refused in _REFUSED:
        parser.add_argument(refused, nargs="?", action=_Refuse, default=None)
    for names in _IDLE:
        parser.add_argument(*names, action="store_true")
    known, rest = parser.parse_known_args(_untangled(words))
    if rest:
        raise UsageError(
            f"`docker run` flags: {rest[0]} isn't one that caliban knows",
            hint="Only flags go here; the image and the program are given by caliban itself.",
        )
    parsed = RunArgs()
    for row in _FLAGS:
        for given in getattr(known, row.names[-1]) or ():
            try:
                value = row.read(given)
            except (ValueError, KeyError) as error:
                raise UsageError(
                    f"`docker run` flags: {row.names[-1]} can't be {given!r}", hint=row.hint
                ) from error
            merge(parsed.host if row.on_host else parsed.config, {row.target: value})
    if "Env" in parsed.config:
        parsed.config["Env"] = _filled(parsed.config["Env"], environment or {})
    return parsed


def merge(into: Json, more: Mapping[str, Any]) -> None:
    """Lay API fields over others: lists grow, objects are merged, anything else is replaced."""
    for name, value in more.items():
        present = into.get(name)
        if isinstance(present, list) and isinstance(value, list):
            into[name] = [*present, *value]
        elif isinstance(present, dict) and isinstance(value, Mapping):
            merge(present, value)
        else:
            into[name] = value


@dataclass(frozen=True, slots=True)
class _Flag:
    """One row of the table: names of the flag, the API's field, how its value is read."""

    names: tuple[str, ...]
    target: str
    read: Callable[[str], Any]
    on_host: bool = True
    hint: str = "See `docker run --help`."


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(f"`docker run` flags: {message}", hint="See `docker run --help`.")


class _Keep(argparse.Action):
    """Keeps every value that a flag is given."""

    def __call__(self, _parser: Any, namespace: Any, values: Any, _name: str | None = None) -> None:  # noqa: ANN401 - argparse's own signature
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or ()), values])


class _Refuse(argparse.Action):
    """Says why a flag can't be given."""

    def __call__(self, _parser: Any, _namespace: Any, _values: Any, name: str | None = None) -> None:  # noqa: ANN401 - argparse's own signature
        raise UsageError(f"`docker run` flags: {name} can't be given", hint=_REFUSED[str(name)])


_REFUSED = {
    "--name": "Names are caliban's, so that `status` and `stop` find the container.",
    "--entrypoint": "MODULE says what is started; `caliban shell -- COMMAND` starts anything else.",
    "--detach": "Say --detach to caliban itself.",
    "-d": "Say --detach to caliban itself.",
    "--restart": "A job that is started again by the engine would run twice.",
    "--cidfile": "`caliban containers --json` tells the ids.",
    "--platform": "The platform belongs to the image.",
    "--log-driver": "Caliban keeps the logs itself; see `caliban logs`.",
    "--log-opt": "Caliban keeps the logs itself; see `caliban logs`.",
}

_IDLE = (("--rm",), ("-i", "--interactive"), ("-t", "--tty"), ("--init",))
"""Flags that change nothing: caliban does so anyway, or knows better."""


def _untangled(words: Sequence[str]) -> list[str]:
    """Take `-it` apart, which people write out of habit."""
    return [part for word in words for part in (("-i", "-t") if word in {"-it", "-ti"} else (word,))]


def _text(given: str) -> str:
    if not given:
        raise ValueError(given)
    return given


def _boolean(given: str) -> bool:
    return {"true": True, "1": True, "false": False, "0": False}[given.lower()]


def _texts(given: str) -> list[str]:
    return [_text(given)]


def _size(given: str) -> int:
    """Return bytes: `2g`, `512MiB`, `-1` for no limit."""
    if given == "-1":
        return -1
    size = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:([kmgt])i?)?b?", given.strip().lower())
    if size is None:
        raise ValueError(given)
    return int(float(size[1]) * 1024 ** (" kmgt".index(size[2]) if size[2] else 0))


def _cpus(given: str) -> int:
    if float(given) <= 0:
        raise ValueError(given)
    return int(float(given) * 10**9)


def _pair(given: str) -> dict[str, str]:
    name, equals, value = given.partition("=")
    if not name or not equals:
        raise ValueError(given)
    return {name: value}


def _label(given: str) -> dict[str, str]:
    name, _, value = given.partition("=")
    if name.startswith("caliban."):
        raise UsageError(f"`docker run` flags: the label {name} is caliban's own")
    return {_text(name): value}


def _ulimit(given: str) -> list[Json]:
    name, equals, limits = given.partition("=")
    soft, _, hard = limits.partition(":")
    if not name or not equals:
        raise ValueError(given)
    return [{"Name": name, "Soft": int(soft), "Hard": int(hard or soft)}]


def _device(given: str) -> list[Json]:
    host, *rest = given.split(":")
    inside = rest[0] if rest else host
    rights = rest[1] if len(rest) > 1 else "rwm"
    return [{"PathOnHost": _text(host), "PathInContainer": inside, "CgroupPermissions": rights}]


def _volume(given: str) -> list[str]:
    """Return a bind; the engine wants its source absolute, people give it relative to where they are."""
    source, colon, rest = given.partition(":")
    if not colon:
        raise ValueError(given)
    if source.startswith((".", "~", "/")):
        source = os.path.abspath(os.path.expanduser(source))  # noqa: PTH100, PTH111 - a bind is text
    return [f"{source}:{rest}"]


def _mount(given: str) -> list[Json]:
    """Return a mount of `type=bind,source=…,target=…,readonly`."""
    values: dict[str, str] = {}
    for part in given.split(","):
        name, _, value = part.partition("=")
        values[name.lower()] = value or "true"
    kind = values.pop("type", "volume")
    source = values.pop("source", None) or values.pop("src", None)
    target = values.pop("target", None) or values.pop("dst", None) or values.pop("destination")
    read_only = _boolean(values.pop("readonly", values.pop("ro", "false")))
    if values or kind not in {"bind", "volume", "tmpfs"} or (kind == "bind" and source is None):
        raise ValueError(given)
    return [{"Type": kind, "Source": source or "", "Target": target, "ReadOnly": read_only}]


def _published(given: str) -> Json:
    """Return the ports of `[ADDRESS:][OUTSIDE:]INSIDE[/PROTOCOL]`; the loopback unless it says otherwise."""
    ports, _, protocol = given.partition("/")
    address, outside, inside = ["127.0.0.1", "", "", *ports.rsplit(":", 2)][-3:]
    if ":" not in ports:
        outside, address = "", "127.0.0.1"
    elif ports.count(":") == 1:
        address, outside = "127.0.0.1", ports.split(":")[0]
    if not inside.isdecimal() or (outside and not outside.isdecimal()):
        raise ValueError(given)
    return {f"{inside}/{protocol or 'tcp'}": [{"HostIp": address, "HostPort": outside}]}


def _tmpfs(given: str) -> dict[str, str]:
    path, _, options = given.partition(":")
    return {_text(path): options}


def _gpus(given: str) -> list[Json]:
    """Return the request of `all`, a count, or `device=0,1`."""
    given = given.strip("\"'")
    request: Json = {"Capabilities": [["gpu"]]}
    if given == "all":
        request["Count"] = -1
    elif given.startswith("device="):
        request["DeviceIDs"] = given.removeprefix("device=").split(",")
    else:
        request["Count"] = int(given)
    return [request]


def _env_file(given: str) -> list[str]:
    try:
        with open(os.path.expanduser(given), encoding="utf-8") as file:  # noqa: PTH111, PTH123 - as Docker reads it
            lines = [line.strip() for line in file]
    except OSError as error:
        raise UsageError(
            f"`docker run` flags: --env-file {given} can't be read: {error.strerror or error}"
        ) from error
    return [line for line in lines if line and not line.startswith("#")]


_FLAGS = (
    _Flag(("-e", "--env"), "Env", _texts, on_host=False),
    _Flag(("--env-file",), "Env", _env_file, on_host=False),
    _Flag(("-u", "--user"), "User", _text, on_host=False),
    _Flag(("-w", "--workdir"), "WorkingDir", _text, on_host=False),
    _Flag(("-h", "--hostname"), "Hostname", _text, on_host=False),
    _Flag(("-l", "--label"), "Labels", _label, on_host=False),
    _Flag(("--stop-signal",), "StopSignal", _text, on_host=False),
    _Flag(("-v", "--volume"), "Binds", _volume, hint="It is SOURCE:TARGET, or SOURCE:TARGET:ro."),
    _Flag(
        ("--mount",), "Mounts", _mount, hint="It is type=bind,source=…,target=…, with readonly if you like."
    ),
    _Flag(("--tmpfs",), "Tmpfs", _tmpfs),
    _Flag(("-m", "--memory"), "Memory", _size, hint="Sizes are 512m, 2g and so on."),
    _Flag(("--memory-swap",), "MemorySwap", _size, hint="Sizes are 512m, 2g and so on; -1 is no limit."),
    _Flag(("--memory-reservation",), "MemoryReservation", _size, hint="Sizes are 512m, 2g and so on."),
    _Flag(("--shm-size",), "ShmSize", _size, hint="Sizes are 512m, 2g and so on."),
    _Flag(("--cpus",), "NanoCpus", _cpus, hint="It is a number of processors, such as 1.5."),
    _Flag(("-c", "--cpu-shares"), "CpuShares", int),
    _Flag(("--cpuset-cpus",), "CpusetCpus", _text),
    _Flag(("--pids-limit",), "PidsLimit", int),
    _Flag(("--ulimit",), "Ulimits", _ulimit, hint="It is NAME=SOFT or NAME=SOFT:HARD."),
    _Flag(("--gpus",), "DeviceRequests", _gpus, hint="It is all, a count, or device=0,1."),
    _Flag(("--device",), "Devices", _device),
    _Flag(("--net", "--network"), "NetworkMode", _text),
    _Flag(("-p", "--publish"), "PortBindings", _published, hint="It is [ADDRESS:]OUTSIDE:INSIDE."),
    _Flag(("--add-host",), "ExtraHosts", _texts),
    _Flag(("--dns",), "Dns", _texts),
    _Flag(("--ipc",), "IpcMode", _text),
    _Flag(("--pid",), "PidMode", _text),
    _Flag(("--userns",), "UsernsMode", _text),
    _Flag(("--runtime",), "Runtime", _text),
    _Flag(("--privileged",), "Privileged", _boolean),
    _Flag(("--read-only",), "ReadonlyRootfs", _boolean),
    _Flag(("--cap-add",), "CapAdd", _texts),
    _Flag(("--cap-drop",), "CapDrop", _texts),
    _Flag(("--security-opt",), "SecurityOpt", _texts),
    _Flag(("--group-add",), "GroupAdd", _texts),
    _Flag(("--sysctl",), "Sysctls", _pair),
    _Flag(("--oom-score-adj",), "OomScoreAdj", int),
)


def _filled(variables: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """Return variables with their values; one that is only named has the caller's, or is left out."""
    filled = []
    for variable in variables:
        if "=" in variable:
            filled.append(variable)
        elif variable in environment:
            filled.append(f"{variable}={environment[variable]}")
    return filled
