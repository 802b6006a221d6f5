"""A training script's flags, read from its text alone; nothing is ever imported or run.

Files come from a function that is passed in: this package touches no disk. What can't be known is said to be
unknown, never guessed.

The package is one address for what readers need. Inside, `model` is the answer, `values` and `state` the state of
one reading, `expressions`, `statements` and `calls` follow the text, each `from_…` knows one library, and `value_rules`
and `suggestion` say what its flags take.
"""

from __future__ import annotations

from caliban_ls.analysis.script.discovery import (
    ScriptComment,
    candidate_paths,
    named_script,
    only_script,
    script_comment,
)
from caliban_ls.analysis.script.model import Arity, Flag, Scalar, Script, ValueKind, is_same, resolve
from caliban_ls.analysis.script.reader import ReadText, read_script

__all__ = [
    "Arity",
    "Flag",
    "ReadText",
    "Scalar",
    "Script",
    "ScriptComment",
    "ValueKind",
    "candidate_paths",
    "is_same",
    "named_script",
    "only_script",
    "read_script",
    "resolve",
    "script_comment",
]
