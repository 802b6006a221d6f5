"""The registry has every backend, each writes what it can read again, and no other module names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from caliban_ls.analysis.backend_names import BACKENDS, BackendName
from caliban_ls.analysis.hardware import Request, resolve
from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.backends.backend import Body, JobRequest
from caliban_ls.runtime.backends.registry import REGISTRY, backend_of

PACKAGE = Path(__file__).parents[4] / "caliban_ls"

MAY_NAME_BACKENDS = {
    "analysis/backend_names.py",
    "analysis/hardware/catalog/hardware.json",
    "runtime/backends/registry.py",
}
"""Other modules ask the registry, the catalogue or `backend_names`, so that a new backend doesn't touch them."""


def body(backend: BackendName, **changes: str) -> Body:
    job = JobRequest(
        job_id=changes.get("job_id", "j_1"),
        image=changes.get("image", "r/i:1"),
        args=("--lr", changes.get("lr", "0.1")),
        labels={"a": "b"},
        choice=resolve(Request(backend=backend)),
    )
    return backend_of(backend).body(job)


def test_it_has_every_backend() -> None:
    assert tuple(REGISTRY) == BACKENDS


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UsageError, match="There is no backend gke") as refused:
        backend_of("gke")
    assert all(name in refused.value.hint for name in BACKENDS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_changed_request_is_the_one_that_is_written_of_the_changes(backend: BackendName) -> None:
    before = body(backend)
    changed = REGISTRY[backend].changed(before, job_id="j_2", args=("--lr", "0.2"), image="r/i:2")
    assert changed == body(backend, job_id="j_2", lr="0.2", image="r/i:2")
    assert before == REGISTRY[backend].changed(before) == body(backend)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_request_has_its_labels_where_the_journal_looks_for_them(backend: BackendName) -> None:
    assert body(backend)["labels"] == {"a": "b"}


def test_no_other_module_names_a_backend() -> None:
    quoted = re.compile(f"[\"'](?:{'|'.join(map(re.escape, BACKENDS))})[\"']")
    files = [*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.json")]
    naming = {path.relative_to(PACKAGE).as_posix() for path in files if quoted.search(path.read_text())}
    assert naming == MAY_NAME_BACKENDS
