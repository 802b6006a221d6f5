"""The plan of an image: which base, which steps, which files, and the tag that all of that makes.

Puts together what the modules beside it know. Reads the project's files and nothing else: no engine, no
environment, no clock. So the same project gives the same tag on any machine.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from caliban_ls.core import project_files
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import UsageError
from caliban_ls.core.project_files import is_file, printable
from caliban_ls.runtime.engine import ImagePlan
from caliban_ls.runtime.images import dockerfile
from caliban_ls.runtime.images.build_context import (
    Entry,
    digest,
    project_path,
    read_entries,
    tar_stream,
    walk,
)
from caliban_ls.runtime.images.dependencies import (
    PROJECT_FILES,
    Dependencies,
    find_dependencies,
    find_environment,
    install_command,
)
from caliban_ls.runtime.images.dockerfile import Layer, Recipe
from caliban_ls.runtime.images.entrypoint import Program, find_program
from caliban_ls.runtime.images.ignore_rules import IgnoreRules, read_rules
from caliban_ls.runtime.images.package_metadata import python_for, read_metadata
from caliban_ls.runtime.images.requirements import read_text

Mode = Literal["cpu", "gpu"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions:
    """What a project's config, its user and this machine say about an image.

    Attributes:
        python_version: `MAJOR.MINOR` or longer, for a project that doesn't say.
        base_image: for both modes or by mode; `{}` in it becomes the mode. None: the Python's slim image.
        apt_packages: Debian packages, for both modes or by mode.
        extras: of the project's own package.
        dirs: folders that travel beside the program's own, each its own step, in this order.
        platform: `linux/amd64` and the like, or None for the engine's own.
        left_out: files that never travel, such as a key that the config names; relative to the project.
        gcloud_image: has Google's command line in /google-cloud-sdk, which the image gets; None for none.
        dockerfile: the user's own, relative to the project, which then stands for base image, Debian packages and
            dependencies; None for none.
        build_args: of that one.
        more_packages: Debian packages that go on top of everything, so that images with and without share the rest.
        jupyter: the Jupyter that goes there too, as pip's requirement.
    """

    python_version: str
    base_image: str | Mapping[Mode, str] | None = None
    apt_packages: tuple[str, ...] | Mapping[Mode, tuple[str, ...]] = ()
    extras: tuple[str, ...] = ()
    dirs: tuple[str, ...] = ()
    platform: str | None = None
    left_out: tuple[str, ...] = ()
    gcloud_image: str | None = None
    dockerfile: str | None = None
    build_args: Mapping[str, str] = field(default_factory=dict)
    more_packages: tuple[str, ...] = ()
    jupyter: str | None = None


def plan_image(
    *,
    folder: Path,
    module: str | None,
    mode: Mode,
    options: ImageOptions,
    cancel: CancelToken | None = None,
) -> ImagePlan:
    """Return the plan of an image that runs a module of a project.

    Args:
        folder: the project, absolute.
        module: `pkg.mod`, `pkg/mod.py`, `script.sh` and so on, see `program.find_program`; None for an image that
            has what the project needs installed, and no program.
        mode: whether the image is for machines with a GPU.
        options: everything else.
        cancel: watched while files are read.

    Raises:
        UsageError: the module, a folder, a file or an option can't be used; the message says why.
        Cancelled: the token was set.
    """
    home = Path(os.path.realpath(folder))
    rules = read_rules(_ignore_files(home))
    options = replace(options, apt_packages=_apt_packages(mode, options))
    program = None if module is None else find_program(home, module, rules)
    dependencies = () if options.dockerfile else find_dependencies(home, options.extras, mode)
    base_image, base = _base(home, mode, options)
    layers: list[Layer] = []
    context: list[tuple[str, Entry]] = []
    sent: dict[str, Entry] = {}
    if options.dockerfile:
        # The user's own steps copy from the project as it is; ours find their files beside it.
        sent = read_entries(home, _without(_walk_all(home, ("",), rules), options), cancel or CancelToken())
        context += sent.items()
    own = f"{_OWN}/" if options.dockerfile else ""
    for layer, paths in _steps(home, program, options, rules, dependencies):
        # A file travels with the first step that needs it; a later one finds it in place.
        known = () if options.dockerfile else sent
        new = (path for path in _without(paths, options) if path not in known)
        entries = read_entries(home, new, cancel or CancelToken())
        place = None if layer.copy is None or not entries else f"{own}{layer.copy}"
        context += ((f"{place}/{path}".rstrip("/"), entry) for path, entry in entries.items())
        sent |= entries
        if entries or layer.copy is None or layer.run is not None:
            layers.append(replace(layer, copy=place))
    if program is not None:
        _check_sent(home, program, sent)
    recipe = Recipe(base=base, layers=layers, command=None if program is None else program.command)
    text = dockerfile.render(recipe)
    platform = options.platform
    if platform is None and base_image.startswith(_DEEP_LEARNING):
        platform = _DEEP_LEARNING_PLATFORM
    arguments = [f"{name}={value}" for name, value in sorted(options.build_args.items())]
    summary = digest([text, platform or "", *arguments, *_identity(context)])
    return ImagePlan(
        tag=f"caliban/{_slug(folder.name)}:{summary[:_TAG_LENGTH]}",
        dockerfile=text,
        buildkit=dockerfile.render(recipe, buildkit=True, caches=digest([str(home)])[:_TAG_LENGTH]),
        dockerfile_name=own + _DOCKERFILE,
        base_image=base_image,
        platform=platform,
        build_args=options.build_args,
        addresses=tuple(address for step in dependencies for address in step.addresses),
        secrets=tuple(
            (path, entry.secret) for path, entry in sent.items() if entry.secret and path not in rules.named
        ),
        size=sum(entry.size for entry in sent.values()),
        largest=_largest(sent.values()),
        context=lambda text: tar_stream(home, [(own + _DOCKERFILE, text)], context),
    )


_OWN = ".caliban"
"""The context's folder for what is ours, beside a user's own Dockerfile, whose steps copy from the project as it is.

Files of the project that are called so stay at home then. Without such a Dockerfile every file of the project
stands in the folder of a step, so nothing clashes.
"""

_DOCKERFILE = "Dockerfile"

_DEEP_LEARNING = "gcr.io/deeplearning-platform-release/"

_DEEP_LEARNING_PLATFORM = "linux/amd64"
"""These images exist for this platform alone; an engine on ARM emulates it when the platform is named."""

_IGNORE_FILES = (".dockerignore", ".calibanignore")  # the later one wins

_TAG_LENGTH = 20  # hexadecimal digits of the digest: 80 bits

_HEAVIEST = 10  # entries that `largest` names


def _ignore_files(home: Path) -> Iterator[tuple[str, str]]:
    for name in _IGNORE_FILES:
        try:
            yield name, project_files.read_bytes(home, name).decode("utf-8", "surrogateescape")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise UsageError(
                f"{name} can't be read: {error.strerror or error}", hint="Check its permissions."
            ) from error


def _steps(
    home: Path,
    program: Program | None,
    options: ImageOptions,
    rules: IgnoreRules,
    dependencies: tuple[Dependencies, ...],
) -> Iterator[tuple[Layer, Iterable[str]]]:
    """Yield the steps with the paths that each needs: what changes seldom first, the program last."""
    yield dockerfile.folders_layer(), ()
    if not options.dockerfile:
        if packages := tuple(options.apt_packages):
            yield dockerfile.apt_layer(packages), ()
        python = program is None or program.command[0] == "python"
        yield from _installation(home, rules, dependencies, python=python)
    elif options.jupyter is not None:
        yield dockerfile.venv_layer(), ()
    if options.gcloud_image is not None:
        yield dockerfile.gcloud_layer(_image_name(options.gcloud_image, "gcloud.image")), ()
    if options.more_packages:
        yield dockerfile.apt_layer(options.more_packages), ()
    if options.jupyter is not None:
        if not any(step.tool != "conda" for step in dependencies):
            yield dockerfile.uv_layer(required=False), ()
        yield dockerfile.jupyter_layer(install_command(options.jupyter)), ()
    for number, given in enumerate(options.dirs, start=1):
        paths = _extra_folder(home, given, rules)
        yield Layer(why="An extra folder.", copy=f"folder{number}"), paths
    if program is not None:
        files = [name for name in PROJECT_FILES if is_file(home, name)]
        yield (
            Layer(why="The program.", copy="program"),
            _walk_all(home, (program.root, *files), rules),
        )


def _installation(
    home: Path, rules: IgnoreRules, dependencies: tuple[Dependencies, ...], *, python: bool
) -> Iterator[tuple[Layer, Iterable[str]]]:
    """Yield the steps that install what a project needs; `python` says whether it needs a Python anyway."""
    conda = any(step.tool == "conda" for step in dependencies)
    others = [step for step in dependencies if step.tool != "conda"]
    if not conda and (others or python):
        yield dockerfile.venv_layer(), ()
    tools = False
    for number, step in enumerate(dependencies, start=1):
        if step.tool != "conda" and not tools:
            tools = True
            yield dockerfile.uv_layer(required=any(step.tool == "uv" for step in others)), ()
        paths = [*_with_targets(home, step.files), *_walk_all(home, step.roots, rules)]
        layer = Layer(
            why="What the project needs installed, before the code, which changes more often.",
            copy=f"dependencies{number}",
            run=step.command,
            installs="python",
            environment=dockerfile.conda_variables() if step.tool == "conda" else {},
        )
        yield layer, paths


def _without(paths: Iterable[str], options: ImageOptions) -> Iterator[str]:
    """Leave out files that are never sent, even if the ignore rules name them."""
    left_out = {*options.left_out}
    if options.dockerfile is not None:
        # The ignore file is obeyed already; a builder would find our own folder ignored by it.
        left_out |= {".dockerignore", _OWN}
    return (path for path in paths if path not in left_out and path.partition("/")[0] not in left_out)


def _apt_packages(mode: Mode, options: ImageOptions) -> tuple[str, ...]:
    packages = options.apt_packages
    chosen = tuple(packages.get(mode, ()) if isinstance(packages, Mapping) else packages)
    for package in chosen:
        if not re.fullmatch(r"[a-z0-9][a-z0-9+.-]*(:[a-z0-9-]+)?([=/][\w.+:~-]+)?", package):
            raise UsageError(
                f"{package!r} isn't the name of a Debian package",
                hint="Correct apt_packages in .calibanconfig.json; a version goes after it: git=1:2.39.5-0.",
            )
    return chosen


def _walk_all(home: Path, roots: Iterable[str], rules: IgnoreRules) -> Iterator[str]:
    for root in roots:
        yield from walk(home, root, rules)


def _with_targets(home: Path, paths: Iterable[str]) -> Iterator[str]:
    """Yield paths, and behind a link what it points to.

    Raises:
        UsageError: a link leads out of the project.
    """
    for path in paths:
        yield path
        found = project_files.status(home, path, follow=False)
        if found is not None and stat.S_ISLNK(found.st_mode):
            yield project_files.resolved(home, path)


def _extra_folder(home: Path, given: str, rules: IgnoreRules) -> list[str]:
    folder = project_path(home, given, "The extra folder")
    if not project_files.is_folder(home, folder):
        raise UsageError(
            f"There is no folder {printable(given)} to take along",
            hint="Extra folders are relative to the project's folder.",
        )
    paths = list(_walk_all(home, _with_targets(home, [folder]), rules))
    if not paths:
        raise UsageError(
            f"The ignore rules leave nothing of the extra folder {printable(given)}",
            hint=f"A last line `!{printable(folder)}` in .calibanignore lets it travel.",
        )
    return paths


def _check_sent(home: Path, program: Program, sent: Mapping[str, Entry]) -> None:
    """Hold that the image will have the program; where a link is run, what it points to."""
    file = project_files.resolved(home, program.file)
    if file not in sent:
        raise UsageError(
            f"The program wouldn't be in its image: {printable(file)} doesn't travel",
            hint=f"Take its folder along with --dir, or add a last line `!{printable(file)}` to .calibanignore.",
        )


def _base(home: Path, mode: Mode, options: ImageOptions) -> tuple[str, str]:
    """Return the image that everything starts from, and the lines of the Dockerfile that say so."""
    if options.dockerfile is None:
        image = _base_image(home, mode, options)
        return image, f"FROM {image}"
    path = project_path(home, options.dockerfile, "docker.dockerfile")
    text = read_text(home, path)
    stages = re.findall(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", text, re.MULTILINE | re.IGNORECASE)
    if not stages:
        raise UsageError(
            f"{printable(path)} has no FROM", hint="A Dockerfile begins with the image that it builds on."
        )
    return stages[-1], text


def _base_image(home: Path, mode: Mode, options: ImageOptions) -> str:
    configured = options.base_image
    name = configured.get(mode) if isinstance(configured, Mapping) else configured
    if name is None:
        if find_environment(home) is not None:
            return _CONDA_IMAGE
        return f"python:{_python_version(home, options.python_version)}-slim"
    image = _expand_dlvm(name.replace("{}", mode))
    if image.startswith("gcr.io/blueshift-playground/"):
        raise UsageError(
            f"The base image {image} can't be pulled any more",
            hint="Set base_image in .calibanconfig.json to a public one such as python:3.12-slim, or remove it.",
        )
    return _image_name(image, "base_image")


_CONDA_IMAGE = "mambaorg/micromamba:2.0.5-debian12-slim"


def _image_name(image: str, key: str) -> str:
    """Return an image's name, given by a key of the config, if it is one.

    Raises:
        UsageError: a Dockerfile would read something else in it.
    """
    if not re.fullmatch(r"[a-zA-Z0-9][\w.:/@-]*", image, re.ASCII):
        raise UsageError(
            f"{image!r} isn't the name of an image", hint=f"Correct {key} in .calibanconfig.json."
        )
    return image


def _python_version(home: Path, default: str) -> str:
    """Return MAJOR.MINOR: of .python-version, pyenv's file; else the default, if the package takes it."""
    try:
        said = project_files.read_bytes(home, ".python-version").decode("utf-8", "replace")
    except OSError:
        said = ""
    version = re.search(r"^\s*(?:c?python-)?(3\.\d+)\b", said, re.MULTILINE)
    if version is not None:
        return version[1]
    return python_for(read_metadata(home).python, ".".join(default.split(".")[:2]))


def _expand_dlvm(image: str) -> str:
    """Return Google's Deep Learning image that google/caliban's short name for it stands for."""
    if not image.startswith("dlvm:"):
        return image
    short = re.fullmatch(r"dlvm:((?:pytorch|tf2?)-(?:cpu|gpu))(?:-(\d+)\.(\d+))?", image)
    if short is None:
        raise UsageError(
            f"{image} isn't a Deep Learning image", hint="Write dlvm:pytorch-gpu-1.4, dlvm:tf2-cpu and so on."
        )
    version = f".{short[2]}-{short[3]}" if short[2] else ""
    return f"{_DEEP_LEARNING}{short[1]}{version}"


def _identity(context: Iterable[tuple[str, Entry]]) -> Iterator[str]:
    """Yield all that makes a context another one: names, kinds, modes, and what files and links hold."""
    for name, entry in context:
        yield from (name, entry.kind, oct(entry.mode), entry.content)


def _slug(name: str) -> str:
    """Return a folder's name as Docker takes it in a repository's."""
    plain = unicodedata.normalize("NFKD", name.casefold()).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain)[:60].strip("-") or "project"


def _largest(entries: Iterable[Entry]) -> tuple[tuple[str, int], ...]:
    """Return the heaviest parts of a context, each byte counted once.

    A folder stands for what is in it, unless one thing in it weighs more than all the rest.
    """
    weights: Counter[str] = Counter()
    children: defaultdict[str, set[str]] = defaultdict(set)
    for entry in entries:
        path = entry.path
        while path:
            weights[path] += entry.size
            parent = path.rpartition("/")[0]
            children[parent].add(path)
            path = parent
    found: list[tuple[str, int]] = []
    pending = list(children[""])
    while pending:
        path = pending.pop()
        if any(weights[child] * 2 > weights[path] for child in children[path]):
            pending += children[path]
        elif weights[path]:
            found.append((printable(path), weights[path]))
    return tuple(sorted(found, key=lambda part: (-part[1], part[0]))[:_HEAVIEST])
