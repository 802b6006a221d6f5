"""Read converter functions, and call them: a text that counts as refused must be refused by the function."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from caliban_ls.analysis.script import Script, read_script
from caliban_ls.analysis.script.value_rules import check_value

TEXTS = (
    *(
        "-2",
        "-1",
        "-0.5",
        "0",
        "0.0",
        "0.25",
        "0.5",
        "1",
        "1.0",
        "1.5",
        "2",
        "3",
        "4",
        "5",
        "9",
        "10",
        "11",
        "64",
    ),
    *(
        "100",
        "1e3",
        "1_000",
        " 7 ",
        "nan",
        "inf",
        "-inf",
        "auto",
        "Auto",
        "on",
        "ON",
        " on",
        "off",
        "word",
        "",
    ),
)

EXACT = {
    "positive": "n = int(t)\nif n <= 0:\n    raise E('no')\nreturn n",
    "positive, the other way round": "n = int(t)\nif 0 >= n:\n    raise E\nreturn n",
    "a message first": "n = int(t)\nif n < 3:\n    message = f'{n} is too small'\n    raise E(message)\nreturn n",
    "a fraction": "t = float(t)\nif t < 0.0 or t > 1.0:\n    raise ValueError(t)\nreturn t",
    "tried": "try:\n    n = float(t)\nexcept ValueError:\n    raise E('no') from None\nif n > 5:\n    raise E\nreturn n",
    "tried as a whole": "try:\n    n = int(t)\n    if n > 5:\n        raise ValueError\n    return n\nexcept ValueError as error:\n    raise E from error",
    "a negation": "n = int(t)\nif not (n > 0 and 10 > n):\n    raise E\nreturn n",
    "a chain": "n = int(t)\nif not 0 < n <= 10:\n    raise E\nreturn n",
    "a range": "n = int(t)\nif n not in range(2, 5):\n    raise E\nreturn n",
    "a range from nothing": "n = int(t)\nif n not in range(5):\n    raise E\nreturn n",
    "what is right comes first": "n = int(t)\nif 1 <= n <= 4:\n    return n\nraise E('from 1 to 4')",
    "else": "n = int(t)\nif n < 1:\n    raise E\nelse:\n    return n",
    "elif": "n = int(t)\nif n < 1:\n    raise E\nelif n > 4:\n    raise E\nreturn n",
    "read in the condition": "if int(t) < 1:\n    raise E\nreturn int(t)",
    "a constant": "n = int(t)\nif n > MOST:\n    raise E\nreturn n",
    "annotated": "n: int = int(t)\nif n > 4:\n    raise E\nreturn n",
    "no number": "return int(t)",
    "another number": "return float(t) / 2",
    "a documented one": "'''Return it.'''\nreturn int(t)",
    "words": "if t not in ('on', 'off'):\n    raise E\nreturn t",
    "one word": "if t != 'on':\n    raise E\nreturn t",
    "words that are accepted": "if t in {'on', '1'}:\n    return True\nif t == 'off' or t == '0':\n    return False\nraise E",
    "an isinstance first": "if isinstance(t, bool):\n    return t\nif t == 'on':\n    return True\nelif t == 'off':\n    return False\nelse:\n    raise E",
}
"""Functions of a text `t` that are wholly understood: just their refusals are found, apart from NaN and infinity."""

LOOSE = {
    "other case": "if t.lower() in ('on', 'off'):\n    return t\nraise E",
    "blanks and case": "t = t.strip().upper()\nif t not in ['ON']:\n    raise E\nreturn t",
    "a word or a number": "if t == 'auto':\n    return t\nn = int(t)\nif n < 1:\n    raise E\nreturn n",
    "a word or a number in one": "if t == 'auto' or int(t) > 0:\n    return t\nraise E",
    "a word and no number": "if t != 'auto' and int(t) < 1:\n    raise E\nreturn t",
    "a number if need be": "try:\n    return int(t)\nexcept ValueError:\n    return t",
    "a second try": "try:\n    n = int(t)\nexcept ValueError:\n    n = float(t)\nif n < 0:\n    raise E\nreturn n",
    "mended": "n = float(t)\nif n < 0:\n    n = 0.0\nif n < 0:\n    raise E\nreturn n",
    "scaled": "n = int(t) * 10\nif n > 50:\n    raise E\nreturn n",
    "cut off": "n = int(float(t))\nif n > 1:\n    raise E\nreturn n",
    "said only": "n = int(t)\nif n < 1:\n    print(n)\nif n < -1:\n    raise E\nreturn n",
    "a name of its own": "MOST = 2\nn = int(t)\nif n > MOST:\n    raise E\nreturn n",
    "a name that changes": "n = int(t)\nif n > CHANGES:\n    raise E\nreturn n",
    "a parameter": "n = int(t)\nif n > most:\n    raise E\nreturn n",
    "both at once": "n = int(t)\nif n < 1 and n > -2:\n    raise E\nreturn n",
    "not equal": "n = int(t)\nif n == 3:\n    raise E\nreturn n",
    "not even": "n = int(t)\nif n % 2:\n    raise E\nif n > 10:\n    raise E\nreturn n",
    "an own int": "def int(x):\n    return 1\nreturn int(t)",
    "what starts so": "if t.startswith('o'):\n    return t\nraise E",
    "either": "n = float(t)\nif not (n < 0 or n > 5):\n    raise E\nreturn n",
    "if at all": "if t:\n    n = int(t)\n    return n\nreturn 0",
    "a conditional": "return int(t) if t.strip('-').isdigit() else 0",
    "a leave": "n = int(t)\nif n == 2:\n    return 2\nif n > 1:\n    raise E\nreturn n",
    "another leave": "n = int(t)\nif n in (2, 4):\n    return 0\nraise E",
    "a generator": "yield int(t)",
    "a warning": "n = int(t)\nif n > 5:\n    raise_later = E\nreturn n",
    "a loop": "for part in t.split(','):\n    int(part)\n    break\nreturn t",
    "text again": "n = int(t)\nn = t\nif n not in ('5',):\n    raise E\nreturn n",
    "hidden": "try:\n    if int(t) < 3:\n        raise E\nexcept E:\n    pass\nexcept ValueError:\n    pass\nreturn t",
    "in the end": "try:\n    n = int(t)\nfinally:\n    return 1",
    "a walrus": "n = int(t)\nif (n := abs(n)) > 100:\n    raise E\nif n < 2:\n    raise E\nreturn n",
    "added to": "n = int(t)\nn += 5\nif n < 2:\n    raise E\nreturn n",
    "a loop over it": "n = int(t)\nfor n in [7]:\n    pass\nif n < 2:\n    raise E\nreturn n",
    "after an acceptance": "if t == 'auto':\n    return t\nif t != 'on':\n    raise E\nreturn int(t)",
    "a word, and no word": "if t in ('on', 'off') or t.isdigit():\n    return t\nraise E",
    "a name of a loop": "n = int(t)\nif n > LOOP:\n    raise E\nreturn n",
    "a bool": "n = int(t)\nif n > True:\n    raise E\nreturn n",
}
"""Functions that are understood in part: no text that they accept counts as refused."""

HEAD = "import argparse\nE = argparse.ArgumentTypeError\nMOST = 4\nCHANGES = 1\nCHANGES = 5\nfor LOOP in (2, 9):\n    pass\n\n\n"


def source_of(body: str) -> str:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return f"{HEAD}def own(t, most=3):\n{indented}\n".replace("raise E", "raise argparse.ArgumentTypeError")


def script_of(source: str, argument: str) -> Script:
    text = f'{source}\nparser = argparse.ArgumentParser()\nparser.add_argument("--x", {argument})\nparser.parse_args()\n'
    script = read_script("train.py", {"train.py": text}.get)
    assert script is not None
    return script


def takes(source: str, text: str, argument: str) -> bool:
    """Ask Python's own argparse."""
    names: dict[str, Any] = {}
    exec(source, names)  # noqa: S102 - of this file
    parser = argparse.ArgumentParser(exit_on_error=False)
    exec(f'parser.add_argument("--x", {argument})', names | {"parser": parser})  # noqa: S102 - of this file
    try:
        parser.parse_args([f"--x={text}"])
    except Exception:  # noqa: BLE001 - any error ends the job
        return False
    return True


def refused(script: Script, text: str) -> bool:
    (flag,) = (one for one in script.flags if not one.hidden)
    return check_value(script, flag, "x", text) is not None and not text.startswith("-inf")


@pytest.mark.filterwarnings("ignore::SyntaxWarning")  # a return in `finally`, on purpose
@pytest.mark.parametrize("case", [*EXACT, *LOOSE])
def test_nothing_is_refused_that_a_function_takes(case: str) -> None:
    source = source_of((EXACT | LOOSE)[case])
    script = script_of(source, "type=own")
    assert not [text for text in TEXTS if refused(script, text) and takes(source, text, "type=own")]


@pytest.mark.parametrize("case", EXACT)
def test_what_is_understood_is_refused_just_as_the_function_does(case: str) -> None:
    source = source_of(EXACT[case])
    script = script_of(source, "type=own")
    unsure = {"nan", "inf", "-inf"}
    missed = [text for text in TEXTS if not refused(script, text) and not takes(source, text, "type=own")]
    assert set(missed) <= unsure


def test_a_function_made_in_a_loop_sees_its_last_turn() -> None:
    body = "for most in (1, 9):\n    def own(t):\n        n = int(t)\n        if n > most:\n"
    body += '            raise E\n        return n\n    parser.add_argument(f"--x{most}", type=own)\n'
    body = body.replace("raise E", "raise argparse.ArgumentTypeError")
    text = f"{HEAD}parser = argparse.ArgumentParser()\n{body}parser.parse_args()\n"
    script = read_script("train.py", {"train.py": text}.get)
    assert script is not None
    assert {one.name: one.bounds for one in script.flags if not one.hidden} == {"x1": None, "x9": None}


def test_each_function_of_a_factory_has_bounds_of_its_own() -> None:
    body = (
        "def until(most):\n    def own(t):\n        n = int(t)\n        if n > most:\n            raise E\n"
    )
    body += "        return n\n    return own\n"
    body += 'parser.add_argument("--a", type=until(3))\nparser.add_argument("--b", type=until(7))\n'
    body = body.replace("raise E", "raise argparse.ArgumentTypeError")
    text = f"{HEAD}parser = argparse.ArgumentParser()\n{body}parser.parse_args()\n"
    script = read_script("train.py", {"train.py": text}.get)
    assert script is not None
    assert [one.bounds and one.bounds.high for one in script.flags if not one.hidden] == [3, 7]


@pytest.mark.parametrize(
    ("argument", "wrong"),
    [
        ("type=lambda text: int(text)", ["word", "1.5"]),
        ("type=lambda text: float(text) / 100", ["word"]),
        ("type=lambda text: [int(one) for one in text.split()]", []),
        ("type=lambda: 1", []),
        ("type=lambda text, int=float: int(text)", []),
        ("type=lambda text: text if text else int(text)", []),
    ],
)
def test_lambdas(argument: str, wrong: list[str]) -> None:
    script = script_of(HEAD, argument)
    assert [text for text in ("word", "1.5", "7") if refused(script, text)] == wrong


@pytest.mark.parametrize(
    ("body", "wrong"), [("return int(t)", ["3", "word"]), ("return int(t) * 2", ["word"]), ("return t", [])]
)
def test_choices_are_compared_with_what_a_function_returns(body: str, wrong: list[str]) -> None:
    script = script_of(source_of(body), "type=own, choices=[2, 8]")
    assert [text for text in ("2", "3", "word") if refused(script, text)] == wrong
