"""The language server: every method that it answers. Each handler unpacks, calls and converts, no more.

Loaded by `caliban serve` alone, since nothing else needs the protocol's half a second of imports.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from lsprotocol import types as lsp

from caliban_ls import __version__
from caliban_ls.analysis.config.settings import SECTION, section
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.commands import COMMANDS, Command
from caliban_ls.lsp import document_features, execute_command, responses, workspace_features
from caliban_ls.lsp.document_features import can
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.pygls_adapter import EncodedJson, collect_garbage_again
from caliban_ls.lsp.server_state import Server
from caliban_ls.lsp.transport import ForeignInput, take_over
from caliban_ls.runtime.engine import Engine

log = logging.getLogger(__name__)

PUBLISH_DELAY: Final = 0.1
"""Seconds of quiet after a keystroke before findings are published to a client that doesn't ask for them."""


_LOOKED_AT_BY_OTHERS: Final = (PROJECT_FILE, ".py")
"""How files end that experiments are judged by."""

_WATCHED: Final = (f"**/{PROJECT_FILE}", "**/*.py", "**/*.json")


def serve(commands: Sequence[Command] = COMMANDS) -> int:
    """Speak LSP on stdin and stdout until the client is gone, and return the exit code."""
    # The start makes many objects and no garbage worth looking for; see `collect_garbage_again`.
    gc.disable()
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    # Below warnings pygls logs every message, documents and tokens included.
    logging.getLogger("pygls").setLevel(logging.WARNING)
    try:
        incoming, outgoing = take_over()
    except ForeignInput as error:
        sys.stderr.write(f"caliban serve: {error}\n")
        return error.exit_code
    return build_server(commands).run(incoming, outgoing)


def build_server(
    commands: Sequence[Command] = COMMANDS, open_engine: Callable[[], Engine] | None = None
) -> Server:
    """Return a server that offers these commands, and opens the container engine so when one needs it."""
    server = Server("caliban-ls", __version__)
    for command in commands:
        if command.editor:
            handle = execute_command.handler(server, server.workers, command, open_engine or _open_engine)
            server.command(execute_command.PREFIX + command.name)(handle)
    for method, feature, options in (
        *_FEATURES,
        *document_features.features(),
        *workspace_features.FEATURES,
        *workspace_features.workspace_features(),
    ):
        server.feature(method, options)(feature)
    return server


def initialize(ls: Server, params: lsp.InitializeParams) -> None:
    """Take what the client says about itself; whatever it says, the server starts."""
    ls.watch_client()
    if params.workspace_folders is None and ls.workspace.root_uri is not None:
        ls.workspace.add_folder(lsp.WorkspaceFolder(ls.workspace.root_uri, ""))
    options = params.initialization_options
    ls.trusted = isinstance(options, dict) and options.get("trusted") is True
    ls.confirms = isinstance(options, dict) and options.get("confirms") is True
    ls.make_documents(partial(_open_document, ls))
    ls.pulls = params.capabilities.text_document is not None and bool(
        params.capabilities.text_document.diagnostic
    )
    if ls.pulls:
        # A client that asks gets nothing published, and one that can't ask isn't told that it may.
        provided = lsp.DiagnosticOptions(
            inter_file_dependencies=True, workspace_diagnostics=True, identifier=SECTION
        )
        ls.feature(lsp.TEXT_DOCUMENT_DIAGNOSTIC, provided)(diagnostic)
        ls.feature(lsp.WORKSPACE_DIAGNOSTIC)(workspace_features.workspace_diagnostic)
    _apply(ls, section(options), initial=True)


def initialized(ls: Server, _params: lsp.InitializedParams) -> None:
    """Ask for the settings, and to be told of their changes."""
    collect_garbage_again()
    if can(ls, "workspace.did_change_configuration.dynamic_registration"):
        change = lsp.Registration("caliban-settings", lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
        ls.spawn(ls.client_register_capability_async(lsp.RegistrationParams([change])))
    if can(ls, "workspace.did_change_watched_files.dynamic_registration"):
        watchers = [lsp.FileSystemWatcher(glob) for glob in _WATCHED]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        watch = lsp.Registration("caliban-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.spawn(ls.client_register_capability_async(lsp.RegistrationParams([watch])))
    if can(ls, "workspace.configuration"):
        ls.spawn(_ask_for_settings(ls))


def did_change_configuration(ls: Server, params: lsp.DidChangeConfigurationParams) -> None:
    """Take changed settings, from the client's answer if it can be asked, or else from the message."""
    if can(ls, "workspace.configuration"):
        ls.spawn(_ask_for_settings(ls))
    else:
        _apply(ls, section(params.settings))


def did_open(ls: Server, params: lsp.DidOpenTextDocumentParams) -> None:
    """Publish what is wrong at once."""
    _publish_soon(ls, params.text_document.uri, delay=0)
    if params.text_document.uri.endswith(_LOOKED_AT_BY_OTHERS):
        _refresh_soon(ls)


def did_change(ls: Server, params: lsp.DidChangeTextDocumentParams) -> None:
    """Publish what is wrong when typing pauses."""
    _publish_soon(ls, params.text_document.uri, delay=PUBLISH_DELAY)
    if params.text_document.uri.endswith(_LOOKED_AT_BY_OTHERS):
        _refresh_soon(ls)


def did_change_watched_files(ls: Server, _params: lsp.DidChangeWatchedFilesParams) -> None:
    """Judge anew what stands beside a file that has changed on the disk."""
    _refresh_soon(ls)


def did_close(ls: Server, params: lsp.DidCloseTextDocumentParams) -> None:
    """Take back what was published."""
    _publish_soon(ls, params.text_document.uri, delay=0)
    if params.text_document.uri.endswith(_LOOKED_AT_BY_OTHERS):
        _refresh_soon(ls)


def diagnostic(
    ls: Server, params: lsp.DocumentDiagnosticParams
) -> EncodedJson | lsp.RelatedUnchangedDocumentDiagnosticReport:
    """Say what is wrong with an open document, or that it is what the client knows already."""
    document = ls.document(params.text_document.uri)
    if document is None:
        return responses.report(())
    result = ls.check(document)
    if result.result_id == params.previous_result_id:
        return lsp.RelatedUnchangedDocumentDiagnosticReport(result_id=result.result_id)
    return responses.report(result.diagnostics, result.result_id)


_FEATURES: Final[tuple[tuple[str, Callable[..., Any], Any], ...]] = (
    (lsp.INITIALIZE, initialize, None),
    (lsp.INITIALIZED, initialized, None),
    (lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
    (lsp.TEXT_DOCUMENT_DID_OPEN, did_open, None),
    (lsp.TEXT_DOCUMENT_DID_CHANGE, did_change, None),
    (lsp.TEXT_DOCUMENT_DID_CLOSE, did_close, None),
    (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, did_change_watched_files, None),
)


def _open_engine() -> Engine:
    from caliban_ls.runtime.docker.engine import open_local_engine

    return open_local_engine(os.environ)


def _open_document(
    ls: Server,
    uri: str,
    source: str | None = None,
    version: int | None = None,
    language_id: str | None = None,
) -> Document:
    del language_id  # A file's name and first comment say what it is, in every editor alike.
    return Document(uri, source or "", version, encoding=ls.encoding)


async def _ask_for_settings(ls: Server) -> None:
    asked = lsp.ConfigurationParams([lsp.ConfigurationItem(section=SECTION)])
    answer = await ls.workspace_configuration_async(asked)
    _apply(ls, section(answer[0] if answer else None))


def _apply(ls: Server, raw: dict[str, Any], *, initial: bool = False) -> None:
    """Let settings hold, and what was said under the old ones be said anew."""
    if not ls.take_settings(raw, initial=initial):
        return
    logging.getLogger("caliban_ls").setLevel(ls.settings.log_level.upper())
    if ls.pulls and not initial and can(ls, "workspace.diagnostics.refresh_support"):
        ls.workspace_diagnostic_refresh(None)
    for document in ls.documents():
        _publish_soon(ls, document.uri, delay=0)


def _refresh_soon(ls: Server) -> None:
    """Have everything that is shown worked out anew when typing pauses: what stands beside it has changed."""
    if ls.to_refresh is not None:
        ls.to_refresh.cancel()
    ls.to_refresh = asyncio.get_running_loop().call_later(PUBLISH_DELAY, _refresh, ls)


def _refresh(ls: Server) -> None:
    ls.to_refresh = None
    if ls.pulls and can(ls, "workspace.diagnostics.refresh_support"):
        ls.workspace_diagnostic_refresh(None)
    if can(ls, "workspace.code_lens.refresh_support"):
        ls.workspace_code_lens_refresh(None)
    if can(ls, "workspace.inlay_hint.refresh_support"):
        ls.workspace_inlay_hint_refresh(None)
    for document in ls.documents():
        _publish_soon(ls, document.uri, delay=0)


def _publish_soon(ls: Server, uri: str, delay: float) -> None:
    """Publish after a delay, unless something else happens to the document before."""
    if ls.pulls:
        return
    waiting = ls.to_publish.pop(uri, None)
    if waiting is not None:
        waiting.cancel()
    ls.to_publish[uri] = asyncio.get_running_loop().call_later(delay, _publish, ls, uri)


def _publish(ls: Server, uri: str) -> None:
    """Tell the client what is wrong with a document; nothing about those that were never ours."""
    ls.to_publish.pop(uri, None)
    document = ls.document(uri)
    result = None if document is None else ls.check(document)
    ours = result is not None and result.ours
    if not ours and uri not in ls.published:
        return
    if ours:
        ls.published.add(uri)
    else:
        ls.published.discard(uri)
    version = None if document is None else document.version
    diagnostics = () if result is None else result.diagnostics
    ls.protocol.notify_encoded(
        lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS, responses.published(uri, version, diagnostics)
    )
