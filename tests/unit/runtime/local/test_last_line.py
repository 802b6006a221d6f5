"""What a job said last, as the reason why it failed."""

from __future__ import annotations

import pytest

from caliban_ls.runtime.jobs import Stream
from caliban_ls.runtime.local.last_line import LastWords


def last(*pieces: tuple[Stream, bytes], args: tuple[str, ...] = ()) -> str:
    words = LastWords()
    for stream, chunk in pieces:
        words.feed(stream, chunk)
    return words.said(args)


TRACEBACK = b'Traceback (most recent call last):\n  File "a.py", line 1\nValueError: no\n'


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], ""),
        ([("stderr", TRACEBACK)], "ValueError: no"),
        ([("stderr", TRACEBACK), ("stdout", b"the end\n")], "ValueError: no"),
        ([("stdout", b"usage: x\nmissing --lr")], "missing --lr"),
        ([("stdout", b'about to end\n{"loss": 1}\n')], ""),
        (
            [("stderr", b"Value"), ("stderr", b"Error: n\xc3"), ("stderr", b"\xb6\n \n")],
            "ValueError: n\N{LATIN SMALL LETTER O WITH DIAERESIS}",
        ),
        ([("stderr", b"10%|#\r20%|##\r\n")], "20%|##"),
        ([("stderr", b"\x1b[1;31mError:\x1b[0m \x1b]0;title\x07bad\n")], "Error: bad"),
        ([("stderr", b"bell\x07 back\x08 \xe2\x80\xae\n")], "bell\\x07 back\\x08 \\u202e"),
        ([("stderr", b"x" * 100_000)], "x" * 199 + "\N{HORIZONTAL ELLIPSIS}"),
        ([("stderr", b"x" * 5000), ("stderr", b"y\nend\n")], "end"),
        ([("stderr", b"\xff\xfe\n")], "\N{REPLACEMENT CHARACTER}" * 2),
    ],
)
def test_the_last_line(pieces: list[tuple[Stream, bytes]], expected: str) -> None:
    assert last(*pieces) == expected


@pytest.mark.parametrize(
    "args", [("--api_key", "s3cr3t"), ("--api_key=s3cr3t",), ("--api_key=s3", "--hf_token=s3cr3t")]
)
def test_what_is_masked_in_arguments_is_masked_here(args: tuple[str, ...]) -> None:
    said = last(("stderr", b"KeyError: no such key s3cr3t (s3cr3t)\n"), args=args)
    assert said == "KeyError: no such key *** (***)"
