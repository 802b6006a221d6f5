"""Our files in the open folders: what is wrong with each, and which flags each sets.

Looks at a file again only when it has changed on the disk. Runs on working threads; which documents are open
it is diagnostics, and leaves to the event loop.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.config.settings import Settings
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError
from caliban_ls.core.text import LineIndex
from caliban_ls.lsp import responses
from caliban_ls.validation import validate
from caliban_ls.workspace.files import our_files, read_text
from caliban_ls.workspace.projects import ProjectCache, Stamp, project_folder, script_named, stamp_of

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import CostEstimate
    from caliban_ls.analysis.script import Script
    from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """A file of ours on the disk.

    Attributes:
        state: all that it holds for.
        path: absolute.
        kind: which of ours it is.
        folder: of its project.
        estimate: its project.
        script_named: the script that it names or its project names.
        script: whose flags it sets.
        flags: those that its keys name.
        diagnostics: what is wrong with it, as clients are diagnostics: JSON of diagnostics.
        result_id: equal for equal diagnostics, else never used twice.
    """

    state: tuple[object, ...]
    path: Path
    kind: DocumentKind
    folder: Path
    estimate: CostEstimate
    script_named: str | None
    script: Script | None
    flags: frozenset[str]
    diagnostics: tuple[str, ...]
    result_id: str


class WorkspaceIndex:
    """All that was found out about the files so far."""

    def __init__(self, projects: ProjectCache, next_result_id: Callable[[], str]) -> None:
        self._projects = projects
        self._next_result_id = next_result_id
        self._files: dict[Path, IndexedFile] = {}
        self._lock = threading.Lock()

    def look(
        self, folders: Iterable[Path], settings: Settings, encoding: str, cancel: CancelToken
    ) -> list[IndexedFile]:
        """Return an entry for each of our files, in a stable order; those that can't be read are left out."""
        with self._lock:
            roots = list(folders)
            found: dict[Path, IndexedFile] = {}
            around = _Around(self._projects, roots, settings)
            for root in roots:
                for path, kind in our_files(root, settings.experiment_files):
                    cancel.check()
                    entry = None if path in found else self._entry(path, kind, around, encoding)
                    if entry is not None:
                        found[path] = entry
            self._files = found
            return list(found.values())

    def _entry(self, path: Path, kind: DocumentKind, around: _Around, encoding: str) -> IndexedFile | None:
        stamp: Stamp | None = stamp_of(path)
        folder = around.folder(path)
        settings = around.settings
        estimate = around.estimate(folder) if kind == "experiment" else None
        state = (stamp, kind, settings, estimate, encoding)
        known = self._files.get(path)
        if (
            known is not None
            and known.state == state
            and around.script(folder, known.script_named, path, kind) is known.script
        ):
            return known
        try:
            text = read_text(path, lambda _: None, folder)
        except CalibanError:
            return None
        from caliban_ls.ide.document_context import DocumentContext

        document = jsondoc.parse(text)
        named, script = None, None
        if estimate is None:
            estimate = self._projects.config_estimate(document, settings)
        else:
            named = script_named(estimate.project, document)
            script = around.script(folder, named, path, kind)
        context = DocumentContext(document, kind, estimate, script)
        findings = validate(document, kind, estimate=estimate, script=script)
        diagnostics = responses.diagnostics(LineIndex(text), findings, encoding)
        same = known is not None and known.diagnostics == diagnostics
        return IndexedFile(
            state=state,
            path=path,
            kind=kind,
            folder=folder,
            estimate=estimate,
            script_named=named,
            script=script,
            flags=frozenset(_flags(context)),
            diagnostics=diagnostics,
            result_id=known.result_id if known is not None and same else self._next_result_id(),
        )


class _Around:
    """What stands around files, asked of the disk once in a pass over them."""

    def __init__(self, projects: ProjectCache, roots: list[Path], settings: Settings) -> None:
        self.settings = settings
        self._projects = projects
        self._roots = roots
        self._folders: dict[Path, Path] = {}
        self._estimates: dict[Path, CostEstimate] = {}
        self._scripts: dict[tuple[Path, str | None, Path], Script | None] = {}

    def folder(self, path: Path) -> Path:
        if path.parent not in self._folders:
            self._folders[path.parent] = project_folder(path, self._roots)
        return self._folders[path.parent]

    def estimate(self, folder: Path) -> CostEstimate:
        if folder not in self._estimates:
            self._estimates[folder] = self._projects.estimate(folder, self.settings)
        return self._estimates[folder]

    def script(self, folder: Path, named: str | None, path: Path, kind: DocumentKind) -> Script | None:
        """Return an experiment's script; experiments of one folder that name the same share it."""
        if kind != "experiment":
            return None
        key = (folder, named, path.parent)
        if key not in self._scripts:
            self._scripts[key] = self._projects.script_for(folder, named, path)
        return self._scripts[key]


def context_of(entry: IndexedFile) -> tuple[LineIndex, DocumentContext] | None:
    """Return a file and what stands around it, None when it can't be read any more."""
    from caliban_ls.ide.document_context import DocumentContext

    try:
        text = read_text(entry.path, lambda _: None, entry.folder)
    except CalibanError:
        return None
    return LineIndex(text), DocumentContext(jsondoc.parse(text), entry.kind, entry.estimate, entry.script)


def _flags(context: DocumentContext) -> Iterator[str]:
    from caliban_ls.ide.script_flags import flags_of

    if context.kind == "experiment":
        for block in context.sweep.blocks:
            for member in block.node.members:
                yield from flags_of(member)
