"""Send a build to the engine's classic builder, report its steps and turn its errors into failures.

Knows the builder's events and no SDK. BuildKit has a module of its own, `buildkit`.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from caliban_ls.core.cancellation import CancelToken
from caliban_ls.core.errors import BuildFailed, EngineUnavailable
from caliban_ls.core.text import shortened
from caliban_ls.runtime.docker.buildkit import no_base_image, sending
from caliban_ls.runtime.docker.endpoint import Endpoint
from caliban_ls.runtime.engine import ImagePlan
from caliban_ls.runtime.images.dockerfile import reasons
from caliban_ls.runtime.jobs import Report

_TAIL_LINES = 12

_LONGEST_LINE = 2_000


@dataclass(slots=True)
class BuildLog:
    """Report the classic builder's events as they come, and keep how the build ends."""

    plan: ImagePlan
    report: Report
    image: str | None = None
    error: str | None = None
    step: str = ""
    instruction: str = ""
    fraction: float | None = None
    _tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL_LINES))
    _partial: str = ""
    _layers: dict[str, tuple[int, int]] = field(default_factory=dict)
    _pulled: str = ""

    def add(self, event: Mapping[str, Any]) -> None:
        """Take one event of the builder."""
        if "stream" in event:
            self._add_text(str(event["stream"]))
        elif "status" in event:
            self._add_pull(event)
        elif "error" in event:
            self.error = str(event["error"]).strip()
        elif "ID" in (event.get("aux") or {}):
            self.image = str(event["aux"]["ID"])

    def result(self, endpoint: Endpoint) -> str:
        """Return the image's id, or raise what the events add up to."""
        self._add_text("\n")
        if self.error is not None:
            raise self._failure(self.error)
        if self.image is None:
            raise EngineUnavailable(f"The Docker engine at {endpoint.address} stopped answering in mid-build")
        return self.image

    def _failure(self, reason: str) -> BuildFailed:
        """Return what a builder's error means for a person."""
        if self.instruction.startswith("FROM "):
            return no_base_image(self.plan.base_image, reason)
        if code := re.search(r"returned a non-zero code: (\d+)", reason):
            reason = f"the command exited with code {code[1]}"
        where = f"{self.step} ({shortened(self.instruction, 100)})" if self.step else "the start"
        output = "".join(f"\n    {line}" for line in self._tail)
        return BuildFailed(f"The build stopped at {where}: {reason}{output}")

    def _add_text(self, text: str) -> None:
        """Take output that may begin and end inside a line."""
        *lines, rest = re.split("[\r\n]+", self._partial + text)
        self._partial = rest[:_LONGEST_LINE]
        for line in lines:
            self._add_line(re.sub("\x1b\\[[0-9;]*m", "", line)[:_LONGEST_LINE].rstrip())

    def _add_line(self, line: str) -> None:
        """Take one line: the head of a step, the builder's own bookkeeping, or output of a step."""
        if head := re.match(r"Step (\d+)/(\d+) : (.*)", line):
            self.step, self.instruction = f"step {head[1]} of {head[2]}", head[3]
            if why := reasons(self.plan.dockerfile).get(head[3]):
                self.instruction = why
                line = f"Step {head[1]}/{head[2]} : {why}"
            self.fraction = (int(head[1]) - 1) / int(head[2])
            self._tail.clear()
        elif not line or line.startswith((" --->", "Removing intermediate container", "Successfully ")):
            return
        else:
            self._tail.append(line)
        self.report(line, self.fraction)

    def _add_pull(self, event: Mapping[str, Any]) -> None:
        """Take the progress of one layer, and tell the sum of all when its megabytes change."""
        detail = event.get("progressDetail") or {}
        if event["status"] != "Downloading" or not detail.get("total"):
            return
        total = int(detail["total"])
        self._layers[str(event.get("id"))] = min(int(detail.get("current", 0)), total), total
        here, whole = (sum(sizes) // 10**6 for sizes in zip(*self._layers.values(), strict=True))
        pulled = f"Pulling {self.plan.base_image}: {here} of {whole} MB"
        if pulled != self._pulled:
            self._pulled = pulled
            self.report(pulled, self.fraction)


def upload(plan: ImagePlan, report: Report, cancel: CancelToken) -> Iterator[bytes]:
    """Yield the context; an exception in here breaks the upload off, and the engine drops the build."""
    try:
        yield from sending(plan, plan.dockerfile, report, cancel)
    except OSError as error:  # Left alone, it would be taken for a failure of the connection.
        raise BuildFailed(f"The files of the image can't be read: {error}") from error
