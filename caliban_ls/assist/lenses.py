"""Code lenses: what can be done with a block, said with the numbers that doing it will have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from caliban_ls.assist import words
from caliban_ls.assist.page import Page
from caliban_ls.outlook import Outlook
from caliban_ls.text import Span


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


def lenses(page: Page) -> Iterator[Lens]:
    """Yield the lenses of an experiment config; none while it has errors, since every command would refuse it."""
    sweep, root = page.sweep, page.document.root
    if page.kind != "experiment" or sweep.count is None or root is None:
        return
    module = _module(page)
    if len(sweep.blocks) != 1:
        start = root.span.start
        yield from _of(page.outlook, sweep.count, Span(start, start + 1), module, "all ")
    for block in sweep.blocks:
        start = block.node.span.start
        span = Span(start, start + 1)
        yield from _of(page.outlook, block.count or 0, span, {**module, "block": block.pointer}, "")


def submission_title(outlook: Outlook, count: int, which: str = "") -> str:
    """Return what submitting so many jobs is called, with what they cost, or why they would be refused."""
    title = f"☁ Submit {which}{words.jobs(count)}"
    if outlook.choice is None:
        return f"{title} · the hardware can't be had"
    cost = outlook.cost_of(count)
    title += " · price not known" if cost is None else f" ≈ {words.money(cost)}"
    most = outlook.limits.max_cost_per_hour
    if count > outlook.most_jobs:
        title += f" · over the limit of {words.jobs(outlook.most_jobs)}"
    elif most is not None and (cost is None or cost > most):
        title += f" · over the limit of {words.money(most)}"
    return title


def _of(outlook: Outlook, count: int, span: Span, arguments: Mapping[str, Any], which: str) -> Iterator[Lens]:
    if count == 0:
        return
    of_sweep = {key: value for key, value in arguments.items() if key == "block"}
    yield Lens(span, f"▷ Run {which}{words.jobs(count)} locally", "run", arguments, shows=True)
    yield Lens(span, submission_title(outlook, count, which), "planAndSubmit", arguments, shows=True)
    yield Lens(span, "Dry run", "plan", arguments, shows=True)
    yield Lens(span, "Expand", "expand", {**of_sweep, "limit": _SHOWN}, shows=True)


_SHOWN = 1000  # jobs that an editor lists at once


def _module(page: Page) -> Mapping[str, Any]:
    """Return what runs, where the project's config doesn't say it: the script whose flags are set."""
    if page.outlook.project.module is not None or page.script is None:
        return {}
    return {"module": page.script.path}
