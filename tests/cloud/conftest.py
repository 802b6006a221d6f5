"""The stand-in for Google, and a history to write in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cloud.emulator.server import Emulator
from support.cloud_project import Desk

from caliban_ls.runtime.backends.launch_journal import Journal
from caliban_ls.runtime.google.auth import find_identity
from caliban_ls.runtime.google.client import Google
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.store import History


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def google(emulator: Emulator, tmp_path: Path) -> Iterator[Google]:
    key = emulator.service_account(tmp_path / "key.json")
    identity = find_identity({}, tmp_path, tmp_path, cloud_key=str(key), project_key=None)
    google = Google(identity, emulator.environment())
    yield google
    google.close()


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History(tmp_path / "state", warn=pytest.fail, clock=utc_now)
    yield history
    history.close()


@pytest.fixture
def journal(history: History) -> Journal:
    return Journal(history)


@pytest.fixture
def desk(emulator: Emulator, tmp_path: Path) -> Desk:
    return Desk(tmp_path / "digits", emulator)
