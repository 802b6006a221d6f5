"""What a running server knows: its client's settings and trust, its folders, and the open documents' findings.

Answers from memory: no engine, no network, and no disk but for the links on the way to an open file. All of
it runs on the event loop, except for `buffer`, which working threads call.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from weakref import WeakKeyDictionary

from lsprotocol import types as lsp

from caliban_ls import convert
from caliban_ls.documents import Document
from caliban_ls.findings import Finding
from caliban_ls.protocol import StdioServer
from caliban_ls.settings import Settings, merged, parse_settings
from caliban_ls.validation import document_kind, validate


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found in a document.

    Attributes:
        state: the revision of the document and the settings that it holds for.
        ours: whether the document is of a kind that we judge.
        findings: what is wrong.
        diagnostics: the same, as the client is told.
        result_id: equal for equal diagnostics of one document, else never used twice.
    """

    state: tuple[int, Settings]
    ours: bool
    findings: list[Finding]
    diagnostics: list[lsp.Diagnostic]
    result_id: str


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
        self._judgements: WeakKeyDictionary[Document, Judgement] = WeakKeyDictionary()
        self._result_ids = itertools.count(1)
        self._told: set[str] = set()

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
        return [Path(path) for uri in uris if (path := convert.to_path(uri)) is not None]

    def judge(self, document: Document) -> Judgement:
        """Return what is wrong with a document; judged once for each of its revisions."""
        state = (document.revision, self.settings)
        known = self._judgements.get(document)
        if known is not None and known.state == state:
            return known
        kind = document_kind(document.path, document.text, self.settings.experiment_files)
        findings = [] if kind is None else validate(document.json, kind)
        encoding = self.encoding
        diagnostics = [convert.to_diagnostic(document, finding, encoding) for finding in findings]
        same = known is not None and known.diagnostics == diagnostics
        result_id = known.result_id if known is not None and same else str(next(self._result_ids))
        judgement = Judgement(state, kind is not None, findings, diagnostics, result_id)
        self._judgements[document] = judgement
        return judgement
