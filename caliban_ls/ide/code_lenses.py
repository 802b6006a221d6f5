"""Code lenses: the commands for a block, with the number of jobs and the price in their titles.

The price is from `analysis/estimate`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.experiment.sweep import Block
from caliban_ls.core.text import Span
from caliban_ls.ide import phrases
from caliban_ls.ide.document_context import DocumentContext


@dataclass(frozen=True, slots=True)
class CodeLens:
    """A line of text above a span that does something when it is chosen.

    Attributes:
        span: the text that it stands above.
        title: the text that is shown.
        command: the name of the command.
        arguments: fields of the command's argument, without the document's.
        shows: whether the command's result has to be shown to the user.
    """

    span: Span
    title: str
    command: str
    arguments: Mapping[str, Any]
    shows: bool


@dataclass(frozen=True, slots=True)
class LensAnchor:
    """A place with code lenses.

    Attributes:
        span: the text that they stand above.
        block: the block that they are for, None for all blocks together.
        count: how many jobs it has.
    """

    span: Span
    block: Block | None
    count: int

    @property
    def pointer(self) -> str | None:
        """JSON pointer to the block."""
        return None if self.block is None else self.block.pointer


def lenses(context: DocumentContext) -> Iterator[CodeLens]:
    """Yield the lenses of an experiment config."""
    for anchor in lens_anchors(context):
        yield from lenses_at(context, anchor)


def lens_anchors(context: DocumentContext) -> Iterator[LensAnchor]:
    """Yield the places of an experiment that have lenses; none while it has errors, for which commands refuse it."""
    sweep, root = context.sweep, context.document.root
    if context.kind != "experiment" or context.wrong or sweep.count is None or root is None:
        return
    if len(sweep.blocks) > 1:
        start = root.span.start
        yield LensAnchor(Span(start, start + 1), None, sweep.count)
    for block in sweep.blocks:
        start = block.node.span.start
        yield LensAnchor(Span(start, start + 1), block, block.count or 0)


def lenses_at(context: DocumentContext, anchor: LensAnchor) -> Iterator[CodeLens]:
    """Yield the lenses of one place."""
    which = "all " if anchor.block is None else ""
    pointer: Mapping[str, Any] = {} if anchor.pointer is None else {"block": anchor.pointer}
    arguments = {**_module(context), **pointer}
    yield CodeLens(
        anchor.span, f"▷ Run {which}{phrases.jobs(anchor.count)} locally", "run", arguments, shows=True
    )
    title = submission_title(context.estimate, anchor.count, which)
    yield CodeLens(anchor.span, title, "planAndSubmit", arguments, shows=True)
    yield CodeLens(anchor.span, "Dry run", "plan", arguments, shows=True)
    yield CodeLens(anchor.span, "Expand", "expand", {**pointer, "limit": _SHOWN}, shows=True)


@lru_cache(64)  # the blocks of a sweep have mostly the same number of jobs
def submission_title(estimate: CostEstimate, count: int, which: str = "") -> str:
    """Return the title of a submission of so many jobs, with their price or the reason why it would be refused."""
    title = f"☁ Submit {which}{phrases.jobs(count)}"
    if estimate.choice is None:
        return f"{title} · the hardware isn't available"
    cost = estimate.cost_of(count)
    title += " · price not known" if cost is None else f" ≈ {phrases.money(cost)}"
    most = estimate.limits.max_cost_per_hour
    if count > estimate.most_jobs:
        title += f" · over the limit of {phrases.jobs(estimate.most_jobs)}"
    elif most is not None and (cost is None or cost > most):
        title += f" · over the limit of {phrases.money(most)}"
    return title


_SHOWN = 1000  # jobs that an editor lists at once


def _module(context: DocumentContext) -> Mapping[str, Any]:
    """Return the module to run if the project's config has none: the script whose flags the experiment sets."""
    if context.estimate.project.module is not None or context.script is None:
        return {}
    return {"module": context.script.path}
