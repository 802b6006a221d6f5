"""Values that must not be shown or written down, known by the names of their flags. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

MASK = "***"


def masked_args(args: Iterable[str]) -> tuple[str, ...]:
    """Return arguments with the values of flags masked whose names speak of a credential."""
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
    """Return parameters with the values masked whose names speak of a credential."""
    return {name: MASK if is_secret(name) else value for name, value in parameters.items()}


def is_secret(name: str) -> bool:
    """Return whether a name speaks of a credential: `api_key` and `--hfToken` do, `tokenizer` doesn't."""
    words = [word.lower() for word in re.findall("[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    return any(
        word.endswith(("key", "token", "pwd")) or re.search("secret|passw|passphrase|credential", word)
        for word in words
    )
