"""What people see in a terminal: results as text and tables, progress, and the output of jobs.

Progress and everything that isn't the result goes to stderr. rich is loaded only when a table or a bar is shown.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from caliban_ls.analysis import report
from caliban_ls.analysis.findings import Severity
from caliban_ls.cli.questions import typed_line
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.operations.context.context import JobListener
from caliban_ls.operations.jobs.failure_reasons import reasons
from caliban_ls.operations.schemas.cloud import CloudJob, CloudResult
from caliban_ls.operations.schemas.containers import (
    BuildResult,
    ContainersResult,
    NotebookResult,
    RunJob,
    RunResult,
    ShellResult,
)
from caliban_ls.operations.schemas.editing import ExpandResult, RuleResult, RulesResult
from caliban_ls.operations.schemas.hardware import CatalogResult, HardwareResult
from caliban_ls.operations.schemas.jobs import (
    ExportResult,
    LogsResult,
    StatusGroup,
    StatusJob,
    StatusResult,
    StopResult,
)
from caliban_ls.operations.schemas.setup import DoctorResult, InitResult, TrustResult

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table

    from caliban_ls.runtime.jobs import JobResult, JobSpec, Stream

Job = TypeVar("Job", RunJob, StatusJob, CloudJob)

_REASONS = 1000  # that are remembered, so as to be said once

_SHOWN_JOBS = 50  # a table of more shows its first and last rows


def show_check(files: Sequence[report.CheckedFile], options: argparse.Namespace) -> str:
    """Return findings in the format that was asked for."""
    formats = {
        "text": report.as_text,
        "json": report.as_json,
        "github": report.as_github,
        "sarif": report.as_sarif,
    }
    return formats["json" if options.json else options.format](files)


def show_expand(result: ExpandResult, options: argparse.Namespace) -> Iterator[str]:
    """Yield the number of jobs, or one line a job, spelled as a shell would need it."""
    if options.count:
        return iter([f"{result.count}\n"])
    return (shlex.join(job.args) + "\n" for job in result.jobs)


def show_rule(result: RuleResult, _options: argparse.Namespace) -> str:
    """Return a rule's explanation with its examples."""
    wrong, right = (_indent(text) for text in (result.wrong, result.right))
    return (
        f"{result.code} {result.name} ({result.severity})\n\n{result.explanation}\n\n"
        f"Wrong:\n{wrong}\nRight:\n{right}\n"
    )


def show_rules(result: RulesResult, _options: argparse.Namespace) -> str:
    """Return a line for each rule."""
    return "".join(f"{rule.code}  {rule.severity:<11}  {rule.name}\n" for rule in result.rules)


def show_build(result: BuildResult, _options: argparse.Namespace) -> str:
    """Return the image's tag, and whether anything had to be done for it."""
    done = "up to date" if result.cached else f"built in {result.seconds:.1f} s"
    return f"{result.tag} ({done})\n"


def show_run(result: RunResult, _options: argparse.Namespace) -> str:
    """Return a table of a sweep's jobs; a single job has shown itself."""
    if not result.jobs:
        return ""
    planned = all(job.state in {"PLANNED", "QUEUED"} for job in result.jobs)
    if len(result.jobs) == 1 and not planned:
        return ""
    metrics = list(dict.fromkeys(name for job in result.jobs for name in job.metrics))
    table = _table(
        "index",
        "arguments",
        "state",
        *([] if planned else ["seconds"]),
        *metrics,
        numbers={"index", "seconds", *metrics},
    )
    for job in _ends(result.jobs):
        table.add_row(
            *([""] * len(table.columns) if job is None else _job_cells(job, metrics, planned=planned))
        )
    counts: dict[str, int] = {}
    for job in result.jobs:
        counts[job.state] = counts.get(job.state, 0) + 1
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    errors = _reasons(result.jobs, len(result.jobs))
    return f"{_render(table)}{result.group}: {said}\n{errors}"


def show_cloud(result: CloudResult, options: argparse.Namespace) -> str:
    """Return the plan, or a table of what was sent."""
    if getattr(options, "dry_run", False):
        table = _table("index", "arguments", numbers={"index"})
        for job in _ends(result.jobs):
            table.add_row(*(["…", ""] if job is None else [str(job.index), shlex.join(job.args)]))
        return f"{_described(result)}\n{_render(table)}Nothing was built or sent.\n"
    lines = [
        "…" if job is None else f"{job.index:>6}  {job.state}  {job.url or shlex.join(job.args)}"
        for job in _ends(result.jobs)
    ]
    follow = f"{result.group}: {result.count} jobs; `caliban status {result.group}` follows them."
    return "\n".join([*lines, follow, ""])


def show_catalog(result: CatalogResult, _options: argparse.Namespace) -> str:
    """Return the rows as a table, with a line on how old the prices are."""
    if not result.rows:
        return "Nothing in the catalogue goes with all of that.\n"
    columns = list(result.rows[0])
    numbers = {name for name in columns for row in result.rows if isinstance(row[name], (int, float))}
    table = _table(
        *(name.replace("_", " ") for name in columns), numbers={name.replace("_", " ") for name in numbers}
    )
    for row in result.rows:
        table.add_row(*(_cell(row[name]) for name in columns))
    return f"{_render(table)}Prices in {result.currency} an hour, as of {result.as_of}.\n"


def show_hardware(result: HardwareResult, _options: argparse.Namespace) -> str:
    """Return what jobs would run on, what is wrong with that, and a table of what could be chosen instead."""
    found = [
        f"{result.config}:{one.line + 1}: {one.severity}[{one.code}]: {one.message}"
        for one in result.findings
    ]
    said = "\n".join([result.text, *result.notes, *found, ""])
    if not result.options:
        return said
    table = _table("", "value", "what", "price", "", numbers={"price"})
    for option in result.options:
        mark = "*" if option.current else "" if option.possible else "x" if option.changes is None else "+"
        table.add_row(mark, option.label, option.detail, option.price, option.reason)
    return (
        f"{said}{_render(table)}* holds now, + needs another change, x can't be had; prices are of one job.\n"
    )


def show_shell(_result: ShellResult, _options: argparse.Namespace) -> str:
    """Return nothing: the shell has shown itself."""
    return ""


def show_notebook(result: NotebookResult, _options: argparse.Namespace) -> str:
    """Return where a notebook answers that goes on, and how to stop it."""
    return f"{result.url}\n`caliban stop {result.container}` stops it.\n"


def show_containers(result: ContainersResult, _options: argparse.Namespace) -> str:
    """Return a table of what lives now."""
    if not result.containers:
        return "No container of caliban's runs now.\n"
    table = _table("id", "kind", "name", "url", numbers=set())
    for container in result.containers:
        table.add_row(container.id, container.kind, container.name, container.url or "")
    return _render(table)


def show_status(result: StatusResult, options: argparse.Namespace) -> str:
    """Return a line for each launch; for a single one its jobs."""
    notes = "".join(f"{note}\n" for note in result.notes)
    if not result.groups:
        return f"Nothing has been run on this machine so far.\n{notes}" if not _narrowed(options) else notes
    if len(result.groups) == 1 and result.groups[0].jobs:
        return f"{_one_launch(result.groups[0], options)}{notes}"
    table = _table("group", "backend", "age", "on", "jobs", "states", "cost", numbers={"jobs", "cost"})
    for group in result.groups:
        on = _machine_of(group)
        table.add_row(group.name, group.backend, _age(group.created), on, str(group.count), *_sums(group))
    older = (
        f"{result.more:,} older groups aren't listed; --limit and --text choose which are\n"
        if result.more
        else ""
    )
    return f"{_render(table)}{older}{notes}"


def _one_launch(group: StatusGroup, options: argparse.Namespace) -> str:
    cloud = group.backend != "local"
    metrics = list(dict.fromkeys(name for job in group.jobs for name in job.metrics))
    columns = ("index", "arguments", "state", "seconds", *metrics, *(["url"] if cloud else []))
    table = _table(*columns, numbers={"index", "seconds", *metrics})
    jobs: list[StatusJob | None] = list(group.jobs)
    if options.jobs is not None or options.after:
        last = options.jobs is not None and len(jobs) == options.jobs and len(jobs) < group.count
        jobs = [*([None] if options.after else []), *jobs, *([None] if last else [])]
    elif len(jobs) > 1 and len(jobs) < group.count:
        jobs.insert(len(jobs) // 2, None)
    for job in jobs:
        if job is None:
            table.add_row("…", *([""] * (len(columns) - 1)))
        else:
            table.add_row(*_job_cells(job, metrics, planned=False), *([job.url or ""] if cloud else []))
    errors = _reasons(group.jobs, group.count)
    states, cost = _sums(group)
    on = f", {_machine_of(group)}" if group.machine_type else ""
    where = f"{group.backend}, {group.project_id}, {group.region}" if cloud else f"local, {group.folder}"
    spent = f"; {cost} so far" if cost else ""
    return f"{group.name} ({where}{on})\n{_render(table)}{errors}{states}{spent}\n"


def _reasons(jobs: Sequence[RunJob | StatusJob], total: int) -> str:
    return "".join(
        f"  {line}\n" for line in reasons(((job.index, job.state, job.error) for job in jobs), total)
    )


def _machine_of(group: StatusGroup) -> str:
    parts = [group.machine_type, group.accelerator, "spot" if group.spot else None]
    return " ".join(part for part in parts if part)


def _sums(group: StatusGroup) -> tuple[str, str]:
    """Return how many jobs are in which state, and what they have cost so far; nothing where nobody pays."""
    states = ", ".join(f"{count:,} {state}" for state, count in group.states.items())
    if group.gone:
        states += f" ({group.gone:,} no longer known to Google)"
    if group.cost is None:
        return states, "" if group.backend == "local" else "unknown"
    return states, f"{group.cost.so_far:,.2f} {group.cost.currency}"


def _age(created: str) -> str:
    """Return how long ago something was, in its largest unit."""
    seconds = (datetime.now(timezone.utc) - datetime.fromisoformat(created)).total_seconds()
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _narrowed(options: argparse.Namespace) -> bool:
    """Return whether only some launches were asked for, so that none of them says nothing of the others."""
    return bool(options.state or options.text or options.backend or options.reference)


def show_logs(result: LogsResult, _options: argparse.Namespace) -> str:
    """Return nothing: the log has shown itself."""
    return result.text


def show_stop(result: StopResult, _options: argparse.Namespace) -> str:
    """Return a line for each thing that was to be stopped."""
    stopped = "".join(f"stopped {name}\n" for name in result.stopped)
    if not (result.stopped or result.ended or result.failed):
        return "There was nothing to stop.\n"
    stopped += "".join(f"{name} had ended already\n" for name in result.ended)
    return stopped + "".join(f"{one.job} couldn't be stopped: {one.error}\n" for one in result.failed)


def show_resubmit(result: CloudResult, options: argparse.Namespace) -> str:
    """Return the plan, or a table of what was sent; nothing when there was nothing to send."""
    return show_cloud(result, options) if result.jobs else ""


def show_export(result: ExportResult, options: argparse.Namespace) -> Iterator[str]:
    """Yield the table, unless it was written to a file."""
    from caliban_ls.operations.jobs.export import written

    if result.path is not None:
        sys.stderr.write(f"{result.count:,} jobs are written to {result.path}\n")
        return iter(())
    return written(result, options.format)


def show_trust(result: TrustResult, _options: argparse.Namespace) -> str:
    """Return what is agreed to, one line a key."""
    if not result.agreed:
        return "The project's config wants nothing that needs agreement.\n"
    lines = (f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in result.agreed.items())
    return f"Agreed, until one of these changes:\n{''.join(lines)}"


def show_doctor(result: DoctorResult, _options: argparse.Namespace) -> str:
    """Return one line for each thing that was looked at, with its mend beneath."""
    marks = {"ok": "ok     ", "warning": "warning", "failure": "FAILURE"}
    lines = []
    for check in result.checks:
        lines.append(f"{marks[check.status]}  {check.name}: {check.message}")
        if check.hint:
            lines.append(f"         → {check.hint}")
    return "\n".join(lines) + "\n"


def show_init(result: InitResult, _options: argparse.Namespace) -> str:
    """Return what was written and what was left alone."""
    written = [f"wrote {name}" for name in result.written]
    kept = [f"kept  {name} (it was here already)" for name in result.kept]
    return "\n".join([*written, *kept]) + "\n"


def exit_code(name: str, result: Any, options: argparse.Namespace) -> int:  # noqa: ANN401 - any result
    """Return what the process ends with when a command did what it could.

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
        if options.rerun_failed:
            return 0 if all(job.state == "SUCCEEDED" for job in result.jobs) else 1
        if options.experiment_config is None:
            (job,) = result.jobs
            return 1 if job.exit_code is None else int(job.exit_code)
        return 0 if all(job.state == "SUCCEEDED" for job in result.jobs) else 1
    return 0


SHOW: Mapping[str, Callable[[Any, argparse.Namespace], str | Iterator[str]]] = {
    "check": show_check,
    "expand": show_expand,
    "rule": show_rule,
    "rules": show_rules,
    "catalog": show_catalog,
    "hardware": show_hardware,
    "build": show_build,
    "shell": show_shell,
    "notebook": show_notebook,
    "run": show_run,
    "cloud": show_cloud,
    "resume": show_resubmit,
    "status": show_status,
    "logs": show_logs,
    "stop": show_stop,
    "resubmit": show_resubmit,
    "export": show_export,
    "containers": show_containers,
    "attach": show_shell,
    "trust": show_trust,
    "doctor": show_doctor,
    "init": show_init,
}
"""How each command's result looks to people."""


class Session(JobListener):
    """Progress and job output while a command works. Its methods may be called from any thread.

    Lines go to stderr; a bar is drawn under them when that is a terminal. Jobs print to the process's own
    stdout and stderr, unless stdout is promised to one JSON document. When several jobs run at once, each
    line carries its job's index.
    """

    def __init__(self, *, as_json: bool, several: bool, cancel: CancelToken) -> None:
        self._cancel = cancel
        self._lock = threading.Lock()
        self._as_json = as_json
        self._several = several
        self._bar: Progress | None = None
        self._partial: dict[tuple[int, Stream], bytes] = {}
        self._said: dict[str, int] = {}  # the first job that ended for a reason

    def report(self, message: str, fraction: float | None = None) -> None:
        """Show one line of progress, and move the bar when there is a fraction."""
        with self._lock:
            if sys.stderr.isatty() and fraction is not None:
                self._draw(message, fraction)
            else:
                self._end_bar()
                sys.stderr.write(f"{message}\n" if message else "")
                sys.stderr.flush()

    def ask(self, question: str, action: str) -> bool:
        """Put a question to whoever sits at the terminal; without one it is a no."""
        if not is_somebody_there():
            return False
        return self._answer(f"{question}\n{action}? [y/N] ").lower() in {"y", "yes"}

    def insist(self, question: str, word: str) -> bool:
        """Have whoever sits at the terminal type a word; without one it is a no."""
        if not is_somebody_there():
            return False
        return self._answer(f"{question}\nType {word} to go on: ") == word

    def started(self, job: JobSpec) -> None:
        """Say which job starts, when there are several."""
        if self._several:
            self.report(f"[{job.index}] {shlex.join(job.args)}")

    def output(self, job: JobSpec, stream: Stream, chunk: bytes) -> None:
        """Pass on what a job printed."""
        target = sys.stderr if self._as_json or stream == "stderr" else sys.stdout
        if not self._several:
            self._write(target, chunk)
            return
        *lines, rest = (self._partial.pop((job.index, stream), b"") + chunk).split(b"\n")
        self._partial[job.index, stream] = rest
        self._write(target, b"".join(b"[%d] %s\n" % (job.index, line) for line in lines))

    def finished(self, result: JobResult) -> None:
        """Pass on a last line that has no end, and say how the job ended."""
        streams: tuple[Stream, ...] = ("stdout", "stderr")
        for stream in streams:
            if self._partial.get((result.job.index, stream)):
                self.output(result.job, stream, b"\n")
        if result.error is not None:
            prefix = f"[{result.job.index}] " if self._several else ""
            first = self._said.get(result.error)
            if first is None and len(self._said) < _REASONS:
                self._said[result.error] = result.job.index
            reason = result.error if first is None else f"as job {first}"
            self.report(f"{prefix}{result.state.value}: {reason}")

    def close(self) -> None:
        """Take the bar away."""
        with self._lock:
            self._end_bar()

    def _answer(self, question: str) -> str:
        """Return the line that is typed in answer to a question, without what surrounds it.

        Raises:
            Cancelled: the user stopped it instead.
        """
        with self._lock:
            self._end_bar()
            sys.stderr.write(question)
            sys.stderr.flush()
            line = ""
            try:
                line = typed_line(self._cancel)
            finally:
                if not line:  # the cursor still stands behind the question
                    sys.stderr.write("\n")
                    sys.stderr.flush()
        return line.strip()

    def _end_bar(self) -> None:
        """Take the bar away before something else is written; the next fraction draws a new one."""
        if self._bar is not None:
            self._bar.stop()
            self._bar = None

    def _write(self, target: TextIO, data: bytes) -> None:
        with self._lock:
            self._end_bar()
            target.flush()
            target.buffer.write(data)
            target.buffer.flush()

    def _draw(self, message: str, fraction: float) -> None:
        if self._bar is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

            columns = (BarColumn(), TaskProgressColumn(), TextColumn("{task.description}", markup=False))
            self._bar = Progress(*columns, console=Console(stderr=True), transient=True)
            self._bar.add_task("", total=1.0)
            self._bar.start()
        self._bar.update(self._bar.task_ids[0], completed=fraction, description=message)


def is_somebody_there() -> bool:
    """Return whether somebody sits at a terminal, who can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


@contextmanager
def session(*, as_json: bool, several: bool, cancel: CancelToken) -> Iterator[Session]:
    """Show progress while the body runs.

    Args:
        as_json: whether stdout is promised to one JSON document.
        several: whether several jobs may print at once.
        cancel: ends questions, unanswered.
    """
    shown = Session(as_json=as_json, several=several, cancel=cancel)
    try:
        yield shown
    finally:
        shown.close()


def _table(*columns: str, numbers: set[str]) -> Table:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(
            column, justify="right" if column in numbers else "left", no_wrap=column != "arguments"
        )
    return table


def _render(table: Table) -> str:
    """Return a table as text: as wide as the terminal, or as wide as it needs when it goes to a file."""
    import io

    from rich.console import Console

    wide = None if sys.stdout.isatty() else 10_000
    console = Console(file=io.StringIO(), width=wide, force_terminal=sys.stdout.isatty())
    with console.capture() as capture:
        console.print(table)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


def _described(result: CloudResult) -> str:
    from caliban_ls.operations.cloud.plan_view import described

    return described(result)


def _ends(jobs: Sequence[Job]) -> Iterator[Job | None]:
    """Yield the first and last jobs of many, None standing for those between."""
    if len(jobs) <= _SHOWN_JOBS:
        yield from jobs
        return
    yield from jobs[: _SHOWN_JOBS // 2]
    yield None
    yield from jobs[-_SHOWN_JOBS // 2 :]


def _job_cells(job: RunJob | StatusJob, metrics: Sequence[str], *, planned: bool) -> list[str]:
    cells = [str(job.index), shlex.join(job.args), job.state]
    if not planned:
        cells.append("" if job.seconds is None else f"{job.seconds:.1f}")
    return [*cells, *(_cell(job.metrics.get(name)) for name in metrics)]


def _cell(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    if isinstance(value, float):
        return f"{value:.4f}".rstrip("0").rstrip(".") if abs(value) >= 1e-3 or value == 0 else f"{value:.3g}"  # noqa: PLR2004
    if isinstance(value, (tuple, list)):
        return " ".join(map(str, value))
    return "" if value is None else str(value)


def _indent(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())
