"""What a running server knows: its client's settings and trust, its folders, and the open documents' findings.

Answers from memory: no engine, no network, and of the disk only what stands beside an open file. All of it
runs on the event loop, except for `buffer`, which working threads call.
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

from caliban_ls.analysis.config.settings import Settings, merged, parse_settings
from caliban_ls.analysis.document_kind import document_kind
from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import LineIndex, Span
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.pygls_adapter import StdioServer
from caliban_ls.validation import validate
from caliban_ls.workspace.files import project_paths
from caliban_ls.workspace.projects import ProjectCache, project_folder

if TYPE_CHECKING:
    from caliban_ls.analysis.jsondoc import JsonDocument
    from caliban_ls.analysis.script import Script
    from caliban_ls.ide.document_context import DocumentContext
    from caliban_ls.ide.fixes import FixTrial


@dataclass(frozen=True)
class CheckResult:
    """What was found in a document.

    Attributes:
        state: the revision of the document, and all else that it holds for.
        make_context: puts together the document and what stands around it, None when it isn't ours.
        findings: what is wrong.
        diagnostics: the same, as the client is diagnostics: JSON of diagnostics.
        result_id: equal for equal diagnostics of one document, else never used twice.
    """

    state: tuple[object, ...]
    make_context: Callable[[], DocumentContext] | None
    findings: list[Finding]
    diagnostics: tuple[str, ...]
    result_id: str

    @property
    def ours(self) -> bool:
        """Whether the document is of a kind that we judge."""
        return self.make_context is not None

    @cached_property
    def context(self) -> DocumentContext | None:
        """The document and what stands around it, None when it isn't ours; made when somebody asks about a place."""
        return None if self.make_context is None else self.make_context()


class Session(StdioServer):
    """A server and its state.

    Attributes:
        settings: what holds now.
        trusted: whether the client lets commands run and send things.
        confirms: whether the client shows plans itself, and has its user say yes before it submits one.
        pulls: whether the client asks for diagnostics, so that none may be published.
    """

    def __init__(self, name: str, version: str) -> None:
        super().__init__(name, version)
        self.settings = Settings()
        self.trusted = False
        self.confirms = False
        self.pulls = False
        self._initial: Mapping[str, Any] = {}
        self._results: WeakKeyDictionary[Document, CheckResult] = WeakKeyDictionary()
        self._result_ids = itertools.count(1)
        self._told: set[str] = set()
        self._trial: tuple[DocumentContext, str, FixTrial] | None = None
        self.projects = ProjectCache(self._opened_at, os.environ)

    def prepare(self) -> None:
        """Load what most people's first document needs, unless that document is here already."""
        super().prepare()
        asyncio.get_running_loop().call_later(_PAUSE, _load)

    def take_settings(self, raw: Mapping[str, Any], *, initial: bool = False) -> bool:
        """Let settings hold, over the initial ones; return whether anything changed. Empty ones change nothing."""
        if not raw:
            return False
        if initial:
            self._initial = raw
        before = self.settings
        self.settings, problems = parse_settings(merged(self._initial, raw))
        fresh = [problem for problem in problems if problem not in self._told]
        if fresh:
            self._told.update(fresh)
            message = f"Some settings are wrong and have no effect. {'. '.join(fresh)}."
            self.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, message))
        return self.settings != before

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
        """Return the text of a file that is open in the editor, by whatever path it is reached."""
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
        """Return what is wrong with a document; judged once for each state of it and of what stands around it."""
        kind = document_kind(document.path, document.text, self.settings.experiment_files)
        path = Path(document.path) if document.local else None
        estimate, script = None, None
        if kind == "experiment":
            folder = self.folder_of(document)
            estimate, script = self.projects.around(folder, self.settings, document.json, path)
        state = (document.revision, self.settings, kind, estimate, script)
        known = self._results.get(document)
        if known is not None and known.state == state:
            return known
        findings, make_context = [], None
        if kind is not None:
            findings = validate(document.json, kind, estimate=estimate, script=script)
            # The document itself isn't held, so that it can be forgotten when it is closed.
            wrong = any(
                found.severity is Severity.ERROR and not found.code.startswith("CAL6") for found in findings
            )
            make_context = partial(self._context_of, document.json, kind, path, script, wrong=wrong)
        diagnostics = responses.diagnostics(document, findings, self.encoding)
        same = known is not None and known.diagnostics == diagnostics
        result_id = known.result_id if known is not None and same else self.next_result_id()
        result = CheckResult(state, make_context, findings, diagnostics, result_id)
        self._results[document] = result
        return result

    def _context_of(
        self,
        document: JsonDocument,
        kind: DocumentKind,
        path: Path | None,
        script: Script | None,
        *,
        wrong: bool,
    ) -> DocumentContext:
        from caliban_ls.ide.document_context import DocumentContext

        if kind == "project":
            estimate = self.projects.config_estimate(document, self.settings)
        else:
            folder = Path.home() if path is None else project_folder(path, self.folders())
            estimate = self.projects.estimate(folder, self.settings)
        paths = partial(project_paths, path.parent) if path is not None else tuple
        return DocumentContext(document, kind, estimate, script, paths, wrong=wrong)

    def trial(self, context: DocumentContext) -> FixTrial:
        """Return a copy of a document to try fixes on; kept until another is asked for or the document changes."""
        if self._trial is None or self._trial[:2] != (context, context.text):
            from caliban_ls.ide.fixes import FixTrial

            self._trial = (
                context,
                context.text,
                FixTrial(context.text, context.kind, context.estimate, context.script),
            )
        return self._trial[2]

    def context(self, uri: str) -> tuple[Document, DocumentContext] | None:
        """Return an open document that is ours, with what stands around it."""
        document = self.document(uri)
        context = None if document is None else self.check(document).context
        return None if document is None or context is None else (document, context)

    def location_of(self, folder: Path, path: str, span: Span) -> lsp.Location | None:
        """Return a part of a project's file as the client counts it, None when the file can't be read."""
        file = folder / path
        text = self.projects.text(file, folder)
        if text is None:
            return None
        return lsp.Location(
            conversions.to_uri(str(file)), conversions.to_range(LineIndex(text), span, self.encoding)
        )

    def next_result_id(self) -> str:
        """Return an id that no answer has had."""
        return str(next(self._result_ids))

    def opened(self) -> dict[str, Document]:
        """Return the open local documents by their paths, links on the way resolved."""
        return {os.path.realpath(one.path): one for one in self.documents() if one.local}

    def _opened_at(self, path: Path) -> tuple[tuple[object, ...], str] | None:
        """Return what an editor has open at a path, for those who look around a document."""
        wanted = os.path.realpath(path)
        for document in self.documents():
            # The name decides before links are followed, which asks the disk.
            if (
                document.path.endswith(path.name)
                and document.local
                and os.path.realpath(document.path) == wanted
            ):
                return (id(document), document.revision), document.text
        return None


_PAUSE: Final = 0.05
"""Seconds that a client has for opening a document at once."""


def _load() -> None:
    from caliban_ls.analysis import estimate
    from caliban_ls.analysis.checks import limits
    from caliban_ls.analysis.experiment import sweep
    from caliban_ls.ide import document_context

    del sweep, limits, estimate, document_context
