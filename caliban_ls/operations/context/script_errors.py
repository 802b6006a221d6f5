"""Refuse an experiment with flags that make its script exit, before anything is built or sent."""

from __future__ import annotations

from typing import Protocol

from caliban_ls.analysis.config.project import Project
from caliban_ls.analysis.experiment.sweep import Block, Experiment
from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.jsondoc import JsonDocument
from caliban_ls.analysis.rules.overrides import Force, is_forced, read_force
from caliban_ls.core.errors import ScriptRefuses
from caliban_ls.core.text import LineIndex
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import STDIN
from caliban_ls.validation import validate
from caliban_ls.workspace.projects import command_projects, script_named

_SHOWN = 3  # findings in a message


class LaunchArguments(Protocol):
    """The arguments of a command that decide the flags of its jobs."""

    @property
    def module(self) -> str | None:
        """The script to run; None for the config's."""

    @property
    def args(self) -> tuple[str, ...]:
        """Passed to each job before the sweep's own."""

    @property
    def experiment_config(self) -> str | None:
        """The sweep, a path or `stdin`."""

    @property
    def force(self) -> Force:
        """Which findings are overridden."""


def refuse_mistakes(
    launch: LaunchArguments, project: Project, document: JsonDocument, sweep: Experiment, context: Context
) -> tuple[str, ...]:
    """Refuse an experiment that makes its script exit; return the findings that `--force` overrides, a sentence each.

    The script is the module that the launch names, or else the one that `check` uses. Where it can't be read, or its
    flags aren't certain, nothing is refused.

    Args:
        launch: the command's arguments.
        project: its config.
        document: the experiment.
        sweep: those of its blocks that run.
        context: of the command.

    Raises:
        ScriptRefuses: the script would exit; the message shows the first findings.
    """
    force, file = read_force(launch.force), launch.experiment_config or STDIN
    wanted = launch.module
    if wanted is None or wanted == project.module:
        wanted = script_named(project, document)
    path = context.folder / ("experiment.json" if file == STDIN else file)
    projects = command_projects(context.buffer, context.environment)
    script = projects.script_for(context.folder, wanted, path)
    if script is None:
        return ()
    findings = [
        found
        for found in validate(document, "experiment", script=script, args=launch.args)
        if _stops(found) and _is_in(found, sweep.blocks)
    ]
    refused = [found for found in findings if not is_forced(force, found.code)]
    index = LineIndex(document.text)
    if refused:
        codes = ",".join(sorted({found.code for found in refused}))
        lines = [_line(file, index, found) for found in refused[:_SHOWN]]
        more = len(refused) - _SHOWN
        if more > 0:
            lines.append(f"and {more:,} more")
        raise ScriptRefuses(
            f"{script.path} would stop at {file}:\n" + "\n".join(f"  {line}" for line in lines),
            hint=f"`caliban check` shows where and how to mend it; `--force {codes}` goes ahead as it is.",
        )
    overridden: dict[str, str] = {}
    for found in findings:
        overridden.setdefault(found.code, f"overridden: {found.code} {found.message}")
    return tuple(overridden.values())


def _stops(found: Finding) -> bool:
    """Return whether a finding makes the script exit.

    `check` can't know of a required flag that is passed behind `--`; here these arguments are known, so CAL504 counts.
    """
    return found.code == "CAL504" or (found.severity is Severity.ERROR and found.code.startswith("CAL5"))


def _is_in(found: Finding, blocks: tuple[Block, ...]) -> bool:
    return any(
        block.node.span.start <= found.span.start and found.span.end <= block.node.span.end
        for block in blocks
    )


def _line(file: str, index: LineIndex, found: Finding) -> str:
    line, column = index.line_col(found.span.start)
    return f"{file}:{line + 1}:{column + 1}: {found.code} {found.message}"
