"""The details of a launch that the history keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caliban_ls.analysis import hardware
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.hardware import SpecProblem
from caliban_ls.operations.schemas import containers


def details_of(arguments: containers.RunArguments, project: Project) -> Mapping[str, object]:
    """Return what of a run on this machine has to be written down, so that it can be done once more."""
    return {
        "module": arguments.module or (None if arguments.image_id else project.module),
        "dir": list(arguments.dir),
        "extras": list(arguments.extras),
        "mode": "cpu" if arguments.nogpu else "gpu" if arguments.gpu else None,
        "image_id": arguments.image_id,
        "docker_run_args": arguments.docker_run_args,
    }


def accelerator_of(details: Mapping[str, Any]) -> hardware.Accelerator | None:
    """Return the accelerator that was written down."""
    text = details.get("accelerator")
    kinds: tuple[hardware.Kind, ...] = ("gpu", "tpu")
    for kind in kinds if text else ():
        read = hardware.parse_spec(str(text), kind)
        if not isinstance(read, SpecProblem):
            return read.accelerator
    return None
