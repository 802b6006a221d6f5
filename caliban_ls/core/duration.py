"""Spans of time as people write them: `90m`, `12h`, `1d12h`."""

from __future__ import annotations

import re

_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}

DAY = _UNITS["d"]
"""Seconds."""


def parse_duration(text: str) -> int | None:
    """Return the seconds that a text says, at least 1; None when it says none."""
    compact = text.strip().lower().replace(" ", "")
    if not re.fullmatch(r"(?:\d{1,9}[dhms])+", compact):
        return None
    seconds = sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)([dhms])", compact))
    return seconds or None


def spoken_duration(seconds: float) -> str:
    """Return seconds as people write them, in the two largest units that there are."""
    rest, parts = max(0, round(seconds)), []
    for unit, size in _UNITS.items():
        number, rest = divmod(rest, size)
        if number:
            parts.append(f"{number}{unit}")
    return " ".join(parts[:2]) or "0s"
