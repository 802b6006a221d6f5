"""What surrounds the two services: Cloud Logging's entries, Artifact Registry's repositories."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from cloud.emulator.errors import Refusal


class Logging:
    """The log entries of jobs: logging.googleapis.com, v2."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []
        self._lock = threading.Lock()

    def write(self, job: str, text: str, *, severity: str = "INFO") -> None:
        """Take a line that a job printed."""
        with self._lock:
            now = time.time()
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e9):09d}Z"
            self.entries.append(
                {
                    "insertId": f"{len(self.entries):012d}",
                    "logName": "projects/my-project/logs/workerpool0-0",
                    "resource": {"type": "ml_job", "labels": {"job_id": job, "project_id": "my-project"}},
                    "timestamp": stamp,
                    "receiveTimestamp": stamp,
                    "severity": severity,
                    "textPayload": text,
                }
            )

    def list(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer entries.list."""
        if not body.get("resourceNames"):
            raise Refusal(400, "resource_names must be set")
        wanted = body.get("filter", "")
        found = [entry for entry in self.entries if self._is_meant(entry, wanted)]
        found.sort(key=lambda entry: (entry["timestamp"], entry["insertId"]))
        if body.get("orderBy", "timestamp asc") == "timestamp desc":
            found.reverse()
        size, start = int(body.get("pageSize") or 50), int(body.get("pageToken") or 0)
        rest = {"nextPageToken": str(start + size)} if start + size < len(found) else {}
        return {**({"entries": found[start : start + size]} if found else {}), **rest}

    def _is_meant(self, entry: Mapping[str, Any], wanted: str) -> bool:
        for term in filter(None, re.split(r"\s+AND\s+|\n", wanted)):
            match = re.fullmatch(r'([\w.]+)\s*(>=|>|=)\s*"([^"]*)"', term.strip())
            if match is None:
                raise Refusal(400, f"Unparseable filter: {term}")
            value: Any = entry
            for step in match[1].split("."):
                value = value.get(step, "") if isinstance(value, dict) else ""
            operator, right = match[2], match[3]
            if not {"=": value == right, ">": value > right, ">=": value >= right}[operator]:
                return False
        return True


class Repositories:
    """Artifact Registry's repositories: artifactregistry.googleapis.com, v1."""

    def __init__(self) -> None:
        self.known: dict[str, dict[str, Any]] = {}

    def get(self, name: str) -> dict[str, Any]:
        """A repository."""
        if name not in self.known:
            raise Refusal(404, f"Requested entity was not found: {name}")
        return self.known[name]

    def create(self, parent: str, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """Make a repository; the answer is an operation that is done."""
        identifier = query.get("repositoryId", "")
        if not re.fullmatch(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?", identifier):
            raise Refusal(400, f"Invalid repository id {identifier!r}")
        if body.get("format") != "DOCKER":
            raise Refusal(400, "format must be set")
        name = f"{parent}/repositories/{identifier}"
        if name in self.known:
            raise Refusal(409, "the repository already exists")
        self.known[name] = {**body, "name": name}
        return {"name": f"{parent}/operations/1", "done": True, "response": self.known[name]}
