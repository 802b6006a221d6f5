"""Resolve the key of an experiment to flags."""

from __future__ import annotations

import pytest
from support.scripts import argparse_script

from caliban_ls.analysis.script import resolve


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("learning-rate", ["learning-rate"]),
        ("learn", ["learning-rate"]),
        ("l", ["learning-rate", "loss"]),
        ("no", []),
        ("", []),
    ],
)
def test_abbreviations(key: str, meant: list[str]) -> None:
    script = argparse_script(
        'parser.add_argument("--learning-rate")\nparser.add_argument("--loss")\nparser.add_argument("-n")'
    )
    assert [one.name for one in resolve(script, key)] == meant
