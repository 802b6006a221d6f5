"""The file, shared by many processes, and in a bad state."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.histories import add_launch, fill_disk

from caliban_ls.core.errors import MissingError
from caliban_ls.runtime.history import database
from caliban_ls.runtime.history.records import utc_now
from caliban_ls.runtime.history.schema import FILE_NAME
from caliban_ls.runtime.history.store import History


def test_many_processes_share_the_file(tmp_path: Path, open_history: Callable[[], History]) -> None:
    program = (
        "import sys; from pathlib import Path; from datetime import datetime, timezone\n"
        "from caliban_ls.runtime.history.store import History\n"
        "history = History(Path(sys.argv[1]), warn=print, clock=lambda: datetime(2026, 3, 1, tzinfo=timezone.utc))\n"
        "for _ in range(20):\n"
        "    history.groups.add(title='x', folder=Path('/x'), image=None, owner=None)\n"
    )
    argv = [sys.executable, "-c", program, str(tmp_path / "state")]
    processes = [subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) for _ in range(4)]
    assert [process.communicate()[0] for process in processes] == [b""] * 4
    assert len({group.name for group in open_history().groups.newest()}) == 80


@pytest.mark.parametrize(
    "damage", [b"not a database, but long enough to have a header" * 99, b"SQLite format 3\0" * 99]
)
def test_a_damaged_file_is_set_aside(
    open_history: Callable[[], History], tmp_path: Path, warnings: list[str], damage: bytes
) -> None:
    file = tmp_path / "state" / FILE_NAME
    file.parent.mkdir()
    file.write_bytes(damage)
    add_launch(open_history())
    (warning,) = warnings
    aside = Path(warning.split(" is kept as ")[1].partition(";")[0])
    assert aside.read_bytes() == damage
    assert len(open_history().groups.newest()) == 1
    assert len(warnings) == 1


def test_damage_that_shows_later(
    history: History, open_history: Callable[[], History], tmp_path: Path, warnings: list[str]
) -> None:
    add_launch(history, jobs=2000)
    history.close()
    file = tmp_path / "state" / FILE_NAME
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    file.write_bytes(content)
    again = open_history()
    with pytest.raises(MissingError, match="was damaged") as caught:
        again.groups.newest()
    aside = Path(str(caught.value).split(" is kept as ")[1].partition(";")[0])
    assert aside.read_bytes() == content
    assert again.groups.newest() == []
    assert warnings == []


def test_a_file_of_a_newer_program_is_left_alone(open_history: Callable[[], History], tmp_path: Path) -> None:
    open_history().close()
    file = tmp_path / "state" / FILE_NAME
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = file.read_bytes()
    with pytest.raises(MissingError, match="newer caliban"):
        open_history()
    assert file.read_bytes() == before


def test_a_file_that_is_locked_for_too_long(
    monkeypatch: pytest.MonkeyPatch, open_history: Callable[[], History], tmp_path: Path
) -> None:
    open_history().close()
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.05)
    holder = sqlite3.connect(tmp_path / "state" / FILE_NAME, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(MissingError, match="locked") as caught:
        add_launch(open_history())
    assert "CALIBAN_HOME" in caught.value.hint
    assert open_history().groups.newest() == [], "reading waits for no writer"
    holder.close()


def test_a_full_disk(history: History) -> None:
    fill_disk(history)
    with pytest.raises(MissingError, match="full"):
        add_launch(history, jobs=2000)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(MissingError, match="can't be used"):
        History(tmp_path / "file" / "state", warn=print, clock=utc_now)
