"""The experiments and project configs in the open folders: the findings of each, and the flags that each sets.

Reads a file again only when it has changed on the disk. Runs on working threads and knows nothing of the documents
that are open; the event loop has those.
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
from caliban_ls.lsp.responses import DiagnosticReport
from caliban_ls.workspace.checker import Checker, CheckInputs
from caliban_ls.workspace.files import find_configs, read_text
from caliban_ls.workspace.projects import ProjectCache, stamp_of

if TYPE_CHECKING:
    from caliban_ls.analysis.jsondoc import JsonDocument
    from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexedFile:
    """An experiment or a project config on the disk.

    Attributes:
        state: everything but `inputs` that the report depends on.
        path: absolute.
        inputs: what it was checked against.
        flags: those that its keys name.
        report: its diagnostics.
    """

    state: tuple[object, ...]
    path: Path
    inputs: CheckInputs
    flags: frozenset[str]
    report: DiagnosticReport


class WorkspaceIndex:
    """The files as they were at the last look."""

    def __init__(self, projects: ProjectCache, next_result_id: Callable[[], str]) -> None:
        self._projects = projects
        self._next_result_id = next_result_id
        self._files: dict[Path, IndexedFile] = {}
        self._checker = Checker(projects, (), Settings())
        self._lock = threading.Lock()

    def update(
        self, folders: Iterable[Path], settings: Settings, encoding: str, cancel: CancelToken
    ) -> list[IndexedFile]:
        """Look through folders and return their files in a stable order, those left out that can't be read."""
        with self._lock:
            roots = list(folders)
            found: dict[Path, IndexedFile] = {}
            self._checker = Checker(self._projects, roots, settings)
            for root in roots:
                for path, kind in find_configs(root, settings.experiment_files):
                    cancel.check()
                    state = (stamp_of(path), kind, settings, encoding)
                    file = None if path in found else self._checked(path, kind, state, encoding)
                    if file is not None:
                        found[path] = file
            self._files = found
            return list(found.values())

    def context_of(self, file: IndexedFile) -> tuple[LineIndex, DocumentContext] | None:
        """Return a file's text and its context, None if it can't be read any more."""
        from caliban_ls.ide.document_context import DocumentContext

        try:
            text = read_text(file.path, lambda _: None, file.inputs.folder)
        except CalibanError:
            return None
        document = jsondoc.parse(text)
        estimate = self._checker.estimate(document, file.inputs)
        return LineIndex(text), DocumentContext(document, file.inputs.kind, estimate, file.inputs.script)

    def _checked(
        self, path: Path, kind: DocumentKind, state: tuple[object, ...], encoding: str
    ) -> IndexedFile | None:
        known = self._files.get(path)
        if known is not None and known.state == state and self._checker.holds(known.inputs, path):
            return known
        try:
            text = read_text(path, lambda _: None, self._checker.folder(path))
        except CalibanError:
            return None
        document = jsondoc.parse(text)
        inputs = self._checker.inputs(document, kind, path)
        report = responses.diagnostic_report(
            LineIndex(text),
            inputs.findings(document),
            encoding,
            None if known is None else known.report,
            self._next_result_id,
        )
        flags = frozenset(_flags(document)) if kind == "experiment" else frozenset()
        return IndexedFile(state=state, path=path, inputs=inputs, flags=flags, report=report)


def _flags(document: JsonDocument) -> Iterator[str]:
    from caliban_ls.analysis.experiment import sweep
    from caliban_ls.ide.script_flags import flags_of

    for block in sweep.read(document).blocks:
        for member in block.node.members:
            yield from flags_of(member)
