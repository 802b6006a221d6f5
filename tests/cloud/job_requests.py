"""Requests of jobs, as the program makes them, for tests that are about what becomes of them."""

from __future__ import annotations

from caliban_ls.analysis.backend_names import BackendName
from caliban_ls.analysis.hardware import Request, resolve
from caliban_ls.runtime.backends import labels
from caliban_ls.runtime.backends.backend import Body, JobRequest
from caliban_ls.runtime.backends.registry import backend_of


def job_of(backend: BackendName, index: int = 1) -> Body:
    """Return the request of one job of a launch."""
    ours = {labels.GROUP: labels.group_value("g_1"), labels.JOB: f"key-{index}"}
    choice = resolve(Request(backend=backend))
    job = JobRequest(
        job_id=f"g_1_{index}", image="r/i:t", args=("--n", str(index)), labels=ours, choice=choice
    )
    return backend_of(backend).body(job)
