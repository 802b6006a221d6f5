"""Find a document's project: its folder, config and script, and the user's settings; read each once per change.

A text that an editor has open takes precedence over the file on the disk. Commands and editors both find projects
here, so that they agree.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config.settings import Settings, parse_settings, supplemented
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.core.errors import CalibanError
from caliban_ls.core.state_folder import SETTINGS_FILE, state_folder
from caliban_ls.workspace.files import read_text

_MOST_CANDIDATES: Final = 50
"""A folder with more Python files is a library; none of them is taken for its script."""

_NO_SCRIPTS: Final = frozenset(
    {"build", "data", "dist", "docs", "env", "node_modules", "test", "tests", "venv"}
)
"""Folders whose Python files are no training scripts."""

# The readers of configs, scripts and hardware take longer to load than most experiments take to check, and an
# editor waits for its server to start.
if TYPE_CHECKING:
    from caliban_ls.analysis.config.project import Project
    from caliban_ls.analysis.estimate import CostEstimate
    from caliban_ls.analysis.script import Script

Stamp: TypeAlias = tuple[object, ...]
"""Equal for the same text of a file."""

Buffer: TypeAlias = Callable[[Path], "tuple[Stamp, str] | None"]
"""The text of a file that an editor has open, None when it isn't."""


def project_folder(path: Path, folders: Iterable[Path]) -> Path:
    """Return the folder of the project that a file belongs to.

    The nearest folder with a project config, from the file's own up to the open folder that holds it. Without a config
    it is the open folder, or the file's own if no open folder holds it.

    Args:
        path: absolute path of the file.
        folders: the folders that are open, or that a command works on.
    """
    around = [folder for folder in folders if path.is_relative_to(folder)]
    top = max(around, key=lambda folder: len(folder.parts), default=path.parent)
    for folder in path.parents:
        if (folder / PROJECT_FILE).is_file():
            return folder
        if folder == top:
            break
    return top


def stamp_of(path: Path) -> Stamp | None:
    """Return a file's stamp on the disk, None when there is no such file."""
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


class ProjectCache:
    """Projects and scripts, each read again only when a file of it has changed. Safe for any thread."""

    def __init__(self, buffer: Buffer, environment: Mapping[str, str]) -> None:
        self._buffer = buffer
        self._environment = environment
        self._projects: dict[Path, tuple[Stamp | None, Project]] = {}
        self._estimates: dict[Path, tuple[tuple[object, ...], CostEstimate]] = {}
        self._scripts: dict[tuple[Path, str], tuple[dict[str, Stamp | None], Script | None]] = {}
        self._candidates: dict[Path, tuple[dict[str, Stamp | None], list[str]]] = {}
        self._own: tuple[Stamp | None, Settings | None] = (None, None)
        self._own_path = state_folder(environment, Path.home(), sys.platform) / SETTINGS_FILE
        self._lock = threading.RLock()

    def estimate(self, folder: Path, settings: Settings) -> CostEstimate:
        """Return the estimate of a project's submissions; the same object until a config or setting changes."""
        with self._lock:
            return self._estimate(folder, settings)

    def says_nothing(self, folder: Path, settings: Settings) -> bool:
        """Return whether there are neither a project config nor settings, which could limit or choose anything."""
        path = folder / PROJECT_FILE
        bare = self._buffer(path) is None and not path.is_file()
        return bare and settings == Settings() and self._own_settings() is None

    def _estimate(self, folder: Path, settings: Settings) -> CostEstimate:
        from caliban_ls.analysis.estimate import CostEstimate

        config = self._project(folder)
        state = (config, settings, self._own_settings(), self._environment.get("REGION"))
        known = self._estimates.get(folder)
        if known is not None and known[0] == state:
            return known[1]
        own = self._own_settings()
        merged = settings if own is None else supplemented(settings, own)
        made = CostEstimate(config, merged, dict(self._environment))
        self._estimates[folder] = (state, made)
        return made

    def script_for(self, folder: Path, wanted: str | None, path: Path | None) -> Script | None:
        """Return the script of a name, or without a name the only one in an experiment's folder; None without either."""
        beside = path.parent if path is not None and path.is_relative_to(folder) else None
        with self._lock:
            if wanted is None:
                found = None if beside is None else self._only_script(folder, beside)
            else:
                from caliban_ls.analysis.script import candidate_paths

                near = "" if beside is None else beside.relative_to(folder).as_posix().removeprefix(".")
                places = candidate_paths(wanted, near)
                found = next((one for one in places if self._stamp(folder / one) is not None), None)
            return None if found is None else self.script_at(folder, found)

    def _only_script(self, folder: Path, beside: Path) -> str | None:
        """Return the path of the only script in a folder, or else in the folders right below it.

        Looks again when one of their files has changed.
        """
        files, below = _python_files(beside)
        found = self._scripts_among(folder, beside, files)
        if not found and files is not None and below:
            deeper = [_python_files(one)[0] for one in below]
            inside = None if None in deeper else [file for some in deeper for file in some or ()]
            found = self._scripts_among(folder, beside / "*", inside)
        return found[0] if len(found) == 1 else None

    def _scripts_among(self, folder: Path, place: Path, files: list[Path] | None) -> list[str]:
        """Return the scripts among files; looks again when one of them has changed."""
        if not files or len(files) > _MOST_CANDIDATES:
            return []
        paths = {file.relative_to(folder).as_posix(): file for file in files}
        stamps = {path: self._stamp(file) for path, file in paths.items()}
        known = self._candidates.get(place)
        if known is None or known[0] != stamps:
            from caliban_ls.analysis.script import runnable_scripts

            known = (stamps, runnable_scripts(paths, lambda path: self.text(paths[path], folder)))
            self._candidates[place] = known
        return known[1]

    def script_at(self, folder: Path, path: str) -> Script | None:
        """Return a project's script; the same object as long as none of its files has changed."""
        from caliban_ls.analysis.script import read_script

        with self._lock:
            known = self._scripts.get((folder, path))
            if known is not None and all(
                self._stamp(folder / file) == stamp for file, stamp in known[0].items()
            ):
                return known[1]
            stamps: dict[str, Stamp | None] = {}

            def read(file: str) -> str | None:
                stamps[file] = self._stamp(folder / file)
                return self.text(folder / file, folder)

            script = read_script(path, read)
            self._scripts[folder, path] = (stamps, script)
            return script

    def text(self, path: Path, folder: Path) -> str | None:
        """Return the text of a project's file, from its editor or else from the disk; None when it can't be read."""
        opened = self._buffer(path)
        if opened is not None:
            return opened[1]
        try:
            return read_text(path, lambda _: None, folder)
        except CalibanError:
            return None

    def _stamp(self, path: Path) -> Stamp | None:
        opened = self._buffer(path)
        return stamp_of(path) if opened is None else opened[0]

    def config_estimate(self, config: jsondoc.JsonDocument, settings: Settings) -> CostEstimate:
        """Return the estimate of a project from its config's text, saved or not."""
        from caliban_ls.analysis.config import project
        from caliban_ls.analysis.estimate import CostEstimate

        own = self._own_settings()
        merged = settings if own is None else supplemented(settings, own)
        return CostEstimate(project.read(config), merged, dict(self._environment))

    def _project(self, folder: Path) -> Project:
        from caliban_ls.analysis.config import project

        path = folder / PROJECT_FILE
        opened = self._buffer(path)
        stamp = stamp_of(path) if opened is None else opened[0]
        known = self._projects.get(folder)
        if known is not None and known[0] == stamp:
            return known[1]
        read = project.Project()
        if opened is not None:
            read = project.read(jsondoc.parse(opened[1]))
        elif stamp is not None:
            # A config that can't be read counts as empty here; commands report why.
            with suppress(CalibanError):
                read = project.read(jsondoc.parse(read_text(path, lambda _: None, folder)))
        # Experiments don't depend on the config's findings. Without them the config stays equal while its errors move,
        # and typing in it doesn't check all experiments again.
        read = replace(read, findings=())
        if known is not None and known[1] == read:
            read = known[1]
        self._projects[folder] = (stamp, read)
        return read

    def _own_settings(self) -> Settings | None:
        """Return the settings in the state folder, None where they are missing or can't be read."""
        stamp = stamp_of(self._own_path)
        if stamp != self._own[0]:
            own = None
            try:
                own, problems = parse_settings(json.loads(self._own_path.read_text(encoding="utf-8")))
                own = None if problems else own
            except (OSError, ValueError):
                pass  # Commands stop at these and report why.
            self._own = (stamp, own)
        return self._own[1]


def command_projects(text_of: Callable[[Path], str | None], environment: Mapping[str, str]) -> ProjectCache:
    """Return the projects of one command.

    Args:
        text_of: the text of a file that an editor has open, None when it isn't.
        environment: the process's variables.
    """

    def buffer(path: Path) -> tuple[Stamp, str] | None:
        text = text_of(path)
        return None if text is None else ((text,), text)

    return ProjectCache(buffer, environment)


def _python_files(folder: Path) -> tuple[list[Path] | None, list[Path]]:
    """Return a folder's Python files, None if it can't be read, and the folders in it that may hold scripts."""
    try:
        with os.scandir(folder) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return None, []
    files = [Path(entry.path) for entry in found if entry.name.endswith(".py")]
    below = [
        Path(entry.path)
        for entry in found
        if entry.name.isidentifier() and entry.name not in _NO_SCRIPTS and entry.is_dir(follow_symlinks=False)
    ]
    return files, below[:_MOST_CANDIDATES]


def script_named(config: Project | None, experiment: jsondoc.JsonDocument) -> str | None:
    """Return the script that the config or a comment of the experiment names, as it is written; None without one."""
    comments = "\n".join(experiment.text[one.start : one.end] for one in experiment.comments)
    script, module = (None, None) if config is None else (config.script, config.module)
    if script is None and module is None and "caliban" not in comments:
        return None
    from caliban_ls.analysis.script import named_script

    return named_script(script=script, module=module, text=comments)
