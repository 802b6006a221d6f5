"""Format the findings of files: text for a terminal, JSON, GitHub's workflow commands or SARIF."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from caliban_ls import __version__
from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.rules import RULES
from caliban_ls.core.text import LineIndex, Span


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file after its check: its path as the user would write it, its text and its findings."""

    path: str
    text: str
    findings: tuple[Finding, ...]


def as_text(files: Sequence[CheckedFile]) -> str:
    """Return a paragraph for each finding, with its line and a marker below the place, and a closing line."""
    pieces: list[str] = []
    for file in files:
        index = LineIndex(file.text)
        pieces += [_paragraph(file.path, index, found) for found in file.findings]
    pieces.append(_closing_line(files))
    return "\n".join(pieces) + "\n"


def as_json(files: Sequence[CheckedFile]) -> str:
    """Return a JSON list; positions are zero-based and count UTF-16 units, as in LSP."""
    items = []
    for file in files:
        index = LineIndex(file.text)
        items += [{"path": file.path, **_finding_json(index, found)} for found in file.findings]
    return json.dumps(items, indent=2, ensure_ascii=False) + "\n"


def as_github(files: Sequence[CheckedFile]) -> str:
    """Return GitHub Actions' workflow commands, one line a finding.

    Source: "Workflow commands for GitHub Actions", setting an error, warning or notice message.
    """
    level = {Severity.ERROR: "error", Severity.WARNING: "warning"}
    lines = []
    for file in files:
        index = LineIndex(file.text)
        for found in file.findings:
            line, column = index.line_col(found.span.start)
            end_line, end_column = index.line_col(found.span.end)
            place = f"file={_property(file.path)},line={line + 1},endLine={end_line + 1}"
            if line == end_line:
                place += f",col={column + 1},endColumn={max(end_column, column + 1)}"
            kind = level.get(found.severity, "notice")
            lines.append(f"::{kind} {place},title={_property(found.code)}::{_escape(found.message)}\n")
    return "".join(lines)


def as_sarif(files: Sequence[CheckedFile]) -> str:
    """Return a SARIF 2.1.0 log. Columns are one-based and count UTF-16 units, its default."""
    level = {Severity.ERROR: "error", Severity.WARNING: "warning"}
    codes = sorted({found.code for file in files for found in file.findings})
    rules = [
        {
            "id": code,
            "name": RULES[code].name,
            "shortDescription": {"text": RULES[code].name},
            "fullDescription": {"text": RULES[code].explanation},
        }
        for code in codes
    ]
    results = []
    for file in files:
        index = LineIndex(file.text)
        for found in file.findings:
            region = _range_json(index, found.span)
            results.append(
                {
                    "ruleId": found.code,
                    "ruleIndex": codes.index(found.code),
                    "level": level.get(found.severity, "note"),
                    "message": {"text": found.message},
                    "locations": [
                        {
                            "physicalLocation": {
                                "artifactLocation": {"uri": file.path.replace("\\", "/")},
                                "region": {
                                    "startLine": region["start"]["line"] + 1,
                                    "startColumn": region["start"]["character"] + 1,
                                    "endLine": region["end"]["line"] + 1,
                                    "endColumn": region["end"]["character"] + 1,
                                },
                            }
                        }
                    ],
                }
            )
    driver = {"name": "caliban", "version": __version__, "rules": rules}
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "utf16CodeUnits", "results": results}],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _paragraph(path: str, index: LineIndex, found: Finding) -> str:
    line, column = index.line_col(found.span.start)
    end_line, end_column = index.line_col(found.span.end)
    text = index.line(line)
    width = (end_column if end_line == line else len(text)) - column
    start = max(0, column - 60)
    shown = text[start : start + 100].replace("\t", " ")
    marker = " " * (column - start) + "^" * max(1, min(width, len(shown) - (column - start)))
    lines = [
        f"{path}:{line + 1}:{column + 1}: {found.severity.value}[{found.code}] {found.message}",
        f"    {shown}",
        f"    {marker}",
    ]
    if found.fixes:
        lines.append(f"    fix: {found.fixes[0].title}")
    return "\n".join(lines)


def _closing_line(files: Iterable[CheckedFile]) -> str:
    files = list(files)
    counts = dict.fromkeys(Severity, 0)
    for file in files:
        for found in file.findings:
            counts[found.severity] += 1
    where = f"{len(files)} file{'' if len(files) == 1 else 's'}"
    counted = [
        f"{count} {severity.value}{'s' if count != 1 and severity is not Severity.INFORMATION else ''}"
        for severity, count in counts.items()
        if count
    ]
    if not files:
        return "Nothing was checked"
    return f"{', '.join(counted)} in {where}" if counted else f"All good: {where} checked"


def _finding_json(index: LineIndex, found: Finding) -> dict[str, Any]:
    return {
        "range": _range_json(index, found.span),
        "severity": found.severity.value,
        "code": found.code,
        "message": found.message,
        "fixes": [
            {
                "title": fix.title,
                "edits": [
                    {"range": _range_json(index, edit.span), "newText": edit.new_text} for edit in fix.edits
                ],
            }
            for fix in found.fixes
        ],
    }


def _range_json(index: LineIndex, span: Span) -> dict[str, dict[str, int]]:
    return {"start": _position_json(index, span.start), "end": _position_json(index, span.end)}


def _position_json(index: LineIndex, offset: int) -> dict[str, int]:
    line, column = index.line_col(offset)
    units = len(index.line(line)[:column].encode("utf-16-le", "surrogatepass")) // 2
    return {"line": line, "character": units}


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
