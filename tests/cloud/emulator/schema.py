"""Discovery documents: which methods there are, and whether a JSON value is what a schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import googleapiclient
from cloud.emulator.errors import Refusal

_DOCUMENTS = Path(googleapiclient.__file__).parent / "discovery_cache/documents"


@dataclass(frozen=True)
class Method:
    """One method of a service, and how its address looks."""

    service: str
    id: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Any]
    request: str | None


@cache
def document(service: str) -> dict[str, Any]:
    """The discovery document of `NAME.VERSION`."""
    found: dict[str, Any] = json.loads((_DOCUMENTS / f"{service}.json").read_bytes())
    return found


@cache
def methods(service: str) -> tuple[Method, ...]:
    """Every method of a service."""

    def walk(resources: Mapping[str, Any]) -> Iterator[Method]:
        for resource in resources.values():
            for method in resource.get("methods", {}).values():
                yield Method(
                    service=service,
                    id=method["id"],
                    verb=method["httpMethod"],
                    pattern=re.compile(_pattern(method)),
                    parameters=method.get("parameters", {}),
                    request=method.get("request", {}).get("$ref"),
                )
            yield from walk(resource.get("resources", {}))

    return tuple(walk(document(service)["resources"]))


def _pattern(method: Mapping[str, Any]) -> str:
    """The regular expression of a method's address; its groups are the parameters of the path."""

    def group(match: re.Match[str]) -> str:
        name = match[1].removeprefix("+")
        said = method["parameters"][name].get("pattern", "^[^/]+$").strip("^$")
        return f"(?P<{name}>{said})"

    pieces = re.split(r"(\{[^}]+\})", method["path"])
    return "/" + "".join(
        re.sub(r"\{([^}]+)\}", group, piece) if piece.startswith("{") else re.escape(piece)
        for piece in pieces
    )


def find(service: str, verb: str, path: str) -> tuple[Method, dict[str, str]]:
    """The method that an address stands for, with the parameters of its path."""
    for method in methods(service):
        match = method.pattern.fullmatch(path)
        if match and method.verb == verb:
            return method, match.groupdict()
    raise Refusal(404, f"{verb} {path} is no method of {service}")


_GENERAL = {"alt", "prettyPrint", "fields", "key", "quotaUser", "$.xgafv", "uploadType"}


def check_query(method: Method, query: Mapping[str, str]) -> None:
    """Refuse parameters that a method doesn't have, or that aren't of its types."""
    for name, value in query.items():
        known = method.parameters.get(name)
        if known is None and name not in _GENERAL:
            raise Refusal(
                400, f'Invalid JSON payload received. Unknown name "{name}": Cannot bind query parameter.'
            )
        if known is not None and known["type"] == "integer" and not re.fullmatch(r"-?\d+", value):
            raise Refusal(400, f"Invalid value at '{name}' (TYPE_INT32), \"{value}\"")


def check_body(method: Method, body: Any) -> None:
    """Refuse a body that isn't what the method's schema says."""
    if method.request is None:
        if body not in (None, {}):
            raise Refusal(400, f"{method.id} takes no body")
        return
    _check(method.service, {"$ref": method.request}, {} if body is None else body, "")


def _check(service: str, schema: Mapping[str, Any], value: Any, place: str) -> None:
    if "$ref" in schema:
        schema = document(service)["schemas"][schema["$ref"]]
    kind = schema.get("type", "any")
    if kind == "any" or value is None:
        return
    if kind == "object":
        _check_object(service, schema, value, place)
    elif kind == "array":
        if not isinstance(value, list):
            raise _wrong(place, "a list", value)
        for index, item in enumerate(value):
            _check(service, schema["items"], item, f"{place}[{index}]")
    else:
        _check_scalar(schema, value, place)


def _check_object(service: str, schema: Mapping[str, Any], value: Any, place: str) -> None:
    if not isinstance(value, dict):
        raise _wrong(place, "an object", value)
    properties = schema.get("properties", {})
    for name, inner in value.items():
        if name in properties:
            _check(service, properties[name], inner, f"{place}.{name}".lstrip("."))
        elif "additionalProperties" in schema:
            _check(service, schema["additionalProperties"], inner, f"{place}.{name}".lstrip("."))
        else:
            where = f" at '{place}'" if place else ""
            raise Refusal(
                400, f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
            )


_FORMATS = {
    "int64": r"-?\d{1,19}",
    "uint64": r"\d{1,20}",
    "google-duration": r"\d+(\.\d{1,9})?s",
    "google-datetime": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z",
}


def _check_scalar(schema: Mapping[str, Any], value: Any, place: str) -> None:
    kind = schema["type"]
    if kind == "string":
        # JSON's numbers are taken for the 64-bit integers that the documents call strings.
        integer = isinstance(value, int) and not isinstance(value, bool)
        if not isinstance(value, str) and not (integer and schema.get("format") in ("int64", "uint64")):
            raise _wrong(place, "a string", value)
        if "enum" in schema and value not in schema["enum"]:
            raise _wrong(place, f"one of {schema['enum']}", value)
        form = _FORMATS.get(schema.get("format", ""))
        if form is not None and not re.fullmatch(form, str(value)):
            raise _wrong(place, schema["format"], value)
    elif kind == "integer" and (not isinstance(value, int) or isinstance(value, bool)):
        raise _wrong(place, "an integer", value)
    elif kind == "number" and (not isinstance(value, (int, float)) or isinstance(value, bool)):
        raise _wrong(place, "a number", value)
    elif kind == "boolean" and not isinstance(value, bool):
        raise _wrong(place, "a boolean", value)


def _wrong(place: str, expected: str, value: Any) -> Refusal:
    return Refusal(400, f"Invalid value at '{place}' ({expected}), {json.dumps(value)}")
