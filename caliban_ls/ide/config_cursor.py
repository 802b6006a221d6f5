"""The key of a project config at the cursor, and the hardware that the config asks for."""

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
    """Return the key that members lead to, outermost first; None if the config has no such key.

    Inside an object with a value for each mode it is the key of that object.
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
    """Return the shape of a single value of a key: of a list's item, or of one mode's value."""
    if isinstance(shape, ByMode):
        shape = shape.value
    return shape.item if isinstance(shape, ListOf) and in_list else shape


def requested_hardware(estimate: CostEstimate) -> Request:
    """Return the hardware that a config asks for; nothing if it can't be read."""
    request = estimate.request
    return request if request is not None else Request(mode=estimate.project.default_mode)


def without(request: Request, *fields: Field) -> Request:
    """Return a request without some of its keys."""
    nothing: Changes = dict.fromkeys(fields)
    return applied(request, nothing)


def goes(request: Request) -> bool:
    """Return whether the catalogue allows a request."""
    return is_possible(request)
