"""Apply every certain repair of a document at once: the fixes that a person would apply without thinking."""

from __future__ import annotations

from typing import Final

from caliban_ls.analysis.findings import Edit, Finding
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.ide.fixes import FixTrial

_CERTAIN: Final = frozenset({"CAL211"})


def fix_all(context: DocumentContext) -> tuple[Edit, ...]:
    """Return the edits of every repair that has only one possible meaning."""
    return FixTrial(context.text, context.kind, context.estimate, context.script).repaired(is_certain)


def is_certain(found: Finding) -> bool:
    """Return whether a finding has just one fix, and that changes how something is written, not its meaning."""
    return len(found.fixes) == 1 and (found.code.startswith("CAL1") or found.code in _CERTAIN)
