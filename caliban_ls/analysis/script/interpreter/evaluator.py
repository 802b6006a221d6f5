"""The `Evaluator` of a run: the interpreter's entries as one object, for its own lower modules."""

from __future__ import annotations

from caliban_ls.analysis.script.interpreter.calls import apply, call_function
from caliban_ls.analysis.script.interpreter.statements import execute


class ScriptEvaluator:
    """Calls and statements."""

    apply = staticmethod(apply)
    call_function = staticmethod(call_function)
    execute = staticmethod(execute)
