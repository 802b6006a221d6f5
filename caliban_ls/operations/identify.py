"""`identify`: find out which kind of document a file is."""

from __future__ import annotations

from caliban_ls.analysis.document_kind import document_kind, treated
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.identify import IdentifyArguments, IdentifyResult
from caliban_ls.workspace.files import read_text


def identify(arguments: IdentifyArguments, context: Context) -> IdentifyResult:
    """Return the kind of a file, or the globs that give it the requested kind.

    Raises:
        UsageError: the file can't be read, or no glob can give it that kind.
    """
    path = context.folder / arguments.file
    name = path.relative_to(context.folder).as_posix() if path.is_relative_to(context.folder) else str(path)
    text = read_text(path, context.buffer, context.folder)
    patterns = arguments.experiment_files
    if patterns is None:
        patterns = context.settings.experiment_files
    if arguments.treat_as is not None:
        found = treated(name, text, patterns, as_experiment=arguments.treat_as == "experiment")
        if found is None:
            raise UsageError(
                f"{name} can't be treated as {arguments.treat_as}",
                hint="It is a project config, or a glob with ! in caliban.experimentFiles excludes it.",
            )
        patterns = found
    return IdentifyResult(kind=document_kind(name, text, patterns), experiment_files=patterns)
