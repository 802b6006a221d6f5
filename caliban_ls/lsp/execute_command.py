"""Run commands for editors: one JSON object in, one out, on a working thread, with progress and cancelling.

Reads the same table as the command line and knows nothing else about a command.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Callable, Mapping
from concurrent import futures
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcException

from caliban_ls.commands import EDITOR_PREFIX, Command, load
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import InvalidArguments, Untrusted, UsageError
from caliban_ls.core.packages import not_imported
from caliban_ls.lsp import conversions
from caliban_ls.lsp.progress import OutputLog, progress
from caliban_ls.lsp.server_state import Server
from caliban_ls.lsp.summaries import summary_of
from caliban_ls.operations.context import serialization
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.schemas.file_edit import FileEdit
from caliban_ls.runtime.engine import Engine
from caliban_ls.workspace.projects import project_folder

log = logging.getLogger(__name__)


async def run_command(
    ls: Server, command: Command, open_engine: Callable[[], Engine], params: lsp.ExecuteCommandParams
) -> Any:  # noqa: ANN401 - a JSON value
    """Run a command on a working thread and return its result, while the client sees its progress."""
    if command.trusted and not ls.trusted:
        raise Untrusted(f"{params.command} runs or sends something, which this editor hasn't allowed")
    raw = _one_object(params)
    shown = raw.pop("show", False) is True
    document = _path(raw.pop("uri"), "uri") if "uri" in raw else None
    root = raw.pop("root", None)
    folder = _folder(ls, root, document) if command.in_folder else Path.home()
    if document is not None:
        _put_document(raw, command, document)
    task = asyncio.current_task()
    cancel = CancelToken()
    output = OutputLog(ls, cancel, params.work_done_token)
    with progress(ls, command.title, params.work_done_token, task.cancel if task else cancel.set) as report:
        context = Context(
            folder=folder,
            engine=open_engine,
            report=report,
            listener=output,
            cancel=cancel,
            buffer=ls.buffer,
            ask=partial(_ask, ls, asyncio.get_running_loop(), cancel),
            can_ask=True,
            opens_terminals=True,
            at_end=ls.workers.at_end,
            environment=os.environ,
            confirmed=ls.confirms,
            settings=ls.settings,
        )
        try:
            result = await ls.workers.run(partial(_run, command, raw, context, ls.encoding), cancel)
        finally:
            output.close()
    text = summary_of(command.name, result) if shown else None
    if text is not None:
        ls.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Info, text))
    return result


def _ask(
    ls: Server, loop: asyncio.AbstractEventLoop, cancel: CancelToken, question: str, action: str
) -> bool:
    """Ask the editor's user a question and wait for the answer, on a working thread; no answer means no."""
    actions = [lsp.MessageActionItem(action), lsp.MessageActionItem("Cancel")]
    params = lsp.ShowMessageRequestParams(lsp.MessageType.Warning, question, actions)
    answer = asyncio.run_coroutine_threadsafe(ls.window_show_message_request_async(params), loop)
    with cancel.on_set(answer.cancel):
        try:
            chosen = answer.result()
        except (futures.CancelledError, JsonRpcException):
            cancel.check()
            return False
    return chosen is not None and chosen.title == action


def _run(command: Command, raw: Mapping[str, Any], context: Context, encoding: str) -> Any:  # noqa: ANN401 - a JSON value
    """Do all of a command's work, including reading its arguments and converting its result."""
    context.cancel.check()
    arguments: Any = serialization.parse_arguments(load(command.arguments), raw)
    try:
        result = load(command.run)(arguments, context)
    except ImportError as error:
        raise not_imported(error) from error
    if isinstance(result, FileEdit):
        return conversions.to_workspace_edit(result.path, result.text, result.edits, encoding)
    return {} if result is None else serialization.to_json(result)


def _one_object(params: lsp.ExecuteCommandParams) -> dict[str, Any]:
    given = [one for one in params.arguments or () if one is not None]
    if len(given) > 1 or not all(isinstance(one, Mapping) for one in given):
        raise InvalidArguments(f"{params.command} takes one JSON object")
    return dict(given[0]) if given else {}


def _put_document(raw: dict[str, Any], command: Command, path: str) -> None:
    """Put the document into the argument for it; without such an argument it only selects the project."""
    name = serialization.document_field(load(command.arguments))
    if name is None and command.in_folder:
        return
    if name is None:
        raise InvalidArguments(f"{EDITOR_PREFIX}{command.name} takes no uri")
    if name in raw:
        raise InvalidArguments(f"uri and {name} say the same; give one of them")
    raw[name] = path


def _folder(ls: Server, root: object, document: str | None) -> Path:
    """Return the folder that a command works on: `root`, or else the document's project, or the only open folder.

    Raises:
        UsageError: the editor has several folders open, or none, and neither `root` nor a document selects one.
        InvalidArguments: `root` isn't the URI of a folder.
    """
    if root is not None:
        folder = Path(_path(root, "root"))
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}")
        return folder
    folders = ls.folders()
    if document is not None:
        return project_folder(Path(document), folders)
    if len(folders) == 1:
        return folders[0]
    if not folders:
        raise UsageError("No folder is open", hint="Open the project's folder, or name it as `root`.")
    named = ", ".join(str(folder) for folder in folders)
    raise UsageError(f"Several folders are open: {named}", hint="Name one of them as `root`.")


def _path(uri: object, name: str) -> str:
    if not isinstance(uri, str):
        raise InvalidArguments(f"{name} must be a URI")
    path = conversions.to_path(uri)
    if path is None:
        raise UsageError(
            f"{uri} isn't on a disk of this machine",
            hint="Save it there, or download or clone its project, and open that folder.",
        )
    return path
