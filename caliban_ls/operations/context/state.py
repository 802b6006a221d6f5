"""Open the state folder's settings and history, and the engine, cleaning up after killed processes."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from caliban_ls.analysis.config.settings import Settings, parse_settings, supplemented
from caliban_ls.core.errors import MissingError
from caliban_ls.core.state_folder import SETTINGS_FILE, state_folder
from caliban_ls.operations.context.context import Context
from caliban_ls.runtime.engine import Engine
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History
from caliban_ls.runtime.local.orphans import sweep_orphans


def state_folder_of(context: Context) -> Path:
    """Return the folder of the history, logs, agreements and the user's settings."""
    return state_folder(context.environment, Path.home(), sys.platform)


def settings_of(context: Context) -> Settings:
    """Return the user's settings: the editor's first, then those of the file in the state folder.

    Raises:
        MissingError: the file can't be read, or has a mistake.
    """
    path = state_folder_of(context) / SETTINGS_FILE
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return context.settings
    except (OSError, ValueError) as error:
        # The file may set a limit on cost, so that going on without it could be expensive.
        raise MissingError(
            f"{path} can't be read: {error}", hint="Correct the file, or remove it."
        ) from error
    own, problems = parse_settings(raw)
    if problems:
        raise MissingError(f"{path} is wrong: {'. '.join(problems)}", hint="Correct the file, or remove it.")
    return supplemented(context.settings, own)


@contextmanager
def open_history(context: Context) -> Iterator[History]:
    """Open the history for the time of the body.

    Raises:
        MissingError: it can't be used.
    """
    history = History(
        state_folder_of(context), warn=lambda message: context.report(message, None), clock=utc_now
    )
    try:
        yield history
    finally:
        history.close()


def open_engine(context: Context) -> Engine:
    """Open the engine to start or stop containers, and remove those that a killed caliban left on it.

    Raises:
        EngineUnavailable: no engine answers.
    """
    engine = context.engine()
    history = None
    with suppress(MissingError):
        history = History(
            state_folder_of(context), warn=lambda message: context.report(message, None), clock=utc_now
        )
    try:
        for orphan in sweep_orphans(engine, history):
            context.report(f"Removed {orphan.name}, left by a caliban that was killed", None)
    finally:
        if history is not None:
            history.close()
    return engine
