"""Mask values whose flags are named like a credential, before they are shown or written. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MASK = "***"


def masked_args(args: Iterable[str]) -> tuple[str, ...]:
    """Return arguments in which the values of flags named like a credential are masked."""
    shown: list[str] = []
    secret_follows = False
    for arg in args:
        name, equals, _ = arg.partition("=")
        if secret_follows and not arg.startswith("--"):
            shown.append(MASK)
        elif equals and is_secret(name):
            shown.append(f"{name}={MASK}")
        else:
            shown.append(arg)
        secret_follows = arg.startswith("-") and not equals and is_secret(arg)
    return tuple(shown)


def masked_parameters(parameters: Mapping[str, object]) -> dict[str, object]:
    """Return parameters in which the values named like a credential are masked."""
    return {name: MASK if is_secret(name) else value for name, value in parameters.items()}


def is_secret(name: str) -> bool:
    """Return whether a name is like a credential's: `api_key` and `--hfToken` are, `tokenizer` isn't."""
    words = [word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    return any(
        word.endswith(("key", "token", "pwd")) or re.search("secret|passw|passphrase|credential", word)
        for word in words
    )
