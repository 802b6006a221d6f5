"""The interpreter as one object, for the modules below those that it is made of."""

from __future__ import annotations

from caliban_ls.analysis.script.interpreter.calls import apply, call_function
from caliban_ls.analysis.script.interpreter.statements import execute


class ScriptEvaluator:
    """An `Evaluator`."""

    apply = staticmethod(apply)
    call_function = staticmethod(call_function)
    execute = staticmethod(execute)
