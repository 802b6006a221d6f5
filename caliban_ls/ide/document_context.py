"""A document with its project and script: the input of every answer to an editor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.experiment.sweep import Experiment
from caliban_ls.analysis.jsondoc import JsonDocument
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.analysis.script import Script


@dataclass(frozen=True, eq=False)
class DocumentContext:
    """A document at one moment.

    Attributes:
        document: the text and its tree.
        kind: experiment or project config.
        estimate: of the project that an experiment belongs to; for a project config, of the config itself.
        script: the script whose flags an experiment sets, None if it isn't known.
        paths: returns the project's files and folders, as `files.project_paths` does.
        wrong: whether it has errors for which commands refuse it. Exceeding a limit isn't one: commands ask then.
    """

    document: JsonDocument
    kind: DocumentKind
    estimate: CostEstimate
    script: Script | None = None
    paths: Callable[[], Sequence[str]] = tuple
    wrong: bool = False

    @property
    def text(self) -> str:
        """The whole text."""
        return self.document.text

    @cached_property
    def sweep(self) -> Experiment:
        """The blocks of an experiment and their numbers of jobs."""
        return sweeps.read(self.document)
