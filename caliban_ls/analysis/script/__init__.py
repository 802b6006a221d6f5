"""Read a training script's flags from its text. Nothing of the script is imported or run.

The caller passes a function that gives the texts of files: this package touches no disk. A fact that the text
doesn't settle is unknown, never guessed.

`model` is the answer. `reader` makes it: `interpreter/` follows the text, and `libraries/` know the parsers.
`value_rules` check a flag's value, `suggestion` offers one, `discovery` finds the script of an experiment.
"""

from __future__ import annotations

from caliban_ls.analysis.script.discovery import (
    ScriptComment,
    candidate_paths,
    named_script,
    runnable_scripts,
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
    "read_script",
    "resolve",
    "runnable_scripts",
    "script_comment",
]
