"""The table of commands: the one list from which both faces are made. A row names code as text, and `load` imports it.

Knows no command's code: `--help` and the start of the language server read the table and import nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One row of the table.

    `run`, `arguments`, `result` and `output` are texts for `load`; `tests/unit/test_commands.py` compares them with
    the signatures.

    Attributes:
        name: the command line's word; editors know it as `caliban-ls.NAME`.
        title: progress shows it during the work ("Building the image").
        summary: one line for `--help`.
        run: the function; it takes the arguments and a `Context`, and returns the result.
        arguments: frozen dataclass, JSON object keys in lower_snake_case.
        result: frozen dataclass; empty when the function returns None.
        output: the function that makes text of the result; empty when the command line doesn't offer the command.
        trusted: whether it runs or sends something, so that editors must have allowed it.
        editor: whether editors may call it; they show some results without asking.
        in_folder: whether it works on a project, so that an editor must say on which one.
    """

    name: str
    title: str
    summary: str
    run: str
    arguments: str
    result: str
    output: str = ""
    trusted: bool = False
    editor: bool = True
    in_folder: bool = True


def load(text: str) -> Any:  # noqa: ANN401 - a function or a class
    """Import and return the object that `MODULE:NAME` means; a module with a leading dot is in this package."""
    module, _, name = text.partition(":")
    return getattr(import_module(module, "caliban_ls"), name)


EDITOR_PREFIX: Final = "caliban-ls."
"""Stands before a command's name in editors; the editors' own commands are called `caliban.…`."""

COMMANDS: tuple[Command, ...] = (
    Command(
        name="check",
        title="Checking",
        summary="check experiment configs and project configs, as an editor does",
        run=".operations.check:check",
        arguments=".operations.schemas.check:CheckArguments",
        result=".operations.check:CheckedFiles",
        output=".cli.output.documents:show_check",
        editor=False,
    ),
    Command(
        name="expand",
        title="Expanding the sweep",
        summary="list the jobs of an experiment config",
        run=".operations.expand:expand",
        arguments=".operations.schemas.expand:ExpandArguments",
        result=".operations.schemas.expand:ExpandResult",
        output=".cli.output.documents:show_expand",
    ),
    Command(
        name="rule",
        title="Explaining the rule",
        summary="explain one diagnostic",
        run=".operations.rules:rule",
        arguments=".operations.schemas.rules:RuleArguments",
        result=".operations.schemas.rules:RuleResult",
        output=".cli.output.documents:show_rule",
        in_folder=False,
    ),
    Command(
        name="rules",
        title="Listing the rules",
        summary="list every rule",
        run=".operations.rules:rules",
        arguments=".operations.schemas.rules:RulesArguments",
        result=".operations.schemas.rules:RulesResult",
        output=".cli.output.documents:show_rules",
        in_folder=False,
    ),
    Command(
        name="identify",
        title="Looking at the file",
        summary="return the kind of a file, or the `caliban.experimentFiles` that make it an experiment config or plain JSON",
        run=".operations.identify:identify",
        arguments=".operations.schemas.identify:IdentifyArguments",
        result=".operations.schemas.identify:IdentifyResult",
    ),
    Command(
        name="catalog",
        title="Reading the catalogue",
        summary="show regions, machine types and accelerators, with prices",
        run=".operations.catalog:catalog",
        arguments=".operations.schemas.hardware:CatalogArguments",
        result=".operations.schemas.hardware:CatalogResult",
        output=".cli.output.hardware:show_catalog",
        in_folder=False,
    ),
    Command(
        name="hardware",
        title="Looking up the hardware",
        summary="show the hardware and price of the project's jobs, and the alternatives",
        run=".operations.hardware:describe",
        arguments=".operations.schemas.hardware:HardwareArguments",
        result=".operations.schemas.hardware:HardwareResult",
        output=".cli.output.hardware:show_hardware",
    ),
    Command(
        name="setHardware",
        title="Writing the config",
        summary="return the `WorkspaceEdit` that writes hardware into the project's config",
        run=".operations.hardware:change",
        arguments=".operations.schemas.hardware:SetHardwareArguments",
        result=".operations.schemas.file_edit:FileEdit",
    ),
    Command(
        name="build",
        title="Building the image",
        summary="build the project's image",
        run=".operations.local.image:build",
        arguments=".operations.schemas.containers:BuildArguments",
        result=".operations.schemas.containers:BuildResult",
        output=".cli.output.containers:show_build",
        trusted=True,
    ),
    Command(
        name="shell",
        title="Opening a shell",
        summary="open a shell in the project's image, on the project's folder",
        run=".operations.local.shell:shell",
        arguments=".operations.schemas.containers:ShellArguments",
        result=".operations.schemas.containers:ShellResult",
        output=".cli.output.containers:show_shell",
        trusted=True,
    ),
    Command(
        name="notebook",
        title="Starting Jupyter",
        summary="start Jupyter in the project's image, on the project's folder",
        run=".operations.local.notebook:notebook",
        arguments=".operations.schemas.containers:NotebookArguments",
        result=".operations.schemas.containers:NotebookResult",
        output=".cli.output.containers:show_notebook",
        trusted=True,
    ),
    Command(
        name="run",
        title="Running",
        summary="run a module, or a sweep of it, in local containers",
        run=".operations.local.run:run",
        arguments=".operations.schemas.containers:RunArguments",
        result=".operations.schemas.containers:RunResult",
        output=".cli.output.containers:show_run",
        trusted=True,
    ),
    Command(
        name="cloud",
        title="Submitting",
        summary="run a module, or a sweep of it, on Google's machines",
        run=".operations.cloud.submit:cloud",
        arguments=".operations.schemas.cloud:CloudArguments",
        result=".operations.schemas.cloud:CloudResult",
        output=".cli.output.cloud:show_cloud",
        trusted=True,
        editor=False,
    ),
    Command(
        name="plan",
        title="Planning",
        summary="plan a submission: jobs, hardware, price and requests",
        run=".operations.cloud.submit:plan",
        arguments=".operations.schemas.cloud:CloudArguments",
        result=".operations.schemas.cloud:CloudResult",
        trusted=True,
    ),
    Command(
        name="planAndSubmit",
        title="Planning",
        summary="plan a submission, ask for confirmation, and submit it",
        run=".operations.cloud.submit:plan_and_submit",
        arguments=".operations.schemas.cloud:CloudArguments",
        result=".operations.schemas.cloud:CloudResult",
        trusted=True,
    ),
    Command(
        name="submit",
        title="Submitting",
        summary="submit a plan",
        run=".operations.cloud.submit:submit",
        arguments=".operations.schemas.cloud:SubmitArguments",
        result=".operations.schemas.cloud:CloudResult",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="resume",
        title="Resuming",
        summary="finish an interrupted submission",
        run=".operations.cloud.resume:resume",
        arguments=".operations.schemas.cloud:ResumeArguments",
        result=".operations.schemas.cloud:CloudResult",
        output=".cli.output.cloud:show_resubmit",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="status",
        title="Reading the states of jobs",
        summary="show the jobs in this machine's history and their states",
        run=".operations.jobs.status:status",
        arguments=".operations.schemas.jobs:StatusArguments",
        result=".operations.schemas.jobs:StatusResult",
        output=".cli.output.jobs:show_status",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="logs",
        title="Reading the log",
        summary="show the output of a job",
        run=".operations.jobs.logs:logs",
        arguments=".operations.schemas.jobs:LogsArguments",
        result=".operations.schemas.jobs:LogsResult",
        output=".cli.output.jobs:show_logs",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="stop",
        title="Stopping",
        summary="stop jobs, groups of jobs and containers",
        run=".operations.jobs.stop:stop",
        arguments=".operations.schemas.jobs:StopArguments",
        result=".operations.schemas.jobs:StopResult",
        output=".cli.output.jobs:show_stop",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="resubmit",
        title="Submitting again",
        summary="submit failed or stopped cloud jobs again",
        run=".operations.cloud.resubmit:resubmit",
        arguments=".operations.schemas.cloud:ResubmitArguments",
        result=".operations.schemas.cloud:CloudResult",
        output=".cli.output.cloud:show_resubmit",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="export",
        title="Reading the history",
        summary="write the history as a table: one row for each job, with parameters, metrics, times and cost",
        run=".operations.jobs.export:export",
        arguments=".operations.schemas.jobs:ExportArguments",
        result=".operations.schemas.jobs:ExportResult",
        output=".cli.output.jobs:show_export",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="containers",
        title="Listing containers",
        summary="list the running shells, notebooks and jobs",
        run=".operations.local.shell:containers",
        arguments=".operations.schemas.containers:ContainersArguments",
        result=".operations.schemas.containers:ContainersResult",
        output=".cli.output.containers:show_containers",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="attach",
        title="Opening a shell",
        summary="open a shell in a running container",
        run=".operations.local.shell:attach",
        arguments=".operations.schemas.containers:AttachArguments",
        result=".operations.schemas.containers:ShellResult",
        output=".cli.output.containers:show_shell",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="stopContainer",
        title="Stopping the container",
        summary="stop and remove a container",
        run=".operations.local.shell:stop_container",
        arguments=".operations.schemas.containers:StopContainerArguments",
        result="",
        trusted=True,
        in_folder=False,
    ),
    Command(
        name="trust",
        title="Saving the agreement",
        summary="agree to the settings of the project's config that need your agreement",
        run=".operations.trust:trust",
        arguments=".operations.schemas.setup:TrustArguments",
        result=".operations.schemas.setup:TrustResult",
        output=".cli.output.setup:show_trust",
        editor=False,
    ),
    Command(
        name="doctor",
        title="Checking this machine",
        summary="find missing parts of this machine, and show how to install or correct them",
        run=".operations.doctor:doctor",
        arguments=".operations.schemas.setup:DoctorArguments",
        result=".operations.schemas.setup:DoctorResult",
        output=".cli.output.setup:show_doctor",
        trusted=True,
    ),
    Command(
        name="init",
        title="Setting up the folder",
        summary="write a commented project config and an experiment",
        run=".operations.init:init",
        arguments=".operations.schemas.setup:InitArguments",
        result=".operations.schemas.setup:InitResult",
        output=".cli.output.setup:show_init",
        trusted=True,
    ),
)
"""Every command of both faces, in the order of `--help`. `serve` is the command line's own."""
