"""Summarize a command's result in a few lines, for editors that don't show results themselves."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from caliban_ls.operations.jobs.failure_reasons import reasons

_MOST_JOBS: Final = 10

_MOST_REASONS: Final = 3


def summary_of(name: str, result: Mapping[str, Any]) -> str | None:
    """Return a summary of a result, None for a command without one.

    Args:
        name: the command's name.
        result: its result, as JSON.
    """
    summarize = _SUMMARIES.get(name)
    return None if summarize is None else summarize(result)


def _of_expansion(result: Mapping[str, Any]) -> str:
    jobs = result["jobs"][:_MOST_JOBS]
    lines = [f"{job['index']}: {shlex.join(job['args'])}" for job in jobs]
    left = result["count"] - len(lines)
    return "\n".join([_counted(result["count"]), *lines, *([f"… and {left:,} more"] if left else [])])


def _of_plan(result: Mapping[str, Any]) -> str:
    cost = result.get("cost")
    held = result.get("accelerator")
    hardware = result["machine_type"] + (f" with {held['count']}x{held['type']}" if held else "")
    price = "price not known"
    if cost is not None:
        price = f"{cost['per_job_hour']:.2f} {cost['currency']} an hour each, {cost['all_jobs_hour']:.2f} all at once"
    lines = [f"{_counted(result['count'])} on {hardware} in {result['region']}: {price}"]
    lines += result.get("notes", ())
    return "\n".join([*lines, "Nothing was built or sent."])


def _of_jobs(result: Mapping[str, Any]) -> str:
    states = Counter(job["state"] for job in result["jobs"])
    listed = ", ".join(f"{number:,} {state.lower()}" for state, number in states.items())
    jobs = result["jobs"]
    listed_reasons = reasons(((job["index"], job["state"], job.get("error")) for job in jobs), len(jobs))
    left = len(listed_reasons) - _MOST_REASONS
    more = [f"… and {left:,} more reasons"] if left > 0 else []
    return "\n".join([f"{result['group']}: {listed or 'no jobs'}", *listed_reasons[:_MOST_REASONS], *more])


_SUMMARIES: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "expand": _of_expansion,
    "plan": _of_plan,
    "planAndSubmit": _of_jobs,
    "run": _of_jobs,
}


def _counted(count: int) -> str:
    return "1 job" if count == 1 else f"{count:,} jobs"
