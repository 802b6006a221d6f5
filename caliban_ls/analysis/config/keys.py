"""Every key of `.calibanconfig.json`: its type, default, documentation and check."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from caliban_ls.analysis.backend_names import BACKENDS, DEFAULT_BACKEND
from caliban_ls.analysis.config.shapes import (
    Anything,
    Boolean,
    ByMode,
    Key,
    Keys,
    ListOf,
    Number,
    ObjectOf,
    Text,
)
from caliban_ls.core.duration import parse_duration


def gone_image(image: str) -> str | None:
    """Return the reason why an image can't be used any more, None for other images."""
    if re.match(r"gcr\.io/blueshift-playground(/|$)", image):
        return "This image can't be pulled any more; use a public one such as python:3.12-slim"
    return None


def _project_id(text: str) -> str | None:
    if re.fullmatch(r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]", text):
        return None
    return "A project id has 6 to 30 lowercase letters, digits and hyphens; the name that the console shows isn't it"


def _service_account(text: str) -> str | None:
    if re.fullmatch(r"[^@\s]+@[^@\s]+\.[a-z.]+", text):
        return None
    return "A service account is an e-mail address such as trainer@my-project.iam.gserviceaccount.com"


def _repository(text: str) -> str | None:
    if re.fullmatch(r"[a-z0-9][a-z0-9.-]*(:\d+)?(/[a-zA-Z0-9._:-]+)+", text):
        return None
    return (
        "A repository is HOST/PATH without a scheme, such as us-central1-docker.pkg.dev/my-project/training"
    )


def _duration(text: str) -> str | None:
    if parse_duration(text) is not None:
        return None
    return "A duration is a number and a unit, such as 90m, 12h or 7d"


def _label_key(text: str) -> str | None:
    if re.fullmatch(r"[^\W\dA-Z_][^\WA-Z]*(?:-[^\WA-Z]*)*", text) and len(text) <= _LABEL_LENGTH:
        return None
    return "A label's key starts with a lowercase letter and has up to 63 lowercase letters, digits, _ and -"


def _label_value(text: str) -> str | None:
    if re.fullmatch(r"(?:[^\WA-Z]|-)*", text) and len(text) <= _LABEL_LENGTH:
        return None
    return "A label's value has up to 63 lowercase letters, digits, _ and -"


def _variable(text: str) -> str | None:
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text):
        return None
    return "A build argument's name has letters, digits and _, and doesn't begin with a digit"


_LABEL_LENGTH = 63  # Google's rule for labels of every service

GCLOUD_IMAGE = "gcr.io/google.com/cloudsdktool/google-cloud-cli:alpine"
"""Google's public image of its command line (cloud.google.com/sdk/docs/downloads-docker)."""

KEYS: Mapping[str, Key] = {
    "module": Key(
        Text(path=True), "The MODULE of `build` and `run` when the command line names none: `trainer.train`."
    ),
    "script": Key(Text(path=True), "The Python file whose flags the experiments set: `trainer/train.py`."),
    "default_mode": Key(Text(choices=("CPU", "GPU")), "The mode without `--gpu` and `--nogpu`."),
    "base_image": Key(
        ByMode(Text(check=gone_image)),
        "The image to build on; `{}` in it stands for `cpu` or `gpu`. By default `python:3.12-slim`, or the Python version that the project requires.",
    ),
    "apt_packages": Key(ByMode(ListOf(Text())), "Debian packages to install into the image."),
    "extras": Key(ListOf(Text()), "Extras of the project's own package to install."),
    "dirs": Key(ListOf(Text(path=True)), "Folders to copy into the image, besides the module's own."),
    "gcloud": Key(
        Keys(
            {
                "project_id": Key(Text(check=_project_id), "The Google Cloud project that jobs run in."),
                "cloud_key": Key(
                    Text(), "A service account's key file. Takes effect when you have agreed to it."
                ),
                "install": Key(Boolean(), "Whether to install Google's command line, `gcloud`, into images."),
                "image": Key(
                    Text(),
                    f"The image to copy `gcloud` from; it has it in `/google-cloud-sdk`. `{GCLOUD_IMAGE}` by default.",
                ),
            }
        ),
        "Google Cloud access.",
    ),
    "cloud": Key(
        Keys(
            {
                "backend": Key(
                    Text(choices=BACKENDS),
                    f"The service that runs the jobs; `{DEFAULT_BACKEND}` by default.",
                ),
                "region": Key(Text(), "Where jobs run; `us-central1` by default."),
                "machine_type": Key(Text(), "The machine of each job: `n1-standard-8`."),
                "gpu_spec": Key(Text(), "GPUs of each job, NUMxTYPE: `2xT4`."),
                "tpu_spec": Key(Text(), "TPU of each job, NUMxTYPE: `8xV3`."),
                "spot": Key(
                    Boolean(), "Use spot machines: cheaper, but Google may take them away at any time."
                ),
                "flex_start": Key(
                    Boolean(), "Wait until machines are free, for less money: for L4, A100 and newer GPUs."
                ),
                "timeout": Key(
                    Text(check=_duration), "How long a job may run: `12h`. Seven days by default."
                ),
                "max_wait": Key(
                    Text(check=_duration),
                    "How long a job may wait to start: `2d`. A day by default, with flex-start.",
                ),
                "restart": Key(
                    Boolean(), "Start a job again from its beginning when its machine is restarted."
                ),
                "labels": Key(ObjectOf(Text(check=_label_value), _label_key), "Labels for every job."),
                "service_account": Key(Text(check=_service_account), "The account that jobs run as."),
                "repository": Key(Text(check=_repository), "Where images are pushed."),
                "force": Key(Boolean(), "Submit hardware as written, even if it contradicts the catalogue."),
            }
        ),
        "The service, region and hardware of jobs.",
    ),
    "limits": Key(
        Keys(
            {
                "max_jobs": Key(Number(1, whole=True), "The most jobs that one command may submit."),
                "max_cost_per_hour": Key(
                    Number(0), "The most that all jobs together may cost an hour, in USD."
                ),
            }
        ),
        "Limits of this project. They can lower your own limits, never raise them.",
    ),
    "docker": Key(
        Keys(
            {
                "run_args": Key(
                    ListOf(Text()),
                    "More flags of `docker run`. They take effect when you have agreed to them.",
                ),
                "build_args": Key(
                    ObjectOf(Text()),
                    "Build arguments of your own Dockerfile. They take effect when you have agreed to them.",
                ),
                "dockerfile": Key(
                    Text(path=True),
                    "Your own Dockerfile, in place of the base image, Debian packages and dependencies. Takes effect when you have agreed to it.",
                ),
            }
        ),
        "How containers are built and run.",
    ),
    "build_time_credentials": Key(
        Boolean(),
        "Whether installations in the build may use your Google credentials. Takes effect when you have agreed to it.",
    ),
    "mlflow_config": Key(Anything(), "The original program's MLflow settings.", acts=False),
    "julia_version": Key(Anything(), "The original program's Julia version.", acts=False),
    "uv": Key(Anything(), "The original program's settings for its uv tool.", acts=False),
}
"""Every key. Names and meanings are those of google/caliban 0.4.2, if that program has the key."""


def documented(keys: Mapping[str, Key] = KEYS, prefix: str = "") -> Iterator[tuple[str, Key]]:
    """Yield every key with its dotted name, sections before what they hold."""
    for name, key in keys.items():
        yield prefix + name, key
        if isinstance(key.shape, Keys):
            yield from documented(key.shape.keys, f"{prefix}{name}.")


def leaves_project(path: str) -> bool:
    """Whether a path of a project file leads out of the project, on any platform."""
    parts = re.split(r"[/\\]", path)
    return path.startswith(("/", "\\", "~")) or ".." in parts or re.match(r"[A-Za-z]:", path) is not None
