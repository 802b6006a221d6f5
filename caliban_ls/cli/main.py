"""Run one command, from the words of a command line to an exit code.

`caliban serve` starts here too, so this module imports almost nothing before the command is known.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    import types
    from collections.abc import Sequence

    from caliban_ls.commands import Command
    from caliban_ls.core.cancellation import CancelToken
    from caliban_ls.core.errors import CalibanError
    from caliban_ls.runtime.engine import Engine

_INTERRUPTED = 130

_READABLE = 500_000  # characters of JSON; indenting more takes longer than all the rest

_GARBAGE_THRESHOLD = 50_000  # new objects before Python looks for garbage

_SERVE = (["--stdio"], ["serve"], ["serve", "--stdio"])


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. Without `--debug` users see no traceback."""
    given = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _serve() if given in _SERVE else _run_line(given)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        import signal

        # The process is ending already, so a further Ctrl-C changes nothing.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _run_line(given: list[str]) -> int:
    # Importing makes many objects and no garbage; Python's own threshold would look for it all the time.
    gc.set_threshold(_GARBAGE_THRESHOLD, 20, 100)
    from caliban_ls.cli import arguments
    from caliban_ls.core import processes
    from caliban_ls.core.errors import CalibanError

    _mend_streams()
    processes.clean_path(os.environ)
    given, rest = arguments.split_rest(given)
    parser = arguments.parser(given)
    options = parser.parse_args(arguments.with_underscores(given, parser))
    if options.command is None:
        parser.print_help()
        return 2
    if options.command == "serve":
        return _serve()
    try:
        return _run(arguments.command(options.command), options, rest)
    except BrokenPipeError:
        # The reader of the output has ended, as `head` does; nothing is wrong.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except CalibanError as error:
        if options.debug:
            raise
        return _fail(error)
    except ImportError as error:
        if options.debug:
            raise
        from caliban_ls.core.packages import not_imported

        return _fail(not_imported(error))
    except Exception as error:
        if options.debug:
            raise
        sys.stderr.write(
            f"error[bug]: {type(error).__name__}: {error}\n"
            "  This is a mistake in caliban; --debug shows where. Please report it with that output.\n"
        )
        return 1


def _run(command: Command, options: argparse.Namespace, rest: tuple[str, ...] | None) -> int:
    from pathlib import Path

    from caliban_ls.cli import arguments, questions
    from caliban_ls.cli.exit_codes import exit_code
    from caliban_ls.cli.progress import terminal_progress
    from caliban_ls.commands import load
    from caliban_ls.operations.context.context import Context

    values = arguments.values(command, options, rest)
    several = getattr(options, "experiment_config", None) is not None or getattr(
        options, "rerun_failed", False
    )
    cancel = _cancelled_by_signals()
    with terminal_progress(as_json=options.json, several=several, cancel=cancel) as progress:
        context = Context(
            folder=Path.cwd(),
            engine=_open_engine,
            report=progress.report,
            listener=progress,
            cancel=cancel,
            ask=progress.ask,
            can_ask=questions.is_interactive(),
            insist=progress.insist,
            stdin=sys.stdin.read,
            streams=not options.json,
            environment=os.environ,
        )
        result = load(command.run)(values, context)
    if command.name == "expand" and options.format == "json":
        options.json = True
    if options.json and command.name != "check":
        sys.stdout.write(_as_json(result))
    else:
        sys.stdout.writelines(load(command.output)(result, options))
    sys.stdout.flush()
    return exit_code(command.name, result, options)


def _serve() -> int:
    # Importing the protocol's types makes many objects and no garbage; the server turns this on again.
    gc.disable()
    from caliban_ls.lsp import protocol_types

    try:
        _import_asyncio_without_ssl()
        protocol_types.prepare()
        from caliban_ls.server import serve
    except ImportError as error:
        from caliban_ls.core.packages import not_imported

        return _fail(not_imported(error))
    return serve()


def _import_asyncio_without_ssl() -> None:
    """Import asyncio as on a Python without ssl: the server opens no connection by it, and ssl takes long to import."""
    if "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]  # which makes its import fail
    try:
        import asyncio

        del asyncio
    finally:
        del sys.modules["ssl"]


def _mend_streams() -> None:
    """Make printing safe: replace closed streams by the null device, and ASCII, which no user chose, by UTF-8."""
    import codecs
    import io

    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - open to the end; pathlib isn't loaded yet
        elif isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")


def _as_json(result: object) -> str:
    """Return a result as a JSON document, indented unless it is too long to be read."""
    import json

    from caliban_ls.operations.context.serialization import to_json

    data = to_json(result)
    text = json.dumps(data, ensure_ascii=False)
    if len(text) < _READABLE:
        text = json.dumps(data, indent=2, ensure_ascii=False)
    return f"{text}\n"


def _open_engine() -> Engine:
    from caliban_ls.runtime.docker.engine import open_local_engine

    return open_local_engine(os.environ)


def _cancelled_by_signals() -> CancelToken:
    """Return a token that the first Ctrl-C, SIGTERM or SIGHUP sets; the second Ctrl-C ends the process."""
    import signal

    from caliban_ls.core.cancellation import CancelToken

    cancel = CancelToken()

    def stop(_number: int, _frame: types.FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel.announce()
        # Callbacks may take locks that the interrupted code holds, so another thread runs them.
        import threading

        threading.Thread(target=cancel.set, daemon=True).start()

    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), stop)
    return cancel


def _fail(error: CalibanError) -> int:
    # Ctrl-C is no error: the user asked for it.
    prefix = "" if error.exit_code == _INTERRUPTED else f"error[{error.code}]: "
    sys.stderr.write(f"{prefix}{error}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")
    return error.exit_code
