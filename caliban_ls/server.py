"""The entry point of the language server: the list of its methods and handlers, its start and its settings.

Only `caliban serve` loads it, since importing the protocol takes half a second.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types as lsp

from caliban_ls import __version__
from caliban_ls.analysis.config.settings import SECTION, section
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.commands import COMMANDS, EDITOR_PREFIX, Command
from caliban_ls.lsp import diagnostics, document_features, workspace_features
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.pygls_adapter import collect_garbage_again
from caliban_ls.lsp.server_state import Server
from caliban_ls.lsp.transport import ForeignInput, take_over

if TYPE_CHECKING:
    from caliban_ls.runtime.engine import Engine

log = logging.getLogger(__name__)

_WATCHED: Final = (f"**/{PROJECT_FILE}", "**/*.py", "**/*.json")


def serve(commands: Sequence[Command] = COMMANDS) -> int:
    """Speak LSP on stdin and stdout until the client is gone, and return the exit code."""
    # The start makes many objects and hardly any garbage; see `collect_garbage_again`.
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
    """Return a server with these commands, which open the container engine when they need it."""
    server = Server("caliban-ls", __version__)
    for command in commands:
        if command.editor:
            execute = partial(_execute, server, command, open_engine or _open_engine)
            server.answer_command(EDITOR_PREFIX + command.name, execute)
    for method, feature, options in _features():
        server.answer(method, feature, options)
    return server


def _features() -> tuple[tuple[str, Callable[..., Any], Any], ...]:
    """Return every method, its handler and its options; pygls writes into the options, so each server needs its own."""
    action_kinds = [
        lsp.CodeActionKind.QuickFix,
        lsp.CodeActionKind.RefactorRewrite,
        document_features.FIX_ALL,
        document_features.RUN,
    ]
    return (
        (lsp.INITIALIZE, initialize, None),
        (lsp.INITIALIZED, initialized, None),
        (lsp.WORKSPACE_DID_CHANGE_CONFIGURATION, did_change_configuration, None),
        (lsp.TEXT_DOCUMENT_DID_OPEN, diagnostics.did_open, None),
        (lsp.TEXT_DOCUMENT_DID_CHANGE, diagnostics.did_change, None),
        (lsp.TEXT_DOCUMENT_DID_CLOSE, diagnostics.did_close, None),
        (lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, diagnostics.did_change_watched_files, None),
        (lsp.TEXT_DOCUMENT_COMPLETION, document_features.completion, lsp.CompletionOptions(['"'])),
        (lsp.TEXT_DOCUMENT_HOVER, document_features.hover, None),
        (lsp.TEXT_DOCUMENT_INLAY_HINT, document_features.inlay_hint, None),
        (lsp.TEXT_DOCUMENT_CODE_LENS, document_features.code_lens, None),
        (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, document_features.document_symbol, None),
        (lsp.TEXT_DOCUMENT_FOLDING_RANGE, document_features.folding_range, None),
        (lsp.TEXT_DOCUMENT_SELECTION_RANGE, document_features.selection_range, None),
        (lsp.TEXT_DOCUMENT_DOCUMENT_LINK, document_features.document_link, None),
        (lsp.TEXT_DOCUMENT_CODE_ACTION, document_features.code_action, lsp.CodeActionOptions(action_kinds)),
        (lsp.TEXT_DOCUMENT_DEFINITION, workspace_features.definition, None),
        (lsp.TEXT_DOCUMENT_REFERENCES, workspace_features.references, None),
        (lsp.TEXT_DOCUMENT_PREPARE_RENAME, workspace_features.prepare_rename, None),
        (lsp.TEXT_DOCUMENT_RENAME, workspace_features.rename, None),
        (lsp.WORKSPACE_SYMBOL, workspace_features.workspace_symbol, None),
    )


def _pull_features() -> tuple[tuple[str, Callable[..., Any], Any], ...]:
    """Return the methods for clients that ask for diagnostics; other clients aren't offered them."""
    options = lsp.DiagnosticOptions(
        inter_file_dependencies=True, workspace_diagnostics=True, identifier=SECTION
    )
    return (
        (lsp.TEXT_DOCUMENT_DIAGNOSTIC, diagnostics.diagnostic, options),
        (lsp.WORKSPACE_DIAGNOSTIC, diagnostics.workspace_diagnostic, None),
    )


def initialize(ls: Server, params: lsp.InitializeParams) -> None:
    """Read the client's capabilities and options; the server starts with any of them."""
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
        for method, feature, provided in _pull_features():
            ls.answer(method, feature, provided)
    _apply(ls, section(options), initial=True)


def initialized(ls: Server, _params: lsp.InitializedParams) -> None:
    """Ask for the settings, and register for their changes and those of files."""
    collect_garbage_again()
    if ls.can("workspace.did_change_configuration.dynamic_registration"):
        change = lsp.Registration("caliban-settings", lsp.WORKSPACE_DID_CHANGE_CONFIGURATION)
        ls.spawn(ls.client_register_capability_async(lsp.RegistrationParams([change])))
    if ls.can("workspace.did_change_watched_files.dynamic_registration"):
        watchers = [lsp.FileSystemWatcher(glob) for glob in _WATCHED]
        options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
        watch = lsp.Registration("caliban-files", lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES, options)
        ls.spawn(ls.client_register_capability_async(lsp.RegistrationParams([watch])))
    if ls.can("workspace.configuration"):
        ls.spawn(_ask_for_settings(ls))


def did_change_configuration(ls: Server, params: lsp.DidChangeConfigurationParams) -> None:
    """Apply changed settings: ask the client if possible, or else take them from the message."""
    if ls.can("workspace.configuration"):
        ls.spawn(_ask_for_settings(ls))
    else:
        _apply(ls, section(params.settings))


async def _execute(
    ls: Server, command: Command, open_engine: Callable[[], Engine], params: lsp.ExecuteCommandParams
) -> Any:  # noqa: ANN401 - a JSON value
    from caliban_ls.lsp import execute_command  # with the modules that only commands need

    return await execute_command.run_command(ls, command, open_engine, params)


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
    del language_id  # The file's name and first comment decide, the same in every editor.
    return Document(uri, source or "", version, encoding=ls.encoding)


async def _ask_for_settings(ls: Server) -> None:
    asked = lsp.ConfigurationParams([lsp.ConfigurationItem(section=SECTION)])
    answer = await ls.workspace_configuration_async(asked)
    _apply(ls, section(answer[0] if answer else None))


def _apply(ls: Server, raw: dict[str, Any], *, initial: bool = False) -> None:
    """Apply settings, and send diagnostics again if they have changed."""
    if not ls.take_settings(raw, initial=initial):
        return
    logging.getLogger("caliban_ls").setLevel(ls.settings.log_level.upper())
    if ls.pulls and not initial and ls.can("workspace.diagnostics.refresh_support"):
        ls.workspace_diagnostic_refresh(None)
    for document in ls.documents():
        diagnostics.publish_soon(ls, document.uri, delay=0)
