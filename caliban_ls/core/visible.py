"""Make text safe to show: spell out characters that move, hide, colour or reorder others.

A config, a script or a file name can hold such characters, and with them draw a plan or a question that isn't there. A
face calls these functions where text leaves for a terminal. The output of jobs passes as it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls of ASCII and Latin-1, escape sequences among them
    "\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible, or of another direction
    "\ud800-\udfff\U000e0000-\U000e007f]"  # half characters, and tags
)


def visible(text: str) -> str:
    r"""Return a text with its invisible characters spelled out, `\x1b` for an escape; line breaks and tabs stay."""
    return _HIDDEN.sub(_spelled, text)


def visible_line(text: str) -> str:
    """Return a text as one line, for a place where a second line would pass for one of ours."""
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


def visible_command(words: Iterable[str]) -> str:
    """Return a command line as a shell takes it, on one line."""
    return visible_line(shlex.join(words))


def _spelled(found: re.Match[str]) -> str:
    return ascii(found[0])[1:-1]
