"""The forms of MODULE."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.folders import plant

from caliban_ls.core.errors import UsageError
from caliban_ls.runtime.images.entrypoint import Program, find_program
from caliban_ls.runtime.images.ignore_rules import read_rules

PROJECT = {
    "mod.py": "",
    "setup/__main__.py": "",
    "pkg/mod.py": "",
    "pkg/sub/deep.py": "",
    "pkg/sub/start.sh": "",
    "pkg/my.mod": "",
    "both.py": "",
    "both/__main__.py": "",
    "hello world.py": "",
    "script.sh": "#!/bin/sh\n",
    "train": "#!/usr/bin/env python\n",
    "train.d/go": "#!/bin/sh\n",
    "README": "no program",
    "node_modules/deep/mod2.py": "",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return plant(tmp_path / "project", PROJECT)


@pytest.mark.parametrize(
    ("module", "command", "file", "root"),
    [
        ("pkg.mod", "python -m pkg.mod", "pkg/mod.py", "pkg"),
        ("pkg/mod.py", "python pkg/mod.py", "pkg/mod.py", "pkg"),
        ("./pkg//mod.py", "python pkg/mod.py", "pkg/mod.py", "pkg"),
        ("pkg/mod", "python -m pkg.mod", "pkg/mod.py", "pkg"),
        ("pkg.sub.deep", "python -m pkg.sub.deep", "pkg/sub/deep.py", "pkg"),
        ("pkg/sub/start.sh", "/bin/bash pkg/sub/start.sh", "pkg/sub/start.sh", "pkg"),
        ("pkg/my.mod", "/bin/bash pkg/my.mod", "pkg/my.mod", "pkg"),
        ("mod", "python -m mod", "mod.py", ""),
        ("mod.py", "python mod.py", "mod.py", ""),
        ("both", "python -m both", "both.py", ""),
        ("setup", "python -m setup", "setup/__main__.py", "setup"),
        ("setup/", "python -m setup", "setup/__main__.py", "setup"),
        ("script.sh", "/bin/bash script.sh", "script.sh", ""),
        ("README", "/bin/bash README", "README", ""),
        ("train", "./train", "train", ""),
        ("train.d/go", "./train.d/go", "train.d/go", "train.d"),
    ],
)
def test_forms(project: Path, module: str, command: str, file: str, root: str) -> None:
    assert find_program(project, module, read_rules([])) == Program(tuple(command.split(" ")), file, root)


def test_names_with_blanks_stay_whole(project: Path) -> None:
    program = find_program(project, "hello world.py", read_rules([]))
    assert program.command == ("python", "hello world.py")


def test_an_absolute_path_inside(project: Path) -> None:
    assert find_program(project, f"{project}/pkg/mod.py", read_rules([])).file == "pkg/mod.py"


@pytest.mark.parametrize(
    ("module", "message", "hint"),
    [
        (
            "pkg.mdo",
            "There is no program pkg.mdo: looked for pkg.mdo, pkg/mdo.py, pkg/mdo/__main__.py",
            "pkg/mod.py",
        ),
        (
            "deep.py",
            "There is no program deep.py: looked for deep.py, deep/py.py, deep/py/__main__.py",
            "deep.py",
        ),
        ("start.sh", "looked for start.sh", "pkg/sub/start.sh"),
        ("pkg", "looked for pkg, pkg.py, pkg/__main__.py", ""),
        ("mod2.py", "There is no program mod2.py", "mod.py"),
        ("../mod.py", "MODULE ../mod.py lies outside of the project", "Only what lies in"),
        ("pkg/../mod.py", "lies outside of the project", ""),
        ("/etc/passwd", "MODULE /etc/passwd lies outside of the project", ""),
        ("", "MODULE is empty", ""),
        ("  ", "MODULE is empty", ""),
        (".", "There is no program .", ""),
        (".pkg.mod", "looked for .pkg.mod", ""),
        ("pkg..mod", "looked for pkg..mod", ""),
        ("mod\0.py", "There is no program", ""),
        ("x" * 5000, "There is no program", ""),
        (os.fsdecode(b"m\xffd.py"), "MODULE m\\xffd.py isn't UTF-8", "Rename the file"),
    ],
)
def test_what_names_nothing(project: Path, module: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        find_program(project, module, read_rules([]))
    assert message in str(caught.value)
    assert hint in caught.value.hint


def test_nothing_outside_is_looked_for(project: Path) -> None:
    outside = project.parent / "outside.py"
    outside.touch()
    with pytest.raises(UsageError, match="no program"):
        find_program(project, str(outside.with_suffix("")).replace("/", "."), read_rules([]))
