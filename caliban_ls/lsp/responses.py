"""Convert answers of `ide` into the protocol's types, and diagnostics, hints and lenses straight into JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types as lsp

from caliban_ls.analysis.findings import Finding
from caliban_ls.core.text import Span
from caliban_ls.lsp.conversions import SEVERITIES, SOURCE, Lines, PositionEncoder, to_range, to_text_edits
from caliban_ls.lsp.pygls_adapter import EncodedJson

if TYPE_CHECKING:
    from caliban_ls.ide.completion import Completion
    from caliban_ls.ide.document_links import DocumentLink
    from caliban_ls.ide.hover import Hover
    from caliban_ls.ide.inlay_hints import InlayHint
    from caliban_ls.ide.outline import DocumentSymbol, FoldingRange

_ITEM_KINDS: Final = {
    "key": lsp.CompletionItemKind.Property,
    "value": lsp.CompletionItemKind.Value,
    "snippet": lsp.CompletionItemKind.Snippet,
}
_SYMBOL_KINDS: Final = {"block": lsp.SymbolKind.Object, "key": lsp.SymbolKind.Key}


def completions(
    lines: Lines, found: Sequence[Completion], encoding: str, *, snippets: bool
) -> lsp.CompletionList:
    """Return a completion list, with snippets only for clients that support them."""
    spans = {one.edit.span for one in found}
    ranges = {span: to_range(lines, span, encoding) for span in spans}
    return lsp.CompletionList(
        is_incomplete=False,
        items=[_completion(lines, one, ranges, encoding, snippets=snippets) for one in found],
    )


def _completion(
    lines: Lines, one: Completion, ranges: Mapping[Span, lsp.Range], encoding: str, *, snippets: bool
) -> lsp.CompletionItem:
    is_snippet = snippets and one.snippet is not None
    text = one.snippet if is_snippet and one.snippet is not None else one.edit.new_text
    item = one.item
    return lsp.CompletionItem(
        label=item.label,
        kind=_ITEM_KINDS[item.kind],
        detail=item.detail or None,
        documentation=_markdown(item.documentation) if item.documentation else None,
        sort_text=f"{one.rank:05}",
        filter_text=one.filter,
        insert_text_format=lsp.InsertTextFormat.Snippet if is_snippet else lsp.InsertTextFormat.PlainText,
        text_edit=lsp.TextEdit(ranges[one.edit.span], text),
        additional_text_edits=to_text_edits(lines, one.more, encoding) or None,
    )


def hover(lines: Lines, found: Hover, encoding: str, places: Iterable[lsp.Location]) -> lsp.Hover:
    """Return a hover, with links to where its flags are defined."""
    links = [
        f"[Defined in {place.uri.rpartition('/')[2]}, line {place.range.start.line + 1}]"
        f"({place.uri}#L{place.range.start.line + 1})"
        for place in places
    ]
    text = "\n\n".join([found.text, *dict.fromkeys(links)])
    return lsp.Hover(_markdown(text), to_range(lines, found.span, encoding))


@dataclass(frozen=True, slots=True)
class DiagnosticReport:
    """The diagnostics of one document.

    Attributes:
        items: each as JSON.
        result_id: the same for the same items of one document, otherwise never used twice.
    """

    items: tuple[str, ...]
    result_id: str


def diagnostic_report(
    lines: Lines,
    findings: Iterable[Finding],
    encoding: str,
    known: DiagnosticReport | None,
    next_result_id: Callable[[], str],
) -> DiagnosticReport:
    """Return findings as an editor shows them, each item as `conversions.to_diagnostic` would give it.

    Args:
        lines: the document's text.
        findings: of the document.
        encoding: the units that the client counts characters in.
        known: the previous report.
        next_result_id: returns an id that no report has had.
    """
    encoder = PositionEncoder(lines, encoding)
    items = tuple(
        f'{{"range": {_range(encoder, one.span)}, "severity": {SEVERITIES[one.severity].value},'
        f' "code": {_quoted(one.code)}, "source": {_quoted(SOURCE)}, "message": {_quoted(one.message)}}}'
        for one in findings
    )
    if known is not None and known.items == items:
        return known
    return DiagnosticReport(items, next_result_id())


def document_diagnostics(report: DiagnosticReport | None) -> EncodedJson:
    """Return the answer to a client that asks for a document's diagnostics; None for a document that isn't open."""
    if report is None:
        return EncodedJson('{"kind": "full", "items": []}')
    return EncodedJson(f'{{"kind": "full", {_items(report)}}}')


def workspace_diagnostics(
    files: Iterable[tuple[str, int | None, DiagnosticReport | None, str | None]],
) -> EncodedJson:
    """Return the answer to a client that asks for the diagnostics of all files.

    Args:
        files: each file's URI, version, report, and the result id that the client has; without a report, its
            diagnostics are taken back.
    """
    made = []
    for uri, version, report, known in files:
        if report is None:
            answer = '"kind": "full", "items": []'
        elif report.result_id == known:
            answer = f'"kind": "unchanged", "resultId": {_quoted(report.result_id)}'
        else:
            answer = f'"kind": "full", {_items(report)}'
        made.append(f'{{"uri": {json.dumps(uri)}, "version": {json.dumps(version)}, {answer}}}')
    return EncodedJson(f'{{"items": [{", ".join(made)}]}}')


def _items(report: DiagnosticReport) -> str:
    return f'"items": [{", ".join(report.items)}], "resultId": {_quoted(report.result_id)}'


def published_diagnostics(uri: str, version: int | None, items: Iterable[str]) -> EncodedJson:
    """Return the diagnostics that are sent to a client that doesn't ask for them."""
    known = "" if version is None else f', "version": {version}'
    return EncodedJson(f'{{"uri": {json.dumps(uri)}{known}, "diagnostics": [{", ".join(items)}]}}')


def hints(lines: Lines, found: Iterable[InlayHint], encoding: str) -> EncodedJson:
    """Return inlay hints as JSON, since some editors ask for those of a whole file."""
    encoder = PositionEncoder(lines, encoding)
    made = [
        f'{{"position": {_position(encoder, hint.offset)}, "label": {_quoted(hint.label)},'
        f' "tooltip": {_quoted(hint.tooltip)}, "paddingLeft": true}}'
        for hint in found
    ]
    return EncodedJson(f"[{', '.join(made)}]")


@lru_cache(1024)
def _quoted(text: str) -> str:
    """Return a text as JSON; cached, since most hints and diagnostics have the same texts."""
    return json.dumps(text)


def lenses(lines: Lines, found: Iterable[tuple[Span, Iterable[str]]], encoding: str) -> EncodedJson:
    """Return code lenses: the commands of each span, as `call` returns them."""
    encoder = PositionEncoder(lines, encoding)
    made = []
    for span, calls in found:
        head = f'{{"range": {_range(encoder, span)}, "command": '
        made += [f"{head}{one}}}" for one in calls]
    return EncodedJson(f"[{', '.join(made)}]")


def call(name: str, title: str, arguments: Mapping[str, Any]) -> str:
    """Return a call of a command, as JSON."""
    return json.dumps({"title": title, "command": name, "arguments": [arguments]})


def _range(encoder: PositionEncoder, span: Span) -> str:
    return f'{{"start": {_position(encoder, span.start)}, "end": {_position(encoder, span.end)}}}'


def _position(encoder: PositionEncoder, offset: int) -> str:
    line, character = encoder.place(offset)
    return f'{{"line": {line}, "character": {character}}}'


def symbols(lines: Lines, found: Sequence[DocumentSymbol], encoding: str) -> list[lsp.DocumentSymbol]:
    """Return a document's outline as a tree."""
    return _symbols(PositionEncoder(lines, encoding), found)


def _symbols(encoder: PositionEncoder, found: Sequence[DocumentSymbol]) -> list[lsp.DocumentSymbol]:
    return [
        lsp.DocumentSymbol(
            name=one.name,
            detail=one.detail or None,
            kind=_SYMBOL_KINDS[one.kind],
            range=encoder.range(one.span),
            selection_range=encoder.range(one.name_span),
            children=_symbols(encoder, one.children) or None,
        )
        for one in found
    ]


def flat_symbols(
    lines: Lines, found: Sequence[DocumentSymbol], encoding: str, uri: str
) -> list[lsp.SymbolInformation]:
    """Return a document's outline as a list, for clients that know no trees."""
    encoder = PositionEncoder(lines, encoding)
    listed = []
    waiting: list[tuple[str | None, DocumentSymbol]] = [(None, one) for one in reversed(found)]
    while waiting:
        around, one = waiting.pop()
        where = lsp.Location(uri, encoder.range(one.span))
        listed.append(
            lsp.SymbolInformation(
                location=where, name=one.name, kind=_SYMBOL_KINDS[one.kind], container_name=around
            )
        )
        waiting += [(one.name, child) for child in reversed(one.children)]
    return listed


def folds(lines: Lines, found: Iterable[FoldingRange]) -> list[lsp.FoldingRange]:
    """Return the folding ranges of several lines; the line of a closing bracket stays visible."""
    made = []
    for fold in found:
        first = lines.line_col(fold.span.start)[0]
        last = lines.line_col(fold.span.end)[0]
        if fold.kind == "region":
            last -= 1
            kind = lsp.FoldingRangeKind.Region
        else:
            kind = lsp.FoldingRangeKind.Comment
        if last > first:
            made.append(lsp.FoldingRange(first, last, kind=kind))
    return made


def selection(lines: Lines, spans: Sequence[Span], encoding: str) -> lsp.SelectionRange:
    """Return the ranges that a selection grows to, as a chain from the innermost."""
    chain: lsp.SelectionRange | None = None
    for span in reversed(spans):
        chain = lsp.SelectionRange(to_range(lines, span, encoding), chain)
    assert chain is not None  # noqa: S101 - the whole text is always among them
    return chain


def links(
    lines: Lines, found: Iterable[DocumentLink], encoding: str, target: Callable[[DocumentLink], str | None]
) -> list[lsp.DocumentLink]:
    """Return the links that have a target."""
    return [
        lsp.DocumentLink(to_range(lines, link.span, encoding), target=where, tooltip=link.tooltip)
        for link in found
        if (where := target(link)) is not None
    ]


def _markdown(text: str) -> lsp.MarkupContent:
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, text)


def command(name: str, title: str, arguments: Mapping[str, Any]) -> lsp.Command:
    """Return a call of a command."""
    return lsp.Command(title, name, arguments=[dict(arguments)])
