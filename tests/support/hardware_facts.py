"""What Google's tables say, read in the plainest way there is, for the catalogue and its judgement to match.

Knows nothing of our own code: a table look-up for what is possible, and brute force for what could mend it.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

FACTS: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "unit" / "data" / "facts.json").read_text(encoding="utf-8")
)
VERTEX = FACTS["vertex"]
LEGACY = FACTS["ai_platform"]

Held = tuple[str, int]
"""A type, as specs call it, and how many."""


def tables(backend: str) -> dict[str, Any]:
    return dict(VERTEX if backend == "vertex" else LEGACY)


@cache
def kinds(backend: str) -> dict[str, str]:
    """Every type of a service, and whether it is a GPU or a TPU."""
    gpus = dict.fromkeys(tables(backend)["accelerators"], "gpu")
    return gpus | {short(name): "tpu" for name in tables(backend)["tpus"]}


def short(tpu: str) -> str:
    return tpu.removeprefix("TPU_").removeprefix("TPU")


@cache
def machines(backend: str) -> tuple[str, ...]:
    tpu_machine = "cloud-tpu" if backend == "vertex" else "cloud_tpu"
    return (*tables(backend)["machine_types"], tpu_machine)


@cache
def sorts_of_machine(backend: str) -> tuple[str, ...]:
    """One machine for each family and set of accelerators; the others of its sort differ in size alone."""
    sorts = {
        (
            machine.split("-", maxsplit=1)[0],
            *(counts(backend, machine, type_) for type_ in kinds(backend)),
        ): machine
        for machine in machines(backend)
    }
    return tuple(sorts.values())


@cache
def regions(backend: str) -> tuple[str, ...]:
    return tuple(tables(backend)["regions"])


@cache
def regions_with(backend: str, type_: str) -> frozenset[str]:
    rows = {
        **tables(backend)["accelerators"],
        **{short(k): row for k, row in tables(backend)["tpus"].items()},
    }
    return frozenset(rows[type_]["regions"])


@cache
def counts(backend: str, machine: str, type_: str) -> tuple[int, ...]:
    """How many of a type a machine can have; none if it can't have it."""
    if kinds(backend).get(type_) == "gpu":
        found = tables(backend)["accelerators"][type_]["machines"]
        if isinstance(found, str):  # "same as vertex"
            found = VERTEX["accelerators"][type_]["machines"]
        return tuple(found.get(machine, ()))
    (row,) = (row for name, row in tables(backend)["tpus"].items() if short(name) == type_)
    if "topologies" not in row:
        return tuple(row["counts"]) if machine == machines(backend)[-1] else ()
    return tuple(size["chips"] for size in row["topologies"].get(machine, {}).values())


@cache
def is_bound(backend: str, machine: str) -> bool:
    """Whether a machine never runs without an accelerator."""
    must = ("a2", "a3", "a4", "a4x", "g2", "g4", "ct5lp", "ct6e", "tpu7x", "cloud", "cloud_tpu")
    return machine in machines(backend) and machine.split("-", maxsplit=1)[0] in must


@cache
def has_family(region: str, machine: str) -> bool:
    return region not in VERTEX["family_not_in_region"].get(machine.split("-", maxsplit=1)[0], ())


def ok(backend: str, region: str, machine: str, held: Held | None) -> bool:
    """Whether a combination is possible, by the tables."""
    if not has_family(region, machine):
        return False
    if held is None:
        return not is_bound(backend, machine)
    return region in regions_with(backend, held[0]) and held[1] in counts(backend, machine, held[0])


@cache
def every_held(backend: str) -> tuple[Held, ...]:
    """Every type, in each number that some machine has, and in one that none has."""
    return tuple(
        (type_, count)
        for type_ in kinds(backend)
        for count in sorted(
            {3, *(count for machine in machines(backend) for count in counts(backend, machine, type_))}
        )
    )


@cache
def possible_held(backend: str, region: str, machine: str) -> tuple[Held, ...]:
    return tuple(
        (type_, count)
        for type_ in kinds(backend)
        for count in counts(backend, machine, type_)
        if ok(backend, region, machine, (type_, count))
    )


@cache
def possible_machines(backend: str, region: str, held: Held) -> tuple[str, ...]:
    return tuple(machine for machine in machines(backend) if ok(backend, region, machine, held))


@cache
def possible_regions(backend: str, machine: str, held: Held) -> tuple[str, ...]:
    return tuple(region for region in regions(backend) if ok(backend, region, machine, held))


def wrong_part(backend: str, region: str, machine: str, held: Held) -> str | None:
    """Which part of three that were written is wrong: of the first thing that doesn't go together, the one
    whose change alone is enough, the likelier first; None if all is possible.
    """
    type_, count = held
    spec_alone = any(
        kinds(backend)[other] == kinds(backend)[type_] for other, _ in possible_held(backend, region, machine)
    )
    enough = {
        "machine_type": bool(possible_machines(backend, region, held)),
        "region": bool(possible_regions(backend, machine, held)),
        "accelerator": spec_alone,
        "count": spec_alone,
    }
    if not has_family(region, machine):
        suspects = ("machine_type", "region")
    elif region not in regions_with(backend, type_):
        suspects = ("accelerator", "region")
    elif not counts(backend, machine, type_):
        suspects = ("machine_type", "accelerator")
    elif count not in counts(backend, machine, type_):
        suspects = ("count", "machine_type")
    else:
        return None
    return next((part for part in suspects if enough[part]), suspects[0])
