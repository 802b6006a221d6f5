"""The text of a Dockerfile, from the steps of an image.

Pure: what the steps are is decided elsewhere, and so is what the folders that they copy hold. The text
names nothing of the user's but commands, which are quoted: the context has a folder for each step, so that
no file's name is ever read as a pattern, a variable or a new line. It builds with the classic builder of
Docker 20.10 and with BuildKit.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

WORKDIR = "/usr/app"
"""Where the project's files stand in an image; google/caliban's place for them."""

HOME = "/home/caliban"

VENV = "/opt/venv"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One step: files are copied, then a command is run, then variables are set.

    Attributes:
        why: one line for who reads the Dockerfile.
        copy: the context's folder whose content is copied into WORKDIR, or None.
        run: a shell command, one line, or None.
        environment: variables that hold from here on; `$NAME` in a value is what held before.
    """

    why: str
    copy: str | None = None
    run: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """An image, before any builder's way of writing it down.

    Attributes:
        base_image: what it starts from.
        layers: the steps, in order.
        command: what a container starts; a job's arguments follow.
    """

    base_image: str
    layers: Sequence[Layer]
    command: Sequence[str]


def render(recipe: Recipe) -> str:
    """Return the Dockerfile.

    The steps run as root, whatever user the base image ends with. A container runs as whoever started it,
    and that is none of the image's business.
    """
    blocks = [[f"FROM {recipe.base_image}"], ["USER root", f"WORKDIR {WORKDIR}"]]
    for layer in recipe.layers:
        block = [f"# {layer.why}"]
        if layer.copy is not None:
            block.append(f"COPY {json.dumps([f'{layer.copy}/', './'])}")
        if layer.run is not None:
            block.append(f"RUN {layer.run}")
        blocks.append([*block, *(f"ENV {name}={value}" for name, value in layer.environment.items())])
    blocks.append([f"ENTRYPOINT {json.dumps(list(recipe.command), ensure_ascii=False)}"])
    return "\n".join("\n".join(block) + "\n" for block in blocks)


def folders_layer() -> Layer:
    """Return the step that lets any user work in the image: it doesn't know the caller's uid."""
    return Layer(
        why="Whoever runs the container may write here, and is heard at once.",
        run=f"mkdir -p {HOME} && chmod 1777 {HOME} && chmod 0777 {WORKDIR}",
        environment={"HOME": HOME, "PYTHONUNBUFFERED": "1"},
    )


def apt_layer(packages: Sequence[str]) -> Layer:
    """Return the step that installs Debian packages."""
    return Layer(
        why="Debian packages of the project's config.",
        run="apt-get update"
        f" && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends {shlex.join(packages)}"
        " && rm -rf /var/lib/apt/lists/*",
    )


def venv_layer() -> Layer:
    """Return the step that makes a virtual environment on top of the base image's Python.

    What the base image has installed stays importable. A Python that its distribution manages (PEP 668)
    takes packages only this way. The environment has no pip of its own: `python -m pip` is the base image's,
    which also works where the distribution has split ensurepip off.
    """
    return Layer(
        why="Packages go on top of the base image's own, which stay importable.",
        run=f"python3 -m venv --system-site-packages --without-pip {VENV}",
        environment={"VIRTUAL_ENV": VENV, "PATH": f"{VENV}/bin:$PATH"},
    )
