"""`--force`: the findings that a user overrides, by their codes or all that can be overridden."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import TypeAlias

from caliban_ls.analysis.rules import RULES
from caliban_ls.core.errors import UsageError

Force: TypeAlias = bool | tuple[str, ...]
"""True overrides everything that can be overridden, False nothing, a tuple the findings of its codes."""


def is_forced(force: Force, code: str) -> bool:
    """Return whether a finding of a code is overridden."""
    return force if isinstance(force, bool) else code in force


def both(one: Force, other: Force) -> Force:
    """Return the findings that at least one of the two overrides."""
    if isinstance(one, bool) or isinstance(other, bool):
        if one is True or other is True:
            return True
        return other if one is False else one
    return tuple(dict.fromkeys((*one, *other)))


def can_be_forced(code: str) -> bool:
    """Return whether `--force` overrides findings of a code: it does for hardware and script."""
    # A spec that can't be read can't be sent.
    return code.startswith(("CAL4", "CAL5")) and code != "CAL401"


def read_force(given: Force, families: Collection[str] = ("CAL4", "CAL5")) -> Force:
    """Check the codes of `--force` and return them in capitals.

    Args:
        given: the value of the flag, or an editor's.
        families: the families of codes that the command can override.

    Raises:
        UsageError: there is no such code, or nothing overrides its findings.
    """
    if isinstance(given, bool):
        return given
    codes = tuple(dict.fromkeys(code.strip().upper() for word in given for code in word.split(",")))
    for code in codes:
        if code not in RULES:
            near = difflib.get_close_matches(code, RULES, n=1)
            hint = f"Did you mean {near[0]}?" if near else "All codes are listed in docs/rules.md."
            raise UsageError(f"--force {code}: there is no such rule", hint=hint)
        if not can_be_forced(code) or code[:4] not in families:
            known = [known for known in RULES if known[:4] in families and can_be_forced(known)]
            raise UsageError(
                f"--force {code}: nothing overrides {RULES[code].name} here",
                hint=f"Correct the config or the experiment. Here --force overrides {known[0]} to {known[-1]}.",
            )
    return codes
