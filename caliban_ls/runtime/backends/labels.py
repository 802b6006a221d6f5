"""Labels of cloud jobs: a job's flags, in the few characters that Google allows. Pure.

Source: cloud.google.com/resource-manager/docs/labels-overview, the stricter of both services' limits: 64
labels, keys and values of at most 63 characters, lowercase letters, digits, `_` and `-`, a key beginning with a
letter.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from caliban_ls.runtime.history.masking import is_secret

MOST = 64

LONGEST = 63

GROUP = "caliban_group"
"""The label that all jobs of a launch share."""

JOB = "caliban_job"
"""The label that no two jobs share: it finds a job whose creation got no answer."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A job's labels.

    Attributes:
        kept: at most `MOST`, by key.
        dropped: the keys that found no room.
    """

    kept: Mapping[str, str]
    dropped: tuple[str, ...] = ()


def job_labels(ours: Mapping[str, str], user: Mapping[str, str], parameters: Mapping[str, object]) -> Labels:
    """Return the labels of one job.

    A user's label replaces a flag's, and any of the program's but `GROUP` and `JOB`. Of two flags with the same key
    the later one gets a number. Flags named like credentials get no label.

    Args:
        ours: the program's keys and values, within Google's rules; kept first.
        user: the user's, cleaned; kept next.
        parameters: the flags of the job with their values, in order; kept while there is room.
    """
    chosen = {key_of(name): value_of(value) for name, value in user.items()}
    kept = {key: value for key, value in ours.items() if key in (GROUP, JOB) or key not in chosen}
    dropped = _add(kept, chosen.items())
    flags = [
        (key_of(name), value_of(str(value).lower() if isinstance(value, bool) else str(value)))
        for name, value in parameters.items()
        if not is_secret(name) and key_of(name) not in chosen
    ]
    dropped += _add(kept, flags)
    return Labels(kept, tuple(dropped))


def flags_of(args: Iterable[str]) -> dict[str, str]:
    """Return the flags of an argument vector with their values, `true` for those that have none."""
    flags: dict[str, str] = {}
    waiting: str | None = None
    for arg in args:
        if re.match(r"--?[A-Za-z]", arg):
            name, equals, value = arg.lstrip("-").partition("=")
            flags[name] = value if equals else "true"
            waiting = None if equals else name
        elif waiting is not None:
            flags[waiting], waiting = arg, None
    return flags


def key_of(name: str) -> str:
    """Return a name as a label's key."""
    key = _cleaned(name.lstrip("-"))
    return (key if key[:1].isalpha() else f"x_{key}" if key else "x")[:LONGEST]


def value_of(text: str) -> str:
    """Return a text as a label's value; it may be empty."""
    return _cleaned(text)[:LONGEST]


def group_value(group: str) -> str:
    """Return the value of the label `GROUP`: the end of a long name, where launches differ."""
    return _cleaned(group)[-LONGEST:]


def filter_for(group: str, job: str | None = None) -> str:
    """Return the filter that lists the jobs of a launch, or one of them, by the values of their labels."""
    return f'labels.{GROUP}="{group}"' + ("" if job is None else f' AND labels.{JOB}="{job}"')


def read(found: Mapping[str, object]) -> dict[str, str]:
    """Return the labels of a job in a service's answer."""
    return {key: str(value) for key, value in found.items()}


def _cleaned(text: str) -> str:
    return re.sub("[^a-z0-9_-]", "_", text.lower())


def _add(kept: dict[str, str], labels: Iterable[tuple[str, str]]) -> list[str]:
    """Add labels while there is room, each under a key of its own; return the keys that found none."""
    dropped = []
    for key, value in labels:
        if len(kept) >= MOST:
            dropped.append(key)
            continue
        own, number = key, 1
        while own in kept:
            number += 1
            end = f"_{number}"
            own = key[: LONGEST - len(end)] + end
        kept[own] = value
    return dropped
