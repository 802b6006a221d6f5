"""Call Python's built-in functions, and methods of texts, lists and dictionaries.

A call returns UNKNOWN where one of its arguments isn't exactly known. No code of the script runs here.
"""

from __future__ import annotations

from caliban_ls.analysis.script.interpreter.names import attribute, items_of
from caliban_ls.analysis.script.interpreter.state import LONGEST, Run, escape
from caliban_ls.analysis.script.interpreter.values import (
    UNKNOWN,
    Call,
    CommandLine,
    DictValue,
    ListValue,
    Value,
    is_known,
    is_scalar,
)

# fmt: off
_TEXT_METHODS = frozenset(
    [
        "replace", "format", "join", "split", "strip", "lower", "upper", "startswith", "endswith",
        "lstrip", "rstrip", "removeprefix", "removesuffix", "title", "capitalize", "casefold", "rsplit",
        "splitlines", "partition", "rpartition", "swapcase", "isdigit", "isalpha",
    ]
)
# fmt: on


def builtin(run: Run, name: str, arguments: Call) -> Value:  # noqa: C901, PLR0912 - one case for each function
    """Return the result of a built-in function."""
    values = [one.value for one in arguments.positional]
    if not arguments.exact:
        return UNKNOWN
    if name == "getattr" and len(values) >= 2 and isinstance(values[1], str):  # noqa: PLR2004 - the object and its attribute
        return attribute(run, values[0], values[1])
    if name in {"list", "tuple", "sorted", "set", "frozenset", "reversed"} and not arguments.keywords:
        items = items_of(values[0]) if values else []
        if items is None:
            return UNKNOWN
        if name == "sorted":
            if not all(isinstance(item, str) for item in items) and not all(
                isinstance(item, int | float) for item in items
            ):
                return UNKNOWN
            items = sorted(items)
        if name == "reversed":
            items = items[::-1]
        return tuple(items) if name == "tuple" else ListValue(items)
    if name == "dict":
        if values:
            return (
                DictValue(values[0])
                if isinstance(values[0], DictValue) and values[0].exact and not arguments.keywords
                else UNKNOWN
            )
        return DictValue({key: one.value for key, one in arguments.keywords.items()})
    if not values or not all(is_known(value) for value in values) or arguments.keywords:
        return UNKNOWN
    first = values[0]
    try:
        if name == "range" and all(isinstance(value, int) for value in values):
            numbers = range(*values)
            return ListValue(numbers) if len(numbers) <= LONGEST else UNKNOWN
        if name == "len" and isinstance(first, str | tuple | list | dict):
            return len(first)
        if name in {"str", "int", "float"} and is_scalar(first) and len(values) == 1:
            return {"str": str, "int": int, "float": float}[name](first)
        if name in {"zip", "enumerate"}:
            columns = [items_of(value) for value in values]
            if name == "enumerate" and columns[0] is not None and len(values) == 1:
                return ListValue(enumerate(columns[0]))
            if name == "zip" and None not in columns:
                return ListValue(zip(*(column or [] for column in columns), strict=False))
    except Exception:  # noqa: BLE001 - any error that the script's call raises
        return UNKNOWN
    return UNKNOWN


def command_line_method(run: Run, owner: CommandLine, name: str) -> Value:
    """Return the result of a method of `sys.argv`, and note that it may read or change the command line."""
    if name in {"index", "count", "copy"}:
        run.complete = False
    elif owner.whole:
        run.certain = False
    return UNKNOWN


def text_method(owner: str, name: str, arguments: Call, values: list[Value]) -> Value:
    """Return the result of a method of a text."""
    keywords = {key: one.value for key, one in arguments.keywords.items()}
    if name not in _TEXT_METHODS or not arguments.exact:
        return UNKNOWN
    if not all(
        is_known(value) and isinstance(value, str | int | float | tuple | ListValue)
        for value in (*values, *keywords.values())
    ):
        return UNKNOWN
    if name == "format" and ":" in owner:
        return UNKNOWN
    try:
        result = getattr(owner, name)(*values, **keywords)
    except Exception:  # noqa: BLE001 - any error that the script's call raises
        return UNKNOWN
    if isinstance(result, list):
        return ListValue(result)
    return UNKNOWN if isinstance(result, str) and len(result) > LONGEST else result


def container_method(run: Run, owner: ListValue | DictValue, name: str, values: list[Value]) -> Value:
    """Call a method of a list or a dictionary, with its effect, and return the result."""
    if isinstance(owner, DictValue):
        if name in {"keys", "values", "items"}:
            found = ListValue(
                owner if name == "keys" else owner.values() if name == "values" else owner.items()
            )
            found.exact = owner.exact
            return found
        if name == "get" and values and is_scalar(values[0]) and owner.exact:
            return owner.get(values[0], values[1] if len(values) > 1 else None)
        if name == "copy":
            copied = DictValue(owner)
            copied.exact = owner.exact
            return copied
        if name == "update" and len(values) == 1 and isinstance(values[0], DictValue) and not run.doubt:
            owner.update(values[0])
            owner.exact = owner.exact and values[0].exact
            return None
    elif name == "copy":
        found = ListValue(owner)
        found.exact = owner.exact
        return found
    elif name == "append" and len(values) == 1 and not run.doubt:
        owner.append(values[0])
        return None
    elif (
        name == "extend" and len(values) == 1 and not run.doubt and (more := items_of(values[0])) is not None
    ):
        owner.extend(more)
        return None
    if name not in {"get", "index", "count"}:
        owner.exact = False
    for value in values:
        escape(run, value)
    return UNKNOWN
