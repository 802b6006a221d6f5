"""The types that a key of the project config may have, and how to describe them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from caliban_ls.analysis.jsondoc import quote

Check = Callable[[str], "str | None"]
"""Takes a string value; returns its error as a sentence, or None."""


@dataclass(frozen=True, slots=True)
class Text:
    """A string. `choices` are compared without case; `path` stays inside the project."""

    choices: tuple[str, ...] = ()
    check: Check | None = None
    path: bool = False


@dataclass(frozen=True, slots=True)
class Boolean:
    """true or false."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number, at least `minimum`; a whole one if `whole`."""

    minimum: float
    whole: bool = False


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape


@dataclass(frozen=True, slots=True)
class Keys:
    """An object with these keys and no others."""

    keys: Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class ObjectOf:
    """An object with keys of the user's choice."""

    value: Shape
    check_key: Check | None = None


@dataclass(frozen=True, slots=True)
class ByMode:
    """One value for both modes, or an object with `cpu` and `gpu`."""

    value: Shape


@dataclass(frozen=True, slots=True)
class Anything:
    """Any JSON value; for keys without effect."""


Shape: TypeAlias = "Text | Boolean | Number | ListOf | Keys | ObjectOf | ByMode | Anything"


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the config.

    Attributes:
        shape: the type of its value.
        doc: one or two sentences for people, Markdown.
        acts: whether this version does anything with it.
    """

    shape: Shape
    doc: str
    acts: bool = True


def describe(shape: Shape) -> str:
    """Describe a type in words."""
    match shape:
        case Text(choices=choices) if choices:
            return " or ".join(quote(choice) for choice in choices)
        case Text():
            return "a string"
        case Boolean():
            return "true or false"
        case Number(minimum=minimum, whole=whole):
            return f"a {'whole ' if whole else ''}number, at least {minimum:g}"
        case ListOf(item=item):
            return f"a list, each item {describe(item)}"
        case ByMode(value=value):
            return f'{describe(value)}, or an object with "cpu" and "gpu"'
        case Anything():
            return "anything"
        case _:
            return "an object"
