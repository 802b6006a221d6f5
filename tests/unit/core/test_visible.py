"""Text that a terminal would act on is spelled out."""

from __future__ import annotations

import unicodedata

import pytest

from caliban_ls.core.visible import visible, visible_command, visible_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, é, 😀, 漢字, a\u00a0b", "plain, é, 😀, 漢字, a\u00a0b"),
        ("a\n\tb", "a\n\tb"),
        ("\x1b[2K\x1b[1A1 job", r"\x1b[2K\x1b[1A1 job"),
        ("\x9b31mred", r"\x9b31mred"),
        ("100\r1", r"100\r1"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("a\u200bb\ufeff", r"a\u200bb\ufeff"),
        ("\udcff", r"\udcff"),
        ("\U000e0041", r"\U000e0041"),
    ],
)
def test_invisible_characters_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


def test_no_control_character_stays() -> None:
    text = visible("".join(map(chr, range(0x11_0000))))
    left = {one for one in text if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}} - {"\n", "\t"}
    assert left == set()
    turning = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    assert [one for one in text if unicodedata.bidirectional(one) in turning] == []


def test_a_command_is_one_line() -> None:
    assert visible_command(["--name", "x\n 9 fake", "\x1b"]) == r"--name 'x\n 9 fake' '\x1b'"
    assert visible_line("a\tb\nc") == r"a\tb\nc"
