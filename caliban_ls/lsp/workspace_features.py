"""What an editor asks across files: where a flag is defined, who sets it, its other name; all that is wrong.

Reading and judging many files happens on a working thread; documents that are open are looked at on the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types as lsp
from pygls.capabilities import get_capability

from caliban_ls.analysis.findings import Edit
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.text import LineIndex
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.conversions import Lines
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.pygls_adapter import Ready
from caliban_ls.lsp.server_state import Server
from caliban_ls.lsp.session import Session
from caliban_ls.lsp.workspace_index import Entry, page_of

if TYPE_CHECKING:
    from caliban_ls.analysis.script import Flag, Script
    from caliban_ls.ide.document_context import Page
    from caliban_ls.ide.navigation import Use

_MOST_SYMBOLS: Final = 500


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment config, open or not.

    Attributes:
        uri: as the client knows it.
        version: the client's number for the text, None where it isn't open.
        lines: its text.
        page: what is known of it.
        folder: of its project.
    """

    uri: str
    version: int | None
    lines: Lines
    page: Page
    folder: Path


@dataclass(frozen=True, slots=True)
class Sought:
    """A flag that somebody points at: its name, the project it belongs to, and the script that has it."""

    name: str
    folder: Path
    script: Script | None
    where: lsp.Range


def definition(ls: Server, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """Lead from a key to where its flag is defined."""
    from caliban_ls.ide import navigation

    found = ls.page(params.text_document.uri)
    if found is None:
        return []
    document, page = found
    known = navigation.definitions(page, conversions.to_offset(document, params.position, ls.encoding))
    return [] if known is None else list(_definitions(ls, ls.folder_of(document), known[1]))


async def references(ls: Server, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """List every experiment that sets a flag, asked from one of them or from the script."""
    from caliban_ls.analysis.script import resolve
    from caliban_ls.ide import navigation

    entries = await _entries(ls)
    sought = _sought(ls, params, entries)
    if sought is None:
        return []
    found = []
    for experiment in await _experiments(ls, entries, sought):
        ruler = conversions.Ruler(experiment.lines, ls.encoding)
        uses = navigation.uses(experiment.page, sought.script, sought.name)
        found += [lsp.Location(experiment.uri, ruler.range(use.span)) for use in uses]
    if params.context.include_declaration and sought.script is not None:
        found += _definitions(ls, sought.folder, resolve(sought.script, sought.name))
    return found


async def prepare_rename(ls: Server, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
    """Say what would be renamed at a position, None where that is nothing."""
    sought = _sought(ls, params, await _entries(ls))
    return None if sought is None else lsp.PrepareRenamePlaceholder(sought.where, sought.name)


async def rename(ls: Server, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """Rename a flag in every experiment that sets it, and in the script where that can be done safely."""
    from caliban_ls.ide import navigation

    new = navigation.check_name(params.new_name)
    entries = await _entries(ls)
    sought = _sought(ls, params, entries)
    if sought is None:
        return None
    changes: list[tuple[str, int | None, list[lsp.TextEdit]]] = []
    if sought.script is not None:
        changes += _in_script(ls, sought, new)
    for experiment in await _experiments(ls, entries, sought):
        edits = navigation.renamed_uses(experiment.page, sought.name, new)
        if edits:
            text_edits = conversions.to_text_edits(experiment.lines, edits, ls.encoding)
            changes.append((experiment.uri, experiment.version, text_edits))
    if not get_capability(ls.client_capabilities, "workspace.workspace_edit.document_changes"):
        return lsp.WorkspaceEdit(changes={uri: edits for uri, _, edits in changes})
    return lsp.WorkspaceEdit(
        document_changes=[
            lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri, version), edits)
            for uri, version, edits in changes
        ]
    )


async def workspace_symbol(ls: Server, params: lsp.WorkspaceSymbolParams) -> list[lsp.SymbolInformation]:
    """Find keys and blocks of all our files by letters of their names."""
    entries = await _entries(ls)
    wanted = params.query.casefold()
    near = [one for one in entries if any(_is_like(name, wanted) for name in (one.path.name, *one.flags))]
    find = partial(_symbols, ls.encoding, near, wanted)
    found: list[lsp.SymbolInformation] = await ls.workers.run(find, CancelToken())
    return found


async def workspace_diagnostic(
    ls: Server,
    params: lsp.WorkspaceDiagnosticParams,
) -> Ready:
    """Say what is wrong in all our files, or that it is what the client knows already."""
    entries = await _entries(ls)
    before = {one.uri: one.value for one in params.previous_result_ids}
    reports: list[tuple[str, int | None, str | None, tuple[str, ...] | None]] = []
    told: set[str] = set()
    opened = ls.opened()
    for entry in entries:
        document = opened.get(str(entry.path))
        uri = conversions.to_uri(str(entry.path)) if document is None else document.uri
        told.add(uri)
        judged = entry if document is None else ls.judge(document)
        version = None if document is None else document.version
        is_known = before.get(uri) == judged.result_id
        reports.append((uri, version, judged.result_id, None if is_known else judged.told))
    # What was told of a file that is gone, or isn't ours any more, is taken back.
    gone = [uri for uri in before if uri not in told and ls.document(uri) is None]
    reports += [(uri, None, None, ()) for uri in gone]
    return responses.workspace_report(reports)


async def _entries(ls: Server) -> list[Entry]:
    """Look at all our files of the open folders, on a working thread."""
    cancel = CancelToken()
    look = partial(ls.inventory.look, ls.folders(), ls.settings, ls.encoding, cancel)
    entries: list[Entry] = await ls.workers.run(look, cancel)
    return entries


async def _experiments(ls: Server, entries: Sequence[Entry], sought: Sought) -> list[Experiment]:
    """Return the experiments that may set a flag: those of its script, or without one those of its project."""
    from caliban_ls.analysis.script import resolve

    opened: dict[str, Document] = ls.opened()
    found = []
    for document in ls.documents():
        page = ls.judge(document).page
        if page is not None and page.kind == "experiment":
            folder = ls.folder_of(document)
            if _belongs(sought, folder, page.script):
                found.append(Experiment(document.uri, document.version, document, page, folder))
    names = {sought.name}
    if sought.script is not None:
        names.update(key for flag in resolve(sought.script, sought.name) for key in flag.keys)
    closed = [
        entry
        for entry in entries
        if entry.kind == "experiment"
        and str(entry.path) not in opened
        and _belongs(sought, entry.folder, entry.script)
        and ((sought.script is not None and sought.script.abbreviations) or names & entry.flags)
    ]
    pages = await ls.workers.run(lambda: [(entry, page_of(entry)) for entry in closed], CancelToken())
    for entry, read in pages:
        if read is not None:
            uri = conversions.to_uri(str(entry.path))
            found.append(Experiment(uri, None, read[0], read[1], entry.folder))
    return found


def _belongs(sought: Sought, folder: Path, script: Script | None) -> bool:
    if folder != sought.folder:
        return False
    return sought.script is None or (script is not None and script.path == sought.script.path)


def _sought(ls: Server, params: Any, entries: Sequence[Entry]) -> Sought | None:  # noqa: ANN401 - any with a position
    """Return the flag at a position of an experiment or of a script."""
    from caliban_ls.ide import navigation

    document = ls.document(params.text_document.uri)
    if document is None or not document.local:
        return None
    offset = conversions.to_offset(document, params.position, ls.encoding)
    page = ls.judge(document).page
    if page is None:
        return _in_source(ls, document, offset, entries)
    use: Use | None = navigation.use_at(page, offset)
    if use is None:
        return None
    where = conversions.to_range(document, use.span, ls.encoding)
    return Sought(use.name, ls.folder_of(document), page.script, where)


def _in_source(ls: Session, document: Document, offset: int, entries: Sequence[Entry]) -> Sought | None:
    """Return the flag that a file of a script defines at an offset."""
    from caliban_ls.ide import navigation

    if not document.path.endswith(".py"):
        return None
    path = Path(document.path)
    scripts: dict[int, tuple[Path, Script]] = {
        id(one.script): (one.folder, one.script) for one in entries if one.script is not None
    }
    for opened in ls.documents():
        page = ls.judge(opened).page
        if page is not None and page.script is not None:
            scripts[id(page.script)] = (ls.folder_of(opened), page.script)
    for folder, script in scripts.values():
        if not path.is_relative_to(folder):
            continue
        relative = path.relative_to(folder).as_posix()
        for flag in navigation.flags_in(script, relative, offset):
            spans = [span for span in flag.name_spans if span.start <= offset <= span.end]
            where = conversions.to_range(document, spans[0] if spans else flag.span, ls.encoding)
            return Sought(_named(flag, document.text, spans), folder, script, where)
    return None


def _named(flag: Flag, text: str, spans: Sequence[Any]) -> str:
    """Return the name that the cursor is on, or else the flag's own."""
    spelled = text[spans[0].start : spans[0].end] if spans else ""
    return spelled[2:] if spelled.startswith("--") else flag.name


def _definitions(ls: Session, folder: Path, flags: Sequence[Flag]) -> Iterator[lsp.Location]:
    for flag in flags:
        place = ls.place_of(folder, flag.path, flag.name_spans[0] if flag.name_spans else flag.span)
        if place is not None:
            yield place


def _in_script(ls: Session, sought: Sought, new: str) -> Iterator[tuple[str, int | None, list[lsp.TextEdit]]]:
    from caliban_ls.analysis.script import resolve
    from caliban_ls.ide import navigation

    assert sought.script is not None  # noqa: S101 - asked only where there is one
    opened = ls.opened()
    for path in dict.fromkeys(flag.path for flag in resolve(sought.script, sought.name)):
        file = sought.folder / path
        text = ls.neighbours.text(file, sought.folder)
        if text is None:
            continue
        edits: list[Edit] = navigation.renamed_flag(sought.script, sought.name, new, text, path)
        if not edits:
            continue
        document = opened.get(str(file.resolve()))
        uri = conversions.to_uri(str(file)) if document is None else document.uri
        version = None if document is None else document.version
        yield uri, version, conversions.to_text_edits(LineIndex(text), edits, ls.encoding)


def _symbols(encoding: str, entries: Sequence[Entry], wanted: str) -> list[lsp.SymbolInformation]:
    from caliban_ls.ide.outline import outline

    found: list[lsp.SymbolInformation] = []
    for entry in entries:
        read = page_of(entry)
        if read is None:
            continue
        lines, page = read
        uri = conversions.to_uri(str(entry.path))
        listed = responses.flat_symbols(lines, outline(page), encoding, uri)
        whole = _is_like(entry.path.name, wanted)
        for symbol in listed:
            if _is_like(symbol.name, wanted) or (whole and symbol.container_name is None):
                symbol.container_name = entry.path.name
                found.append(symbol)
        if len(found) >= _MOST_SYMBOLS:
            break
    return found[:_MOST_SYMBOLS]


def _is_like(name: str, wanted: str) -> bool:
    """Say whether a name has the wanted letters, in their order."""
    letters = iter(name.casefold())
    return all(letter in letters for letter in wanted)


FEATURES: Final = (
    (lsp.TEXT_DOCUMENT_DEFINITION, definition, None),
    (lsp.TEXT_DOCUMENT_REFERENCES, references, None),
    (lsp.TEXT_DOCUMENT_PREPARE_RENAME, prepare_rename, None),
    (lsp.TEXT_DOCUMENT_RENAME, rename, None),
)


def workspace_features() -> tuple[tuple[str, Any, Any], ...]:
    """Return the methods that are about all files, with options of their own for each server."""
    return ((lsp.WORKSPACE_SYMBOL, workspace_symbol, None),)
