"""Read the experiment and the project config that a command was given; errors name the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.document_kind import PROJECT_FILE
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.report import CheckedFile, as_text
from caliban_ls.core import project_files
from caliban_ls.core.errors import InvalidDocument, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.workspace.files import read_text

if TYPE_CHECKING:
    from caliban_ls.analysis.config.project import Project


STDIN = "stdin"
"""The word for standard input where a command takes an experiment config's path."""


def experiment_text(file: str, context: Context) -> str:
    """Return the text of an experiment config, given its path or `stdin`.

    Raises:
        UsageError: it can't be read.
    """
    return (
        context.stdin() if file == STDIN else read_text(context.folder / file, context.buffer, context.folder)
    )


def sweep_of(file: str, document: jsondoc.JsonDocument, block: str | None) -> sweeps.Experiment:
    """Return the sweep, or one block of it, that a document stands for; errors name the file.

    Raises:
        UsageError: it has no such block.
        InvalidDocument: it has errors; the message shows them.
    """
    sweep = sweeps.read(document)
    if sweep.count is None:
        raise _invalid(file, document.text, [*document.findings, *sweep.findings])
    if block is None:
        return sweep
    for candidate in sweep.blocks:
        if candidate.pointer == block:
            return sweeps.Experiment((candidate,), candidate.count, ())
    known = ", ".join(repr(candidate.pointer) for candidate in sweep.blocks[:5])
    raise UsageError(f"{file} has no block {block!r}", hint=f"Its blocks are {known}.")


def read_project(context: Context) -> Project:
    """Return the folder's project config, or an empty one without a file.

    Hardware isn't checked here: a local run doesn't need a region to have a GPU.

    Raises:
        UsageError: the file can't be read.
        InvalidDocument: it has errors; the message shows them.
    """
    from caliban_ls.analysis.config import project

    path = context.folder / PROJECT_FILE
    if context.buffer(path) is None and project_files.status(context.folder, PROJECT_FILE) is None:
        return project.Project()
    text = read_text(path, context.buffer, context.folder)
    document = jsondoc.parse(text)
    read = project.read(document)
    findings = [*document.findings, *read.findings]
    if any(found.severity is Severity.ERROR for found in findings):
        raise _invalid(PROJECT_FILE, text, findings)
    return read


def _invalid(file: str, text: str, findings: list[Finding]) -> InvalidDocument:
    errors = sorted(
        (found for found in findings if found.severity is Severity.ERROR), key=lambda found: found.span
    )
    return InvalidDocument(
        f"{file} has errors:\n{as_text([CheckedFile(file, text, tuple(errors))]).rstrip()}"
    )
