"""Family CAL5: whether an experiment sets flags that its script has, to values that the script takes."""

from __future__ import annotations

from typing import Final

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

_SCRIPT: Final = """\
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--lr", "--learning-rate", type=float, default=0.1)
parser.add_argument("--epochs", type=int)
parser.add_argument("--optimizer", choices=["adam", "sgd"])
parser.add_argument("--verbose", action="store_true")
args = parser.parse_args()
"""


_BOUNDED: Final = """\
import argparse


def positive(text):
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be positive")
    return number


parser = argparse.ArgumentParser()
parser.add_argument("--workers", type=positive)
args = parser.parse_args()
"""


def _with(argument: str) -> str:
    return f"""\
import argparse

parser = argparse.ArgumentParser()
{argument}
args = parser.parse_args()
"""


RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL501",
        name="unknown-flag",
        severity=Severity.ERROR,
        explanation=(
            "The script has no such flag, so that its parser would end every job at once. This is said only of "
            "scripts whose flags can all be read from their text; [scripts.md](scripts.md) has the details."
        ),
        wrong='{"optimiser": "adam"}\n',
        right='{"optimizer": "adam"}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL502",
        name="wrong-type",
        severity=Severity.ERROR,
        explanation=(
            "The script reads the flag's value as a number or a boolean, and this isn't one. Numbers reach the "
            "script as Python spells them: `1e3` becomes `1000.0`, which is no whole number."
        ),
        wrong='{"epochs": 1e3}\n',
        right='{"epochs": 1000}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL503",
        name="not-a-choice",
        severity=Severity.ERROR,
        explanation="The script takes only some values for this flag, and this isn't one of them.",
        wrong='{"optimizer": ["adam", "sdg"]}\n',
        right='{"optimizer": ["adam", "sgd"]}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL504",
        name="required-flag-missing",
        severity=Severity.WARNING,
        explanation=(
            "The script refuses to start without this flag, and the block doesn't set it. Every run must then "
            "give it behind `--`; where that is how you work, silence the rule."
        ),
        wrong='{"lr": 0.1}\n',
        right='{"lr": 0.1, "data": "imagenet"}\n',
        script=_with(
            'parser.add_argument("--lr", type=float)\nparser.add_argument("--data", choices=["imagenet"], required=True)'
        ),
    ),
    Rule(
        code="CAL505",
        name="value-for-a-switch",
        severity=Severity.ERROR,
        explanation=(
            "The flag is on when it is given and off when it isn't; a value behind it belongs to no flag. `true` "
            "gives it, `false` leaves it out."
        ),
        wrong='{"verbose": "true"}\n',
        right='{"verbose": true}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL506",
        name="value-missing",
        severity=Severity.ERROR,
        explanation="`true` gives the bare flag, and the script wants a value behind this one.",
        wrong='{"lr": true}\n',
        right='{"lr": 0.1}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL507",
        name="same-flag-twice",
        severity=Severity.ERROR,
        explanation=(
            "Two keys are names of one flag: an alias, or a beginning that the script's parser takes for the whole. "
            "The script sees both and keeps the later one."
        ),
        wrong='{"lr": 0.1, "learning-rate": 0.2}\n',
        right='{"lr": [0.1, 0.2]}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL508",
        name="always-true",
        severity=Severity.WARNING,
        explanation=(
            "`type=bool` calls `bool()` with the text, and every text but the empty one is true, `False` and `0` "
            "too. `false` leaves the flag out; in the script, `action=argparse.BooleanOptionalAction` does what "
            "was meant."
        ),
        wrong='{"amp": "False"}\n',
        right='{"amp": false}\n',
        script=_with('parser.add_argument("--amp", type=bool, default=False)'),
    ),
    Rule(
        code="CAL509",
        name="too-few-values",
        severity=Severity.ERROR,
        explanation=(
            "The script wants several values behind this flag, and an experiment gives a flag one. Have the script "
            "take one text and split it, or two flags."
        ),
        wrong='{"betas": "0.9 0.99"}\n',
        right="{}\n",
        script=_with('parser.add_argument("--betas", nargs=2, type=float)'),
    ),
    Rule(
        code="CAL510",
        name="looks-like-a-flag",
        severity=Severity.ERROR,
        explanation=(
            "argparse takes what begins with a dash for a flag, unless it is a plain negative number. Python writes "
            "small numbers with an exponent (`-1e-05`), which argparse knows for numbers only since Python 3.14; "
            'written as a text (`"-0.00001"`) it works everywhere.'
        ),
        wrong='{"note": "-baseline"}\n',
        right='{"note": "baseline"}\n',
        script=_with('parser.add_argument("--note")'),
    ),
    Rule(
        code="CAL511",
        name="exclusive-flags",
        severity=Severity.ERROR,
        explanation="The script's parser allows one flag of this group at a time, and the block sets two.",
        wrong='{"epochs": 5, "steps": 1000}\n',
        right='[{"epochs": 5}, {"steps": 1000}]\n',
        script=_with(
            "group = parser.add_mutually_exclusive_group()\n"
            'group.add_argument("--epochs", type=int)\ngroup.add_argument("--steps", type=int)'
        ),
    ),
    Rule(
        code="CAL512",
        name="out-of-bounds",
        severity=Severity.ERROR,
        explanation=(
            "The script takes only numbers within bounds that its text gives: `lower_bound` and `upper_bound` of absl, "
            "`IntRange` and `FloatRange` of click, `min` and `max` of typer, or what a function of the script's own "
            "refuses that is given as `type=`."
        ),
        wrong='{"workers": 0}\n',
        right='{"workers": 1}\n',
        script=_BOUNDED,
    ),
)
