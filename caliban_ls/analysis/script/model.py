"""What is known of a training script's command line, whichever library reads it."""

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
    """From where to where numbers go; None where there is no end. An open end isn't among them itself."""

    low: float | None = None
    high: float | None = None
    low_open: bool = False
    high_open: bool = False

    def __contains__(self, number: float) -> bool:
        """Whether a number is inside. What is no number (NaN) is below and above nothing, to every library."""
        if self.low is not None and (number < self.low or (self.low_open and number == self.low)):
            return False
        return self.high is None or not (number > self.high or (self.high_open and number == self.high))

    def __and__(self, other: Bounds) -> Bounds:
        """Return the bounds of what is inside both."""
        low, low_open = _tighter((self.low, self.low_open), (other.low, other.low_open), 1)
        high, high_open = _tighter((self.high, self.high_open), (other.high, other.high_open), -1)
        return Bounds(low, high, low_open, high_open)

    def nearest(self, number: float) -> float | None:
        """Return the end that a number is beyond, None where it isn't among the numbers inside."""
        if self.low is not None and number < self.low:
            return None if self.low_open else self.low
        if self.high is not None and number > self.high:
            return None if self.high_open else self.high
        return None

    def whole(self) -> Bounds:
        """Return the same of whole numbers, whose ends can always be named."""
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
        """Say it behind "a number"."""
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
    """Return the bounds that a library is given, of which some may not be known; None where there are none."""
    bounds = Bounds(_end(low), _end(high), low_open, high_open)
    return None if bounds.low is None and bounds.high is None else bounds


def _end(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return value if is_number and math.isfinite(value) else None  # type: ignore[arg-type, return-value]  # it is one


_End = tuple[float | None, bool]


def _tighter(one: _End, other: _End, sign: int) -> _End:
    """Return the end of two that lets less in: the higher of two low ones (1), the lower of two high ones (-1)."""
    if one[0] is None or other[0] is None:
        return other if one[0] is None else one
    return max(one, other, key=lambda end: (sign * (end[0] or 0), end[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One flag of a script. What can't be known from the text is None (or, of `required`, False).

    Attributes:
        name: the key that sets it in an experiment, without dashes: the longest spelling, as it is written.
        names: every spelling with its dashes, as it is written: `("-l", "--learning-rate")`.
        negations: spellings that switch it off: `("--no-amp",)`.
        kind: what its value is read as.
        arity: how many values follow it.
        choices: the only values that it takes, as the script compares them; None when there is no such list,
            or when it can't be known.
        ignores_case: whether a choice may be spelled in other case.
        bounds: outside of which a number is refused; None when there are none, or when they can't be known.
        default: what it is when nobody sets it, as Python spells it; None when there is none or it is unknown.
        required: whether the script refuses to start without it.
        repeatable: whether giving it twice means something.
        hidden: whether it is left out of help, or does nothing but show help or a version.
        help: what the script says about it, in one line.
        subcommand: the subcommand it belongs to, dotted when nested; None for the script's own.
        exclusive: flags of one script with the same number can't be set together.
        path: the file it is defined in, relative to the project, with slashes.
        span: where in that file: the call, the decorator, the field or the parameter.
        name_spans: the string literals that spell it, quotes left out, or the name of a field or parameter
            that it is derived from; empty when there is no one place.
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
        """Every key that reaches the flag, without dashes; those of `negations` come last."""
        return tuple(spelling[2:] for spelling in (*self.names, *self.negations) if spelling[:2] == "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conventions:
    """How a library reads a command line, apart from what a script declares.

    Attributes:
        is_argparse: whether it is argparse underneath: a value that begins with a dash looks like a flag, and
            one that begins with `@` may name a file of arguments.
        ignores_dashes: whether it takes `-` and `_` for the same.
        boolean_words: in lower case, the words that it reads as a boolean; None where it reads any.
        has_true_words: whether every text but "" counts as true where a flag's kind is bool.
        stray_values: whether a value that no flag takes is refused: always, never, or only by a script whose
            flags are all known and that has no positional arguments (None).
        negations_take_values: whether a flag's negations may be followed by a value.
        integers: what it reads as an integer besides what `int` does.
        reads_whole_floats: whether some of its versions read 1.0 as an integer.
        opening_flags: keys that let flags through which the script doesn't define.
        one_letter_flags: whether one letter stands for the flag that begins with it.
    """

    is_argparse: bool = False
    ignores_dashes: bool = False
    boolean_words: frozenset[str] | None = None
    has_true_words: bool = False
    stray_values: Literal["refused", "taken"] | None = None
    negations_take_values: bool = False
    integers: str | None = None
    reads_whole_floats: bool = False
    opening_flags: frozenset[str] = frozenset()
    one_letter_flags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A script's command line.

    One key may stand for several flags: of several subcommands, or in the two halves of a condition. It is
    wrong only where it is wrong for all of them.

    Attributes:
        path: the script, relative to the project, with slashes.
        library: the name of the library that reads its command line; None when no known one does.
        flags: in the order of their definition, hidden ones included.
        complete: whether there are no others. Otherwise a key that isn't here may exist.
        certain: whether what is given to the script reaches its parser unchanged. Otherwise nothing can be
            judged, and the flags are good for completion only.
        conventions: how its library reads a command line.
        abbreviations: whether an unambiguous beginning of a flag stands for it (argparse).
        needed: numbers as in `Flag.exclusive`; the script needs one flag of each.
        positionals: whether it takes values without a flag.
        subcommands: their names, dotted when nested.
        files: every file that was read or looked for, relative to the project; a change of any may change this.
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
    """Return the flags that a key of an experiment may stand for; none when the script has none such.

    A key names a flag as it is written, or, where the script allows abbreviations, by its beginning. Of an
    ambiguous beginning all that it may mean are returned.
    """
    exact = tuple(flag for flag in script.flags if any(is_same(script, key, own) for own in flag.keys))
    if exact or not script.abbreviations or not key:
        return exact
    return tuple(flag for flag in script.flags if any(own.startswith(key) for own in flag.keys))


def is_same(script: Script, key: str, own: str) -> bool:
    """Whether a key is one of a flag's spellings; some libraries don't tell `-` from `_`."""
    if script.conventions.ignores_dashes:
        return key.replace("-", "_") == own.replace("-", "_")
    return key == own
