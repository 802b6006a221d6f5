"""Family CAL1: mistakes in the syntax of JSON with comments."""

from __future__ import annotations

from caliban_ls.analysis.findings import Severity
from caliban_ls.analysis.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule(
        code="CAL101",
        name="empty-document",
        severity=Severity.ERROR,
        explanation=(
            "The file is empty, or has only blanks and comments. The smallest experiment is `{}`: one job without "
            "flags."
        ),
        wrong="",
        right="{}\n",
    ),
    Rule(
        code="CAL102",
        name="text-after-end",
        severity=Severity.ERROR,
        explanation=(
            "A file holds one value, and this text comes after its end. Write several blocks of an experiment as one "
            "list: `[{…}, {…}]`."
        ),
        wrong='{"lr": 0.1}\n{"lr": 0.01}\n',
        right='[{"lr": 0.1},\n {"lr": 0.01}]\n',
    ),
    Rule(
        code="CAL103",
        name="unclosed-bracket",
        severity=Severity.ERROR,
        explanation=(
            "This bracket is never closed. The finding marks where it opens, since its end can only be guessed: the "
            "fix closes it after the last value that can belong to it."
        ),
        wrong='{"lr": [0.1, 0.01, "epochs": 5}\n',
        right='{"lr": [0.1, 0.01], "epochs": 5}\n',
    ),
    Rule(
        code="CAL104",
        name="stray-bracket",
        severity=Severity.ERROR,
        explanation=(
            "This bracket closes nothing: every bracket before it is closed already. Remove it, or add the missing "
            "opening bracket before it."
        ),
        wrong='{"lr": [0.1, 0.01]}}\n',
        right='{"lr": [0.1, 0.01]}\n',
    ),
    Rule(
        code="CAL105",
        name="mismatched-bracket",
        severity=Severity.ERROR,
        explanation="A list is written in `[ ]`, an object in `{ }`. This bracket is of the other kind.",
        wrong='{"lr": [0.1, 0.01}, "epochs": 5}\n',
        right='{"lr": [0.1, 0.01], "epochs": 5}\n',
    ),
    Rule(
        code="CAL106",
        name="missing-comma",
        severity=Severity.ERROR,
        explanation=(
            "Commas separate the items of a list and the members of an object. The finding marks the last character "
            "before the gap, and the fix inserts the comma right after it."
        ),
        wrong='{"lr": 0.1 "epochs": 5}\n',
        right='{"lr": 0.1, "epochs": 5}\n',
    ),
    Rule(
        code="CAL107",
        name="extra-comma",
        severity=Severity.ERROR,
        explanation=(
            "A comma separates two items. Remove a comma before the first item or after another comma, or write the "
            "missing value."
        ),
        wrong='{"lr": [0.1,, 0.01]}\n',
        right='{"lr": [0.1, 0.01]}\n',
    ),
    Rule(
        code="CAL108",
        name="trailing-comma",
        severity=Severity.HINT,
        explanation=(
            "Caliban accepts a comma after the last item, but plain JSON doesn't allow it, so other tools may reject "
            "the file."
        ),
        wrong='{"lr": 0.1, "epochs": 5,}\n',
        right='{"lr": 0.1, "epochs": 5}\n',
    ),
    Rule(
        code="CAL109",
        name="missing-colon",
        severity=Severity.ERROR,
        explanation='A colon joins a key and its value: `"lr": 0.1`.',
        wrong='{"lr" 0.1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL110",
        name="wrong-separator",
        severity=Severity.ERROR,
        explanation='Python and shells write `lr=0.1`; JSON joins a key and its value with a colon: `"lr": 0.1`.',
        wrong='{"lr" = 0.1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL111",
        name="missing-key",
        severity=Severity.ERROR,
        explanation=(
            "In an object every value has a key: text in double quotes, then a colon. This value or colon has no key."
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
            "JavaScript accepts keys without quotes, and Python accepts numbers. In JSON a key is text in double quotes."
        ),
        wrong="{lr: 0.1}\n",
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL114",
        name="duplicate-key",
        severity=Severity.ERROR,
        explanation=(
            "One object has the same key twice. Most programs silently use the last one, so the other would never be "
            "part of the sweep. To try several values, write one key with a list."
        ),
        wrong='{"lr": 0.1, "lr": 0.01}\n',
        right='{"lr": [0.1, 0.01]}\n',
    ),
    Rule(
        code="CAL115",
        name="unquoted-text",
        severity=Severity.ERROR,
        explanation="Write words other than `true`, `false` and `null` in double quotes.",
        wrong='{"optimizer": adam}\n',
        right='{"optimizer": "adam"}\n',
    ),
    Rule(
        code="CAL116",
        name="wrong-quotes",
        severity=Severity.ERROR,
        explanation=(
            "Write text in straight double quotes. Single quotes are Python's, and curly quotes come from word "
            "processors and web pages."
        ),
        wrong="{\"optimizer\": 'adam'}\n",
        right='{"optimizer": "adam"}\n',
    ),
    Rule(
        code="CAL117",
        name="unclosed-string",
        severity=Severity.ERROR,
        explanation=(
            "A string begins and ends with a double quote, on one line. The fix inserts the missing quote where the "
            "text most likely begins or ends."
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
            "`\\uXXXX`. Write two backslashes for one, as in Windows paths and regular expressions. A surrogate needs "
            "its other half."
        ),
        wrong='{"data": "C:\\data"}\n',
        right='{"data": "C:\\\\data"}\n',
    ),
    Rule(
        code="CAL119",
        name="control-character",
        severity=Severity.ERROR,
        explanation=(
            "A string can't contain tabs, line ends and other control characters. Escape them: a tab as `\\t`, a line "
            "end as `\\n`."
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
            "Python can't represent this number: a float ends near 1.8e308, and Python reads no integer of more than "
            "4,300 digits."
        ),
        wrong='{"clip": 1e999}\n',
        right='{"clip": 1e300}\n',
    ),
    Rule(
        code="CAL123",
        name="invalid-number",
        severity=Severity.ERROR,
        explanation=(
            "JSON's numbers are decimal, with digits on both sides of the point, and have no leading zeros, no `+` in "
            "front and no underscores. The fix keeps the value and changes the spelling."
        ),
        wrong='{"lr": .1}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL124",
        name="unexpected",
        severity=Severity.ERROR,
        explanation=(
            "JSON allows nothing of this kind here. It may be a colon outside of an object, a value in place of a "
            "comma, or a blank that only looks like a space."
        ),
        wrong='{"lr": 0.1 : 5}\n',
        right='{"lr": 0.1}\n',
    ),
    Rule(
        code="CAL125",
        name="unclosed-comment",
        severity=Severity.ERROR,
        explanation="A comment that begins with `/*` ends with `*/`. Without `*/` the rest of the file is a comment.",
        wrong='{"lr": 0.1} /* the first try\n',
        right='{"lr": 0.1} /* the first try */\n',
    ),
)
