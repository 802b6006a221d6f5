"""What the bodies of the Docker engine's API hold, both ways: containers to create, inspections, archives, errors.

Knows JSON and tar, and neither the SDK nor a connection.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Mapping
from typing import Any

from caliban_ls.core.errors import CalibanError, FailedError, MissingError
from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker import run_flags
from caliban_ls.runtime.docker.run_flags import merge
from caliban_ls.runtime.engine import ContainerInfo, ContainerSpec

SHARED_MEMORY_BYTES = 16 * 2**30
"""Size limit of `/dev/shm`: data loaders pass batches through it, and Docker's own 64 MB starve them.

It is taken only as it is used. The original program shared the host's instead, which outlives a job.
"""


def container_config(spec: ContainerSpec, logging_driver: str) -> dict[str, Any]:
    """Return the body of the call that creates a container (ContainerCreate of the engine's API)."""
    host: dict[str, Any] = {
        "Init": True,  # reaps the children of a job and passes signals on
        "ShmSize": SHARED_MEMORY_BYTES,
        "GroupAdd": [str(group) for group in spec.groups],
        "Mounts": [
            {"Type": "bind", "Source": mount.source, "Target": mount.target, "ReadOnly": mount.read_only}
            for mount in spec.mounts
        ],
        "PortBindings": {
            f"{port}/tcp": [{"HostIp": "127.0.0.1", "HostPort": str(port)}] for port in spec.ports
        },
    }
    if logging_driver == "none":
        # Without any log the engine can lock up when a job writes faster than it is read.
        host["LogConfig"] = {"Type": "json-file", "Config": {}}
    if spec.gpus is True:
        host["DeviceRequests"] = [{"Count": -1, "Capabilities": [["gpu"]]}]
    elif spec.gpus:
        # A CDI device is asked for by its whole name, of a driver that knows no capabilities.
        by_cdi = any("=" in gpu for gpu in spec.gpus)
        kind = {"Driver": "cdi"} if by_cdi else {"Capabilities": [["gpu"]]}
        host["DeviceRequests"] = [{"DeviceIDs": list(spec.gpus), **kind}]
    config: dict[str, Any] = {
        "Image": spec.image,
        "Cmd": list(spec.args),
        "Labels": dict(spec.labels),
        "Env": [f"{name}={value}" for name, value in spec.environment.items()],
        "AttachStdout": True,
        "AttachStderr": True,
        "AttachStdin": spec.stdin,
        "OpenStdin": spec.stdin,
        "StdinOnce": spec.stdin,
        "Tty": spec.terminal,
    }
    if spec.user is not None:
        config["User"] = spec.user
    if spec.entrypoint is not None:
        config["Entrypoint"] = list(spec.entrypoint)
    if spec.workdir is not None:
        config["WorkingDir"] = spec.workdir
    wanted = run_flags.parse(spec.run_args, os.environ)
    merge(config, wanted.config)
    merge(host, wanted.host)
    config["ExposedPorts"] = {port: {} for port in host["PortBindings"]}
    return {**config, "HostConfig": host}


def repository_and_tag(reference: str) -> tuple[str, str]:
    """Return the two parts of an image's name as a pull takes them; the tag may be a digest."""
    repository, at, digest = reference.partition("@")
    if at:
        return repository, digest
    name, colon, tag = reference.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (reference, "latest")


def explanation(body: bytes) -> str:
    """Return the message of an engine's error response."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return shortened(body.decode(errors="replace"), 200)


def archive_of(name: str, text: str) -> bytes:
    """Return a tar archive of one text file that everybody may read."""
    buffer = io.BytesIO()
    data = text.encode(errors="surrogateescape")
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def container_info(inspected: Mapping[str, Any]) -> ContainerInfo:
    """Return what an inspection says."""
    state = inspected["State"]
    return ContainerInfo(
        id=inspected["Id"],
        name=inspected["Name"].removeprefix("/"),
        labels=inspected["Config"]["Labels"] or {},
        running=state["Running"],
        exit_code=state["ExitCode"] if state["Status"] in {"exited", "dead"} else None,
        environment=dict(entry.split("=", 1) for entry in inspected["Config"]["Env"] or () if "=" in entry),
        image=inspected["Config"]["Image"],
        started="" if state["StartedAt"].startswith("0001-") else _to_the_second(state["StartedAt"]),
    )


def _to_the_second(time: str) -> str:
    """Return an engine's time as we write times; it counts nanoseconds, which Python before 3.11 can't read."""
    return f"{time[:19]}+00:00"


def refused(explanation: str) -> CalibanError:
    """Return the engine's own words, and what to do where they are known to mean something else."""
    hint = ""
    if "could not select device driver" in explanation:
        hint = "It has no GPU to give: install the NVIDIA Container Toolkit there, or say --nogpu."
    elif "No such image" in explanation:
        hint = "`docker images` lists those that it has, and `docker pull` gets one; without --image_id it is built."
        return MissingError(f"The Docker engine refused: {explanation}", hint=hint)
    return FailedError(f"The Docker engine refused: {explanation}", hint=hint)
