"""Check a parsed document and return its findings, without those that its comments silence.

Pure: touches no disk, engine or network. The first digit of a code names the place of its check: CAL1
`analysis/jsondoc`, CAL2 `analysis/experiment`, CAL3 `analysis/config`, CAL4 `analysis/hardware`, CAL5 `analysis/checks/flags`
and `analysis/checks/flag_values`, CAL6 `analysis/checks/limits`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.jsondoc import JsonDocument
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import LineIndex

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import CostEstimate
    from caliban_ls.analysis.script import Script
_IGNORE = re.compile(r"caliban:[ \t]*ignore[ \t]+(CAL\d{3}(?:[ \t,]+CAL\d{3})*)")


def validate(
    document: JsonDocument,
    kind: DocumentKind,
    *,
    estimate: CostEstimate | None = None,
    script: Script | None = None,
    args: tuple[str, ...] = (),
) -> list[Finding]:
    """Return the findings of a document in the order of the text, without those that its comments silence.

    Args:
        document: the document.
        kind: experiment or project config.
        estimate: of the experiment's project, None if it isn't known.
        script: whose flags the experiment sets, None if it isn't known.
        args: arguments that every job gets in addition.
    """
    # The checks of the other kind and the hardware catalogue take longer to load than most files take to check.
    if kind == "experiment":
        from caliban_ls.analysis.checks.limits import limit_findings
        from caliban_ls.analysis.experiment import sweep as sweeps

        sweep = sweeps.read(document)
        own = [*sweep.findings, *limit_findings(document, sweep, estimate)]
        if script is not None:
            from caliban_ls.analysis.checks.flags import flag_findings

            own += flag_findings(document, sweep, script, args)
    else:
        from caliban_ls.analysis.config import project

        read = project.read(document)
        own = list(read.findings)
        if read.cloud != project.Cloud():
            from caliban_ls.analysis.checks.hardware import hardware_findings

            own += hardware_findings(document, read)
    findings = sorted([*document.findings, *own], key=lambda found: (found.span, found.code))
    return _without_silenced(document, findings)


def has_errors(findings: list[Finding]) -> bool:
    """Return whether any finding is an error."""
    return any(found.severity is Severity.ERROR for found in findings)


def _without_silenced(document: JsonDocument, findings: list[Finding]) -> list[Finding]:
    """Leave out the findings that `caliban: ignore CODE` silences: on its own line, or on the next after a line of comments."""
    if not findings or "caliban:" not in document.text:
        return findings
    index = LineIndex(document.text)
    silenced: dict[int, set[str]] = {}
    for comment in document.comments:
        match = _IGNORE.search(document.text, comment.start, comment.end)
        if match is None:
            continue
        line, column = index.line_col(comment.start)
        if not index.line(line)[:column].strip():
            line = index.line_col(comment.end)[0] + 1
            while index.line(line).lstrip().startswith(("//", "#", "/*")):
                line += 1
        silenced.setdefault(line, set()).update(re.findall(r"CAL\d{3}", match[1]))
    return [
        found for found in findings if found.code not in silenced.get(index.line_col(found.span.start)[0], ())
    ]
