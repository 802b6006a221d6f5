"""`doctor`: check the machine, the project and the engine, with a remedy for each problem.

Every check has a time limit and none raises: a failure to look is a result too.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.core import processes, project_files
from caliban_ls.core.errors import CalibanError
from caliban_ls.operations.context import trust
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import read_project
from caliban_ls.operations.local.container_options import gpus_of, is_here
from caliban_ls.operations.schemas.setup import DoctorArguments, DoctorCheck, DoctorResult
from caliban_ls.runtime.engine import Engine, EngineInfo
from caliban_ls.runtime.google.credentials import find_credentials
from caliban_ls.validation import has_errors, validate
from caliban_ls.workspace.files import find_configs, read_text

_LITTLE_SPACE = 5 * 2**30  # bytes; an image with a deep-learning framework needs about this much


def doctor(_arguments: DoctorArguments, context: Context) -> DoctorResult:
    """Check everything that a run needs, with a remedy for each problem."""
    return DoctorResult(checks=tuple(checks(context)))


def checks(context: Context) -> Iterator[DoctorCheck]:
    """Yield one check after the other, the cheapest first."""
    yield _python()
    yield _packages()
    yield _editor(context)
    yield _project_config(context.folder)
    yield _sweeps(context.folder)
    yield _state(context.environment)
    project = _readable_project(context)
    yield _credentials(project, context)
    yield _cloud_project(project, context)
    yield _registry(project, context)
    yield from _engine(project, context)


def _python() -> DoctorCheck:
    version = ".".join(map(str, sys.version_info[:3]))
    return DoctorCheck(name="Python", status="ok", message=f"{version} at {sys.executable}")


def _packages() -> DoctorCheck:
    from caliban_ls.core.packages import REINSTALL, unusable

    found = list(unusable())
    if not found:
        return DoctorCheck(name="Packages", status="ok", message="each command can import what it needs")
    commands = "; ".join(dict.fromkeys(one.commands for one in found))
    first = f"{commands} can't work: {found[0].module} can't be imported: {found[0].reason}"
    return DoctorCheck(name="Packages", status="failure", message=first, hint=REINSTALL)


def _project_config(folder: Path) -> DoctorCheck:
    path = folder / PROJECT_FILE
    if project_files.status(folder, PROJECT_FILE, follow=False) is None:
        hint = "`caliban init` writes one; without it, defaults hold."
        return DoctorCheck(
            name="Project config", status="ok", message=f"no {PROJECT_FILE} in {folder}", hint=hint
        )
    try:
        findings = validate(jsondoc.parse(read_text(path, lambda _: None, folder)), "project")
    except CalibanError as error:
        return DoctorCheck(name="Project config", status="failure", message=str(error), hint=error.hint)
    if has_errors(findings):
        message = f"{PROJECT_FILE} has errors"
        return DoctorCheck(
            name="Project config", status="failure", message=message, hint="`caliban check` shows them."
        )
    return DoctorCheck(name="Project config", status="ok", message=f"{PROJECT_FILE} is sound")


def _sweeps(folder: Path) -> DoctorCheck:
    broken: list[str] = []
    seen = 0
    for path, kind in find_configs(folder):
        if kind != "experiment":
            continue
        seen += 1
        try:
            if has_errors(validate(jsondoc.parse(read_text(path, lambda _: None, folder)), kind)):
                broken.append(path.name)
        except CalibanError:
            broken.append(path.name)
    if broken:
        message = f"errors in {', '.join(broken[:3])}" + (" and others" if len(broken) > 3 else "")  # noqa: PLR2004
        return DoctorCheck(
            name="Experiments", status="failure", message=message, hint="`caliban check` shows them."
        )
    if not seen:
        hint = "`caliban init` writes a first one."
        return DoctorCheck(name="Experiments", status="ok", message="none in this folder", hint=hint)
    return DoctorCheck(name="Experiments", status="ok", message=f"{seen} without errors")


def _state(environment: Mapping[str, str]) -> DoctorCheck:
    from caliban_ls.core.state_folder import state_folder

    folder = state_folder(environment, Path.home(), sys.platform)
    nearest = next(parent for parent in (folder, *folder.parents) if parent.exists())
    try:
        with tempfile.TemporaryFile(dir=nearest):
            pass
    except OSError:
        hint = "Make it writable, or point CALIBAN_HOME at a folder that is."
        return DoctorCheck(name="History", status="warning", message=f"{folder} can't be written", hint=hint)
    return DoctorCheck(name="History", status="ok", message=f"kept in {folder}")


def _editor(context: Context) -> DoctorCheck:
    if context.opens_terminals:
        return DoctorCheck(name="Editor", status="ok", message=f"started this server, {sys.executable}")
    program = processes.find_program("caliban", context.environment)
    if program is None:
        hint = (
            f"Set your editor to start `{sys.executable} -I -m caliban_ls serve`, or put caliban on the PATH."
        )
        return DoctorCheck(
            name="Editor", status="warning", message="`caliban serve` isn't found by its name", hint=hint
        )
    return DoctorCheck(name="Editor", status="ok", message=f"editors start `{program} serve`")


def _readable_project(context: Context) -> Project:
    """Return the project's config, an empty one if it has errors."""
    try:
        return read_project(context)
    except CalibanError:
        return Project()


def _credentials(project: Project, context: Context) -> DoctorCheck:
    key = _agreed_key(project, context)
    found = find_credentials(context.environment, Path.home(), context.folder, key)
    if found is None:
        hint = "Jobs that use Google Cloud need `gcloud auth application-default login`."
        return DoctorCheck(name="Credentials", status="warning", message="none for Google Cloud", hint=hint)
    if not found.readable:
        message = f"{found.path} (from {found.source}) can't be read"
        return DoctorCheck(
            name="Credentials",
            status="failure",
            message=message,
            hint="Correct the path, or its permissions.",
        )
    from caliban_ls.runtime.google.auth import find_identity

    try:
        # As `cloud` opens them; no service is asked whether it takes them.
        find_identity(context.environment, Path.home(), context.folder, cloud_key=None, project_key=key)
    except CalibanError as error:
        return DoctorCheck(name="Credentials", status="failure", message=str(error), hint=error.hint)
    except ImportError:  # which is a failure of its own
        pass
    return DoctorCheck(name="Credentials", status="ok", message=f"{found.path}, from {found.source}")


def _agreed_key(project: Project, context: Context) -> str | None:
    """Return the key that the config names; it counts only after the user has agreed to all that the config asks."""
    agreed = trust.is_agreed(trust.demands(project, context.folder), context)
    return project.cloud_key if agreed else None


def _cloud_project(project: Project, context: Context) -> DoctorCheck:
    from caliban_ls.operations.cloud.plan import named_project
    from caliban_ls.runtime.google.local_identity import read_claims

    key = _agreed_key(project, context)
    claims = read_claims(context.environment, Path.home(), context.folder, cloud_key=None, project_key=key)
    name = named_project(None, project, claims, context.environment)
    if name is None:
        hint = "Cloud jobs need PROJECT_ID, or gcloud.project_id in the config; local runs don't."
        return DoctorCheck(name="Cloud project", status="warning", message="none is named", hint=hint)
    return DoctorCheck(name="Cloud project", status="ok", message=name)


def _registry(project: Project, context: Context) -> DoctorCheck:
    from caliban_ls.runtime.docker.endpoint import configuration_folder

    repository = project.cloud.repository
    if repository is None:
        message = "no cloud.repository in the config; local runs need none"
        return DoctorCheck(name="Registry", status="ok", message=message)
    wanted = trust.demands(project, context.folder)
    if "cloud.repository" in wanted and not trust.is_agreed(wanted, context):
        message = f"{repository} counts only after you agree to what the project's config asks for"
        hint = "Read the config; if that is what you want, run `caliban trust` in this folder."
        return DoctorCheck(name="Registry", status="warning", message=message, hint=hint)
    host = repository.partition("/")[0]
    path = configuration_folder(context.environment, Path.home()) / "config.json"
    try:
        logins = json.loads(path.read_text(encoding="utf-8"))
        known = [*logins.get("credHelpers", {}), *logins.get("auths", {})]
    except (OSError, ValueError, AttributeError, TypeError):
        known = []
    if host in known:
        return DoctorCheck(name="Registry", status="ok", message=f"{repository}, with a login for {host}")
    hint = f"`gcloud auth configure-docker {host}` or `docker login {host}` gives Docker one."
    return DoctorCheck(
        name="Registry",
        status="warning",
        message=f"{repository}, and Docker has no login for {host}",
        hint=hint,
    )


def _engine(project: Project, context: Context) -> Iterator[DoctorCheck]:
    try:
        engine = context.engine()
        info = engine.describe()
        builder = engine.builder()
    except CalibanError as error:
        yield DoctorCheck(name="Docker engine", status="failure", message=str(error), hint=error.hint)
        return
    message = f"version {info.version} at {info.address}, {info.platform}"
    yield DoctorCheck(name="Docker engine", status="ok", message=message)
    if info.rootless:
        hint = "Files that jobs write into mounted folders belong to you only if they run as root inside."
        yield DoctorCheck(
            name="Rootless", status="warning", message="the engine maps uids to others", hint=hint
        )
    yield from _disk(info)
    if "BuildKit" in builder:
        yield DoctorCheck(name="Builder", status="ok", message=builder)
    else:
        hint = (
            "Docker's command line with its plugin buildx caches packages between builds, and keeps secrets."
        )
        yield DoctorCheck(name="Builder", status="warning", message=builder, hint=hint)
    yield _gpu(info)
    yield _base_image(project, engine, context)


def _disk(info: EngineInfo) -> Iterator[DoctorCheck]:
    root = Path(info.root)
    if not info.root or not is_here(info) or not root.is_dir():
        return
    free = shutil.disk_usage(root).free
    message = f"{free / 2**30:.0f} GiB free in {root}"
    if free > _LITTLE_SPACE:
        yield DoctorCheck(name="Disk", status="ok", message=message)
    else:
        hint = "`docker system prune` frees what no container uses."
        yield DoctorCheck(name="Disk", status="warning", message=message, hint=hint)


def _gpu(info: EngineInfo) -> DoctorCheck:
    found = gpus_of(info)
    if found.usable:
        return DoctorCheck(name="GPU", status="ok", message=found.reason)
    return DoctorCheck(name="GPU", status="ok", message=f"none: {found.reason}", hint=found.hint)


def _base_image(project: Project, engine: Engine, context: Context) -> DoctorCheck:
    from caliban_ls.operations.local.image import base_image_of

    try:
        image = base_image_of(project, context)
        there = engine.image_id(image) is not None
    except CalibanError as error:
        return DoctorCheck(name="Base image", status="failure", message=str(error), hint=error.hint)
    if there:
        return DoctorCheck(name="Base image", status="ok", message=f"{image}, which the engine has")
    return DoctorCheck(name="Base image", status="ok", message=f"{image}, pulled by the first build")
