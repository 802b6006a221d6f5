"""Read timestamps as Google writes them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone

_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[Tt](\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)")


def moment(text: str | None) -> datetime | None:
    """Return a service's time as UTC, None if it is missing or can't be read.

    Google writes nine digits after the point; Python reads six.
    """
    match = _MOMENT.fullmatch(text or "")
    if match is None:
        return None
    day, clock, fraction, zone = match.groups()
    offset = "+00:00" if zone in "Zz" else zone
    try:
        whole = datetime.fromisoformat(f"{day}T{clock}{offset}")
        return (whole + timedelta(microseconds=int((fraction or "0").ljust(6, "0")[:6]))).astimezone(
            timezone.utc
        )
    except (ValueError, OverflowError):
        return None
