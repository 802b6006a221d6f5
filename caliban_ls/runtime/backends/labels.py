"""Labels of cloud jobs: what a job was started with, in the few characters that Google allows. Pure.

Source: cloud.google.com/resource-manager/docs/labels-overview, the stricter of what both services say: 64
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
"""The label that no two jobs share: by it a job is found whose creation nobody answered."""


@dataclass(frozen=True, slots=True)
class Labels:
    """A job's labels.

    Attributes:
        kept: at most `MOST`, by key.
        dropped: the keys that there was no room for.
    """

    kept: Mapping[str, str]
    dropped: tuple[str, ...] = ()


def job_labels(ours: Mapping[str, str], user: Mapping[str, str], parameters: Mapping[str, object]) -> Labels:
    """Return the labels of one job.

    Where two keys become the same, the one that comes later gets a number, so that neither is lost; but a
    user's own label takes the place of a flag's, and of ours except for `GROUP` and `JOB`. Flags whose names
    speak of a credential get none.

    Args:
        ours: keys and values that Google takes as they are; kept first.
        user: kept next, cleaned.
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
    """Return the value of the label `GROUP`: of a long name its end, in which launches differ."""
    return _cleaned(group)[-LONGEST:]


def filter_for(group: str, job: str | None = None) -> str:
    """Return the filter of a list of jobs: those of a launch, or one of them, by the values of their labels."""
    return f'labels.{GROUP}="{group}"' + ("" if job is None else f' AND labels.{JOB}="{job}"')


def read(found: Mapping[str, object]) -> dict[str, str]:
    """Return the labels that a service says a job has."""
    return {key: str(value) for key, value in found.items()}


def _cleaned(text: str) -> str:
    return re.sub("[^a-z0-9_-]", "_", text.lower())


def _add(kept: dict[str, str], labels: Iterable[tuple[str, str]]) -> list[str]:
    """Add labels while there is room, each under a key of its own; return those that found none."""
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
