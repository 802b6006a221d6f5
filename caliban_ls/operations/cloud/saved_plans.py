"""Keep plans for a day in the state folder, so that they can be submitted by their id.

A file has the command's arguments, from which the plan is made again, so that a plan whose inputs have changed can't be
submitted. Arguments that look like credentials stay in the memory of the process that made the plan.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from caliban_ls.core.errors import MissingError, UsageError
from caliban_ls.operations.cloud.plan import Plan
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.serialization import parse_arguments, to_json
from caliban_ls.operations.context.state import state_folder_of
from caliban_ls.operations.schemas.cloud import CloudArguments
from caliban_ls.runtime.history.masking import masked_args
from caliban_ls.runtime.history.records import utc_now

_FOLDER = "plans"

_KEPT = timedelta(hours=24)

_secret_args: dict[str, tuple[str, ...]] = {}
"""Arguments with credentials, which no file may have, by the id of their plan."""


@dataclass(frozen=True, slots=True)
class KeptPlan:
    """The command's arguments and folder, from which a plan is made again, and the launch's name and key."""

    arguments: CloudArguments
    folder: Path
    group: str
    key: str


def keep(plan: Plan, arguments: CloudArguments, context: Context) -> None:
    """Keep a plan for a day, and delete older ones.

    Raises:
        MissingError: the file can't be written.
    """
    folder = state_folder_of(context) / _FOLDER
    shown = masked_args(arguments.args)
    if shown != arguments.args:
        _secret_args[plan.plan_id] = arguments.args
    said = {
        "folder": str(context.folder),
        "group": plan.group,
        "key": plan.key,
        "secrets": shown != arguments.args,
        "arguments": to_json(replace(arguments, args=shown)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for old in folder.glob("*.json"):
            if _age(old) > _KEPT:
                old.unlink(missing_ok=True)
        file = folder / f"{plan.plan_id}.json"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
            json.dump(said, opened)
    except OSError as error:
        raise MissingError(
            f"The plan can't be kept in {folder}: {error.strerror or error}",
            hint="Free its disk, mend its permissions, or set CALIBAN_HOME to another folder.",
        ) from error


def find(plan_id: str, context: Context) -> KeptPlan:
    """Return a kept plan.

    Raises:
        UsageError: no plan has this id, or it is older than a day.
    """
    file = state_folder_of(context) / _FOLDER / f"{plan_id}.json"
    try:
        if not plan_id.isalnum() or _age(file) > _KEPT:
            raise FileNotFoundError(file)
        said = json.loads(file.read_text())
        arguments: CloudArguments = parse_arguments(CloudArguments, said["arguments"])
        if said["secrets"]:
            arguments = replace(arguments, args=_secret_args[plan_id])
        return KeptPlan(arguments, Path(said["folder"]), said["group"], said["key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"There is no plan {plan_id}",
            hint="Plans are kept for 24 hours, and those with credentials in their arguments in memory only;"
            " make a new one.",
        ) from error


def _age(file: Path) -> timedelta:
    return timedelta(seconds=utc_now().timestamp() - file.stat().st_mtime)
