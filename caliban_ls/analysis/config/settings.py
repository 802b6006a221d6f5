"""The settings of an editor, and how to read them from JSON without failing on wrong ones.

Knows no protocol. Initialization options and `workspace/configuration` hold the same JSON object: the field names in
camelCase.
"""

from __future__ import annotations

import difflib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import Any, Final

from caliban_ls.analysis.backend_names import BACKENDS, EITHER

SECTION: Final = "caliban"

LOG_LEVELS: Final = ("error", "warning", "info", "debug")

_OTHERS: Final = frozenset({"trusted", "confirms", "server", "interpreter", "trace"})
"""Keys that aren't settings: other initialization options, and keys that clients add."""


class _UnexpectedValue(Exception):
    """A setting has a wrong value; the message describes the right ones."""


def setting(default: Any, read: Callable[[Any], Any], text: str) -> Any:  # noqa: ANN401 - a dataclass field
    """Declare a setting.

    Args:
        default: the value when it is absent or wrong.
        read: turns the JSON value into the field's, or raises `_UnexpectedValue`.
        text: the documentation.
    """
    return field(default=default, metadata={"read": read, "help": text})


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _UnexpectedValue("a text that isn't empty")
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise _UnexpectedValue("a list of texts")
    return tuple(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise _UnexpectedValue("a whole number from 1 on")
    return value


def _amount(value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not 0 <= value < math.inf:
        raise _UnexpectedValue("a number from 0 on")
    return float(value)


def _one_of(*choices: str) -> Callable[[object], str]:
    def read(value: object) -> str:
        if value not in choices:
            raise _UnexpectedValue(f"one of {', '.join(choices)}")
        return str(value)

    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLimits:
    """Limits of every submission. A project's config can lower them, never raise them."""

    max_jobs: int | None = setting(None, _count, "The most jobs that one submission may have.")
    max_cost_per_hour: float | None = setting(
        None, _amount, "The most that all jobs of one submission may cost in an hour, in US dollars."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """Defaults that flags, the environment and the project's config override."""

    backend: str | None = setting(None, _one_of(*BACKENDS), f"Where cloud jobs run: {EITHER}.")
    region: str | None = setting(None, _text, "The region that cloud jobs run in.")
    machine_type: str | None = setting(None, _text, "The machine that cloud jobs run on.")
    gpu_spec: str | None = setting(None, _text, "The GPUs of cloud jobs, as NUMxTYPE.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an editor may set."""

    experiment_files: tuple[str, ...] = setting(
        (), _texts, "Globs of further experiment configs; one that starts with ! excludes files."
    )
    limits: UserLimits = field(default=UserLimits(), metadata={"help": "Limits of every submission."})
    defaults: Defaults = field(
        default=Defaults(), metadata={"help": "Defaults for flags and the project's config."}
    )
    log_level: str = setting("warning", _one_of(*LOG_LEVELS), "How much the server writes to its log.")


def parse_settings(raw: object) -> tuple[Settings, list[str]]:
    """Read settings from any JSON value; return them and one sentence for each error.

    A wrong field has its default; null counts as absent.
    """
    problems: list[str] = []
    return _read(Settings, raw, SECTION, problems), problems


def section(raw: object) -> dict[str, Any]:
    """Return the settings in a client's JSON, which may be the section itself or an object around it."""
    if not isinstance(raw, Mapping):
        return {}
    inner = raw.get(SECTION, raw)
    return dict(inner) if isinstance(inner, Mapping) else {}


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two objects key by key; `over` wins, except for null."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, Mapping) and isinstance(below, Mapping):
            result[key] = merged(below, value)
        elif value is not None:
            result[key] = value
    return result


def supplemented(sent: Settings, own: Settings) -> Settings:
    """Return an editor's settings, completed from the user's own."""
    return replace(
        sent,
        limits=UserLimits(**_first(sent.limits, own.limits)),
        defaults=Defaults(**_first(sent.defaults, own.defaults)),
    )


def _first(chosen: Any, other: Any) -> dict[str, Any]:  # noqa: ANN401 - two of one dataclass
    """Return the fields of the first, completed from the second."""
    names = (one.name for one in fields(chosen))
    return {
        name: getattr(other, name) if getattr(chosen, name) is None else getattr(chosen, name)
        for name in names
    }


def camel(name: str) -> str:
    """Return a field's name as settings spell it."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _read(model: type[Any], raw: object, place: str, problems: list[str]) -> Any:  # noqa: ANN401 - a `model`
    if raw is None:
        return model()
    if not isinstance(raw, Mapping):
        problems.append(f"{place} must be an object, not {_shown(raw)}")
        return model()
    known = {camel(one.name): one for one in fields(model)}
    values: dict[str, Any] = {}
    for key, value in raw.items():
        if key not in known:
            if model is not Settings or key not in _OTHERS:
                problems.append(_unknown(place, str(key), list(known)))
        elif is_dataclass(known[key].default):
            values[known[key].name] = _read(type(known[key].default), value, f"{place}.{key}", problems)
        elif value is not None:
            try:
                values[known[key].name] = known[key].metadata["read"](value)
            except _UnexpectedValue as expected:
                problems.append(f"{place}.{key} must be {expected}, not {_shown(value)}")
    return model(**values)


def _unknown(place: str, key: str, known: list[str]) -> str:
    near = difflib.get_close_matches(key, known, n=1)
    return f"There is no setting {place}.{key}" + (f"; did you mean {place}.{near[0]}?" if near else "")


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 40 else text[:39] + "…"  # noqa: PLR2004 - characters that fit into a message
