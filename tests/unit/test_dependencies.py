"""What is installed, and what that takes."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.tree import plant

from caliban_ls.errors import UsageError
from caliban_ls.runtime.dependencies import Dependencies, find_dependencies


def find(folder: Path, tree: dict[str, str | None], *extras: str) -> tuple[Dependencies, ...]:
    return find_dependencies(plant(folder, tree), extras, "gpu")


def test_nothing_to_install(tmp_path: Path) -> None:
    assert find(tmp_path, {"pyproject.toml": "[tool.ruff]", "setup.py/x": ""}) == ()


def test_requirements_are_enough(tmp_path: Path) -> None:
    (found,) = find(tmp_path, {"requirements.txt": "numpy\n", "setup.py": ""})
    assert found.files == ("requirements.txt",)
    assert found.roots == ()
    assert found.command.endswith("-r requirements.txt")


def test_setup_where_there_are_no_requirements(tmp_path: Path) -> None:
    tree = {
        "setup.py": "",
        "setup.cfg": "",
        "README.md": "",
        "version": "",
        "notes.txt": "",
        "pkg/LICENSE": "",
    }
    (found,) = find(tmp_path, {**tree, "dev-requirements.txt": "", "pyproject.toml": ""})
    assert found.files == (
        "README.md",
        "dev-requirements.txt",
        "pyproject.toml",
        "setup.cfg",
        "setup.py",
        "version",
    )
    assert "install --no-cache-dir --disable-pip-version-check '.[gpu]' &&" in found.command


def test_extras_ask_for_both(tmp_path: Path) -> None:
    setup, requirements = find(tmp_path, {"requirements.txt": "", "setup.py": ""}, "dev", "gpu", "a b")
    assert "'.[gpu,dev,a b]'" in setup.command
    assert requirements.files == ("requirements.txt",)


def check(folder: Path, text: str, *, files: str = "", roots: str = "") -> None:
    """Hold which other files a requirements.txt takes along, and what it installs from the project."""
    tree = {
        "a.txt": "",
        "reqs/b.txt": "",
        "reqs/c d.txt": "",
        "wheels/x.whl": "",
        "libs/one/setup.py": "",
        "numpy/x": "",
    }
    (found,) = find(folder, {**tree, "requirements.txt": text})
    assert sorted(found.files) == sorted(
        ["requirements.txt", *files.split(",")] if files else ["requirements.txt"]
    )
    assert sorted(found.roots) == sorted(roots.split(",") if roots else [])


@pytest.mark.parametrize(
    "line",
    [
        "-r a.txt",
        "-ra.txt",
        "-c a.txt",
        "--requirement a.txt",
        "--requirement=a.txt",
        "--constraint  a.txt",
        "  -r ./a.txt  # comment",
        "-r \\\n a.txt",
        '-r "a.txt"',
        "\ufeff-r a.txt\r\n",
    ],
)
def test_other_files(tmp_path: Path, line: str) -> None:
    check(tmp_path, line, files="a.txt")


def test_files_with_blanks(tmp_path: Path) -> None:
    check(tmp_path, "-r reqs/c d.txt", files="reqs/c d.txt")


def test_chains_and_rings(tmp_path: Path) -> None:
    tree = {
        "requirements.txt": "-r reqs/base.txt",
        "reqs/base.txt": "-r ../common/all.txt\n-c pins.txt",
        "common/all.txt": "-r ../requirements.txt",
        "reqs/pins.txt": "numpy==2",
    }
    (found,) = find(tmp_path, dict(tree))
    assert sorted(found.files) == sorted(tree)


@pytest.mark.parametrize(
    ("line", "roots"),
    [
        ("libs/one", "libs/one"),
        ("-e ./libs/one", "libs/one"),
        ("./libs/one[a,b]", "libs/one"),
        ("wheels/x.whl", "wheels/x.whl"),
        ("-f wheels/", "wheels"),
        ("--find-links wheels/", "wheels"),
    ],
)
def test_paths_to_install(tmp_path: Path, line: str, roots: str) -> None:
    check(tmp_path, line, roots=roots)


@pytest.mark.parametrize("line", ["-e .", "-e .[dev]", "--editable=.", ". ; python_version > '3'"])
def test_the_project_itself(tmp_path: Path, line: str) -> None:
    (found,) = find(tmp_path, {"requirements.txt": line})
    assert found.roots == ("",)


@pytest.mark.parametrize(
    "line",
    [
        "numpy",
        "numpy>=1.20 ; python_version < '3.12'",
        "# -r a.txt",
        "-r https://example.org/a.txt",
        "--index-url https://example.org/simple",
        "-i https://example.org/simple",
        "git+https://example.org/x.git@main#egg=x",
        "x @ https://example.org/x.whl",
        "--pre",
        "-e git+https://example.org/x.git",
        "''' ((( \\",
        "-r",
        "./nowhere",
    ],
)
def test_what_takes_nothing_along(tmp_path: Path, line: str) -> None:
    check(tmp_path, f"{line}\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-r b.txt", "b.txt can't be read: No such file or directory"),
        ("-r numpy", "numpy can't be read: Is a directory"),
        ("-r ../b.txt", "A file that requirements.txt names, ../b.txt lies outside of the project"),
        ("-e ../", "A path that requirements.txt names, ../ lies outside of the project"),
    ],
)
def test_what_is_wrong(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        find(tmp_path, {"requirements.txt": line, "numpy/x": ""})
    assert message in str(caught.value)
