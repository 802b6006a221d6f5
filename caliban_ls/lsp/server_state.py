"""The state of a running server: settings, trust, folders, open documents with their findings, and threads.

Uses no engine and no network, and reads only the projects of open files. Everything runs on the event loop, except
for `buffer`, which working threads call.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from lsprotocol import types as lsp
from pygls.capabilities import get_capability

from caliban_ls.analysis.config.settings import Settings, merged, parse_settings
from caliban_ls.analysis.document_kind import document_kind
from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.text import LineIndex, Span
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.pygls_adapter import StdioServer
from caliban_ls.lsp.responses import DiagnosticReport
from caliban_ls.lsp.workers import Workers
from caliban_ls.lsp.workspace_index import IndexedFile, WorkspaceIndex
from caliban_ls.workspace.checker import Checker, CheckInputs
from caliban_ls.workspace.files import project_paths
from caliban_ls.workspace.projects import ProjectCache, project_folder

if TYPE_CHECKING:
    from caliban_ls.analysis.jsondoc import JsonDocument
    from caliban_ls.ide.document_context import DocumentContext
    from caliban_ls.ide.fixes import FixTrial


@dataclass(frozen=True)
class CheckResult:
    """The findings of an open document.

    Attributes:
        state: everything that they depend on, the document's revision first.
        findings: in the order of the text.
        report: the same as the client gets them.
        make_context: returns the document with its project and script; None for other files.
    """

    state: tuple[object, ...]
    findings: list[Finding]
    report: DiagnosticReport
    make_context: Callable[[], DocumentContext] | None

    @property
    def is_config(self) -> bool:
        """Whether the document is an experiment or a project config."""
        return self.make_context is not None

    @cached_property
    def context(self) -> DocumentContext | None:
        """The document with its project and script, made at the first use; None for other files."""
        return None if self.make_context is None else self.make_context()


class Server(StdioServer):
    """The server as its handlers see it.

    Attributes:
        settings: the editor's, as they are now.
        trusted: whether the client lets commands run and send things.
        confirms: whether the client shows plans itself, and has its user say yes before it submits one.
        pulls: whether the client asks for diagnostics, so that none are published.
        projects: the projects of all documents.
        workers: the threads of commands.
        index: the files of the open folders.
        to_refresh: the refresh that waits for a pause in typing.
        to_publish: the publications that wait for it, by the documents' URIs.
        published: URIs of the documents whose diagnostics the client has.
    """

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version)
        self.settings = Settings()
        self.trusted = False
        self.confirms = False
        self.pulls = False
        self.projects = ProjectCache(self._opened_at, os.environ)
        self.workers = Workers()
        self.index = WorkspaceIndex(self.projects, self._next_result_id)
        self.to_refresh: asyncio.TimerHandle | None = None
        self.to_publish: dict[str, asyncio.TimerHandle] = {}
        self.published: set[str] = set()
        self._initial: Mapping[str, Any] = {}
        self._results: WeakKeyDictionary[Document, CheckResult] = WeakKeyDictionary()
        self._result_ids = itertools.count(1)
        self._shown_problems: set[str] = set()
        self._trial: tuple[DocumentContext, str, FixTrial] | None = None

    def prepare(self) -> None:
        """Load the modules that the first document needs, unless it has loaded them already."""
        super().prepare()
        asyncio.get_running_loop().call_later(_PAUSE, _load)

    def take_settings(self, raw: Mapping[str, Any], *, initial: bool = False) -> bool:
        """Apply settings on top of the initial ones; return whether any changed. Empty settings change nothing."""
        if not raw:
            return False
        if initial:
            self._initial = raw
        before = self.settings
        self.settings, problems = parse_settings(merged(self._initial, raw))
        fresh = [problem for problem in problems if problem not in self._shown_problems]
        if fresh:
            self._shown_problems.update(fresh)
            message = f"Some settings are wrong and have no effect. {'. '.join(fresh)}."
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, message))
        return self.settings != before

    def can(self, capability: str) -> bool:
        """Return whether the client has a capability, such as `workspace.configuration`."""
        return bool(get_capability(self.client_capabilities, capability))

    def document(self, uri: str) -> Document | None:
        """Return an open document."""
        found = self.workspace.text_documents.get(unquote(uri))
        return found if isinstance(found, Document) else None

    def documents(self) -> list[Document]:
        """Return all open documents."""
        return [
            found for found in list(self.workspace.text_documents.values()) if isinstance(found, Document)
        ]

    def buffer(self, path: Path) -> str | None:
        """Return the text of a file that is open in the editor, also by a path through links."""
        wanted = os.path.realpath(path)
        for document in self.documents():
            if document.local and os.path.realpath(document.path) == wanted:
                return document.text
        return None

    def folders(self) -> list[Path]:
        """Return the local folders that the editor has open."""
        uris = [folder.uri for folder in self.workspace.folders.values()]
        return [Path(path) for uri in uris if (path := conversions.to_path(uri)) is not None]

    def folder_of(self, document: Document) -> Path:
        """Return the folder of the project that a document belongs to."""
        return project_folder(Path(document.path), self.folders()) if document.local else Path.home()

    def check(self, document: Document) -> CheckResult:
        """Return a document's findings; checks again only when its text or its surroundings have changed."""
        kind = document_kind(document.path, document.text, self.settings.experiment_files)
        path = Path(document.path) if document.local else None
        checker = Checker(self.projects, self.folders(), self.settings)
        inputs = None if kind is None else checker.inputs(document.json, kind, path)
        state = (document.revision, self.settings, inputs)
        known = self._results.get(document)
        if known is not None and known.state == state:
            return known
        findings, make_context = [], None
        if inputs is not None:
            findings = inputs.findings(document.json)
            # Limits are asked about, so what is over one can still be submitted.
            wrong = any(
                found.severity is Severity.ERROR and not found.code.startswith("CAL6") for found in findings
            )
            # `document` itself isn't held: the results of a closed document must go with it.
            make_context = partial(_context_of, document.json, inputs, checker, path, wrong=wrong)
        report = responses.diagnostic_report(
            document, findings, self.encoding, None if known is None else known.report, self._next_result_id
        )
        result = CheckResult(state, findings, report, make_context)
        self._results[document] = result
        return result

    def trial(self, context: DocumentContext) -> FixTrial:
        """Return a copy of a document to try fixes on; kept until another is needed or the document changes."""
        if self._trial is None or self._trial[:2] != (context, context.text):
            from caliban_ls.ide.fixes import FixTrial

            self._trial = (
                context,
                context.text,
                FixTrial(context.text, context.kind, context.estimate, context.script),
            )
        return self._trial[2]

    def context(self, uri: str) -> tuple[Document, DocumentContext] | None:
        """Return an open experiment or project config with its context, None for other documents."""
        document = self.document(uri)
        context = None if document is None else self.check(document).context
        return None if document is None or context is None else (document, context)

    def location_of(self, folder: Path, path: str, span: Span) -> lsp.Location | None:
        """Return a part of a project's file as a location, None if the file can't be read."""
        file = folder / path
        text = self.projects.text(file, folder)
        if text is None:
            return None
        return lsp.Location(
            conversions.to_uri(str(file)), conversions.to_range(LineIndex(text), span, self.encoding)
        )

    def _next_result_id(self) -> str:
        """Return an id that no report has had."""
        return str(next(self._result_ids))

    def opened(self) -> dict[str, Document]:
        """Return the open local documents by their real paths."""
        return {os.path.realpath(one.path): one for one in self.documents() if one.local}

    async def indexed_files(self) -> list[IndexedFile]:
        """Look through the open folders, on a working thread, and return the experiments and project configs."""
        cancel = CancelToken()
        update = partial(self.index.update, self.folders(), self.settings, self.encoding, cancel)
        files: list[IndexedFile] = await self.workers.run(update, cancel)
        return files

    def is_working(self) -> bool:
        """Return whether a command that was asked to stop goes on."""
        return len(self.workers) > 0

    async def stop_working(self, seconds: float) -> None:
        """Stop all commands."""
        await self.workers.stop(seconds)

    def _opened_at(self, path: Path) -> tuple[tuple[object, ...], str] | None:
        """Return the stamp and the text of a file that the editor has open, None for others."""
        wanted = os.path.realpath(path)
        for document in self.documents():
            # Names are compared first, since following links reads the disk.
            if (
                document.path.endswith(path.name)
                and document.local
                and os.path.realpath(document.path) == wanted
            ):
                return (id(document), document.revision), document.text
        return None


def _context_of(
    document: JsonDocument, inputs: CheckInputs, checker: Checker, path: Path | None, *, wrong: bool
) -> DocumentContext:
    from caliban_ls.ide.document_context import DocumentContext

    paths = partial(project_paths, path.parent) if path is not None else tuple
    estimate = checker.estimate(document, inputs)
    return DocumentContext(document, inputs.kind, estimate, inputs.script, paths, wrong=wrong)


_PAUSE: Final = 0.05
"""Seconds after the first message, in which a client can open a document before modules are loaded."""


def _load() -> None:
    from caliban_ls.analysis import estimate
    from caliban_ls.analysis.checks import limits
    from caliban_ls.analysis.experiment import sweep
    from caliban_ls.ide import document_context

    del sweep, limits, estimate, document_context
