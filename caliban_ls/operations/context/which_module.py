"""Which MODULE a command is for: the one that is given, or the project config's; errors say what to type.

Looks at the names in the project's folder, and at its scripts only where no MODULE is known.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.document_kind import PROJECT_FILE, document_kind
from caliban_ls.core import project_files
from caliban_ls.core.errors import UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import STDIN
from caliban_ls.workspace.files import project_paths, read_text

_MOST_SCRIPTS = 200  # that are read to find the only one


class ModuleArguments(Protocol):
    """What `build`, `run` and `cloud` say of the program."""

    @property
    def module(self) -> str | None:
        """The MODULE; None for what the config says."""


def module_of(arguments: ModuleArguments, project: Project, context: Context) -> str:
    """Return the MODULE that a command is for.

    Args:
        arguments: of `build`, `run` or `cloud`; the class is called after the command.
        project: its config.
        context: of the command.

    Raises:
        UsageError: there is none, or it is a JSON file; the hint has the command line to type.
    """
    command = f"caliban {type(arguments).__name__.removesuffix('Arguments').lower()}"
    given = arguments.module
    if given is not None and given.endswith((".json", ".jsonc")):
        if command == "caliban build":
            raise UsageError(
                f"{given} is no program",
                hint=f"`{command} MODULE`, such as `{command} {_example(context)}`.",
            )
        what = (
            "an experiment config"
            if document_kind(given, "") == "experiment"
            else "a JSON file, and no program"
        )
        raise UsageError(
            f"{given} is {what}; an experiment config stands behind --experiment_config",
            hint=f"`{command} --experiment_config {shlex.quote(given)} {_example(context)}`",
        )
    module = given or project.module
    if module is not None:
        return module
    sweep = getattr(arguments, "experiment_config", None)
    words = command if sweep is None else f"{command} --experiment_config {shlex.quote(sweep)}"
    hint = f'Say `{words} {_example(context)}`, or set "module" in {PROJECT_FILE}.'
    above = _config_above(context.folder)
    if above is not None:
        hint = (
            f"{above} is the nearest project config; run `caliban` in its folder, {above.parent}. Or: {hint}"
        )
    raise UsageError("Which MODULE? None is given, and the project config names none", hint=hint)


def unused_config(experiment_config: str | None, context: Context) -> Iterator[str]:
    """Yield a sentence where an experiment of another folder is named, whose project config doesn't count."""
    if experiment_config in (None, STDIN) or _has_config(context.folder):
        return
    beside = Path(context.folder, str(experiment_config)).resolve().parent
    found = next((folder for folder in (beside, *beside.parents) if _has_config(folder)), None)
    if found is not None and context.folder.resolve() != found:
        yield (
            f"{found / PROJECT_FILE} isn't used: the project is the folder in which you run `caliban`,"
            f" {context.folder}. To use it, run `caliban` in {found}"
        )


def _example(context: Context) -> str:
    """Return the folder's only script, else the word that stands for it."""
    from caliban_ls.analysis.script import runnable_scripts

    paths = [path for path in project_paths(context.folder) if path.endswith(".py")]
    few = paths if len(paths) <= _MOST_SCRIPTS else []
    found = runnable_scripts(few, lambda path: _text(path, context))
    return shlex.quote(found[0]) if len(found) == 1 else "trainer.train"


def _text(path: str, context: Context) -> str | None:
    try:
        return read_text(context.folder / path, context.buffer, context.folder)
    except UsageError:
        return None


def _config_above(folder: Path) -> Path | None:
    """Return the nearest project config in a folder above one that has none."""
    if _has_config(folder):
        return None
    return next((parent / PROJECT_FILE for parent in folder.parents if _has_config(parent)), None)


def _has_config(folder: Path) -> bool:
    return project_files.status(folder, PROJECT_FILE, follow=False) is not None
