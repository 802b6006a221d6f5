"""The command line: flags in, text or JSON out, failures to exit codes.

The parser is built from the arguments of each command; what a command does stands in `commands`, what its
result looks like to people in `output`.
"""

from __future__ import annotations

import argparse
import codecs
import gc
import io
import json
import os
import re
import signal
import sys
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from caliban_ls import __version__
from caliban_ls.commands import COMMANDS, Command
from caliban_ls.core import processes
from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import CalibanError, UsageError
from caliban_ls.operations.context.context import Context
from caliban_ls.operations.context.serialization import to_json

if TYPE_CHECKING:
    from caliban_ls.runtime.engine import Engine

_INTERRUPTED = 130

_READABLE = 500_000  # characters of JSON; laying out more takes longer than all the rest

_GARBAGE_THRESHOLD = 50_000  # objects more than before, until garbage is looked for

_PRESENTATION: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "check": {
        "--format": {
            "choices": ("text", "json", "github", "sarif"),
            "default": "text",
            "help": "how findings are written (default: text)",
        },
        "--fail_on": {
            "choices": ("error", "warning"),
            "default": "error",
            "help": "from which severity on the exit code is 1 (default: error)",
        },
    },
    "expand": {
        "--format": {
            "choices": ("flags", "json"),
            "default": "flags",
            "help": "one line a job, as a shell would need it, or JSON (default: flags)",
        },
        "--count": {"action": "store_true", "help": "the number of jobs alone; nothing is enumerated"},
    },
}
"""Flags that only say how a result is shown; editors show it their own way."""
_DESCRIPTION = """\
Experiment sweeps: judged while you type, run in Docker, priced before they are sent.

MODULE is trainer.train, trainer/train.py, train.py or script.sh; what follows -- goes to it untouched.
Flags may be spelled with hyphens, too. Exit codes: 0 done, 1 findings or a failed job, 2 wrong usage,
3 something is missing on this machine, 4 the service refused, 130 interrupted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. No traceback reaches a user without `--debug`."""
    try:
        code = _main(argv)
    except KeyboardInterrupt:
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        # However often Ctrl-C is pressed from here on, the process is ending already.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    return code


def _main(argv: Sequence[str] | None) -> int:
    given = list(sys.argv[1:] if argv is None else argv)
    # Importing makes many objects and no garbage; with Python's own threshold it would be looked for all the time.
    gc.set_threshold(_GARBAGE_THRESHOLD, 20, 100)
    if given in (["--stdio"], ["serve"], ["serve", "--stdio"]):
        return _serve()
    _mend_streams()
    given, rest = _split_rest(given)
    processes.clean_path(os.environ)
    parser = _parser(next((word for word in given if not word.startswith("-")), None))
    options = parser.parse_args(_with_underscores(given, parser))
    if options.command is None:
        parser.print_help()
        return 2
    if options.command == "serve":
        return _serve()
    command = next(command for command in COMMANDS if command.name == options.command)
    try:
        return _run(command, options, rest)
    except BrokenPipeError:
        # The reader of our output has gone, as `head` does; nothing is wrong.
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


def _mend_streams() -> None:
    """Make printing safe: a closed stream swallows, and ASCII, which no user chose, becomes UTF-8."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - open to the end
        elif isinstance(stream, io.TextIOWrapper):
            ascii_only = codecs.lookup(stream.encoding).name == "ascii"
            stream.reconfigure(encoding="utf-8" if ascii_only else None, errors="backslashreplace")


def _serve() -> int:
    # Importing the protocol's types makes many objects and no garbage; the server turns this on again.
    gc.disable()
    from caliban_ls.lsp import protocol_types

    try:
        protocol_types.prepare()
        from caliban_ls.server import serve
    except ImportError as error:
        from caliban_ls.core.packages import not_imported

        return _fail(not_imported(error))
    return serve()


def _run(command: Command, options: argparse.Namespace, rest: tuple[str, ...] | None) -> int:
    from caliban_ls.cli import output

    arguments = _arguments(command, options, rest)
    several = getattr(options, "experiment_config", None) is not None
    cancel = _cancelled_by_signals()
    with output.session(as_json=options.json, several=several, cancel=cancel) as session:
        context = Context(
            folder=Path.cwd(),
            engine=_open_engine,
            report=session.report,
            listener=session,
            cancel=cancel,
            ask=session.ask,
            can_ask=output.is_somebody_there(),
            insist=session.insist,
            stdin=sys.stdin.read,
            streams=not options.json,
            environment=os.environ,
        )
        result = command.run(arguments, context)
    if command.name == "expand" and options.format == "json":
        options.json = True
    if options.json and command.name != "check":
        sys.stdout.write(_as_json(result))
    else:
        sys.stdout.writelines(output.SHOW[command.name](result, options))
    sys.stdout.flush()
    return output.exit_code(command.name, result, options)


def _as_json(result: object) -> str:
    """Return a result as a JSON document, laid out for people unless it is too long for any."""
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
    sys.stderr.write(f"error[{error.code}]: {error}\n")
    if error.hint:
        sys.stderr.write(f"  {error.hint}\n")
    return error.exit_code


class _Parser(argparse.ArgumentParser):
    """argparse, with its errors in our words."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"error[usage]: {message}\n")


def _parser(chosen: str | None) -> argparse.ArgumentParser:
    """Return the parser of a command line; only the command that is called gets its flags."""
    parser = _Parser(
        prog="caliban",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"caliban {__version__}")
    parser.add_argument("--helpfull", action="help", help="the same as --help")
    subparsers = parser.add_subparsers(dest="command", metavar="COMMAND", parser_class=_Parser)
    for command in (command for command in COMMANDS if command.terminal):
        _add_command(subparsers, command, flags=command.name == chosen)
    serve = subparsers.add_parser("serve", help="speak the Language Server Protocol on stdin and stdout")
    serve.add_argument("--stdio", action="store_true", help="accepted for editors that insist on it")
    return parser


def _add_command(subparsers: Any, command: Command, *, flags: bool) -> None:  # noqa: ANN401 - argparse hides it
    parser = subparsers.add_parser(
        command.name,
        help=command.summary,
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        allow_abbrev=False,
    )
    if not flags:
        return
    hints = typing.get_type_hints(command.arguments)
    for argument in fields(command.arguments):
        _add_argument(parser, argument, hints[argument.name])
    for name, settings in _PRESENTATION.get(command.name, {}).items():
        parser.add_argument(name, **settings)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--debug", action="store_true", help="show where a failure came from")
    parser.add_argument("--helpfull", action="help", help="the same as --help")


def _add_argument(parser: argparse.ArgumentParser, argument: Field[Any], hint: Any) -> None:  # noqa: ANN401
    metadata = argument.metadata
    if metadata.get("rest"):
        return
    many = typing.get_origin(hint) is tuple
    settings: dict[str, Any] = {"help": metadata["help"]}
    if hint is bool:
        settings |= {"action": "store_true"}
    else:
        settings |= {
            "metavar": metadata["metavar"] or argument.name.upper(),
            "type": _reader(hint, many=many),
        }
    if metadata.get("positional"):
        required = argument.default is None and not _is_optional(hint)
        nargs = "*" if many else None if required else "?"
        parser.add_argument(argument.name, nargs=nargs, default=argument.default, **settings)
        return
    if metadata.get("codes"):
        # What stands behind it is MODULE unless it looks like codes; `_with_underscores` has seen to that.
        parser.add_argument(
            f"--{argument.name}",
            action="append",
            nargs="?",
            const=_ALL_CODES,
            metavar=metadata["metavar"],
            help=metadata["help"],
        )
        return
    names = [f"--{metadata.get('flag') or argument.name}"]
    if metadata["short"]:
        names.insert(0, f"-{metadata['short']}")
    if many:
        settings |= {"action": "append"}
    parser.add_argument(*names, dest=argument.name, default=None if many else argument.default, **settings)


def _reader(hint: Any, *, many: bool) -> Callable[[str], Any]:  # noqa: ANN401 - a type annotation
    """Return what turns a word into a value of a field's type."""
    candidates = typing.get_args(hint) if many or _is_optional(hint) else (hint,)
    return next((kind for kind in candidates if kind in (int, float)), str)


def _is_optional(hint: Any) -> bool:  # noqa: ANN401 - a type annotation
    return type(None) in typing.get_args(hint)


def _arguments(command: Command, options: argparse.Namespace, rest: tuple[str, ...] | None) -> Any:  # noqa: ANN401
    values: dict[str, Any] = {}
    takes_rest = False
    for argument in fields(command.arguments):
        if argument.metadata.get("rest"):
            takes_rest = True
            values[argument.name] = rest or ()
            continue
        value = getattr(options, argument.name)
        if argument.metadata.get("codes"):
            value = False if value is None else True if _ALL_CODES in value else value
        if isinstance(value, list) or (value is None and argument.default == ()):
            value = tuple(value or ())
        values[argument.name] = value
    if command.name == "expand" and options.count:
        values["limit"] = 0
    if rest is not None and not takes_rest:
        raise UsageError(
            f"caliban {command.name} takes nothing after --", hint=f"See `caliban {command.name} --help`."
        )
    return command.arguments(**values)


def _split_rest(given: list[str]) -> tuple[list[str], tuple[str, ...] | None]:
    """Split at the first `--`; what follows belongs to the job, flags of ours included."""
    if "--" not in given:
        return given, None
    place = given.index("--")
    return given[:place], tuple(given[place + 1 :])


def _with_underscores(given: list[str], parser: argparse.ArgumentParser) -> list[str]:
    """Accept the hyphened spelling of every flag that has an underscore."""
    known = {
        name
        for command in _choices(parser).values()
        for action in command._actions  # noqa: SLF001 - argparse has no public list
        for name in action.option_strings
    }
    words: list[str] = []
    for word in given:
        if words and words[-1] in _VALUE_MAY_BE_A_FLAG:
            words[-1] += f"={word}"
            continue
        if words and words[-1] == "--force" and _CODES.fullmatch(word):
            words[-1] += f"={word}"
            continue
        if words and words[-1] == "--force":
            words[-1] += f"={_ALL_CODES}"
        flag, equals, value = word.partition("=")
        spelled = "--" + flag[2:].replace("-", "_")
        words.append(f"{spelled}{equals}{value}" if flag.startswith("--") and spelled in known else word)
    return words


_ALL_CODES = "all"  # what --force stands for without codes
_CODES = re.compile(r"CAL\d{3}(?:,CAL\d{3})*", re.IGNORECASE)

_VALUE_MAY_BE_A_FLAG = ("--docker_run_args",)  # argparse would take the value for another flag of ours


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    return dict(next(actions).choices)
