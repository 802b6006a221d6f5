"""A training script's flags, read from its text alone; nothing is ever imported or run.

Files come from a function that is passed in: this package touches no disk. What can't be known is said to be
unknown, never guessed.

The package is one address for what readers need. Inside, `model` is the answer, `values` and `state` the state of
one reading, `expressions`, `statements` and `calls` follow the text, each `from_…` knows one library, and `value_rules`
and `suggestion` say what its flags take.
"""

from __future__ import annotations

from caliban_ls.analysis.script.discovery import Named, named_in, only_script, places_of, wanted_script
from caliban_ls.analysis.script.model import Arity, Flag, Scalar, Script, ValueKind, is_same, resolve
from caliban_ls.analysis.script.reader import Read, read_script

__all__ = [
    "Arity",
    "Flag",
    "Named",
    "Read",
    "Scalar",
    "Script",
    "ValueKind",
    "is_same",
    "named_in",
    "only_script",
    "places_of",
    "read_script",
    "resolve",
    "wanted_script",
]
