"""Requests about one document: each handler reads its parameters, calls `ide` and converts the answer.

The modules of `ide` are loaded by the first request, since an editor waits for its server to start.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol import types as lsp

from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.jsondoc import SideTable
from caliban_ls.commands import EDITOR_PREFIX
from caliban_ls.core import project_files
from caliban_ls.core.project_files import LeavesProject
from caliban_ls.core.text import Span
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.pygls_adapter import EncodedJson
from caliban_ls.lsp.server_state import Server

if TYPE_CHECKING:
    from caliban_ls.ide.code_lenses import LensAnchor
    from caliban_ls.ide.document_context import DocumentContext
    from caliban_ls.ide.document_links import DocumentLink
    from caliban_ls.ide.refactorings import Refactoring

FIX_ALL: Final = "source.fixAll.caliban"
RUN: Final = "caliban.run"
"""Kinds of code actions: all certain repairs at once, and actions that start a command."""

_CALLS: Final = SideTable[tuple[object, tuple[str, ...]]]()
"""The commands of the lenses of a block, and the state of everything else that they depend on."""


def completion(ls: Server, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """Offer keys and values for the cursor."""
    from caliban_ls.ide.completion import complete

    found = ls.context(params.text_document.uri)
    if found is None:
        return None
    document, context = found
    offset = conversions.to_offset(document, params.position, ls.encoding)
    snippets = ls.can("text_document.completion.completion_item.snippet_support")
    return responses.completions(document, complete(context, offset), ls.encoding, snippets=snippets)


def hover(ls: Server, params: lsp.HoverParams) -> lsp.Hover | None:
    """Explain the text under the pointer."""
    from caliban_ls.ide.hover import hover_at

    found = ls.context(params.text_document.uri)
    if found is None:
        return None
    document, context = found
    offset = conversions.to_offset(document, params.position, ls.encoding)
    shown = hover_at(context, offset, ls.check(document).findings)
    if shown is None:
        return None
    folder = ls.folder_of(document)
    places = [
        place for flag in shown.flags if (place := ls.location_of(folder, flag.path, flag.span)) is not None
    ]
    return responses.hover(document, shown, ls.encoding, places)


def inlay_hint(ls: Server, params: lsp.InlayHintParams) -> EncodedJson:
    """Show the factors of lists and the price of hardware in the visible lines."""
    from caliban_ls.ide.inlay_hints import hints

    found = ls.context(params.text_document.uri)
    if found is None:
        return EncodedJson("[]")
    document, context = found
    span = conversions.to_span(document, params.range, ls.encoding)
    return responses.hints(document, hints(context, span), ls.encoding)


def code_lens(ls: Server, params: lsp.CodeLensParams) -> EncodedJson:
    """Offer the commands for each block."""
    from caliban_ls.ide.code_lenses import lens_anchors

    found = ls.context(params.text_document.uri)
    if found is None or not found[0].local:
        return EncodedJson("[]")
    document, context = found
    shown = ((anchor.span, _calls(ls, document, context, anchor)) for anchor in lens_anchors(context))
    return responses.lenses(document, shown, ls.encoding)


def _calls(ls: Server, document: Document, context: DocumentContext, anchor: LensAnchor) -> tuple[str, ...]:
    """Return the commands of the lenses at one place; made again only when their block or its surroundings change."""
    from caliban_ls.ide.code_lenses import lenses_at

    state = (context.estimate, context.script, document.uri, ls.confirms, anchor.pointer)
    known = None if anchor.block is None else _CALLS.get(anchor.block.node)
    if known is not None and known[0] == state:
        return known[1]
    # A client that shows plans and results itself needn't have them shown again.
    calls = tuple(
        responses.call(
            EDITOR_PREFIX + lens.command,
            lens.title,
            {
                "uri": document.uri,
                **lens.arguments,
                **({"show": True} if lens.shows and not ls.confirms else {}),
            },
        )
        for lens in lenses_at(context, anchor)
    )
    if anchor.block is not None:
        _CALLS.put(anchor.block.node, (state, calls))
    return calls


def document_symbol(
    ls: Server, params: lsp.DocumentSymbolParams
) -> Sequence[lsp.DocumentSymbol] | Sequence[lsp.SymbolInformation]:
    """List a document's blocks and keys."""
    from caliban_ls.ide.outline import outline

    found = ls.context(params.text_document.uri)
    if found is None:
        return []
    document, context = found
    listed = outline(context)
    if ls.can("text_document.document_symbol.hierarchical_document_symbol_support"):
        return responses.symbols(document, listed, ls.encoding)
    return responses.flat_symbols(document, listed, ls.encoding, document.uri)


def folding_range(ls: Server, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
    """Return the parts that can be folded."""
    from caliban_ls.ide.outline import folds

    found = ls.context(params.text_document.uri)
    return [] if found is None else responses.folds(found[0], folds(found[1]))


def selection_range(ls: Server, params: lsp.SelectionRangeParams) -> list[lsp.SelectionRange] | None:
    """Return the ranges that selections grow to."""
    from caliban_ls.ide.outline import selections

    found = ls.context(params.text_document.uri)
    if found is None:
        return None
    document, context = found
    offsets = [conversions.to_offset(document, position, ls.encoding) for position in params.positions]
    return [responses.selection(document, selections(context, offset), ls.encoding) for offset in offsets]


def document_link(ls: Server, params: lsp.DocumentLinkParams) -> list[lsp.DocumentLink]:
    """Link names to their pages and files."""
    from caliban_ls.ide.document_links import links

    found = ls.context(params.text_document.uri)
    if found is None:
        return []
    document, context = found
    folder = ls.folder_of(document)

    def target(link: DocumentLink) -> str | None:
        if link.url is not None:
            return link.url
        there = (path for path in link.paths if document.local and _is_there(folder, path))
        return next((conversions.to_uri(str(folder / path)) for path in there), None)

    return responses.links(document, links(context), ls.encoding, target)


def _is_there(folder: Path, path: str) -> bool:
    try:
        return project_files.status(folder, path) is not None
    except LeavesProject:
        return False


def code_action(ls: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Offer the fixes of the findings in a range, and refactorings."""
    from caliban_ls.ide.fix_all import fix_all
    from caliban_ls.ide.refactorings import refactorings

    found = ls.context(params.text_document.uri)
    if found is None or not ls.can("text_document.code_action.code_action_literal_support"):
        return []
    document, context = found
    span = conversions.to_span(document, params.range, ls.encoding)
    only = params.context.only
    offered = _quick_fixes(ls, document, span) if _wants(only, lsp.CodeActionKind.QuickFix) else []
    if _wants(only, lsp.CodeActionKind.RefactorRewrite) or _wants(only, RUN):
        rewritten = [_refactoring(ls, document, one) for one in refactorings(context, span)]
        offered += [action for action in rewritten if _wants(only, action.kind or "")]
    # Only on request: in a menu it would have to be computed each time the cursor moves.
    if only and _wants(only, FIX_ALL) and (edits := fix_all(context)):
        edit = workspace_edit(ls, document, edits)
        offered.append(lsp.CodeAction("Make all certain repairs", kind=FIX_ALL, edit=edit))
    return offered


def _quick_fixes(ls: Server, document: Document, span: Span) -> list[lsp.CodeAction]:
    result = ls.check(document)
    touched = [
        finding
        for finding in result.findings
        if finding.span.start <= span.end and span.start <= finding.span.end and finding.fixes
    ]
    if not touched or result.context is None:
        return []
    sound = ls.trial(result.context).sound(touched)
    return [
        conversions.to_code_action(
            fix, workspace_edit(ls, document, fix.edits), shown, preferred=rank == 0 and not fix.is_draft
        )
        for finding in sound
        for shown in [conversions.to_diagnostic(document, finding, ls.encoding)]
        for rank, fix in enumerate(finding.fixes)
    ]


def _refactoring(ls: Server, document: Document, one: Refactoring) -> lsp.CodeAction:
    if one.command is None:
        edit = workspace_edit(ls, document, one.edits)
        return lsp.CodeAction(one.title, kind=lsp.CodeActionKind.RefactorRewrite, edit=edit)
    arguments = {"uri": document.uri, **(one.arguments or {})}
    call = responses.command(EDITOR_PREFIX + one.command, one.title, arguments)
    return lsp.CodeAction(one.title, kind=RUN, command=call)


def _wants(only: Sequence[lsp.CodeActionKind | str] | None, kind: lsp.CodeActionKind | str) -> bool:
    """Return whether actions of a kind are asked for; a kind includes those below it."""
    name = str(getattr(kind, "value", kind))
    if only is None:
        return name != FIX_ALL
    asked = [str(getattr(one, "value", one)) for one in only]
    return any(one in ("", name) or name.startswith(f"{one}.") for one in asked)


def workspace_edit(ls: Server, document: Document, edits: Sequence[Edit]) -> lsp.WorkspaceEdit:
    """Return an edit of one document, tied to its version if the client can check that."""
    text_edits = conversions.to_text_edits(document, edits, ls.encoding)
    if not ls.can("workspace.workspace_edit.document_changes"):
        return lsp.WorkspaceEdit(changes={document.uri: text_edits})
    versioned = lsp.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(versioned, text_edits)])
