"""`check`: find the mistakes in experiment and project configs, as an editor does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.document_kind import document_kind
from caliban_ls.analysis.report import CheckedFile
from caliban_ls.core.errors import UsageError
from caliban_ls.ide.fixes import sound_fixes
from caliban_ls.validation import validate
from caliban_ls.workspace.files import our_files, read_text
from caliban_ls.workspace.projects import around, project_folder

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import Outlook
    from caliban_ls.analysis.rules.rule import DocumentKind
    from caliban_ls.analysis.script import Script
    from caliban_ls.operations.context.context import Context
    from caliban_ls.operations.schemas.check import CheckArguments

CheckedFiles: TypeAlias = tuple[CheckedFile, ...]


def check(arguments: CheckArguments, context: Context) -> CheckedFiles:
    """Check files; in a folder, every experiment and project config below it.

    Raises:
        UsageError: a file can't be read, or `--as` names no kind.
    """
    if arguments.as_kind not in (None, "experiment", "project"):
        raise UsageError(f"--as takes experiment or project, not {arguments.as_kind}")
    checked: list[CheckedFile] = []
    judge = _judge(context)
    for shown in arguments.paths or (".",):
        path = context.folder / shown
        if path.is_dir():
            for file, kind in our_files(path):
                relative = file.relative_to(context.folder) if file.is_relative_to(context.folder) else file
                checked.append(judge(str(relative), file, read_text(file, context.buffer, path), kind))
            continue
        if shown == "-":
            name, text = arguments.stdin_filename or "experiment.json", context.stdin()
        else:
            name, text = shown, read_text(path, context.buffer, context.folder)
        known = arguments.as_kind or document_kind(name, text)
        if known is None:
            context.report(f"{name} isn't ours, so it isn't judged; --as experiment makes it ours", None)
        else:
            checked.append(judge(name, context.folder / name, text, known))
    return tuple(checked)


def surroundings(
    context: Context,
) -> Callable[[Path, jsondoc.JsonDocument], tuple[Outlook | None, Script | None]]:
    """Return a function that finds the project and the script of an experiment, given its path and document."""
    neighbours = around(context)

    def find(path: Path, document: jsondoc.JsonDocument) -> tuple[Outlook | None, Script | None]:
        folder = project_folder(path, [context.folder])
        return neighbours.around(folder, context.settings, document, path)

    return find


def _judge(context: Context) -> Callable[[str, Path, str, DocumentKind], CheckedFile]:
    """Return a function that checks a file, given its name for the user, its path, its text and its kind."""
    find = surroundings(context)

    def judge(shown: str, path: Path, text: str, kind: DocumentKind) -> CheckedFile:
        document = jsondoc.parse(text)
        outlook, script = find(path.absolute(), document) if kind == "experiment" else (None, None)
        findings = validate(document, kind, outlook=outlook, script=script)
        return CheckedFile(shown, text, tuple(sound_fixes(document, kind, findings, outlook, script)))

    return judge
