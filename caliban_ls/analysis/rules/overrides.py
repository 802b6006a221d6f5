"""`--force`: which findings a user overrides, all that can be or those that are named."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import TypeAlias

from caliban_ls.analysis.rules import RULES
from caliban_ls.core.errors import UsageError

Force: TypeAlias = bool | tuple[str, ...]
"""What is overridden: all that can be, nothing, or the findings of some codes."""


def is_forced(force: Force, code: str) -> bool:
    """Return whether a finding of a code is overridden."""
    return force if isinstance(force, bool) else code in force


def both(one: Force, other: Force) -> Force:
    """Return what either of two overrides."""
    if isinstance(one, bool) or isinstance(other, bool):
        if one is True or other is True:
            return True
        return other if one is False else one
    return tuple(dict.fromkeys((*one, *other)))


def can_be_forced(code: str) -> bool:
    """Return whether `--force` overrides findings of a code: those of the hardware and those by the script."""
    # A spec that can't be read can't be sent.
    return code.startswith(("CAL4", "CAL5")) and code != "CAL401"


def read_force(said: Force, families: Collection[str] = ("CAL4", "CAL5")) -> Force:
    """Return what `--force` said, its codes in capitals.

    Args:
        said: by the flag, or by an editor.
        families: of codes that the command heeds.

    Raises:
        UsageError: there is no such code, or nothing overrides its findings.
    """
    if isinstance(said, bool):
        return said
    codes = tuple(dict.fromkeys(code.strip().upper() for word in said for code in word.split(",")))
    for code in codes:
        if code not in RULES:
            near = difflib.get_close_matches(code, RULES, n=1)
            hint = f"Did you mean {near[0]}?" if near else "All codes are listed in docs/rules.md."
            raise UsageError(f"--force {code}: there is no such rule", hint=hint)
        if not can_be_forced(code) or code[:4] not in families:
            known = [known for known in RULES if known[:4] in families and can_be_forced(known)]
            raise UsageError(
                f"--force {code}: nothing overrides {RULES[code].name} here",
                hint=f"Mend what it says. Here --force overrides {known[0]} to {known[-1]}.",
            )
    return codes
