"""Parse JSON with comments: a tree of everything in a text, and what is wrong with its syntax.

Parsing never fails: bad input gives findings. Knows the syntax of JSON and nothing of what a document means.

Readers import from this package. Inside, each module builds on those before it: `tokens` (spelling), `tree` (the
result), `reports` (the findings), `scalars` (one key or value), `plain` (lists and objects taken whole),
`parser_state` and `recovery` (token by token, past every mistake), `grammar` (text to tree), `document` (edits),
`side_table` (what readers remember about nodes). `edits` changes a text and keeps the rest as it is.
"""

from caliban_ls.analysis.jsondoc.document import MAX_SHOWN, JsonDocument, inner_span, parse
from caliban_ls.analysis.jsondoc.side_table import SideTable
from caliban_ls.analysis.jsondoc.tokens import quote
from caliban_ls.analysis.jsondoc.tree import Kind, Member, Node, lookup, path_at, to_python, walk

__all__ = [
    "MAX_SHOWN",
    "JsonDocument",
    "Kind",
    "Member",
    "Node",
    "SideTable",
    "inner_span",
    "lookup",
    "parse",
    "path_at",
    "quote",
    "to_python",
    "walk",
]
