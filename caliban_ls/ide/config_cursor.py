"""A project config as its cursor sees it: which key a place belongs to, and what its hardware asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from caliban_ls.analysis.config.keys import KEYS
from caliban_ls.analysis.config.shapes import ByMode, Key, Keys, ListOf, ObjectOf, Shape
from caliban_ls.analysis.estimate import CostEstimate
from caliban_ls.analysis.hardware import Changes, Field, Request, applied
from caliban_ls.analysis.hardware.compatibility import is_possible
from caliban_ls.analysis.jsondoc import Member


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """A key of the config: its dotted name, and its row of the table."""

    name: str
    key: Key


def config_key_of(members: Sequence[Member]) -> ConfigKey | None:
    """Return the key that members lead to, outermost first; None where the config knows none.

    Inside an object for both modes it is the key that the object belongs to.
    """
    keys: Mapping[str, Key] = KEYS
    found: ConfigKey | None = None
    for member in members:
        name = member.key.value
        if found is not None and isinstance(found.key.shape, ByMode | ObjectOf):
            shape = found.key.shape.value
            return ConfigKey(found.name, Key(shape, found.key.doc))
        if not isinstance(name, str) or name not in keys:
            return None
        found = ConfigKey(name if found is None else f"{found.name}.{name}", keys[name])
        keys = found.key.shape.keys if isinstance(found.key.shape, Keys) else {}
    return found


def value_shape(shape: Shape, *, in_list: bool) -> Shape:
    """Return the shape of a value that isn't a list or an object for both modes."""
    if isinstance(shape, ByMode):
        shape = shape.value
    return shape.item if isinstance(shape, ListOf) and in_list else shape


def requested_hardware(estimate: CostEstimate) -> Request:
    """Return what a config asks for; nothing where that can't be read."""
    request = estimate.request
    return request if request is not None else Request(mode=estimate.project.default_mode)


def without(request: Request, *fields: Field) -> Request:
    """Return a request that doesn't say some of its keys."""
    nothing: Changes = dict.fromkeys(fields)
    return applied(request, nothing)


def goes(request: Request) -> bool:
    """Return whether a request breaks no rule of the catalogue."""
    return is_possible(request)
