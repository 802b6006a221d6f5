"""Parse an editor's JSON into a command's arguments, and turn results into JSON.

Knows dataclasses and JSON values; no protocol and no particular command. pydantic is loaded at the first use.
"""

from __future__ import annotations

import difflib
import json
import math
import typing
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date
from enum import Enum
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, TypeVar

from caliban_ls.core.errors import InvalidArguments

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import TypeAdapter

    ArgumentsT = TypeVar("ArgumentsT", bound=DataclassInstance)


_PLAIN = frozenset({str, bool, int, type(None)})
"""Types whose values are JSON as they are. Enums aren't among them, though some are texts."""


def document_field(model: type[DataclassInstance]) -> str | None:
    """Return the name of the field that editors fill with a document's `uri`, None when there is none."""
    return next((field.name for field in fields(model) if field.metadata.get("document")), None)


def parse_arguments(model: type[ArgumentsT], raw: Mapping[str, Any]) -> ArgumentsT:
    """Return a command's arguments from a JSON object: exact types, no key unknown, no field missing.

    Raises:
        InvalidArguments: names every field that is wrong.
    """
    from pydantic import ValidationError

    known = {field.name: field for field in fields(model)}
    problems = [_unknown(key, list(known)) for key in raw if key not in known]
    hints = typing.get_type_hints(model)
    missing = [field for name, field in known.items() if _is_missing(field, hints[name], raw)]
    problems += [f"{'uri' if field.metadata.get('document') else field.name} is missing" for field in missing]
    if problems:
        raise InvalidArguments("; ".join(problems))
    try:
        # Strict checking of JSON, not of Python values: a list may stand for a tuple, a string for a path.
        arguments: ArgumentsT = _adapter(model).validate_json(json.dumps(raw), strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise InvalidArguments("; ".join(_problem(one["loc"], one["msg"]) for one in found)) from None
    return arguments


def to_json(value: object) -> Any:  # noqa: ANN401 - a JSON value
    """Return a result as JSON values. A number that JSON has no spelling for becomes null.

    Raises:
        TypeError: the result has a value that isn't JSON, which is a bug in its command.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, (str, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        held = {name: getattr(value, name) for name in _names(type(value))}
        # Results have thousands of jobs with mostly plain values; these need no call.
        return {name: item if type(item) in _PLAIN else to_json(item) for name, item in held.items()}
    if isinstance(value, Mapping):
        return {str(key): to_json(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (bytes, bytearray, memoryview)):
        return [to_json(item) for item in value]
    raise TypeError(f"{type(value).__name__} can't be sent to an editor")


@cache
def _names(model: type[DataclassInstance]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(model))


@cache
def _adapter(model: type[Any]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(model)


def _is_missing(field: Field[Any], hint: Any, raw: Mapping[str, Any]) -> bool:  # noqa: ANN401 - an annotation
    """Return whether a required field is absent. A default of None that its type excludes is no default."""
    if field.name in raw or field.default_factory is not MISSING:
        return False
    return field.default is MISSING or (field.default is None and type(None) not in typing.get_args(hint))


def _unknown(key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"{key} isn't known here" + (f"; did you mean {near[0]}?" if near else "")


def _problem(location: tuple[int | str, ...], message: str) -> str:
    place = ".".join(str(part) for part in location)
    text = f"{message[0].lower()}{message[1:]}"
    return f"{place}: {text}" if place else text
