"""What an editor asks about a document: each handler unpacks, asks `assist` and converts, no more.

The modules of `assist` are loaded with the first question, since an editor waits for its server to start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types as lsp
from pygls.capabilities import get_capability

from caliban_ls.analysis.findings import Edit
from caliban_ls.analysis.jsondoc import SideTable
from caliban_ls.core import project_files
from caliban_ls.core.project_files import LeavesProject
from caliban_ls.core.text import Span
from caliban_ls.lsp import conversions, responses
from caliban_ls.lsp.documents import Document
from caliban_ls.lsp.execute_command import PREFIX
from caliban_ls.lsp.pygls_adapter import Ready
from caliban_ls.lsp.session import Session

if TYPE_CHECKING:
    from caliban_ls.ide.code_lenses import Spot
    from caliban_ls.ide.document_context import Page
    from caliban_ls.ide.document_links import Link
    from caliban_ls.ide.refactorings import Refactoring

FIX_ALL: Final = "source.fixAll.caliban"
RUN: Final = "caliban.run"
"""Kinds of code actions: all certain repairs at once, and what starts something."""

_CALLS: Final = SideTable[tuple[object, tuple[str, ...]]]()
"""What the lenses of a block do, and the state of everything else that they were made from."""


def completion(ls: Session, params: lsp.CompletionParams) -> lsp.CompletionList | None:
    """Offer what could stand at the cursor."""
    from caliban_ls.ide.completion import complete

    found = ls.page(params.text_document.uri)
    if found is None:
        return None
    document, page = found
    offset = conversions.to_offset(document, params.position, ls.encoding)
    snippets = can(ls, "text_document.completion.completion_item.snippet_support")
    return responses.completions(document, complete(page, offset), ls.encoding, snippets=snippets)


def hover(ls: Session, params: lsp.HoverParams) -> lsp.Hover | None:
    """Say what stands under the pointer."""
    from caliban_ls.ide.hover import hover_at

    found = ls.page(params.text_document.uri)
    if found is None:
        return None
    document, page = found
    offset = conversions.to_offset(document, params.position, ls.encoding)
    shown = hover_at(page, offset, ls.judge(document).findings)
    if shown is None:
        return None
    folder = ls.folder_of(document)
    places = [
        place for flag in shown.flags if (place := ls.place_of(folder, flag.path, flag.span)) is not None
    ]
    return responses.hover(document, shown, ls.encoding, places)


def inlay_hint(ls: Session, params: lsp.InlayHintParams) -> Ready:
    """Say what lists multiply and what hardware costs, in the lines that are shown."""
    from caliban_ls.ide.inlay_hints import hints

    found = ls.page(params.text_document.uri)
    if found is None:
        return Ready("[]")
    document, page = found
    span = conversions.to_span(document, params.range, ls.encoding)
    return responses.hints(document, hints(page, span), ls.encoding)


def code_lens(ls: Session, params: lsp.CodeLensParams) -> Ready:
    """Offer what can be done with each block."""
    from caliban_ls.ide.code_lenses import spots

    found = ls.page(params.text_document.uri)
    if found is None or not found[0].local:
        return Ready("[]")
    document, page = found
    shown = ((spot.span, _calls(ls, document, page, spot)) for spot in spots(page))
    return responses.lenses(document, shown, ls.encoding)


def _calls(ls: Session, document: Document, page: Page, spot: Spot) -> tuple[str, ...]:
    """Return what the lenses of a spot do; made once until their block changes, or what stands around it."""
    from caliban_ls.ide.code_lenses import lenses_at

    state = (page.outlook, page.script, document.uri, ls.confirms, spot.pointer)
    known = None if spot.block is None else _CALLS.get(spot.block.node)
    if known is not None and known[0] == state:
        return known[1]
    # Whoever shows plans and answers itself is told nothing twice.
    calls = tuple(
        responses.call(
            PREFIX + lens.command,
            lens.title,
            {
                "uri": document.uri,
                **lens.arguments,
                **({"show": True} if lens.shows and not ls.confirms else {}),
            },
        )
        for lens in lenses_at(page, spot)
    )
    if spot.block is not None:
        _CALLS.put(spot.block.node, (state, calls))
    return calls


def document_symbol(
    ls: Session, params: lsp.DocumentSymbolParams
) -> Sequence[lsp.DocumentSymbol] | Sequence[lsp.SymbolInformation]:
    """List a document's blocks and keys."""
    from caliban_ls.ide.outline import outline

    found = ls.page(params.text_document.uri)
    if found is None:
        return []
    document, page = found
    listed = outline(page)
    if can(ls, "text_document.document_symbol.hierarchical_document_symbol_support"):
        return responses.symbols(document, listed, ls.encoding)
    return responses.flat_symbols(document, listed, ls.encoding, document.uri)


def folding_range(ls: Session, params: lsp.FoldingRangeParams) -> list[lsp.FoldingRange]:
    """Say what can be folded away."""
    from caliban_ls.ide.outline import folds

    found = ls.page(params.text_document.uri)
    return [] if found is None else responses.folds(found[0], folds(found[1]))


def selection_range(ls: Session, params: lsp.SelectionRangeParams) -> list[lsp.SelectionRange] | None:
    """Say what selections grow to."""
    from caliban_ls.ide.outline import selections

    found = ls.page(params.text_document.uri)
    if found is None:
        return None
    document, page = found
    offsets = [conversions.to_offset(document, position, ls.encoding) for position in params.positions]
    return [responses.selection(document, selections(page, offset), ls.encoding) for offset in offsets]


def document_link(ls: Session, params: lsp.DocumentLinkParams) -> list[lsp.DocumentLink]:
    """Link names to the pages and files that they stand for."""
    from caliban_ls.ide.document_links import links

    found = ls.page(params.text_document.uri)
    if found is None:
        return []
    document, page = found
    folder = ls.folder_of(document)

    def target(link: Link) -> str | None:
        if link.url is not None:
            return link.url
        there = (path for path in link.paths if document.local and _is_there(folder, path))
        return next((conversions.to_uri(str(folder / path)) for path in there), None)

    return responses.links(document, links(page), ls.encoding, target)


def _is_there(folder: Path, path: str) -> bool:
    try:
        return project_files.status(folder, path) is not None
    except LeavesProject:
        return False


def code_action(ls: Session, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """Offer the fixes of what is wrong in a range, and what else could be done with it."""
    from caliban_ls.ide.fix_all import fix_all
    from caliban_ls.ide.refactorings import refactorings

    found = ls.page(params.text_document.uri)
    if found is None or not can(ls, "text_document.code_action.code_action_literal_support"):
        return []
    document, page = found
    span = conversions.to_span(document, params.range, ls.encoding)
    only = params.context.only
    offered = _quick_fixes(ls, document, span) if _wants(only, lsp.CodeActionKind.QuickFix) else []
    if _wants(only, lsp.CodeActionKind.RefactorRewrite) or _wants(only, RUN):
        rewritten = [_refactoring(ls, document, one) for one in refactorings(page, span)]
        offered += [action for action in rewritten if _wants(only, action.kind or "")]
    # Nobody is offered it in a menu, where it would have to be worked out each time the cursor moves.
    if only and _wants(only, FIX_ALL) and (edits := fix_all(page)):
        edit = workspace_edit(ls, document, edits)
        offered.append(lsp.CodeAction("Make all certain repairs", kind=FIX_ALL, edit=edit))
    return offered


def _quick_fixes(ls: Session, document: Document, span: Span) -> list[lsp.CodeAction]:
    judgement = ls.judge(document)
    touched = [
        finding
        for finding in judgement.findings
        if finding.span.start <= span.end and span.start <= finding.span.end and finding.fixes
    ]
    if not touched or judgement.page is None:
        return []
    sound = ls.trial(judgement.page).sound(touched)
    return [
        conversions.to_code_action(
            fix, workspace_edit(ls, document, fix.edits), shown, preferred=rank == 0 and not fix.is_draft
        )
        for finding in sound
        for shown in [conversions.to_diagnostic(document, finding, ls.encoding)]
        for rank, fix in enumerate(finding.fixes)
    ]


def _refactoring(ls: Session, document: Document, one: Refactoring) -> lsp.CodeAction:
    if one.command is None:
        edit = workspace_edit(ls, document, one.edits)
        return lsp.CodeAction(one.title, kind=lsp.CodeActionKind.RefactorRewrite, edit=edit)
    arguments = {"uri": document.uri, **(one.arguments or {})}
    call = responses.command(PREFIX + one.command, one.title, arguments)
    return lsp.CodeAction(one.title, kind=RUN, command=call)


def _wants(only: Sequence[lsp.CodeActionKind | str] | None, kind: lsp.CodeActionKind | str) -> bool:
    """Say whether actions of a kind are asked for; a kind stands for those below it, too."""
    name = str(getattr(kind, "value", kind))
    if only is None:
        return name != FIX_ALL
    asked = [str(getattr(one, "value", one)) for one in only]
    return any(one in ("", name) or name.startswith(f"{one}.") for one in asked)


def workspace_edit(ls: Session, document: Document, edits: Sequence[Edit]) -> lsp.WorkspaceEdit:
    """Return an edit of one document, tied to its version where the client can check that."""
    text_edits = conversions.to_text_edits(document, edits, ls.encoding)
    if not can(ls, "workspace.workspace_edit.document_changes"):
        return lsp.WorkspaceEdit(changes={document.uri: text_edits})
    versioned = lsp.OptionalVersionedTextDocumentIdentifier(document.uri, document.version)
    return lsp.WorkspaceEdit(document_changes=[lsp.TextDocumentEdit(versioned, text_edits)])


def can(ls: Session, capability: str) -> bool:
    """Say whether the client has a capability."""
    return bool(get_capability(ls.client_capabilities, capability))


def features() -> tuple[tuple[str, Callable[..., Any], Any], ...]:
    """Return every method that is answered here, its handler, and what the client is told of it.

    pygls writes into the options, so that each server needs its own.
    """
    kinds = [lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.RefactorRewrite, FIX_ALL, RUN]
    return (
        (lsp.TEXT_DOCUMENT_COMPLETION, completion, lsp.CompletionOptions(['"'])),
        (lsp.TEXT_DOCUMENT_HOVER, hover, None),
        (lsp.TEXT_DOCUMENT_INLAY_HINT, inlay_hint, None),
        (lsp.TEXT_DOCUMENT_CODE_LENS, code_lens, None),
        (lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL, document_symbol, None),
        (lsp.TEXT_DOCUMENT_FOLDING_RANGE, folding_range, None),
        (lsp.TEXT_DOCUMENT_SELECTION_RANGE, selection_range, None),
        (lsp.TEXT_DOCUMENT_DOCUMENT_LINK, document_link, None),
        (lsp.TEXT_DOCUMENT_CODE_ACTION, code_action, lsp.CodeActionOptions(kinds)),
    )
