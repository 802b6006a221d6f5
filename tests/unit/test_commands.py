"""The table of commands says what the code says, and importing it imports none of that code."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import is_dataclass

import pytest

from caliban_ls.commands import COMMANDS, Command, load

TERMINAL = [command for command in COMMANDS if command.output]


def annotated(text: str) -> list[str]:
    """Return the types in the signature that a row or an output names: of each required argument, and of the result."""
    signature = inspect.signature(load(text))
    given = [
        one.annotation for one in signature.parameters.values() if one.default is inspect.Parameter.empty
    ]
    return [str(one).rpartition(".")[2] for one in (*given, signature.return_annotation)]


def class_name(text: str) -> str:
    return text.partition(":")[2] or "None"


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_row_says_what_its_function_takes_and_returns(command: Command) -> None:
    assert annotated(command.run) == [class_name(command.arguments), "Context", class_name(command.result)]
    assert is_dataclass(load(command.arguments))
    assert not command.result or load(command.result)


@pytest.mark.parametrize("command", TERMINAL, ids=lambda command: command.name)
def test_the_output_of_a_command_takes_its_result(command: Command) -> None:
    assert annotated(command.output)[:2] == [class_name(command.result), "Namespace"]


def test_names_are_used_once() -> None:
    assert len({command.name for command in COMMANDS}) == len(COMMANDS)


def test_the_table_imports_nothing_that_it_names() -> None:
    program = "import sys, caliban_ls.commands; print(*(name for name in sys.modules if name.startswith('caliban_ls.')))"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert answer.stdout.split() == ["caliban_ls.commands"]
