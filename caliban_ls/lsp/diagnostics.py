"""Send diagnostics: in reply to the client's requests, or published when typing pauses.

`workspace/checker` makes their findings, `lsp/responses` their JSON.
"""

from __future__ import annotations

import asyncio
from typing import Final

from lsprotocol import types as lsp

from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.pygls_adapter import EncodedJson
from caliban_ls.lsp.responses import DiagnosticReport
from caliban_ls.lsp.server_state import Server

PUBLISH_DELAY: Final = 0.1
"""Seconds of quiet after a keystroke before findings are published to a client that doesn't ask for them."""

_OTHERS_DEPEND_ON: Final = (PROJECT_FILE, ".py")
"""How files end that experiments are checked against."""


def did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    """Publish its diagnostics at once."""
    publish_soon(ls, params.text_document.uri, delay=0)
    if params.text_document.uri.endswith(_OTHERS_DEPEND_ON):
        refresh_soon(ls)


def did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    """Publish its diagnostics when typing pauses."""
    publish_soon(ls, params.text_document.uri, delay=PUBLISH_DELAY)
    if params.text_document.uri.endswith(_OTHERS_DEPEND_ON):
        refresh_soon(ls)


def did_change_watched_files(ls: Server, _params: lsp.DidChangeWatchedFilesParams) -> None:
    """Check again, since a file on the disk has changed that documents may depend on."""
    refresh_soon(ls)


def did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    """Take its diagnostics back."""
    publish_soon(ls, params.text_document.uri, delay=0)
    if params.text_document.uri.endswith(_OTHERS_DEPEND_ON):
        refresh_soon(ls)


def diagnostic(
    ls: Server, params: lsp.DocumentDiagnosticParams
) -> EncodedJson | lsp.RelatedUnchangedDocumentDiagnosticReport:
    """Report an open document's diagnostics, or that they are those that the client has."""
    document = ls.document(params.text_document.uri)
    report = None if document is None else ls.check(document).report
    if report is not None and report.result_id == params.previous_result_id:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(result_id=report.result_id)
    return responses.document_diagnostics(report)


async def workspace_diagnostic(ls: Server, params: lsp.WorkspaceDiagnosticParams) -> EncodedJson:
    """Report the diagnostics of all files in the open folders; only those that the client doesn't have."""
    files = await ls.indexed_files()
    before = {one.uri: one.value for one in params.previous_result_ids}
    reports: dict[str, tuple[int | None, DiagnosticReport | None]] = {}
    opened = ls.opened()
    for file in files:
        document = opened.get(str(file.path))
        if document is None:
            reports[conversions.to_uri(str(file.path))] = (None, file.report)
        else:
            reports[document.uri] = (document.version, ls.check(document).report)
    # The diagnostics of a file that is gone, or is no config any more, are taken back.
    gone = [uri for uri in before if uri not in reports and ls.document(uri) is None]
    reports.update(dict.fromkeys(gone, (None, None)))
    return responses.workspace_diagnostics(
        (uri, version, report, before.get(uri)) for uri, (version, report) in reports.items()
    )


def refresh_soon(ls: Server) -> None:
    """Have the client ask for everything again when typing pauses: a file that documents depend on has changed."""
    if ls.to_refresh is not None:
        ls.to_refresh.cancel()
    ls.to_refresh = asyncio.get_running_loop().call_later(PUBLISH_DELAY, _refresh, ls)


def _refresh(ls: Server) -> None:
    ls.to_refresh = None
    if ls.pulls and ls.can("workspace.diagnostics.refresh_support"):
        ls.workspace_diagnostic_refresh(None)
    if ls.can("workspace.code_lens.refresh_support"):
        ls.workspace_code_lens_refresh(None)
    if ls.can("workspace.inlay_hint.refresh_support"):
        ls.workspace_inlay_hint_refresh(None)
    for document in ls.documents():
        publish_soon(ls, document.uri, delay=0)


def publish_soon(ls: Server, uri: str, delay: float) -> None:
    """Publish after a delay, which a change of the document starts again."""
    if ls.pulls:
        return
    waiting = ls.to_publish.pop(uri, None)
    if waiting is not None:
        waiting.cancel()
    ls.to_publish[uri] = asyncio.get_running_loop().call_later(delay, _publish, ls, uri)


def _publish(ls: Server, uri: str) -> None:
    """Publish a document's diagnostics; none for a document that never was an experiment or a project config."""
    ls.to_publish.pop(uri, None)
    document = ls.document(uri)
    result = None if document is None else ls.check(document)
    is_config = result is not None and result.is_config
    if not is_config and uri not in ls.published:
        return
    if is_config:
        ls.published.add(uri)
    else:
        ls.published.discard(uri)
    version = None if document is None else document.version
    items = () if result is None else result.report.items
    ls.protocol.notify_encoded(
        lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, responses.published_diagnostics(uri, version, items)
    )
