"""Find the jobs that an offset in an experiment config belongs to: those of its block, or those with the value there.

Knows offsets of a text; what a cursor is it doesn't know. Counts without enumerating, and expands lazily.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from typing import Any

from caliban_ls.analysis.experiment.block import row_count
from caliban_ls.analysis.experiment.sweep import Axis, Block, Experiment, axes, expand
from caliban_ls.analysis.jsondoc import Member


@dataclass(frozen=True, slots=True)
class Selection:
    """Some jobs of a sweep without errors.

    Attributes:
        sweep: the whole.
        before: how many jobs stand before those of the block that is meant.
        parts: what that block varies; None when all jobs of the sweep are meant.
        choices: which rows of each part are.
    """

    sweep: Experiment
    before: int = 0
    parts: tuple[Axis, ...] | None = None
    choices: tuple[range, ...] = ()

    @property
    def count(self) -> int:
        """Return how many jobs these are."""
        return (self.sweep.count or 0) if self.parts is None else prod(map(len, self.choices))

    def jobs(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield each job's index in the sweep, from 1, and its parameters."""
        if self.parts is None:
            yield from enumerate(expand(self.sweep), start=1)
            return
        for chosen in itertools.product(*self.choices):
            place = 0
            parameters: dict[str, Any] = {}
            for part, row in zip(self.parts, chosen, strict=True):
                place = place * len(part.rows) + row
                parameters |= zip(part.flags, part.rows[row], strict=True)
            yield self.before + place + 1, parameters


def jobs_at(sweep: Experiment, offset: int) -> Selection:
    """Return the jobs that a place is part of: those with the value there, or else of the block, or else all.

    Args:
        sweep: one without errors.
        offset: code points from the start of its text; the end of a value still counts as its place.
    """
    before = 0
    for block in sweep.blocks:
        if block.node.span.start <= offset <= block.node.span.end:
            return Selection(sweep, before, axes(block), tuple(_choices(block, offset)))
        before += block.count or 0
    return Selection(sweep)


def _choices(block: Block, offset: int) -> Iterator[range]:
    for member in block.node.members:
        row = _row_at(member, offset)
        yield range(row_count(member)) if row is None else range(row, row + 1)


def _row_at(member: Member, offset: int) -> int | None:
    """Return which of a key's rows stands at a place, None when none does."""
    value = member.value
    if value is None or not value.span.start <= offset <= value.span.end or row_count(member) == 1:
        return None
    for number, item in enumerate(value.items):
        if item.span.start <= offset <= item.span.end:
            return number
    return None
