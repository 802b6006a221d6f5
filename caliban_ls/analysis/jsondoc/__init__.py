"""JSON with comments, read with patience: a tree of all that stands in a text, and what is wrong with it.

Parsing never fails: bad input gives findings. Knows the syntax of JSON and nothing of what it says.

The package is one address for what readers need; inside, each module builds on those before it: `tokens`
(spelling), `tree` (the result), `grammar` (text to tree), `document` (edits), and
`side_table` (what readers remember about nodes).
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
