"""Requests of jobs, as the program makes them, for tests that are about what becomes of them."""

from __future__ import annotations

from caliban_ls.analysis.hardware import Backend, Request, resolve
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, JobRequest, body_of


def job_of(backend: Backend, index: int = 1) -> Body:
    """Return the request of one job of a launch."""
    ours = {labels.GROUP: labels.group_value("g_1"), labels.JOB: f"key-{index}"}
    choice = resolve(Request(backend=backend))
    job = JobRequest(
        job_id=f"g_1_{index}", image="r/i:t", args=("--n", str(index)), labels=ours, choice=choice
    )
    return body_of(backend, job)
