"""All certain repairs of a document at once: what a person would do without thinking, finding by finding."""

from __future__ import annotations

from typing import Final

from caliban_ls import jsondoc
from caliban_ls.assist.page import Page
from caliban_ls.findings import Edit, Finding
from caliban_ls.jsonedit import difference
from caliban_ls.validation import validate

_MOST: Final = 200  # repairs of one call

_CERTAIN: Final = frozenset({"CAL211"})


def fix_all(page: Page) -> tuple[Edit, ...]:
    """Return the edit that makes every repair that can only be meant one way; none where there is none."""
    document = jsondoc.parse(page.text)
    for _ in range(_MOST):
        found = next(
            (
                one
                for one in validate(document, page.kind, outlook=page.outlook, script=page.script)
                if is_certain(one)
            ),
            None,
        )
        if found is None:
            break
        for edit in sorted(found.fixes[0].edits, key=lambda edit: edit.span, reverse=True):
            document.edit(edit.span.start, edit.span.end, edit.new_text)
    return difference(page.text, document.text)


def is_certain(found: Finding) -> bool:
    """Return whether a finding has one repair, of how something is written and not of what is meant."""
    return len(found.fixes) == 1 and (found.code.startswith("CAL1") or found.code in _CERTAIN)
