"""`check`: find the mistakes in experiment and project configs, as an editor does."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.document_kind import EXPERIMENT_FILES, PROJECT_FILE, document_kind
from caliban_ls.analysis.report import CheckedFile
from caliban_ls.core.errors import UsageError
from caliban_ls.ide.fixes import sound_fixes
from caliban_ls.workspace.checker import Checker
from caliban_ls.workspace.files import find_configs, read_text
from caliban_ls.workspace.projects import command_projects

if TYPE_CHECKING:
    from caliban_ls.analysis.rules.rule import DocumentKind
    from caliban_ls.operations.context.context import Context
    from caliban_ls.operations.schemas.check import CheckArguments

_NONE = (
    "There is no experiment and no project config in {folder} or below. Experiments are called "
    + ", ".join(EXPERIMENT_FILES)
    + f", or begin with the comment // caliban: experiment; the project config is called {PROJECT_FILE}."
    " `caliban init` writes both."
)

CheckedFiles: TypeAlias = tuple[CheckedFile, ...]


def check(arguments: CheckArguments, context: Context) -> CheckedFiles:
    """Check files; in a folder, every experiment and project config below it.

    Raises:
        UsageError: a file can't be read, or `--as` names no kind.
    """
    if arguments.as_kind not in (None, "experiment", "project"):
        raise UsageError(f"--as takes experiment or project, not {arguments.as_kind}")
    checked: list[CheckedFile] = []
    checker = checker_of(context)
    for shown in arguments.paths or (".",):
        path = context.folder / shown
        if path.is_dir():
            files = list(find_configs(path))
            if not files:
                context.report(_NONE.format(folder=path.resolve()), None)
            for file, kind in files:
                relative = file.relative_to(context.folder) if file.is_relative_to(context.folder) else file
                text = read_text(file, context.buffer, path)
                checked.append(_checked(checker, str(relative), file, text, kind))
            continue
        if shown == "-":
            name, text = arguments.stdin_filename or "experiment.json", context.stdin()
        else:
            name, text = shown, read_text(path, context.buffer, context.folder)
        known = arguments.as_kind or document_kind(name, text)
        if known is None:
            # No error: a hook that runs before a commit names every file that has changed.
            context.report(
                f"{name} isn't checked: by its name and its first comment it is neither an experiment nor a project"
                f" config. `caliban check --as experiment {shlex.quote(shown)}` checks it as an experiment",
                None,
            )
            continue
        checked.append(_checked(checker, name, context.folder / name, text, known))
    return tuple(checked)


def checker_of(context: Context) -> Checker:
    """Return the checker of the files in a command's folder."""
    projects = command_projects(context.buffer, context.environment)
    return Checker(projects, [context.folder], context.settings)


def _checked(checker: Checker, shown: str, path: Path, text: str, kind: DocumentKind) -> CheckedFile:
    """Check a file, given its name for the user, its path, its text and its kind."""
    document = jsondoc.parse(text)
    inputs = checker.inputs(document, kind, path.absolute())
    fixable = sound_fixes(document, kind, inputs.findings(document), inputs.estimate, inputs.script)
    return CheckedFile(shown, text, tuple(fixable))
