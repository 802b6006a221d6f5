"""Open documents: the text as its editor has it, its lines and its parsed JSON, kept up edit by edit.

Replaces the document class of pygls, which splits lines where LSP doesn't and rebuilds the whole text at each
keystroke. Checks nothing.
"""

from __future__ import annotations

from functools import cached_property
from urllib.parse import unquote, urlsplit

from lsprotocol import types as lsp

from caliban_ls.analysis import jsondoc
from caliban_ls.core.text import LineIndex
from caliban_ls.lsp import conversions


class Document(LineIndex):
    """A text that an editor has open.

    Attributes:
        uri: as the client spells it.
        path: the local path, or the last part of the URI without one (`Untitled-1`).
        local: whether `path` is a local path.
        version: the client's number for the text, None if it gave none.
        revision: the server's number for the text, new after every change.
        text: the text.
    """

    def __init__(self, uri: str, text: str, version: int | None = None, *, encoding: str = "utf-16") -> None:
        super().__init__(text)
        path = conversions.to_path(uri)
        self.uri = uri
        self.path = unquote(urlsplit(uri).path).rpartition("/")[2] if path is None else path
        self.local = path is not None
        self.version = version
        self.revision = 0
        self._encoding = encoding

    @cached_property
    def json(self) -> jsondoc.JsonDocument:
        """The parsed text: parsed at the first use, then updated by every edit."""
        return jsondoc.parse(self.text)

    def apply_change(self, change: lsp.TextDocumentContentChangeEvent) -> None:
        """Apply a change; one without a range replaces the whole text."""
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            span = conversions.to_span(self, change.range, self._encoding)
            self.splice(span.start, span.end, change.text)
        else:
            self.splice(0, len(self.text), change.text)

    def splice(self, start: int, end: int, new_text: str) -> None:
        """Replace the code points from `start` to `end`."""
        self.revision += 1
        parsed = self.__dict__.get("json")
        if parsed is None:
            text = self.text[:start] + new_text + self.text[end:]
        elif start == 0 and end == len(self.text):
            text = new_text
            del self.json
        else:
            parsed.edit(start, end, new_text)
            text = parsed.text
        self.edit(text, start, end)
