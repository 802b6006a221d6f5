"""What jobs printed, on disk."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from caliban_ls.runtime.history.job_logs import JobLogs, log_file


def test_output_is_kept_as_it_came(tmp_path: Path) -> None:
    warnings: list[str] = []
    logs = JobLogs(tmp_path, "group", warn=warnings.append)
    logs.write(1, b"one \xff")
    logs.write(2, b"other")
    assert log_file(tmp_path, "group", 1).read_bytes() == b"one \xff", "there before the job ends"
    logs.write(1, b"two")
    for index in (1, 2, 3):
        logs.finish(index)
    texts = [log_file(tmp_path, "group", index).read_bytes() for index in (1, 2, 3)]
    assert texts == [b"one \xfftwo", b"other", b""]
    assert log_file(tmp_path, "group", 1).stat().st_mode & 0o777 == 0o600
    assert warnings == []


def test_a_disk_that_is_full_is_mentioned_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    warnings: list[str] = []
    logs = JobLogs(tmp_path, "group", warn=warnings.append)

    def full(*_arguments: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.open", full)
    logs.write(1, b"lost")
    logs.write(2, b"lost")
    logs.finish(1)
    (warning,) = warnings
    assert "No space left on device; the jobs go on" in warning
