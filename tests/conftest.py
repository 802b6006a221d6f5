"""What all tests share."""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling, Scheduling

# Contracts live in modules that pytest doesn't collect; their assertions explain themselves all the same.
pytest.register_assert_rewrite("support")


class _ByFile(LoadFileScheduling):
    """Tests of one file run in one process, and so do all that share the engine: they look for leftovers."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "tests/docker" if file.startswith("tests/docker/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    return _ByFile(config, log)
