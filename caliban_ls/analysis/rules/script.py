"""Family CAL5: flags and values of an experiment that its script doesn't accept."""

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
            "The script has no such flag, so its parser would end every job at once. The rule applies only to scripts "
            "whose flags can all be read from their text; [scripts.md](scripts.md) has the details."
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
            "The script doesn't start without this flag, and the block doesn't set it. Every run must then pass it "
            "after `--`. If you work that way, silence the rule."
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
            "The flag is a switch and takes no value; a value after it belongs to no flag. `true` passes the flag, "
            "`false` leaves it out."
        ),
        wrong='{"verbose": "true"}\n',
        right='{"verbose": true}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL506",
        name="value-missing",
        severity=Severity.ERROR,
        explanation="`true` passes the flag alone, but the script expects a value after it.",
        wrong='{"lr": true}\n',
        right='{"lr": 0.1}\n',
        script=_SCRIPT,
    ),
    Rule(
        code="CAL507",
        name="same-flag-twice",
        severity=Severity.ERROR,
        explanation=(
            "Two keys are names of one flag: an alias, or an abbreviation that the script's parser accepts. The script "
            "gets both and keeps the later value."
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
            "`type=bool` calls `bool()` with the text, and every text but the empty one is true, also `False` and "
            "`0`. `false` leaves the flag out. In the script, use `action=argparse.BooleanOptionalAction`."
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
            "The script expects several values after this flag, and an experiment passes one. Change the script to "
            "take one text and split it, or to take two flags."
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
            "argparse takes a value with a leading dash for a flag, unless it is a plain negative number. Python "
            "writes small numbers with an exponent (`-1e-05`), and argparse recognizes these as numbers only since "
            'Python 3.14. A text (`"-0.00001"`) works everywhere.'
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
            "The script accepts only numbers within bounds. Its text states them: `lower_bound` and `upper_bound` of "
            "absl, `IntRange` and `FloatRange` of click, `min` and `max` of typer, or a function for `type=` that "
            "refuses the others."
        ),
        wrong='{"workers": 0}\n',
        right='{"workers": 1}\n',
        script=_BOUNDED,
    ),
)
