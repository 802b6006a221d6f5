"""`expand`: list the jobs of an experiment config."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterator

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.experiment import sweep as sweeps
from caliban_ls.analysis.experiment.selection import Selection, jobs_at
from caliban_ls.core.errors import UsageError
from caliban_ls.core.text import LineIndex, spoken_number
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import experiment_text, sweep_of
from caliban_ls.operations.schemas.expand import ExpandArguments, ExpandedJob, ExpandResult

_COUNT_LIMIT = 10**4000  # jobs; Python writes out no number that is much longer
_LIST_LIMIT = 100_000  # jobs of one JSON answer; a client asks for more piece by piece


def expand(arguments: ExpandArguments, context: Context) -> ExpandResult:
    """List the jobs of an experiment config. The count is computed, so it needs no list.

    Raises:
        UsageError: the file can't be read, an argument is wrong, or the jobs are too many for one answer.
        InvalidDocument: the file has errors.
    """
    text = experiment_text(arguments.file, context)
    sweep = sweep_of(arguments.file, jsondoc.parse(text), arguments.block)
    if arguments.limit is not None and arguments.limit < 0:
        raise UsageError("--limit takes a number that isn't negative")
    chosen = Selection(sweep) if arguments.at is None else jobs_at(sweep, _offset(arguments.at, text))
    count = chosen.count
    if count >= _COUNT_LIMIT:
        raise UsageError(
            f"{spoken_number(count)} jobs are more than can be numbered", hint="Make the sweep smaller."
        )
    if arguments.limit is None and count > _LIST_LIMIT and not context.streams:
        raise UsageError(
            f"{spoken_number(count)} jobs are too many for one answer", hint="Ask for the first with a limit."
        )
    if not arguments.text:
        return ExpandResult(count=count, jobs=_expanded(chosen, arguments.limit))
    if count > _LIST_LIMIT:
        raise UsageError(
            f"{spoken_number(count)} jobs are too many to look for a text in",
            hint=f"Choose {spoken_number(_LIST_LIMIT)} at most with --block or --at.",
        )
    found = [job for job in _expanded(chosen, None) if _has(job, arguments.text)]
    return ExpandResult(count=len(found), jobs=iter(found[: arguments.limit]))


def _expanded(chosen: Selection, limit: int | None) -> Iterator[ExpandedJob]:
    for index, parameters in itertools.islice(chosen.jobs(), limit):
        yield ExpandedJob(index=index, args=sweeps.arguments(parameters), parameters=parameters)


def _has(job: ExpandedJob, text: str) -> bool:
    """Return whether the arguments of a job have a text, in their plain form or quoted for a shell."""
    wanted = text.casefold()
    return any(wanted in shown.casefold() for shown in (" ".join(job.args), shlex.join(job.args)))


def _offset(place: str, text: str) -> int:
    """Return the offset of LINE:COLUMN; a column after the end of its line is the end."""
    found = re.fullmatch(r"([1-9]\d{0,8}):([1-9]\d{0,8})", place, re.ASCII)
    if found is None:
        raise UsageError(f"--at takes LINE:COLUMN, not {place}", hint="Both count from 1, as in 3:12.")
    return LineIndex(text).offset(int(found[1]) - 1, int(found[2]) - 1)
