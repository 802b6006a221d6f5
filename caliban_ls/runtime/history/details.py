"""What the history keeps of a launch besides its table's columns, and its JSON: this module alone reads and writes it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeAlias

from caliban_ls.analysis.hardware.catalog import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class _LaunchDetails:
    """What any launch needs to run again.

    Attributes:
        module: what its jobs run; None for what the project's config or the image says.
        dir: further folders in the image.
        extras: of the project's dependencies.
        mode: of the image, None where nothing was said.
    """

    module: str | None = None
    dir: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    mode: Mode | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDetails(_LaunchDetails):
    """Details of a launch on this machine.

    Attributes:
        image_id: the image that the user named instead of building one.
        docker_run_args: the user's flags of `docker run`.
    """

    image_id: str | None = None
    docker_run_args: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudDetails(_LaunchDetails):
    """Details of a launch in the cloud.

    Attributes:
        plan_id: of the plan that was confirmed.
        repeats: the launch some of whose jobs it does again.
        machine_type: of each job.
        accelerator: of each job, as `2xT4`.
        spot: whether jobs may be preempted.
        flex_start: whether jobs wait for capacity.
        timeout: seconds that a job may run.
        service_account: that the jobs run as.
        cloud_key: path of the key file that a flag named, so that `resume` uses the same identity.
        per_job_hour: price of one job for an hour, in `currency`.
        currency: of the price.
        prices_as_of: date of the price list.
        digest: of the image in its registry.
        user: who launched it.
        host: on which machine.
        commit: of the project.
        dirty: whether there were changes that weren't committed.
    """

    plan_id: str = ""
    repeats: str | None = None
    machine_type: str | None = None
    accelerator: str | None = None
    spot: bool = False
    flex_start: bool = False
    timeout: int | None = None
    service_account: str | None = None
    cloud_key: str | None = None
    per_job_hour: float | None = None
    currency: str | None = None
    prices_as_of: str | None = None
    digest: str | None = None
    user: str | None = None
    host: str | None = None
    commit: str | None = None
    dirty: bool | None = None


Details: TypeAlias = LocalDetails | CloudDetails


def to_json(details: Details) -> str:
    """Return details as the JSON that the history keeps."""
    return json.dumps(asdict(details))


def from_json(text: str, *, local: bool) -> Details:
    """Return details from the JSON that the history keeps.

    A key that is missing or null has its default: older programs wrote fewer. Keys of newer ones are passed over.
    """
    model: type[Details] = LocalDetails if local else CloudDetails
    names = {field.name for field in fields(model)}
    held: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in json.loads(text).items()
        if name in names and value is not None
    }
    return model(**held)
