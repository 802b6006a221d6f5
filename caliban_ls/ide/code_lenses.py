"""Code lenses: what can be done with a block, said with the numbers that doing it will have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from caliban_ls.analysis.estimate import Outlook
from caliban_ls.analysis.experiment.sweep import Block
from caliban_ls.core.text import Span
from caliban_ls.ide import phrases
from caliban_ls.ide.document_context import Page


@dataclass(frozen=True, slots=True)
class Lens:
    """A line of text above a span that does something when it is chosen.

    Attributes:
        span: what it is about.
        title: what is shown.
        command: the name of our command.
        arguments: fields of the command's argument; which document is meant is for the asker to add.
        shows: whether the command's answer is all that it does, so that somebody must show it.
    """

    span: Span
    title: str
    command: str
    arguments: Mapping[str, Any]
    shows: bool


@dataclass(frozen=True, slots=True)
class Spot:
    """Where lenses stand.

    Attributes:
        span: what they are about.
        block: the block that this is, None where it is all of them together.
        count: how many jobs that is.
    """

    span: Span
    block: Block | None
    count: int

    @property
    def pointer(self) -> str | None:
        """JSON pointer to the block."""
        return None if self.block is None else self.block.pointer


def lenses(page: Page) -> Iterator[Lens]:
    """Yield the lenses of an experiment config."""
    for spot in spots(page):
        yield from lenses_at(page, spot)


def spots(page: Page) -> Iterator[Spot]:
    """Yield where an experiment config has lenses; nowhere while it has errors, since every command would refuse it."""
    sweep, root = page.sweep, page.document.root
    if page.kind != "experiment" or page.wrong or sweep.count is None or root is None:
        return
    if len(sweep.blocks) > 1:
        start = root.span.start
        yield Spot(Span(start, start + 1), None, sweep.count)
    for block in sweep.blocks:
        start = block.node.span.start
        yield Spot(Span(start, start + 1), block, block.count or 0)


def lenses_at(page: Page, spot: Spot) -> Iterator[Lens]:
    """Yield the lenses of one spot."""
    which = "all " if spot.block is None else ""
    pointer: Mapping[str, Any] = {} if spot.pointer is None else {"block": spot.pointer}
    arguments = {**_module(page), **pointer}
    yield Lens(spot.span, f"▷ Run {which}{phrases.jobs(spot.count)} locally", "run", arguments, shows=True)
    title = submission_title(page.outlook, spot.count, which)
    yield Lens(spot.span, title, "planAndSubmit", arguments, shows=True)
    yield Lens(spot.span, "Dry run", "plan", arguments, shows=True)
    yield Lens(spot.span, "Expand", "expand", {**pointer, "limit": _SHOWN}, shows=True)


@lru_cache(64)  # the blocks of a sweep have mostly the same number of jobs
def submission_title(outlook: Outlook, count: int, which: str = "") -> str:
    """Return what submitting so many jobs is called, with what they cost, or why they would be refused."""
    title = f"☁ Submit {which}{phrases.jobs(count)}"
    if outlook.choice is None:
        return f"{title} · the hardware can't be had"
    cost = outlook.cost_of(count)
    title += " · price not known" if cost is None else f" ≈ {phrases.money(cost)}"
    most = outlook.limits.max_cost_per_hour
    if count > outlook.most_jobs:
        title += f" · over the limit of {phrases.jobs(outlook.most_jobs)}"
    elif most is not None and (cost is None or cost > most):
        title += f" · over the limit of {phrases.money(most)}"
    return title


_SHOWN = 1000  # jobs that an editor lists at once


def _module(page: Page) -> Mapping[str, Any]:
    """Return what runs, where the project's config doesn't say it: the script whose flags are set."""
    if page.outlook.project.module is not None or page.script is None:
        return {}
    return {"module": page.script.path}
