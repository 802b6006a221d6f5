"""Family CAL1: what keeps a text from being JSON with comments."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL101",
        name="empty-document",
        severity=Severity.ERROR,
        explanation=(
            "There is nothing in the file but blanks or comments. The least that an experiment can be is "
            "`{}`: one job without flags."
        ),
        wrong="",
        right="{}\n",
    ),
    Rule(
        code="CAL102",
        name="text-after-end",
        severity=Severity.ERROR,
        explanation=(
            "A file holds one value, and this stands behind its end. Several blocks of an experiment belong "
            "into one list: `[{…}, {…}]`."
        ),
        wrong='{"lr": 0.1}\n{"lr": 0.01}\n',
        right='[{"lr": 0.1},\n {"lr": 0.01}]\n',
    ),
    Rule(
        code="CAL103",
        name="unclosed-bracket",
        severity=Severity.ERROR,
        explanation=(
            "This bracket has no partner. It is reported where it opens, because where it should close is a "
            "guess: the fix closes it behind the last value that can belong to it."
        ),
        wrong='{"lr": [0.1, 0.01, "epochs": 5}\n',
        right='{"lr": [0.1, 0.01], "epochs": 5}\n',
    ),
    Rule(
        code="CAL104",
        name="stray-bracket",
        severity=Severity.ERROR,
        explanation=(
            "This bracket closes nothing, since everything that was open is closed already. Remove it, or "
            "look for the opening one that is missing before it."
        ),
        wrong='{"lr": [0.1, 0.01]}}\n',
        right='{"lr": [0.1, 0.01]}\n',
    ),
    Rule(
        code="CAL105",
        name="mismatched-bracket",
        severity=Severity.ERROR,
        explanation="A list stands in `[ ]`, an object in `{ }`. Here a bracket of the other kind is used.",
        wrong='{"lr": [0.1, 0.01}, "epochs": 5}\n',
        right='{"lr": [0.1, 0.01], "epochs": 5}\n',
    ),
    Rule(
        code="CAL106",
        name="missing-comma",
        severity=Severity.ERROR,
        explanation=(
            "Items of a list and members of an object are separated by commas. The finding marks the last "
            "character before the gap, and the fix inserts the comma right behind it."
        ),
        wrong='{"lr": 0.1 "epochs": 5}\n',
        right='{"lr": 0.1, "epochs": 5}\n',
    ),
    Rule(
        code="CAL107",
        name="extra-comma",
        severity=Severity.ERROR,
        explanation=(
            "A comma stands between two items. One before the first item, or two in a row, separates "
            "nothing; either it is one too many, or a value was left out."
        ),
        wrong='{"lr": [0.1,, 0.01]}\n',
        right='{"lr": [0.1, 0.01]}\n',
    ),
    Rule(
        code="CAL108",
        name="trailing-comma",
        severity=Severity.HINT,
        explanation=(
            "A comma behind the last item is accepted here, but plain JSON doesn't know it, so other tools "
            "may stumble over the file."
        ),
        wrong='{"lr": 0.1, "epochs": 5,}\n',
        right='{"lr": 0.1, "epochs": 5}\n',
    ),
    Rule(
        code="CAL109",
        name="missing-colon",
        severity=Severity.ERROR,
        explanation='A key and its value are joined by a colon: `"lr": 0.1`.',
        wrong='{"lr" 0.1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL110",
        name="wrong-separator",
        severity=Severity.ERROR,
        explanation='Python and shells write `lr=0.1`; JSON joins a key and its value by a colon: `"lr": 0.1`.',
        wrong='{"lr" = 0.1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL111",
        name="missing-key",
        severity=Severity.ERROR,
        explanation=(
            "In an object every value has a key: text in double quotes, and a colon. Here a value, or the "
            "colon before it, stands without one."
        ),
        wrong='{"lr": 0.1, : 5}\n',
        right='{"lr": 0.1, "epochs": 5}\n',
    ),
    Rule(
        code="CAL112",
        name="missing-value",
        severity=Severity.ERROR,
        explanation="In an object every key has a value. For a flag without a value write `true`.",
        wrong='{"lr": 0.1, "epochs": }\n',
        right='{"lr": 0.1, "epochs": 5}\n',
    ),
    Rule(
        code="CAL113",
        name="unquoted-key",
        severity=Severity.ERROR,
        explanation=(
            "JavaScript lets a key stand without quotes, and Python lets it be a number. In JSON a key is "
            "text in double quotes."
        ),
        wrong="{lr: 0.1}\n",
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL114",
        name="duplicate-key",
        severity=Severity.ERROR,
        explanation=(
            "The same key stands twice in one object. Most programs silently use the last one, and the other"
            " never takes part in the sweep. To try several values, give one key a list."
        ),
        wrong='{"lr": 0.1, "lr": 0.01}\n',
        right='{"lr": [0.1, 0.01]}\n',
    ),
    Rule(
        code="CAL115",
        name="unquoted-text",
        severity=Severity.ERROR,
        explanation="Words other than `true`, `false` and `null` stand in double quotes.",
        wrong='{"optimizer": adam}\n',
        right='{"optimizer": "adam"}\n',
    ),
    Rule(
        code="CAL116",
        name="wrong-quotes",
        severity=Severity.ERROR,
        explanation=(
            "Text stands in straight double quotes. Single quotes are Python's, and curly ones come from "
            "word processors and web pages."
        ),
        wrong="{\"optimizer\": 'adam'}\n",
        right='{"optimizer": "adam"}\n',
    ),
    Rule(
        code="CAL117",
        name="unclosed-string",
        severity=Severity.ERROR,
        explanation=(
            "A string begins and ends with a double quote, on one line. Where one of them is missing, the "
            "fix inserts it where the text most likely begins or ends."
        ),
        wrong='{"optimizer": "adam, "epochs": 5}\n',
        right='{"optimizer": "adam", "epochs": 5}\n',
    ),
    Rule(
        code="CAL118",
        name="invalid-escape",
        severity=Severity.ERROR,
        explanation=(
            'In a string a backslash begins one of `\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and '
            "`\\uXXXX`. A backslash that stands for itself is doubled, as in Windows paths and regular "
            "expressions. A surrogate needs its other half."
        ),
        wrong='{"data": "C:\\data"}\n',
        right='{"data": "C:\\\\data"}\n',
    ),
    Rule(
        code="CAL119",
        name="control-character",
        severity=Severity.ERROR,
        explanation=(
            "Tabs, line ends and other control characters can't stand in a string as they are; they are "
            "escaped, a tab as `\\t`, a line end as `\\n`."
        ),
        wrong='{"note": "lr\tepochs"}\n',
        right='{"note": "lr\\tepochs"}\n',
    ),
    Rule(
        code="CAL120",
        name="foreign-word",
        severity=Severity.ERROR,
        explanation="Python's `True`, `False` and `None` are `true`, `false` and `null` in JSON, in lower case.",
        wrong='{"use_bn": True}\n',
        right='{"use_bn": true}\n',
    ),
    Rule(
        code="CAL121",
        name="not-finite",
        severity=Severity.ERROR,
        explanation=(
            'JSON has no infinity and no "not a number". A flag\'s value reaches the script as text anyway, '
            'and Python reads `"inf"` and `"nan"` as floats.'
        ),
        wrong='{"clip": Infinity}\n',
        right='{"clip": "inf"}\n',
    ),
    Rule(
        code="CAL122",
        name="number-too-large",
        severity=Severity.ERROR,
        explanation=(
            "Python can't hold this number: a float ends near 1.8e308, and an integer of more than 4,300 "
            "digits isn't read."
        ),
        wrong='{"clip": 1e999}\n',
        right='{"clip": 1e300}\n',
    ),
    Rule(
        code="CAL123",
        name="invalid-number",
        severity=Severity.ERROR,
        explanation=(
            "JSON's numbers have digits on both sides of the point, no leading zeros, no `+` in front, no "
            "underscores, and are decimal. The fix keeps the value and changes the spelling."
        ),
        wrong='{"lr": .1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL124",
        name="unexpected",
        severity=Severity.ERROR,
        explanation=(
            "Something stands where JSON has no place for it: a colon outside of an object, a value where a "
            "comma should be, or a blank that only looks like a space."
        ),
        wrong='{"lr": 0.1 : 5}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL125",
        name="unclosed-comment",
        severity=Severity.ERROR,
        explanation="A comment that begins with `/*` ends with `*/`. Without it, the rest of the file is comment.",
        wrong='{"lr": 0.1} /* the first try\n',
        right='{"lr": 0.1} /* the first try */\n',
    ),
)
