"""Document to findings: which files are ours, what is wrong with them, and what the user chose to silence.

Reads texts that it is given; touches no disk, engine or network.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase, translate
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.jsondoc import JsonDocument
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core.text import LineIndex

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import Outlook
    from caliban_ls.analysis.script import Script

PROJECT_FILE: Final = ".calibanconfig.json"
EXPERIMENT_FILES: Final = (
    "experiment.json",
    "experiment[-_.]*.json",
    "*.experiment.json",
    "*_experiment.json",
)

_MARKER = re.compile(r"\ufeff?\s*(?://|\#|/\*)[ \t]*caliban:[ \t]*experiment\b")
_IGNORE = re.compile(r"caliban:[ \t]*ignore[ \t]+(CAL\d{3}(?:[ \t,]+CAL\d{3})*)")


def document_kind(path: str, text: str, patterns: tuple[str, ...] = ()) -> DocumentKind | None:
    """Return what kind of our documents a file is, None when it isn't ours.

    Args:
        path: absolute or relative, in the platform's or in POSIX spelling.
        text: the file's content; its first comment may say `caliban: experiment`.
        patterns: the user's own globs for experiment files; one that starts with `!` excludes.
    """
    pure = PurePath(path.replace("\\", "/"))
    if pure.name == PROJECT_FILE:
        return "project"
    if any(_matches(pure, pattern[1:]) for pattern in patterns if pattern.startswith("!")):
        return None
    by_name = any(fnmatchcase(pure.name, pattern) for pattern in EXPERIMENT_FILES)
    by_setting = any(_matches(pure, pattern) for pattern in patterns if not pattern.startswith("!"))
    by_marker = pure.suffix in {".json", ".jsonc"} and _MARKER.match(text) is not None
    return "experiment" if by_name or by_setting or by_marker else None


def treated(
    path: str, text: str, patterns: tuple[str, ...], *, as_experiment: bool
) -> tuple[str, ...] | None:
    """Return the user's globs so that a file is an experiment, or so that it is none; None where no glob does that.

    Args:
        path: of the file, relative to its folder or absolute.
        text: its content.
        patterns: the globs as they are.
        as_experiment: what the file is to be.
    """
    name = glob_of(path)
    kept = tuple(pattern for pattern in patterns if pattern not in {name, f"!{name}"})
    for found in (kept, (*kept, name if as_experiment else f"!{name}")):
        if (document_kind(path, text, found) == "experiment") is as_experiment:
            return found
    return None


def glob_of(path: str) -> str:
    """Return the glob that means one file, beside those of other folders whose paths end alike."""
    escaped = re.sub(r"[*?\[]", lambda mark: f"[{mark[0]}]", path.replace("\\", "/"))
    return f"./{escaped}" if escaped.startswith("!") or "/" not in escaped else escaped


def validate(
    document: JsonDocument,
    kind: DocumentKind,
    *,
    outlook: Outlook | None = None,
    script: Script | None = None,
    args: tuple[str, ...] = (),
) -> list[Finding]:
    """Return everything that is wrong with a document, in the order of the text, less what it silences.

    Args:
        document: the document.
        kind: what it is.
        outlook: the project that an experiment belongs to, None where that isn't known.
        script: the script whose flags an experiment sets, None where that isn't known.
        args: that every job gets besides.
    """
    # What judges the other kind, and the catalogue's tables, take longer to load than most files to judge.
    if kind == "experiment":
        from caliban_ls.analysis.checks.limits import limit_findings
        from caliban_ls.analysis.experiment import sweep as sweeps

        sweep = sweeps.read(document)
        own = [*sweep.findings, *limit_findings(document, sweep, outlook)]
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


def _matches(path: PurePath, pattern: str) -> bool:
    """Match a glob against a path: one without a slash matches the name anywhere, `**` any folders."""
    if "/" not in pattern:
        return fnmatchcase(path.name, pattern)
    pieces = re.split(r"(\*\*/|\*\*|\*|\?|\[!?[^]]+\])", pattern.removeprefix("./"))
    spelling = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    expression = "".join(
        spelling.get(piece) or (_characters(piece) if piece.startswith("[") else re.escape(piece))
        for piece in pieces
    )
    return re.search(rf"(?:^|/){expression.removeprefix('/')}\Z", path.as_posix()) is not None


def _characters(piece: str) -> str:
    """Return the expression of a set of characters; fnmatch knows which sets are none."""
    return translate(piece).removeprefix("(?s:")[: -len(r")\Z")]


def _without_silenced(document: JsonDocument, findings: list[Finding]) -> list[Finding]:
    """Leave out what `caliban: ignore CODE` silences: at the end of its line, or on the line below."""
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
