"""Ask scripts' own parsers for their flags, and run them. Runs where the scripts' libraries are installed.

    python own_parser.py FOLDER < questions.json > answers.json

A question is `{"script": "a/b.py", "tries": [["--lr", "0.1"], …]}`; its answer has the flags that the parser
itself knows (None where a library doesn't say), and for each try the exit code, in the same order. Every script
runs in a process of its own, forked from one that has the libraries loaded.
"""

from __future__ import annotations

import argparse
import contextlib
import enum
import importlib
import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

KINDS: dict[Any, str] = {int: "int", float: "float", str: "str", bool: "bool", Path: "path"}
SECONDS = 30


def main() -> None:
    """Answer all questions."""
    load()
    folder = Path(sys.argv[1]).resolve()
    answers = []
    for question in json.load(sys.stdin):
        flags = json.loads(forked(folder, question["script"], [], describe=True)[1] or "null")
        codes = [forked(folder, question["script"], words)[0] for words in question["tries"]]
        answers.append({"flags": flags, "codes": codes})
    json.dump(answers, sys.stdout)


LIBRARIES = (
    *(
        "absl.app",
        "absl.flags",
        "click",
        "fire",
        "simple_parsing",
        "transformers.hf_argparser",
        "typer",
        "tyro",
    ),
    # What some load at their first word to a user, which most tries come to.
    *(
        "pydantic.types",
        "rich._emoji_codes",
        "typer.rich_utils",
        "typer._adapters",
        "typer._click.decorators",
    ),
    *("typeguard", "tyro._backends._argparse_formatter", "tyro._backends._tyro_backend"),
)


def load() -> None:
    """Load what scripts use, once for all."""
    for name in LIBRARIES:
        importlib.import_module(name)


def forked(folder: Path, script: str, words: list[str], *, describe: bool = False) -> tuple[int, str]:
    """Run a script as `python -m` does, and return its exit code and what it was found to know."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        code = 70
        try:
            code = run(folder, script, words, writer if describe else None)
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status), told


def run(folder: Path, script: str, words: list[str], tell: int | None) -> int:
    """Be the script; return the exit code of its process."""
    import signal

    signal.alarm(SECONDS)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nothing, number)
    os.chdir(folder)
    beside = folder / Path(script).parent
    sys.path[:0] = [str(folder), str(beside)]
    found: list[dict[str, Any]] = []
    if tell is not None:
        listen(found)
    sys.argv = [script, *words]
    code = 0
    try:
        runpy.run_module(script.removesuffix(".py").replace("/", "."), run_name="__main__", alter_sys=False)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # noqa: BLE001 - what a process would die of
        code = 1
    if tell is not None:
        with os.fdopen(tell, "w") as pipe:
            json.dump(found, pipe)
    return code


def listen(found: list[dict[str, Any]]) -> None:
    """Have each library's parser say what it knows when it is asked to read the command line."""
    import absl.app
    import absl.flags
    import click
    import fire
    import typer.core
    import tyro

    parse = argparse.ArgumentParser.parse_known_args

    def parse_known_args(self: argparse.ArgumentParser, *args: Any, **kwargs: Any) -> Any:
        found.extend(of_argparse(self, None))
        return parse(self, *args, **kwargs)

    def command_main(self: Any, *_args: Any, **_kwargs: Any) -> None:
        found.extend(of_click(self, None))
        raise SystemExit(0)

    def cli(target: Any, **kwargs: Any) -> None:
        parser = tyro.extras.get_parser(target, **kwargs)
        # To argparse, all of tyro's values are texts.
        found.extend({**one, "kind": None} for one in of_argparse(parser, None))
        raise SystemExit(0)

    def fired(component: Any) -> None:
        found.extend(of_fire(component))
        raise SystemExit(0)

    absl_run = absl.app._run_init

    def absl_init(*args: Any, **kwargs: Any) -> Any:
        absl.app._register_and_parse_flags_with_usage.__globals__["define_help_flags"]()
        found.extend(of_absl(absl.flags.FLAGS))
        return absl_run(*args, **kwargs)

    argparse.ArgumentParser.parse_known_args = parse_known_args  # type: ignore[method-assign]
    click.core.Command.main = command_main
    for kind in (typer.core.TyperCommand, typer.core.TyperGroup):
        kind.main = command_main
    tyro.cli = cli
    fire.Fire = fired
    absl.app._run_init = absl_init


def of_argparse(parser: argparse.ArgumentParser, subcommand: str | None) -> list[dict[str, Any]]:
    """Describe the flags of one of argparse's parsers."""
    found = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, inner in action.choices.items():
                found += of_argparse(inner, name if subcommand is None else f"{subcommand}.{name}")
        elif action.option_strings:
            nargs = action.nargs
            known: dict[Any, str] = {
                None: "one",
                0: "none",
                1: "one",
                "?": "optional",
                "*": "any",
                "+": "some",
            }
            arity = known.get(nargs, "several" if isinstance(nargs, int) else None)
            choices = None if action.choices is None else [plain(one) for one in action.choices]
            kind = "str" if action.type is None else KINDS.get(action.type)
            if arity == "none":
                kind = None
            found.append(
                told(action.option_strings, arity=arity, choices=choices, required=action.required, kind=kind,
                     subcommand=subcommand)
            )  # fmt: skip
    return found


def of_click(command: Any, subcommand: str | None) -> list[dict[str, Any]]:
    """Describe the flags of click's or typer's commands."""
    found = []
    context = command.make_context("script", [], resilient_parsing=True)
    for option in command.get_params(context):
        if not option.opts or not option.opts[0].startswith("-"):
            continue
        arity = "none" if option.is_flag or option.count else ("one" if option.nargs == 1 else "several")
        kind, choices = None, None
        given = getattr(option, "type", None)
        if given is not None and arity != "none":
            names = {"integer": "int", "integer range": "int", "float": "float", "float range": "float"}
            names |= {"text": "str", "boolean": "bool", "path": "path", "choice": "str"}
            kind = names.get(given.name)
            choices = list(given.choices) if given.name == "choice" else None
        found.append(
            told([*option.opts, *option.secondary_opts], arity=arity, choices=choices, required=option.required,
                 kind=kind, subcommand=subcommand)
        )  # fmt: skip
    for name, inner in getattr(command, "commands", {}).items():
        found += of_click(inner, name if subcommand is None else f"{subcommand}.{name}")
    return found


def of_absl(flags: Any) -> list[dict[str, Any]]:
    """Describe absl's flags."""
    found = []
    for name, flag in flags._flags().items():
        names = [f"--{name}", *([f"--no{name}"] if flag.boolean else [])]
        parser = type(flag.parser).__name__
        kinds = {
            "IntegerParser": "int",
            "FloatParser": "float",
            "EnumParser": "str",
            "EnumClassParser": "str",
        }
        choices = getattr(flag.parser, "enum_values", None) or getattr(flag.parser, "_member_names", None)
        required = not flag.boolean and bool(flag.validators) and flag.value is None
        found.append(
            told(names, arity="none" if flag.boolean else "one", choices=list(choices) if choices else None,
                 required=required, kind=kinds.get(parser))
        )  # fmt: skip
    return found


def of_fire(component: Any) -> list[dict[str, Any]]:
    """Describe what fire calls with flags: a function, or a class and its methods."""
    import inspect

    from fire import inspectutils

    parts: list[tuple[str | None, Any]] = [(None, component)]
    if inspect.isclass(component):
        methods = inspect.getmembers(component, inspect.isfunction)
        parts += [(name, method) for name, method in methods if not name.startswith("_")]
    found = []
    for subcommand, part in parts:
        spec = inspectutils.GetFullArgSpec(part)
        names = [*spec.args, *spec.kwonlyargs]
        if subcommand is not None and names[:1] == ["self"]:
            names = names[1:]
        count = len(spec.args) - len(spec.defaults or ())
        for place, name in enumerate(names):
            given = place < count and subcommand is None and name not in (spec.kwonlydefaults or {})
            found.append(told([f"--{name}"], required=given, subcommand=subcommand))
    return found


def told(names: Any, **more: Any) -> dict[str, Any]:
    """Return a description; what isn't known is None."""
    nothing: dict[str, Any] = dict.fromkeys(("arity", "choices", "required", "kind", "subcommand"))
    return {"names": list(names), **nothing, **more}


def plain(choice: Any) -> Any:
    """Return a choice as JSON has it."""
    return choice.value if isinstance(choice, enum.Enum) else choice


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
