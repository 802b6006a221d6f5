"""An experiment beside a script: what is found where, and what the fixes write."""

from __future__ import annotations

import pytest
from support.marked_text import unmark

from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.findings import Finding, apply_edits
from caliban_ls.analysis.script import read_script
from caliban_ls.validation import validate

ARGPARSE = """\
import argparse
parser = argparse.ArgumentParser()
parser.add_argument("--lr", "--learning-rate", type=float)
parser.add_argument("--epochs", type=int, default=1)
parser.add_argument("--optimizer", choices=["adam", "sgd"])
parser.add_argument("--depth", type=int, choices=[18, 34])
parser.add_argument("--weight-decay", type=float)
parser.add_argument("--verbose", action="store_true")
parser.add_argument("--tag", action="append")
parser.add_argument("--amp", action=argparse.BooleanOptionalAction)
parser.add_argument("--old", type=bool, default=True)
parser.add_argument("--resume", nargs="?")
parser.add_argument("--note")
parser.parse_args()
"""

CLICK = """\
import click
@click.command()
@click.option("--amp/--no-amp")
@click.option("--cache", type=bool, default=True)
@click.option("--size", type=click.Choice(["S", "M"], case_sensitive=False))
@click.option("--learning-rate", type=float)
def main(**options): pass
main()
"""

ABSL = """\
from absl import app, flags
flags.DEFINE_bool("debug", False, "")
flags.DEFINE_integer("steps", 1, "")
flags.DEFINE_string("data", None, "", required=True)
app.run(print)
"""

FIRE = "import fire\ndef train(lr=0.1, batch_size=1): print(lr)\nfire.Fire(train)\n"

SUBCOMMANDS = """\
import argparse
parser = argparse.ArgumentParser()
commands = parser.add_subparsers()
a = commands.add_parser("a")
a.add_argument("--x", type=int)
a.add_argument("--only-a", required=True)
b = commands.add_parser("b")
b.add_argument("--x")
parser.parse_args()
"""

OPEN = ARGPARSE.replace("parser.parse_args()", "parser.parse_known_args()")


def found(text: str, script: str) -> list[Finding]:
    read = read_script("train.py", {"train.py": script}.get)
    return [
        one for one in validate(jsondoc.parse(text), "experiment", script=read) if one.code.startswith("CAL5")
    ]


def check(marked: str, code: str, mended: str | None = None, script: str = ARGPARSE) -> str:
    """Find one thing at the marked spot, and mend it by its first fix; return the message."""
    text, (span,) = unmark(marked)
    (one,) = found(text, script)
    assert (one.code, one.span) == (code, span)
    assert (apply_edits(text, one.fixes[0].edits) if one.fixes else None) == mended
    return one.message


@pytest.mark.parametrize(
    ("marked", "code", "mended"),
    [
        ('{⟦"weight_decay"⟧: 1}', "CAL501", '{"weight-decay": 1}'),
        ('{⟦"epcohs"⟧: [1, 2]}', "CAL501", '{"epochs": [1, 2]}'),
        ('{⟦"epcohs"⟧: "many"}', "CAL501", None),
        ('{"[lr, ⟦optimzer⟧]": [[1, "adam"]]}', "CAL501", '{"[lr,optimizer]": [[1, "adam"]]}'),
        ('{⟦"zzz"⟧: 1}', "CAL501", None),
        ('{"epochs": [1, ⟦2.5⟧]}', "CAL502", None),
        ('{"epochs": ⟦1e3⟧}', "CAL502", '{"epochs": 1000}'),
        ('{"[epochs,lr]": [[1, ⟦"fast"⟧], [2, 0.1]]}', "CAL502", None),
        ('{"optimizer": ⟦"Adam"⟧}', "CAL503", '{"optimizer": "adam"}'),
        ('{"depth": ⟦19⟧}', "CAL503", '{"depth": 18}'),
        ('{"verbose": ⟦"no"⟧}', "CAL505", '{"verbose": false}'),
        ('{"verbose": [true, ⟦1⟧]}', "CAL505", '{"verbose": [true, true]}'),
        ('{"no-amp": ⟦"x"⟧}', "CAL505", None),
        ('{"lr": ⟦true⟧}', "CAL506", None),
        ('{"lr": 1, ⟦"learning-rate"⟧: 2}', "CAL507", None),
        ('{"epochs": 1, ⟦"epo"⟧: 2}', "CAL507", None),
        ('{"amp": true, ⟦"no-amp"⟧: true}', "CAL507", None),
        ('{"old": ⟦"False"⟧}', "CAL508", None),
        ('{"note": ⟦"-x"⟧}', "CAL510", None),
        ('{"lr": ⟦-1e-5⟧}', "CAL510", '{"lr": "-0.00001"}'),
    ],
)
def test_what_argparse_would_refuse(marked: str, code: str, mended: str | None) -> None:
    check(marked, code, mended)


@pytest.mark.parametrize(
    "text",
    [
        '{"lr": [0.1, 1, "1e-3", -1, -0.5, false], "epochs": "7"}',
        '{"learn": 0.1, "epo": 3, "verb": true}',
        '{"verbose": [true, false], "amp": true}',
        '{"tag": "a", "ta": "b"}',
        '{"[amp,no-amp]": [[true, false], [false, true]]}',
        '{"lr": 1, "learning-rate": false}',
        '{"resume": true}',
        '{"resume": "x"}',
        '{"note": "- x"}',
        '{"note": "-"}',
        '{"note": ""}',
        '{"zzz": false}',
        '{"lr=0.1": true}',
        '{"old": "yes"}',
        '{"help": true}',
        '{"lr": 0.1, "e": }',
    ],
)
def test_what_argparse_takes(text: str) -> None:
    assert found(text, ARGPARSE) == []


@pytest.mark.parametrize(
    ("marked", "script", "code", "mended"),
    [
        ('{⟦"learning_rate"⟧: 1}', CLICK, "CAL501", '{"learning-rate": 1}'),
        ('{⟦"learn"⟧: 1}', CLICK, "CAL501", None),
        ('{"cache": ⟦"maybe"⟧}', CLICK, "CAL502", None),
        ('{"cache": ⟦true⟧}', CLICK, "CAL506", '{"cache": "true"}'),
        ('{"size": ⟦"XL"⟧}', CLICK, "CAL503", None),
        ('{"amp": ⟦"false"⟧}', CLICK, "CAL505", '{"amp": false}'),
        ('{"data": "x", "debug": ⟦"false"⟧}', ABSL, "CAL505", '{"data": "x", "debug": false}'),
        ('{"data": "x", ⟦"debgu"⟧: true}', ABSL, "CAL501", '{"data": "x", "debug": true}'),
        ('⟦{⟧"steps": 1}', ABSL, "CAL504", '{"steps": 1, "data": "DATA"}'),
        ('{"data": ⟦false⟧}', ABSL, "CAL504", None),
        ('{⟦"rate"⟧: 1}', FIRE, "CAL501", None),
        ('{⟦"y"⟧: 1}', SUBCOMMANDS, "CAL501", None),
    ],
)
def test_other_libraries(marked: str, script: str, code: str, mended: str | None) -> None:
    check(marked, code, mended, script)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ('{"cache": ["true", "0", "off"], "size": "s", "learning-rate": -1e-5}', CLICK),
        ('{"data": "-x", "steps": "0x10", "nodebug": true, "v": 1, "alsologtostderr": true}', ABSL),
        ('{"undefok": "zzz", "zzz": 1}', ABSL),
        ('{"flagfile": "x"}', ABSL),
        ('{"lr": true, "batch-size": 2}', FIRE),
        ('{"nolr": true, "b": 3}', FIRE),
        ('{"x": "word"}', SUBCOMMANDS),
        ('{"zzz": 1, "ver": "x", "epo": 2.5}', OPEN),
    ],
)
def test_what_other_libraries_take_or_may_take(text: str, script: str) -> None:
    assert found(text, script) == []


BOUNDS = """\
import argparse

def positive(text):
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError("must be positive")
    return number

def fraction(text):
    value = float(text)
    if not 0 < value < 1:
        raise ValueError
    return value

def flavour(text):
    if text not in ("sweet", "sour"):
        raise ValueError
    return text

parser = argparse.ArgumentParser()
parser.add_argument("--workers", type=positive)
parser.add_argument("--dropout", type=fraction)
parser.add_argument("--flavour", type=flavour)
parser.parse_args()
"""

RANGES = """\
import click
@click.command()
@click.option("--workers", type=click.IntRange(1, 64))
@click.option("--rate", type=click.FloatRange(0, 1, max_open=True))
@click.option("--clamped", type=click.IntRange(0, 9, clamp=True))
def main(**options): pass
main()
"""

LIMITS = """\
from absl import app, flags
flags.DEFINE_integer("steps", 1, "", 1, upper_bound=100)
flags.DEFINE_float("rate", 0.1, "", lower_bound=0.0)
app.run(print)
"""

NUMBERS = """\
import typer
def main(
    workers: int = typer.Option(4, min=1, max=64),
    rate: float = typer.Option(0.1, max=1),
): pass
typer.run(main)
"""


@pytest.mark.parametrize(
    ("marked", "script", "said", "mended"),
    [
        ('{"workers": ⟦0⟧}', BOUNDS, "a whole number of at least 1, not 0", '{"workers": 1}'),
        ('{"workers": [1, ⟦-3⟧]}', BOUNDS, "of at least 1, not -3", '{"workers": [1, 1]}'),
        ('{"dropout": ⟦1⟧}', BOUNDS, "a number above 0 and below 1, not 1", None),
        ('{"workers": ⟦65⟧}', RANGES, "a whole number from 1 to 64, not 65", '{"workers": 64}'),
        ('{"rate": ⟦1.0⟧}', RANGES, "a number of at least 0 and below 1, not 1.0", None),
        ('{"rate": ⟦-0.1⟧}', RANGES, "not -0.1", '{"rate": 0}'),
        ('{"steps": ⟦101⟧}', LIMITS, "a whole number from 1 to 100, not 101", '{"steps": 100}'),
        ('{"rate": ⟦-1⟧}', LIMITS, "a number of at least 0.0, not -1", '{"rate": 0.0}'),
        ('{"workers": ⟦0⟧}', NUMBERS, "from 1 to 64", '{"workers": 1}'),
        ('{"workers": ⟦"0.0"⟧}', NUMBERS, "from 1 to 64", None),
        ('{"rate": ⟦1.5⟧}', NUMBERS, "a number of at most 1, not 1.5", '{"rate": 1}'),
    ],
)
def test_numbers_out_of_bounds(marked: str, script: str, said: str, mended: str | None) -> None:
    assert said in check(marked, "CAL512", mended, script)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ('{"workers": [1, 2, "7"], "dropout": [0.5, 1e-3, "nan"], "flavour": "sweet"}', BOUNDS),
        ('{"workers": [1, 64], "rate": [0, 0.999, "nan"], "clamped": [-5, 100]}', RANGES),
        ('{"steps": [1, 100, "0x10"], "rate": [0, 1e9, "inf", "nan"]}', LIMITS),
        ('{"workers": [1, 64, "64.0"], "rate": [-1, 1]}', NUMBERS),
    ],
)
def test_numbers_within_bounds(text: str, script: str) -> None:
    assert found(text, script) == []


def test_words_that_a_function_takes_are_choices() -> None:
    assert '"sweet", "sour"' in check('{"flavour": ⟦"swet"⟧}', "CAL503", '{"flavour": "sweet"}', BOUNDS)


def test_a_function_that_reads_words_is_given_one() -> None:
    script = (
        "import argparse\ndef on(v):\n    if v.lower() in ('yes', 'true', '1'):\n        return True\n"
        "    if v.lower() in ('no', 'false', '0'):\n        return False\n"
        "    raise argparse.ArgumentTypeError('a boolean is expected')\n"
        "parser = argparse.ArgumentParser()\nparser.add_argument('--amp', type=on)\nparser.parse_args()\n"
    )
    check('{"amp": ⟦true⟧}', "CAL506", '{"amp": "true"}', script)
    check('{"amp": ⟦"ture"⟧}', "CAL503", '{"amp": "true"}', script)
    assert found('{"amp": ["True", "NO", 1, 0, false]}', script) == []


@pytest.mark.parametrize(
    ("argument", "mended"),
    [
        ("type=int, choices=[3, 4]", '{"a": 3}'),
        ("type=int", '{"a": 1}'),
        ("type=positive", '{"a": 5}'),
        ("type=float", '{"a": 0.1}'),
        ("type=bool", '{"a": "True"}'),
        ("type=str", '{"a": "A"}'),
        ("type=pathlib.Path", '{"a": "A"}'),
        ('action="store_true"', '{"a": true}'),
        ('nargs="+", type=int', '{"a": 1}'),
        ("nargs=2", None),
        ("type=unknown", None),
    ],
)
def test_a_required_flag_is_set_to_what_it_takes(argument: str, mended: str | None) -> None:
    script = (
        "import argparse, pathlib\nfrom elsewhere import unknown\n"
        "def positive(text):\n    if int(text) < 5: raise ValueError\n    return int(text)\n"
        f'parser = argparse.ArgumentParser()\nparser.add_argument("--a", required=True, {argument})\n'
        "parser.parse_args()\n"
    )
    check("⟦{⟧}", "CAL504", mended, script)
    if mended is not None:
        assert found(mended, script) == []


def test_known_flags_of_an_open_script_are_checked() -> None:
    assert [one.code for one in found('{"epochs": 2.5, "zzz": 1}', OPEN)] == ["CAL502"]


def test_an_ambiguous_beginning_names_what_it_could_be() -> None:
    script = 'import argparse\np = argparse.ArgumentParser()\np.add_argument("--lr-a")\np.add_argument("--lr-b")\np.parse_args()\n'
    (one,) = found('{"lr": 1}', script)
    assert one.code == "CAL501"
    assert "--lr-a or --lr-b" in one.message
    assert [fix.title for fix in one.fixes] == ['Rename to "lr-a"', 'Rename to "lr-b"']


def test_messages_say_what_would_be_right() -> None:
    assert "did you mean --weight-decay?" in check('{⟦"weight_decay"⟧: 1}', "CAL501", '{"weight-decay": 1}')
    assert "known: --amp, --depth" in check('{⟦"zzz"⟧: 1}', "CAL501")
    assert "1e3 (which becomes 1000.0)" in check('{"epochs": ⟦1e3⟧}', "CAL502", '{"epochs": 1000}')
    assert '"adam", "sgd"' in check('{"optimizer": ⟦"x"⟧}', "CAL503")


NEEDED = """
import argparse
p = argparse.ArgumentParser()
group = p.add_mutually_exclusive_group(required={required})
group.add_argument("--a", type=int)
{more}
p.add_argument("--c", type=int)
p.parse_args()
"""


@pytest.mark.parametrize(
    ("marked", "required", "more", "codes"),
    [
        ('{"c": 1}', "True", 'group.add_argument("--b", action="store_true")', ["CAL504"]),
        ("{}", "True", 'group.add_argument("--b", action="store_true")', ["CAL504"]),
        ('{"a": 1}', "True", 'group.add_argument("--b")', []),
        ('{"b": [1, 2]}', "True", 'group.add_argument("--b")', []),
        ('{"c": 1}', "False", 'group.add_argument("--b")', []),
        ('{"c": 1}', "input()", 'group.add_argument("--b")', []),
        ('{"c": 1}', "True", 'group.add_argument("b", nargs="?")', []),
        ('{"c": 1}', "True", 'group.add_argument("-b")', []),
        ('{"c": 1}', "True", "group.add_argument(input())", []),
        ('{"c": 1}', "True", "group.required = False", []),
    ],
)
def test_one_of_a_group_is_needed(marked: str, required: str, more: str, codes: list[str]) -> None:
    script = NEEDED.format(required=required, more=more)
    blocks = found(f"[{marked}, {marked}]", script)
    assert [one.code for one in blocks if one.code != "CAL603"] == codes * 2


@pytest.mark.parametrize(
    ("key", "flag"),
    [("no-amp", "amp"), ("no_amp", "amp"), ("cuda", "no-cuda"), ("disable-cache", "enable-cache")],
)
def test_the_opposite_of_a_flag_is_not_what_was_meant(key: str, flag: str) -> None:
    script = f'import argparse\np = argparse.ArgumentParser()\np.add_argument("--{flag}", action="store_true")\np.parse_args()\n'
    (one,) = found(f'{{"{key}": true}}', script)
    assert "did you mean" not in one.message
    assert one.fixes == ()
    (near,) = found(f'{{"{flag}x": true}}', script)
    assert [fix.title for fix in near.fixes] == [f'Rename to "{flag}"']


def test_blocks_are_checked_again_when_they_or_the_script_change() -> None:
    document = jsondoc.parse('[{"epochs": 1}, {"epochs": 2.5}]')
    scripts = [
        read_script("t.py", {"t.py": text}.get) for text in (ARGPARSE, ARGPARSE.replace("type=int, d", "d"))
    ]
    codes = [
        [one.code for one in validate(document, "experiment", script=script)]
        for script in (*scripts, scripts[0])
    ]
    assert codes == [["CAL502"], [], ["CAL502"]]
    document.edit(12, 13, "1.5")
    spans = [one.span.start for one in validate(document, "experiment", script=scripts[0])]
    assert [document.text[start : start + 3] for start in spans] == ["1.5", "2.5"]


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((), ["CAL504"]),
        (("--data", "x"), []),
        (("-d", "x"), []),
        (("-dx",), []),
        (("--help",), []),
        (("@flags",), []),
        (("--", "--data"), []),
        (("--lr", "1"), ["CAL504"]),
    ],
)
def test_what_every_job_gets_besides_is_not_missing(args: tuple[str, ...], expected: list[str]) -> None:
    script = (
        "import argparse\np = argparse.ArgumentParser()\np.add_argument('--lr', type=float)\n"
        "p.add_argument('-d', '--data', required=True)\np.parse_args()\n"
    )
    read = read_script("train.py", {"train.py": script}.get)
    findings = validate(jsondoc.parse('{"lr": 1}'), "experiment", script=read, args=args)
    assert [one.code for one in findings] == expected
