"""Exit codes of commands that did their work; `caliban_ls.core.errors` has those of failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caliban_ls.analysis.findings import Severity

if TYPE_CHECKING:
    import argparse


def exit_code(name: str, result: Any, options: argparse.Namespace) -> int:  # noqa: ANN401 - any result
    """Return the exit code of a command that returned a result.

    A run of one job ends as the job did; a sweep ends with 1 when any of its jobs failed.
    """
    if name == "check":
        severities = {found.severity for file in result for found in file.findings}
        failing = {Severity.ERROR} if options.fail_on == "error" else {Severity.ERROR, Severity.WARNING}
        return 1 if severities & failing else 0
    if name in {"shell", "attach"}:
        return int(result.exit_code)
    if name == "stop":
        return 4 if result.failed else 0
    if name == "doctor":
        return 3 if any(check.status == "failure" for check in result.checks) else 0
    if name == "run" and not (options.dry_run or options.detach):
        if len(result.jobs) == 1 and (options.rerun_failed or options.experiment_config is None):
            (job,) = result.jobs
            return 1 if job.exit_code is None else int(job.exit_code)
        return 0 if all(job.state == "SUCCEEDED" for job in result.jobs) else 1
    return 0
