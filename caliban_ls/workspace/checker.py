"""The one place that checks a document: find its project and its script, then validate it against them.

`check` on the command line, an editor's open documents and the index of a workspace all come here, so that they
find the same. Knows no protocol and no command.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caliban_ls.analysis.config.settings import Settings
from caliban_ls.analysis.findings import Finding
from caliban_ls.analysis.jsondoc import JsonDocument
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.validation import validate
from caliban_ls.workspace.projects import ProjectCache, project_folder, script_named

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import CostEstimate
    from caliban_ls.analysis.script import Script


@dataclass(frozen=True, slots=True)
class CheckInputs:
    """Everything but its text that decides a document's findings. Equal inputs give equal findings.

    Attributes:
        kind: experiment or project config.
        folder: of its project.
        estimate: of the project that an experiment belongs to; None without config and settings, which load it.
        script_named: the script that the experiment or its project names, as it is written.
        script: whose flags an experiment sets, None where it isn't known.
    """

    kind: DocumentKind
    folder: Path
    estimate: CostEstimate | None = None
    script_named: str | None = None
    script: Script | None = None

    def findings(self, document: JsonDocument) -> list[Finding]:
        """Return everything that is wrong with a document."""
        return validate(document, self.kind, estimate=self.estimate, script=self.script)


class Checker:
    """Finds the inputs of checks. Looks at each folder once, so make a new checker for each pass over the files."""

    def __init__(self, projects: ProjectCache, folders: Iterable[Path], settings: Settings) -> None:
        """Take the folders that are open, or that a command works on, and the editor's settings."""
        self._projects = projects
        self._open_folders = list(folders)
        self._settings = settings
        self._folders: dict[Path, Path] = {}
        self._estimates: dict[Path, CostEstimate | None] = {}
        self._scripts: dict[tuple[Path, str | None, Path | None], Script | None] = {}

    def folder(self, path: Path | None) -> Path:
        """Return the folder of the project that a file belongs to; the home folder for a text without a file."""
        if path is None:
            return Path.home()
        if path.parent not in self._folders:
            self._folders[path.parent] = project_folder(path, self._open_folders)
        return self._folders[path.parent]

    def inputs(self, document: JsonDocument, kind: DocumentKind, path: Path | None) -> CheckInputs:
        """Return the project and the script that a document is checked against.

        Args:
            document: the document.
            kind: experiment or project config.
            path: absolute path of its file, None where it has none.
        """
        folder = self.folder(path)
        if kind == "project":
            return CheckInputs(kind, folder)
        estimate = self._estimate(folder)
        named = script_named(None if estimate is None else estimate.project, document)
        return CheckInputs(kind, folder, estimate, named, self._script(folder, named, path))

    def holds(self, inputs: CheckInputs, path: Path) -> bool:
        """Return whether a file whose text hasn't changed still has these inputs."""
        folder = self.folder(path)
        if inputs.kind == "project":
            return folder == inputs.folder
        named = inputs.script_named
        now = CheckInputs(
            inputs.kind, folder, self._estimate(folder), named, self._script(folder, named, path)
        )
        return now == inputs

    def estimate(self, document: JsonDocument, inputs: CheckInputs) -> CostEstimate:
        """Return the estimate that an editor shows: of a project config its own, of an experiment its project's."""
        if inputs.kind == "project":
            return self._projects.config_estimate(document, self._settings)
        return inputs.estimate or self._projects.estimate(inputs.folder, self._settings)

    def _estimate(self, folder: Path) -> CostEstimate | None:
        if folder not in self._estimates:
            # An estimate loads the hardware's modules, so none is made where it couldn't change a finding.
            bare = self._projects.says_nothing(folder, self._settings)
            self._estimates[folder] = None if bare else self._projects.estimate(folder, self._settings)
        return self._estimates[folder]

    def _script(self, folder: Path, named: str | None, path: Path | None) -> Script | None:
        """Return an experiment's script; experiments of one folder that name the same share it."""
        key = (folder, named, None if path is None else path.parent)
        if key not in self._scripts:
            self._scripts[key] = self._projects.script_for(folder, named, path)
        return self._scripts[key]
