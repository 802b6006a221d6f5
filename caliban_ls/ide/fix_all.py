"""All certain repairs of a document at once: what a person would do without thinking, finding by finding."""

from __future__ import annotations

from typing import Final

from caliban_ls.analysis.findings import Edit, Finding
from caliban_ls.ide.document_context import DocumentContext
from caliban_ls.ide.fixes import FixTrial

_CERTAIN: Final = frozenset({"CAL211"})


def fix_all(context: DocumentContext) -> tuple[Edit, ...]:
    """Return the edit that makes every repair that can only be meant one way; none where there is none."""
    return FixTrial(context.text, context.kind, context.estimate, context.script).repaired(is_certain)


def is_certain(found: Finding) -> bool:
    """Return whether a finding has one repair, of how something is written and not of what is meant."""
    return len(found.fixes) == 1 and (found.code.startswith("CAL1") or found.code in _CERTAIN)
