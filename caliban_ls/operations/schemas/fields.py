"""Declare a field of a command's arguments: a flag or a positional argument of the command line."""

from __future__ import annotations

from dataclasses import field
from typing import Any


def option(
    default: Any,  # noqa: ANN401 - of the field's own type
    text: str,
    *,
    short: str = "",
    flag: str = "",
    metavar: str = "",
    document: bool = False,
    codes: bool = False,
) -> Any:  # noqa: ANN401 - a dataclass field stands for its type
    """Declare a flag: `--name` unless `flag` says otherwise, with an optional short form.

    `document` is as in `positional`; with `codes` the flag stands alone or is followed by codes of rules.
    """
    metadata = {
        "help": text,
        "short": short,
        "flag": flag,
        "metavar": metavar,
        "document": document,
        "codes": codes,
    }
    return field(default=default, metadata=metadata)


def positional(
    text: str,
    *,
    metavar: str,
    default: Any = None,  # noqa: ANN401 - of the field's own type
    document: bool = False,
    rest: bool = False,
) -> Any:  # noqa: ANN401 - a dataclass field stands for its type
    """Declare a positional argument.

    Args:
        text: what it is, for `--help`.
        metavar: what `--help` calls it.
        default: taken when it is left out; None makes no promise that it may be.
        document: whether it is a document's path, which editors give as `uri`.
        rest: whether it takes everything after `--`, untouched.
    """
    metadata = {"help": text, "metavar": metavar, "positional": True, "document": document, "rest": rest}
    return field(default=default, metadata=metadata)
