"""Family CAL2: the keys and values of an experiment config that is valid JSON."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL201",
        name="not-an-experiment",
        severity=Severity.ERROR,
        explanation=(
            "An experiment config is an object of flags, or a list of such objects (lists may be nested). "
            "A number, string or other single value stands for no job."
        ),
        wrong='[{"lr": 0.1}, 7]\n',
        right='[{"lr": 0.1}, {"lr": 7}]\n',
    ),
    Rule(
        code="CAL202",
        name="empty-list",
        severity=Severity.ERROR,
        explanation=(
            "A list of values multiplies the jobs by its length, so an empty list would leave no job. "
            "Give it a value, or remove the key."
        ),
        wrong='{"lr": [], "epochs": 5}\n',
        right='{"lr": [0.1], "epochs": 5}\n',
    ),
    Rule(
        code="CAL203",
        name="null-value",
        severity=Severity.ERROR,
        explanation=(
            "A command line has no spelling for `null`. A flag has a value, stands alone (`true`) or is left out "
            "(`false`)."
        ),
        wrong='{"lr": null}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL204",
        name="nested-object",
        severity=Severity.ERROR,
        explanation=(
            "A flag's value is a string, a number, true, false or a list of these. An object inside another "
            "has no spelling on a command line. Write a flag for each of its values."
        ),
        wrong='{"optimizer": {"name": "adam"}}\n',
        right='{"optimizer": "adam"}\n',
    ),
    Rule(
        code="CAL205",
        name="invalid-key",
        severity=Severity.ERROR,
        explanation=(
            "A key becomes a flag: `lr` becomes `--lr`. It has at least one character and no spaces, commas "
            'or brackets. Several flags that vary together are written `"[lr,epochs]"`.'
        ),
        wrong='{"learning rate": 0.1}\n',
        right='{"learning_rate": 0.1}\n',
    ),
    Rule(
        code="CAL206",
        name="compound-needs-rows",
        severity=Severity.ERROR,
        explanation=(
            "A compound key names several flags, so its value is a list of rows with one value for each: "
            '`"[lr,epochs]": [[0.1, 5], [0.01, 50]]`. A single row may be written flat: `[0.1, 5]`.'
        ),
        wrong='{"[lr,epochs]": 0.1}\n',
        right='{"[lr,epochs]": [0.1, 5]}\n',
    ),
    Rule(
        code="CAL207",
        name="row-length",
        severity=Severity.ERROR,
        explanation=(
            "Every row of a compound key has exactly one value for each flag that the key names. With fewer, "
            "a flag would be left without a value; with more, a value would be dropped."
        ),
        wrong='{"[lr,epochs]": [[0.1, 5], [0.01]]}\n',
        right='{"[lr,epochs]": [[0.1, 5], [0.01, 50]]}\n',
    ),
    Rule(
        code="CAL208",
        name="mixed-rows",
        severity=Severity.ERROR,
        explanation=(
            "The value of a compound key is either one flat row (`[0.1, 5]`) or a list of rows "
            "(`[[0.1, 5], [0.01, 50]]`), never a mixture, since its meaning would be unclear."
        ),
        wrong='{"[lr,epochs]": [[0.1, 5], 0.01]}\n',
        right='{"[lr,epochs]": [[0.1, 5], [0.01, 50]]}\n',
    ),
    Rule(
        code="CAL209",
        name="flag-set-twice",
        severity=Severity.ERROR,
        explanation=(
            "One block sets the same flag in two keys, at least one of them compound. A job can use only one of "
            "the two values, and the config doesn't show which."
        ),
        wrong='{"lr": 1, "[lr,epochs]": [[0.1, 5]]}\n',
        right='{"seed": 1, "[lr,epochs]": [[0.1, 5]]}\n',
    ),
    Rule(
        code="CAL210",
        name="no-jobs",
        severity=Severity.WARNING,
        explanation=("An empty list of blocks has no jobs. Write `{}` for one job without flags."),
        wrong="[]\n",
        right="[{}]\n",
    ),
    Rule(
        code="CAL211",
        name="dashes-in-key",
        severity=Severity.WARNING,
        explanation=(
            "Write keys without dashes; the program adds them when it makes the job's command line. The key `--lr` "
            "would become `----lr`."
        ),
        wrong='{"--lr": 0.1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL212",
        name="nul-character",
        severity=Severity.ERROR,
        explanation=(
            "No operating system passes the character U+0000 in an argument: the job couldn't be started."
        ),
        wrong='{"name": "a\\u0000b"}\n',
        right='{"name": "ab"}\n',
    ),
)
