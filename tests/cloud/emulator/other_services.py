"""What surrounds the two services: Cloud Logging's entries, Artifact Registry's repositories."""

from __future__ import annotations

import operator
import re
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from cloud.emulator.errors import Refusal
from cloud.emulator.rules import page


class Logging:
    """The log entries of jobs: logging.googleapis.com, v2."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def write(
        self,
        job: str,
        text: str,
        *,
        severity: str = "INFO",
        log: str = "workerpool0-0",
        project: str = "my-project",
    ) -> None:
        """Take a line that a job printed."""
        with self._lock:
            now = time.time_ns()
            stamp = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now // 10**9))}.{now % 10**9:09d}Z"
            self.entries.append(
                {
                    "insertId": f"{len(self.entries):012d}",
                    "logName": f"projects/{project}/logs/{log}",
                    "resource": {"type": "ml_job", "labels": {"job_id": job, "project_id": project}},
                    "timestamp": stamp,
                    "receiveTimestamp": stamp,
                    "severity": severity,
                    "textPayload": text,
                }
            )

    def list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer entries.list."""
        resources = body.get("resourceNames") or ()
        if not resources:
            raise Refusal(400, "resource_names must be set")
        order, size = body.get("orderBy") or "timestamp asc", int(body.get("pageSize") or 50)
        if order not in ("timestamp", "timestamp asc", "timestamp desc"):
            raise Refusal(400, f"Unsupported order_by: {order}")
        if not 0 <= size <= _LARGEST_PAGE:
            raise Refusal(400, f"page_size must be from 0 to {_LARGEST_PAGE}")
        terms = [_term(text) for text in re.split(r"\s+AND\s+|\n", body.get("filter", "")) if text.strip()]
        with self._lock:
            found = [
                entry
                for entry in self.entries
                if entry["logName"].partition("/logs/")[0] in resources and all(term(entry) for term in terms)
            ]
        found.sort(key=lambda entry: (entry["timestamp"], entry["insertId"]))
        if order.endswith(" desc"):
            found.reverse()
        entries, rest = page(
            found, {name: str(value) for name, value in body.items()}, _LARGEST_PAGE, usual=50
        )
        return {**({"entries": entries} if entries else {}), **rest}


_LARGEST_PAGE = 1000
_SEVERITIES = ("DEFAULT", "DEBUG", "INFO", "NOTICE", "WARNING", "ERROR", "CRITICAL", "ALERT", "EMERGENCY")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def _term(text: str) -> Callable[[Mapping[str, Any]], bool]:
    """What a comparison of a filter says of an entry."""
    match = re.fullmatch(r'([\w.]+)\s*(!=|[<>]=?|=)\s*(?:"([^"]*)"|(\w+))', text.strip())
    if match is None:
        raise Refusal(400, f"Unparseable filter: {text}")
    field, compare = match[1], _OPERATORS[match[2]]
    right = match[3] if match[3] is not None else match[4]
    if field not in _FIELDS:
        raise Refusal(400, f"Unparseable filter: there is no field {field}")
    wanted = _comparable(field, right)

    def holds(entry: Mapping[str, Any]) -> bool:
        value: Any = entry
        for step in field.split("."):
            value = value[step]
        return compare(_comparable(field, value), wanted)

    return holds


_FIELDS = {
    "insertId",
    "logName",
    "resource.labels.job_id",
    "resource.labels.project_id",
    "resource.type",
    "severity",
    "textPayload",
    "timestamp",
}


def _comparable(field: str, text: str) -> Any:
    """What values of a field are compared by."""
    if field == "severity":
        if text not in _SEVERITIES:
            raise Refusal(400, f"Unparseable filter: there is no severity {text}")
        return _SEVERITIES.index(text)
    if field == "timestamp":
        match = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", text)
        if match is None:
            raise Refusal(400, f"Unparseable filter: {text} is no time")
        return match[1], (match[2] or "").ljust(9, "0")
    return text


class Repositories:
    """Artifact Registry's repositories: artifactregistry.googleapis.com, v1."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}
        self._operations: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> dict[str, Any]:
        """A repository."""
        if name not in self.known:
            raise Refusal(404, f"Requested entity was not found: {name}")
        return self.known[name]

    def create(self, parent: str, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a repository; the answer is an operation, which is done when it is next asked for."""
        identifier = query.get("repositoryId", "")
        if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", identifier):
            raise Refusal(400, f"Invalid repository id {identifier!r}")
        if body.get("format") != "DOCKER":
            raise Refusal(400, "format must be set")
        name = f"{parent}/repositories/{identifier}"
        if name in self.known:
            raise Refusal(409, "the repository already exists")
        self.known[name] = {**body, "name": name}
        operation = f"{parent}/operations/{identifier}"
        self._operations[operation] = self.known[name]
        return {"name": operation}

    def operation(self, name: str) -> dict[str, Any]:
        """What came of making a repository."""
        if name not in self._operations:
            raise Refusal(404, f"Operation not found: {name}")
        return {"name": name, "done": True, "response": self._operations[name]}
