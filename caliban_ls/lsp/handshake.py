"""Read the client's capabilities and write the server's without pygls' converter.

The converter makes classes and functions for everything that a client may say, which takes as long as half of the
server's other work before its first answer. Knows how lsprotocol spells names, and no particular capability.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, NoReturn

import attrs


class JsonCapabilities:
    """A client's capabilities as lsprotocol's `ClientCapabilities` has them, read from the JSON that the client sent.

    A capability that the client doesn't name is None.
    """

    __slots__ = ("_json",)

    def __init__(self, json: Mapping[str, Any]) -> None:
        self._json = json

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - a JSON value, or the capabilities in an object
        if name.startswith("__"):  # a question of Python's, such as `__attrs_attrs__`
            raise AttributeError(name)
        value = self._json.get(_camel_case(name))
        return JsonCapabilities(value) if isinstance(value, dict) else value


def read_capabilities(value: object, _type: object = None) -> JsonCapabilities:
    """Return a client's capabilities.

    Raises:
        TypeError: they are no JSON object of objects, or no list says how the client counts characters.
    """
    if not isinstance(value, dict):
        _refuse("capabilities")
    for name, section in value.items():
        if name != "experimental" and not isinstance(section, (dict, type(None))):
            _refuse(name)
    encodings = (value.get("general") or {}).get("positionEncodings")
    if encodings is not None and not (
        isinstance(encodings, list) and all(isinstance(one, str) for one in encodings)
    ):
        _refuse("positionEncodings")
    return JsonCapabilities(value)


def _refuse(name: str) -> NoReturn:
    raise TypeError(f"{name} isn't what it should be")


def as_json(value: Any) -> Any:  # noqa: ANN401 - an object of lsprotocol's, or a part of one
    """Return an object of lsprotocol's as a JSON value, less what is None: for objects in which null has no meaning."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (list, tuple)):
        return [as_json(one) for one in value]
    if not attrs.has(type(value)):
        return value
    held = {field.name: getattr(value, field.name) for field in attrs.fields(type(value))}
    return {_camel_case(name): as_json(one) for name, one in held.items() if one is not None}


def _camel_case(name: str) -> str:
    first, *others = name.removesuffix("_").split("_")
    return first + "".join(map(str.title, others))
