"""Which files of a folder are looked at: those that are ours, and those that a person could name."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.workspace import files
from caliban_ls.workspace.files import project_paths


def test_what_a_person_could_name(tmp_path: Path) -> None:
    plant(
        tmp_path,
        {
            "train.py": "",
            "a b.sh": "",
            "data": None,
            "trainer/deep/er/net.py": "",
            "trainer/é.py": "",
            ".git/config": "",
            ".hidden.py": "",
            "node_modules/x/y.py": "",
            "venv/pyvenv.cfg": "",
            "venv/lib.py": "",
            "trainer/__pycache__/net.py": "",
            "outside": f"-> {tmp_path.parent}",
            "linked.py": "-> train.py",
            "line\nbreak.py": "",
        },
    )
    assert project_paths(tmp_path) == [
        *("a b.sh", "data/", "train.py", "trainer/"),
        *("trainer/deep/", "trainer/é.py", "trainer/deep/er/", "trainer/deep/er/net.py"),
    ]
    assert project_paths(tmp_path / "nowhere") == []


def test_a_large_project_is_looked_at_from_its_top_and_not_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_MOST_LOOKED_AT", 20)
    plant(tmp_path, {f"{name}/{number}.py": "" for name in "abcdef" for number in range(10)})
    found = project_paths(tmp_path)
    assert found[:6] == ["a/", "b/", "c/", "d/", "e/", "f/"]
    assert 6 < len(found) < 40
