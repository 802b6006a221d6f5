"""Requests across files: a flag's definition, its references and renaming, and symbols of the workspace.

Files are read and checked on a working thread, open documents on the event loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types as lsp

from caliban_ls.analysis.findings import Edit
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.text import LineIndex
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.conversions import Lines
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.server_state import Server
from caliban_ls.lsp.workspace_index import IndexedFile, WorkspaceIndex

if TYPE_CHECKING:
    from caliban_ls.analysis.script import Flag, Script
    from caliban_ls.ide.document_context import DocumentContext
    from caliban_ls.ide.navigation import FlagReference

_MOST_SYMBOLS: Final = 500


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    """An experiment config, open or not.

    Attributes:
        uri: as the client knows it.
        version: the client's number for the text, None for a closed file.
        lines: its text.
        context: the document with its project and script.
        folder: of its project.
    """

    uri: str
    version: int | None
    lines: Lines
    context: DocumentContext
    folder: Path


@dataclass(frozen=True, slots=True)
class TargetFlag:
    """A flag at the cursor: its name, its project's folder, its script, and the range of the name."""

    name: str
    folder: Path
    script: Script | None
    where: lsp.Range


def definition(ls: Server, params: lsp.DefinitionParams) -> list[lsp.Location]:
    """Return the definition of the flag that a key names."""
    from caliban_ls.ide import navigation

    found = ls.context(params.text_document.uri)
    if found is None:
        return []
    document, context = found
    known = navigation.definitions(context, conversions.to_offset(document, params.position, ls.encoding))
    return [] if known is None else list(_definitions(ls, ls.folder_of(document), known[1]))


async def references(ls: Server, params: lsp.ReferenceParams) -> list[lsp.Location]:
    """List every experiment that sets a flag, asked from one of them or from the script."""
    from caliban_ls.analysis.script import resolve
    from caliban_ls.ide import navigation

    files = await ls.indexed_files()
    target = _target(ls, params, files)
    if target is None:
        return []
    found = []
    for experiment in await _experiments(ls, files, target):
        encoder = conversions.PositionEncoder(experiment.lines, ls.encoding)
        uses = navigation.references(experiment.context, target.script, target.name)
        found += [lsp.Location(experiment.uri, encoder.range(use.span)) for use in uses]
    if params.context.include_declaration and target.script is not None:
        found += _definitions(ls, target.folder, resolve(target.script, target.name))
    return found


async def prepare_rename(ls: Server, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder | None:
    """Return the name at a position that can be renamed, None if there is none."""
    target = _target(ls, params, await ls.indexed_files())
    return None if target is None else lsp.PrepareRenamePlaceholder(target.where, target.name)


async def rename(ls: Server, params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
    """Rename a flag in every experiment that sets it, and in the script if that is safe."""
    from caliban_ls.ide import navigation

    new = navigation.check_name(params.new_name)
    files = await ls.indexed_files()
    target = _target(ls, params, files)
    if target is None:
        return None
    changes: list[tuple[str, int | None, list[lsp.TextEdit]]] = []
    if target.script is not None:
        changes += _in_script(ls, target, new)
    for experiment in await _experiments(ls, files, target):
        edits = navigation.edits_of_references(experiment.context, target.name, new)
        if edits:
            text_edits = conversions.to_text_edits(experiment.lines, edits, ls.encoding)
            changes.append((experiment.uri, experiment.version, text_edits))
    if not ls.can("workspace.workspace_edit.document_changes"):
        return lsp.WorkspaceEdit(changes={uri: edits for uri, _, edits in changes})
    return lsp.WorkspaceEdit(
        document_changes=[
            lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri, version), edits)
            for uri, version, edits in changes
        ]
    )


async def workspace_symbol(ls: Server, params: lsp.WorkspaceSymbolParams) -> list[lsp.SymbolInformation]:
    """Find keys and blocks of all experiments and project configs by letters of their names."""
    files = await ls.indexed_files()
    wanted = params.query.casefold()
    near = [one for one in files if any(_is_like(name, wanted) for name in (one.path.name, *one.flags))]
    find = partial(_symbols, ls.index, ls.encoding, near, wanted)
    found: list[lsp.SymbolInformation] = await ls.workers.run(find, CancelToken())
    return found


async def _experiments(ls: Server, files: Sequence[IndexedFile], target: TargetFlag) -> list[ExperimentFile]:
    """Return the experiments that may set a flag: those of its script, or without a script those of its project."""
    from caliban_ls.analysis.script import resolve

    opened: dict[str, Document] = ls.opened()
    found = []
    for document in ls.documents():
        context = ls.check(document).context
        if context is not None and context.kind == "experiment":
            folder = ls.folder_of(document)
            if _belongs(target, folder, context.script):
                found.append(ExperimentFile(document.uri, document.version, document, context, folder))
    names = {target.name}
    if target.script is not None:
        names.update(key for flag in resolve(target.script, target.name) for key in flag.keys)
    closed = [
        file
        for file in files
        if file.inputs.kind == "experiment"
        and str(file.path) not in opened
        and _belongs(target, file.inputs.folder, file.inputs.script)
        and ((target.script is not None and target.script.abbreviations) or names & file.flags)
    ]
    contexts = await ls.workers.run(
        lambda: [(file, ls.index.context_of(file)) for file in closed], CancelToken()
    )
    for file, read in contexts:
        if read is not None:
            uri = conversions.to_uri(str(file.path))
            found.append(ExperimentFile(uri, None, read[0], read[1], file.inputs.folder))
    return found


def _belongs(target: TargetFlag, folder: Path, script: Script | None) -> bool:
    if folder != target.folder:
        return False
    return target.script is None or (script is not None and script.path == target.script.path)


def _target(ls: Server, params: Any, files: Sequence[IndexedFile]) -> TargetFlag | None:  # noqa: ANN401 - any with a position
    """Return the flag at a position of an experiment or of a script."""
    from caliban_ls.ide import navigation

    document = ls.document(params.text_document.uri)
    if document is None or not document.local:
        return None
    offset = conversions.to_offset(document, params.position, ls.encoding)
    context = ls.check(document).context
    if context is None:
        return _in_source(ls, document, offset, files)
    use: FlagReference | None = navigation.reference_at(context, offset)
    if use is None:
        return None
    where = conversions.to_range(document, use.span, ls.encoding)
    return TargetFlag(use.name, ls.folder_of(document), context.script, where)


def _in_source(
    ls: Server, document: Document, offset: int, files: Sequence[IndexedFile]
) -> TargetFlag | None:
    """Return the flag that a file of a script defines at an offset."""
    from caliban_ls.ide import navigation

    if not document.path.endswith(".py"):
        return None
    path = Path(document.path)
    scripts: dict[int, tuple[Path, Script]] = {
        id(one.inputs.script): (one.inputs.folder, one.inputs.script)
        for one in files
        if one.inputs.script is not None
    }
    for opened in ls.documents():
        context = ls.check(opened).context
        if context is not None and context.script is not None:
            scripts[id(context.script)] = (ls.folder_of(opened), context.script)
    for folder, script in scripts.values():
        if not path.is_relative_to(folder):
            continue
        relative = path.relative_to(folder).as_posix()
        for flag in navigation.flags_in(script, relative, offset):
            spans = [span for span in flag.name_spans if span.start <= offset <= span.end]
            where = conversions.to_range(document, spans[0] if spans else flag.span, ls.encoding)
            return TargetFlag(_named(flag, document.text, spans), folder, script, where)
    return None


def _named(flag: Flag, text: str, spans: Sequence[Any]) -> str:
    """Return the name that the cursor is on, or else the flag's own."""
    spelled = text[spans[0].start : spans[0].end] if spans else ""
    return spelled[2:] if spelled.startswith("--") else flag.name


def _definitions(ls: Server, folder: Path, flags: Sequence[Flag]) -> Iterator[lsp.Location]:
    for flag in flags:
        place = ls.location_of(folder, flag.path, flag.name_spans[0] if flag.name_spans else flag.span)
        if place is not None:
            yield place


def _in_script(
    ls: Server, target: TargetFlag, new: str
) -> Iterator[tuple[str, int | None, list[lsp.TextEdit]]]:
    from caliban_ls.analysis.script import resolve
    from caliban_ls.ide import navigation

    assert target.script is not None  # noqa: S101 - asked only where there is one
    opened = ls.opened()
    for path in dict.fromkeys(flag.path for flag in resolve(target.script, target.name)):
        file = target.folder / path
        text = ls.projects.text(file, target.folder)
        if text is None:
            continue
        edits: list[Edit] = navigation.edits_of_definition(target.script, target.name, new, text, path)
        if not edits:
            continue
        document = opened.get(str(file.resolve()))
        uri = conversions.to_uri(str(file)) if document is None else document.uri
        version = None if document is None else document.version
        yield uri, version, conversions.to_text_edits(LineIndex(text), edits, ls.encoding)


def _symbols(
    index: WorkspaceIndex, encoding: str, files: Sequence[IndexedFile], wanted: str
) -> list[lsp.SymbolInformation]:
    from caliban_ls.ide.outline import outline

    found: list[lsp.SymbolInformation] = []
    for file in files:
        read = index.context_of(file)
        if read is None:
            continue
        lines, context = read
        uri = conversions.to_uri(str(file.path))
        listed = responses.flat_symbols(lines, outline(context), encoding, uri)
        whole = _is_like(file.path.name, wanted)
        for symbol in listed:
            if _is_like(symbol.name, wanted) or (whole and symbol.container_name is None):
                symbol.container_name = file.path.name
                found.append(symbol)
        if len(found) >= _MOST_SYMBOLS:
            break
    return found[:_MOST_SYMBOLS]


def _is_like(name: str, wanted: str) -> bool:
    """Return whether a name has the wanted letters in their order."""
    letters = iter(name.casefold())
    return all(letter in letters for letter in wanted)
