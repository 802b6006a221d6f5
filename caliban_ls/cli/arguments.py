"""Flags and positional arguments of the command line, made from each command's arguments.

Imports the arguments of the command that is called, and of no other.
"""

from __future__ import annotations

import argparse
import re
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import Field, fields
from typing import Any, NoReturn

from caliban_ls import __version__
from caliban_ls.commands import COMMANDS, Command, load
from caliban_ls.core.errors import UsageError

_DESCRIPTION = """\
Experiment sweeps: checked while you type, run in Docker, priced before they are sent.

MODULE is trainer.train, trainer/train.py, train.py or script.sh; words after -- go to it unchanged.
Flags may be spelled with hyphens, too. Exit codes: 0 done, 1 findings or a failed job, 2 wrong usage,
3 something is missing on this machine, 4 the service refused, 130 interrupted."""

_PRESENTATION: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "check": {
        "--format": {
            "choices": ("text", "json", "github", "sarif"),
            "default": "text",
            "help": "the format of findings (default: text)",
        },
        "--fail_on": {
            "choices": ("error", "warning"),
            "default": "error",
            "help": "the lowest severity for exit code 1 (default: error)",
        },
    },
    "expand": {
        "--format": {
            "choices": ("flags", "json"),
            "default": "flags",
            "help": "one line for each job, quoted for a shell, or JSON (default: flags)",
        },
        "--count": {"action": "store_true", "help": "print only the number of jobs"},
    },
}
"""Flags for the output of a result; editors show it their own way."""

_ALL_CODES = "all"  # --force without codes
_CODES = re.compile(r"CAL\d{3}(?:,CAL\d{3})*", re.IGNORECASE)

_VALUE_MAY_BE_A_FLAG = ("--docker_run_args",)  # argparse would take its value for another flag


def parser(given: list[str]) -> argparse.ArgumentParser:
    """Return the parser of a command line. It knows the flags of the command that is called, and of no other."""
    chosen = next((word for word in given if not word.startswith("-")), None)
    offered = [row for row in COMMANDS if row.output]
    if given and given[0] == chosen and any(row.name == chosen for row in offered):
        # The list of all commands is shown only when the first word is none of them.
        offered = [row for row in offered if row.name == chosen]
    whole = _CommandLineParser(
        prog="caliban",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    whole.add_argument("--version", action="version", version=f"caliban {__version__}")
    whole.add_argument("--helpfull", action="help", help="the same as --help")
    subparsers = whole.add_subparsers(dest="command", metavar="COMMAND", parser_class=_CommandLineParser)
    for row in offered:
        _add_command(subparsers, row, flags=row.name == chosen)
    serve = subparsers.add_parser("serve", help="speak the Language Server Protocol on stdin and stdout")
    serve.add_argument("--stdio", action="store_true", help="accepted for editors that pass it")
    return whole


def command(name: str) -> Command:
    """Return the row of the table with this name."""
    return next(row for row in COMMANDS if row.name == name)


def values(row: Command, options: argparse.Namespace, rest: tuple[str, ...] | None) -> Any:  # noqa: ANN401 - any model
    """Return a command's arguments.

    Args:
        row: the command.
        options: the parser's result.
        rest: the words after `--`; None without it.
    """
    given: dict[str, Any] = {}
    takes_rest = False
    model = load(row.arguments)
    for argument in fields(model):
        if argument.metadata.get("rest"):
            takes_rest = True
            given[argument.name] = rest or ()
            continue
        value = getattr(options, argument.name)
        if argument.metadata.get("codes"):
            value = False if value is None else True if _ALL_CODES in value else value
        if isinstance(value, list) or (value is None and argument.default == ()):
            value = tuple(value or ())
        given[argument.name] = value
    if row.name == "expand" and options.count:
        given["limit"] = 0
    if rest is not None and not takes_rest:
        raise UsageError(
            f"caliban {row.name} takes nothing after --", hint=f"See `caliban {row.name} --help`."
        )
    return model(**given)


def split_rest(given: list[str]) -> tuple[list[str], tuple[str, ...] | None]:
    """Split at the first `--`; the words after it belong to the job, even those that are flags of Caliban."""
    if "--" not in given:
        return given, None
    place = given.index("--")
    return given[:place], tuple(given[place + 1 :])


def with_underscores(given: list[str], parser: argparse.ArgumentParser) -> list[str]:
    """Accept the hyphened spelling of every flag that has an underscore."""
    known = {
        name
        for subparser in _choices(parser).values()
        for action in subparser._actions  # noqa: SLF001 - argparse has no public list
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


class _CommandLineParser(argparse.ArgumentParser):
    """Prints errors as every other failure of the program."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"error[usage]: {message}\n")


def _add_command(subparsers: Any, command: Command, *, flags: bool) -> None:  # noqa: ANN401 - argparse hides it
    parser = subparsers.add_parser(
        command.name,
        help=command.summary,
        description=f"{command.summary[0].upper()}{command.summary[1:]}.",
        allow_abbrev=False,
    )
    if not flags:
        return
    model = load(command.arguments)
    hints = typing.get_type_hints(model)
    for argument in fields(model):
        _add_argument(parser, argument, hints[argument.name])
    for name, settings in _PRESENTATION.get(command.name, {}).items():
        parser.add_argument(name, **settings)
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--debug", action="store_true", help="show the traceback of a failure")
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
        # The next word is MODULE unless it looks like codes; `with_underscores` has joined codes to the flag.
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
    """Return the function that turns a word into a value of a field's type."""
    candidates = typing.get_args(hint) if many or _is_optional(hint) else (hint,)
    return next((kind for kind in candidates if kind in (int, float)), str)


def _is_optional(hint: Any) -> bool:  # noqa: ANN401 - a type annotation
    return type(None) in typing.get_args(hint)


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    actions = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))  # noqa: SLF001
    return dict(next(actions).choices)
