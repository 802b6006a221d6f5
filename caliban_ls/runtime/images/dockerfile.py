"""The text of a Dockerfile, from the steps of an image: in plain form, and in BuildKit's.

Pure: other modules decide the steps and the files that they copy. The context has a folder for each step, so no
file's name is ever read as a pattern, a variable or a new line. `render` is the only function that writes an
instruction. It refuses a value that would end its line: the rest would be an instruction of its own.

The plain form builds with the classic builder of Docker 20.10. BuildKit's has the same steps, and mounts
besides: caches that outlive a build, and what an installation may use and no image may hold. It needs no
`# syntax` line, whose image would have to be pulled.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from caliban_ls.core.errors import UsageError

WORKDIR = "/usr/app"
"""Where the project's files stand in an image; google/caliban's place for them."""

HOME = "/home/caliban"

VENV = "/opt/venv"


SETTINGS = "settings"
"""The secret that is a shell script: it exports what installations go by."""

SECRET_FILES = (SETTINGS, "netrc", "authorities", "key")

_APT_CACHE = "/var/cache/caliban/apt"

UV_HOME = "/opt/uv"
"""Where uv stands in an image, beside the project's own packages."""

UV_VERSION = "0.13.9"

SECRETS = "/run/caliban"
"""Where BuildKit mounts secrets, each under its own name, for the time of an installation."""

Installs = Literal["apt", "python"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One step: files are copied, then a command is run, then variables are set.

    Attributes:
        why: one line for who reads the Dockerfile.
        copy: the context's folder whose content is copied into WORKDIR, or None.
        copy_from: `(IMAGE, PATH, TARGET)`, a folder of another image, or None.
        run: a shell command, one line, or None.
        clean: a command that takes away what isn't to be kept, where no cache is mounted there.
        installs: what kind of packages the command fetches, and so which caches and secrets it is given.
        environment: variables that hold from here on; `$NAME` in a value is what held before.
    """

    why: str
    copy: str | None = None
    copy_from: tuple[str, str, str] | None = None
    run: str | None = None
    clean: str | None = None
    installs: Installs | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """An image, before any builder's way of writing it down.

    Attributes:
        base: the lines that it starts with: a FROM, or the user's own Dockerfile.
        layers: the steps, in order.
        command: what a container starts, a job's arguments following; None leaves the base's own.
    """

    base: str
    layers: Sequence[Layer]
    command: Sequence[str] | None


def render(recipe: Recipe, *, buildkit: bool = False, caches: str = "") -> str:
    """Return the Dockerfile.

    The steps run as root, also where the base image ends with another user. A container runs as the user who
    starts it; the image doesn't decide that.

    Args:
        recipe: its steps.
        buildkit: whether BuildKit builds it, with caches and secrets.
        caches: names the caches. Builds of one name share them: one build can change a package for the next.

    Raises:
        UsageError: a value would end its line.
    """
    blocks = [[recipe.base.rstrip("\n")], ["USER root", f"WORKDIR {WORKDIR}"]]
    for layer in recipe.layers:
        block = [f"# {layer.why}"]
        if layer.copy is not None:
            block.append(f"COPY {json.dumps([f'{layer.copy}/', './'])}")
        if layer.copy_from is not None:
            image, path, target = layer.copy_from
            block.append(f"COPY --from={image} {json.dumps([path, target])}")
        if layer.run is not None:
            mounts = _mounts(layer, caches) if buildkit else ""
            clean = "" if buildkit or layer.clean is None else f" && {layer.clean}"
            block.append(f"RUN {mounts}{_preface(layer, buildkit=buildkit)}{layer.run}{clean}")
        block += (f"ENV {name}={value}" for name, value in layer.environment.items())
        blocks.append([_one_line(instruction) for instruction in block])
    if recipe.command is not None:
        # A CMD of the user's own Dockerfile would be taken for the program's arguments.
        entrypoint = f"ENTRYPOINT {json.dumps(list(recipe.command), ensure_ascii=False)}"
        blocks.append([_one_line(entrypoint), "CMD []"])
    return "\n".join("\n".join(block) + "\n" for block in blocks)


def _one_line(instruction: str) -> str:
    r"""Return an instruction that is one line for each builder.

    A line ends at a line break, and goes on behind `\` or, after `# escape=`, behind a backtick.

    Raises:
        UsageError: it isn't one.
    """
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f\x85\u2028\u2029]|[\\`]\s*$", instruction):
        raise UsageError(
            f"A Dockerfile can't hold this on one line: {instruction!r}",
            hint="Remove the line break from the name in .calibanconfig.json, the flags or the project's files.",
        )
    return instruction


_CACHES: Mapping[Installs, Mapping[str, str]] = {
    # apt holds locks on both while it works.
    "apt": {
        "apt-lists": "target=/var/lib/apt/lists,sharing=locked",
        "apt-packages": f"target={_APT_CACHE},sharing=locked",
    },
    "python": {"uv": "target=/var/cache/caliban/uv", "pip": "target=/var/cache/caliban/pip"},
}


def _mounts(layer: Layer, caches: str) -> str:
    """Return BuildKit's mounts of a step. A secret that a build isn't given is simply not there."""
    if layer.installs is None:
        return ""
    mounts = [
        f"type=cache,id=caliban-{name}-{caches},{rest}" for name, rest in _CACHES[layer.installs].items()
    ]
    if layer.installs == "python":
        mounts += (f"type=secret,id={name},target={SECRETS}/{name}" for name in SECRET_FILES)
    return "".join(f"--mount={mount} " for mount in mounts)


def _preface(layer: Layer, *, buildkit: bool) -> str:
    """Return what a command needs set that fetches Python packages."""
    if layer.installs != "python":
        return ""
    quiet = "PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore"
    if not buildkit:
        return f"export {quiet} PIP_NO_CACHE_DIR=1 UV_NO_CACHE=1; "
    caches = "PIP_CACHE_DIR=/var/cache/caliban/pip UV_CACHE_DIR=/var/cache/caliban/uv UV_LINK_MODE=copy"
    settings = f"{SECRETS}/{SETTINGS}"
    return f"export {quiet} {caches}; if [ -f {settings} ]; then . {settings}; fi; "


def reasons(text: str) -> dict[str, str]:
    """Return the comment above each command of a Dockerfile of ours, by the instruction as builders show it.

    They show an instruction on one line, and BuildKit its mounts as well.
    """
    found: dict[str, str] = {}
    why = ""
    for line in text.splitlines():
        if line.startswith("# "):
            why = line.removeprefix("# ")
        elif line.startswith("RUN ") and why:
            found[line] = why
        elif not line:
            why = ""
    return found


def folders_layer() -> Layer:
    """Return the step that lets any user work in the image: it doesn't know the caller's uid."""
    return Layer(
        why="Any user of the container may write here; output is not buffered.",
        run=f"mkdir -p {HOME} && chmod 1777 {HOME} && chmod 0777 {WORKDIR}",
        environment={"HOME": HOME, "PYTHONUNBUFFERED": "1"},
    )


def apt_layer(packages: Sequence[str]) -> Layer:
    """Return the step that installs Debian packages.

    The archives are kept out of the place that images for containers clean after each installation, so that
    a cache which is mounted there stays filled; without a mount the step cleans up itself.
    """
    return Layer(
        why="Debian packages.",
        run=f"mkdir -p {_APT_CACHE}/partial && apt-get update"
        f" && DEBIAN_FRONTEND=noninteractive apt-get -o Dir::Cache::archives={_APT_CACHE}"
        f" install --yes --no-install-recommends {shlex.join(packages)}",
        clean=f"rm -rf {_APT_CACHE} /var/lib/apt/lists/*",
        installs="apt",
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
        environment={"VIRTUAL_ENV": VENV, "UV_PROJECT_ENVIRONMENT": VENV, "PATH": f"{VENV}/bin:$PATH"},
    )


def conda_variables() -> dict[str, str]:
    """Return the variables that make a conda environment the one that is used."""
    return {"CONDA_PREFIX": VENV, "UV_PROJECT_ENVIRONMENT": VENV, "PATH": f"{VENV}/bin:$PATH"}


def uv_layer(*, required: bool) -> Layer:
    """Return the step that brings uv, which installs several times faster than pip.

    pip goes on where uv can't do the same: on a base image that has packages of its own, which only pip
    counts as installed, or an index of its own in pip's configuration.

    Args:
        required: whether the project has what only uv installs.
    """
    install = f"python3 -m pip install --quiet --target {UV_HOME} uv=={UV_VERSION}"
    if required:
        return Layer(
            why="uv installs what the project's lock or package says.", run=install, installs="python"
        )
    own = "import importlib.metadata as m; print(*{d.metadata['Name'].lower() for d in m.distributions()} - {'pip', 'setuptools', 'wheel', 'uv'})"
    named = "$UV_DEFAULT_INDEX$UV_INDEX$UV_INDEX_URL$UV_EXTRA_INDEX_URL"
    configured = "python3 -m pip config list | grep -Eq '(index-url|find-links)='"
    run = (
        f'if [ -z "$(python3 -c "{own}")" ] && {{ [ -n "{named}" ] || ! {configured}; }};'
        f" then {install} || echo 'There is no uv for this base image; pip installs.'; fi"
    )
    return Layer(
        why="uv installs, unless the base image has packages that only pip counts.",
        run=run,
        installs="python",
    )


def gcloud_layer(image: str) -> Layer:
    """Return the step that brings Google's command line from an image that has it in /google-cloud-sdk."""
    return Layer(
        why="Google's command line.",
        copy_from=(image, "/google-cloud-sdk", "/google-cloud-sdk"),
        environment={"CLOUDSDK_PYTHON": "python3", "PATH": "/google-cloud-sdk/bin:$PATH"},
    )


def jupyter_layer(install: str) -> Layer:
    """Return the step that brings Jupyter, by a command that installs it beside the project's packages."""
    return Layer(why="Jupyter, beside the project's own packages.", run=install, installs="python")
