"""A training script's command line, in the same form for every library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from caliban_ls.core.text import Span

ValueKind = Literal["int", "float", "str", "bool", "path"]

Arity = Literal["none", "one", "optional", "some", "any", "several"]
"""How many values follow a flag: 0, 1, 0 or 1, at least 1, any number, or a fixed number of at least 2."""

Scalar = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Bounds:
    """A range of numbers. An end is None where the range is unbounded; an open end is outside the range."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, number: float) -> bool:
        """Whether a number is in the range. NaN is, as every library compares it: neither below nor above."""
        if self.low is not None and (number < self.low or (self.low_open and number == self.low)):
            return False
        return self.high is None or not (number > self.high or (self.high_open and number == self.high))

    def __and__(self, other: Bounds) -> Bounds:
        """Return the intersection."""
        low, low_open = _tighter((self.low, self.low_open), (other.low, other.low_open), 1)
        high, high_open = _tighter((self.high, self.high_open), (other.high, other.high_open), -1)
        return Bounds(low, high, low_open, high_open)

    def nearest(self, number: float) -> float | None:
        """Return the end that a number is beyond; None where it is beyond none or that end is open."""
        if self.low is not None and number < self.low:
            return None if self.low_open else self.low
        if self.high is not None and number > self.high:
            return None if self.high_open else self.high
        return None

    def whole(self) -> Bounds:
        """Return the range of the whole numbers inside; its ends are closed."""
        low = (
            self.low
            if self.low is None
            else math.floor(self.low) + 1
            if self.low_open
            else math.ceil(self.low)
        )
        high = (
            self.high
            if self.high is None
            else math.ceil(self.high) - 1
            if self.high_open
            else math.floor(self.high)
        )
        return Bounds(low, high)

    def __str__(self) -> str:
        """Spell the range as it reads after "a number"."""
        closed = not self.low_open and not self.high_open
        if self.low is not None and self.high is not None and closed:
            return f"from {self.low} to {self.high}"
        ends = []
        if self.low is not None:
            ends.append(f"above {self.low}" if self.low_open else f"of at least {self.low}")
        if self.high is not None:
            ends.append(f"below {self.high}" if self.high_open else f"of at most {self.high}")
        return " and ".join(ends)


def known_bounds(
    low: object, high: object, *, low_open: bool = False, high_open: bool = False
) -> Bounds | None:
    """Return bounds from arguments of which some may be unknown; None where no end is known."""
    bounds = Bounds(_end(low), _end(high), low_open, high_open)
    return None if bounds.low is None and bounds.high is None else bounds


def _end(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None  # type: ignore[arg-type, return-value]  # it is one


_End = tuple[float | None, bool]


def _tighter(one: _End, other: _End, sign: int) -> _End:
    """Return the stricter of two ends: the higher of low ones (sign 1), the lower of high ones (sign -1)."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    return max(one, other, key=lambda end: (sign * (end[0] or 0), end[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag of a script. An attribute that the text doesn't settle is None (`required`: False).

    Attributes:
        name: its longest spelling without dashes, which is its key in an experiment.
        names: every spelling, with dashes: `("-l", "--learning-rate")`.
        negations: spellings that switch it off: `("--no-amp",)`.
        kind: the type that its value is converted to.
        arity: how many values follow it.
        choices: the only values that it accepts, after conversion; None when there is no list or it is unknown.
        ignores_case: whether a choice may be spelled in other case.
        bounds: the range of numbers that it accepts; None when there is none or it is unknown.
        default: its default as Python source; None when there is none or it is unknown.
        required: whether the script refuses to start without it.
        repeatable: whether it may be given twice with an effect.
        hidden: whether help leaves it out, or it only shows help or a version.
        help: its help text, in one line.
        subcommand: the subcommand that it belongs to, dotted when nested; None for the script itself.
        exclusive: the number of its mutually exclusive group.
        path: the file that defines it, relative to the project, with slashes.
        span: the call, decorator, field or parameter that defines it.
        name_spans: the string literals that spell it, without quotes, or the name of the field or parameter
            that it is made from; empty when there is no single place.
    """

    name: str
    names: tuple[str, ...]
    negations: tuple[str, ...] = ()
    kind: ValueKind | None = None
    arity: Arity | None = None
    choices: tuple[Scalar, ...] | None = None
    ignores_case: bool = False
    bounds: Bounds | None = None
    default: str | None = None
    required: bool = False
    repeatable: bool = False
    hidden: bool = False
    help: str | None = None
    subcommand: str | None = None
    exclusive: int | None = None
    path: str
    span: Span
    name_spans: tuple[Span, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Every key that reaches the flag, without dashes; negations come last."""
        return tuple(spelling[2:] for spelling in (*self.names, *self.negations) if spelling[:2] == "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """The rules of a library for command lines, the same for every script.

    Attributes:
        is_argparse: whether it is built on argparse: a value with a leading dash looks like a flag, and one
            with a leading `@` may name a file of arguments.
        ignores_dashes: whether `-` and `_` are the same in a flag's name.
        boolean_words: the words, in lower case, that it accepts for a boolean; None where it accepts any.
        calls_bool: whether it calls `bool()` on a text, which makes every text but "" true.
        stray_values: whether it refuses a value that follows a flag without one. None: it does unless the
            script has positional arguments.
        negations_take_values: whether a value may follow a flag's negation.
        integers: a pattern of texts that it accepts as integers though `int()` doesn't.
        accepts_whole_floats: whether some of its versions accept 1.0 as an integer.
        opening_flags: keys with which it accepts flags that the script doesn't define.
        one_letter_flags: whether one letter stands for the flag that begins with it.
    """

    is_argparse: bool = False
    ignores_dashes: bool = False
    boolean_words: frozenset[str] | None = None
    calls_bool: bool = False
    stray_values: Literal["refused", "taken"] | None = None
    negations_take_values: bool = False
    integers: str | None = None
    accepts_whole_floats: bool = False
    opening_flags: frozenset[str] = frozenset()
    one_letter_flags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script's command line.

    One key may stand for several flags: of several subcommands, or from both branches of a condition. A value
    is wrong only where it is wrong for all of them.

    Attributes:
        path: the script, relative to the project, with slashes.
        library: the name of the library that parses its command line; None when no known one does.
        flags: its flags in order of definition, hidden ones included.
        complete: whether these are all its flags. Otherwise a key that isn't among them may exist.
        certain: whether the command line reaches the parser unchanged. Otherwise the flags serve completion
            only, and nothing is checked.
        conventions: how its library parses a command line.
        abbreviations: whether an unambiguous prefix of a flag stands for it (argparse).
        needed: the numbers of exclusive groups of which one flag is required.
        positionals: whether it has positional arguments.
        subcommands: their names, dotted when nested.
        files: every file that was read or looked for, relative to the project. A change to one may change this.
    """

    path: str
    library: str | None
    flags: tuple[Flag, ...]
    complete: bool
    certain: bool
    conventions: Conventions = Conventions()
    abbreviations: bool = False
    needed: tuple[int, ...] = ()
    positionals: bool = False
    subcommands: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()


def resolve(script: Script, key: str) -> tuple[Flag, ...]:
    """Return the flags that a key of an experiment may stand for.

    A key names a flag in full or, where the script allows abbreviations, by a prefix. For an ambiguous prefix,
    all flags that begin with it are returned.
    """
    exact = tuple(flag for flag in script.flags if any(is_same(script, key, own) for own in flag.keys))
    if exact or not script.abbreviations or not key:
        return exact
    return tuple(flag for flag in script.flags if any(own.startswith(key) for own in flag.keys))


def is_same(script: Script, key: str, own: str) -> bool:
    """Whether a key is a flag's spelling; to some libraries `-` and `_` are the same."""
    if script.conventions.ignores_dashes:
        return key.replace("-", "_") == own.replace("-", "_")
    return key == own
