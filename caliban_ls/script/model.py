"""What is known of a training script's command line, whichever library reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from caliban_ls.text import Span

Library = Literal["argparse", "absl", "click", "typer", "transformers", "simple-parsing", "tyro", "fire"]
"""Who reads the command line; each has its own idea of what a number, a boolean and an abbreviation is."""

ValueKind = Literal["int", "float", "str", "bool", "path"]

Arity = Literal["none", "one", "optional", "some", "any", "several"]
"""How many values follow a flag: 0, 1, 0 or 1, at least 1, any number, or a fixed number of at least 2."""

Scalar = str | int | float | bool


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
class Script:
    """A script's command line.

    One key may stand for several flags: of several subcommands, or in the two halves of a condition. It is
    wrong only where it is wrong for all of them.

    Attributes:
        path: the script, relative to the project, with slashes.
        library: who reads its command line; None when nobody does whom we know.
        flags: in the order of their definition, hidden ones included.
        complete: whether there are no others. Otherwise a key that isn't here may exist.
        certain: whether what is given to the script reaches its parser unchanged. Otherwise nothing can be
            judged, and the flags are good for completion only.
        abbreviations: whether an unambiguous beginning of a flag stands for it (argparse).
        positionals: whether it takes values without a flag.
        subcommands: their names, dotted when nested.
        files: every file that was read or looked for, relative to the project; a change of any may change this.
    """

    path: str
    library: Library | None
    flags: tuple[Flag, ...]
    complete: bool
    certain: bool
    abbreviations: bool = False
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
    if script.library in ("fire", "tyro"):
        return key.replace("-", "_") == own.replace("-", "_")
    return key == own
