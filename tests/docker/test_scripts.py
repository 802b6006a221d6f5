"""Compare the reading of scripts with the scripts' own parsers: their flags, and the values that they accept.

The expected flags come from the libraries themselves, in a container that has them. Each finding about a value must
hold there, and a value without a finding must be accepted, where the parser is wholly known.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.docker_queries import PROJECT_NAME
from support.folders import plant
from support.program import BASE_IMAGE, caliban

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.experiment import sweep
from caliban_ls.analysis.findings import Finding, Severity
from caliban_ls.analysis.script import Flag, Script, is_same, read_script
from caliban_ls.validation import validate

TESTS = Path(__file__).parents[1]
SCRIPTS = TESTS / "scripts"
LIBRARIES = """\
absl-py==2.5.1
click==8.5.1
fire==0.7.1
simple-parsing==0.1.9
transformers==5.24.0
typer==0.29.2
tyro==1.0.17
"""

MODULES = {"project_modules/__init__.py", "project_modules/options.py", "project_modules/models.py"}
MODULES |= {"project_modules/more.py", "absl_modules/settings.py"}
"""Modules that the scripts import."""

NAMES = sorted(
    path for one in SCRIPTS.rglob("*.py") if (path := one.relative_to(SCRIPTS).as_posix()) not in MODULES
)

DYNAMIC = {
    "argparse_known_args.py",
    "argparse_loop_dynamic.py",
    "argparse_unknown_helper.py",
    "click_dynamic.py",
    "fire_kwargs.py",
    "getopt_by_hand.py",
    "hf_foreign_base.py",
}
"""Scripts that may have flags that their text doesn't show."""

UNCERTAIN = {"argparse_argv.py", "argparse_error_caught.py", "getopt_by_hand.py"}
"""Scripts that aren't checked."""

SILENT_ABOUT = {"CAL507", "CAL508"}
"""Findings about values that every parser accepts."""


OUT_OF_SIGHT = {"logfile", "flagfile", "undefok"}
"""Flags of a branch that isn't taken in the container, and flags that absl hides."""


@dataclass(frozen=True)
class Try:
    """One block of an experiment.

    Attributes:
        script: the script that it is for.
        flag: the flag that it tries; None for a key that no script has.
        block: its keys and values.
        words: its command line.
    """

    script: str
    flag: Flag | None
    block: dict[str, Any]
    words: list[str]


def reading(name: str) -> Script:
    def read(path: str) -> str | None:
        file = SCRIPTS / path
        return file.read_text(encoding="utf-8") if file.is_file() else None

    script = read_script(name, read)
    assert script is not None
    return script


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image with the libraries, and with the program that asks their parsers."""
    folder = tmp_path_factory.mktemp("libraries") / PROJECT_NAME
    plant(
        folder, {".calibanconfig.json": json.dumps({"base_image": BASE_IMAGE}), "requirements.txt": LIBRARIES}
    )
    shutil.copy(TESTS / "support" / "own_parser.py", folder / "own_parser.py")
    answer = caliban("build", "own_parser.py", "--nogpu", "--json", folder=folder)
    assert answer.returncode == 0, answer.stderr
    tag: str = json.loads(answer.stdout)["tag"]
    return tag


def ask(image: str, questions: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put questions to the scripts' own parsers."""
    command = [
        "docker",
        "run",
        "--rm",
        "--interactive",
        "--network",
        "none",
        "--volume",
        f"{SCRIPTS}:/scripts:ro",
    ]
    command += ["--env", "PYTHONDONTWRITEBYTECODE=1", "--entrypoint", "/bin/sh", image]
    command += ["-c", "exec python3 own_parser.py /scripts"]
    done = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers


@pytest.fixture(scope="module")
def known(image: str) -> dict[str, list[dict[str, Any]]]:
    """What each script's own parser says about its flags."""
    answers = ask(image, [{"script": name, "tries": []} for name in NAMES])
    return {name: answer["flags"] or [] for name, answer in zip(NAMES, answers, strict=True)}


@pytest.fixture(scope="module")
def tried(image: str, known: dict[str, list[dict[str, Any]]]) -> dict[str, list[tuple[Try, int]]]:
    """What each script did with each of many blocks: its exit code."""
    tries = {name: list(attempts(name, known[name])) for name in NAMES}
    questions = [{"script": name, "tries": [one.words for one in tries[name]]} for name in NAMES]
    answers = ask(image, questions)
    return {
        name: list(zip(tries[name], answer["codes"], strict=True))
        for name, answer in zip(NAMES, answers, strict=True)
    }


def attempts(name: str, real: list[dict[str, Any]]) -> list[Try]:
    """Return blocks for a script: each flag with good and bad values, and an unknown flag."""
    script = reading(name)
    found = [
        attempt(script, real, None, None, {}),
        attempt(script, real, None, "zz-no-such-flag", {"zz-no-such-flag": 1}),
    ]
    for flag in script.flags:
        if flag.hidden:
            continue
        for key in flag.keys[:1] + tuple(one[2:] for one in flag.negations[:1]):
            values = [True, *samples(flag)]
            found += [attempt(script, real, flag, key, {key: value}) for value in values]
    return found


def attempt(
    script: Script, real: list[dict[str, Any]], flag: Flag | None, key: str | None, block: dict[str, Any]
) -> Try:
    subcommand = flag.subcommand if flag is not None else None
    if subcommand is None and script.subcommands:
        subcommand = script.subcommands[0]
    base: dict[str, Any] = {}
    for one in real:
        long = [name[2:] for name in one["names"] if name.startswith("--")]
        needed = one["required"] and one["subcommand"] in (None, subcommand) and long
        if needed and not any(key is not None and is_same(script, key, name) for name in long):
            base[long[0]] = good(one)
    block = {**base, **block}
    own = list(sweep.arguments(block))
    words = [] if subcommand is None else subcommand.split(".")
    outer = flag is not None and flag.subcommand is None and script.library != "fire"
    return Try(script.path, flag, block, own + words if outer and subcommand else words + own)


def good(real: dict[str, Any]) -> Any:
    """Return a value that a required flag accepts."""
    if real["arity"] == "none":
        return True
    if real["choices"]:
        return real["choices"][0]
    return {"int": 7, "float": 0.5}.get(real["kind"], "True" if real["names"] == ["--deterministic"] else "7")


def samples(flag: Flag) -> list[Any]:
    values: list[Any] = ["word", 7, 7.5, -3, "-word"]
    if flag.choices:
        values += [flag.choices[0], "zz-no-choice"]
    if flag.kind == "bool":
        values += ["True", "no"]
    if "bounds" in flag.path:
        values += [
            -1,
            -0.5,
            0,
            0.0,
            0.25,
            0.5,
            1,
            1.0,
            2,
            3,
            4,
            5,
            5.5,
            8,
            9,
            10,
            11,
            64,
            65,
            100,
            101,
            150,
            1000,
        ]
        values += ["nan", "inf", "auto", "YES", "f", " sweet", "7k"]
    return values


def findings_of(one: Try) -> list[Finding]:
    document = jsondoc.parse(json.dumps(one.block))
    found = validate(document, "experiment", script=reading(one.script))
    return [item for item in found if item.code.startswith("CAL5")]


@pytest.mark.parametrize("name", NAMES)
def test_no_flag_that_exists_is_unknown(name: str, known: dict[str, list[dict[str, Any]]]) -> None:
    script = reading(name)
    for flag in known[name]:
        for spelling in flag["names"]:
            if spelling.startswith("--") and script.complete:
                assert any(is_same(script, spelling[2:], key) for one in script.flags for key in one.keys), (
                    spelling
                )


@pytest.mark.parametrize("name", NAMES)
def test_no_flag_is_made_up(name: str, known: dict[str, list[dict[str, Any]]]) -> None:
    script = reading(name)
    real = [spelling[2:] for flag in known[name] for spelling in flag["names"]]
    real += ["help"] if script.library in ("tyro", "fire") else []
    for flag in script.flags:
        keys = [name[2:] for name in flag.names if name.startswith("--")]
        if flag.name in OUT_OF_SIGHT:
            continue
        assert all(any(is_same(script, key, one) for one in real) for key in keys) or not known[name], (
            flag.names
        )


@pytest.mark.parametrize("name", NAMES)
def test_flags_are_as_their_parser_has_them(name: str, known: dict[str, list[dict[str, Any]]]) -> None:
    script = reading(name)
    for flag in script.flags:
        for real in known[name]:
            if f"--{flag.name}" not in real["names"] or flag.subcommand != real["subcommand"]:
                continue
            for field in ("arity", "kind"):
                ours, theirs = getattr(flag, field), real[field]
                # A switch has no kind, and enumerations are read as texts.
                if (
                    None not in (ours, theirs)
                    and not (flag.choices and field == "kind")
                    and flag.arity != "none"
                ):
                    assert ours == theirs, (flag.names, field)
            if real["choices"] is not None and flag.choices is not None:
                assert spelled(flag, flag.choices) == spelled(flag, real["choices"]), flag.names
            if flag.required:
                assert real["required"] is not False, flag.names
            elif real["required"] and script.complete and script.certain and not script.subcommands:
                assert name in {"argparse_conditional.py", "argparse_kwargs.py", "hf_json.py"}, flag.names


def spelled(flag: Flag, choices: Iterable[Any]) -> list[str]:
    return sorted(str(one).lower() if flag.ignores_case else str(one) for one in choices)


@pytest.mark.parametrize("name", NAMES)
def test_a_value_has_a_finding_just_where_the_parser_refuses_it(
    name: str, tried: dict[str, list[tuple[Try, int]]]
) -> None:
    script = reading(name)
    for one, code in tried[name]:
        found = findings_of(one)
        errors = [item for item in found if item.severity is Severity.ERROR and item.code not in SILENT_ABOUT]
        if script.library == "absl":
            errors = [item for item in errors if item.code != "CAL505"]
        # Click and absl read the next flag as the value, and the last flag lacks one.
        shown = (one.words, [item.message for item in found])
        assert not errors or code != 0, shown
        flag = one.flag
        open_question = any(item.code in ("CAL505", "CAL510") for item in found)
        knows = flag is None or (
            flag.arity is not None and (flag.kind is not None or flag.arity in ("none", "optional"))
        )
        if script.complete and script.certain and knows and not errors and not open_question:
            assert code == 0 or excused(script, one), shown


def excused(script: Script, one: Try) -> bool:
    """Whether a library may refuse a value for a reason that the reading doesn't cover."""
    values = list(one.block.values())
    if script.library in ("fire", "tyro") and "-word" in values:
        return True
    if one.flag is not None and one.flag.name in {"set", "logfile", "scaled", "even", "refuse"}:
        return True  # the script's own action, a missing file, and functions that are understood in part
    if one.flag is not None and "bounds" in one.flag.path and values[-1] in ("nan", "inf"):
        return True  # versions and functions differ about NaN and infinity
    if one.flag is not None and (
        one.flag.kind in ("bool", None) or (script.positionals and one.flag.arity == "none")
    ):
        return True
    return script.library == "fire"


@pytest.mark.parametrize("name", NAMES)
def test_scripts_that_are_wholly_known(name: str) -> None:
    script = reading(name)
    assert script.complete == (name not in DYNAMIC)
    assert script.certain == (name not in UNCERTAIN)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in DYNAMIC | UNCERTAIN])
def test_an_unknown_flag_is_refused_and_found(name: str, tried: dict[str, list[tuple[Try, int]]]) -> None:
    one, code = tried[name][1]
    assert code != 0
    assert "CAL501" in [found.code for found in findings_of(one)]
