"""What both services say in prose: labels, names, filters, pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from cloud.emulator.errors import Refusal, invalid

MOST_LABELS = 64
_LONGEST_LABEL = 63


def check_labels(labels: Mapping[str, str]) -> None:
    """Google's rules for labels: cloud.google.com/resource-manager/docs/labels-overview."""
    if len(labels) > MOST_LABELS:
        raise invalid("labels", f"There are {len(labels)} labels; at most {MOST_LABELS} are allowed.")
    for key, value in labels.items():
        if not _is_label(key) or not key or not _is_lower(key[0]):
            raise invalid("labels", f"The key {key!r} isn't a label's.")
        if not _is_label(value):
            raise invalid("labels", f"The value {value!r} of {key!r} isn't a label's.")


def _is_label(text: str) -> bool:
    return len(text) <= _LONGEST_LABEL and all(
        sign in "_-" or _is_lower(sign) or unicodedata.category(sign) == "Nd" for sign in text
    )


def _is_lower(sign: str) -> bool:
    return unicodedata.category(sign) in ("Ll", "Lo")


def chosen(text: str, names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], bool]:
    """Which jobs are meant by a list's filter: `FIELD="VALUE"`, several joined by AND.

    Args:
        text: the filter.
        names: the filter's names of a job's fields.
    """
    terms = [_term(term, names) for term in re.split(r"\s+AND\s+", text.strip()) if term]
    return lambda job: all(term(job) for term in terms)


def _term(text: str, names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], bool]:
    match = re.fullmatch(r'([\w.-]+)\s*(!?[=:])\s*(?:"([^"]*)"|([\w-]+))', text)
    if match is None:
        raise Refusal(400, f"Invalid filter: {text}")
    key, wanted = match[1], match[3] if match[3] is not None else match[4]
    is_not = match[2].startswith("!")
    if key.startswith("labels."):
        label = key.removeprefix("labels.")
        return lambda job: (job.get("labels", {}).get(label) == wanted) != is_not
    if key not in names:
        raise Refusal(400, f"Invalid filter: there is no field {key}")
    return lambda job: (job.get(names[key]) == wanted) != is_not


def page(
    items: Sequence[Any], query: Mapping[str, str], largest: int, *, usual: int | None = None
) -> tuple[Sequence[Any], dict[str, str]]:
    """One page of a list, and what tells where the next begins."""
    size = min(int(query.get("pageSize") or usual or largest), largest)
    if size < 0:
        raise Refusal(400, "Page size must not be negative.")
    token = query.get("pageToken") or "0"
    if not token.isdecimal():
        raise Refusal(400, "The page token is invalid.")
    start = int(token)
    rest = {"nextPageToken": str(start + size)} if start + size < len(items) else {}
    return items[start : start + size], rest
