"""Make a local launch's details for the history, and parse the accelerator of a cloud launch's."""

from __future__ import annotations

from caliban_ls.analysis import hardware
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.hardware import SpecProblem
from caliban_ls.operations.schemas import containers
from caliban_ls.runtime.history.details import CloudDetails, LocalDetails


def details_of(arguments: containers.RunArguments, project: Project) -> LocalDetails:
    """Return the details of a run on this machine, from which its jobs can run again."""
    return LocalDetails(
        module=arguments.module or (None if arguments.image_id else project.module),
        dir=arguments.dir,
        extras=arguments.extras,
        mode="cpu" if arguments.nogpu else "gpu" if arguments.gpu else None,
        image_id=arguments.image_id,
        docker_run_args=arguments.docker_run_args,
    )


def accelerator_of(details: CloudDetails) -> hardware.Accelerator | None:
    """Return a launch's accelerator; None where it has none, or one that can't be parsed."""
    if details.accelerator is None:
        return None
    kinds: tuple[hardware.Kind, ...] = ("gpu", "tpu")
    for kind in kinds:
        read = hardware.parse_spec(details.accelerator, kind)
        if not isinstance(read, SpecProblem):
            return read.accelerator
    return None
