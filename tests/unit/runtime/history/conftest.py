"""A history in a folder of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.histories import Clock

from caliban_ls.runtime.history.store import History


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def open_history(tmp_path: Path, clock: Clock, warnings: list[str]) -> Iterator[Callable[[], History]]:
    """Opens the file of this test, as one more process would."""
    opened: list[History] = []

    def open_it() -> History:
        opened.append(History(tmp_path / "state", warn=warnings.append, clock=clock))
        return opened[-1]

    yield open_it
    for history in opened:
        history.close()


@pytest.fixture
def history(open_history: Callable[[], History]) -> History:
    return open_history()
