"""Report the events of a push as they come, and turn them into its result. No SDK."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from caliban_ls.core.errors import MissingError, PushFailed
from caliban_ls.runtime.jobs import Report


class BrokenUpload(PushFailed):
    """The registry was there and went away; another try may do."""


@dataclass(slots=True)
class PushLog:
    """What has gone so far."""

    reference: str
    report: Report
    digest: str | None = None
    error: str | None = None
    _layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    _reported: str = ""

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event of the engine."""
        if "error" in event:
            self.error = str(event["error"]).strip()
        aux = event.get("aux") or {}
        self.digest = aux.get("Digest", self.digest)
        detail = event.get("progressDetail") or {}
        if event.get("status") == "Pushing" and detail.get("total"):
            total = int(detail["total"])
            self._layers[str(event.get("id"))] = min(int(detail.get("current", 0)), total), total
            here, whole = (sum(sizes) for sizes in zip(*self._layers.values(), strict=True))
            line = f"Pushing {self.reference}: {here // 10**6} of {whole // 10**6} MB"
            if line != self._reported:
                self._reported = line
                self.report(line, here / whole if whole else None)

    def result(self) -> str:
        """Return the image's digest in the registry.

        Raises:
            MissingError: the registry has no such repository.
            PushFailed: it isn't there; `BrokenUpload` if another try may do.
        """
        if self.error is None and self.digest is not None:
            return self.digest
        reason = self.error or "the engine stopped in the middle"
        message = f"{self.reference} wasn't pushed: {reason}"
        host = self.reference.partition("/")[0]
        if re.search("denied|unauthorized|authentication|forbidden", reason, re.IGNORECASE):
            google = host.endswith((".pkg.dev", "gcr.io"))
            login = f"gcloud auth configure-docker {host}" if google else f"docker login {host}"
            role = " You need roles/artifactregistry.writer on the repository." if google else ""
            raise PushFailed(message, hint=f"Log in with `{login}`.{role}")
        if re.search("name unknown|not found", reason, re.IGNORECASE):
            raise MissingError(
                message, hint="Does the repository exist? --create_repository makes one of Google's."
            )
        raise BrokenUpload(message, hint="Try again; what has arrived isn't sent twice.")
