"""What caliban can do, once for every face: one function per command, and the table that faces read.

Knows neither argparse nor LSP nor an SDK. A function takes its arguments (a frozen dataclass) and a
`Context`, and returns its result (a frozen dataclass). What is heavy is imported where it is used.
"""

from __future__ import annotations

import difflib
import itertools
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.backend_names import backend_named
from caliban_ls.analysis.document_kind import PROJECT_FILE, document_kind, treated
from caliban_ls.analysis.experiment import sweep
from caliban_ls.analysis.experiment.selection import Selection, jobs_at
from caliban_ls.analysis.report import CheckedFile
from caliban_ls.analysis.rules import RULES
from caliban_ls.analysis.rules.rule import DocumentKind
from caliban_ls.core import project_files
from caliban_ls.core.errors import UsageError
from caliban_ls.core.text import LineIndex, spoken_number
from caliban_ls.ide.fixes import sound_fixes
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.inputs import experiment_text, sweep_of
from caliban_ls.operations.schemas import containers as schemas_containers
from caliban_ls.operations.schemas.cloud import (
    CloudArguments,
    CloudResult,
    ResubmitArguments,
    ResumeArguments,
    SubmitArguments,
)
from caliban_ls.operations.schemas.editing import (
    CheckArguments,
    ExpandArguments,
    ExpandedJob,
    ExpandResult,
    FileEdit,
    IdentifyArguments,
    IdentifyResult,
    RuleArguments,
    RuleLine,
    RuleResult,
    RulesArguments,
    RulesResult,
)
from caliban_ls.operations.schemas.hardware import (
    CatalogArguments,
    CatalogResult,
    HardwareArguments,
    HardwareResult,
    SetHardwareArguments,
)
from caliban_ls.operations.schemas.jobs import (
    ExportArguments,
    ExportResult,
    LogsArguments,
    LogsResult,
    StatusArguments,
    StatusResult,
    StopArguments,
    StopResult,
)
from caliban_ls.operations.schemas.setup import (
    DoctorArguments,
    DoctorResult,
    InitArguments,
    InitResult,
    TrustArguments,
    TrustResult,
)
from caliban_ls.validation import validate
from caliban_ls.workspace.files import our_files, read_text

if TYPE_CHECKING:
    from caliban_ls.analysis.estimate import Outlook
    from caliban_ls.analysis.script import Script

_WRITTEN_AT_MOST = 10**4000  # jobs; Python writes out no number that is much longer
_LISTED_AT_MOST = 100_000  # jobs of one JSON answer; more are asked for piece by piece


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row of the table.

    Attributes:
        name: the command line's word; editors know it as `caliban-ls.NAME`.
        title: what progress shows while it works ("Building the image").
        summary: one line for `--help`.
        arguments: frozen dataclass, JSON object keys in lower_snake_case.
        run: the function.
        trusted: whether it runs or sends something, so that an editor must have allowed it.
        editor: whether editors may call it; what they show anyway they needn't ask for.
        terminal: whether the command line offers it; what has another name there it needn't.
        in_folder: whether it works on a project, so that an editor must say which one.
    """

    name: str
    title: str
    summary: str
    arguments: type
    run: Callable[[Any, Context], Any]
    trusted: bool = False
    editor: bool = True
    terminal: bool = True
    in_folder: bool = True


def check(arguments: CheckArguments, context: Context) -> tuple[CheckedFile, ...]:
    """Judge files as an editor would; a folder is searched for the files that are ours."""
    if arguments.as_kind not in (None, "experiment", "project"):
        raise UsageError(f"--as takes experiment or project, not {arguments.as_kind}")
    checked: list[CheckedFile] = []
    judge = _judge(context)
    for shown in arguments.paths or (".",):
        path = context.folder / shown
        if path.is_dir():
            for file, kind in our_files(path):
                relative = file.relative_to(context.folder) if file.is_relative_to(context.folder) else file
                checked.append(judge(str(relative), file, read_text(file, context.buffer, path), kind))
            continue
        if shown == "-":
            name, text = arguments.stdin_filename or "experiment.json", context.stdin()
        else:
            name, text = shown, read_text(path, context.buffer, context.folder)
        known = arguments.as_kind or document_kind(name, text)
        if known is None:
            context.report(f"{name} isn't ours, so it isn't judged; --as experiment makes it ours", None)
        else:
            checked.append(judge(name, context.folder / name, text, known))
    return tuple(checked)


def expand(arguments: ExpandArguments, context: Context) -> ExpandResult:
    """List the jobs that an experiment config stands for; the count is computed, never enumerated."""
    text = experiment_text(arguments.file, context)
    sweep = sweep_of(arguments.file, jsondoc.parse(text), arguments.block)
    if arguments.limit is not None and arguments.limit < 0:
        raise UsageError("--limit takes a number that isn't negative")
    chosen = Selection(sweep) if arguments.at is None else jobs_at(sweep, _offset(arguments.at, text))
    count = chosen.count
    if count >= _WRITTEN_AT_MOST:
        raise UsageError(
            f"{spoken_number(count)} jobs are more than can be numbered", hint="Make the sweep smaller."
        )
    if arguments.limit is None and count > _LISTED_AT_MOST and not context.streams:
        raise UsageError(
            f"{spoken_number(count)} jobs are too many for one answer", hint="Ask for the first with a limit."
        )
    if not arguments.text:
        return ExpandResult(count=count, jobs=_expanded(chosen, arguments.limit))
    if count > _LISTED_AT_MOST:
        raise UsageError(
            f"{spoken_number(count)} jobs are too many to look for a text in",
            hint=f"Choose {spoken_number(_LISTED_AT_MOST)} at most with --block or --at.",
        )
    found = [job for job in _expanded(chosen, None) if _has(job, arguments.text)]
    return ExpandResult(count=len(found), jobs=iter(found[: arguments.limit]))


def rule(arguments: RuleArguments, _context: Context) -> RuleResult:
    """Explain one diagnostic."""
    code = arguments.code.strip().upper()
    if code not in RULES:
        near = difflib.get_close_matches(code, RULES, n=1)
        hint = f"Did you mean {near[0]}?" if near else "All codes are listed in docs/rules.md."
        raise UsageError(f"There is no rule {arguments.code}", hint=hint)
    known = RULES[code]
    return RuleResult(
        code=known.code,
        name=known.name,
        severity=known.severity.value,
        explanation=known.explanation,
        wrong=known.wrong,
        right=known.right,
    )


def list_rules(_arguments: RulesArguments, _context: Context) -> RulesResult:
    """List every rule."""
    lines = (
        RuleLine(code=known.code, name=known.name, severity=known.severity.value) for known in RULES.values()
    )
    return RulesResult(rules=tuple(lines))


def identify(arguments: IdentifyArguments, context: Context) -> IdentifyResult:
    """Say what a file is, or which globs make it what it is to be."""
    path = context.folder / arguments.file
    name = path.relative_to(context.folder).as_posix() if path.is_relative_to(context.folder) else str(path)
    text = read_text(path, context.buffer, context.folder)
    patterns = arguments.experiment_files
    if patterns is None:
        patterns = context.settings.experiment_files
    if arguments.treat_as is not None:
        found = treated(name, text, patterns, as_experiment=arguments.treat_as == "experiment")
        if found is None:
            raise UsageError(
                f"{name} can't be treated as {arguments.treat_as}",
                hint="It is a project config, or a glob with ! in caliban.experimentFiles excludes it.",
            )
        patterns = found
    return IdentifyResult(kind=document_kind(name, text, patterns), experiment_files=patterns)


def list_catalog(arguments: CatalogArguments, _context: Context) -> CatalogResult:
    """List what can be asked for, with prices; filters leave what goes together with them."""
    from caliban_ls.analysis.hardware import SpecProblem, accelerators, machines, parse_spec, regions
    from caliban_ls.analysis.hardware.catalog import catalog

    listings: dict[str, Callable[..., Sequence[Any]]] = {
        "regions": regions,
        "machines": machines,
        "accelerators": accelerators,
    }
    if arguments.table not in listings:
        raise UsageError(f"The catalogue has no {arguments.table}", hint=f"It has {', '.join(listings)}.")
    accelerator = None
    if arguments.gpu_spec is not None:
        spec = parse_spec(arguments.gpu_spec, "gpu")
        if isinstance(spec, SpecProblem):
            raise UsageError(spec.message)
        accelerator = spec.accelerator
    offers = listings[arguments.table](
        backend_named(arguments.backend),
        region=arguments.region,
        machine_type=arguments.machine_type,
        accelerator=accelerator,
    )
    rows = tuple({member.name: getattr(offer, member.name) for member in fields(offer)} for offer in offers)
    return CatalogResult(backend=arguments.backend, as_of=catalog().as_of, currency="USD", rows=rows)


def hardware(arguments: HardwareArguments, context: Context) -> HardwareResult:
    """Say what the project's jobs would run on, and what that could be instead."""
    from caliban_ls.operations import hardware

    return hardware.describe(arguments, context)


def set_hardware(arguments: SetHardwareArguments, context: Context) -> FileEdit:
    """Return the change to the project's config that chooses other hardware."""
    from caliban_ls.operations import hardware

    return hardware.change(arguments, context)


def build(arguments: schemas_containers.BuildArguments, context: Context) -> schemas_containers.BuildResult:
    """Build the project's image, unless the engine has it already."""
    from caliban_ls.operations.local import image

    return image.build(arguments, context)


def shell(arguments: schemas_containers.ShellArguments, context: Context) -> schemas_containers.ShellResult:
    """Open a shell in the project's image, or say which terminal does."""
    from caliban_ls.operations.local import shell

    return shell.shell(arguments, context)


def attach(arguments: schemas_containers.AttachArguments, context: Context) -> schemas_containers.ShellResult:
    """Open a shell in a container that runs, or say which terminal does."""
    from caliban_ls.operations.local import shell

    return shell.attach(arguments, context)


def notebook(
    arguments: schemas_containers.NotebookArguments, context: Context
) -> schemas_containers.NotebookResult:
    """Start Jupyter in the project's image."""
    from caliban_ls.operations.local import notebook

    return notebook.notebook(arguments, context)


def containers(
    arguments: schemas_containers.ContainersArguments, context: Context
) -> schemas_containers.ContainersResult:
    """List the shells, notebooks and runs that live now."""
    from caliban_ls.operations.local import shell

    return shell.containers(arguments, context)


def stop_container(arguments: schemas_containers.StopContainerArguments, context: Context) -> None:
    """Stop and remove a container of ours."""
    from caliban_ls.operations.local import shell

    shell.stop_container(arguments, context)


def run(arguments: schemas_containers.RunArguments, context: Context) -> schemas_containers.RunResult:
    """Run the project's module in local containers: once, or once for each job of a sweep."""
    from caliban_ls.operations.local import run

    return run.run(arguments, context)


def cloud(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission to Google Cloud, and submit it once somebody has said yes."""
    from caliban_ls.operations.cloud import submit

    return submit.cloud(arguments, context)


def plan(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission, and keep the plan for a day."""
    from caliban_ls.operations.cloud import submit

    return submit.plan(arguments, context)


def plan_and_submit(arguments: CloudArguments, context: Context) -> CloudResult:
    """Plan a submission, show the plan, and submit it once the user has said yes; nothing skips the question."""
    from caliban_ls.operations.cloud import submit

    return submit.cloud(replace(arguments, yes=False, dry_run=False), context)


def submit(arguments: SubmitArguments, context: Context) -> CloudResult:
    """Submit a plan that was kept."""
    from caliban_ls.operations.cloud import submit

    return submit.submit(arguments, context)


def resume(arguments: ResumeArguments, context: Context) -> CloudResult:
    """Finish a submission that was cut short."""
    from caliban_ls.operations.cloud import resume

    return resume.resume(arguments, context)


def status(arguments: StatusArguments, context: Context) -> StatusResult:
    """Tell what became of jobs."""
    from caliban_ls.operations.jobs.status import status as tell

    return tell(arguments, context)


def logs(arguments: LogsArguments, context: Context) -> LogsResult:
    """Show what a job printed."""
    from caliban_ls.operations.jobs import logs

    return logs.logs(arguments, context)


def stop(arguments: StopArguments, context: Context) -> StopResult:
    """Stop jobs, launches and containers."""
    from caliban_ls.operations.jobs import stop

    return stop.stop(arguments, context)


def resubmit(arguments: ResubmitArguments, context: Context) -> CloudResult:
    """Submit jobs of the cloud again that failed or were stopped."""
    from caliban_ls.operations.cloud import resubmit

    return resubmit.resubmit(arguments, context)


def export(arguments: ExportArguments, context: Context) -> ExportResult:
    """Return the history as a table."""
    from caliban_ls.operations.jobs import export

    return export.export(arguments, context)


def trust(_arguments: TrustArguments, context: Context) -> TrustResult:
    """Agree to what the project's config wants that needs agreement, as it stands now."""
    from caliban_ls.operations.context import trust
    from caliban_ls.operations.context.inputs import read_project
    from caliban_ls.operations.local import image

    wanted = image.demands(read_project(context), context)
    if wanted:
        trust.agree(wanted, context)
    return TrustResult(agreed=wanted)


def doctor(_arguments: DoctorArguments, context: Context) -> DoctorResult:
    """Look at everything that a run needs, and say how to mend what is missing."""
    from caliban_ls.operations.doctor import examine

    return DoctorResult(checks=tuple(examine(context)))


def init(arguments: InitArguments, context: Context) -> InitResult:
    """Write a commented project config and an experiment; what exists is left alone."""
    from caliban_ls.operations.init import files

    written, kept = [], []
    for name, text in files(arguments.name).items():
        try:
            project_files.write_new(context.folder, name, _for_its_script(name, context) or text)
            written.append(name)
        except FileExistsError:
            kept.append(name)
        except OSError as error:
            raise UsageError(
                f"{name} can't be written: {error.strerror or error}",
                hint="Run this in a folder of your own.",
            ) from error
    return InitResult(written=tuple(written), kept=tuple(kept))


def _for_its_script(name: str, context: Context) -> str | None:
    """Return the text of a new experiment for the script of its folder, None for another file or where none is known."""
    from caliban_ls.operations.first_experiment import first_experiment

    if name == PROJECT_FILE:
        return None
    path = (context.folder / name).absolute()
    script = _surroundings(context)(path, jsondoc.parse("{}"))[1]
    return None if script is None else first_experiment(script, name)


COMMANDS: tuple[Command, ...] = (
    Command(
        name="check",
        title="Checking",
        summary="judge experiment configs and project configs, as an editor does",
        arguments=CheckArguments,
        run=check,
        editor=False,
    ),
    Command(
        name="expand",
        title="Expanding the sweep",
        summary="list the jobs that an experiment config stands for",
        arguments=ExpandArguments,
        run=expand,
    ),
    Command(
        name="rule",
        title="Explaining the rule",
        summary="explain one diagnostic",
        arguments=RuleArguments,
        run=rule,
        in_folder=False,
    ),
    Command(
        name="rules",
        title="Listing the rules",
        summary="list every rule",
        arguments=RulesArguments,
        run=list_rules,
        in_folder=False,
    ),
    Command(
        name="identify",
        title="Looking at the file",
        summary="say what a file is, or which `caliban.experimentFiles` make it an experiment config or plain JSON",
        arguments=IdentifyArguments,
        run=identify,
        terminal=False,
    ),
    Command(
        name="catalog",
        title="Reading the catalogue",
        summary="show regions, machine types and accelerators, with prices",
        arguments=CatalogArguments,
        run=list_catalog,
        in_folder=False,
    ),
    Command(
        name="hardware",
        title="Looking the hardware up",
        summary="show what the project's jobs would run on and cost, and what could be chosen instead",
        arguments=HardwareArguments,
        run=hardware,
    ),
    Command(
        name="setHardware",
        title="Writing the config",
        summary="return the `WorkspaceEdit` that writes hardware into the project's config",
        arguments=SetHardwareArguments,
        run=set_hardware,
        terminal=False,
    ),
    Command(
        name="build",
        title="Building the image",
        summary="build the project's image",
        arguments=schemas_containers.BuildArguments,
        run=build,
        trusted=True,
    ),
    Command(
        name="shell",
        title="Opening a shell",
        summary="open a shell in the project's image, on the project's folder",
        arguments=schemas_containers.ShellArguments,
        run=shell,
        trusted=True,
    ),
    Command(
        name="notebook",
        title="Starting Jupyter",
        summary="start Jupyter in the project's image, on the project's folder",
        arguments=schemas_containers.NotebookArguments,
        run=notebook,
        trusted=True,
    ),
    Command(
        name="run",
        title="Running",
        summary="run a module, or a sweep of it, in local containers",
        arguments=schemas_containers.RunArguments,
        run=run,
        trusted=True,
    ),
    Command(
        name="cloud",
        title="Submitting",
        summary="run a module, or a sweep of it, on Google's machines",
        arguments=CloudArguments,
        run=cloud,
        trusted=True,
        editor=False,
    ),
    Command(
        name="plan",
        title="Planning",
        summary="plan a submission: jobs, hardware, price and requests",
        arguments=CloudArguments,
        run=plan,
        trusted=True,
        terminal=False,
    ),
    Command(
        name="planAndSubmit",
        title="Planning",
        summary="plan a submission, ask whether it is meant, and submit it",
        arguments=CloudArguments,
        run=plan_and_submit,
        trusted=True,
        terminal=False,
    ),
    Command(
        name="submit",
        title="Submitting",
        summary="submit a plan",
        arguments=SubmitArguments,
        run=submit,
        trusted=True,
        terminal=False,
        in_folder=False,
    ),
    Command(
        name="resume",
        title="Resuming",
        summary="finish a submission that was cut short",
        arguments=ResumeArguments,
        run=resume,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="status",
        title="Asking after jobs",
        summary="show the jobs of this machine's history and what became of them",
        arguments=StatusArguments,
        run=status,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="logs",
        title="Reading the log",
        summary="show what a job printed",
        arguments=LogsArguments,
        run=logs,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="stop",
        title="Stopping",
        summary="stop jobs, groups of jobs and containers",
        arguments=StopArguments,
        run=stop,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="resubmit",
        title="Submitting again",
        summary="submit jobs of the cloud again that failed or were stopped",
        arguments=ResubmitArguments,
        run=resubmit,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="export",
        title="Reading the history",
        summary="write the history as a table: a row a job, with parameters, metrics, times and cost",
        arguments=ExportArguments,
        run=export,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="containers",
        title="Listing containers",
        summary="list the shells, notebooks and runs that live now",
        arguments=schemas_containers.ContainersArguments,
        run=containers,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="attach",
        title="Opening a shell",
        summary="open a shell in a container that runs",
        arguments=schemas_containers.AttachArguments,
        run=attach,
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="stopContainer",
        title="Stopping the container",
        summary="stop and remove a container",
        arguments=schemas_containers.StopContainerArguments,
        run=stop_container,
        trusted=True,
        terminal=False,
        in_folder=False,
    ),
    Command(
        name="trust",
        title="Agreeing",
        summary="agree to what the project's config wants that needs agreement",
        arguments=TrustArguments,
        run=trust,
        editor=False,
    ),
    Command(
        name="doctor",
        title="Looking for what is missing",
        summary="find what is missing on this machine, and say how to mend it",
        arguments=DoctorArguments,
        run=doctor,
        trusted=True,
    ),
    Command(
        name="init",
        title="Setting up the folder",
        summary="write a commented project config and an experiment",
        arguments=InitArguments,
        run=init,
        trusted=True,
    ),
)
"""Every command of both faces, in the order of `--help`. `serve` is the command line's own."""


def _surroundings(
    context: Context,
) -> Callable[[Path, jsondoc.JsonDocument], tuple[Outlook | None, Script | None]]:
    """Return what finds the project and the script of an experiment, given its path and what it says."""
    from caliban_ls.workspace.projects import around, project_folder

    neighbours = around(context)

    def find(path: Path, document: jsondoc.JsonDocument) -> tuple[Outlook | None, Script | None]:
        folder = project_folder(path, [context.folder])
        return neighbours.around(folder, context.settings, document, path)

    return find


def _judge(context: Context) -> Callable[[str, Path, str, DocumentKind], CheckedFile]:
    """Return what judges a file, given its name for the user, its path, its text and its kind."""
    find = _surroundings(context)

    def judge(shown: str, path: Path, text: str, kind: DocumentKind) -> CheckedFile:
        document = jsondoc.parse(text)
        outlook, script = find(path.absolute(), document) if kind == "experiment" else (None, None)
        findings = validate(document, kind, outlook=outlook, script=script)
        return CheckedFile(shown, text, tuple(sound_fixes(document, kind, findings, outlook, script)))

    return judge


def _expanded(chosen: Selection, limit: int | None) -> Iterator[ExpandedJob]:
    for index, parameters in itertools.islice(chosen.jobs(), limit):
        yield ExpandedJob(index=index, args=sweep.arguments(parameters), parameters=parameters)


def _has(job: ExpandedJob, text: str) -> bool:
    """Return whether the arguments of a job have a text, as they are typed or as a shell needs them."""
    wanted = text.casefold()
    return any(wanted in shown.casefold() for shown in (" ".join(job.args), shlex.join(job.args)))


def _offset(place: str, text: str) -> int:
    """Return where a place LINE:COLUMN stands; one behind the end of its line is the end."""
    found = re.fullmatch(r"([1-9]\d{0,8}):([1-9]\d{0,8})", place, re.ASCII)
    if found is None:
        raise UsageError(f"--at takes LINE:COLUMN, not {place}", hint="Both count from 1, as in 3:12.")
    return LineIndex(text).offset(int(found[1]) - 1, int(found[2]) - 1)
