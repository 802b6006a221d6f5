"""An editor during typing: diagnostics on request or published, fixes, settings, encodings."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_lsp
from lsprotocol import types as lsp
from pytest_lsp import ClientServerConfig, LanguageClient, client_capabilities
from support.invalid_sweeps import BROKEN
from support.lsp_client import Client, Message
from support.marked_text import unmark

SERVE = ("-m", "caliban_ls", "serve")
PULL = {"textDocument": {"diagnostic": {"dynamicRegistration": True}}}
TRAILING_COMMA = '{"lr": [1, 2],}'


@pytest_lsp.fixture(  # type: ignore[untyped-decorator]  # pytest-lsp has no types
    config=ClientServerConfig(server_command=[sys.executable, *SERVE]), loop_scope="module", scope="module"
)
async def editor(lsp_client: LanguageClient) -> AsyncIterator[None]:
    capabilities = client_capabilities("visual-studio-code")
    assert capabilities.text_document is not None
    capabilities.text_document.diagnostic = lsp.DiagnosticClientCapabilities(dynamic_registration=True)
    lsp_client.feature(lsp.CLIENT_REGISTER_CAPABILITY)(lambda _params: None)
    await lsp_client.initialize_session(lsp.InitializeParams(capabilities=capabilities))
    yield
    await lsp_client.shutdown_session()


def uri(name: str = "experiment.json") -> str:
    return f"file:///p/{name}"


async def opened(editor: LanguageClient, text: str, name: str) -> str:
    """Open a document and return its URI."""
    item = lsp.TextDocumentItem(uri(name), "json", 1, text)
    editor.text_document_did_open(lsp.DidOpenTextDocumentParams(item))
    return item.uri


async def pulled(editor: LanguageClient, document: str, previous: str | None = None) -> Any:
    params = lsp.DocumentDiagnosticParams(lsp.TextDocumentIdentifier(document), previous_result_id=previous)
    return await editor.text_document_diagnostic_async(params)


def typed(editor: LanguageClient, document: str, version: int, *changes: tuple[int, int, int, str]) -> None:
    """Replace, in one notification, characters from here to there of a line by a text, several times."""
    made = [
        lsp.TextDocumentContentChangePartial(
            lsp.Range(lsp.Position(line, start), lsp.Position(line, end)), text
        )
        for line, start, end, text in changes
    ]
    identifier = lsp.VersionedTextDocumentIdentifier(version, document)
    editor.text_document_did_change(lsp.DidChangeTextDocumentParams(identifier, made))


async def test_diagnostics_are_answered_and_never_published(editor: LanguageClient) -> None:
    document = await opened(editor, TRAILING_COMMA, "experiment.json")
    report = await pulled(editor, document)
    (found,) = report.items
    assert found.range == lsp.Range(lsp.Position(0, 13), lsp.Position(0, 14))
    assert (found.source, found.severity) == ("caliban", lsp.DiagnosticSeverity.Hint)
    assert found.code.startswith("CAL1")
    assert editor.diagnostics == {}


async def test_what_did_not_change_is_not_said_again(editor: LanguageClient) -> None:
    document = await opened(editor, TRAILING_COMMA, "unchanged.experiment.json")
    first = await pulled(editor, document)
    again = await pulled(editor, document, first.result_id)
    assert isinstance(again, lsp.RelatedUnchangedDocumentDiagnosticReport)
    assert again.result_id == first.result_id
    typed(editor, document, 2, (0, 8, 9, "7"))
    same = await pulled(editor, document, first.result_id)
    assert isinstance(same, lsp.RelatedUnchangedDocumentDiagnosticReport)
    typed(editor, document, 3, (0, 8, 9, "10"))
    moved = await pulled(editor, document, first.result_id)
    assert moved.items[0].range.start == lsp.Position(0, 14)
    assert moved.result_id != first.result_id
    full = await pulled(editor, document)
    assert full.items == moved.items


async def test_edits_of_one_notification_are_made_one_after_another(editor: LanguageClient) -> None:
    document = await opened(editor, '{"a": 1}', "edits.experiment.json")
    typed(editor, document, 2, (0, 7, 8, ",}"), (0, 1, 1, "  "))
    (found,) = (await pulled(editor, document)).items
    assert found.range.start == lsp.Position(0, 9)


async def test_files_that_are_not_ours_get_no_diagnostics(editor: LanguageClient) -> None:
    document = await opened(editor, "[,", "package.json")
    assert not (await pulled(editor, document)).items
    assert not (await pulled(editor, uri("never opened.json"))).items
    typed(editor, document, 2, (0, 0, 0, "// caliban: experiment\n"))
    assert (await pulled(editor, document)).items


async def test_every_fix_is_offered_once_and_removes_its_finding(editor: LanguageClient) -> None:
    document = await opened(editor, TRAILING_COMMA, "fixed.experiment.json")
    (found,) = (await pulled(editor, document)).items
    actions = await actions_at(editor, document, found.range)
    action = actions[0]
    assert isinstance(action, lsp.CodeAction)
    assert (action.kind, action.is_preferred) == (lsp.CodeActionKind.QuickFix, True)
    assert list(action.diagnostics or ()) == [found]
    assert all(not other.is_preferred for other in actions[1:])
    assert action.edit is not None
    (change,) = action.edit.document_changes or ()
    assert isinstance(change, lsp.TextDocumentEdit)
    assert (change.text_document.uri, change.text_document.version) == (document, 1)
    (edit,) = change.edits
    assert isinstance(edit, lsp.TextEdit)
    where = edit.range
    typed(editor, document, 2, (where.start.line, where.start.character, where.end.character, edit.new_text))
    assert not (await pulled(editor, document)).items
    assert not await actions_at(editor, document, found.range)


async def test_fixes_are_offered_where_and_when_they_are_wanted(editor: LanguageClient) -> None:
    document = await opened(editor, TRAILING_COMMA, "wanted.experiment.json")
    (found,) = (await pulled(editor, document)).items
    elsewhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 3))
    assert not await actions_at(editor, document, elsewhere)
    assert not await actions_at(editor, document, found.range, lsp.CodeActionKind.Refactor)
    assert await actions_at(editor, document, found.range, lsp.CodeActionKind.QuickFix)
    assert await actions_at(editor, document, found.range, "")
    assert not await actions_at(editor, uri("never opened.json"), found.range)


async def actions_at(editor: LanguageClient, document: str, where: lsp.Range, *only: Any) -> Any:
    context = lsp.CodeActionContext(diagnostics=[], only=only or None)
    params = lsp.CodeActionParams(lsp.TextDocumentIdentifier(document), where, context)
    return await editor.text_document_code_action_async(params)


def open_document(client: Client, text: str, name: str = "experiment.json") -> str:
    item = {"uri": uri(name), "languageId": "json", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": item})
    return uri(name)


def change_document(client: Client, document: str, version: int, text: str) -> None:
    identifier = {"uri": document, "version": version}
    client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [{"text": text}]})


def published(client: Client, document: str, version: int | None) -> list[Message]:
    """Return what is published of a document's version, when it is."""
    found = client.notification(
        "textDocument/publishDiagnostics",
        lambda params: params["uri"] == document and params.get("version") == version,
    )
    diagnostics: list[Message] = found["diagnostics"]
    return diagnostics


def asked(client: Client, document: str) -> list[Message]:
    items: list[Message] = client.ask("textDocument/diagnostic", {"textDocument": {"uri": document}})[
        "result"
    ]["items"]
    return items


@pytest.fixture
def pushed() -> Iterator[Client]:
    with Client(*SERVE) as client:
        capabilities = client.initialize()
        assert "diagnosticProvider" not in capabilities
        yield client
        assert client.quit() == 0
        assert client.errors() == ""


def test_a_client_that_cannot_ask_gets_diagnostics_published(pushed: Client) -> None:
    document = open_document(pushed, TRAILING_COMMA)
    (found,) = published(pushed, document, 1)
    assert found["range"]["start"] == {"line": 0, "character": 13}
    change_document(pushed, document, 2, '{"lr": 1}')
    assert published(pushed, document, 2) == []
    change_document(pushed, document, 3, "")
    assert len(published(pushed, document, 3)) == 1
    pushed.notify("textDocument/didClose", {"textDocument": {"uri": document}})
    assert published(pushed, document, None) == []
    answer = pushed.ask("textDocument/diagnostic", {"textDocument": {"uri": document}})
    assert answer["error"]["code"] == -32601


def test_while_keys_are_pressed_nothing_is_published(pushed: Client) -> None:
    document = open_document(pushed, "{}")
    published(pushed, document, 1)
    for version in range(2, 100):
        change_document(pushed, document, version, "{" * version)
    published(pushed, document, 99)
    # A message that is late arrives before the next one.
    change_document(pushed, document, 100, "{")
    published(pushed, document, 100)
    versions = [params["version"] for params in pushed.all("textDocument/publishDiagnostics")]
    assert len(versions) < 50


def test_files_that_are_not_ours_get_nothing_published(pushed: Client) -> None:
    foreign = open_document(pushed, "[,", "package.json")
    marked = open_document(pushed, "// caliban: experiment\n[,", "marked.json")
    assert published(pushed, marked, 1) != []
    change_document(pushed, marked, 2, "[,")
    assert published(pushed, marked, 2) == []
    change_document(pushed, marked, 3, "[,,")
    pushed.notify("textDocument/didClose", {"textDocument": {"uri": foreign}})
    ours = open_document(pushed, "[]")
    published(pushed, ours, 1)
    versions = [
        (params["uri"], params.get("version")) for params in pushed.all("textDocument/publishDiagnostics")
    ]
    assert versions == [(marked, 1), (marked, 2), (ours, 1)]


def test_the_working_folder_is_not_where_code_is_taken_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('the project was run')")
    monkeypatch.chdir(tmp_path)
    with Client(*SERVE) as client:
        client.initialize()
        assert client.quit() == 0


def test_nothing_of_a_document_is_logged() -> None:
    with Client(*SERVE) as client:
        client.initialize({**PULL}, options={"logLevel": "debug"})
        document = open_document(client, '{"password": "hunter2",}')
        assert asked(client, document) != []
        client.notify(
            "textDocument/didChange", {"textDocument": {"uri": document}, "contentChanges": "hunter2"}
        )
        assert client.quit() == 0
        assert "hunter2" not in client.errors()


@pytest.mark.parametrize(("marked", "code"), BROKEN.values(), ids=BROKEN.keys())
async def test_one_mistake_is_one_diagnostic_in_an_editor(
    editor: LanguageClient, marked: str, code: str
) -> None:
    text, (span,) = unmark(marked)
    document = await opened(editor, text, "experiment.json")
    (found,) = (await pulled(editor, document)).items
    assert found.code == code
    assert (found.range.start.line, found.range.start.character) == (0, span.start)
    assert (found.range.end.line, found.range.end.character) == (0, span.end)
    editor.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(document)))
