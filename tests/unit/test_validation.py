"""Findings that comments silence, and where the checks are."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.marked_text import unmark

from caliban_ls import validation
from caliban_ls.analysis import jsondoc
from caliban_ls.analysis.rules import RULES
from caliban_ls.validation import validate


@pytest.mark.parametrize(
    "text",
    [
        '{"a": null} // caliban: ignore CAL203',
        '// caliban: ignore CAL203\n{"a": null}',
        '# caliban: ignore CAL203\n{"a": null}',
        '/* caliban: ignore CAL203 */ {"a": null}',
        '{\n  // caliban: ignore CAL202, CAL203 both are meant\n  // and why\n  "a": [null], "b": []\n}',
    ],
)
def test_a_comment_silences_its_line_or_the_next(text: str) -> None:
    if text.startswith("/*"):
        text = text.replace(" */ ", " */\n")
    assert validate(jsondoc.parse(text), "experiment") == []


@pytest.mark.parametrize(
    "marked",
    [
        '{"a": ⟦null⟧} // caliban: ignore CAL202',
        '{"a": ⟦null⟧,\n "b": 1} // caliban: ignore CAL203',
        '// caliban: ignore CAL203\n{\n"a": ⟦null⟧}',
        '{"a": ⟦null⟧, "b": "caliban: ignore CAL203"}',
    ],
)
def test_it_silences_nothing_else(marked: str) -> None:
    text, spans = unmark(marked)
    assert [found.span for found in validate(jsondoc.parse(text), "experiment")] == spans


def test_its_docstring_names_the_place_of_each_familys_checks() -> None:
    package = Path(validation.__file__).parent
    assert validation.__doc__ is not None
    named = set(re.findall(r"`(analysis/[\w/]+)`", validation.__doc__))
    assert len(re.findall(r"CAL\d\b", validation.__doc__)) == len({code[:4] for code in RULES})
    places = {
        path.relative_to(package).with_suffix("").as_posix()
        for path in (package / "analysis").rglob("*.py")
        if "rules" not in path.parts and re.search(r"\"CAL\d\d\d\"", path.read_text())
    }
    assert {next((one for one in named if place.startswith(one)), place) for place in places} == named
