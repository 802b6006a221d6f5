"""The JSON edge: exact arguments in, sendable results out."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import datetime, timezone
from enum import Enum
from pathlib import Path
from typing import Any, Literal

import pytest

from caliban_ls.core.errors import InvalidArguments
from caliban_ls.operations.context.serialization import (
    document_field,
    parse_arguments,
    to_json,
)


class Color(str, Enum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    name: str
    count: int = 1
    many: tuple[str, ...] = ()
    ratio: float | None = None
    mode: Literal["cpu", "gpu"] = "cpu"
    flag: bool = False
    # As the command line declares a positional argument: the default makes no promise.
    file: str = field(default=None, metadata={"document": True})  # type: ignore[assignment]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoDocument:
    name: str = ""


def refused(raw: dict[str, Any], *parts: str) -> None:
    """The arguments must be refused, with all of this said."""
    with pytest.raises(InvalidArguments) as caught:
        parse_arguments(Arguments, raw)
    for part in parts:
        assert part in str(caught.value)


def test_exact_types_are_taken() -> None:
    raw = {"name": "n", "count": 2, "many": ["a", "b"], "ratio": 1, "mode": "gpu", "flag": True, "file": "f"}
    assert parse_arguments(Arguments, raw) == Arguments(
        name="n", count=2, many=("a", "b"), ratio=1.0, mode="gpu", flag=True, file="f"
    )


def test_defaults_hold() -> None:
    assert parse_arguments(Arguments, {"name": "n", "file": "f"}).many == ()


def test_nothing_is_coerced() -> None:
    refused({"name": "n", "file": "f", "count": "2"}, "count", "integer")
    refused({"name": "n", "file": "f", "flag": "yes"}, "flag", "boolean")
    refused({"name": 5, "file": "f"}, "name", "string")
    refused({"name": "n", "file": "f", "many": "ab"}, "many")
    refused({"name": "n", "file": "f", "many": ["a", 1]}, "many.1", "string")
    refused({"name": "n", "file": "f", "mode": "tpu"}, "mode", "'cpu' or 'gpu'")
    refused({"name": "n", "file": "f", "count": None}, "count")


def test_all_wrong_fields_are_named() -> None:
    refused({"name": "n", "file": "f", "count": "2", "flag": 1}, "count", "flag")


def test_unknown_and_missing_fields_are_named() -> None:
    refused({"name": "n", "file": "f", "conut": 2}, "conut isn't known here; did you mean count?")
    refused({"file": "f"}, "name is missing")
    refused({"name": "n"}, "uri is missing")


def test_text_that_is_no_unicode_is_refused() -> None:
    refused({"name": "\ud800", "file": "f"})


def test_the_field_of_a_document() -> None:
    assert document_field(Arguments) == "file"
    assert document_field(NoDocument) is None


def test_results_become_json() -> None:
    result = {
        "dataclass": NoDocument(name="x"),
        "tuple": (1, 2.5, True, None),
        "lazy": (number for number in (1, 2)),
        "enum": Color.RED,
        "path": Path("/a"),
        "time": datetime(2026, 1, 2, tzinfo=timezone.utc),
        "nan": [float("nan"), float("inf")],
        3: "key",
    }
    expected = {
        "dataclass": {"name": "x"},
        "tuple": [1, 2.5, True, None],
        "lazy": [1, 2],
        "enum": "red",
        "path": "/a",
        "time": "2026-01-02T00:00:00+00:00",
        "nan": [None, None],
        "3": "key",
    }
    assert to_json(result) == expected
    assert json.loads(json.dumps(to_json(expected), allow_nan=False)) == expected


@pytest.mark.parametrize("value", [object(), b"bytes", NoDocument, 1j])
def test_what_cannot_be_sent_is_a_mistake(value: object) -> None:
    with pytest.raises(TypeError):
        to_json({"deep": [value]})


def test_pydantic_is_loaded_at_the_first_use_only() -> None:
    code = "import sys, caliban_ls.operations.context.serialization; sys.exit('pydantic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
