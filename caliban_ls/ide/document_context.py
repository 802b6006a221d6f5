"""One of our documents and what is known around it: what every answer is made from."""

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
        kind: which of ours it is.
        estimate: the project that it belongs to; of a project config, what it says itself.
        script: the script that an experiment's flags are for, None where that isn't known.
        paths: looks up the project's files and folders, as `files.project_paths` has them.
        wrong: whether commands would refuse it as it stands; what is over a limit is asked about.
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
        """What an experiment config stands for."""
        return sweeps.read(self.document)
